package pgwire

import (
	"encoding/binary"
	"math"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/scan"
)

// The formats of values.
const (
	textFormat   = 0
	binaryFormat = 1
)

// rowWriter writes the rows of a result as DataRow messages.
type rowWriter struct {
	formats []int16 // one a column
	text    literal.Options
	scratch []byte
	skip    bool // rows are passed over
}

// row appends row i of a batch.
func (w *rowWriter) row(out []byte, b *scan.Batch, i int) ([]byte, error) {
	start := len(out)
	out = append(out, 'D', 0, 0, 0, 0)
	out = binary.BigEndian.AppendUint16(out, uint16(len(b.Columns)))
	for k, v := range b.Columns {
		if v.Enc == column.Scaled {
			var err error
			if out, err = w.scaled(out, v, i, w.formats[k]); err != nil {
				return out[:start], err
			}
			continue
		}
		f, j := v.At(i)
		if f.Valid != nil && !f.Valid.Get(j) {
			out = append(out, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		at := len(out)
		out = append(out, 0, 0, 0, 0)
		if w.formats[k] == textFormat {
			out = literal.Append(out, f, j, w.text)
		} else {
			var err error
			if out, err = w.binary(out, f, j); err != nil {
				return out[:start], err
			}
		}
		binary.BigEndian.PutUint32(out[at:], uint32(len(out)-at-4))
	}
	if len(out)-start > math.MaxInt32 {
		return out[:start], column.SQLErrorf(column.Limit, "54000", "a row of %d bytes is longer than a message can be", len(out)-start)
	}
	binary.BigEndian.PutUint32(out[start+1:], uint32(len(out)-start-1))
	return out, nil
}

// The bits of PostgreSQL's NaN; Go's has one more.
const (
	nan32 = 0x7fc00000
	nan64 = 0x7ff8000000000000
)

// scaled appends row i of a vector of numerics that are integers with a scale.
func (w *rowWriter) scaled(out []byte, v *column.Vector, i int, format int16) (_ []byte, err error) {
	if v.Valid != nil && !v.Valid.Get(i) {
		return append(out, 0xff, 0xff, 0xff, 0xff), nil
	}
	at := len(out)
	out = append(out, 0, 0, 0, 0)
	if format == textFormat {
		out = column.AppendScaled(out, v.Ints[i], v.Scale)
	} else {
		w.scratch = column.AppendScaled(w.scratch[:0], v.Ints[i], v.Scale)
		if out, err = appendNumeric(out, w.scratch); err != nil {
			return out, err
		}
	}
	binary.BigEndian.PutUint32(out[at:], uint32(len(out)-at-4))
	return out, nil
}

// The moment from which PostgreSQL counts, in our units.
const (
	pgEpochDays   = 10957
	pgEpochMicros = pgEpochDays * 86400 * 1_000_000
)

// binary appends the binary form of row j of a flat vector, which is not NULL there.
func (w *rowWriter) binary(out []byte, f *column.Vector, j int) ([]byte, error) {
	be := binary.BigEndian
	switch f.Type.Kind {
	case column.Bool:
		if f.Bools[j] {
			return append(out, 1), nil
		}
		return append(out, 0), nil
	case column.Int16:
		return be.AppendUint16(out, uint16(f.Ints[j])), nil
	case column.Int32:
		return be.AppendUint32(out, uint32(f.Ints[j])), nil
	case column.Int64:
		return be.AppendUint64(out, uint64(f.Ints[j])), nil
	case column.Float32:
		if v := f.Floats[j]; v == v {
			return be.AppendUint32(out, math.Float32bits(float32(v))), nil
		}
		return be.AppendUint32(out, nan32), nil
	case column.Float64:
		if v := f.Floats[j]; v == v {
			return be.AppendUint64(out, math.Float64bits(v)), nil
		}
		return be.AppendUint64(out, nan64), nil
	case column.Date:
		return be.AppendUint32(out, uint32(binaryDate(f.Ints[j]))), nil
	case column.Timestamp, column.TimestampTZ:
		return be.AppendUint64(out, uint64(binaryTimestamp(f.Ints[j], 1))), nil
	case column.TimestampNS:
		return be.AppendUint64(out, uint64(binaryTimestamp(f.Ints[j], 1000))), nil
	case column.IntervalKind:
		v := f.Intervals[j]
		out = be.AppendUint64(out, uint64(v.Micros))
		out = be.AppendUint32(out, uint32(v.Days))
		return be.AppendUint32(out, uint32(v.Months)), nil
	case column.Numeric:
		w.scratch = literal.Append(w.scratch[:0], f, j, w.text)
		return appendNumeric(out, w.scratch)
	case column.Array:
		return w.array(out, f.Data[f.Offsets[j]:f.Offsets[j+1]], f.Type.Element())
	case column.Record:
		return w.record(out, f.Data[f.Offsets[j]:f.Offsets[j+1]])
	case column.JSONB, column.JSONPath: // version 1 of the format
		return append(append(out, 1), f.Data[f.Offsets[j]:f.Offsets[j+1]]...), nil
	case column.Time:
		return be.AppendUint64(out, uint64(f.Ints[j])), nil
	case column.TimeTZ:
		local, east := column.UnpackTimeTZ(f.Ints[j])
		return be.AppendUint32(be.AppendUint64(out, uint64(local)), uint32(int32(-east))), nil
	case column.InternalChar:
		if f.Offsets[j] == f.Offsets[j+1] {
			return append(out, 0), nil
		}
		return append(out, f.Data[f.Offsets[j]]), nil
	case column.OID, column.RegClass, column.RegType, column.RegProc, column.RegProcedure, column.RegNamespace, column.RegRole:
		return be.AppendUint32(out, uint32(f.Ints[j])), nil
	case column.Text, column.Bytea, column.JSON, column.Varchar, column.BpChar, column.Name, column.UUID:
		return append(out, f.Data[f.Offsets[j]:f.Offsets[j+1]]...), nil
	}
	return out, column.SQLErrorf(column.Unsupported, "42883", "no binary output function available for type %s", f.Type)
}

func binaryDate(days int64) int32 {
	switch days {
	case math.MaxInt32, math.MinInt32:
		return int32(days) // infinity
	}
	return int32(days - pgEpochDays)
}

// binaryTimestamp counts microseconds from PostgreSQL's epoch; unit is how many of ours make one.
func binaryTimestamp(v, unit int64) int64 {
	if v == math.MaxInt64 || v == math.MinInt64 {
		return v // infinity
	}
	micros := v / unit
	if v%unit < 0 {
		micros--
	}
	return micros - pgEpochMicros
}
