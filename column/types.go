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
	kindEnd
)

// Type is a logical type. It is comparable: equal types are ==.
type Type struct {
	Kind Kind
}

// Physical is how values lie in memory: five layouts carry every kind, so a kernel is written five times at most.
type Physical uint8

// The layouts.
const (
	PhysNone     Physical = iota
	PhysBool              // []bool
	PhysInt               // []int64: the integers, dates and timestamps
	PhysFloat             // []float64: real (rounded to float32 after each operation) and double precision
	PhysBytes             // offsets and bytes: text, bytea, numeric, json
	PhysInterval          // []Interval
)

var physicalOf = [kindEnd]Physical{
	Bool: PhysBool, Int16: PhysInt, Int32: PhysInt, Int64: PhysInt, Float32: PhysFloat, Float64: PhysFloat,
	Numeric: PhysBytes, Text: PhysBytes, Bytea: PhysBytes, Date: PhysInt, Timestamp: PhysInt, TimestampTZ: PhysInt,
	TimestampNS: PhysInt, IntervalKind: PhysInterval, JSON: PhysBytes,
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
}

// String is the type's name as PostgreSQL's format_type prints it.
func (t Type) String() string {
	if t.Kind >= kindEnd {
		return fmt.Sprintf("type %d", t.Kind)
	}
	return kindNames[t.Kind]
}

// Valid reports whether the kind is one this version knows.
func (t Type) Valid() bool { return t.Kind > Unknown && t.Kind < kindEnd }

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
