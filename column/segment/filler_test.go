package segment

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
)

// pointSchema is a table that merges rows. The later one has a tag and a field more; byName orders rows by a name as well as by time.
func pointSchema(later, byName bool) *column.Schema {
	s := &column.Schema{
		Version: 1, Tags: []column.ID{1}, Time: 2, Key: []column.ID{1, 2}, Merge: true, Partition: 1000,
		Fields: []column.Field{
			{ID: 1, Name: "host", Type: column.T(column.Text)},
			{ID: 2, Name: "ts", Type: column.T(column.Timestamp), NotNull: true},
			{ID: 3, Name: "n", Type: column.T(column.Int64)},
			{ID: 4, Name: "note", Type: column.T(column.Text)},
		},
	}
	if byName {
		s.Key = []column.ID{4, 1, 2}
	}
	if later {
		s.Version = 2
		s.Fields = append(s.Fields, column.Field{ID: 5, Name: "zone", Type: column.T(column.Text)}, column.Field{ID: 6, Name: "ok", Type: column.T(column.Bool)})
		s.Tags, s.Key = append(s.Tags, 5), append(s.Key, 5)
	}
	return s
}

// point is a stored row; its zone is NULL.
type point struct {
	host, note string
	ts, n      int64
}

func (p *point) orderKey(byName bool) []byte {
	if byName {
		return key.AppendInt(key.AppendBytes(nil, []byte(p.note)), p.ts)
	}
	return key.AppendInt(nil, p.ts)
}

// storePoints writes points, and says which of them are dead.
func storePoints(t *testing.T, files Files, id uint64, s *column.Schema, byName bool, list []point, dead *roaring.Bitmap) Stored {
	t.Helper()
	w, err := NewWriter(t.Context(), files, Options{Table: 7, Segment: id, Schema: s, PageRows: 4, GroupRows: 12})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		series := key.AppendBytes(nil, []byte(p.host))
		columns := []*column.Vector{nil, ints(column.Timestamp, p.ts), ints(column.Int64, p.n), column.NewStrings(p.note)}
		if p.n < 0 {
			columns[2] = column.NewNull(column.T(column.Int64), 1)
		}
		if len(s.Tags) > 1 {
			series = key.AppendNull(series)
			columns = append(columns, nil, column.NewBools([]bool{p.n > 5}, nil))
		}
		if err := w.AppendRun(series, columns, 1); err != nil {
			t.Fatal(err)
		}
	}
	info, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), files, info.Ref(7, id), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return Stored{
		Times: scan.TimeRange{Min: info.MinTime, Max: info.MaxTime},
		Open:  func(context.Context) (*Reader, *roaring.Bitmap, error) { return r, dead, nil },
	}
}

// TestFiller looks keys up in segments of both versions of a table, by every form of the series' key.
func TestFiller(t *testing.T) {
	for seed := range uint64(60) {
		byName := seed%3 == 2
		rng := rand.New(rand.NewPCG(seed, 5))
		schema := pointSchema(true, byName)
		live := map[string]point{}
		var list []Stored
		files := newFiles()
		for id := range uint64(1 + rng.IntN(4)) {
			points := drawPoints(rng, byName)
			dead := roaring.New()
			for i, p := range points {
				name := p.host + string(p.orderKey(byName))
				if _, there := live[name]; there || rng.IntN(4) == 0 {
					dead.Add(uint32(i))
					continue
				}
				live[name] = p
			}
			if dead.IsEmpty() {
				dead = nil
			}
			list = append(list, storePoints(t, files, id+1, pointSchema(rng.IntN(2) == 0, byName), byName, points, dead))
		}
		f := NewFiller(schema, list)
		for range 20 {
			checkFill(t, rng, f, byName, live, seed)
		}
	}
}

