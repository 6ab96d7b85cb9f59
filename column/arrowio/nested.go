package arrowio

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automatanexus/aegis-db/column"
	arrays "github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/column/literal"
)

const uuidBytes = 16

// uuidData lays uuids side by side; the slot of a NULL is zeros.
func uuidData(v *column.Vector) *array.Data {
	out := make([]byte, uuidBytes*v.Len)
	for i := range v.Len {
		copy(out[uuidBytes*i:uuidBytes*(i+1)], v.Data[v.Offsets[i]:v.Offsets[i+1]])
	}
	return array.NewData(DataType(v.Type), v.Len, []*memory.Buffer{validity(v.Valid, v.Len), buffer(out)}, nil, nullCount(v), 0)
}

// listData gives arrays as lists. A list has one dimension, numbered from its beginning: lower bounds are lost, several dimensions
// refused.
func listData(v *column.Vector) (*array.Data, error) {
	elem := v.Type.Element()
	child := column.NewBuilder(elem, v.Len)
	offsets := make([]int32, 1, v.Len+1)
	var r arrays.Reader
	for i := range v.Len {
		if v.Valid == nil || v.Valid.Get(i) {
			if err := r.Open(v.Data[v.Offsets[i]:v.Offsets[i+1]], elem); err != nil {
				return nil, err
			}
			if len(r.Dims) > 1 {
				e := column.SQLErrorf(column.Unsupported, "0A000", "an array of %d dimensions is no Arrow list", len(r.Dims))
				e.Hint = "Cast it to text, or take one dimension of it."
				return nil, e
			}
			if err := r.AppendTo(child); err != nil {
				return nil, err
			}
		}
		offsets = append(offsets, int32(child.Len()))
	}
	values, err := flatData(child.Finish())
	if err != nil {
		return nil, err
	}
	buffers := []*memory.Buffer{validity(v.Valid, v.Len), buffer(arrow.Int32Traits.CastToBytes(offsets))}
	return array.NewData(DataType(v.Type), v.Len, buffers, []arrow.ArrayData{values}, nullCount(v), 0), nil
}

// listVector takes lists as arrays of one dimension.
func listVector(a *array.List, t column.Type) (*column.Vector, error) {
	values, err := vectorOf(a.ListValues(), t.Element())
	if err != nil {
		return nil, err
	}
	values = column.Flatten(values)
	b := column.NewBuilder(t, a.Len())
	var buf []byte
	for i := range a.Len() {
		if a.IsNull(i) {
			b.AppendNull()
			continue
		}
		lo, hi := a.ValueOffsets(i)
		if lo < 0 || hi < lo || hi > int64(values.Len) {
			return nil, column.Errorf(column.Invalid, "arrow list from %d to %d of %d values", lo, hi, values.Len)
		}
		buf = arrays.Append(buf[:0], arrays.OneDim(int(hi-lo)), values, int(lo))
		b.AppendBytes(buf)
	}
	if b.Err() != nil {
		return nil, b.Err()
	}
	return b.Finish(), nil
}

// uuidVector takes values of 16 bytes.
func uuidVector(a *array.FixedSizeBinary, v *column.Vector) *column.Vector {
	v.Offsets = make([]int32, a.Len()+1)
	v.Data = make([]byte, 0, uuidBytes*a.Len())
	for i := range a.Len() {
		v.Data = append(v.Data, a.Value(i)...)
		v.Offsets[i+1] = int32(len(v.Data))
	}
	return v
}

// clockVector takes times of day of any unit as microseconds.
func clockVector[S ~int32 | ~int64](values []S, unit arrow.TimeUnit, v *column.Vector) *column.Vector {
	v.Ints = make([]int64, len(values))
	for i, x := range values {
		switch unit {
		case arrow.Second:
			v.Ints[i] = int64(x) * 1_000_000
		case arrow.Millisecond:
			v.Ints[i] = int64(x) * 1000
		case arrow.Nanosecond:
			v.Ints[i] = int64(x) / 1000
		default:
			v.Ints[i] = int64(x)
		}
	}
	return v
}

// parsed reads what travels as text and is none: times with a zone.
func parsed(texts *column.Vector, t column.Type) (*column.Vector, error) {
	b := column.NewBuilder(t, texts.Len)
	for i := range texts.Len {
		if texts.IsNull(i) {
			b.AppendNull()
		} else if err := literal.Parse(b, t, string(texts.Bytes(i)), literal.Options{}); err != nil {
			return nil, err
		}
	}
	return b.Finish(), nil
}
