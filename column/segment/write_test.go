package segment

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
)

func tinySchema() *column.Schema {
	return &column.Schema{
		Version: 1, Time: 1, Tags: []column.ID{2}, Key: []column.ID{2, 1}, Partition: 100,
		Fields: []column.Field{
			{ID: 1, Name: "time", Type: column.T(column.Timestamp), NotNull: true},
			{ID: 2, Name: "host", Type: column.T(column.Text)},
			{ID: 3, Name: "v", Type: column.T(column.Int64), NotNull: true},
		},
	}
}

func ints(k column.Kind, v ...int64) *column.Vector { return column.NewInts(column.T(k), v, nil) }

func host(name string) []byte { return key.AppendBytes(nil, []byte(name)) }

// TestRefusals: what a caller must not do is an error that sticks, and leaves no file.
func TestRefusals(t *testing.T) {
	ok := []*column.Vector{ints(column.Timestamp, 1, 2), nil, ints(column.Int64, 1, 2)}
	for name, do := range map[string]func(w *Writer) error{
		"series go back":  func(w *Writer) error { _ = w.AppendRun(host("b"), ok, 2); return w.AppendRun(host("a"), ok, 2) },
		"too few columns": func(w *Writer) error { return w.AppendRun(host("a"), ok[:2], 2) },
		"short vector":    func(w *Writer) error { return w.AppendRun(host("a"), ok, 3) },
		"no vector":       func(w *Writer) error { return w.AppendRun(host("a"), []*column.Vector{ok[0], nil, nil}, 2) },
		"other type": func(w *Writer) error {
			return w.AppendRun(host("a"), []*column.Vector{ok[0], nil, ints(column.Int32, 1, 2)}, 2)
		},
		"NULL in a NOT NULL": func(w *Writer) error {
			return w.AppendRun(host("a"), []*column.Vector{ok[0], nil, column.NewNull(column.T(column.Int64), 2)}, 2)
		},
		"NULL time": func(w *Writer) error {
			return w.AppendRun(host("a"), []*column.Vector{column.NewNull(column.T(column.Timestamp), 2), nil, ok[2]}, 2)
		},
		"damaged key":    func(w *Writer) error { return w.AppendRun([]byte{9}, ok, 2) },
		"a tag too many": func(w *Writer) error { return w.AppendRun(append(host("a"), host("b")...), ok, 2) },
	} {
		files := newFiles()
		w, err := NewWriter(t.Context(), files, Options{Table: 7, Segment: 9, Schema: tinySchema()})
		if err != nil {
			t.Fatal(err)
		}
		if err := do(w); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := w.Finish(); err == nil {
			t.Errorf("%s: it finishes", name)
		}
		if list, err := files.List(t.Context(), ""); err != nil || len(list) != 0 {
			t.Errorf("%s: files stay: %v, %v", name, list, err)
		}
	}
}

func TestEmptySegment(t *testing.T) {
	files := newFiles()
	w, err := NewWriter(t.Context(), files, Options{Table: 7, Segment: 9, Schema: tinySchema()})
	if err != nil {
		t.Fatal(err)
	}
	info, err := w.Finish()
	if err != nil || info != (Info{}) {
		t.Fatal(info, err)
	}
	if list, err := files.List(t.Context(), ""); err != nil || len(list) != 0 {
		t.Fatal(list, err)
	}
}

