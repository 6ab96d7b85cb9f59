package arrowio

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// Batch takes a record whose schema Fields has read. It shares the record's buffers: with Go's allocator they live as long as the
// batch; with another one the caller keeps the record.
func Batch(fields []Field, r arrow.RecordBatch) (*scan.Batch, error) {
	if int(r.NumCols()) != len(fields) || r.NumRows() > math.MaxInt32 {
		return nil, column.Errorf(column.Invalid, "arrow record of %d columns and %d rows for %d fields", r.NumCols(), r.NumRows(), len(fields))
	}
	out := &scan.Batch{Len: int(r.NumRows()), Columns: make([]*column.Vector, len(fields))}
	for i := range fields {
		v, err := Vector(r.Column(i), fields[i].Type)
		if err != nil {
			return nil, column.Errorf(column.ClassOf(err), "field \"%s\": %w", fields[i].Name, err)
		}
		if v.Len != out.Len {
			return nil, column.Errorf(column.Invalid, "field \"%s\": %d rows of %d", fields[i].Name, v.Len, out.Len)
		}
		out.Columns[i] = v
	}
	return out, nil
}

// Vector takes an array as a vector of type t, which is what Fields gives for the array's field. Dictionaries stay
// encoded. Offsets and codes are checked, because they may come from a network.
func Vector(a arrow.Array, t column.Type) (v *column.Vector, err error) {
	// arrow-go makes parts of an array (a dictionary's values) only when they are asked for, and panics if their
	// buffers are too short.
	defer func() {
		if p := recover(); p != nil {
			v, err = nil, column.Errorf(column.Invalid, "arrow array of %s: %v", a.DataType(), p)
		}
	}()
	return vectorOf(a, t)
}

