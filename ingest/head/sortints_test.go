package head

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSortedInts compares with a stable sort: values of wide and of narrow ranges, equal ones, skewed ones and the extremes.
func TestSortedInts(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for round := range 60 {
		v := make([]int64, rng.IntN(1<<(round%16)))
		for i := range v {
			switch round % 5 {
			case 0:
				v[i] = int64(rng.Uint64())
			case 1:
				v[i] = rng.Int64N(3)
			case 2:
				v[i] = rng.Int64N(1 << 20)
			case 3:
				v[i] = 1 << rng.IntN(63)
			default:
				v[i] = []int64{math.MinInt64, math.MaxInt64, 0, rng.Int64()}[rng.IntN(4)]
			}
		}
		want := identity(len(v))
		slices.SortStableFunc(want, func(a, b int32) int {
			if v[a] < v[b] {
				return -1
			} else if v[a] > v[b] {
				return 1
			}
			return 0
		})
		if got := sortedInts(v); !slices.Equal(got, want) {
			t.Fatalf("round %d: %v, want %v", round, got, want)
		}
	}
}

func BenchmarkSortedInts(b *testing.B) {
	v := make([]int64, 1_000_000)
	for i := range v {
		v[i] = rand.Int64N(1 << 40)
	}
	for b.Loop() {
		sortedInts(v)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(v)), "ns/row")
}
