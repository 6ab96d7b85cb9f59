package literal

import (
	"math"
	"math/bits"
	"time"

	"github.com/automatanexus/aegis-db/column"
)

func timestampRange() error { return errorf(datetimeOverflow, "timestamp out of range") }

func intervalRange() error { return errorf(datetimeOverflow, "interval out of range") }

// AddInterval gives time stamp + interval, in the type's unit. Months come first, with the day cut to the month's length, then
// days, then the time. For the types that are instants, months and days move the clock on the wall in
// opt.Location, so that a day may have 23 hours. Infinities stay. The error has SQLSTATE 22008.
func AddInterval(v int64, iv column.Interval, t column.Type, opt Options) (int64, error) {
	if v == TimestampInfinity || v == TimestampNegInfinity {
		return v, nil
	}
	if iv.Months != 0 || iv.Days != 0 {
		var ok bool
		if v, ok = addCivil(v, iv, t, opt); !ok {
			return 0, timestampRange()
		}
	}
	micros, ok := mulInt(iv.Micros, t.UnitsPerSecond()/MicrosPerSecond)
	if !ok {
		return 0, timestampRange()
	}
	sum, ok := addInt(v, micros)
	if !ok || !InRange(sum, t) {
		return 0, timestampRange()
	}
	return sum, nil
}

func addInt(a, b int64) (int64, bool) {
	s := a + b
	return s, (s > a) == (b > 0)
}

// addCivil moves a time stamp by months and days of the calendar.
func addCivil(v int64, iv column.Interval, t column.Type, opt Options) (int64, bool) {
	unit, perDay := t.UnitsPerSecond(), unitsPerDay(t)
	zoned := t.Kind != column.Timestamp && !opt.utc()
	if zoned {
		_, offset := time.Unix(floorDiv(v, unit), 0).In(opt.Location).Zone()
		var ok bool
		if v, ok = addInt(v, int64(offset)*unit); !ok {
			return 0, false
		}
	}
	days := floorDiv(v, perDay)
	within := v - days*perDay
	days = AddMonths(days, iv.Months) + int64(iv.Days)
	if zoned {
		offset := LocalOffset(days*secondsPerDay+within/unit, opt.Location)
		within -= int64(offset) * unit
		shift := floorDiv(within, perDay)
		days, within = days+shift, within-shift*perDay
	}
	return combine(days, within, t)
}

// AddMonths moves a day number by months; a day the new month does not have becomes its last.
func AddMonths(days int64, months int32) int64 {
	if months == 0 {
		return days
	}
	y, m, d := CivilFromDays(days)
	n := y*12 + int64(m-1) + int64(months)
	y = floorDiv(n, 12)
	m = int(n-y*12) + 1
	return DaysFromCivil(y, m, min(d, DaysInMonth(y, m)))
}

// SubInterval gives time stamp − interval.
func SubInterval(v int64, iv column.Interval, t column.Type, opt Options) (int64, error) {
	neg, err := Negate(iv)
	if err != nil {
		return 0, err
	}
	return AddInterval(v, neg, t, opt)
}

// Diff gives a − b for two time stamps of one type: days of 24 hours and the rest. Nanoseconds are cut to
// microseconds. Infinities have no difference: SQLSTATE 22008.
func Diff(a, b int64, t column.Type) (column.Interval, error) {
	infinite := func(v int64) bool { return v == TimestampInfinity || v == TimestampNegInfinity }
	if infinite(a) || infinite(b) {
		return column.Interval{}, errorf(datetimeOverflow, "cannot subtract infinite timestamps")
	}
	perMicro := t.UnitsPerSecond() / MicrosPerSecond
	d := a - b
	if (d < a) != (b > 0) {
		if perMicro == 1 {
			return column.Interval{}, intervalRange()
		}
		d = a/perMicro - b/perMicro
	} else {
		d /= perMicro
	}
	return JustifyHours(column.Interval{Micros: d})
}

// Negate gives −interval.
func Negate(v column.Interval) (column.Interval, error) {
	if v.Months == math.MinInt32 || v.Days == math.MinInt32 || v.Micros == math.MinInt64 {
		return column.Interval{}, intervalRange()
	}
	return column.Interval{Months: -v.Months, Days: -v.Days, Micros: -v.Micros}, nil
}

// Sum gives a + b, part by part.
func Sum(a, b column.Interval) (column.Interval, error) {
	return intervalOf(int64(a.Months)+int64(b.Months), int64(a.Days)+int64(b.Days), a.Micros, b.Micros)
}

func intervalOf(months, days, micros, more int64) (column.Interval, error) {
	sum := micros + more
	if months != int64(int32(months)) || days != int64(int32(days)) || (sum < micros) != (more < 0) {
		return column.Interval{}, intervalRange()
	}
	return column.Interval{Months: int32(months), Days: int32(days), Micros: sum}, nil
}

