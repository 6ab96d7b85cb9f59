package convert

import (
	"math"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
)

// integers converts between what is stored as int64: numbers, dates and times.
func integers(v *column.Vector, to column.Type) (*column.Vector, error) {
	from := v.Type
	switch {
	case to.IsInteger() || to.IsOID():
		err := each(v, func(i int) error {
			if !fits(v.Ints[i], to) {
				return column.SQLErrorf(column.Invalid, "22003", "value \"%d\" is out of range for type %s", v.Ints[i], to)
			}
			return nil
		})
		return v.As(to), err
	case from.IsTime() && to.IsTime() && from.UnitsPerSecond() == to.UnitsPerSecond():
		return v.As(to), valid(v)
	}
	out := *v
	out.Type, out.Ints = to, make([]int64, v.Len)
	err := each(v, func(i int) (err error) {
		out.Ints[i], err = instant(v, i, to)
		return err
	})
	return &out, err
}

// instant converts a date or time stamp.
func instant(v *column.Vector, i int, to column.Type) (int64, error) {
	x, infinite := v.Ints[i], int64(0)
	if v.Type.Kind == column.Date {
		switch x {
		case literal.DateInfinity:
			infinite = 1
		case literal.DateNegInfinity:
			infinite = -1
		}
	} else if x == literal.TimestampInfinity || x == literal.TimestampNegInfinity {
		infinite = map[bool]int64{true: 1, false: -1}[x > 0]
	}
	if infinite != 0 {
		if to.Kind == column.Date {
			return map[int64]int64{1: literal.DateInfinity, -1: literal.DateNegInfinity}[infinite], nil
		}
		return map[int64]int64{1: literal.TimestampInfinity, -1: literal.TimestampNegInfinity}[infinite], nil
	}
	const day = 86400
	units := func(t column.Type) int64 { // of a day
		if t.Kind == column.Date {
			return 1
		}
		return t.UnitsPerSecond() * day
	}
	have, want := units(v.Type), units(to)
	if want > have {
		f := want / have
		if x > math.MaxInt64/f || x < math.MinInt64/f {
			return 0, column.SQLErrorf(column.Invalid, "22008", "timestamp out of range")
		}
		x *= f
	} else {
		if x%(have/want) != 0 {
			return 0, inexact(v, i, to.String())
		}
		x /= have / want
	}
	if to.Kind == column.Date {
		return x, dateInRange(x)
	}
	return x, inRange(x, to)
}
