package fn

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

// parsedTime is the kernel of to_date and to_timestamp.
func parsedTime(t column.Type) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		a, p := textsOf(args[0]), patternsOf(ctx, args[1], parseTimePattern)
		return eachRow(ctx, t, writeInt, n, func(i int) (int64, error) {
			nodes, err := p.at(i)
			if err != nil {
				return 0, err
			}
			r := timeReader{text: string(a.at(i)), nodes: nodes}
			if err := r.read(); err != nil {
				return 0, err
			}
			if t == tDate {
				return r.date()
			}
			return r.instant(ctx.Location)
		})
	}
}

// timeReader reads a text by a pattern. Fields that were not given are 0, as in PostgreSQL, which does not tell them from zeros.
type timeReader struct {
	text  string
	at    int
	nodes timePattern
	node  int
	skip  int  // characters passed over that the pattern did not ask for
	fixed bool // FX
	iso   int8 // 1: fields of ISO weeks, -1: of the calendar

	hh, mi, ss, ssss, ms, us, ff int
	pm, bc                       int
	twelve                       bool
	year, yearDigits, cc         int
	mm, dd, ddd, d, ww, w, j     int
	tzSign, tzh, tzm             int
}

func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func (r *timeReader) blanks() {
	for r.at < len(r.text) && isBlank(r.text[r.at]) {
		r.at++
		r.skip++
	}
}

func (r *timeReader) read() error {
	for r.node = 0; r.node < len(r.nodes) && r.at < len(r.text); r.node++ {
		n := &r.nodes[r.node]
		fx := strings.EqualFold(n.field, "FX")
		if !r.fixed && !fx && (n.field != "" || r.node == 0) {
			r.blanks()
			if r.at == len(r.text) && n.field == "" {
				continue
			}
		}
		if n.field == "" {
			r.passChar(n)
			continue
		}
		if fx {
			r.fixed = true
			continue
		}
		if err := r.field(n); err != nil {
			return err
		}
		if !r.fixed {
			r.skip = 0
			r.blanks()
		}
	}
	return nil
}

// passChar passes over the character that one of the pattern stands for.
func (r *timeReader) passChar(n *formatNode) {
	_, size := utf8.DecodeRuneInString(r.text[r.at:])
	switch {
	case r.fixed:
		r.at += size
	case n.kind != plainChar:
		r.skip--
		if c := r.text[r.at]; isBlank(c) || isSeparator(c) {
			r.at++
			r.skip++
		}
	case r.skip > 0:
		r.skip--
	default:
		r.at += size
	}
}

func (r *timeReader) setMode(field string) error {
	mode := int8(0)
	switch field {
	case "ID", "IDDD", "IW", "IYYY", "IYY", "IY", "I":
		mode = 1
	case "D", "DD", "DDD", "MM", "MONTH", "MON", "RM", "WW", "W", "Y,YYY", "YYYY", "YYY", "YY", "Y":
		mode = -1
	}
	if mode == 0 || r.iso == 0 || r.iso == mode {
		if mode != 0 {
			r.iso = mode
		}
		return nil
	}
	e := sqlError("22007", "invalid combination of date conventions")
	e.Hint = "Do not mix Gregorian and ISO week date conventions in a formatting template."
	return e
}

func (r *timeReader) field(n *formatNode) error {
	f := strings.ToUpper(n.field)
	if err := r.setMode(f); err != nil {
		return err
	}
	var err error
	switch f {
	case "A.M.", "P.M.", "AM", "PM":
		words := []string{"am", "pm"}
		if len(f) == 4 {
			words = []string{"a.m.", "p.m."}
		}
		r.twelve = true
		return r.word(n, words, &r.pm, 0)
	case "A.D.", "B.C.", "AD", "BC":
		words := []string{"ad", "bc"}
		if len(f) == 4 {
			words = []string{"a.d.", "b.c."}
		}
		return r.word(n, words, &r.bc, 0)
	case "MONTH":
		return r.word(n, monthNames, &r.mm, 1)
	case "MON":
		return r.word(n, shortMonths, &r.mm, 1)
	case "DAY":
		return r.word(n, dayNames, &r.d, 1)
	case "DY":
		return r.word(n, shortDays, &r.d, 1)
	case "RM":
		return r.romanMonth(n)
	case "TZ", "OF":
		return column.SQLErrorf(column.Unsupported, "0A000", "formatting field \"%s\" is only supported in to_char", n.field)
	case "TZH", "TZM":
		return r.zone(n, f)
	case "Y,YYY":
		err = r.groupedYear(n)
	default:
		err = r.numberField(n, f)
	}
	if err == nil && n.suffix != 0 {
		for range 2 {
			if r.at < len(r.text) {
				_, size := utf8.DecodeRuneInString(r.text[r.at:])
				r.at += size
			}
		}
	}
	return err
}

