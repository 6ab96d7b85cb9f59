package fn

import (
	"bytes"
	"math"
	"unicode/utf8"

	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

type limitKey struct {
	t        column.Type
	mod      column.Mod
	explicit bool
}

// Limit is the function that brings a value to the declared limit of its type; nil if there is none. A cast cuts texts that are too
// long where an assignment refuses them, unless all that is cut are blanks.
func (r *Registry) Limit(t column.Type, mod column.Mod, explicit bool) *expr.Function {
	if mod == 0 {
		return nil
	}
	key := limitKey{t, mod, explicit}
	if f, ok := r.instances.Load(key); ok {
		return f.(*expr.Function)
	}
	elem := t
	if t.IsArray() {
		elem = t.Element()
	}
	k := limitKernel(elem, mod, explicit)
	if k == nil {
		return nil
	}
	if t.IsArray() {
		k = mapElements(elem, elem, k)
	}
	f := scalar{name: t.Format(mod), args: types(t), result: t, kernel: k, doc: "cast"}.function("cast")
	f.Mod = mod
	shared, _ := r.instances.LoadOrStore(key, f)
	return shared.(*expr.Function)
}

func limitKernel(t column.Type, mod column.Mod, explicit bool) Kernel {
	switch t.Kind {
	case column.Varchar, column.BpChar:
		return kernel1(t, readBytes, writeBytes, func(_ *expr.Context, a []byte) ([]byte, error) { return limitText(a, t, mod.Length(), explicit) })
	case column.Numeric:
		precision, scale, ok := mod.Numeric()
		if !ok {
			return nil
		}
		return kernel1(t, readNumeric, writeDecimal, func(_ *expr.Context, a *apd.Decimal) (*apd.Decimal, error) {
			return limitDigits(a, int64(precision), int64(scale))
		})
	case column.Timestamp, column.TimestampTZ, column.Time, column.TimeTZ:
		return limitMicros(t, mod.Precision())
	case column.IntervalKind:
		fields, digits := mod.Interval()
		return kernel1(t, readInterval, writeInterval, func(_ *expr.Context, a column.Interval) (column.Interval, error) {
			return limitInterval(a, fields, digits), nil
		})
	}
	return nil
}

// limitText cuts a text to n characters, and fills character with blanks.
func limitText(a []byte, t column.Type, n int, explicit bool) ([]byte, error) {
	end := prefixLen(a, int64(n))
	if rest := a[end:]; len(rest) > 0 && !explicit && len(bytes.TrimRight(rest, " ")) > 0 {
		return nil, sqlError("22001", "value too long for type %s(%d)", t, n)
	}
	a = a[:end]
	if t.Kind != column.BpChar {
		return a, nil
	}
	if missing := n - utf8.RuneCount(a); missing > 0 {
		return append(a[:len(a):len(a)], bytes.Repeat([]byte{' '}, missing)...), nil
	}
	return a, nil
}

// limitMicros rounds to so many digits of a second.
func limitMicros(t column.Type, digits int) Kernel {
	if digits < 0 || digits >= 6 {
		return nil
	}
	unit := int64(math.Pow10(6 - digits))
	round := func(v int64) int64 { return roundTo(v, unit) }
	switch t.Kind {
	case column.Timestamp, column.TimestampTZ:
		const epoch = 946684800_000_000 // 2000-01-01: PostgreSQL rounds halves away from there
		round = func(v int64) int64 {
			if isInfinite(v) || v > math.MaxInt64-unit || v < math.MinInt64+unit+epoch {
				return v
			}
			return roundTo(v-epoch, unit) + epoch
		}
	case column.TimeTZ:
		round = func(v int64) int64 {
			local, east := column.UnpackTimeTZ(v)
			return column.PackTimeTZ(roundTo(local, unit), east)
		}
	}
	return kernel1(t, readInt, writeInt, func(_ *expr.Context, v int64) (int64, error) { return round(v), nil })
}

func roundTo(v, unit int64) int64 {
	if v >= 0 {
		return (v + unit/2) / unit * unit
	}
	return -((-v + unit/2) / unit * unit)
}

// limitInterval drops what is smaller than the last field, and rounds seconds.
func limitInterval(v column.Interval, fields column.IntervalFields, digits int) column.Interval {
	switch {
	case fields == 0:
	case fields == column.YearField:
		v = column.Interval{Months: v.Months / 12 * 12}
	case fields&^(column.YearField|column.MonthField) == 0:
		v = column.Interval{Months: v.Months}
	case fields == column.DayField:
		v.Micros = 0
	case fields&column.SecondField != 0:
	case fields&column.MinuteField != 0:
		v.Micros = v.Micros / 60e6 * 60e6
	case fields&column.HourField != 0:
		v.Micros = v.Micros / 3600e6 * 3600e6
	}
	if digits >= 0 && digits < 6 && v.Micros < math.MaxInt64-literal.MicrosPerSecond && v.Micros > math.MinInt64+literal.MicrosPerSecond {
		v.Micros = roundTo(v.Micros, int64(math.Pow10(6-digits)))
	}
	return v
}