// drawPoints makes points in the order of segments; most of them are of times that no other segment has.
func drawPoints(rng *rand.Rand, byName bool) []point {
	var out []point
	from := rng.Int64N(40)
	for _, h := range []string{"a", "b", "c"} {
		seen := map[string]bool{}
		var some []point
		for range rng.IntN(12) {
			p := point{host: h, note: []string{"", "x", "yy"}[rng.IntN(3)], ts: from + rng.Int64N(12), n: rng.Int64N(12) - 2}
			k := string(p.orderKey(byName))
			if !seen[k] {
				seen[k] = true
				some = append(some, p)
			}
		}
		slices.SortFunc(some, func(a, b point) int { return bytes.Compare(a.orderKey(byName), b.orderKey(byName)) })
		out = append(out, some...)
	}
	if len(out) == 0 {
		return drawPoints(rng, byName)
	}
	return out
}

func checkFill(t *testing.T, rng *rand.Rand, f *Filler, byName bool, live map[string]point, seed uint64) {
	t.Helper()
	h := []string{"a", "b", "c", "d"}[rng.IntN(4)]
	series := host(h)
	for range rng.IntN(3) { // short, complete, and of a schema with a tag more than any of these
		series = key.AppendNull(series)
	}
	var keys [][]byte
	for range 1 + rng.IntN(6) {
		p := point{note: []string{"", "x", "yy"}[rng.IntN(3)], ts: rng.Int64N(60) - 4}
		keys = append(keys, p.orderKey(byName))
	}
	slices.SortFunc(keys, bytes.Compare)
	keys = slices.CompactFunc(keys, bytes.Equal)
	found := false
	for _, k := range keys {
		_, there := live[h+string(k)]
		found = found || there
	}
	pool := mem.NewPool("test", 0, nil)
	holds, err := f.Holds(t.Context(), series, keys[0], keys[len(keys)-1])
	if err != nil || found && !holds {
		t.Fatalf("seed %d: holds %v, %v", seed, holds, err)
	}
	got, err := f.Fill(t.Context(), series, keys, []column.ID{4, 6, 3, 3}, pool)
	if err != nil || len(got) != 4 || pool.Used() != 0 {
		t.Fatalf("seed %d: %d columns, %d bytes reserved, %v", seed, len(got), pool.Used(), err)
	}
	for i, k := range keys {
		p, there := live[h+string(k)]
		want := []string{"NULL", "NULL"}
		if there {
			want[0] = fmt.Sprintf("%q", p.note)
			if p.n >= 0 {
				want[1] = fmt.Sprint(p.n)
			}
		}
		if have := []string{cell(got[0], i), cell(got[2], i)}; !slices.Equal(have, want) || cell(got[3], i) != want[1] {
			t.Fatalf("seed %d: key %x of %s: %v, not %v", seed, k, h, have, want)
		}
		if !there && !got[1].IsNull(i) || !got[1].IsNull(i) && got[1].Bool(i) != (p.n > 5) {
			t.Fatalf("seed %d: key %x of %s: ok is %s", seed, k, h, cell(got[1], i))
		}
	}
}

// TestFillerBounds: a segment is opened where a time is inside its bounds, ends included, and nowhere else.
func TestFillerBounds(t *testing.T) {
	opened := 0
	at := func(lo, hi int64) Stored {
		return Stored{Times: scan.TimeRange{Min: lo, Max: hi}, Open: func(context.Context) (*Reader, *roaring.Bitmap, error) {
			opened++
			return nil, nil, column.Errorf(column.Internal, "opened")
		}}
	}
	f := NewFiller(pointSchema(false, false), []Stored{at(50, 60), at(0, 100), at(10, 20), at(200, 210)})
	for ts, want := range map[int64]bool{-1: false, 0: true, 100: true, 101: false, 199: false, 200: true, 210: true, 211: false} {
		opened = 0
		k := key.AppendInt(nil, ts)
		if _, err := f.Holds(t.Context(), host("a"), k, k); (err != nil) != want || opened > 1 || (opened == 1) != want {
			t.Errorf("time %d: %d segments were opened, %v", ts, opened, err)
		}
	}
	opened = 0
	if _, err := f.Holds(t.Context(), host("a"), key.AppendInt(nil, 101), key.AppendInt(nil, 200)); opened != 1 || err == nil {
		t.Errorf("%d segments were opened, %v", opened, err)
	}
	if _, err := f.Fill(t.Context(), host("a"), nil, []column.ID{9}, nil); column.ClassOf(err) != column.Internal {
		t.Errorf("an unknown column: %v", err)
	}
}
