package literal

import (
	"strconv"
	"strings"
	"time"
)

// fields collects what tokens say until it is a moment.
type fields struct {
	m   *moment
	opt Options

	year, days                int64
	yearWidth, month, day     int // yearWidth: digits the year was written with
	hasYear, hasMonth, hasDay bool
	haveDays                  bool // days was given as a whole: by a word, a Julian day, a day of the year
	numericMonth              bool // the month was a number, and may turn out to be the day
	era, bc                   bool

	hour, minute, second int
	fraction             int64
	hasTime              bool
	meridian             byte // 'a', 'p' or 0
	hasZone              bool

	afterT, julian bool // the word T or J was last
	epoch          bool
}

func (f *fields) hasDate() bool { return f.haveDays || f.hasYear && f.hasMonth && f.hasDay }

// parse reads any of the forms PostgreSQL takes, apart from day-of-year and ISO week dates.
func (d *moment) parse(text string, opt Options) error {
	tokens, err := tokenize(text)
	if err != nil {
		return err
	}
	if len(tokens) == 0 {
		return errFormat
	}
	f := fields{m: d, opt: opt}
	for _, t := range tokens {
		if err := f.add(t); err != nil {
			return err
		}
	}
	if d.infinite != 0 {
		if len(tokens) != 1 {
			return errFormat
		}
		return nil
	}
	return f.finish()
}

func (f *fields) add(t token) error {
	switch t.kind {
	case numberToken:
		return f.addNumber(t.text)
	case dateToken:
		return f.addDate(t.text)
	case timeToken:
		return f.addTime(t.text)
	case signedToken:
		return f.addSigned(t.text)
	case specialToken:
		if t.text != "-infinity" {
			return errFormat
		}
		if f.m.timeOnly {
			return errFormat
		}
		f.m.infinite = -1
		return nil
	}
	return f.addWord(t.text)
}

func (f *fields) addNumber(s string) error {
	whole, fraction, hasFraction := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return errField
	}
	switch {
	case f.julian:
		if hasFraction {
			return errFormat
		}
		f.julian, f.haveDays, f.days = false, true, n+minDay
		return nil
	case (f.afterT || f.hasDate() || f.m.timeOnly) && !f.hasTime && (len(whole) == 6 || len(whole) == 4 && !hasFraction):
		if len(whole) == 4 {
			n *= 100
		}
		f.hour, f.minute, f.second = int(n/10000), int(n/100%100), int(n%100)
		f.fraction = f.m.fraction(fraction)
		f.hasTime, f.afterT = true, false
		return nil
	case len(whole) == 4 && hasFraction && len(fraction) == 3 && !f.hasYear && !f.hasMonth && !f.hasDay:
		dayOfYear, _ := strconv.Atoi(fraction)
		if dayOfYear < 1 || dayOfYear > 366 || n == 0 {
			return errFormat
		}
		f.haveDays, f.days = true, DaysFromCivil(n, 1, dayOfYear)
		return nil
	case hasFraction || f.hasDate():
		return errFormat
	case len(whole) >= 6 && !f.hasYear && !f.hasMonth && !f.hasDay:
		f.setYear(n/10000, len(whole)-4)
		f.month, f.day, f.hasMonth, f.hasDay = int(n/100%100), int(n%100), true, true
		return nil
	}
	return f.addPart(n, len(whole))
}

// addPart takes one number of a date: a year if it is written with three digits or more, else what is missing in
// the order that the session's style says.
func (f *fields) addPart(n int64, width int) error {
	named := f.hasMonth && !f.numericMonth
	yearFirst := width >= 3 || f.opt.Order == YearMonthDay
	switch {
	case named && f.hasYear && !f.hasDay && width >= 3 && f.yearWidth <= 2:
		// The number in front of the month's name was the day after all: 08-Jan-1999.
		f.day, f.hasDay = int(f.year), true
		f.setYear(n, width)
	case width >= 3 && !f.hasYear, yearFirst && !f.hasYear && !f.hasDay && (!f.hasMonth || named):
		f.setYear(n, width)
	case width >= 3:
		return errFormat
	case !f.hasMonth && (f.opt.Order != DayMonthYear || f.hasDay || f.hasYear):
		f.month, f.hasMonth, f.numericMonth = int(n), true, true
	case !f.hasDay:
		f.day, f.hasDay = int(n), true
	case !f.hasYear:
		f.setYear(n, width)
	default:
		return errFormat
	}
	return nil
}