func TestWriterReservesMemory(t *testing.T) {
	files := newFiles()
	pool := mem.NewPool("flush", 4<<20, nil)
	w, err := NewWriter(t.Context(), files, Options{Table: 7, Segment: 9, Schema: tinySchema(), Pool: pool, GroupRows: 20000})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 100 { // 100 × 2,000 rows pass through 4 MiB
		times, values := make([]int64, 2000), make([]int64, 2000)
		for k := range times {
			times[k], values[k] = int64(k), int64(r.Uint64())
		}
		if err := w.AppendRun(host(string(rune('A'+i))), []*column.Vector{ints(column.Timestamp, times...), nil, ints(column.Int64, values...)}, 2000); err != nil {
			t.Fatal(err)
		}
	}
	info, err := w.Finish()
	if err != nil || info.Rows != 200000 || info.Series != 100 || pool.Used() != 0 || pool.Peak() == 0 {
		t.Fatal(info, err, pool.Used(), pool.Peak())
	}
	small := mem.NewPool("flush", 100<<10, nil)
	w, err = NewWriter(t.Context(), files, Options{Table: 7, Segment: 10, Schema: tinySchema(), Pool: small})
	if err != nil {
		t.Fatal(err)
	}
	times := make([]int64, 50000)
	if err := w.AppendRun(host("a"), []*column.Vector{ints(column.Timestamp, times...), nil, ints(column.Int64, times...)}, 50000); !errors.Is(err, column.Limit) {
		t.Fatal(err)
	}
	w.Abort()
	if small.Used() != 0 {
		t.Fatal(small.Used())
	}
}