// Multiply gives interval × factor: fractions of months become days of 30 to a month, fractions of days become time.
func Multiply(v column.Interval, factor float64) (column.Interval, error) {
	return scale(v, func(part float64) float64 { return part * factor })
}

// Divide gives interval ÷ divisor; SQLSTATE 22012 for 0.
func Divide(v column.Interval, divisor float64) (column.Interval, error) {
	if divisor == 0 {
		return column.Interval{}, errorf("22012", "division by zero")
	}
	return scale(v, func(part float64) float64 { return part / divisor })
}

func scale(v column.Interval, by func(float64) float64) (column.Interval, error) {
	roundMicros := func(s float64) float64 { return math.RoundToEven(s*1e6) / 1e6 }
	months, days := by(float64(v.Months)), by(float64(v.Days))
	// Written so that NaN fails too.
	fits := func(f float64, bits int) bool { return f >= -math.Ldexp(1, bits) && f < math.Ldexp(1, bits) }
	if !fits(months, 31) || !fits(days, 31) {
		return column.Interval{}, intervalRange()
	}
	restDays := roundMicros((months - math.Trunc(months)) * 30)
	seconds := roundMicros((days - math.Trunc(days) + restDays - math.Trunc(restDays)) * float64(secondsPerDay))
	wholeDays := int64(days) + int64(restDays)
	if math.Abs(seconds) >= float64(secondsPerDay) {
		extra := math.Trunc(seconds / float64(secondsPerDay))
		wholeDays += int64(extra)
		seconds -= extra * float64(secondsPerDay)
	}
	micros := math.RoundToEven(by(float64(v.Micros)) + seconds*float64(MicrosPerSecond))
	if !fits(micros, 63) {
		return column.Interval{}, intervalRange()
	}
	return intervalOf(int64(months), wholeDays, int64(micros), 0)
}

// JustifyHours turns each 24 hours into a day, and gives days and time one sign.
func JustifyHours(v column.Interval) (column.Interval, error) {
	days := v.Micros / MicrosPerDay
	micros := v.Micros - days*MicrosPerDay
	total := int64(v.Days) + days
	switch {
	case total > 0 && micros < 0:
		micros, total = micros+MicrosPerDay, total-1
	case total < 0 && micros > 0:
		micros, total = micros-MicrosPerDay, total+1
	}
	return intervalOf(int64(v.Months), total, micros, 0)
}

// JustifyDays turns each 30 days into a month, and gives months and days one sign.
func JustifyDays(v column.Interval) (column.Interval, error) {
	months, days := int64(v.Months)+int64(v.Days/30), int64(v.Days%30)
	switch {
	case months > 0 && days < 0:
		months, days = months-1, days+30
	case months < 0 && days > 0:
		months, days = months+1, days-30
	}
	return intervalOf(months, days, v.Micros, 0)
}

// JustifyInterval does both, and gives all parts one sign.
func JustifyInterval(v column.Interval) (column.Interval, error) {
	days := int64(v.Days) + v.Micros/MicrosPerDay
	micros := v.Micros % MicrosPerDay
	months := int64(v.Months) + days/30
	days %= 30
	switch {
	case months > 0 && (days < 0 || days == 0 && micros < 0):
		months, days = months-1, days+30
	case months < 0 && (days > 0 || days == 0 && micros > 0):
		months, days = months+1, days-30
	}
	switch {
	case days > 0 && micros < 0:
		days, micros = days-1, micros+MicrosPerDay
	case days < 0 && micros > 0:
		days, micros = days+1, micros-MicrosPerDay
	}
	return intervalOf(months, days, micros, 0)
}

// CompareIntervals orders as PostgreSQL does: by length, a month having 30 days and a day 24 hours, so that 1 month = 30
// days. It gives −1, 0 or 1.
func CompareIntervals(a, b column.Interval) int {
	ah, al := spanOf(a)
	bh, bl := spanOf(b)
	switch {
	case ah != bh && ah < bh, ah == bh && al < bl:
		return -1
	case ah == bh && al == bl:
		return 0
	}
	return 1
}

// IntervalSpan gives the length that CompareIntervals orders by, in microseconds, as a 128-bit number: equal lengths are equal
// keys for grouping.
func IntervalSpan(v column.Interval) (hi int64, lo uint64) { return spanOf(v) }

func spanOf(v column.Interval) (hi int64, lo uint64) {
	days := int64(v.Months)*30 + int64(v.Days)
	h, l := bits.Mul64(uint64(abs(days)), uint64(MicrosPerDay))
	if days < 0 {
		var borrow uint64
		l, borrow = bits.Sub64(0, l, 0)
		h, _ = bits.Sub64(0, h, borrow)
	}
	l, carry := bits.Add64(l, uint64(v.Micros), 0)
	h, _ = bits.Add64(h, uint64(v.Micros>>63), carry)
	return int64(h), l
}
