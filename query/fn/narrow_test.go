package fn

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/automatanexus/aegis-db/column"
)

// TestNarrowAggregates: over Narrow vectors aggregates give what they give over the same integers.
func TestNarrowAggregates(t *testing.T) {
	registry := New()
	r := rand.New(rand.NewPCG(1, 2))
	for _, typ := range []column.Type{tInt2, tInt4, tInt8} {
		for _, name := range []string{"sum", "avg", "min", "max", "count"} {
			f, err := registry.Aggregate(name, []column.Type{typ})
			if err != nil || !f.Narrow {
				t.Fatalf("%s(%s): %v, or it does not know the form", name, typ, err)
			}
			for range 200 {
				n := 1 + r.IntN(3000)
				base := int64(r.IntN(60000) - 30000)
				if typ == tInt8 {
					base = []int64{math.MinInt64, math.MaxInt64 - 255, base}[r.IntN(3)]
				}
				ints := make([]int64, n)
				var valid column.Bitmap
				if r.IntN(2) == 0 {
					valid = column.NewBitmap(n, true)
				}
				for i := range ints {
					ints[i] = base + r.Int64N(256)
					if valid != nil && r.IntN(4) == 0 {
						valid.Clear(i)
					}
				}
				flat := column.NewInts(typ, ints, valid)
				narrow := column.ToNarrow(flat)
				a, b := f.New(), f.New()
				a.Grow(1)
				b.Grow(1)
				for lo := 0; lo < n; {
					hi := lo + r.IntN(n-lo+1)
					errA, errB := a.AddRange(0, []*column.Vector{flat}, lo, hi, false), b.AddRange(0, []*column.Vector{narrow}, lo, hi, false)
					if errA != nil || errB != nil {
						t.Fatalf("%s(%s): %v, %v", name, typ, errA, errB)
					}
					lo = hi
				}
				x, errA := a.Finish(1)
				y, errB := b.Finish(1)
				if errA != nil || errB != nil || !column.Identical(x, y) {
					t.Fatalf("%s(%s) over %d rows from %d on differs: %v, %v", name, typ, n, base, errA, errB)
				}
			}
		}
	}
}
