package literal

import (
	"strconv"

	"github.com/automatanexus/aegis-db/column"
)

var (
	shortDays   = [...]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}
	shortMonths = [...]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
)

// AppendDateStyle is AppendDate in a session's style.
func AppendDateStyle(dst []byte, days int64, s Style) []byte {
	if s.Date == ISODates || days == DateInfinity || days == DateNegInfinity {
		return AppendDate(dst, days)
	}
	year, month, day := CivilFromDays(days)
	dst = appendStyledDate(dst, year, month, day, s)
	if year <= 0 {
		dst = append(dst, " BC"...)
	}
	return dst
}

// appendStyledDate writes a date of the era in one of the styles that are not ISO's: the caller adds BC.
func appendStyledDate(dst []byte, year int64, month, day int, s Style) []byte {
	if year <= 0 {
		year = 1 - year
	}
	first, second, separator := month, day, byte('/')
	switch s.Date {
	case GermanDates:
		first, second, separator = day, month, '.'
	case PostgresDates:
		separator = '-'
		fallthrough
	default:
		if s.Order == DayMonthYear {
			first, second = day, month
		}
	}
	dst = append(append2(dst, first), separator)
	dst = append(append2(dst, second), separator)
	return appendYear(dst, year)
}

// maxZoneName is how much of a zone's short name is written.
const maxZoneName = 10

// appendStyledTimestamp writes a time stamp of days, a second of the day and a fraction in one of the styles that are not ISO's. zone is the
// short name of the time zone at that time.
func appendStyledTimestamp(dst []byte, days int64, second int, fraction int64, t column.Type, zone string, s Style) []byte {
	year, month, day := CivilFromDays(days)
	unit := t.UnitsPerSecond()
	if s.Date == PostgresDates {
		dst = append(append(dst, shortDays[floorMod(days+4, 7)]...), ' ') // 1970-01-01 was a Thursday
		name := shortMonths[month-1]
		if s.Order == DayMonthYear {
			dst = append(append(append2(dst, day), ' '), name...)
		} else {
			dst = append2(append(append(dst, name...), ' '), day)
		}
		dst = appendFraction(appendClock(append(dst, ' '), second), fraction, unit)
		era := year
		if era <= 0 {
			era = 1 - era
		}
		dst = appendYear(append(dst, ' '), era)
	} else {
		dst = append(appendStyledDate(dst, year, month, day, s), ' ')
		dst = appendFraction(appendClock(dst, second), fraction, unit)
	}
	if t.Kind != column.Timestamp {
		dst = append(append(dst, ' '), zone[:min(len(zone), maxZoneName)]...)
	}
	if year <= 0 {
		dst = append(dst, " BC"...)
	}
	return dst
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }

// AppendFloatStyle is AppendFloat in a session's style.
func AppendFloatStyle(dst []byte, v float64, t column.Type, s Style) []byte {
	if s.FewerDigits == 0 || v != v || v-v != 0 {
		return AppendFloat(dst, v, t)
	}
	digits := 16
	if t.Kind == column.Float32 {
		digits = 7
	}
	digits = max(1, digits-int(s.FewerDigits))
	var buf [32]byte
	text := strconv.AppendFloat(buf[:0], v, 'e', digits-1, 64)
	mantissa, exp := splitScientific(text)
	for len(mantissa) > 1 && mantissa[len(mantissa)-1] == '0' {
		mantissa = mantissa[:len(mantissa)-1]
	}
	if text[0] == '-' {
		dst = append(dst, '-')
	}
	if exp < -4 || exp >= digits {
		dst = append(dst, mantissa[0])
		if len(mantissa) > 1 {
			dst = append(append(dst, '.'), mantissa[1:]...)
		}
		return appendExponent(dst, exp)
	}
	return appendFixed(dst, mantissa, exp)
}

// AppendByteaEscaped appends a bytea as text: what is no printable ASCII as a backslash and three octal digits.
func AppendByteaEscaped(dst, v []byte) []byte {
	for _, c := range v {
		switch {
		case c == '\\':
			dst = append(dst, '\\', '\\')
		case c < 0x20 || c > 0x7e:
			dst = append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
