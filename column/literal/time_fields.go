package literal

import (
	"math"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column/timezone"
)

// parts says which parts of a moment a text has given. One that comes twice is an error.
type parts uint32

const (
	specialPart parts = 1 << iota // epoch or infinity
	yearPart
	monthPart
	dayPart
	hourPart
	minutePart
	secondPart
	zonePart
	summerZonePart // the zone was the abbreviation of a summer time
	summerPart     // DST
	dayOfYearPart
	dayOfWeekPart
	meridianPart
	eraPart

	dateParts = yearPart | monthPart | dayPart
	timeParts = hourPart | minutePart | secondPart
)

// fields collects what tokens say until it is a moment.
type fields struct {
	m   *moment
	opt Options

	seen  parts
	label string // the unit's word or T that was last, and says what comes now

	year, month, day, dayOfYear int64
	julianDay                   int64
	julian                      bool // the date is julianDay
	textMonth                   bool // the month was a word
	twoDigits                   bool // the year was written with one or two
	bc                          bool

	hour, minute, second int64
	fraction             int64
	meridian             byte // 'a', 'p' or 0
	epoch                bool
}

func (f *fields) all(p parts) bool { return f.seen&p == p }

// parse reads any of the forms PostgreSQL takes.
func (d *moment) parse(text string, opt Options) error {
	tokens, err := tokenize(text)
	if err != nil {
		return err
	}
	if len(tokens) == 0 {
		return errFormat
	}
	f := fields{m: d, opt: opt}
	for i := range tokens {
		given, err := f.add(tokens, i)
		if err != nil {
			return err
		}
		if f.seen&given != 0 {
			return errFormat
		}
		f.seen |= given
	}
	if d.timeOnly {
		return f.finishClock()
	}
	return f.finish()
}

// ordinary says that the text means a date after all, whatever special word came before.
func (f *fields) ordinary() { f.epoch, f.m.infinite = false, 0 }

func (f *fields) add(tokens []token, i int) (parts, error) {
	t := tokens[i]
	switch t.kind {
	case numberToken:
		return f.addNumber(tokens, i)
	case dateToken:
		return f.addDashed(tokens, i)
	case timeToken:
		return f.addTime(t.text)
	case signedToken:
		return zonePart, f.addDisplacement(t.text)
	}
	return f.addWord(tokens, i)
}

// integer reads the digits that a text begins with; none are 0.
func integer(s string) (n int64, rest string, err error) {
	end := skip(s, 0, isDigit)
	if end == 0 {
		return 0, s, nil
	}
	n, err = strconv.ParseInt(s[:end], 10, 32)
	if err != nil {
		return 0, s, errField
	}
	return n, s[end:], nil
}

func (f *fields) addNumber(tokens []token, i int) (parts, error) {
	s := tokens[i].text
	if f.label != "" {
		return f.addLabelled(s)
	}
	point := strings.IndexByte(s, '.')
	before := len(s)
	if point >= 0 {
		before = point
	}
	switch {
	case f.m.timeOnly && point >= 0 && i == 0 && len(tokens) >= 2 && tokens[len(tokens)-1].kind == dateToken,
		!f.m.timeOnly && point >= 0 && f.seen&dateParts == 0:
		return f.addDate(s)
	case f.m.timeOnly && point >= 0 && before <= 2:
		return 0, errFormat
	case point >= 0 && before > 2,
		f.m.timeOnly && len(s) > 4,
		!f.m.timeOnly && len(s) >= 6 && (f.seen&dateParts == 0 || f.seen&timeParts == 0):
		return f.addRunTogether(s, f.dateSeen())
	}
	return f.addPart(s, f.dateSeen())
}

// dateSeen are the parts that a number cannot be: where only a time of day is wanted, no number is of a date.
func (f *fields) dateSeen() parts {
	if f.m.timeOnly {
		return f.seen | dateParts
	}
	return f.seen
}

// addLabelled takes a number whose unit stands in front of it: Y2001M12D27, J2451187 or T040506.
func (f *fields) addLabelled(s string) (parts, error) {
	n, rest, err := integer(s)
	if err != nil {
		return 0, err
	}
	if rest != "" && rest[0] != '.' {
		return 0, errFormat
	}
	label := f.label
	f.label = ""
	f.ordinary()
	switch label {
	case "y":
		f.year = n
		return yearPart, nil
	case "m":
		if f.all(monthPart | hourPart) {
			f.minute = n
			return minutePart, nil
		}
		f.month = n
		return monthPart, nil
	case "d":
		f.day = n
		return dayPart, nil
	case "h":
		f.hour = n
		return hourPart, nil
	case "mm":
		f.minute = n
		return minutePart, nil
	case "s":
		f.second = n
		if rest != "" {
			f.fraction = f.m.fraction(rest[1:])
		}
		return secondPart, nil
	case "j":
		return f.addJulian(n, rest)
	case "t":
		given, err := f.addRunTogether(s, f.seen|dateParts)
		if err == nil && given != timeParts {
			err = errFormat
		}
		return given, err
	}
	return 0, errFormat
}