func vectorOf(a arrow.Array, t column.Type) (*column.Vector, error) {
	if a.Len() > math.MaxInt32 {
		return nil, column.Errorf(column.Limit, "arrow array of %d rows", a.Len())
	}
	if d, ok := a.(*array.Dictionary); ok {
		return dictionaryVector(d, t)
	}
	if e, ok := a.(array.ExtensionArray); ok {
		a = e.Storage()
	}
	if t.Kind == column.TimeTZ || t.Kind == column.InternalChar {
		texts, err := vectorOf(a, column.T(column.Text))
		if err != nil {
			return nil, err
		}
		return parsed(texts, t)
	}
	if got, ok := typeOf(a.DataType()); !ok || got.Physical() != t.Physical() {
		return nil, column.SQLErrorf(column.Unsupported, "0A000", "Arrow type %s is no %s", a.DataType(), t)
	}
	v := &column.Vector{Type: t, Len: a.Len(), Valid: bitmapOf(a)}
	var err error
	switch a := a.(type) {
	case *array.Null:
		return column.NewNull(t, a.Len()), nil
	case *array.Boolean:
		v.Bools = make([]bool, a.Len())
		for i := range v.Bools {
			v.Bools[i] = a.Value(i)
		}
	case *array.Int8:
		v.Ints = widen(a.Int8Values())
	case *array.Uint8:
		v.Ints = widen(a.Uint8Values())
	case *array.Int16:
		v.Ints = widen(a.Int16Values())
	case *array.Uint16:
		v.Ints = widen(a.Uint16Values())
	case *array.Int32:
		v.Ints = widen(a.Int32Values())
	case *array.Uint32:
		v.Ints = widen(a.Uint32Values())
	case *array.Int64:
		v.Ints = a.Int64Values()
	case *array.Date32:
		v.Ints = widen(a.Date32Values())
	case *array.Float32:
		v.Floats = make([]float64, a.Len())
		for i, x := range a.Float32Values() {
			v.Floats[i] = float64(x)
		}
	case *array.Float64:
		v.Floats = a.Float64Values()
	case *array.Timestamp:
		v.Ints, err = timestamps(a, v.Valid)
	case *array.MonthDayNanoInterval:
		v.Intervals = make([]column.Interval, a.Len())
		for i, x := range a.MonthDayNanoIntervalValues() {
			v.Intervals[i] = column.Interval{Months: x.Months, Days: x.Days, Micros: x.Nanoseconds / 1000}
		}
	case *array.FixedSizeBinary:
		return uuidVector(a, v), nil
	case *array.Time32:
		return clockVector(a.Time32Values(), a.DataType().(*arrow.Time32Type).Unit, v), nil
	case *array.Time64:
		return clockVector(a.Time64Values(), a.DataType().(*arrow.Time64Type).Unit, v), nil
	case *array.List:
		return listVector(a, t)
	case *array.String:
		return v, shareBytes(v, a.ValueOffsets(), a.Data(), a.Len())
	case *array.Binary:
		return v, shareBytes(v, a.ValueOffsets(), a.Data(), a.Len())
	case *array.LargeString:
		return copyLarge(a, t, a.ValueOffsets())
	case *array.LargeBinary:
		return copyLarge(a, t, a.ValueOffsets())
	case *array.Decimal128:
		return decimals(a, t)
	default:
		return nil, column.SQLErrorf(column.Unsupported, "0A000", "Arrow type %s has no counterpart", a.DataType())
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// bitmapOf copies the validity bits: an array's need not start at a word, nor be aligned to one.
func bitmapOf(a arrow.Array) column.Bitmap {
	bits := a.NullBitmapBytes()
	if a.NullN() == 0 || len(bits) == 0 {
		return nil
	}
	out := column.NewBitmap(a.Len(), false)
	from := a.Data().Offset()
	for i := range a.Len() {
		if k := from + i; bits[k>>3]&(1<<(k&7)) != 0 {
			out.Set(i)
		}
	}
	return out
}

func widen[S ~int8 | ~uint8 | ~int16 | ~uint16 | ~int32 | ~uint32](src []S) []int64 {
	out := make([]int64, len(src))
	for i, x := range src {
		out[i] = int64(x)
	}
	return out
}

// timestamps brings seconds and milliseconds to the microseconds of the column types; the others are shared.
func timestamps(a *array.Timestamp, valid column.Bitmap) ([]int64, error) {
	values := a.TimestampValues()
	factor := int64(1)
	switch a.DataType().(*arrow.TimestampType).Unit {
	case arrow.Second:
		factor = 1_000_000
	case arrow.Millisecond:
		factor = 1000
	default:
		return arrow.Int64Traits.CastFromBytes(arrow.TimestampTraits.CastToBytes(values)), nil
	}
	out := make([]int64, len(values))
	for i, x := range values {
		if (int64(x) > math.MaxInt64/factor || int64(x) < math.MinInt64/factor) && valid.Get(i) {
			return nil, column.SQLErrorf(column.Invalid, "22008", "timestamp out of range")
		}
		out[i] = int64(x) * factor
	}
	return out, nil
}

// shareBytes takes over offsets and data once it has seen that each value lies inside of the data.
func shareBytes(v *column.Vector, offsets []int32, data arrow.ArrayData, n int) error {
	if n == 0 {
		v.Offsets = []int32{0}
		return nil
	}
	if b := data.Buffers()[2]; b != nil {
		v.Data = b.Bytes()
	}
	last := int32(0)
	for _, o := range offsets {
		if o < last {
			return column.Errorf(column.Invalid, "arrow offsets descend from %d to %d", last, o)
		}
		last = o
	}
	if len(offsets) != n+1 || int(last) > len(v.Data) {
		return column.Errorf(column.Invalid, "arrow offsets reach %d of %d bytes", last, len(v.Data))
	}
	v.Offsets = offsets
	return nil
}

// copyLarge brings 64-bit offsets down to 32 bits.
func copyLarge(a arrow.Array, t column.Type, offsets []int64) (*column.Vector, error) {
	var data []byte
	if buffers := a.Data().Buffers(); len(buffers) > 2 && buffers[2] != nil {
		data = buffers[2].Bytes()
	}
	if a.Len() > 0 && len(offsets) != a.Len()+1 {
		return nil, column.Errorf(column.Invalid, "%d arrow offsets for %d rows", len(offsets), a.Len())
	}
	b := column.NewBuilder(t, a.Len())
	for i := range a.Len() {
		from, to := offsets[i], offsets[i+1]
		if from < 0 || to < from || to > int64(len(data)) {
			return nil, column.Errorf(column.Invalid, "arrow offsets %d to %d of %d bytes", from, to, len(data))
		}
		if a.IsNull(i) {
			b.AppendNull()
		} else {
			b.AppendBytes(data[from:to])
		}
	}
	if b.Err() != nil {
		return nil, b.Err()
	}
	return b.Finish(), nil
}

func decimals(a *array.Decimal128, t column.Type) (*column.Vector, error) {
	scale := a.DataType().(*arrow.Decimal128Type).Scale
	b := column.NewBuilder(t, a.Len())
	for i := range a.Len() {
		if a.IsNull(i) {
			b.AppendNull()
		} else {
			b.AppendString(a.Value(i).ToString(scale))
		}
	}
	if b.Err() != nil {
		return nil, b.Err()
	}
	return b.Finish(), nil
}

// dictionaryVector keeps the dictionary; NULL codes get a NULL row at its end.
func dictionaryVector(d *array.Dictionary, t column.Type) (*column.Vector, error) {
	child, err := vectorOf(d.Dictionary(), t)
	if err != nil {
		return nil, err
	}
	child = column.Flatten(child)
	null := uint32(child.Len)
	if d.NullN() > 0 {
		b := column.NewBuilder(t, child.Len+1)
		b.AppendVector(child, 0, child.Len)
		b.AppendNull()
		if b.Err() != nil {
			return nil, b.Err()
		}
		child = b.Finish()
	}
	codes := make([]uint32, d.Len())
	for i := range codes {
		if d.IsNull(i) {
			codes[i] = null
			continue
		}
		code := d.GetValueIndex(i)
		if code < 0 || code >= int(null) {
			return nil, column.Errorf(column.Invalid, "arrow dictionary code %d of %d", code, null)
		}
		codes[i] = uint32(code)
	}
	return &column.Vector{Type: t, Enc: column.Dict, Len: d.Len(), Child: child, Codes: codes}, nil
}
