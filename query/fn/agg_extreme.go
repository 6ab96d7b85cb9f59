package fn

import (
	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/lanes"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

func addExtremes(r *Registry) {
	for _, t := range every {
		if !hasExtremes(t) {
			continue
		}
		r.aggregate(
			expr.Aggregate{Name: "min", Args: types(t), Result: t, Scaled: t == tNumeric, Narrow: t.Physical() == column.PhysInt, Coded: coded(t), OfOne: true, New: extreme(t, -1), Doc: "least value"},
			expr.Aggregate{Name: "max", Args: types(t), Result: t, Scaled: t == tNumeric, Narrow: t.Physical() == column.PhysInt, Coded: coded(t), OfOne: true, New: extreme(t, 1), Doc: "greatest value"},
		)
	}
	r.aggregate(
		expr.Aggregate{Name: "min", Args: types(tAnyArray), Result: tAnyArray, Generic: extremeArray(-1), Doc: "least value"},
		expr.Aggregate{Name: "max", Args: types(tAnyArray), Result: tAnyArray, Generic: extremeArray(1), Doc: "greatest value"},
		expr.Aggregate{Name: "bool_and", Args: types(tBool), Result: tBool, New: boolFold(false).state, Doc: "true if all are"},
		expr.Aggregate{Name: "every", Args: types(tBool), Result: tBool, New: boolFold(false).state, Doc: "true if all are"},
		expr.Aggregate{Name: "bool_or", Args: types(tBool), Result: tBool, New: boolFold(true).state, Doc: "true if one is"},
	)
}

// hasExtremes reports the types whose least and greatest value PostgreSQL computes.
func hasExtremes(t column.Type) bool {
	switch t {
	case tBool, tBytea, tUUID, tJSONB, tName, tChar:
		return false
	}
	return ordered(t)
}

func extremeArray(sign int) func(elem column.Type) (sorted, unsorted func() expr.State) {
	return func(elem column.Type) (sorted, unsorted func() expr.State) {
		return extreme(column.ArrayOf(elem), sign), nil
	}
}

func extreme(t column.Type, sign int) func() expr.State {
	switch t.Physical() {
	case column.PhysInt:
		return intExtreme(t, sign).state
	case column.PhysFloat:
		return floatExtreme(t, sign).state
	case column.PhysInterval:
		return intervalExtreme(sign).state
	}
	if t == tNumeric {
		return func() expr.State { return &numericExtreme{sign: sign} }
	}
	return newCodedExtreme(t, sign)
}

// coded says that extreme gives a state that knows dictionaries.
func coded(t column.Type) bool { return t.Physical() == column.PhysBytes && t != tNumeric }

// bestCell keeps the best value; of values that are equal but print differently the last, as PostgreSQL does.
type bestCell[V any] struct {
	v    V
	seen bool
}

func intExtreme(t column.Type, sign int) *fold[int64, bestCell[int64]] {
	one := func(c *bestCell[int64], x int64) error {
		if !c.seen || sign > 0 && x > c.v || sign < 0 && x < c.v {
			c.v, c.seen = x, true
		}
		return nil
	}
	run := func(c *bestCell[int64], v []int64) error {
		if len(v) == 0 {
			return nil
		}
		if sign > 0 {
			return one(c, maxOf(v))
		}
		return one(c, minOf(v))
	}
	narrow := func(c *bestCell[int64], base int64, v []byte) error {
		if sign > 0 {
			return one(c, base+int64(lanes.Max(v)))
		}
		return one(c, base+int64(lanes.Min(v)))
	}
	groups := func(slots []bestCell[int64], groups []uint32, v []int64, mask int) error {
		if sign > 0 {
			for i, g := range groups {
				if c, x := &slots[g], v[i&mask]; !c.seen || x > c.v {
					c.v, c.seen = x, true
				}
			}
			return nil
		}
		for i, g := range groups {
			if c, x := &slots[g], v[i&mask]; !c.seen || x < c.v {
				c.v, c.seen = x, true
			}
		}
		return nil
	}
	return &fold[int64, bestCell[int64]]{
		result: t, values: intsOf, groups: groups, run: run, narrow: narrow, one: one, anyOrder: true,
		merge:  mergeBest(one),
		finish: finishBest(writeInt),
		whole:  func(slots []bestCell[int64]) *column.Vector { return bestInts(t, slots) },
	}
}

// bestInts gives the best values of all groups; nil if one has none.
func bestInts(t column.Type, slots []bestCell[int64]) *column.Vector {
	out := make([]int64, len(slots))
	for i := range slots {
		if !slots[i].seen {
			return nil
		}
		out[i] = slots[i].v
	}
	return column.NewInts(t, out, nil)
}

// maxOf gives the greatest of at least one value; four at a time do not wait for each other.
func maxOf(v []int64) int64 {
	a, b, c, d := v[0], v[0], v[0], v[0]
	for len(v) >= 4 {
		a, b, c, d = max(a, v[0]), max(b, v[1]), max(c, v[2]), max(d, v[3])
		v = v[4:]
	}
	for _, x := range v {
		a = max(a, x)
	}
	return max(a, b, c, d)
}

// minOf is maxOf for the least.
func minOf(v []int64) int64 {
	a, b, c, d := v[0], v[0], v[0], v[0]
	for len(v) >= 4 {
		a, b, c, d = min(a, v[0]), min(b, v[1]), min(c, v[2]), min(d, v[3])
		v = v[4:]
	}
	for _, x := range v {
		a = min(a, x)
	}
	return min(a, b, c, d)
}

// floatExtreme holds NaN for greater than every number.
func floatExtreme(t column.Type, sign int) *fold[float64, bestCell[float64]] {
	one := func(c *bestCell[float64], x float64) error {
		if !c.seen || compareFloat(x, c.v)*sign >= 0 {
			c.v, c.seen = x, true
		}
		return nil
	}
	run := func(c *bestCell[float64], v []float64) error {
		if len(v) == 0 {
			return nil
		}
		x := v[0]
		if sign > 0 {
			for _, y := range v {
				if y >= x || y != y {
					x = y
				}
			}
		} else {
			for _, y := range v {
				if y <= x || x != x {
					x = y
				}
			}
		}
		return one(c, x)
	}
	groups := func(slots []bestCell[float64], groups []uint32, v []float64, mask int) error {
		if sign > 0 {
			for i, g := range groups {
				if c, x := &slots[g], v[i&mask]; !c.seen || x >= c.v || x != x {
					c.v, c.seen = x, true
				}
			}
			return nil
		}
		for i, g := range groups {
			if c, x := &slots[g], v[i&mask]; !c.seen || x <= c.v || c.v != c.v {
				c.v, c.seen = x, true
			}
		}
		return nil
	}
	return &fold[float64, bestCell[float64]]{
		result: t, values: floatsOf, groups: groups, run: run, one: one,
		merge:  mergeBest(one),
		finish: finishBest(writeFloat),
	}
}

func intervalExtreme(sign int) *fold[column.Interval, bestCell[column.Interval]] {
	one := func(c *bestCell[column.Interval], x column.Interval) error {
		if !c.seen || literal.CompareIntervals(x, c.v)*sign >= 0 {
			c.v, c.seen = x, true
		}
		return nil
	}
	return &fold[column.Interval, bestCell[column.Interval]]{
		result: tInterval, values: intervalsOf, one: one, merge: mergeBest(one), finish: finishBest(writeInterval),
	}
}

func mergeBest[V any](one func(c *bestCell[V], v V) error) func(c, o *bestCell[V]) error {
	return func(c, o *bestCell[V]) error {
		if !o.seen {
			return nil
		}
		return one(c, o.v)
	}
}

func finishBest[V any](write writer[V]) func(b *column.Builder, c *bestCell[V]) error {
	return func(b *column.Builder, c *bestCell[V]) error {
		if c.seen {
			write(b, c.v)
		} else {
			b.AppendNull()
		}
		return nil
	}
}

func bytesExtreme(t column.Type, sign int) *bytesFold[bestCell[[]byte]] {
	cmp := orderOf(t)
	one := func(c *bestCell[[]byte], v []byte) (int, error) {
		if c.seen && cmp(v, c.v)*sign <= 0 {
			return 0, nil
		}
		before := cap(c.v)
		c.v, c.seen = append(c.v[:0], v...), true
		return cap(c.v) - before, nil
	}
	return &bytesFold[bestCell[[]byte]]{
		result: t,
		one:    one,
		merge: func(c, o *bestCell[[]byte]) (int, error) {
			if !o.seen {
				return 0, nil
			}
			return one(c, o.v)
		},
		finish: finishBest(writeBytes),
		size:   func(c *bestCell[[]byte]) int { return cap(c.v) },
	}
}

func compareNumericText(a, b []byte) int {
	var x, y apd.Decimal
	setDecimal(&x, a)
	setDecimal(&y, b)
	return compareDecimals(&x, &y)
}

// boolFold is bool_or, or bool_and where the deciding value is false.
func boolFold(deciding bool) *fold[bool, bestCell[bool]] {
	one := func(c *bestCell[bool], x bool) error {
		if !c.seen || x == deciding {
			c.v, c.seen = x, true
		}
		return nil
	}
	return &fold[bool, bestCell[bool]]{
		result: tBool, values: boolsOf, one: one, merge: mergeBest(one), finish: finishBest(writeBool),
	}
}
