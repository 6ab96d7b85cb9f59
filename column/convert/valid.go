package convert

import (
	"math"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
)

// valid checks values that files may have and the type has not.
func valid(v *column.Vector) error {
	t := v.Type
	switch {
	case t.IsText():
		data := v.Data
		if v.Len > 0 {
			data = data[v.Offsets[0]:v.Offsets[v.Len]]
		}
		if ascii(data) {
			return nil
		}
		return each(v, func(i int) error { return literal.CheckText(string(v.Data[v.Offsets[i]:v.Offsets[i+1]])) })
	case t.Kind == column.JSON:
		b := column.NewBuilder(t, 1)
		return each(v, func(i int) error {
			b.Reset()
			return literal.Parse(b, t, string(v.Data[v.Offsets[i]:v.Offsets[i+1]]), literal.Options{})
		})
	case t.IsTime():
		return each(v, func(i int) error { return inRange(v.Ints[i], t) })
	case t.Kind == column.Date:
		return each(v, func(i int) error { return dateInRange(v.Ints[i]) })
	case t.Kind == column.Time:
		const day = 86_400_000_000
		return each(v, func(i int) error {
			if v.Ints[i] < 0 || v.Ints[i] > day {
				return column.SQLErrorf(column.Invalid, "22008", "time out of range")
			}
			return nil
		})
	}
	return nil
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c-1 >= 0x7f { // NUL, or beyond
			return false
		}
	}
	return true
}

func inRange(x int64, t column.Type) error {
	if x == literal.TimestampInfinity || x == literal.TimestampNegInfinity || literal.InRange(x, t) {
		return nil
	}
	return column.SQLErrorf(column.Invalid, "22008", "timestamp out of range")
}

func dateInRange(x int64) error {
	const last = 2145031948 // of 5874897-12-31
	if x == literal.DateInfinity || x == literal.DateNegInfinity || x >= literal.DaysFromCivil(-4713, 11, 24) && x <= last {
		return nil
	}
	return column.SQLErrorf(column.Invalid, "22008", "date out of range")
}

// limited checks what storing would round or cut.
func limited(v *column.Vector, mod column.Mod) error {
	if mod == 0 {
		return nil
	}
	switch {
	case v.Type.Kind == column.Numeric:
		_, scale, ok := mod.Numeric()
		if !ok || v.Enc == column.Scaled && int(v.Scale) <= scale {
			return nil
		}
		f := column.Flatten(v)
		return each(f, func(i int) error {
			if decimals(f.Bytes(i)) > scale {
				return inexact(f, i, v.Type.Format(mod))
			}
			return nil
		})
	case v.Type.Kind == column.Timestamp || v.Type.Kind == column.TimestampTZ || v.Type.Kind == column.Time:
		step := int64(math.Pow10(6 - mod.Precision()))
		return each(v, func(i int) error {
			if v.Ints[i]%step != 0 && v.Ints[i] != literal.TimestampInfinity && v.Ints[i] != literal.TimestampNegInfinity {
				return inexact(v, i, v.Type.Format(mod))
			}
			return nil
		})
	}
	return nil
}

// decimals counts the digits behind the point, without zeros at the end.
func decimals(text []byte) int {
	for i, c := range text {
		if c == '.' {
			end := len(text)
			for end > i+1 && text[end-1] == '0' {
				end--
			}
			return end - i - 1
		}
	}
	return 0
}