func TestFindRows(t *testing.T) {
	for _, sorted := range []bool{true, false} {
		files := newFiles()
		w, err := NewWriter(t.Context(), files, Options{Table: 7, Segment: 9, Schema: tinySchema(), PageRows: 3, GroupRows: 7})
		if err != nil {
			t.Fatal(err)
		}
		times := []int64{1, 3, 3, 5, 8, 13, 21, 34, 55, 89}
		if !sorted {
			slices.Reverse(times)
		}
		for _, h := range []string{"a", "b", "c"} {
			if err := w.AppendRun(host(h), []*column.Vector{ints(column.Timestamp, times...), nil, ints(column.Int64, times...)}, len(times)); err != nil {
				t.Fatal(err)
			}
		}
		info, err := w.Finish()
		if err != nil {
			t.Fatal(err)
		}
		r, err := Open(t.Context(), files, info.Ref(7, 9), ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var keys [][]byte
		for _, k := range []int64{0, 3, 4, 13, 89, 90} {
			keys = append(keys, key.AppendInt(nil, k))
		}
		want := []uint32{11, 12, 15, 19}
		if !sorted {
			want = []uint32{10, 14, 17, 18}
		}
		for _, series := range [][]byte{host("b"), key.AppendNull(host("b"))} { // also as a later schema with one tag more names it
			if got, err := r.FindRows(t.Context(), series, keys); err != nil || !slices.Equal(got, want) {
				t.Errorf("sorted %v: %v, %v; want %v", sorted, got, err, want)
			}
		}
		for _, series := range [][]byte{host("bb"), host("A"), host("z"), append(host("b"), host("x")...)} {
			if got, err := r.FindRows(t.Context(), series, keys); err != nil || len(got) != 0 {
				t.Errorf("%q: %v, %v", series, got, err)
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAddedTag: a filter, a view and a mask that know a tag the segment does not have.
func TestAddedTag(t *testing.T) {
	files := newFiles()
	w, err := NewWriter(t.Context(), files, Options{Table: 7, Segment: 9, Schema: tinySchema()})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.AppendRun(host("a"), []*column.Vector{ints(column.Timestamp, 1, 2), nil, ints(column.Int64, 10, 20)}, 2); err != nil {
		t.Fatal(err)
	}
	info, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), files, info.Ref(7, 9), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	later := tinySchema()
	later.Tags = append(later.Tags, 4)
	later.Fields = append(later.Fields, column.Field{ID: 4, Name: "zone", Type: column.T(column.Text)})
	for _, null := range []bool{true, false} {
		req := &scan.Request{Columns: []column.ID{4, 3}, Time: scan.AllTime, Series: []scan.SeriesFilter{{Tag: 4, Match: func(_ []byte, n bool) bool { return n == null }}}}
		morsels, _, err := r.Morsels(t.Context(), req, View{Schema: later}, 0)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readAll(t.Context(), morsels)
		if want := []string{"NULL|10|", "NULL|20|"}; err != nil || null && !slices.Equal(got, want) || !null && len(got) != 0 {
			t.Errorf("null %v: %q, %v", null, got, err)
		}
	}
	runs, err := r.Runs(t.Context(), View{Schema: later}, nil)
	if err != nil {
		t.Fatal(err)
	}
	run, err := runs.Next(t.Context())
	if err != nil || !bytes.Equal(run.Series, key.AppendNull(host("a"))) || len(run.Columns) != 4 || run.Columns[3] != nil || run.Columns[2].Int(1) != 20 {
		t.Fatal(run, err)
	}
}

func TestLimitAndCancel(t *testing.T) {
	m := randomModel(rand.New(rand.NewPCG(3, 3)), 900)
	files := newFiles()
	info := m.write(t, files, Options{Table: 7, Segment: 9, Schema: m.schema, PageRows: 10, GroupRows: 50}, rand.New(rand.NewPCG(1, 1)))
	r, err := Open(t.Context(), files, info.Ref(7, 9), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	req := &scan.Request{Columns: []column.ID{m.number}, Time: scan.AllTime, Limit: 3}
	morsels, _, err := r.Morsels(t.Context(), req, View{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := readAll(t.Context(), morsels); err != nil || strings.Join(got, "") != "0|1|2|" {
		t.Fatal(got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := readAll(ctx, morsels); !errors.Is(err, column.Cancelled) || !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	pool := mem.NewPool("query", 10, nil)
	rd, err := morsels[0].Open(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rd.Next(t.Context()); !errors.Is(err, column.Limit) {
		t.Fatal(err)
	}
	if err := rd.Close(); err != nil || pool.Used() != 0 {
		t.Fatal(err, pool.Used())
	}
}

func TestLocalFiles(t *testing.T) {
	ctx := t.Context()
	files := newFiles()
	for _, name := range []string{"", ".", "../x", "/x", "a//b", "a/b.tmp"} {
		if _, err := files.Create(ctx, name); err == nil {
			t.Errorf("%q is created", name)
		}
	}
	f, err := files.Create(ctx, DataName(1, 2))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	if _, err := files.Open(ctx, DataName(1, 2)); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("seen before the commit: %v", err)
	}
	if err := errors.Join(f.Commit(ctx), f.Abort()); err != nil {
		t.Fatal(err)
	}
	for prefix, want := range map[string]int{"": 1, "segments/1/": 1, "segments/1": 1, "segments/1/2": 1, "segments/2/": 0, "segments/11/": 0, "segments/1/3": 0} {
		if list, err := files.List(ctx, prefix); err != nil || len(list) != want || want == 1 && list[0] != (FileInfo{DataName(1, 2), 3}) {
			t.Errorf("%q: %v, %v", prefix, list, err)
		}
	}
	if err := files.Remove(ctx, DataName(1, 2)); err != nil {
		t.Fatal(err)
	}
	if err := files.Remove(ctx, DataName(1, 2)); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string][3]uint64{DataName(3, 4): {3, 4, 0}, SidecarName(3, 4): {3, 4, 0}, VectorName(3, 4, 5): {3, 4, 5}} {
		table, segment, vector, ok := ParseName(name)
		if !ok || [3]uint64{table, segment, vector} != want {
			t.Errorf("%s: %d %d %d %v", name, table, segment, vector, ok)
		}
	}
	for _, name := range []string{"", "x", "segments/1/2", "segments/1/2.dv", "segments/1/2.0.dv", "segments/01/2.idx", "segments/1/2.idx.x", "segments/a/2.idx", "wal/1/2.idx", "segments/1/2.parquet.tmp"} {
		if _, _, _, ok := ParseName(name); ok {
			t.Errorf("%q is a name", name)
		}
	}
}
