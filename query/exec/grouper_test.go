package exec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
)

// randomKeyColumn makes a column of few distinct values in some encoding, NULLs among them at times.
func randomKeyColumn(r *rand.Rand, t column.Type, n int, nulls bool) *column.Vector {
	flat := func(n int) *column.Vector {
		b := column.NewBuilder(t, n)
		for range n {
			x := r.Int64N(6)
			switch {
			case nulls && r.IntN(5) == 0:
				b.AppendNull()
			case t.Kind == column.Numeric:
				b.AppendString([]string{"1", "1.0", "1.00", "-2.5", "NaN", "1000"}[x])
			case t.Physical() == column.PhysInt:
				b.AppendInt(x - 2)
			case t.Physical() == column.PhysFloat:
				b.AppendFloat([]float64{0, math.Copysign(0, -1), 1.5, math.NaN(), -math.NaN(), math.Inf(1)}[x])
			case t.Physical() == column.PhysBool:
				b.AppendBool(x > 2)
			case t.Physical() == column.PhysInterval:
				b.AppendInterval([]column.Interval{{Months: 1}, {Days: 30}, {Micros: 30 * 86400e6}, {}, {Days: 1}, {Micros: 1}}[x])
			default:
				b.AppendString([]string{"", "a", "ab", "b", "a\x00", "longer than the others"}[x])
			}
		}
		return b.Finish()
	}
	switch r.IntN(5) {
	case 0:
		return column.NewConst(flat(1), 0, n)
	case 1:
		v := &column.Vector{Type: t, Enc: column.RunEnd, Len: n}
		for end := 0; end < n; {
			end = min(n, end+1+r.IntN(5))
			v.Ends = append(v.Ends, int32(end))
		}
		v.Child = flat(len(v.Ends))
		return v
	case 2:
		v := &column.Vector{Type: t, Enc: column.Dict, Len: n, Child: flat(1 + r.IntN(10*n))}
		for range n {
			v.Codes = append(v.Codes, uint32(r.IntN(v.Child.Len)))
		}
		return v
	case 3:
		if t.Kind == column.Numeric {
			ints := make([]int64, n)
			for i := range ints {
				ints[i] = r.Int64N(3) * 100
			}
			return column.NewScaled(ints, int32(r.IntN(3)), nil)
		}
	}
	return flat(n)
}

// TestGrouper numbers random keys in random encodings batch by batch, and compares with a map from encoded keys.
func TestGrouper(t *testing.T) {
	kinds := []column.Kind{column.Int64, column.Date, column.Text, column.Numeric, column.Float64, column.Bool, column.IntervalKind, column.Bytea}
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 7))
		types := make([]column.Type, 1+r.IntN(4))
		for i := range types {
			types[i] = column.T(kinds[r.IntN(len(kinds))])
		}
		g, want := newGrouper(types), map[string]uint32{}
		first := map[uint32]string{} // by group, as text
		var kept []*column.Vector
		for range 1 + r.IntN(4) {
			n := 1 + r.IntN(60)
			keys := make([]*column.Vector, len(types))
			nulls := r.IntN(2) == 0
			for i, typ := range types {
				keys[i] = randomKeyColumn(r, typ, n, nulls)
				if keys[i].Enc == column.Dict && kept != nil && kept[i].Enc == column.Dict && r.IntN(2) == 0 {
					again := *keys[i] // the same dictionary once more
					again.Child = kept[i].Child
					for k := range again.Codes {
						again.Codes[k] %= uint32(again.Child.Len)
					}
					keys[i] = &again
				}
			}
			kept = keys
			groups := make([]uint32, n)
			if r.IntN(8) == 0 {
				for i := range groups {
					groups[i] = g.find(keys, i)
				}
			} else if list, ok := spans(nil, keys, nil, n); ok {
				numbers := make([]uint32, len(list))
				g.findSpans(keys, list, numbers)
				for k, s := range list {
					fill(groups[s.lo:s.hi], numbers[k])
				}
			} else {
				g.findAll(keys, groups)
			}
			for i, group := range groups {
				var encoded []byte
				shown := ""
				for _, v := range keys {
					encoded = key.AppendValue(encoded, v, i)
					shown += rowText(v, i) + "|"
				}
				id, ok := want[string(encoded)]
				if !ok && first[group] == "" { // a new key has a number of its own
					id, first[group] = group, shown
					want[string(encoded)] = group
				}
				if group != id || int(group) >= g.count {
					t.Fatalf("seed %d, %v: row %d (%s) is in group %d, not %d", seed, types, i, shown, group, id)
				}
			}
		}
		if g.count != len(want) {
			t.Fatalf("seed %d: %d groups, not %d", seed, g.count, len(want))
		}
		order, err := g.sorted()
		if err != nil {
			t.Fatal(err)
		}
		rows, err := g.finish()
		if err != nil {
			t.Fatal(err)
		}
		encoded := make([][]byte, g.count)
		for i := range g.count {
			for k := range types {
				encoded[i] = key.AppendValue(encoded[i], rows[k], i)
			}
			if id, ok := want[string(encoded[i])]; !ok || id != uint32(i) {
				t.Fatalf("seed %d: the keys of group %d are those of %d, %v; first met as %s", seed, i, id, ok, first[uint32(i)])
			}
		}
		if !slices.IsSortedFunc(order, func(a, b uint32) int { return slices.Compare(encoded[a], encoded[b]) }) {
			t.Fatalf("seed %d: sorted gives %v", seed, order)
		}
		other := newGrouper(types)
		mapping := other.absorb(rows, g.count)
		slices.Sort(mapping)
		if len(slices.Compact(mapping)) != g.count || other.count != g.count {
			t.Fatalf("seed %d: %d groups are absorbed as %d", seed, g.count, other.count)
		}
	}
}

