package promql

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/prometheus/prometheus/model/value"
	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
)

// What a row holds follows from its time, so that rows of one time, which have no order, are equal.
func valueAt(t int64) int64 { return t % 7 }
func nullAt(t int64) bool   { return t%5 == 0 }

// drawPieces makes stretches of rows as sources give them: overlapping or not, floats or integers, with NULLs if asked for; times
// ascend if sorted.
func drawPieces(t *rapid.T, sorted, nulls bool) []piece {
	var out []piece
	for range rapid.IntRange(1, 6).Draw(t, "pieces") {
		n := rapid.IntRange(1, 30).Draw(t, "rows")
		p := piece{times: make([]int64, n), first: rapid.IntRange(0, 70).Draw(t, "first")}
		at := rapid.Int64Range(-20_000, 20_000).Draw(t, "start")
		for i := range p.times {
			at += rapid.Int64Range(0, 900).Draw(t, "gap")
			p.times[i] = at
		}
		if !sorted {
			p.times = rapid.Permutation(p.times).Draw(t, "times")
		}
		integers := rapid.Bool().Draw(t, "integers")
		if nulls {
			p.valid = column.NewBitmap(p.first+n, true)
		}
		for i, at := range p.times {
			if integers {
				p.ints = append(p.ints, valueAt(at))
			} else {
				p.floats = append(p.floats, float64(valueAt(at)))
			}
			if nulls && nullAt(at) {
				p.valid.Clear(p.first + i)
			}
		}
		out = append(out, p)
	}
	return out
}

// TestFlattenIsSortingRows: whatever the pieces are, the result is that of sorting all rows by time and keeping the last row of each
// millisecond.
func TestFlattenIsSortingRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := layout{clock: clock{perMilli: 1000}, stale: rapid.Bool().Draw(t, "stale"), shuffled: rapid.Bool().Draw(t, "shuffled")}
		nulls := rapid.Bool().Draw(t, "nulls")
		pieces := drawPieces(t, !l.shuffled, nulls)
		var rows []int64
		for _, p := range pieces {
			for _, at := range p.times {
				if !nulls || l.stale || !nullAt(at) {
					rows = append(rows, at)
				}
			}
		}
		slices.Sort(rows)
		var want samples
		for i, at := range rows {
			ms := int64(math.Floor(float64(at) / 1000))
			if i+1 < len(rows) && int64(math.Floor(float64(rows[i+1])/1000)) == ms {
				continue
			}
			v := float64(valueAt(at))
			if nulls && nullAt(at) {
				v = math.Float64frombits(value.StaleNaN)
			}
			want.times, want.values = append(want.times, ms), append(want.values, v)
		}
		got := l.flatten(pieces)
		sameBits := func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }
		if !slices.Equal(got.times, want.times) || !slices.EqualFunc(got.values, want.values, sameBits) {
			t.Fatalf("%v %v, want %v %v", got.times, got.values, want.times, want.values)
		}
	})
}

func TestClock(t *testing.T) {
	for _, c := range []struct{ perMilli, millis, first, last int64 }{
		{1_000, 5, 5_000, 5_999},
		{1_000, -5, -5_000, -4_001},
		{1_000_000, 2, 2_000_000, 2_999_999},
		{1_000, math.MaxInt64, math.MaxInt64, math.MaxInt64},
		{1_000, math.MinInt64, math.MinInt64, math.MinInt64},
		{1_000_000, math.MaxInt64 / 1000, math.MaxInt64, math.MaxInt64},
	} {
		k := clock{c.perMilli}
		if k.first(c.millis) != c.first || k.last(c.millis) != c.last {
			t.Errorf("%d ms by %d: [%d, %d], want [%d, %d]", c.millis, c.perMilli, k.first(c.millis), k.last(c.millis), c.first, c.last)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		k := clock{rapid.SampledFrom([]int64{1_000, 1_000_000}).Draw(t, "unit")}
		at := rapid.Int64().Draw(t, "time")
		ms := k.millis(at)
		if k.first(ms) > at || k.last(ms) < at {
			t.Fatalf("%d is not in [%d, %d], which are those of its millisecond %d", at, k.first(ms), k.last(ms), ms)
		}
	})
}

func ExampleLimits() {
	fmt.Println(New(nil, Options{QueryBytes: 16 << 20}).Limits().Samples)
	// Output: 1048576
}
