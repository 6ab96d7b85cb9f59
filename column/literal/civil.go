package literal

import (
	"math"

	"github.com/automatanexus/aegis-db/column"
)

// Units of time.
const (
	MicrosPerSecond int64 = 1_000_000
	MicrosPerDay    int64 = 86_400 * MicrosPerSecond
	NanosPerDay     int64 = 1000 * MicrosPerDay
	secondsPerDay   int64 = 86_400
)

// Bounds of the calendar. minDay is 4714-11-24 BC, day 0 of the Julian count, before which PostgreSQL has no dates; maxDay is
// 5874897-12-31, the last date it has. Microseconds since 1970 in int64 end in 294247, 29 years before PostgreSQL's, which
// counts from 2000.
const (
	minDay    int64 = -2440588
	maxDay    int64 = 2145042905
	minMicros       = minDay * MicrosPerDay
	maxMicros       = math.MaxInt64 - 1
	minNanos        = math.MinInt64 + 1
	maxNanos        = math.MaxInt64 - 1
)

// DaysFromCivil gives the day number (1970-01-01 = 0) of a date of the proleptic Gregorian calendar. year is
// astronomical: 0 is 1 BC. month is 1 to 12; day may lie outside of the month and counts on.
//
// Years start in March here, so that the leap day is their last, and 400 of them are 146097 days.
func DaysFromCivil(year int64, month, day int) int64 {
	if month <= 2 {
		year--
	}
	era := floorDiv(year, 400)
	yearOfEra := year - era*400
	dayOfYear := int64((153*((month+9)%12)+2)/5 + day - 1)
	return era*146097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear - 719468
}

// CivilFromDays is the inverse of DaysFromCivil.
func CivilFromDays(days int64) (year int64, month, day int) {
	days += 719468
	era := floorDiv(days, 146097)
	doe := uint32(days - era*146097)
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = int(doy - (153*mp+2)/5 + 1)
	month = int(mp) + 3
	year = era*400 + int64(yoe)
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

// DaysInMonth is the length of a month of an astronomical year.
func DaysInMonth(year int64, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// unitsPerDay is the length of a day in a time stamp type's unit.
func unitsPerDay(t column.Type) int64 { return t.UnitsPerSecond() * secondsPerDay }

// combine gives days × perDay + within (0 <= within <= perDay), false if that is outside of the type.
func combine(days, within int64, t column.Type) (int64, bool) {
	perDay := unitsPerDay(t)
	if days < 0 {
		// Counted from the end of the day, so that a value near the lowest is reached without passing it.
		days, within = days+1, within-perDay
	}
	if days > math.MaxInt64/perDay || days < math.MinInt64/perDay {
		return 0, false
	}
	v := days * perDay
	if within > 0 && v > math.MaxInt64-within || within < 0 && v < math.MinInt64-within {
		return 0, false
	}
	v += within
	return v, InRange(v, t)
}

// InRange reports whether v is a finite value of a time stamp type.
func InRange(v int64, t column.Type) bool {
	if t.Kind == column.TimestampNS {
		return v >= minNanos && v <= maxNanos
	}
	return v >= minMicros && v <= maxMicros
}