func rowText(v *column.Vector, i int) string {
	if v.IsNull(i) {
		return "NULL"
	}
	f, j := v.At(i)
	switch f.Type.Physical() {
	case column.PhysInt:
		return fmt.Sprint(f.Ints[j])
	case column.PhysFloat:
		return fmt.Sprint(f.Floats[j])
	case column.PhysBool:
		return fmt.Sprint(f.Bools[j])
	case column.PhysInterval:
		return fmt.Sprint(f.Intervals[j])
	}
	return string(f.Bytes(j))
}

// TestGrouperOfManyTuples holds tables of tuples that are larger than the caches, in which look-ups go another way, against a map: of words that have
// all bits, few, or none, so that one differs from another by any.
func TestGrouperOfManyTuples(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 11))
	types := []column.Type{column.T(column.Int64), column.T(column.Int32), column.T(column.Int64)}
	word := []func() int64{
		func() int64 { return r.Int64N(200_000) },
		func() int64 { return -1 - r.Int64N(2) },
		func() int64 { return []int64{0, -1, math.MaxInt64, math.MinInt64}[r.IntN(4)] },
	}
	for _, width := range []int{2, 3} {
		for _, nulls := range []bool{false, true} {
			g := newGrouper(types[:width])
			numbers := map[[4]int64]uint32{}
			for range 100 {
				const rows = 5000
				keys := make([]*column.Vector, width)
				for k := range keys {
					b := column.NewBuilder(types[k], rows)
					for range rows {
						if nulls && r.IntN(10) == 0 {
							b.AppendNull()
						} else {
							b.AppendInt(word[k]())
						}
					}
					keys[k] = b.Finish()
				}
				groups := make([]uint32, rows)
				g.findAll(keys, groups)
				for i, got := range groups {
					var tuple [4]int64
					for k, v := range keys {
						if v.IsNull(i) {
							tuple[3] |= 1 << k
						} else {
							tuple[k] = v.Int(i)
						}
					}
					want, known := numbers[tuple]
					if !known {
						want = uint32(len(numbers))
						numbers[tuple] = want
					}
					if got != want {
						t.Fatalf("width %d, nulls %v: %v is in group %d, not %d", width, nulls, tuple, got, want)
					}
				}
			}
			if len(g.tuples.slots) < aheadSlots || g.count != len(numbers) {
				t.Fatalf("width %d: %d groups, %d slots for %d tuples", width, g.count, len(g.tuples.slots), len(numbers))
			}
		}
	}
}
