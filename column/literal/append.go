package literal

import (
	"encoding/hex"
	"strconv"

	"github.com/automatanexus/aegis-db/column"
)

// Append appends the text of row i; nothing for NULL, which the caller shows in its own way.
func Append(dst []byte, v *column.Vector, i int, opt Options) []byte {
	if v.Enc == column.Scaled && !v.IsNull(i) {
		return column.AppendScaled(dst, v.Ints[i], v.Scale)
	}
	f, j := v.At(i)
	if f.Valid != nil && !f.Valid.Get(j) {
		return dst
	}
	switch f.Type.Kind {
	case column.Bool:
		return AppendBool(dst, f.Bools[j])
	case column.Int16, column.Int32, column.Int64:
		return strconv.AppendInt(dst, f.Ints[j], 10)
	case column.Float32, column.Float64:
		return AppendFloatStyle(dst, f.Floats[j], f.Type, opt.Style)
	case column.Date:
		return AppendDateStyle(dst, f.Ints[j], opt.Style)
	case column.Timestamp, column.TimestampTZ, column.TimestampNS:
		return AppendTimestamp(dst, f.Ints[j], f.Type, opt)
	case column.IntervalKind:
		return AppendIntervalStyle(dst, f.Intervals[j], opt.Interval)
	case column.Bytea:
		if opt.EscapeBytea {
			return AppendByteaEscaped(dst, f.Data[f.Offsets[j]:f.Offsets[j+1]])
		}
		return AppendBytea(dst, f.Data[f.Offsets[j]:f.Offsets[j+1]])
	case column.UUID:
		return AppendUUID(dst, f.Data[f.Offsets[j]:f.Offsets[j+1]])
	case column.Time:
		return AppendTime(dst, f.Ints[j])
	case column.TimeTZ:
		return AppendTimeTZ(dst, f.Ints[j])
	case column.InternalChar:
		return appendChar(dst, f.Data[f.Offsets[j]:f.Offsets[j+1]])
	case column.OID:
		return strconv.AppendInt(dst, f.Ints[j], 10)
	case column.RegClass, column.RegType, column.RegProc, column.RegProcedure, column.RegNamespace, column.RegRole:
		return appendObject(dst, f.Type, f.Ints[j], opt)
	case column.Array:
		if f.Type.IsVector() {
			return appendVector(dst, f.Data[f.Offsets[j]:f.Offsets[j+1]], f.Type.Element())
		}
		return AppendArray(dst, f.Data[f.Offsets[j]:f.Offsets[j+1]], f.Type.Element(), opt)
	case column.Record:
		return AppendRecord(dst, f.Data[f.Offsets[j]:f.Offsets[j+1]], opt)
	default:
		return append(dst, f.Data[f.Offsets[j]:f.Offsets[j+1]]...)
	}
}

// Texts gives the texts of a vector's rows as a vector, with zones as in UTC.
func Texts(v *column.Vector) *column.Vector {
	b := column.NewBuilder(column.T(column.Text), v.Len)
	var buf []byte
	for i := range v.Len {
		if v.IsNull(i) {
			b.AppendNull()
			continue
		}
		buf = Append(buf[:0], v, i, Options{})
		b.AppendBytes(buf)
	}
	return b.Finish()
}

// AppendBool appends t or f.
func AppendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 't')
	}
	return append(dst, 'f')
}

// AppendBytea appends \x and hexadecimal digits.
func AppendBytea(dst, v []byte) []byte {
	return hex.AppendEncode(append(dst, '\\', 'x'), v)
}
