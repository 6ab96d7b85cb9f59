package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/labels"
	"github.com/automatanexus/aegis-db/column/scan"
)

// labelled is a segment of many series with long label sets and a row each: its postings are zipped.
func labelled(t *testing.T) (oneFile, Ref) {
	schema := &column.Schema{
		Version: 1, Time: 1, Tags: []column.ID{2}, LabelSets: true, Partition: 1,
		Fields: []column.Field{
			{ID: 1, Name: "ts", Type: column.T(column.TimestampTZ), NotNull: true},
			{ID: 2, Name: "labels", Type: column.T(column.JSON), NotNull: true},
			{ID: 3, Name: "value", Type: column.T(column.Float64)},
		},
	}
	files := newFiles()
	w, err := NewWriter(t.Context(), files, Options{Table: 7, Segment: 9, Schema: schema})
	if err != nil {
		t.Fatal(err)
	}
	for i, series := range labelledKeys(t) {
		at := column.NewInts(column.T(column.TimestampTZ), []int64{int64(i) * 1000}, nil)
		if err := w.AppendRun(series, []*column.Vector{at, nil, column.NewFloats(column.T(column.Float64), []float64{float64(i)}, nil)}, 1); err != nil {
			t.Fatal(err)
		}
	}
	info, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return loadFiles(t, files), info.Ref(7, 9)
}

func labelledSet(t *testing.T, i int) []byte {
	t.Helper()
	set, err := labels.AppendCanonical(nil, []labels.Pair{
		{Name: []byte("handler"), Value: fmt.Appendf(nil, "/api/v1/orders/%d", i%8)},
		{Name: []byte("job"), Value: []byte("service")},
		{Name: []byte("pod"), Value: fmt.Appendf(nil, "service-%08x-%05d", uint32(i/8)*2654435761, i/8)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func labelledKeys(t *testing.T) (list [][]byte) {
	for i := range 1200 {
		b := column.NewBuilder(column.T(column.JSON), 1)
		b.AppendBytes(labelledSet(t, i))
		list = append(list, key.AppendValue(nil, b.Finish(), 0))
	}
	slices.SortFunc(list, bytes.Compare)
	return list
}

// askLabelled looks for a series by its whole label set, and for all of a pod.
func askLabelled(t *testing.T, files oneFile, ref Ref) ([]string, error) {
	t.Helper()
	r, err := Open(t.Context(), files, ref, ReadOptions{})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	pod, ok := labels.Lookup(labelledSet(t, 72), "pod")
	if !ok {
		t.Fatal("no pod")
	}
	var rows []string
	for _, f := range []scan.SeriesFilter{{Tag: 2, Equal: [][]byte{labelledSet(t, 77)}}, {Tag: 2, Label: "pod", Equal: [][]byte{slices.Clone(pod)}}} {
		f.Match = func(v []byte, _ bool) bool { return string(v) == string(f.Equal[0]) }
		morsels, _, err := r.Morsels(t.Context(), &scan.Request{Columns: []column.ID{1, 2, 3}, Time: scan.AllTime, Series: []scan.SeriesFilter{f}}, View{}, 0)
		if err != nil {
			return nil, err
		}
		got, err := readAll(t.Context(), morsels)
		if err != nil {
			return nil, err
		}
		rows = append(rows, got...)
	}
	return rows, nil
}

func TestZippedPostings(t *testing.T) {
	files, ref := labelled(t)
	side := files[SidecarName(7, 9)]
	if v := binary.LittleEndian.Uint32(side[8:]); v != sidecarZipped {
		t.Fatalf("version %d", v)
	}
	rows, err := askLabelled(t, files, ref)
	if err != nil || len(rows) != 9 || !strings.Contains(rows[0], "/api/v1/orders/5") {
		t.Fatal(len(rows), err, rows)
	}
	r, err := Open(t.Context(), files, ref, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	zipped := 0
	for _, s := range r.sections {
		if s.kind != sectionZippedPostings {
			continue
		}
		zipped++
		body := side[s.offset : s.offset+s.length]
		raw, err := unzipPostings(body)
		if err != nil || len(raw) < 2*len(body) {
			t.Fatal(len(raw), len(body), err)
		}
		// Cut or with a byte changed it is an error or other bytes, no panic; whoever changes one without the checksum is noticed before.
		for i := range body {
			_, _ = unzipPostings(body[:i])
			damaged := slices.Clone(body)
			damaged[i] ^= 1 << (i % 8)
			_, _ = unzipPostings(damaged)
		}
		at := s.offset + s.length/2
		damaged := oneFile{DataName(7, 9): files[DataName(7, 9)], SidecarName(7, 9): slices.Clone(side)}
		damaged[SidecarName(7, 9)][at] ^= 4
		if _, err := askLabelled(t, damaged, ref); !errors.Is(err, column.Corrupt) {
			t.Fatalf("a changed byte: %v", err)
		}
	}
	if zipped == 0 {
		t.Fatal("no postings are zipped")
	}
}

// TestZippedPieces goes over the ends of pieces.
func TestZippedPieces(t *testing.T) {
	e, err := newEncoder(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, postingsPiece - 1, postingsPiece, postingsPiece + 1, 2*postingsPiece + 77} {
		body := []byte(strings.Repeat("label set ", n/10+1)[:n])
		if got, err := unzipPostings(zipPostings(body, e.zstd.EncodeAll)); err != nil || string(got) != string(body) {
			t.Fatalf("%d bytes: %d, %v", n, len(got), err)
		}
	}
}

// TestGoldenZippedPostings reads files that were written when version 2 was fixed.
func TestGoldenZippedPostings(t *testing.T) {
	dir := filepath.Join("testdata", "v2")
	names := map[string]string{DataName(7, 9): "9.parquet", SidecarName(7, 9): "9.idx"}
	if *writeGolden {
		files, ref := labelled(t)
		rows, err := askLabelled(t, files, ref)
		if err != nil {
			t.Fatal(err)
		}
		for name, short := range names {
			if err := os.WriteFile(filepath.Join(dir, short), files[name], 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "rows.txt"), []byte(strings.Join(rows, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files := oneFile{}
	for name, short := range names {
		b, err := os.ReadFile(filepath.Join(dir, short))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = b
	}
	want, err := os.ReadFile(filepath.Join(dir, "rows.txt"))
	if err != nil {
		t.Fatal(err)
	}
	side := files[SidecarName(7, 9)]
	ref := Ref{Table: 7, Segment: 9, Rows: 1200, DataBytes: int64(len(files[DataName(7, 9)])), SidecarBytes: int64(len(side)), SidecarSum: sum(side)}
	if err := Verify(t.Context(), files, ref); err != nil {
		t.Fatal(err)
	}
	if got, err := askLabelled(t, files, ref); err != nil || strings.Join(got, "\n") != string(want) {
		t.Fatal(len(got), err)
	}
}
