// Package shapes makes reproducible columns that look like real ones, for the
// benchmarks, size limits and oracle tests of package codec.
package shapes

import (
	"math"
	"math/rand/v2"
)

// Int is one kind of integer or timestamp column.
type Int struct {
	Name string
	make func(r *rand.Rand, i int, prev int64) int64
}

const startMicros = 1_767_225_600_123_000

// Ints are timestamps in microseconds, then other integers.
var Ints = []Int{
	{"ts regular 15s", func(_ *rand.Rand, i int, _ int64) int64 { return startMicros + int64(i)*15_000_000 }},
	{"ts ms jitter in us", func(r *rand.Rand, i int, _ int64) int64 {
		return startMicros + int64(i)*15_000_000 + int64(r.NormFloat64()*4)*1000
	}},
	{"ts us jitter", func(r *rand.Rand, i int, _ int64) int64 {
		return startMicros + int64(i)*15_000_000 + int64(r.NormFloat64()*4000)
	}},
	{"ts rare jitter+gaps", func(r *rand.Rand, i int, prev int64) int64 {
		switch {
		case i == 0:
			return startMicros
		case r.IntN(100) == 0:
			return prev + 30_000_000
		case r.IntN(10) == 0:
			return prev + 15_000_000 + r.Int64N(7)*1000 - 3000
		}
		return prev + 15_000_000
	}},
	{"ts events ns", func(r *rand.Rand, i int, prev int64) int64 {
		if i == 0 {
			return startMicros * 1000
		}
		return prev + int64(r.ExpFloat64()*1e9)
	}},
	{"gauge 0..1000", func(r *rand.Rand, _ int, _ int64) int64 { return r.Int64N(1000) }},
	{"walk", func(r *rand.Rand, _ int, prev int64) int64 { return prev + int64(r.NormFloat64()*50) }},
	{"counter", func(r *rand.Rand, _ int, prev int64) int64 { return prev + 1000 + r.Int64N(200) }},
	{"mostly constant", func(r *rand.Rand, _ int, prev int64) int64 {
		if r.IntN(20) == 0 {
			return r.Int64N(100)
		}
		return prev
	}},
	{"pages of memory", func(r *rand.Rand, i int, prev int64) int64 {
		if i == 0 {
			return 5 << 30
		}
		return prev + int64(r.NormFloat64()*300)*4096
	}},
	{"random", func(r *rand.Rand, _ int, _ int64) int64 { return int64(r.Uint64()) }},
}

// Values returns the first n values, always the same.
func (s Int) Values(n int) []int64 {
	r := rand.New(rand.NewPCG(1, 2))
	out := make([]int64, n)
	var prev int64
	for i := range out {
		prev = s.make(r, i, prev)
		out[i] = prev
	}
	return out
}

// Float is one kind of float column.
type Float struct {
	Name string
	make func(r *rand.Rand, i int, prev float64) float64
}

// Floats are gauges and counters.
var Floats = []Float{
	{"constant", func(*rand.Rand, int, float64) float64 { return 42.5 }},
	{"percent 1 decimal", func(r *rand.Rand, _ int, _ float64) float64 { return math.Round(500+r.NormFloat64()*100) / 10 }},
	{"walk 2 decimals", func(r *rand.Rand, _ int, prev float64) float64 {
		return math.Round(prev*100+r.NormFloat64()*100) / 100
	}},
	{"counter ints", func(r *rand.Rand, i int, prev float64) float64 {
		if i == 0 {
			return 123456
		}
		return prev + float64(r.IntN(200))
	}},
	{"slow counter", func(r *rand.Rand, i int, prev float64) float64 {
		if i == 0 {
			return 1000
		}
		if r.IntN(4) > 0 {
			return prev
		}
		return prev + float64(r.IntN(5))
	}},
	{"memory bytes", func(r *rand.Rand, i int, prev float64) float64 {
		if i == 0 {
			return 5 << 30
		}
		return prev + math.Round(r.NormFloat64()*300)*4096
	}},
	{"cpu seconds", func(r *rand.Rand, i int, prev float64) float64 {
		if i == 0 {
			return 81234.56
		}
		return math.Round((prev+r.Float64()*15)*100) / 100
	}},
	{"0/1", func(r *rand.Rand, _ int, prev float64) float64 {
		if r.IntN(50) == 0 {
			return 1 - prev
		}
		return prev
	}},
	{"small ints", func(r *rand.Rand, _ int, _ float64) float64 { return float64(r.IntN(20)) }},
	{"noise", func(r *rand.Rand, _ int, _ float64) float64 { return r.NormFloat64() }},
	{"stale gaps", func(r *rand.Rand, i int, _ float64) float64 {
		if i%60 == 59 {
			return math.Float64frombits(StaleBits)
		}
		return math.Round(r.Float64()*1000) / 8
	}},
}

// StaleBits is the NaN that marks the end of a Prometheus series.
const StaleBits = 0x7ff0000000000002

// Values returns the first n values, always the same.
func (s Float) Values(n int) []float64 {
	r := rand.New(rand.NewPCG(1, 2))
	out := make([]float64, n)
	var prev float64
	for i := range out {
		prev = s.make(r, i, prev)
		out[i] = prev
	}
	return out
}
