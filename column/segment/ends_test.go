package segment

import (
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
)

// neededEnds gives, of some rows of the model that ascend, those that a request for ends needs, series by series.
func neededEnds(m *model, rows []int, ends scan.Ends) (out []int) {
	times := m.columns[m.schema.Index(m.schema.Time)].Ints
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && string(m.series[rows[n]]) == string(m.series[rows[0]]) {
			n++
		}
		for i, row := range rows[:n] {
			first := ends.First > 0 && times[row] <= times[rows[min(int(ends.First), n)-1]]
			last := ends.Last > 0 && times[row] >= times[rows[n-min(int(ends.Last), n)]]
			if first || last {
				out = append(out, rows[i])
			}
		}
		rows = rows[n:]
	}
	return out
}

// TestEndsOfSeries: what a request needs of the ends of series is in the answer, with dead and superseded rows left out first; and
// where no series is split over morsels, nothing else is.
func TestEndsOfSeries(t *testing.T) {
	exact := 0
	for seed := range uint64(80) {
		r := rand.New(rand.NewPCG(seed, 7))
		m := randomModel(r, 600)
		if m.schema.Time == 0 {
			continue
		}
		files := newFiles()
		info := m.write(t, files, smallOptions(m, r), r)
		rd, err := Open(t.Context(), files, info.Ref(7, 9), ReadOptions{Cache: &mapCache{}})
		if err != nil {
			t.Fatal(err)
		}
		for range 15 {
			exact += checkEnds(t, rd, m, r, seed)
		}
		if err := rd.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if exact < 200 {
		t.Errorf("only %d answers held nothing but ends", exact)
	}
}

func checkEnds(t *testing.T, rd *Reader, m *model, r *rand.Rand, seed uint64) (exact int) {
	t.Helper()
	req, _, may := randomRequest(m, r)
	req.Ends = scan.Ends{First: int64(r.IntN(4)), Last: int64(r.IntN(4))}
	if r.IntN(3) == 0 {
		req.Ends = scan.Ends{Last: 1} // of which pages are kept
	}
	if r.IntN(4) > 0 {
		req.Filters = nil
	}
	req.Columns = append([]column.ID{m.number}, req.Columns...)
	req.Counters = &scan.Counters{}
	view := View{Deleted: roaring.New(), Schema: m.laterSchema()}
	mask := maskOf{m, map[string]map[string]bool{}}
	for range r.IntN(m.n) {
		view.Deleted.Add(uint32(r.IntN(m.n)))
	}
	for range r.IntN(10) {
		i := r.IntN(m.n)
		s := string(m.series[i])
		if mask.dead[s] == nil {
			mask.dead[s] = map[string]bool{}
		}
		mask.dead[s][string(m.orderKey(i))] = true
	}
	view.Mask = mask
	var live []int
	for i := range m.n {
		if may(i) && !view.Deleted.Contains(uint32(i)) && !mask.dead[string(m.series[i])][string(m.orderKey(i))] {
			live = append(live, i)
		}
	}
	target := int64(r.IntN(2) * r.IntN(200))
	morsels, _, err := rd.Morsels(t.Context(), req, view, target)
	if err != nil {
		t.Fatal(err)
	}
	pool := mem.NewPool("test", 0, nil)
	got := readNumbers(t, morsels, pool)
	alive, given := setOf(m, live), setOf(m, got)
	for i := range got {
		if !alive[got[i]] || i > 0 && got[i-1] >= got[i] {
			t.Fatalf("seed %d: row %d is not one to give, or out of order: %v", seed, got[i], got)
		}
	}
	if len(req.Filters) > 0 || req.Ends == (scan.Ends{}) {
		return 0
	}
	want := neededEnds(m, live, req.Ends)
	for _, row := range want {
		if !given[row] {
			t.Fatalf("seed %d: row %d is missing: %v of %v; %+v", seed, row, got, live, req)
		}
	}
	if rows := req.Counters.Rows.Load(); rows != int64(len(got)) || pool.Used() != 0 {
		t.Fatalf("seed %d: %d rows are counted, %d were given; %d bytes stay reserved", seed, rows, len(got), pool.Used())
	}
	if !rd.meta.timeSorted {
		return 0
	}
	if !slices.Equal(got, want) {
		t.Fatalf("seed %d: %v, want %v of %v; %+v", seed, got, want, live, req.Ends)
	}
	return 1
}

// setOf is the rows of a list, as a flag for each row of the model.
func setOf(m *model, rows []int) []bool {
	set := make([]bool, m.n)
	for _, row := range rows {
		set[row] = true
	}
	return set
}

// readNumbers reads the first column of the morsels.
func readNumbers(t *testing.T, morsels []scan.Morsel, pool *mem.Pool) (out []int) {
	t.Helper()
	for _, m := range morsels {
		rd, err := m.Open(t.Context(), pool)
		if err != nil {
			t.Fatal(err)
		}
		for {
			b, err := rd.Next(t.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for i := range b.Len {
				out = append(out, int(b.Columns[0].Int(i)))
			}
		}
		if err := rd.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestBoundOfTime: rows from a bound on are all there, also when it rises while a morsel is read; without one so are all others.
func TestBoundOfTime(t *testing.T) {
	spared := 0
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 8))
		m := randomModel(r, 600)
		if m.schema.Time == 0 {
			continue
		}
		files := newFiles()
		info := m.write(t, files, smallOptions(m, r), r)
		rd, err := Open(t.Context(), files, info.Ref(7, 9), ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		times := m.columns[m.schema.Index(m.schema.Time)].Ints
		for range 10 {
			req, _, may := randomRequest(m, r)
			req.Filters = nil
			req.Columns = append([]column.ID{m.number}, req.Columns...)
			req.Bound = scan.NewBound()
			morsels, _, err := rd.Morsels(t.Context(), req, View{Schema: m.laterSchema()}, int64(r.IntN(200)))
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			final := int64(math.MinInt64)
			for _, part := range morsels {
				if r.IntN(2) == 0 {
					final = max(final, int64(r.IntN(100)))
					req.Bound.Raise(final - int64(r.IntN(3)))
					req.Bound.Raise(final)
				}
				got = append(got, readNumbers(t, []scan.Morsel{part}, nil)...)
			}
			given := setOf(m, got)
			for i, there := range given {
				switch {
				case there && !may(i):
					t.Fatalf("seed %d: row %d of time %d is not one to give", seed, i, times[i])
				case !there && may(i) && times[i] >= final:
					t.Fatalf("seed %d: row %d of time %d is missing; bound %d", seed, i, times[i], final)
				case !there && may(i):
					spared++
				}
			}
		}
		if err := rd.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if spared < 1000 {
		t.Errorf("bounds spared only %d rows", spared)
	}
}
