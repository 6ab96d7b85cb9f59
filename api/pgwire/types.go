package pgwire

import (
	"github.com/automatanexus/aegis-db/column"
)

// oid is PostgreSQL's number of a type.
type oid uint32

// wireType is how a type is announced to a client.
type wireType struct {
	oid  oid
	size int16 // of its binary form; -1 = it varies
}

// wireTypes are PostgreSQL's numbers of our kinds. Nanoseconds are announced as timestamptz: the text has all nine digits, the binary form
// has room for six.
var wireTypes = map[column.Kind]wireType{
	column.Bool: {16, 1}, column.Int16: {21, 2}, column.Int32: {23, 4}, column.Int64: {20, 8}, column.Float32: {700, 4}, column.Float64: {701, 8},
	column.Numeric: {1700, -1}, column.Text: {25, -1}, column.Bytea: {17, -1}, column.Date: {1082, 4}, column.Timestamp: {1114, 8},
	column.TimestampTZ: {1184, 8}, column.TimestampNS: {1184, 8}, column.IntervalKind: {1186, 16}, column.JSON: {114, -1},
}

// typeOID is the number of a type.
func typeOID(t column.Type) wireType {
	if w, ok := wireTypes[t.Kind]; ok {
		return w
	}
	return wireType{25, -1} // clients that do not know a type show its text
}

// kindsByOID are the types that clients may declare parameters to have. Types that differ from text in what is done to it when it is
// stored are text here; unknown is what the statement decides.
var kindsByOID = map[oid]column.Kind{
	0: column.Unknown, 705: column.Unknown,
	16: column.Bool, 21: column.Int16, 23: column.Int32, 20: column.Int64, 700: column.Float32, 701: column.Float64, 1700: column.Numeric,
	25: column.Text, 1043: column.Text, 1042: column.Text, 19: column.Text, 18: column.Text, 17: column.Bytea, 1082: column.Date, 1114: column.Timestamp,
	1184: column.TimestampTZ, 1186: column.IntervalKind, 114: column.JSON, 26: column.Int64,
}

// typeOf is the type that a client means by a number.
func typeOf(number uint32) (column.Type, error) {
	k, ok := kindsByOID[oid(number)]
	if !ok {
		e := column.SQLErrorf(column.Unsupported, "0A000", "parameters of the type with OID %d are not supported", number)
		e.Hint = "Send the parameter as text, and cast it in the statement."
		return column.Type{}, e
	}
	return column.T(k), nil
}