func (f *fields) addJulian(n int64, rest string) (parts, error) {
	f.julian, f.julianDay = true, n
	if rest == "" {
		return dateParts, nil
	}
	part := 0.0
	if len(rest) > 1 {
		var err error
		if part, err = strconv.ParseFloat(rest, 64); err != nil {
			return 0, errFormat
		}
	}
	unit := pow10(f.m.digits)
	within := int64(part * float64(secondsPerDay*unit))
	f.hour, f.minute, f.second, f.fraction = within/(3600*unit), within/(60*unit)%60, within/unit%60, within%unit
	return dateParts | timeParts, nil
}

// addRunTogether takes YYMMDD or YYYYMMDD, or HHMM or HHMMSS, perhaps with a fraction.
func (f *fields) addRunTogether(s string, seen parts) (parts, error) {
	s, fraction, pointed := strings.Cut(s, ".")
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, errFormat
	}
	switch {
	case pointed:
		f.fraction = f.m.fraction(fraction)
	case seen&dateParts != dateParts && len(s) >= 6:
		f.year, f.month, f.day = n/10000, n/100%100, n%100
		if f.year > math.MaxInt32 {
			return 0, errField
		}
		f.twoDigits = f.twoDigits || len(s) == 6
		return dateParts, nil
	}
	if seen&timeParts != timeParts {
		switch len(s) {
		case 6:
			f.hour, f.minute, f.second = n/10000, n/100%100, n%100
			return timeParts, nil
		case 4:
			f.hour, f.minute, f.second = n/100, n%100, 0
			return timeParts, nil
		}
	}
	return 0, errFormat
}

// addPart takes one number of a date: what is missing, in the order that the session's style says.
func (f *fields) addPart(s string, seen parts) (parts, error) {
	n, rest, err := integer(s)
	if err != nil {
		return 0, err
	}
	if rest != "" {
		if rest[0] != '.' || rest == s {
			return 0, errFormat
		}
		if len(s)-len(rest) > 2 {
			return f.addRunTogether(s, seen|dateParts)
		}
		if strings.Trim(rest[1:], "0123456789") != "" {
			return 0, errFormat
		}
	}
	width, order := len(s), f.opt.Order
	if width == 3 && seen&dateParts == yearPart && n >= 1 && n <= 366 {
		f.dayOfYear = n
		return dayOfYearPart | monthPart | dayPart, nil
	}
	given := parts(0)
	switch seen & dateParts {
	case 0:
		switch {
		case width >= 3 || order == YearMonthDay:
			given = yearPart
		case order == DayMonthYear:
			given = dayPart
		default:
			given = monthPart
		}
	case yearPart, dayPart:
		given = monthPart
	case monthPart:
		given = dayPart
		if f.textMonth && (width >= 3 || order == YearMonthDay) {
			given = yearPart
		}
	case yearPart | monthPart:
		if f.textMonth && width >= 3 && f.twoDigits {
			// The number in front of the month's name was the day after all: 08-Jan-1999.
			f.day, f.year, f.twoDigits = f.year, n, false
			return dayPart, nil
		}
		given = dayPart
	case monthPart | dayPart:
		given = yearPart
	case dateParts:
		return f.addRunTogether(s, seen)
	default:
		return 0, errFormat
	}
	switch given {
	case yearPart:
		f.year, f.twoDigits = n, width <= 2
	case monthPart:
		f.month = n
	default:
		f.day = n
	}
	return given, nil
}

// addDashed takes a token of digits and letters with punctuation in it: a date, or behind one a zone's name, or a time run together with a zone.
func (f *fields) addDashed(tokens []token, i int) (parts, error) {
	s := tokens[i].text
	if f.m.timeOnly {
		if i == 0 && len(tokens) >= 2 && (tokens[len(tokens)-1].kind == dateToken || tokens[1].kind == timeToken) {
			return f.addDate(s)
		}
		if isDigit(s[0]) {
			return f.addTimeWithZone(s)
		}
		return f.addNamedZone(s)
	}
	switch {
	case f.label == "j":
		f.label = ""
		n, rest, err := integer(s)
		if err != nil {
			return 0, err
		}
		f.julian, f.julianDay = true, n
		return dateParts | timeParts | zonePart, f.addDisplacement(rest)
	case f.label == "" && !f.all(monthPart|dayPart):
		return f.addDate(s)
	case f.label == "" && !isDigit(s[0]):
		return f.addNamedZone(s)
	case f.label != "" && f.label != "t":
		return 0, errFormat
	}
	f.label = ""
	return f.addTimeWithZone(s)
}

