package segment

import (
	"math"
	"slices"
	"sort"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column/scan"
)

func TestNotBelow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var times []int64
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0: // at an interval, with gaps
			at := rapid.Int64Range(-1e18, 1e18).Draw(t, "start")
			for range rapid.IntRange(0, 300).Draw(t, "n") {
				times = append(times, at)
				if at += 10; rapid.IntRange(0, 20).Draw(t, "gap") == 0 {
					at += rapid.Int64Range(0, 100_000).Draw(t, "more")
				}
			}
		case 1:
			times = rapid.SliceOfN(rapid.Int64Range(-50, 50), 0, 100).Draw(t, "close")
		case 2:
			times = rapid.SliceOfN(rapid.Int64(), 0, 50).Draw(t, "any")
			times = append(times, math.MinInt64, math.MaxInt64)
		}
		slices.Sort(times)
		limit := rapid.Int64().Draw(t, "limit")
		if len(times) > 0 && rapid.Bool().Draw(t, "near") {
			limit = times[rapid.IntRange(0, len(times)-1).Draw(t, "at")] + rapid.Int64Range(-11, 11).Draw(t, "by")
		}
		want := sort.Search(len(times), func(i int) bool { return times[i] >= limit })
		var bounds scan.TimeRange
		if n := len(times); n > 0 {
			bounds = scan.TimeRange{Min: times[0], Max: times[n-1]}
		}
		if got := notBelow(times, bounds, limit); got != want {
			t.Fatalf("%d of %v: %d, want %d", limit, times, got, want)
		}
	})
}
