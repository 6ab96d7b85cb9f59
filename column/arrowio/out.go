package arrowio

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/scan"
)

// Record gives a batch as an Arrow record of the schema that Schema(fields) makes. It shares the batch's buffers,
// which are immutable; nothing needs to be released.
func Record(schema *arrow.Schema, fields []Field, b *scan.Batch) (arrow.RecordBatch, error) {
	if len(fields) != len(b.Columns) {
		return nil, column.Errorf(column.Internal, "%d columns for %d fields", len(b.Columns), len(fields))
	}
	arrays := make([]arrow.Array, len(fields))
	for i, v := range b.Columns {
		if v.Type != fields[i].Type {
			return nil, column.Errorf(column.Internal, "column \"%s\" is %s, not %s", fields[i].Name, v.Type, fields[i].Type)
		}
		var err error
		if d := fields[i].decimal(); d != nil {
			arrays[i], err = decimalArray(v, d)
		} else {
			arrays[i], err = Array(v, fields[i].Dictionary)
		}
		if err != nil {
			return nil, column.Errorf(column.ClassOf(err), "column \"%s\": %w", fields[i].Name, err)
		}
	}
	return array.NewRecordBatch(schema, arrays, int64(b.Len)), nil
}

// Array gives a vector as an Arrow array of DataType(v.Type), or of a dictionary with int32 codes. Encoded vectors are
// flattened where no dictionary is asked for: few readers know Arrow's run-end encoding. The error has class column.Limit (text of
// more than 2 GiB when flattened), column.Invalid (SQLSTATE 22008: an interval of more than 292 years in its time part) or
// column.Unsupported (an array of several dimensions).
func Array(v *column.Vector, dictionary bool) (arrow.Array, error) {
	if dictionary {
		return dictionaryArray(v)
	}
	if v.Enc != column.Flat {
		b := column.NewBuilder(v.Type, v.Len)
		b.AppendVector(v, 0, v.Len)
		if b.Err() != nil {
			return nil, b.Err()
		}
		v = b.Finish()
	}
	data, err := flatData(v)
	if err != nil {
		return nil, err
	}
	return array.MakeFromData(data), nil
}

func flatData(v *column.Vector) (*array.Data, error) {
	dt := DataType(v.Type)
	switch v.Type.Kind {
	case column.Unknown:
		return array.NewData(dt, v.Len, []*memory.Buffer{nil}, nil, v.Len, 0), nil
	case column.TimeTZ, column.InternalChar, column.Record:
		v = literal.Texts(v)
	case column.UUID:
		return uuidData(v), nil
	case column.Array:
		return listData(v)
	}
	buffers := []*memory.Buffer{validity(v.Valid, v.Len)}
	switch v.Type.Physical() {
	case column.PhysBytes:
		offsets := v.Offsets
		if len(offsets) == 0 {
			offsets = []int32{0}
		}
		buffers = append(buffers, buffer(arrow.Int32Traits.CastToBytes(offsets)), buffer(v.Data))
	default:
		values, err := fixedValues(v)
		if err != nil {
			return nil, err
		}
		buffers = append(buffers, buffer(values))
	}
	return array.NewData(dt, v.Len, buffers, nil, nullCount(v), 0), nil
}

func buffer(b []byte) *memory.Buffer {
	if b == nil {
		b = []byte{}
	}
	return memory.NewBufferBytes(b)
}

func nullCount(v *column.Vector) int {
	if v.Valid == nil {
		return 0
	}
	return v.Len - v.Valid.Count(v.Len)
}

func validity(b column.Bitmap, n int) *memory.Buffer {
	if b == nil {
		return nil
	}
	return memory.NewBufferBytes(arrow.Uint64Traits.CastToBytes(b)[:(n+7)/8])
}

func fixedValues(v *column.Vector) ([]byte, error) {
	switch v.Type.Kind {
	case column.Bool:
		return packBools(v.Bools), nil
	case column.Int16:
		return arrow.Int16Traits.CastToBytes(convert[int16](v.Ints)), nil
	case column.Int32, column.Date:
		return arrow.Int32Traits.CastToBytes(convert[int32](v.Ints)), nil
	case column.OID, column.RegClass, column.RegType, column.RegProc, column.RegProcedure, column.RegNamespace, column.RegRole:
		return arrow.Uint32Traits.CastToBytes(convert[uint32](v.Ints)), nil
	case column.Float32:
		return arrow.Float32Traits.CastToBytes(convert[float32](v.Floats)), nil
	case column.Float64:
		return arrow.Float64Traits.CastToBytes(v.Floats), nil
	case column.IntervalKind:
		out := make([]arrow.MonthDayNanoInterval, v.Len)
		for i, iv := range v.Intervals {
			if (iv.Micros > math.MaxInt64/1000 || iv.Micros < math.MinInt64/1000) && (v.Valid == nil || v.Valid.Get(i)) {
				return nil, column.SQLErrorf(column.Invalid, "22008", "interval out of range for nanoseconds")
			}
			out[i] = arrow.MonthDayNanoInterval{Months: iv.Months, Days: iv.Days, Nanoseconds: iv.Micros * 1000}
		}
		return arrow.MonthDayNanoIntervalTraits.CastToBytes(out), nil
	}
	return arrow.Int64Traits.CastToBytes(v.Ints), nil
}

func convert[T int16 | int32 | uint32 | float32, S int64 | float64](src []S) []T {
	out := make([]T, len(src))
	for i, x := range src {
		out[i] = T(x)
	}
	return out
}

func packBools(src []bool) []byte {
	out := make([]byte, (len(src)+7)/8)
	for i, x := range src {
		if x {
			out[i>>3] |= 1 << (i & 7)
		}
	}
	return out
}

// dictionaryArray gives any encoding as a dictionary. A flat vector is its own dictionary: correct, and no smaller.
// NULLs move from the values to the codes, where readers look for them.
func dictionaryArray(v *column.Vector) (arrow.Array, error) {
	if v.Enc == column.Scaled {
		v = column.Flatten(v)
	}
	child, codes := v, []int32(nil)
	switch v.Enc {
	case column.Flat:
		codes = make([]int32, v.Len)
		for i := range codes {
			codes[i] = int32(i)
		}
	case column.Const:
		child, codes = v.Child, make([]int32, v.Len)
	case column.Dict:
		// Codes number the child's rows, and int32 offsets bound those: the bits are the same in int32.
		child, codes = v.Child, arrow.Int32Traits.CastFromBytes(arrow.Uint32Traits.CastToBytes(v.Codes))
	default:
		child, codes = v.Child, make([]int32, 0, v.Len)
		for k, end := range v.Ends {
			for len(codes) < int(end) {
				codes = append(codes, int32(k))
			}
		}
	}
	var valid column.Bitmap
	values := *child
	if child.Valid != nil {
		valid = column.NewBitmap(v.Len, false)
		for i, c := range codes {
			if child.Valid.Get(int(c)) {
				valid.Set(i)
			}
		}
		values.Valid = nil
	}
	dict, err := flatData(&values)
	if err != nil {
		return nil, err
	}
	nulls := 0
	if valid != nil {
		nulls = v.Len - valid.Count(v.Len)
	}
	buffers := []*memory.Buffer{validity(valid, v.Len), buffer(arrow.Int32Traits.CastToBytes(codes))}
	return array.MakeFromData(array.NewDataWithDictionary(dictionaryOf(v.Type), v.Len, buffers, nulls, 0, dict)), nil
}
