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

// sizes are how long the binary forms of types are whose length is fixed.
var sizes = map[column.Kind]int16{
	column.Bool: 1, column.Int16: 2, column.Int32: 4, column.Int64: 8, column.Float32: 4, column.Float64: 8, column.Date: 4, column.Timestamp: 8,
	column.TimestampTZ: 8, column.TimestampNS: 8, column.IntervalKind: 16, column.UUID: 16, column.Time: 8, column.TimeTZ: 12, column.OID: 4,
	column.InternalChar: 1, column.RegClass: 4, column.RegType: 4, column.RegProc: 4, column.RegProcedure: 4, column.RegNamespace: 4,
	column.RegRole: 4,
}

// typeOID is how a type is announced. Nanoseconds are announced as timestamptz: the text has all nine digits, the binary form has room for six.
func typeOID(t column.Type) wireType {
	size, fixed := sizes[t.Kind]
	if t.Kind == column.Name {
		size, fixed = 64, true // of its form in memory, which is what PostgreSQL says
	}
	if !fixed {
		size = -1
	}
	known := t
	switch {
	case t.Kind == column.TimestampNS:
		known = column.T(column.TimestampTZ)
	case t.IsArray() && t.Elem == column.TimestampNS:
		known = column.ArrayOf(column.T(column.TimestampTZ))
	}
	if n := known.OID(); n != 0 && t.Kind != column.Unknown {
		return wireType{oid(n), size}
	}
	return wireType{25, -1} // clients that do not know a type show its text
}

// textNumbers are the types whose parameters are text here: what they do to a text when it is stored is not done to a parameter.
var textNumbers = map[uint32]bool{1043: true, 1042: true, 19: true, 18: true}

// typeOf is the type that a client means by a number; 0 and unknown are what the statement decides.
func typeOf(number uint32) (column.Type, error) {
	switch {
	case number == 0 || number == (column.Type{}).OID():
		return column.Type{}, nil
	case textNumbers[number]:
		return column.T(column.Text), nil
	}
	if t, ok := column.TypeOfOID(number); ok {
		return t, nil
	}
	e := column.SQLErrorf(column.Unsupported, "0A000", "parameters of the type with OID %d are not supported", number)
	e.Hint = "Send the parameter as text, and cast it in the statement."
	return column.Type{}, e
}
