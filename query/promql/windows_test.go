package promql

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/prometheus/prometheus/util/kahansum"
)

// TestPlaces: places that follow from the interval of the times are those that a search finds.
func TestPlaces(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		times, now := []int64{}, r.Int64N(100)
		jitter := []int64{1, 2, 50}[r.IntN(3)]
		for range 1 + r.IntN(50) {
			times = append(times, now)
			if now += 10 + r.Int64N(jitter); r.IntN(20) == 0 {
				now += r.Int64N(1000)
			}
		}
		at, stride := 0, 0
		for now := times[0] - 50; now < times[len(times)-1]+50; now += r.Int64N(30) {
			want := lowest(times, now)
			if got := place(times, now); got != want {
				t.Fatalf("%d in %v: place %d, not %d", now, times, got, want)
			}
			got := advance(times, at, now, stride)
			if got != want {
				t.Fatalf("%d in %v from %d by %d: place %d, not %d", now, times, at, stride, got, want)
			}
			at, stride = got, got-at
			if r.IntN(10) == 0 {
				stride = r.IntN(20)
			}
		}
	}
}

// TestCompensated: sums without branches are bit for bit those of Prometheus, or say that they are none.
func TestCompensated(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	odd := []float64{0, math.Copysign(0, -1), math.MaxFloat64, -math.MaxFloat64, math.Inf(1), math.NaN(), 1e300, 5e-324}
	answered := 0
	for range 5000 {
		var values []float64
		for range r.IntN(20) {
			v := r.NormFloat64() * math.Pow(10, float64(r.IntN(40)-20))
			if r.IntN(30) == 0 {
				v = odd[r.IntN(len(odd))]
			}
			values = append(values, v)
		}
		sum, c, ok := compensated(values)
		if !ok {
			continue
		}
		answered++
		var wantSum, wantC float64
		for _, v := range values {
			wantSum, wantC = kahansum.Inc(v, wantSum, wantC)
		}
		if math.Float64bits(sum+c) != math.Float64bits(wantSum+wantC) {
			t.Fatalf("%v: %v + %v, not %v + %v", values, sum, c, wantSum, wantC)
		}
	}
	if answered < 3000 {
		t.Errorf("only %d sums", answered)
	}
}

func TestWholeNumbers(t *testing.T) {
	at := func(n int) []int64 { return slices.Repeat([]int64{1}, n) }
	for _, c := range []struct {
		pieces []piece
		want   bool
	}{
		{[]piece{{times: at(2), ints: []int64{-3, 1 << 50}}}, true},
		{[]piece{{times: at(2), ints: []int64{-3, 1 << 52}}}, false},
		{[]piece{{times: at(1), ints: []int64{math.MinInt64}}}, false},
		{[]piece{{times: at(1), bytes: []byte{7}, base: 1 << 40}, {times: at(1), ints: []int64{5}}}, true},
		{[]piece{{times: at(1), bytes: []byte{7}, base: math.MaxInt64 - 7}}, false},
		{[]piece{{times: at(1), floats: []float64{1}}}, false},
	} {
		if got := wholeNumbers(c.pieces); got != c.want {
			t.Errorf("%v: %v", c.pieces, got)
		}
	}
}
