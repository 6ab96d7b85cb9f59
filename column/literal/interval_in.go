package literal

import (
	"errors"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
)

// unit is a word an interval's numbers count in; units that are present once may not come again.
type unit uint8

const (
	noUnit unit = iota
	microsecond
	millisecond
	second
	minute
	hour
	day
	week
	month
	year
	decade
	century
	millennium
	ago
)

// unitOf knows PostgreSQL's words. It looks at the first ten letters only, as PostgreSQL does.
func unitOf(word string) unit {
	switch word[:min(len(word), 10)] {
	case "us", "usec", "usecs", "useconds", "usecond", "microsecon":
		return microsecond
	case "ms", "msec", "msecs", "mseconds", "msecond", "millisecon":
		return millisecond
	case "s", "sec", "secs", "second", "seconds":
		return second
	case "m", "min", "mins", "minute", "minutes":
		return minute
	case "h", "hr", "hrs", "hour", "hours":
		return hour
	case "d", "day", "days":
		return day
	case "w", "week", "weeks":
		return week
	case "mon", "mons", "month", "months":
		return month
	case "y", "yr", "yrs", "year", "years":
		return year
	case "dec", "decs", "decade", "decades":
		return decade
	case "c", "cent", "century", "centuries":
		return century
	case "mil", "mils", "millennia", "millennium":
		return millennium
	case "ago":
		return ago
	}
	return noUnit
}

// span adds up the parts of an interval; fail remembers that one of them did not fit.
type span struct {
	years, months, days int64
	micros              int64
	fail                bool
	negative            bool // the sign in front of the text is that of all parts
}

// ParseInterval reads PostgreSQL's own style (1 day 02:03:04, 90 minutes ago, 1-2 for a year and two months) and ISO 8601's designators
// (P1DT2H). In SQL's style, a minus sign in front of the only sign of a text is that of all its parts.
func ParseInterval(text string, style IntervalStyle) (column.Interval, error) {
	s, err := parseVerbose(text, style)
	if errors.Is(err, errFormat) {
		s, err = parseISOInterval(trimLeft(text))
	}
	switch {
	case errors.Is(err, errFormat):
		return column.Interval{}, errorf(invalidDatetime, "invalid input syntax for type interval: \"%s\"", text)
	case err != nil || s.fail:
		return column.Interval{}, errorf(intervalOverflow, "interval field value out of range: \"%s\"", text)
	}
	s.months += 12 * s.years
	if s.months != int64(int32(s.months)) {
		return column.Interval{}, intervalRange()
	}
	return column.Interval{Months: int32(s.months), Days: int32(s.days), Micros: s.micros}, nil
}

func trimLeft(s string) string {
	for s != "" && isSpace(s[0]) {
		s = s[1:]
	}
	return s
}

// parseVerbose reads from right to left: a unit's word comes after its number.
func parseVerbose(text string, style IntervalStyle) (span, error) {
	var s span
	tokens, err := tokenize(text)
	if err != nil {
		return s, err
	}
	var seen uint32
	current, negate := noUnit, false
	s.negative = style == SQLIntervals && len(tokens) > 0 && tokens[0].text[0] == '-' && !signed(tokens[1:])
	for i := len(tokens) - 1; i >= 0; i-- {
		t := tokens[i]
		var mask uint32
		switch t.kind {
		case wordToken:
			u := unitOf(strings.ToLower(t.text))
			if u == noUnit {
				return s, errFormat
			}
			current = u
			if u == ago {
				negate = true
			}
			continue
		case specialToken:
			return s, errFormat
		case timeToken, signedToken:
			if strings.IndexByte(t.text, ':') >= 0 {
				if err := s.addClock(t.text); err != nil {
					return s, err
				}
				mask, current = 1<<hour|1<<minute|1<<second|1<<millisecond|1<<microsecond, day
				break
			}
			fallthrough
		default:
			if mask, err = s.addNumber(t.text, &current); err != nil {
				return s, err
			}
		}
		if mask&seen != 0 {
			return s, errFormat
		}
		seen |= mask
	}
	if seen == 0 {
		return s, errFormat
	}
	if negate {
		s.fail = s.fail || s.micros == math.MinInt64 || s.days == math.MinInt32 || s.months == math.MinInt32 || s.years == math.MinInt32
		s.years, s.months, s.days, s.micros = -s.years, -s.months, -s.days, -s.micros
	}
	return s, nil
}

// signed reports whether a token carries a sign of its own.
func signed(tokens []token) bool {
	return slices.ContainsFunc(tokens, func(t token) bool { return t.text[0] == '-' || t.text[0] == '+' })
}

// addClock takes [±]H:M[:S[.f]]; hours have no bound of their own.
func (s *span) addClock(text string) error {
	body := strings.TrimLeft(text, "+-")
	m := moment{digits: 6}
	h, mi, sec, fraction, err := m.clock(body)
	if err != nil {
		return err
	}
	if mi > 59 || sec > 60 {
		return errField
	}
	sign := int64(1)
	if text[0] == '-' || s.negative {
		sign = -1
	}
	s.addMicros(sign*int64(h), 3600*MicrosPerSecond)
	s.addMicros(sign*int64(mi*60+sec), MicrosPerSecond)
	s.addMicros(sign*fraction, 1)
	return nil
}