func (r *timeReader) numberField(n *formatNode, f string) error {
	switch f {
	case "HH", "HH12":
		r.twelve = true
		return r.number(n, &r.hh, 2)
	case "HH24":
		return r.number(n, &r.hh, 2)
	case "MI":
		return r.number(n, &r.mi, 2)
	case "SS":
		return r.number(n, &r.ss, 2)
	case "SSSS", "SSSSS":
		return r.number(n, &r.ssss, len(f))
	case "MS":
		return r.fraction(n, &r.ms, 3, 3)
	case "US":
		return r.fraction(n, &r.us, 6, 6)
	case "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
		r.ff = int(f[2] - '0')
		return r.fraction(n, &r.us, r.ff, 6)
	case "MM":
		return r.number(n, &r.mm, 2)
	case "DDD", "IDDD":
		return r.number(n, &r.ddd, 3)
	case "DD":
		return r.number(n, &r.dd, 2)
	case "D":
		return r.number(n, &r.d, 1)
	case "ID":
		err := r.number(n, &r.d, 1)
		if r.d++; r.d > 7 {
			r.d = 1
		}
		return err
	case "WW", "IW":
		return r.number(n, &r.ww, 2)
	case "W":
		return r.number(n, &r.w, 1)
	case "Q":
		return r.number(n, nil, 1)
	case "CC":
		return r.number(n, &r.cc, 2)
	case "J":
		return r.number(n, &r.j, 1)
	}
	// A year, of so many digits as the field has letters.
	from := r.at
	var year int
	if err := r.number(n, &year, len(f)); err != nil {
		return err
	}
	if len(f) < 4 && r.at-from < 4 {
		year = nearYear(year)
	}
	r.yearDigits = len(f)
	return r.set(n, &r.year, year)
}

// nearYear completes a year of up to three digits to the one nearest to 2020.
func nearYear(y int) int {
	switch {
	case y < 70:
		return y + 2000
	case y < 100:
		return y + 1900
	case y < 520:
		return y + 2000
	case y < 1000:
		return y + 1000
	}
	return y
}

func (r *timeReader) set(n *formatNode, dst *int, v int) error {
	if dst == nil {
		return nil
	}
	if *dst != 0 && *dst != v {
		e := sqlError("22007", "conflicting values for \"%s\" field in formatting string", n.field)
		e.Detail = "This value contradicts a previous setting for the same field type."
		return e
	}
	*dst = v
	return nil
}

// open reports that the number before may have more digits than its field: nothing that follows it is a digit.
func (r *timeReader) open(n *formatNode) bool {
	if n.fill || n.suffix != 0 || r.node+1 == len(r.nodes) {
		return true
	}
	next := &r.nodes[r.node+1]
	if next.field == "" {
		return len(next.char) != 1 || next.char[0] < '0' || next.char[0] > '9'
	}
	return wordFields[strings.ToUpper(next.field)]
}

var wordFields = wordSet("A.D. A.M. AD AM B.C. BC DAY DY FX MONTH MON OF P.M. PM RM TZ TZH")

// number reads an integer: so many characters, or as many as there are where open allows it.
func (r *timeReader) number(n *formatNode, dst *int, width int) error {
	start := r.at
	for r.at < len(r.text) && isBlank(r.text[r.at]) {
		r.at++
	}
	shown := r.text[r.at:min(len(r.text), r.at+width)]
	rest := r.text[r.at:]
	if !r.open(n) {
		if len(shown) < width {
			e := sqlError("22007", "source string too short for \"%s\" formatting field", n.field)
			e.Detail = "Field requires " + strconv.Itoa(width) + " characters, but only " + strconv.Itoa(len(shown)) + " remain."
			e.Hint = "If your source string is not fixed-width, try using the \"FM\" modifier."
			return e
		}
		rest = shown
	}
	digits := 0
	if digits < len(rest) && (rest[0] == '-' || rest[0] == '+') {
		digits++
	}
	sign := digits
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	bad := func(detail string) error {
		e := sqlError("22007", "invalid value \"%s\" for \"%s\"", shown, n.field)
		e.Detail = detail
		return e
	}
	if digits == sign {
		r.at = start
		return bad("Value must be an integer.")
	}
	if !r.open(n) && digits < width {
		e := bad("Field requires " + strconv.Itoa(width) + " characters, but only " + strconv.Itoa(digits) + " could be parsed.").(*column.Error)
		e.Hint = "If your source string is not fixed-width, try using the \"FM\" modifier."
		return e
	}
	v, err := strconv.ParseInt(rest[:digits], 10, 32)
	if err != nil {
		return sqlError("22008", "value for \"%s\" in source string is out of range", n.field)
	}
	r.at += digits
	return r.set(n, dst, int(v))
}

