package arrowio

import (
	"bytes"
	"math/big"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automatanexus/aegis-db/column"
)

// maxDecimal is how many digits Arrow's decimal128 holds.
const maxDecimal = 38

// decimal gives the Arrow type of a column of numeric(p,s); nil for all others. Without a modifier numeric is text: each value has
// its own number of decimals, and there may be any number of them.
func (f *Field) decimal() *arrow.Decimal128Type {
	p, s, ok := f.Mod.Numeric()
	if f.Type.Kind != column.Numeric || !ok || p > maxDecimal || s < 0 || s > p || f.Dictionary {
		return nil
	}
	return &arrow.Decimal128Type{Precision: int32(p), Scale: int32(s)}
}

// dataType is the Arrow type of a column.
func (f *Field) dataType() arrow.DataType {
	if d := f.decimal(); d != nil {
		return d
	}
	if f.Dictionary {
		return dictionaryOf(f.Type)
	}
	return DataType(f.Type)
}

// decimalArray gives a vector of numeric as decimals of one scale. NaN, which they have not, is an error.
func decimalArray(v *column.Vector, t *arrow.Decimal128Type) (arrow.Array, error) {
	out := make([]decimal128.Num, v.Len)
	valid := v.Valid
	if v.Enc == column.Scaled && v.Scale == t.Scale {
		for i, x := range v.Ints[:v.Len] {
			out[i] = decimal128.FromI64(x)
		}
	} else {
		f := column.Flatten(v)
		valid = f.Valid
		for i := range out {
			if valid != nil && !valid.Get(i) {
				continue
			}
			var ok bool
			if out[i], ok = decimalOf(f.Bytes(i), t); !ok {
				return nil, column.SQLErrorf(column.Unsupported, "0A000", "%s has no place in Arrow's %s; cast the column to double precision or to text", f.Bytes(i), t)
			}
		}
	}
	nulls := 0
	if valid != nil {
		nulls = v.Len - valid.Count(v.Len)
	}
	buffers := []*memory.Buffer{validity(valid, v.Len), buffer(arrow.Decimal128Traits.CastToBytes(out))}
	return array.MakeFromData(array.NewData(t, v.Len, buffers, nil, nulls, 0)), nil
}

// decimalOf reads canonical text.
func decimalOf(text []byte, t *arrow.Decimal128Type) (n decimal128.Num, ok bool) {
	whole, decimals, _ := bytes.Cut(text, []byte{'.'})
	missing := int(t.Scale) - len(decimals)
	if missing < 0 {
		return n, false
	}
	digits := append(append(append([]byte(nil), whole...), decimals...), bytes.Repeat([]byte{'0'}, missing)...)
	x, ok := new(big.Int).SetString(string(digits), 10)
	if !ok || x.BitLen() > 127 {
		return n, false
	}
	n = decimal128.FromBigInt(x)
	return n, n.FitsInPrecision(t.Precision)
}
