package compact

import (
	"math/rand/v2"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/meta"
)

// TestRoute: every live row of every input is found where a list of all rows has it, and dead ones nowhere.
func TestRoute(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		inputs := 1 + rng.IntN(5)
		pool := mem.NewPool("route", 0, nil)
		r := &route{pool: pool, before: make([]*roaring.Bitmap, inputs)}
		type place struct{ input, row int }
		where := map[place]int{}
		rows, left, next := make([]int, inputs), 0, make([]int, inputs)
		for i := range rows {
			rows[i] = rng.IntN(700)
			r.before[i] = roaring.New()
			for row := range rows[i] {
				if rng.IntN(4) == 0 {
					r.before[i].Add(uint32(row))
				} else {
					left++
				}
			}
			if r.before[i].IsEmpty() || rng.IntN(4) == 0 {
				left += int(r.before[i].GetCardinality())
				r.before[i] = nil
			}
		}
		total := 0
		for total < left {
			i := rng.IntN(inputs)
			n := 0
			for want := 1 + rng.IntN(20); n < want && next[i] < rows[i]; next[i]++ {
				if d := r.before[i]; d == nil || !d.Contains(uint32(next[i])) {
					where[place{i, next[i]}] = total
					total++
					n++
				}
			}
			if n > 0 {
				r.add(i, n)
			}
		}
		var out []meta.Segment
		for from := 0; from < total; {
			n := min(1+rng.IntN(500), total-from)
			out = append(out, meta.Segment{Rows: int64(n)})
			from += n
		}
		r.finish(out)
		sets := make([]*roaring.Bitmap, inputs)
		want := map[int]bool{}
		for i := range sets {
			for row := range rows[i] {
				if rng.IntN(3) == 0 {
					if sets[i] == nil {
						sets[i] = roaring.New()
					}
					sets[i].Add(uint32(row))
					if at, live := where[place{i, row}]; live {
						want[at] = true
					}
				}
			}
		}
		from, found := 0, 0
		for i, set := range r.follow(sets) {
			if set != nil {
				for _, row := range set.ToArray() {
					found++
					if int64(row) >= out[i].Rows || !want[from+int(row)] {
						t.Fatalf("row %d of output %d of %v", row, i, out)
					}
				}
			}
			from += int(out[i].Rows)
		}
		if found != len(want) {
			t.Fatalf("%d rows, not %d", found, len(want))
		}
	}
}

// TestRouteMemory: neighbours cost nothing, rows that alternate a byte, and without memory the route is lost, not wrong.
func TestRouteMemory(t *testing.T) {
	pool := mem.NewPool("route", 4*routeStep, nil)
	r := &route{pool: pool, before: make([]*roaring.Bitmap, 4)}
	for range 1_000_000 {
		r.add(2, 4096)
	}
	if r.seal(); len(r.pieces) > 10 {
		t.Errorf("%d bytes for one piece", len(r.pieces))
	}
	for i := range 100_000 {
		r.add(i%4, 30)
	}
	if r.lost || len(r.pieces) > 100_010 {
		t.Errorf("%d bytes, lost: %v", len(r.pieces), r.lost)
	}
	for i := range 1_000_000 {
		r.add(i%4, 30)
	}
	if !r.lost || pool.Used() != 0 {
		t.Errorf("lost: %v, %d bytes", r.lost, pool.Used())
	}
}
