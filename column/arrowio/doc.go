// Package arrowio hands vectors and batches to the Arrow world and takes them from there, sharing buffers where the
// layouts agree: 64-bit numbers, text offsets and bytes, validity bits, dictionary codes. The rest (booleans, narrow numbers,
// dates, intervals) is copied.
//
// It owns the mapping between column types and Arrow types, and must not know where rows come from or go to. It
// never imports arrow/compute. It assumes a little-endian machine, as Arrow's own IPC does.
package arrowio

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automatanexus/aegis-db/column"
)

// TypeKey is the field metadata that holds a column type's name (column.Type.String) where the Arrow type does not
// tell: numeric and json travel as utf8.
const TypeKey = "aegis:type"

// What marks a uuid for other readers: Arrow's own name for them.
const (
	extensionKey  = "ARROW:extension:name"
	extensionUUID = "arrow.uuid"
)

// Field is a column of a stream.
type Field struct {
	Name    string
	Type    column.Type
	NotNull bool
	Mod     column.Mod // of numeric(p,s), which is a decimal then
	// Dictionary sends the column dictionary-encoded, with int32 codes: worth it for tags.
	Dictionary bool
}

// FieldsOf turns table columns into fields, those listed in dictionaries as dictionaries.
func FieldsOf(columns []column.Field, dictionaries ...column.ID) []Field {
	out := make([]Field, len(columns))
	for i, c := range columns {
		out[i] = Field{Name: c.Name, Type: c.Type, NotNull: c.NotNull, Mod: c.Mod}
		for _, id := range dictionaries {
			out[i].Dictionary = out[i].Dictionary || id == c.ID
		}
	}
	return out
}

// Schema gives the Arrow schema of fields.
func Schema(fields []Field) *arrow.Schema {
	out := make([]arrow.Field, len(fields))
	for i, f := range fields {
		out[i] = arrow.Field{Name: f.Name, Type: f.dataType(), Nullable: !f.NotNull}
		if t, ok := typeOf(DataType(f.Type)); f.decimal() == nil && (!ok || t != f.Type) {
			out[i].Metadata = arrow.NewMetadata([]string{TypeKey}, []string{f.Type.String()})
		}
		if f.Type.Kind == column.UUID {
			out[i].Metadata = arrow.NewMetadata([]string{extensionKey, TypeKey}, []string{extensionUUID, f.Type.String()})
		}
	}
	return arrow.NewSchema(out, nil)
}

func dictionaryOf(t column.Type) arrow.DataType {
	return &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: DataType(t)}
}

// DataType gives the Arrow type of a column type; null for unknown.
func DataType(t column.Type) arrow.DataType {
	switch t.Kind {
	case column.Bool:
		return arrow.FixedWidthTypes.Boolean
	case column.Int16:
		return arrow.PrimitiveTypes.Int16
	case column.Int32:
		return arrow.PrimitiveTypes.Int32
	case column.Int64:
		return arrow.PrimitiveTypes.Int64
	case column.Float32:
		return arrow.PrimitiveTypes.Float32
	case column.Float64:
		return arrow.PrimitiveTypes.Float64
	case column.Numeric, column.Text, column.JSON, column.Varchar, column.BpChar, column.JSONB, column.Name, column.TimeTZ, column.InternalChar, column.Record,
		column.JSONPath:
		return arrow.BinaryTypes.String
	case column.UUID:
		return &arrow.FixedSizeBinaryType{ByteWidth: uuidBytes}
	case column.Time:
		return arrow.FixedWidthTypes.Time64us
	case column.OID, column.RegClass, column.RegType, column.RegProc, column.RegProcedure, column.RegNamespace, column.RegRole:
		return arrow.PrimitiveTypes.Uint32
	case column.Array:
		return arrow.ListOf(DataType(t.Element()))
	case column.Bytea:
		return arrow.BinaryTypes.Binary
	case column.Date:
		return arrow.FixedWidthTypes.Date32
	case column.Timestamp:
		return &arrow.TimestampType{Unit: arrow.Microsecond}
	case column.TimestampTZ:
		return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	case column.TimestampNS:
		return &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"}
	case column.IntervalKind:
		return arrow.FixedWidthTypes.MonthDayNanoInterval
	}
	return arrow.Null
}

// Fields reads a schema back. The error has class column.Unsupported and names the field whose type has no counterpart.
func Fields(schema *arrow.Schema) ([]Field, error) {
	out := make([]Field, schema.NumFields())
	for i, f := range schema.Fields() {
		out[i] = Field{Name: f.Name, NotNull: !f.Nullable}
		dt := f.Type
		if d, ok := dt.(*arrow.DictionaryType); ok {
			dt, out[i].Dictionary = d.ValueType, true
		}
		t, ok := typeOf(dt)
		if !ok {
			return nil, column.SQLErrorf(column.Unsupported, "0A000", "field \"%s\": Arrow type %s has no counterpart", f.Name, f.Type)
		}
		if name, ok := f.Metadata.GetValue(TypeKey); ok {
			t = namedType(name, t, dt)
		}
		out[i].Type = t
	}
	return out, nil
}

// namedType reads TypeKey's value; metadata of others' making that means nothing here changes nothing.
func namedType(name string, plain column.Type, dt arrow.DataType) column.Type {
	for k := column.Bool; k < column.Array; k++ {
		for _, t := range []column.Type{column.T(k), column.ArrayOf(column.T(k))} {
			if t.String() == name && arrow.TypeEqual(DataType(t), storage(dt)) {
				return t
			}
		}
	}
	return plain
}

// storage is what lies below an extension type.
func storage(dt arrow.DataType) arrow.DataType {
	if e, ok := dt.(arrow.ExtensionType); ok {
		return e.StorageType()
	}
	return dt
}

func typeOf(dt arrow.DataType) (column.Type, bool) {
	kind := column.Unknown
	dt = storage(dt)
	switch dt.ID() {
	case arrow.NULL:
		return column.T(column.Unknown), true
	case arrow.BOOL:
		kind = column.Bool
	case arrow.INT8, arrow.UINT8, arrow.INT16:
		kind = column.Int16
	case arrow.UINT16, arrow.INT32:
		kind = column.Int32
	case arrow.UINT32, arrow.INT64:
		kind = column.Int64
	case arrow.FLOAT32:
		kind = column.Float32
	case arrow.FLOAT64:
		kind = column.Float64
	case arrow.STRING, arrow.LARGE_STRING:
		kind = column.Text
	case arrow.BINARY, arrow.LARGE_BINARY:
		kind = column.Bytea
	case arrow.FIXED_SIZE_BINARY:
		if dt.(*arrow.FixedSizeBinaryType).ByteWidth == uuidBytes {
			kind = column.UUID
		}
	case arrow.TIME32, arrow.TIME64:
		kind = column.Time
	case arrow.LIST:
		elem, ok := typeOf(dt.(*arrow.ListType).Elem())
		return column.ArrayOf(elem), ok && column.ArrayOf(elem).Valid()
	case arrow.DECIMAL128:
		kind = column.Numeric
	case arrow.DATE32:
		kind = column.Date
	case arrow.INTERVAL_MONTH_DAY_NANO:
		kind = column.IntervalKind
	case arrow.TIMESTAMP:
		switch ts := dt.(*arrow.TimestampType); {
		case ts.Unit == arrow.Nanosecond:
			kind = column.TimestampNS
		case ts.TimeZone == "":
			kind = column.Timestamp
		default:
			kind = column.TimestampTZ
		}
	}
	return column.T(kind), kind != column.Unknown
}