// addNumber takes a number in the current unit, or in seconds if there was none; 1-2 is a year and two months.
func (s *span) addNumber(text string, current *unit) (mask uint32, err error) {
	if *current == noUnit {
		*current = second
	}
	negative := text[0] == '-' || s.negative
	end := skip(text, 0, func(c byte) bool { return c == '+' || c == '-' })
	whole := skip(text, end, isDigit)
	n := int64(0)
	if whole > end {
		digits := text[end:whole]
		if negative {
			digits = "-" + digits
		}
		if n, err = strconv.ParseInt(digits, 10, 64); err != nil {
			return 0, errField
		}
	} else if !strings.HasPrefix(text[whole:], ".") {
		return 0, errFormat
	}
	rest, fraction := text[whole:], 0.0
	switch {
	case rest == "":
	case rest[0] == '-':
		months, err := strconv.Atoi(rest[1:])
		if err != nil {
			return 0, errFormat
		}
		if months < 0 || months >= 12 || n > math.MaxInt32 || n < -math.MaxInt32 {
			return 0, errField
		}
		if negative {
			months = -months
		}
		n, *current = n*12+int64(months), month
	case rest[0] == '.':
		if strings.Trim(rest[1:], "0123456789") != "" {
			return 0, errFormat
		}
		if len(rest) > 1 {
			if fraction, err = strconv.ParseFloat(rest, 64); err != nil {
				return 0, errFormat
			}
		}
	default:
		return 0, errFormat
	}
	if negative {
		fraction = -fraction
	}
	return s.addUnits(n, fraction, *current)
}

// addUnits adds n and a fraction of a unit; what is less than a unit goes to the next smaller parts (a month's
// fraction as 30 days), rounded as PostgreSQL does.
func (s *span) addUnits(n int64, fraction float64, u unit) (mask uint32, err error) {
	mask = 1 << u
	switch u {
	case microsecond:
		s.addMicros(n, 1)
		s.addFraction(fraction, 1)
	case millisecond:
		s.addMicros(n, 1000)
		s.addFraction(fraction, 1000)
	case second:
		s.addMicros(n, MicrosPerSecond)
		s.addFraction(fraction, MicrosPerSecond)
		if fraction != 0 {
			mask |= 1<<microsecond | 1<<millisecond
		}
	case minute:
		s.addMicros(n, 60*MicrosPerSecond)
		s.addFraction(fraction, 60*MicrosPerSecond)
	case hour:
		s.addMicros(n, 3600*MicrosPerSecond)
		s.addFraction(fraction, 3600*MicrosPerSecond)
	case day:
		s.addDays(n, 1)
		s.addFraction(fraction, MicrosPerDay)
	case week:
		s.addDays(n, 7)
		s.addDayFraction(fraction, 7)
	case month:
		s.addMonths(n)
		s.addDayFraction(fraction, 30)
	case year, decade, century, millennium:
		scale := [...]int64{1, 10, 100, 1000}[u-year]
		s.addYears(n, scale)
		s.addMonths(int64(math.RoundToEven(fraction * float64(scale) * 12)))
	default:
		return 0, errFormat
	}
	return mask, nil
}

func (s *span) addMicros(n, scale int64) { s.addTo(&s.micros, n, scale, math.MinInt64, math.MaxInt64) }

func (s *span) addDays(n, scale int64) { s.addTo(&s.days, n, scale, math.MinInt32, math.MaxInt32) }

func (s *span) addMonths(n int64) { s.addTo(&s.months, n, 1, math.MinInt32, math.MaxInt32) }

func (s *span) addYears(n, scale int64) { s.addTo(&s.years, n, scale, math.MinInt32, math.MaxInt32) }

func (s *span) addTo(part *int64, n, scale, low, high int64) {
	v, ok := mulInt(n, scale)
	if !ok || v > 0 && *part > high-v || v < 0 && *part < low-v {
		s.fail = true
		return
	}
	*part += v
}

func mulInt(a, b int64) (int64, bool) {
	if b == 1 {
		return a, true
	}
	hi, lo := bits.Mul64(uint64(abs(a)), uint64(abs(b)))
	if hi != 0 || lo > math.MaxInt64 || a == math.MinInt64 || b == math.MinInt64 {
		return 0, false
	}
	if a < 0 != (b < 0) {
		return -int64(lo), true
	}
	return int64(lo), true
}

func abs(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}

func (s *span) addFraction(fraction float64, scale int64) {
	if fraction == 0 {
		return
	}
	fraction *= float64(scale)
	whole := int64(fraction)
	switch rest := fraction - float64(whole); {
	case rest > 0.5:
		whole++
	case rest < -0.5:
		whole--
	}
	s.addMicros(whole, 1)
}

func (s *span) addDayFraction(fraction float64, scale int64) {
	if fraction == 0 {
		return
	}
	fraction *= float64(scale)
	whole := int64(fraction)
	s.addDays(whole, 1)
	s.addFraction(fraction-float64(whole), MicrosPerDay)
}
