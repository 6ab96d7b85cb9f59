package exec

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// TestNewestLearnsItsBound: after any batches of any encoding the bound is the least of the greatest distinct values seen, as soon as
// there are enough of them, and nothing before.
func TestNewestLearnsItsBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &newest{bound: scan.NewBound(), count: rapid.IntRange(1, 6).Draw(t, "count")}
		var seen []int64
		for range rapid.IntRange(0, 8).Draw(t, "batches") {
			values := rapid.SliceOfN(rapid.Int64Range(0, 30), 1, 10).Draw(t, "values")
			null := rapid.IntRange(-3, len(values)-1).Draw(t, "null")
			valid := column.NewBitmap(len(values), true)
			if null >= 0 {
				valid.Clear(null)
			}
			flat := column.NewInts(column.T(column.TimestampTZ), values, valid)
			used := drawRows(t, flat)
			w.see(used)
			for i := range used.Len {
				if !used.IsNull(i) {
					seen = append(seen, used.Int(i))
				}
			}
			slices.Sort(seen)
			seen = slices.Compact(seen)
			want := int64(math.MinInt64)
			if len(seen) >= w.count {
				want = seen[len(seen)-w.count]
			}
			if got := w.bound.Within(scan.AllTime).Min; got != want {
				t.Fatalf("bound %d, want %d, %d of %v", got, want, w.count, seen)
			}
		}
	})
}

// drawRows gives rows of a flat vector in some encoding; of a dictionary not every entry is used.
func drawRows(t *rapid.T, flat *column.Vector) *column.Vector {
	n := rapid.IntRange(1, flat.Len).Draw(t, "rows")
	switch rapid.IntRange(0, 3).Draw(t, "encoding") {
	case 0:
		return column.NewConst(flat, n-1, n)
	case 1:
		v := &column.Vector{Type: flat.Type, Enc: column.Dict, Len: n, Child: flat}
		for range n {
			v.Codes = append(v.Codes, rapid.Uint32Range(0, uint32(flat.Len-1)).Draw(t, "code"))
		}
		return v
	case 2:
		v := &column.Vector{Type: flat.Type, Enc: column.RunEnd, Child: flat}
		for i := range flat.Len {
			v.Ends = append(v.Ends, int32(2*i+2))
		}
		v.Len = 2 * flat.Len
		return v
	}
	return flat.Slice(0, n)
}
