package fn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// aggregated gives the result of one group.
func aggregated(t *testing.T, name string, args ...*column.Vector) *column.Vector {
	t.Helper()
	types := make([]column.Type, len(args))
	for i, a := range args {
		types[i] = a.Type
	}
	a, err := New().Aggregate(name, types)
	if err != nil {
		t.Fatal(err)
	}
	s := a.New()
	s.Grow(1)
	if err := s.AddRange(0, args, 0, args[0].Len, false); err != nil {
		t.Fatal(err)
	}
	v, err := s.Finish(1)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSampleAggregates(t *testing.T) {
	// Seconds, out of order; the counter falls from 12 to 2 between 20 and 30.
	seconds := []int64{20, 0, 10, 30, 40}
	values := column.NewFloats(tFloat8, []float64{12, 5, 9, 2, 6}, nil)
	for i := range seconds {
		seconds[i] *= 1e6
	}
	times := column.NewInts(tTimestampTZ, seconds, nil)
	for name, want := range map[string]float64{
		"increase": 4 + 3 + 2 + 4, "rate": 13.0 / 40, "irate": 0.4, "delta": 1, "idelta": 4, "resets": 1, "changes": 4,
	} {
		v := aggregated(t, name, values, times)
		got := 0.0
		if v.Type == tInt8 {
			got = float64(v.Int(0))
		} else {
			got = v.Float(0)
		}
		if math.Abs(got-want) > 1e-12 {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	for method, want := range map[string]float64{"locf": (5 + 9 + 12 + 2) / 4.0, "Linear": (7 + 10.5 + 7 + 4) / 4.0} {
		m := column.NewConst(column.NewStrings(method), 0, 5)
		if got := aggregated(t, "time_weight", m, times, values).Float(0); math.Abs(got-want) > 1e-12 {
			t.Errorf("time_weight %s is %v, want %v", method, got, want)
		}
	}
	one, at := column.NewFloats(tFloat8, []float64{7}, nil), column.NewInts(tTimestampTZ, []int64{0}, nil)
	for _, name := range []string{"increase", "rate", "irate", "delta", "idelta"} {
		if !aggregated(t, name, one, at).IsNull(0) {
			t.Errorf("%s of one sample is not NULL", name)
		}
	}
}

// TestApproximations: within the accuracy that is promised, also when parts are merged and values are infinite.
func TestApproximations(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2))
	values := make([]float64, 20000)
	for i := range values {
		values[i] = math.Exp(r.NormFloat64() * 3)
		if i%5 == 0 {
			values[i] = -values[i]
		}
	}
	column1 := column.NewFloats(tFloat8, values, nil)
	sorted := append([]float64(nil), values...)
	sort.Float64s(sorted)
	for _, p := range []float64{0, 0.01, 0.5, 0.9, 0.99, 0.999, 1} {
		share := column.NewConst(column.NewFloats(tFloat8, []float64{p}, nil), 0, len(values))
		got := aggregated(t, "approx_percentile", share, column1).Float(0)
		want := sorted[int(p*float64(len(sorted)-1))]
		if math.Abs(got-want) > 0.0101*math.Abs(want) {
			t.Errorf("percentile %v is %v, want %v", p, got, want)
		}
	}
	ends := column.NewFloats(tFloat8, []float64{math.Inf(-1), 1, math.Inf(1), math.NaN()}, nil)
	for p, want := range map[float64]string{0: "-Inf", 0.34: "1", 0.7: "+Inf", 1: "NaN"} {
		share := column.NewConst(column.NewFloats(tFloat8, []float64{p}, nil), 0, 4)
		if got := fmt.Sprintf("%.0f", aggregated(t, "approx_percentile", share, ends).Float(0)); got != want {
			t.Errorf("percentile %v of infinities is %s, want %s", p, got, want)
		}
	}
	for _, n := range []int{1, 10, 1000, 100_000} {
		ids := make([]int64, 3*n)
		for i := range ids {
			ids[i] = int64(i % n)
		}
		got := aggregated(t, "approx_count_distinct", column.NewInts(tInt8, ids, nil)).Int(0)
		if math.Abs(float64(got-int64(n))) > 0.03*float64(n) {
			t.Errorf("about %d different values, want %d", got, n)
		}
	}
	var none expr.State = &distinctState{}
	none.Grow(1)
	if v, err := none.Finish(1); err != nil || v.Int(0) != 0 {
		t.Errorf("no values: %v, %v", v, err)
	}
}
