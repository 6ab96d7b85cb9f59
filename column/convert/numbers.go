package convert

import (
	"math"
	"strconv"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
)

// shown is a float as it is printed.
func shown(x float64, t column.Type) string { return string(literal.AppendFloat(nil, x, t)) }

// fromFloat: an integer takes what is whole; real takes what it prints the same.
func fromFloat(v *column.Vector, to column.Type) (*column.Vector, error) {
	switch {
	case to.Kind == column.Float64:
		return v.As(to), nil
	case to.Kind == column.Float32:
		return build(v, to, func(b *column.Builder, i int) error {
			x := v.Floats[i]
			y := float64(float32(x))
			if y != x && x == x && (math.IsInf(y, 0) || shown(y, to) != shown(x, v.Type)) {
				return inexact(v, i, to.String())
			}
			b.AppendFloat(y)
			return nil
		})
	case to.Kind == column.Numeric:
		return build(v, to, func(b *column.Builder, i int) error {
			text, err := literal.ParseNumeric(shown(v.Floats[i], v.Type))
			if err != nil {
				return err
			}
			b.AppendString(text)
			return nil
		})
	}
	return build(v, to, func(b *column.Builder, i int) error {
		x := v.Floats[i]
		const limit = 1 << 63
		if x != math.Trunc(x) || x < -limit || x >= limit || !fits(int64(x), to) {
			return inexact(v, i, to.String())
		}
		b.AppendInt(int64(x))
		return nil
	})
}

func fromInt(v *column.Vector, to column.Type) (*column.Vector, error) {
	return build(v, to, func(b *column.Builder, i int) error {
		x := float64(v.Ints[i])
		if to.Kind == column.Float32 {
			x = float64(float32(x))
		}
		if x >= math.MaxInt64 || int64(x) != v.Ints[i] {
			return inexact(v, i, to.String())
		}
		b.AppendFloat(x)
		return nil
	})
}

func fromNumeric(v *column.Vector, to column.Type) (*column.Vector, error) {
	if to.IsFloat() {
		bits := map[bool]int{true: 32, false: 64}[to.Kind == column.Float32]
		return build(v, to, func(b *column.Builder, i int) error {
			text := v.Bytes(i)
			x, err := strconv.ParseFloat(string(text), bits)
			if err == nil {
				var back string
				if back, err = literal.ParseNumeric(shown(x, to)); err == nil && !sameNumber(back, string(text)) {
					err = strconv.ErrRange
				}
			}
			if err != nil {
				return inexact(v, i, to.String())
			}
			b.AppendFloat(x)
			return nil
		})
	}
	return build(v, to, func(b *column.Builder, i int) error {
		text := v.Bytes(i)
		if decimals(text) > 0 {
			return inexact(v, i, to.String())
		}
		for k, c := range text {
			if c == '.' {
				text = text[:k]
				break
			}
		}
		x, err := strconv.ParseInt(string(text), 10, 64)
		if err != nil || !fits(x, to) {
			return inexact(v, i, to.String())
		}
		b.AppendInt(x)
		return nil
	})
}

// sameNumber compares numerics without the zeros at their ends.
func sameNumber(a, b string) bool {
	cut := func(s string) string {
		if n := len(s); decimals([]byte(s)) == 0 {
			for i := range n {
				if s[i] == '.' {
					return s[:i]
				}
			}
			return s
		}
		for s[len(s)-1] == '0' {
			s = s[:len(s)-1]
		}
		return s
	}
	return cut(a) == cut(b)
}

// fits reports whether an integer, or an object number, has a value.
func fits(x int64, to column.Type) bool {
	switch {
	case to.Kind == column.Int16:
		return x == int64(int16(x))
	case to.Kind == column.Int32:
		return x == int64(int32(x))
	case to.IsOID():
		return x == int64(uint32(x))
	}
	return true
}
