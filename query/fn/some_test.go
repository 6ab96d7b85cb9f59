package fn

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// drawLiving makes bits of which few, many or all are set.
func drawLiving(t *rapid.T, n int) (column.Bitmap, []int32) {
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	b := column.NewBitmap(n, true)
	share := []int{0, 1, 20, 60, 97, 100}[rng.IntN(6)]
	for i := 0; i < n; {
		stretch := 1 + rng.IntN(3)*rng.IntN(80)
		dead := rng.IntN(100) < share
		for ; stretch > 0 && i < n; stretch-- {
			if dead {
				b.Clear(i)
			}
			i++
		}
	}
	return b, b.AppendOnes(nil, n)
}

// TestLivingPaths: an aggregate that takes ranges with dead rows gives what it gives of the others alone, whatever stands in the dead ones.
func TestLivingPaths(t *testing.T) {
	tested := 0
	for _, a := range allAggregates(New()) {
		if a.New == nil { // for every type one of its own
			continue
		}
		if _, ok := a.New().(expr.LivingState); !ok {
			continue
		}
		tested++
		t.Run(a.Name+"("+argList(a.Args, false)+")", func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				n := rapid.IntRange(1, 700).Draw(t, "n")
				living, rows := drawLiving(t, n)
				args := make([]*column.Vector, len(a.Args))
				for k, typ := range a.Args {
					if typ == tAny {
						typ = tInt8
					}
					args[k] = livingColumn(t, typ, n, living)
					if narrow := column.ToNarrow(args[k]); a.Narrow && narrow != nil && rapid.Bool().Draw(t, "narrow") {
						args[k] = narrow
					}
				}
				lo := rapid.IntRange(0, n).Draw(t, "lo")
				hi := rapid.IntRange(lo, n).Draw(t, "hi")
				got, want := a.New().(expr.LivingState), a.New()
				got.Grow(2)
				want.Grow(2)
				var kept []int32
				for _, r := range rows {
					if int(r) >= lo && int(r) < hi {
						kept = append(kept, r)
					}
				}
				alone := make([]*column.Vector, len(args))
				for k, v := range args {
					alone[k] = column.Flatten(column.Gather(v, kept))
				}
				if err := got.AddLiving(1, args, living, lo, hi); err != nil {
					t.Fatal(err)
				}
				ones := make([]uint32, len(kept))
				for i := range ones {
					ones[i] = 1
				}
				if err := want.Add(ones, alone, len(kept)); err != nil {
					t.Fatal(err)
				}
				x, err := got.Finish(2)
				if err != nil {
					t.Fatal(err)
				}
				y, err := want.Finish(2)
				if err != nil {
					t.Fatal(err)
				}
				if !sameResult(x, y) {
					t.Fatalf("%v, want %v", x, y)
				}
			})
		})
	}
	if tested < 20 {
		t.Errorf("only %d aggregates were tested", tested)
	}
}

// livingColumn makes a column whose dead rows hold what would be noticed: values at the ends of their type, infinities and NaN.
func livingColumn(t *rapid.T, typ column.Type, n int, living column.Bitmap) *column.Vector {
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "values"), 0))
	spoil := rng.IntN(2) == 0
	b := column.NewBuilder(typ, n)
	nulls := rng.IntN(2) == 0
	for i := range n {
		x := rng.Int64N(200) - 100
		dead := spoil && !living.Get(i)
		switch {
		case nulls && rng.IntN(4) == 0:
			b.AppendNull()
		case typ.Physical() == column.PhysInt && dead && typ == tInt8:
			b.AppendInt([]int64{math.MaxInt64, math.MinInt64}[rng.IntN(2)])
		case typ.Physical() == column.PhysInt:
			b.AppendInt(x)
		case typ.Physical() == column.PhysFloat && dead:
			b.AppendFloat([]float64{math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64}[rng.IntN(4)])
		case typ.Physical() == column.PhysFloat:
			b.AppendFloat(float64(x) / 4)
		case typ.Physical() == column.PhysBool:
			b.AppendBool(x > 0)
		case typ.Physical() == column.PhysInterval:
			b.AppendInterval(column.Interval{Days: int32(x)})
		default:
			b.AppendString(string(rune('a' + x&7)))
		}
	}
	return b.Finish()
}

// TestSomeSumsOverflow: sums of some values fail, and do not fail, as those of all do.
func TestSomeSumsOverflow(t *testing.T) {
	v := make([]float64, 130)
	for i := range v {
		v[i] = math.MaxFloat64
	}
	some := column.NewBitmap(len(v), false)
	some.Set(70)
	sum := func() error {
		s := floatSum(tFloat8, false).state().(expr.LivingState)
		s.Grow(1)
		return s.AddLiving(0, []*column.Vector{column.NewFloats(tFloat8, v, nil)}, some, 0, len(v))
	}
	if err := sum(); err != nil {
		t.Error(err)
	}
	some.Set(3)
	if err := sum(); err == nil {
		t.Error("twice the greatest value is no error")
	}
	v[5] = math.Inf(1)
	if err := sum(); err == nil {
		t.Error("an infinite value that is dead hides an overflow")
	}
	some.Set(5)
	if err := sum(); err != nil {
		t.Error(err)
	}
}

// BenchmarkSomeSums sums a batch of which some rows are dead.
func BenchmarkSomeSums(b *testing.B) {
	const n = 4096
	ints, floats, bytes := make([]int64, n), make([]float64, n), make([]int64, n)
	for i := range n {
		ints[i], floats[i], bytes[i] = int64(i)*1_000_003, float64(i)/8, int64(i%100)
	}
	for _, c := range []struct {
		name  string
		state expr.State
		arg   *column.Vector
	}{
		{"bytes", wideSum(false).state(), column.ToNarrow(column.NewInts(tInt8, bytes, nil))},
		{"integers", wideSum(false).state(), column.NewInts(tInt8, ints, nil)},
		{"doubles", floatSum(tFloat8, false).state(), column.NewFloats(tFloat8, floats, nil)},
		{"greatest double", floatExtreme(tFloat8, 1).state(), column.NewFloats(tFloat8, floats, nil)},
	} {
		for _, share := range []int{0, 1, 20} {
			b.Run(c.name+"/"+map[int]string{0: "none dead", 1: "1 % dead", 20: "20 % dead"}[share], func(b *testing.B) {
				living := column.NewBitmap(n, true)
				rng := rand.New(rand.NewPCG(1, 2))
				for i := range n {
					if rng.IntN(100) < share {
						living.Clear(i)
					}
				}
				c.state.Grow(1)
				args := []*column.Vector{c.arg}
				for b.Loop() {
					err := error(nil)
					if share == 0 {
						err = c.state.AddRange(0, args, 0, n, false)
					} else {
						err = c.state.(expr.LivingState).AddLiving(0, args, living, 0, n)
					}
					if err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
			})
		}
	}
}
