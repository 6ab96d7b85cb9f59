package prom

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

// TestFloats: whole numbers are printed as strconv prints them.
func TestFloats(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	list := []float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 1e15, 1e15 - 1, -1e15, 1e21, 1e300, 0.5, -3, math.MaxInt64, math.MinInt64}
	for range 1000 {
		list = append(list, float64(r.Int64()>>r.IntN(63)), -float64(r.IntN(1000)), r.NormFloat64())
	}
	for _, v := range list {
		format := byte('f')
		if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
			format = 'e'
		}
		if got, want := string(appendFloat(nil, v)), strconv.FormatFloat(v, format, -1, 64); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}
