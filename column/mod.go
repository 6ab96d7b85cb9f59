package column

import (
	"fmt"
	"strconv"
)

// Mod is a type modifier: the n of varchar(n), precision and scale of numeric, the digits of a time stamp, the fields of an interval. It is
// PostgreSQL's typmod plus one, so that the zero value says that there is none.
type Mod int32

// modHeader is what PostgreSQL adds to the modifiers of types whose values have a variable length.
const modHeader = 4

// ModOf takes PostgreSQL's typmod; -1 is none.
func ModOf(typmod int32) Mod { return Mod(typmod + 1) }

// LengthMod is the modifier of varchar(n) and char(n).
func LengthMod(n int) Mod { return ModOf(int32(n) + modHeader) }

// NumericMod is the modifier of numeric(precision, scale).
func NumericMod(precision, scale int) Mod {
	return ModOf(int32(precision<<16|scale&0x7ff) + modHeader)
}

// PrecisionMod is the modifier of timestamp(p), time(p) and their kin.
func PrecisionMod(p int) Mod { return ModOf(int32(p)) }

// IntervalMod is the modifier of an interval: fields (0 = all) and digits of seconds (negative = all).
func IntervalMod(fields IntervalFields, digits int) Mod {
	if fields == 0 {
		fields = allFields
	}
	if digits < 0 {
		digits = 0xffff
	}
	return ModOf(int32(fields)<<16 | int32(digits))
}

// IntervalFields is a set of the fields an interval is restricted to, numbered as PostgreSQL numbers them.
type IntervalFields uint16

// The fields.
const (
	MonthField  IntervalFields = 1 << 1
	YearField   IntervalFields = 1 << 2
	DayField    IntervalFields = 1 << 3
	HourField   IntervalFields = 1 << 10
	MinuteField IntervalFields = 1 << 11
	SecondField IntervalFields = 1 << 12
	allFields   IntervalFields = 0x7fff
)

// TypMod is PostgreSQL's number: -1 for none.
func (m Mod) TypMod() int32 { return int32(m) - 1 }

// Length is the n of varchar(n) and char(n); 0 if there is none.
func (m Mod) Length() int { return max(0, int(m.TypMod())-modHeader) }

// Numeric is precision and scale; ok is false if there is no modifier.
func (m Mod) Numeric() (precision, scale int, ok bool) {
	t := m.TypMod() - modHeader
	if t < 0 {
		return 0, 0, false
	}
	return int(t >> 16 & 0xffff), int((t&0x7ff)^1024) - 1024, true
}

// Precision is how many digits of a second are kept; -1 if there is no modifier.
func (m Mod) Precision() int { return int(m.TypMod()) }

// Interval gives the fields (0 = all) and the digits of a second (-1 = all) of an interval's modifier.
func (m Mod) Interval() (fields IntervalFields, digits int) {
	if m == 0 {
		return 0, -1
	}
	fields, digits = IntervalFields(m.TypMod()>>16)&allFields, int(m.TypMod()&0xffff)
	if fields == allFields {
		fields = 0
	}
	if digits == 0xffff {
		digits = -1
	}
	return fields, digits
}

// Format is the type's name with a modifier, as PostgreSQL's format_type prints it for a column.
func (t Type) Format(m Mod) string {
	if t.Kind == Array {
		return t.Element().Format(m) + "[]"
	}
	if m == 0 {
		if t.Kind == BpChar {
			return "bpchar" // "character" alone would mean character(1)
		}
		return t.String()
	}
	switch t.Kind {
	case Varchar, BpChar:
		return t.String() + "(" + strconv.Itoa(m.Length()) + ")"
	case Numeric:
		if p, s, ok := m.Numeric(); ok {
			return fmt.Sprintf("numeric(%d,%d)", p, s)
		}
	case Timestamp, Time:
		return fmt.Sprintf("%s(%d) without time zone", map[Kind]string{Timestamp: "timestamp", Time: "time"}[t.Kind], m.Precision())
	case TimestampTZ, TimeTZ:
		return fmt.Sprintf("%s(%d) with time zone", map[Kind]string{TimestampTZ: "timestamp", TimeTZ: "time"}[t.Kind], m.Precision())
	case IntervalKind:
		return t.formatInterval(m)
	}
	return t.String()
}

var fieldNames = map[IntervalFields]string{
	0: "", YearField: " year", MonthField: " month", DayField: " day", HourField: " hour", MinuteField: " minute", SecondField: " second",
	YearField | MonthField: " year to month", DayField | HourField: " day to hour",
	DayField | HourField | MinuteField: " day to minute", DayField | HourField | MinuteField | SecondField: " day to second",
	HourField | MinuteField: " hour to minute", HourField | MinuteField | SecondField: " hour to second",
	MinuteField | SecondField: " minute to second",
}

func (t Type) formatInterval(m Mod) string {
	fields, digits := m.Interval()
	text := t.String() + fieldNames[fields]
	if digits >= 0 {
		text += "(" + strconv.Itoa(digits) + ")"
	}
	return text
}
