// Package literal turns values into PostgreSQL's text form and back, type by type, with PostgreSQL's errors
// (message and SQLSTATE), and owns the calendar: days and civil dates, time stamps plus intervals.
//
// It must not know statements, columns' names or sessions: the time zone and the clock come in Options.
package literal

import (
	"math"
	"time"

	"github.com/automatanexus/aegis-db/column"
)

// Options are the settings of a session that texts depend on. The zero value means UTC and no clock.
type Options struct {
	// Location is where time stamps with time zone are shown, and where texts without a zone are; nil = UTC.
	Location *time.Location
	// Now is what 'now', 'today', 'tomorrow' and 'yesterday' refer to; if it is zero they are refused.
	Now time.Time
	// Names translates between objects' numbers and names, for regclass and its kin; nil = only numbers are read and shown.
	Names Names
	// Path gives a path of SQL/JSON as PostgreSQL prints it, or its mistake; nil = there are no values of jsonpath.
	Path func(text string) (string, error)
	Style
}

// Names knows the objects of a database.
type Names interface {
	// NameOf gives the name that an object's number prints as; t is one of the reg types.
	NameOf(t column.Type, oid int64) (name string, ok bool)
	// NumberOf finds an object. The error is PostgreSQL's: 42P01 relation "x" does not exist, 42704, 42883 and so on.
	NumberOf(t column.Type, name string) (oid int64, err error)
}

func (o *Options) utc() bool { return o.Location == nil || o.Location == time.UTC }

// The values that stand for 'infinity' and '-infinity'. Time stamps of all three types use the ends of int64, dates
// those of int32, so that a date fits Arrow's and Parquet's 32 bits.
const (
	TimestampInfinity    int64 = math.MaxInt64
	TimestampNegInfinity int64 = math.MinInt64
	DateInfinity         int64 = math.MaxInt32
	DateNegInfinity      int64 = math.MinInt32
)

// SQLSTATEs of this package.
const (
	invalidText      = "22P02"
	outOfRange       = "22003"
	invalidDatetime  = "22007"
	datetimeOverflow = "22008"
	zoneOutOfRange   = "22009"
	intervalOverflow = "22015"
	invalidParameter = "22023"
	badEncoding      = "22021"
)

func errorf(state, format string, args ...any) error {
	return column.SQLErrorf(column.Invalid, state, format, args...)
}

func syntaxError(t column.Type, text string) error {
	return errorf(invalidText, "invalid input syntax for type %s: \"%s\"", t, text)
}
