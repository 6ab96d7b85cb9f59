package literal

import (
	"strconv"
	"time"

	"github.com/automatanexus/aegis-db/column"
)

// AppendDate appends a day number as ISO text: 2026-11-21, 0044-03-15 BC, infinity.
func AppendDate(dst []byte, days int64) []byte {
	switch days {
	case DateInfinity:
		return append(dst, "infinity"...)
	case DateNegInfinity:
		return append(dst, "-infinity"...)
	}
	year, month, day := CivilFromDays(days)
	dst = appendYMD(dst, year, month, day)
	if year <= 0 {
		dst = append(dst, " BC"...)
	}
	return dst
}

// AppendTimestamp appends a time stamp of any of the three types in the style of opt, PostgreSQL's ISO text by default:
// 2026-11-21 10:11:12.5, with the offset of opt.Location for the types that are instants.
func AppendTimestamp(dst []byte, v int64, t column.Type, opt Options) []byte {
	switch v {
	case TimestampInfinity:
		return append(dst, "infinity"...)
	case TimestampNegInfinity:
		return append(dst, "-infinity"...)
	}
	unit := t.UnitsPerSecond()
	seconds := floorDiv(v, unit)
	fraction := v - seconds*unit
	zone, offset, zoned := "UTC", 0, t.Kind != column.Timestamp
	if zoned && !opt.utc() {
		zone, offset = time.Unix(seconds, 0).In(opt.Location).Zone()
		seconds += int64(offset)
	}
	days := floorDiv(seconds, secondsPerDay)
	if opt.Date != ISODates {
		return appendStyledTimestamp(dst, days, int(seconds-days*secondsPerDay), fraction, t, zone, opt.Style)
	}
	year, month, day := CivilFromDays(days)
	dst = appendYMD(dst, year, month, day)
	dst = appendClock(append(dst, ' '), int(seconds-days*secondsPerDay))
	dst = appendFraction(dst, fraction, unit)
	if zoned {
		dst = appendOffset(dst, offset)
	}
	if year <= 0 {
		dst = append(dst, " BC"...)
	}
	return dst
}

// AppendRFC3339 appends an instant, or a time stamp without zone as if it were UTC, in the form JSON clients expect:
// 2026-11-21T10:11:12.5Z. Infinities are words, as in AppendTimestamp; years before 1 carry a minus sign and count from 0.
func AppendRFC3339(dst []byte, v int64, t column.Type) []byte {
	if v == TimestampInfinity || v == TimestampNegInfinity {
		return AppendTimestamp(dst, v, t, Options{})
	}
	unit := t.UnitsPerSecond()
	seconds := floorDiv(v, unit)
	days := floorDiv(seconds, secondsPerDay)
	year, month, day := CivilFromDays(days)
	if year < 0 {
		dst = append(dst, '-')
		year = -year
	}
	dst = appendYear(dst, year)
	dst = appendMonthDay(dst, month, day)
	dst = appendClock(append(dst, 'T'), int(seconds-days*secondsPerDay))
	return append(appendFraction(dst, v-seconds*unit, unit), 'Z')
}

// appendYMD writes a date of the era: the caller adds BC.
func appendYMD(dst []byte, year int64, month, day int) []byte {
	if year <= 0 {
		year = 1 - year
	}
	return appendMonthDay(appendYear(dst, year), month, day)
}

func appendYear(dst []byte, year int64) []byte {
	if year > 9999 {
		return strconv.AppendInt(dst, year, 10)
	}
	return append2(append2(dst, int(year/100)), int(year%100))
}

func appendMonthDay(dst []byte, month, day int) []byte {
	return append2(append(append2(append(dst, '-'), month), '-'), day)
}

func appendClock(dst []byte, second int) []byte {
	dst = append2(dst, second/3600)
	dst = append2(append(dst, ':'), second/60%60)
	return append2(append(dst, ':'), second%60)
}

func append2(dst []byte, v int) []byte { return append(dst, byte('0'+v/10), byte('0'+v%10)) }

// appendFraction writes the point and the digits of fraction/unit without trailing zeros; nothing for 0.
func appendFraction(dst []byte, fraction, unit int64) []byte {
	if fraction == 0 {
		return dst
	}
	dst = append(dst, '.')
	for unit /= 10; fraction != 0; unit /= 10 {
		dst = append(dst, byte('0'+fraction/unit))
		fraction %= unit
	}
	return dst
}

// appendOffset writes +02, +05:30 or +00:53:28.
func appendOffset(dst []byte, seconds int) []byte {
	sign := byte('+')
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	dst = append2(append(dst, sign), seconds/3600)
	if seconds%3600 != 0 {
		dst = append2(append(dst, ':'), seconds/60%60)
	}
	if seconds%60 != 0 {
		dst = append2(append(dst, ':'), seconds%60)
	}
	return dst
}
