package parquetio

import (
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/automatanexus/aegis-db/column"
)

// unit is how many of a stored time make one of a column type.
type unit struct{ multiply, divide int64 }

var (
	same    = unit{1, 1}
	millis  = unit{1000, 1}
	nanos   = unit{1, 1000}
	maxText = 1 << 30 // of one page's texts: offsets are int32
)

// leafType is what the values of a leaf are: as what they are stored, and the column type that holds each of them.
type leafType struct {
	physical format.Type
	width    int // of fixed-length bytes
	typ      column.Type
	mod      column.Mod
	unit     unit  // of times
	unsigned uint8 // bits of an unsigned integer; 0 = signed
	scale    int32 // of a decimal
	decimal  bool
	half     bool // a float of 16 bits
	interval bool // Parquet's own: months, days, milliseconds
}

// typeOf finds the type of a leaf; false says that there is none.
func typeOf(e *format.SchemaElement) (t leafType, ok bool) {
	if !e.Type.Valid {
		return t, false
	}
	t.physical, t.unit = e.Type.V, same
	if e.TypeLength.Valid {
		t.width = int(e.TypeLength.V)
	}
	kind := t.logical(e)
	if kind == column.Unknown && e.ConvertedType.Valid {
		kind = t.converted(e)
	}
	if kind == column.Unknown {
		kind = t.plain()
	}
	t.typ = column.T(kind)
	return t, kind != column.Unknown && t.fits()
}

// logical reads the annotation that newer writers give.
func (t *leafType) logical(e *format.SchemaElement) column.Kind {
	switch l := e.LogicalType.Value.(type) {
	case *format.StringType, *format.EnumType, *format.NullType:
		return column.Text
	case *format.JsonType:
		return column.JSON
	case *format.UUIDType:
		return column.UUID
	case *format.DateType:
		return column.Date
	case *format.Float16Type:
		t.half = true
		return column.Float32
	case *format.DecimalType:
		return t.decimalOf(l.Precision, l.Scale)
	case *format.TimeType:
		t.unit = unitOf(l.Unit)
		return column.Time
	case *format.TimestampType:
		switch t.unit = unitOf(l.Unit); {
		case t.unit == nanos:
			t.unit = same
			return column.TimestampNS
		case l.IsAdjustedToUTC:
			return column.TimestampTZ
		}
		return column.Timestamp
	case *format.IntType:
		return t.integer(int(l.BitWidth), l.IsSigned)
	}
	return column.Unknown
}

func unitOf(u format.TimeUnit) unit {
	switch u.Value.(type) {
	case *format.MilliSeconds:
		return millis
	case *format.NanoSeconds:
		return nanos
	}
	return same
}

// converted reads the annotation that older writers give alone.
func (t *leafType) converted(e *format.SchemaElement) column.Kind {
	switch e.ConvertedType.V {
	case deprecated.UTF8, deprecated.Enum:
		return column.Text
	case deprecated.Json:
		return column.JSON
	case deprecated.Date:
		return column.Date
	case deprecated.Decimal:
		return t.decimalOf(e.Precision.V, e.Scale.V)
	case deprecated.TimeMillis:
		t.unit = millis
		return column.Time
	case deprecated.TimeMicros:
		return column.Time
	case deprecated.TimestampMillis:
		t.unit = millis
		return column.TimestampTZ
	case deprecated.TimestampMicros:
		return column.TimestampTZ
	case deprecated.Interval:
		t.interval = true
		return column.IntervalKind
	case deprecated.Int8, deprecated.Int16:
		return t.integer(16, true)
	case deprecated.Uint8:
		return t.integer(8, false)
	case deprecated.Uint16:
		return t.integer(16, false)
	case deprecated.Uint32:
		return t.integer(32, false)
	case deprecated.Uint64:
		return t.integer(64, false)
	}
	return column.Unknown
}

// plain is what a leaf without annotation is.
func (t *leafType) plain() column.Kind {
	switch t.physical {
	case format.Boolean:
		return column.Bool
	case format.Int32:
		return column.Int32
	case format.Int64:
		return column.Int64
	case format.Int96:
		return column.TimestampTZ // nothing else was ever stored so
	case format.Float:
		return column.Float32
	case format.Double:
		return column.Float64
	case format.ByteArray, format.FixedLenByteArray:
		return column.Bytea
	}
	return column.Unknown
}

// integer is the smallest type that holds what has such a width.
func (t *leafType) integer(bits int, signed bool) column.Kind {
	if !signed {
		t.unsigned = uint8(bits)
		bits++
	}
	switch {
	case bits <= 16:
		return column.Int16
	case bits <= 32:
		return column.Int32
	case bits <= 64:
		return column.Int64
	}
	const digits = 20 // of 2^64
	t.mod = column.NumericMod(digits, 0)
	return column.Numeric
}

func (t *leafType) decimalOf(precision, scale int32) column.Kind {
	const most = 1000 // digits that PostgreSQL's numeric(p,s) has
	if precision < 1 || precision > most || scale < 0 || scale > precision {
		return column.Unknown
	}
	t.decimal, t.scale, t.mod = true, scale, column.NumericMod(int(precision), int(scale))
	return column.Numeric
}

// fits reports whether the values are stored as what the annotation is for.
func (t *leafType) fits() bool {
	is := func(list ...format.Type) bool {
		for _, p := range list {
			if t.physical == p {
				return p != format.FixedLenByteArray || t.width > 0
			}
		}
		return false
	}
	switch t.typ.Kind {
	case column.Bool:
		return is(format.Boolean)
	case column.Date:
		return is(format.Int32)
	case column.Int16, column.Int32, column.Int64, column.Time, column.Timestamp, column.TimestampNS:
		return is(format.Int32, format.Int64)
	case column.TimestampTZ:
		return is(format.Int64, format.Int96)
	case column.Float32:
		return t.half && is(format.FixedLenByteArray) && t.width == 2 || !t.half && is(format.Float)
	case column.Float64:
		return is(format.Double)
	case column.Numeric:
		return t.decimal && is(format.Int32, format.Int64, format.ByteArray, format.FixedLenByteArray) || t.unsigned == 64 && is(format.Int64)
	case column.UUID:
		return is(format.FixedLenByteArray) && t.width == 16
	case column.IntervalKind:
		return is(format.FixedLenByteArray) && t.width == 12
	case column.Text:
		return true // a column of nothing but NULL has any physical type
	}
	return is(format.ByteArray, format.FixedLenByteArray)
}
