package column

import "fmt"

// Kind is a logical type, named after PostgreSQL's.
type Kind uint8

// The kinds. Their numbers are stored (catalog, WAL, sidecars): append, never reorder.
const (
	Unknown      Kind = iota // the type of an untyped NULL or string literal before binding
	Bool                     // boolean
	Int16                    // smallint
	Int32                    // integer
	Int64                    // bigint
	Float32                  // real
	Float64                  // double precision
	Numeric                  // numeric, unconstrained: canonical decimal text, exact
	Text                     // text, bytes in UTF-8, collation "C"
	Bytea                    // bytea
	Date                     // days since 1970-01-01
	Timestamp                // microseconds since 1970-01-01 00:00, no zone
	TimestampTZ              // microseconds since the epoch, UTC
	TimestampNS              // nanoseconds since the epoch, UTC (1678-2262)
	IntervalKind             // months, days, microseconds
	JSON                     // json text (canonical where Aegis writes it: keys sorted, no spaces)
	Varchar                  // character varying: text that may have a length limit
	BpChar                   // character: blank-padded text; trailing blanks do not count when it is compared
	UUID                     // 16 raw bytes
	Time                     // microseconds since midnight, 24:00 included
	TimeTZ                   // time of day with a displacement, packed: see PackTimeTZ
	JSONB                    // json in jsonb's canonical text: keys ordered and unique, ": " and ", " between
	OID                      // PostgreSQL's 32-bit object number
	Name                     // text of up to 63 bytes
	InternalChar             // "char": one byte or none
	RegClass                 // the object numbers that print as names: of tables,
	RegType                  // types,
	RegProc                  // functions by name,
	RegProcedure             // functions with their arguments,
	RegNamespace             // schemas
	RegRole                  // and roles
	Array                    // of Type.Elem; values are as package array describes
	int2Element              // what stands as Type.Elem of int2vector
	oidElement               // and of oidvector
	Record                   // a row of fields, which the value names: see package record. No column of a table has it
	JSONPath                 // a path of SQL/JSON, in the text that PostgreSQL prints. No column of a table has it
	kindEnd
)

// The arrays that PostgreSQL's catalogs have where subscripts start at 0. They are arrays in all but their name and their text, which is bare
// numbers with blanks between.
var (
	Int2Vector = Type{Kind: Array, Elem: int2Element}
	OIDVector  = Type{Kind: Array, Elem: oidElement}
)

// Type is a logical type. It is comparable: equal types are ==. Length limits and precisions are no part of it: see Mod.
type Type struct {
	Kind Kind
	Elem Kind `json:",omitempty"` // of an Array: never Array itself, since an array's dimensions belong to the value
}

// Physical is how values lie in memory: five layouts carry every kind, so a kernel is written five times at most.
type Physical uint8

// The layouts.
const (
	PhysNone     Physical = iota
	PhysBool              // []bool
	PhysInt               // []int64: the integers, object numbers, dates, times of day and timestamps
	PhysFloat             // []float64: real (rounded to float32 after each operation) and double precision
	PhysBytes             // offsets and bytes: the texts, bytea, numeric, uuid, json, arrays
	PhysInterval          // []Interval
)

var physicalOf = [kindEnd]Physical{
	Bool: PhysBool, Int16: PhysInt, Int32: PhysInt, Int64: PhysInt, Float32: PhysFloat, Float64: PhysFloat,
	Numeric: PhysBytes, Text: PhysBytes, Bytea: PhysBytes, Date: PhysInt, Timestamp: PhysInt, TimestampTZ: PhysInt,
	TimestampNS: PhysInt, IntervalKind: PhysInterval, JSON: PhysBytes,
	Varchar: PhysBytes, BpChar: PhysBytes, UUID: PhysBytes, Time: PhysInt, TimeTZ: PhysInt, JSONB: PhysBytes, OID: PhysInt, Name: PhysBytes,
	InternalChar: PhysBytes, RegClass: PhysInt, RegType: PhysInt, RegProc: PhysInt, RegProcedure: PhysInt, RegNamespace: PhysInt,
	RegRole: PhysInt, Array: PhysBytes, Record: PhysBytes, JSONPath: PhysBytes,
}

