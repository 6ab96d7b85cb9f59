package literal

// Style is how values are written, and how dates and intervals are read: what PostgreSQL's settings DateStyle, IntervalStyle, extra_float_digits
// and bytea_output say. The zero value is PostgreSQL's default. Styles are comparable.
type Style struct {
	Date     DateStyle
	Order    DateOrder
	Interval IntervalStyle
	// FewerDigits, if not 0, writes floats with 16 - FewerDigits digits (real: 7 - FewerDigits), instead of with as many as tell them from all
	// others: extra_float_digits of 1 - FewerDigits.
	FewerDigits int8
	EscapeBytea bool // bytea as text with backslashes
}

// DateStyle says how dates and time stamps are written.
type DateStyle uint8

// The styles.
const (
	ISODates      DateStyle = iota // 1997-12-17 07:37:16-08
	SQLDates                       // 12/17/1997 07:37:16 PST
	PostgresDates                  // Wed Dec 17 07:37:16 1997 PST
	GermanDates                    // 17.12.1997 07:37:16 PST
)

// DateOrder is the order of day, month and year in dates of numbers.
type DateOrder uint8

// The orders. A year of three digits or more is known as such wherever it stands.
const (
	MonthDayYear DateOrder = iota
	DayMonthYear
	YearMonthDay
)

// IntervalStyle says how intervals are written.
type IntervalStyle uint8

// The styles.
const (
	PostgresIntervals IntervalStyle = iota // 1 year 2 mons 3 days 04:05:06
	VerboseIntervals                       // @ 1 year 2 mons 3 days 4 hours 5 mins 6 secs
	SQLIntervals                           // +1-2 +3 +4:05:06
	ISOIntervals                           // P1Y2M3DT4H5M6S
)