// fraction reads decimals of a second: 25 milliseconds are 0.25 seconds, 025 are 0.025.
func (r *timeReader) fraction(n *formatNode, dst *int, width, places int) error {
	from := r.at
	var v int
	if err := r.number(n, &v, width); err != nil {
		return err
	}
	for k := r.at - from; k < places; k++ {
		v *= 10
	}
	*dst = v
	return nil
}

func (r *timeReader) groupedYear(n *formatNode) error {
	head, rest, ok := strings.Cut(r.text[r.at:], ",")
	digits := 0
	for digits < min(3, len(rest)) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	thousands, err := strconv.Atoi(strings.TrimLeft(head, " \t\n\r\v\f"))
	if !ok || err != nil || digits == 0 {
		return sqlError("22007", "invalid input string for \"Y,YYY\"")
	}
	years, _ := strconv.Atoi(rest[:digits])
	r.at += len(head) + 1 + digits
	r.yearDigits = 4
	return r.set(n, &r.year, thousands*1000+years)
}

var (
	monthNames  = strings.Fields("january february march april may june july august september october november december")
	shortMonths = strings.Fields("jan feb mar apr may jun jul aug sep oct nov dec")
	dayNames    = strings.Fields("sunday monday tuesday wednesday thursday friday saturday")
	shortDays   = strings.Fields("sun mon tue wed thu fri sat")
	romanLower  = strings.Fields("xii xi x ix viii vii vi v iv iii ii i")
)

// find gives the word that stands here, whatever its case.
func (r *timeReader) find(n *formatNode, words []string) (int, error) {
	for i, w := range words {
		if len(r.text)-r.at >= len(w) && strings.EqualFold(r.text[r.at:r.at+len(w)], w) {
			r.at += len(w)
			return i, nil
		}
	}
	given, _, _ := strings.Cut(r.text[r.at:], " ")
	e := sqlError("22007", "invalid value \"%s\" for \"%s\"", given, n.field)
	e.Detail = "The given value did not match any of the allowed values for this field."
	return 0, e
}

func (r *timeReader) word(n *formatNode, words []string, dst *int, first int) error {
	i, err := r.find(n, words)
	if err != nil {
		return err
	}
	return r.set(n, dst, i+first)
}

func (r *timeReader) romanMonth(n *formatNode) error {
	i, err := r.find(n, romanLower)
	if err != nil {
		return err
	}
	return r.set(n, &r.mm, 12-i)
}

func (r *timeReader) zone(n *formatNode, f string) error {
	if f == "TZM" {
		if r.tzSign == 0 {
			r.tzSign = 1
		}
		return r.number(n, &r.tzm, 2)
	}
	r.tzSign = 1
	switch c := r.text[min(r.at, len(r.text)-1)]; {
	case r.at < len(r.text) && (c == '+' || c == '-' || c == ' '):
		if c == '-' {
			r.tzSign = -1
		}
		r.at++
	case r.skip > 0 && r.at > 0 && r.text[r.at-1] == '-':
		// The sign was taken for a separator.
		r.tzSign = -1
	}
	return r.number(n, &r.tzh, 2)
}

// civil gives the day and the time within it.
func (r *timeReader) civil() (days, micros int64, err error) {
	outside := sqlError("22008", "date/time field value out of range: \"%s\"", r.text)
	hour, minute, second := r.ssss/3600, r.ssss/60%60, r.ssss%60
	if r.ss != 0 {
		second = r.ss
	}
	if r.mi != 0 {
		minute = r.mi
	}
	if r.hh != 0 {
		hour = r.hh
	}
	if r.twelve {
		if hour < 1 || hour > 12 {
			e := sqlError("22007", "hour \"%d\" is invalid for the 12-hour clock", hour)
			e.Hint = "Use the 24-hour clock, or give an hour between 1 and 12."
			return 0, 0, e
		}
		switch {
		case r.pm != 0 && hour < 12:
			hour += 12
		case r.pm == 0 && hour == 12:
			hour = 0
		}
	}
	y, m, d, err := r.calendar()
	if err != nil {
		return 0, 0, err
	}
	fraction := r.ms*1000 + r.us
	if m < 1 || m > 12 || d < 1 || d > int64(literal.DaysInMonth(y, int(m))) ||
		hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || fraction < 0 || fraction > 999999 {
		return 0, 0, outside
	}
	return literal.DaysFromCivil(y, int(m), int(d)), int64((hour*60+minute)*60+second)*1e6 + int64(fraction), nil
}

