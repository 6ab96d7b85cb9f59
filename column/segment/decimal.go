package segment

import (
	"math"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/index"
	"github.com/automatanexus/aegis-db/column/scan"
)

// Columns of numeric(p,s) with p of at most 18 are Parquet's DECIMAL in an INT64: the integers of a Scaled vector. Inside this package
// they are columns of bigint from the writer's builders to the decoded page, so that encodings, dictionaries and bounds are those of integers.

// maxDecimal is how many digits an INT64 holds.
const maxDecimal = 18

// notANumber stands for NaN, which DECIMAL has not: no value of 18 digits is as small.
const notANumber = math.MinInt64

// decimal gives precision and scale of a column that is stored as DECIMAL.
func decimal(f *column.Field) (precision, scale int32, ok bool) {
	if f.Type.Kind != column.Numeric {
		return 0, 0, false
	}
	p, s, ok := f.Mod.Numeric()
	return int32(p), int32(s), ok && p <= maxWide && s >= 0 && s <= p
}

// storedField is a column as chunks hold it.
func storedField(f column.Field) column.Field {
	switch p, _, ok := decimal(&f); {
	case !ok:
		f.Mod = 0
	case p <= maxDecimal:
		f.Type = column.T(column.Int64)
	default:
		f.Type = column.T(column.UUID)
	}
	return f
}

// storedFields are the columns as chunks hold them.
func storedFields(fields []column.Field) []column.Field {
	out := make([]column.Field, len(fields))
	for i, f := range fields {
		out[i] = storedField(f)
	}
	return out
}

// unscaled gives rows [lo, hi) of a vector of numeric as the integers that are stored.
func unscaled(v *column.Vector, lo, hi int, precision, scale int32) (*column.Vector, error) {
	if precision > maxDecimal {
		return wides(v, lo, hi, scale)
	}
	return unscaled64(v, lo, hi, scale)
}

func unscaled64(v *column.Vector, lo, hi int, scale int32) (*column.Vector, error) {
	part := v.Slice(lo, hi)
	if part.Enc == column.Scaled && part.Scale == scale {
		return column.NewInts(column.T(column.Int64), part.Ints, part.Valid), nil
	}
	flat := column.Flatten(part)
	out := make([]int64, flat.Len)
	for i := range out {
		if flat.Valid != nil && !flat.Valid.Get(i) {
			continue
		}
		var ok bool
		if out[i], ok = storedValue(flat.Data[flat.Offsets[i]:flat.Offsets[i+1]], scale); !ok {
			return nil, column.Errorf(column.Internal, "%s in a column of %d decimals", flat.Bytes(i), scale)
		}
	}
	return column.NewInts(column.T(column.Int64), out, flat.Valid), nil
}

// storedValue reads canonical text as an integer of the scale.
func storedValue(text []byte, scale int32) (int64, bool) {
	if string(text) == "NaN" {
		return notANumber, true
	}
	x, s, ok := column.ParseScaled(text)
	for ; ok && s < scale; s++ {
		if x > math.MaxInt64/10 || x < -math.MaxInt64/10 {
			return 0, false
		}
		x *= 10
	}
	return x, ok && s == scale
}

// hasNaN reports NaN among stored integers.
func hasNaN(v *column.Vector) bool {
	if v.Type.Kind == column.UUID {
		for i := range v.Len {
			if v.Valid.Get(i) && wideAt(v.Data[v.Offsets[i]:]) == wideNaN {
				return true
			}
		}
		return false
	}
	for i, x := range v.Ints[:v.Len] {
		if x == notANumber && v.Valid.Get(i) {
			return true
		}
	}
	return false
}

// fromStored makes the numeric column of decoded integers; text where NaN is among them.
func fromStored(v *column.Vector, scale int32) *column.Vector {
	if v.Type.Kind == column.UUID {
		return fromWides(v, scale)
	}
	if hasNaN(v) {
		return textWithNaN(v, scale)
	}
	return column.NewScaled(v.Ints[:v.Len], scale, v.Valid)
}

func textWithNaN(v *column.Vector, scale int32) *column.Vector {
	b := column.NewBuilder(column.T(column.Numeric), v.Len)
	var text []byte
	for i, x := range v.Ints[:v.Len] {
		switch {
		case !v.Valid.Get(i):
			b.AppendNull()
		case x == notANumber:
			b.AppendString("NaN")
		default:
			text = column.AppendScaled(text[:0], x, scale)
			b.AppendBytes(text)
		}
	}
	return b.Finish()
}

// decimalZone is the zone of stored integers: NaN, which is greater than every number, leaves no bounds.
func decimalZone(v []int64, rows int) index.Zone {
	z := index.Ints(v, rows)
	if len(v) > 0 && z.IntMin == notANumber {
		z.IntMax = math.MaxInt64
	}
	return z
}

// admitsDecimal reports whether a page of a decimal column may hold a row that the filter lets through. Its bounds are doubles, and
// may be off by the last bit.
func admitsDecimal(z *index.Zone, f *scan.ColumnFilter, scale int32) bool {
	if z.Values() == 0 {
		return false
	}
	if z.IntMin == notANumber {
		return true
	}
	unit := math.Pow10(int(scale))
	lo := math.Nextafter(float64(z.IntMin)/unit, math.Inf(-1))
	hi := math.Nextafter(float64(z.IntMax)/unit, math.Inf(1))
	lo, hi = math.Nextafter(lo, math.Inf(-1)), math.Nextafter(hi, math.Inf(1))
	return !(f.FloatMin > hi || f.FloatMax < lo)
}
