package fn

import (
	"math"
	"sort"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// drawColumn makes n values of a type, small and exact in floats, so that the order of sums does not matter.
func drawColumn(t *rapid.T, typ column.Type, n int, nulls bool) *column.Vector {
	b := column.NewBuilder(typ, n)
	for range n {
		if nulls && rapid.IntRange(0, 3).Draw(t, "null") == 0 {
			b.AppendNull()
			continue
		}
		x := rapid.Int64Range(-100, 100).Draw(t, "x")
		switch typ.Physical() {
		case column.PhysBool:
			b.AppendBool(x > 0)
		case column.PhysInt:
			b.AppendInt(x)
		case column.PhysFloat:
			b.AppendFloat(float64(x) / 4)
		case column.PhysInterval:
			b.AppendInterval(column.Interval{Months: int32(x % 3), Days: int32(x % 7), Micros: x * 1000})
		default:
			switch typ.Kind {
			case column.Numeric:
				b.AppendBytes(appendDecimal(nil, dec(x, -int32(x&3))))
			case column.JSON:
				b.AppendString("{}")
			default:
				b.AppendString(string(rune('a' + (x & 7))))
			}
		}
	}
	return b.Finish()
}

func allAggregates(r *Registry) []*expr.Aggregate {
	var out []*expr.Aggregate
	for _, list := range r.aggregates {
		out = append(out, list...)
	}
	sort.Slice(out, func(i, j int) bool {
		return out[i].Name+argList(out[i].Args, false) < out[j].Name+argList(out[j].Args, false)
	})
	return out
}

// close says whether two results are equal, floats to a few last places.
func sameResult(a, b *column.Vector) bool {
	if a.Type.IsFloat() {
		for i := range a.Len {
			x, y := a.IsNull(i), b.IsNull(i)
			if x != y {
				return false
			}
			if !x && math.Abs(a.Float(i)-b.Float(i)) > 1e-9*(1+math.Abs(a.Float(i))) {
				return false
			}
		}
		return true
	}
	return column.Equal(a, b)
}

// TestAggregatePaths: row by row, range by range, merged from parts: one answer.
func TestAggregatePaths(t *testing.T) {
	for _, a := range allAggregates(New()) {
		if (a.Name == "first" || a.Name == "last") && a.Args[1] != tTimestampTZ {
			continue // first and last by other times run the same code
		}
		for _, make := range []func() expr.State{a.New, a.NewUnsorted} {
			if make != nil {
				t.Run(a.Name+"("+argList(a.Args, false)+")", func(t *testing.T) { checkPaths(t, a, make) })
			}
		}
	}
}

// settingOf is argument k of aggregates that take only certain values there, nil for all others.
func settingOf(name string, k int) *column.Vector {
	switch {
	case name == "approx_percentile" && k == 0:
		return column.NewFloats(tFloat8, []float64{0.9}, nil)
	case name == "time_weight" && k == 0:
		return column.NewStrings("linear")
	case name == "histogram" && k == 1:
		return column.NewFloats(tFloat8, []float64{-10}, nil)
	case name == "histogram" && k == 2:
		return column.NewFloats(tFloat8, []float64{20}, nil)
	case name == "histogram" && k == 3:
		return column.NewInts(tInt4, []int64{4}, nil)
	}
	return nil
}

func checkPaths(t *testing.T, a *expr.Aggregate, make3 func() expr.State) {
	rapid.Check(t, func(t *rapid.T) {
		const groups = 3
		n := rapid.IntRange(1, 40).Draw(t, "n")
		nulls := rapid.Bool().Draw(t, "nulls")
		args := make([]*column.Vector, len(a.Args))
		for k, typ := range a.Args {
			if typ == tAny {
				typ = tText
			}
			if setting := settingOf(a.Name, k); setting != nil {
				args[k] = column.NewConst(setting, 0, n)
				continue
			}
			args[k] = drawColumn(t, typ, n, nulls)
			if k == 1 && rapid.Bool().Draw(t, "const") {
				args[k] = column.NewConst(args[k], 0, n)
			}
		}
		groupOf := make([]uint32, n)
		for i := range groupOf {
			groupOf[i] = uint32(rapid.IntRange(0, groups-1).Draw(t, "g"))
		}
		finish := func(s expr.State) *column.Vector {
			v, err := s.Finish(groups)
			if err != nil {
				t.Fatal(err)
			}
			if v.Type != a.Result || v.Len != groups {
				t.Fatalf("%s of %d rows", v.Type, v.Len)
			}
			if s.SizeBytes() < groups {
				t.Fatalf("size %d", s.SizeBytes())
			}
			return v
		}
		check := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		byRow := make3()
		byRow.Grow(groups)
		check(byRow.Add(groupOf, args, n))
		want := finish(byRow)

		byRange := make3()
		for i := 0; i < n; {
			j := i
			for j < n && groupOf[j] == groupOf[i] {
				j++
			}
			byRange.Grow(groups)
			check(byRange.AddRange(groupOf[i], args, i, j, false))
			i = j
		}
		if got := finish(byRange); !sameResult(got, want) {
			t.Fatalf("ranges: %v, rows: %v", got, want)
		}

		cut := rapid.IntRange(0, n).Draw(t, "cut")
		left, right := make3(), make3()
		left.Grow(groups)
		right.Grow(groups)
		check(left.Add(groupOf[:cut], sliced(args, 0, cut), cut))
		// The right part numbers its groups backwards.
		mapping := []uint32{2, 1, 0}
		turned := make([]uint32, n-cut)
		for i := range turned {
			turned[i] = mapping[groupOf[cut+i]]
		}
		check(right.Add(turned, sliced(args, cut, n), n-cut))
		// In two steps, as partitions are merged.
		check(left.Merge(right, []uint32{1}, mapping[1:2]))
		check(left.Merge(right, []uint32{2, 0}, []uint32{mapping[2], mapping[0]}))
		if got := finish(left); !sameResult(got, want) {
			t.Fatalf("merged: %v, rows: %v", got, want)
		}
	})
}

func sliced(args []*column.Vector, lo, hi int) []*column.Vector {
	out := make([]*column.Vector, len(args))
	for k, a := range args {
		out[k] = a.Slice(lo, hi)
	}
	return out
}

// TestFirstLastSorted: the ends of a sorted range are what looking at each row finds.
func TestFirstLastSorted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfN(rapid.Int64Range(0, 9), 1, 20).Draw(t, "times")
		sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
		values := make([]int64, len(times))
		for i := range values {
			values[i] = int64(i)
		}
		args := []*column.Vector{column.NewInts(tInt8, values, nil), column.NewInts(tTimestampTZ, times, nil)}
		for _, last := range []bool{false, true} {
			a, b := &edgeState{result: tInt8, last: last, ordered: true}, &edgeState{result: tInt8, last: last}
			lo := rapid.IntRange(0, len(times)-1).Draw(t, "lo")
			for _, s := range []*edgeState{a, b} {
				s.Grow(1)
				if err := s.AddRange(0, args, lo, len(times), true); err != nil {
					t.Fatal(err)
				}
			}
			x, _ := a.Finish(1)
			y, _ := b.Finish(1)
			if !column.Equal(x, y) {
				t.Fatalf("last=%v: %d, want %d", last, x.Int(0), y.Int(0))
			}
		}
	})
}
