package pgwire

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
)

// decodeParam makes a vector of one row of a parameter's value; nil is NULL.
func decodeParam(value []byte, format int16, t column.Type, opt literal.Options) (*column.Vector, error) {
	b := column.NewBuilder(t, 1)
	if err := decodeValue(b, value, format, t, opt); err != nil {
		return nil, err
	}
	return b.Finish(), nil
}

// decodeValue appends a value to a builder of its type; nil is NULL.
func decodeValue(b *column.Builder, value []byte, format int16, t column.Type, opt literal.Options) error {
	switch {
	case value == nil:
		b.AppendNull()
		return nil
	case format == binaryFormat:
		return decodeBinary(b, value, t, opt)
	}
	text := string(value)
	if err := literal.CheckText(text); err != nil {
		return err
	}
	return literal.Parse(b, t, text, opt)
}

// decodeBinary reads the binary form of a value.
func decodeBinary(b *column.Builder, v []byte, t column.Type, opt literal.Options) error {
	be := binary.BigEndian
	if want := sizes[t.Kind]; want > 0 && len(v) != int(want) {
		return column.SQLErrorf(column.Invalid, "22P03", "incorrect binary data format: %d bytes for type %s", len(v), t)
	}
	switch t.Kind {
	case column.Bool:
		b.AppendBool(v[0] != 0)
	case column.Int16:
		b.AppendInt(int64(int16(be.Uint16(v))))
	case column.Int32:
		b.AppendInt(int64(int32(be.Uint32(v))))
	case column.Int64:
		b.AppendInt(int64(be.Uint64(v)))
	case column.Float32:
		b.AppendFloat(float64(math.Float32frombits(be.Uint32(v))))
	case column.Float64:
		b.AppendFloat(math.Float64frombits(be.Uint64(v)))
	case column.Date:
		days := int64(int32(be.Uint32(v)))
		if days != math.MaxInt32 && days != math.MinInt32 {
			days += pgEpochDays
			if days >= math.MaxInt32 {
				return column.SQLErrorf(column.Invalid, "22008", "date out of range")
			}
		}
		b.AppendInt(days)
	case column.Timestamp, column.TimestampTZ, column.TimestampNS:
		return decodeTimestamp(b, int64(be.Uint64(v)), t)
	case column.IntervalKind:
		b.AppendInterval(column.Interval{Micros: int64(be.Uint64(v)), Days: int32(be.Uint32(v[8:])), Months: int32(be.Uint32(v[12:]))})
	case column.Bytea:
		b.AppendBytes(v)
	case column.Numeric:
		text, err := numericText(v)
		if err != nil {
			return err
		}
		return literal.Parse(b, t, text, opt)
	case column.Array:
		return decodeArray(b, v, t, opt)
	case column.JSONB:
		if len(v) == 0 || v[0] != 1 {
			return column.SQLErrorf(column.Invalid, "22P03", "unsupported jsonb version number")
		}
		return literal.Parse(b, t, string(v[1:]), opt)
	case column.JSONPath:
		if len(v) == 0 || v[0] != 1 {
			return column.SQLErrorf(column.Invalid, "22P03", "unsupported jsonpath version number")
		}
		return literal.Parse(b, t, string(v[1:]), opt)
	case column.UUID:
		b.AppendBytes(v)
	case column.Time, column.TimeTZ:
		return decodeClock(b, v, t)
	case column.InternalChar:
		b.AppendBytes(bytes.TrimRight(v, "\x00"))
	case column.OID, column.RegClass, column.RegType, column.RegProc, column.RegProcedure, column.RegNamespace, column.RegRole:
		b.AppendInt(int64(be.Uint32(v)))
	case column.Text, column.JSON, column.Varchar, column.BpChar, column.Name:
		return literal.Parse(b, t, string(v), opt)
	default:
		return column.SQLErrorf(column.Unsupported, "42883", "no binary input function available for type %s", t)
	}
	return nil
}

// decodeTimestamp appends a time that counts microseconds from PostgreSQL's epoch.
func decodeTimestamp(b *column.Builder, micros int64, t column.Type) error {
	if micros == math.MaxInt64 || micros == math.MinInt64 {
		b.AppendInt(micros)
		return nil
	}
	outOfRange := column.SQLErrorf(column.Invalid, "22008", "timestamp out of range")
	unit := t.UnitsPerSecond() / 1_000_000
	if micros > math.MaxInt64-pgEpochMicros {
		return outOfRange
	}
	micros += pgEpochMicros
	v := micros * unit
	if v/unit != micros || v == math.MaxInt64 || v == math.MinInt64 {
		return outOfRange
	}
	b.AppendInt(v)
	return nil
}