// addTimeWithZone takes HHMMSS-ZZ.
func (f *fields) addTimeWithZone(s string) (parts, error) {
	minus := strings.IndexByte(s, '-')
	if minus < 0 || f.all(timeParts) {
		return 0, errFormat
	}
	if err := f.addDisplacement(s[minus:]); err != nil {
		return 0, err
	}
	given, err := f.addRunTogether(s[:minus], f.dateSeen())
	return given | zonePart, err
}

func (f *fields) addNamedZone(s string) (parts, error) {
	zone, ok := timezone.Named(s)
	if !ok {
		return 0, errorf(invalidParameter, "time zone \"%s\" not recognized", strings.ToLower(s))
	}
	f.m.zone = zone
	return zonePart, nil
}

// addDate takes a whole date.
func (f *fields) addDate(s string) (parts, error) {
	var numbers []string
	given := parts(0)
	for i := 0; i < len(s); {
		i = skip(s, i, func(c byte) bool { return !isDigit(c) && !isLetter(c) })
		if i == len(s) {
			return 0, errFormat
		}
		start := i
		if isDigit(s[i]) {
			i = skip(s, i, isDigit)
			numbers = append(numbers, s[start:i])
		} else {
			// The month's name first, so that the numbers fall into the places that are left.
			i = skip(s, i, isLetter)
			month := monthOf(strings.ToLower(s[start:i]))
			if month == 0 || (f.seen|given)&monthPart != 0 {
				return 0, errFormat
			}
			f.month, f.textMonth = int64(month), true
			given |= monthPart
		}
		if i < len(s) {
			i++
		}
	}
	for _, n := range numbers {
		p, err := f.addPart(n, f.seen|given)
		if err != nil {
			return 0, err
		}
		if (f.seen|given)&p != 0 {
			return 0, errFormat
		}
		given |= p
	}
	if (f.seen|given)&^(dayOfYearPart|zonePart) != dateParts {
		return 0, errFormat
	}
	return given, nil
}

func (f *fields) addTime(s string) (parts, error) {
	if !f.m.timeOnly && f.label != "" {
		if f.label != "t" {
			return 0, errFormat
		}
		f.label = ""
	}
	hour, minute, second, fraction, err := f.m.clock(s)
	if err != nil {
		return 0, err
	}
	f.hour, f.minute, f.second, f.fraction = int64(hour), int64(minute), int64(second), fraction
	if minute > 59 || second > 60 || !f.m.timeOnly && f.overflows() {
		return 0, errField
	}
	return timeParts, nil
}

// overflows reports whether the time of day is after 24:00.
func (f *fields) overflows() bool {
	return f.hour > 24 || f.minute > 59 || f.second > 60 || f.sinceMidnight() > secondsPerDay*pow10(f.m.digits)
}

// maxClockPart is more than the hours of the longest interval (2562047788), and small enough to count on with.
const maxClockPart = 1 << 40

// clock reads H:M, H:M:S or M:S.f, with whatever numbers.
func (d *moment) clock(s string) (hour, minute, second int, fraction int64, err error) {
	s, digits, hasFraction := strings.Cut(s, ".")
	if strings.Trim(digits, "0123456789") != "" {
		return 0, 0, 0, 0, errFormat
	}
	parts := strings.Split(s, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, 0, 0, 0, errFormat
	}
	var v [3]int
	for i, p := range parts {
		if p == "" && i > 0 {
			continue
		}
		if v[i], err = strconv.Atoi(p); err != nil || v[i] > maxClockPart {
			if strings.Trim(p, "0123456789") == "" && p != "" {
				return 0, 0, 0, 0, errField
			}
			return 0, 0, 0, 0, errFormat
		}
	}
	if hasFraction && len(parts) == 2 {
		v = [3]int{0, v[0], v[1]}
	}
	return v[0], v[1], v[2], d.fraction(digits), nil
}

// addDisplacement takes ±HH, ±HHMM, ±HH:MM or ±HH:MM:SS.
func (f *fields) addDisplacement(s string) error {
	seconds, err := displacement(s)
	if err != nil {
		return err
	}
	f.m.fixed, f.m.displace = true, seconds
	return nil
}