func (f *fields) setYear(n int64, width int) { f.year, f.yearWidth, f.hasYear = n, width, true }

func (f *fields) setMonth(month int) error {
	if f.hasMonth {
		// The number that came first was the day: 8 Jan 1999.
		if !f.numericMonth || f.hasDay {
			return errFormat
		}
		f.day, f.hasDay, f.numericMonth = f.month, true, false
	}
	f.month, f.hasMonth = month, true
	return nil
}

func (f *fields) addDate(s string) error {
	if f.hasDate() || f.hasTime {
		return errFormat
	}
	parts := strings.FieldsFunc(s, func(c rune) bool { return c == '-' || c == '/' || c == '.' })
	if len(parts) != 3 {
		return errFormat
	}
	// The month's name first, so that the numbers fall into the places that are left.
	for i, p := range parts {
		if isLetter(p[0]) {
			month := monthOf(strings.ToLower(p))
			if month == 0 {
				return errFormat
			}
			if err := f.setMonth(month); err != nil {
				return err
			}
			parts[i] = ""
		}
	}
	for _, p := range parts {
		if p == "" {
			continue
		}
		n, err := strconv.ParseInt(p, 10, 64)
		if err != nil {
			return errFormat
		}
		if err := f.addPart(n, len(p)); err != nil {
			return err
		}
	}
	return nil
}