// calendar gives year, month and day, whichever fields they come from.
func (r *timeReader) calendar() (y, m, d int64, err error) {
	y, m, d = r.civilYear(), 1, 1
	fromDay := func(days int64) {
		year, month, day := literal.CivilFromDays(days)
		y, m, d = year, int64(month), int64(day)
	}
	if r.j != 0 {
		fromDay(int64(r.j) - 2440588)
	}
	ddd, dd := int64(r.ddd), int64(r.dd)
	if r.ww != 0 && r.iso == 1 {
		day := isoWeekStart(y, int64(r.ww))
		if r.d > 1 {
			day += int64(r.d) - 2
		} else if r.d == 1 {
			day += 6
		}
		fromDay(day)
	} else if r.ww != 0 {
		ddd = int64(r.ww-1)*7 + 1
	}
	if r.w != 0 {
		dd = int64(r.w-1)*7 + 1
	}
	if dd != 0 {
		d = dd
	}
	if r.mm != 0 {
		m = int64(r.mm)
	}
	if ddd == 0 || m > 1 && d > 1 {
		return y, m, d, nil
	}
	if y == 0 && r.bc == 0 {
		return 0, 0, 0, sqlError("22007", "cannot calculate day of year without year information")
	}
	if r.iso == 1 {
		fromDay(isoWeekStart(y, 1) + ddd - 1)
		return y, m, d, nil
	}
	first := literal.DaysFromCivil(y, 1, 1)
	if ddd < 1 || ddd > literal.DaysFromCivil(y+1, 1, 1)-first {
		return y, 13, d, nil // out of range
	}
	_, month, day := literal.CivilFromDays(first + ddd - 1)
	if m <= 1 {
		m = int64(month)
	}
	if d <= 1 {
		d = int64(day)
	}
	return y, m, d, nil
}

// civilYear puts year, century and era together; the year before 1 is 0.
func (r *timeReader) civilYear() int64 {
	year, cc := int64(r.year), int64(r.cc)
	if r.bc != 0 {
		cc = -cc
	}
	switch {
	case year != 0 && cc != 0 && r.yearDigits <= 2:
		y := year % 100
		switch {
		case y != 0 && cc >= 0:
			return y + (cc-1)*100
		case y != 0:
			return (cc+1)*100 - y + 1
		case cc >= 0:
			return cc * 100
		}
		return cc*100 + 1
	case year != 0:
		if r.bc != 0 {
			year = -year
		}
		if year < 0 {
			year++
		}
		return year
	case cc > 0:
		return (cc-1)*100 + 1
	case cc < 0:
		return cc*100 + 1
	}
	return 0
}

// isoWeekStart is the Monday of a week by ISO 8601.
func isoWeekStart(year, week int64) int64 {
	fourth := literal.DaysFromCivil(year, 1, 4)
	return fourth - floorMod(fourth+3, 7) + (week-1)*7
}

func (r *timeReader) date() (int64, error) {
	days, _, err := r.civil()
	if err != nil {
		return 0, err
	}
	if days < -2440588 || days > 2145042541 {
		return 0, sqlError("22008", "date out of range: \"%s\"", r.text)
	}
	return days, nil
}

func (r *timeReader) instant(loc *time.Location) (int64, error) {
	days, micros, err := r.civil()
	if err != nil {
		return 0, err
	}
	if days < math.MinInt64/literal.MicrosPerDay || days > math.MaxInt64/literal.MicrosPerDay-1 {
		return 0, outOfRange(tTimestampTZ)
	}
	v := days*literal.MicrosPerDay + micros
	if r.tzSign != 0 {
		if r.tzh < 0 || r.tzh > 15 || r.tzm < 0 || r.tzm > 59 {
			return 0, sqlError("22009", "time zone displacement out of range: \"%s\"", r.text)
		}
		v -= int64(r.tzSign) * int64(r.tzh*60+r.tzm) * 60e6
	} else {
		v = fromLocal(v, loc)
	}
	if !literal.InRange(v, tTimestampTZ) {
		return 0, outOfRange(tTimestampTZ)
	}
	if r.ff > 0 {
		v = roundMicros(v, int64(r.ff))
	}
	return v, nil
}