// Physical is the layout of the type's values.
func (t Type) Physical() Physical {
	if t.Kind >= kindEnd {
		return PhysNone
	}
	return physicalOf[t.Kind]
}

var kindNames = [kindEnd]string{
	"unknown", "boolean", "smallint", "integer", "bigint", "real", "double precision", "numeric", "text", "bytea",
	"date", "timestamp without time zone", "timestamp with time zone", "timestamp_ns", "interval", "json",
	"character varying", "character", "uuid", "time without time zone", "time with time zone", "jsonb", "oid", "name", `"char"`,
	"regclass", "regtype", "regproc", "regprocedure", "regnamespace", "regrole", "anyarray", "int2vector", "oidvector", "record", "jsonpath",
}

// String is the type's name as PostgreSQL's format_type prints it.
func (t Type) String() string {
	switch {
	case t.Kind >= kindEnd:
		return fmt.Sprintf("type %d", t.Kind)
	case t.IsVector():
		return kindNames[t.Elem]
	case t.Kind == Array && t.Elem != Unknown:
		return t.Element().String() + "[]"
	}
	return kindNames[t.Kind]
}

// Valid reports whether the type is one this version knows.
func (t Type) Valid() bool {
	if t.Kind == Array {
		return t.Elem.isElement() || t.IsVector()
	}
	return t.Kind > Unknown && t.Kind < kindEnd && t.Elem == Unknown
}

// isElement reports the kinds that elements of arrays can have: all that are types of their own but arrays.
func (k Kind) isElement() bool { return k > Unknown && k < Array || k == Record || k == JSONPath }

// IsArray reports the arrays.
func (t Type) IsArray() bool { return t.Kind == Array }

// IsVector reports int2vector and oidvector.
func (t Type) IsVector() bool { return t == Int2Vector || t == OIDVector }

// Element is the type of an array's elements.
func (t Type) Element() Type {
	switch t.Elem {
	case int2Element:
		return Type{Kind: Int16}
	case oidElement:
		return Type{Kind: OID}
	}
	return Type{Kind: t.Elem}
}

// ArrayOf is the type of arrays with elements of type t.
func ArrayOf(t Type) Type { return Type{Kind: Array, Elem: t.Kind} }

// IsText reports text, character varying, character and name.
func (t Type) IsText() bool {
	return t.Kind == Text || t.Kind == Varchar || t.Kind == BpChar || t.Kind == Name
}

// IsOID reports the object numbers, those that print as names included.
func (t Type) IsOID() bool { return t.Kind == OID || t.Kind >= RegClass && t.Kind <= RegRole }

// Bytewise reports the types whose values are equal where their bytes are, and ordered as their bytes are. Of the others in a bytes
// layout (numeric, character, jsonb, arrays) different bytes can be equal: compare their keys (package key).
func (t Type) Bytewise() bool {
	switch t.Kind {
	case Text, Varchar, Bytea, UUID, Name, InternalChar:
		return true
	}
	return false
}

// IsInteger reports smallint, integer, bigint.
func (t Type) IsInteger() bool { return t.Kind >= Int16 && t.Kind <= Int64 }

// IsFloat reports real and double precision.
func (t Type) IsFloat() bool { return t.Kind == Float32 || t.Kind == Float64 }

// IsNumber reports every type arithmetic works on.
func (t Type) IsNumber() bool { return t.Kind >= Int16 && t.Kind <= Numeric }

// IsTime reports the types a time column may have.
func (t Type) IsTime() bool {
	return t.Kind == Timestamp || t.Kind == TimestampTZ || t.Kind == TimestampNS
}

// UnitsPerSecond is the resolution of a timestamp type: 1e6 or 1e9; 0 for every other type.
func (t Type) UnitsPerSecond() int64 {
	switch t.Kind {
	case Timestamp, TimestampTZ:
		return 1_000_000
	case TimestampNS:
		return 1_000_000_000
	}
	return 0
}

// T makes a Type of a kind.
func T(k Kind) Type { return Type{Kind: k} }

// Interval is PostgreSQL's: the three parts are not convertible into each other.
type Interval struct {
	Months int32
	Days   int32
	Micros int64
}