func (f *fields) addTime(s string) error {
	if f.epoch {
		return nil // 'epoch 10:00' is the epoch in PostgreSQL too
	}
	if f.hasTime {
		return errFormat
	}
	var err error
	f.hour, f.minute, f.second, f.fraction, err = f.m.clock(s)
	if err != nil {
		return err
	}
	if f.minute > 59 || f.second > 60 {
		return errField
	}
	f.hasTime, f.afterT = true, false
	return nil
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

// addSigned takes a zone's displacement, or the numbers of a date that were joined by minus signs.
func (f *fields) addSigned(s string) error {
	if f.hasZone {
		return errFormat
	}
	seconds, ok := numericZone(s)
	if !ok {
		hours, err := strconv.Atoi(s[1:skip(s, 1, isDigit)])
		if strings.Trim(s[1:], "0123456789:") != "" && err == nil && hours <= 15 {
			return errFormat
		}
		return errZone
	}
	f.m.fixed, f.m.displace, f.hasZone = true, seconds, true
	return nil
}

func (f *fields) addWord(s string) error {
	word := strings.ToLower(s)
	if month := monthOf(word); month > 0 {
		return f.setMonth(month)
	}
	switch word {
	case "t":
		if !f.hasDate() && !f.m.timeOnly || f.hasTime {
			return errFormat
		}
		f.afterT = true
		return nil
	case "j", "jd", "julian":
		f.julian = true
		return nil
	case "bc", "ad":
		if f.era || !f.hasYear {
			return errFormat
		}
		f.era, f.bc = true, word == "bc"
		return nil
	case "am", "pm":
		f.meridian = word[0]
		return nil
	case "at", "on":
		return nil
	case "infinity":
		if f.m.timeOnly {
			return errFormat
		}
		f.m.infinite = 1
		return nil
	case "epoch", "now", "today", "tomorrow", "yesterday", "allballs":
		return f.addSpecial(word)
	}
	if isDayOfWeek(word) {
		return nil
	}
	if f.hasZone {
		return errFormat
	}
	if seconds, ok := namedZone(word); ok {
		f.m.fixed, f.m.displace, f.hasZone = true, seconds, true
		return nil
	}
	if !strings.ContainsAny(word, "/_") {
		return errFormat
	}
	zone, err := loadZone(s, f.opt)
	if err != nil {
		return err
	}
	f.m.zone, f.hasZone = zone, true
	return nil
}

func (f *fields) addSpecial(word string) error {
	if f.hasDate() && word != "allballs" {
		return errFormat
	}
	if word == "allballs" {
		if f.hasTime {
			return errFormat
		}
		f.hasTime, f.hasZone, f.m.fixed = true, true, true
		return nil
	}
	f.haveDays = true
	if word == "epoch" {
		f.m.fixed, f.hasZone, f.hasTime, f.epoch = true, true, true, true
		return nil
	}
	if f.opt.Now.IsZero() {
		return errorf(invalidParameter, "\"%s\" needs a clock, and there is none here", word)
	}
	zone := f.opt.Location
	if zone == nil {
		zone = time.UTC
	}
	now := f.opt.Now.In(zone)
	f.days = DaysFromCivil(int64(now.Year()), int(now.Month()), now.Day())
	switch word {
	case "tomorrow":
		f.days++
	case "yesterday":
		f.days--
	case "now":
		_, offset := now.Zone()
		f.m.fixed, f.m.displace, f.hasZone = true, offset, true
		f.hour, f.minute, f.second = now.Clock()
		f.fraction = int64(now.Nanosecond())
		if f.m.digits == 6 {
			f.fraction /= 1000
		}
		f.hasTime = true
	}
	return nil
}

func (f *fields) finish() error {
	if f.afterT || f.julian {
		return errFormat
	}
	if f.m.dated = f.hasDate(); !f.m.dated {
		if f.hasMonth && (f.month < 1 || f.month > 12) || f.hasDay && (f.day < 1 || f.day > 31) {
			return errFieldMDY
		}
		if !f.m.timeOnly || !f.hasTime || f.hasYear || f.hasMonth || f.hasDay {
			return errFormat
		}
		return f.finishTime()
	}
	if f.m.timeOnly && !f.hasTime {
		return errFormat
	}
	if f.haveDays {
		if f.hasYear || f.hasMonth || f.hasDay {
			return errFormat
		}
		f.m.days = f.days
	} else if err := f.finishDate(); err != nil {
		return err
	}
	return f.finishTime()
}

func (f *fields) finishDate() error {
	year := f.year
	switch {
	case f.bc:
		if year <= 0 {
			return errField
		}
		year = 1 - year
	case f.yearWidth <= 2 && year < 70:
		year += 2000
	case f.yearWidth <= 2 && year < 100:
		year += 1900
	case year == 0:
		return errField
	}
	if f.month < 1 || f.month > 12 || f.day < 1 || f.day > 31 {
		return errFieldMDY
	}
	if year > 6_000_000 || year < -5000 {
		f.m.days = maxDay + 1 // out of every type's range, and of this calendar's
		return nil
	}
	if f.day > DaysInMonth(year, f.month) {
		return errField
	}
	f.m.days = DaysFromCivil(year, f.month, f.day)
	return nil
}

func (f *fields) finishTime() error {
	if f.meridian != 0 {
		if f.hour > 12 {
			return errField
		}
		f.hour %= 12
		if f.meridian == 'p' {
			f.hour += 12
		}
	}
	if f.hour > 24 || f.minute > 59 || f.second > 60 || f.hour == 24 && (f.minute > 0 || f.second > 0 || f.fraction > 0) {
		return errField
	}
	unit := pow10(f.m.digits)
	f.m.within = int64(f.hour*3600+f.minute*60+f.second)*unit + f.fraction
	if day := secondsPerDay * unit; f.m.timeOnly {
		if f.m.within > day {
			return errField
		}
	} else if f.m.within >= day {
		f.m.days, f.m.within = f.m.days+1, f.m.within-day
	}
	return nil
}
