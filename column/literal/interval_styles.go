package literal

import (
	"strconv"

	"github.com/automatanexus/aegis-db/column"
)

// AppendIntervalStyle appends an interval in a session's style.
func AppendIntervalStyle(dst []byte, v column.Interval, style IntervalStyle) []byte {
	switch style {
	case VerboseIntervals:
		return partsOf(v).appendVerbose(dst)
	case SQLIntervals:
		return partsOf(v).appendSQL(dst)
	case ISOIntervals:
		return partsOf(v).appendISO(dst)
	}
	return AppendInterval(dst, v)
}

// intervalParts are the numbers an interval is written with; those of a time of day share their sign.
type intervalParts struct{ years, months, days, hours, minutes, seconds, micros int64 }

func partsOf(v column.Interval) *intervalParts {
	t := v.Micros
	return &intervalParts{
		years: int64(v.Months / 12), months: int64(v.Months % 12), days: int64(v.Days),
		hours: t / (3600 * MicrosPerSecond), minutes: t / (60 * MicrosPerSecond) % 60, seconds: t / MicrosPerSecond % 60, micros: t % MicrosPerSecond,
	}
}

func (p *intervalParts) all() [7]int64 {
	return [7]int64{p.years, p.months, p.days, p.hours, p.minutes, p.seconds, p.micros}
}

// appendSeconds writes seconds and their fraction without a sign, with two digits before the point if fill is set.
func (p *intervalParts) appendSeconds(dst []byte, fill bool) []byte {
	if fill {
		dst = append2(dst, int(abs(p.seconds)))
	} else {
		dst = strconv.AppendInt(dst, abs(p.seconds), 10)
	}
	return appendFraction(dst, abs(p.micros), MicrosPerSecond)
}

// appendVerbose writes @ 1 year 2 mons, and ago where the first part is negative: signs count from there.
func (p *intervalParts) appendVerbose(dst []byte) []byte {
	dst = append(dst, '@')
	zero, before := true, false
	for i, unit := range [...]string{"year", "mon", "day", "hour", "min"} {
		n := p.all()[i]
		if n == 0 {
			continue
		}
		if zero {
			before = n < 0
		}
		if before {
			n = -n
		}
		zero = false
		dst = append(append(strconv.AppendInt(append(dst, ' '), n, 10), ' '), unit...)
		if n != 1 {
			dst = append(dst, 's')
		}
	}
	if p.seconds != 0 || p.micros != 0 {
		dst = append(dst, ' ')
		switch negative := p.seconds < 0 || p.micros < 0; {
		case negative && zero:
			before = true
		case negative != before:
			dst = append(dst, '-')
		}
		dst = append(p.appendSeconds(dst, false), " sec"...)
		if abs(p.seconds) != 1 || p.micros != 0 {
			dst = append(dst, 's')
		}
		zero = false
	}
	if zero {
		dst = append(dst, " 0"...)
	}
	if before {
		dst = append(dst, " ago"...)
	}
	return dst
}

// appendSQL writes the standard's year-month or day-time interval and, of what is neither, all parts with their signs.
func (p *intervalParts) appendSQL(dst []byte) []byte {
	negative, positive := false, false
	for _, n := range p.all() {
		negative, positive = negative || n < 0, positive || n > 0
	}
	yearMonth := p.years != 0 || p.months != 0
	dayTime := p.days != 0 || p.hours != 0 || p.minutes != 0 || p.seconds != 0 || p.micros != 0
	number := func(n int64) { dst = strconv.AppendInt(dst, abs(n), 10) }
	clock := func() {
		number(p.hours)
		dst = append(append2(append(dst, ':'), int(abs(p.minutes))), ':')
		dst = p.appendSeconds(dst, true)
	}
	if !negative && !positive {
		return append(dst, '0')
	}
	if negative && positive || yearMonth && dayTime {
		sign := func(minus bool) {
			if minus {
				dst = append(dst, '-')
			} else {
				dst = append(dst, '+')
			}
		}
		sign(p.years < 0 || p.months < 0)
		number(p.years)
		dst = append(dst, '-')
		number(p.months)
		dst = append(dst, ' ')
		sign(p.days < 0)
		number(p.days)
		dst = append(dst, ' ')
		sign(p.hours < 0 || p.minutes < 0 || p.seconds < 0 || p.micros < 0)
		clock()
		return dst
	}
	if negative {
		dst = append(dst, '-')
	}
	switch {
	case yearMonth:
		number(p.years)
		dst = append(dst, '-')
		number(p.months)
	case p.days != 0:
		number(p.days)
		dst = append(dst, ' ')
		clock()
	default:
		clock()
	}
	return dst
}

// appendISO writes P1Y2M3DT4H5M6.5S.
func (p *intervalParts) appendISO(dst []byte) []byte {
	if *p == (intervalParts{}) {
		return append(dst, "PT0S"...)
	}
	part := func(n int64, unit byte) {
		if n != 0 {
			dst = append(strconv.AppendInt(dst, n, 10), unit)
		}
	}
	dst = append(dst, 'P')
	part(p.years, 'Y')
	part(p.months, 'M')
	part(p.days, 'D')
	if p.hours == 0 && p.minutes == 0 && p.seconds == 0 && p.micros == 0 {
		return dst
	}
	dst = append(dst, 'T')
	part(p.hours, 'H')
	part(p.minutes, 'M')
	if p.seconds != 0 || p.micros != 0 {
		if p.seconds < 0 || p.micros < 0 {
			dst = append(dst, '-')
		}
		dst = append(p.appendSeconds(dst, false), 'S')
	}
	return dst
}
