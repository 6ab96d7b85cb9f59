package literal

import (
	"errors"
	"math"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/timezone"
)

// What can be wrong with a text, before the type and the text are put into the message.
var (
	errFormat   = errors.New("format")
	errField    = errors.New("field")
	errFieldMDY = errors.New("field, perhaps in the order of year, month and day")
	errZone     = errors.New("zone displacement")
)

// ParseTimestamp reads a time stamp of one of the three types, in the type's unit. A zone in the text of a timestamp without
// time zone is read and ignored, as in PostgreSQL; timestamp_ns reads like timestamp with time zone.
func ParseTimestamp(text string, t column.Type, opt Options) (int64, error) {
	var d moment
	d.digits = 6
	if t.Kind == column.TimestampNS {
		d.digits = 9
	}
	if !d.parseISO(text) {
		d = moment{digits: d.digits}
		if err := d.parse(text, opt); err != nil {
			return 0, timeError(err, t, text)
		}
	}
	switch {
	case d.infinite > 0:
		return TimestampInfinity, nil
	case d.infinite < 0:
		return TimestampNegInfinity, nil
	}
	carry := floorDiv(d.within, unitsPerDay(t))
	days, within := d.days+carry, d.within-carry*unitsPerDay(t)
	if t.Kind != column.Timestamp {
		offset, err := d.offset(opt)
		if err != nil {
			return 0, timeError(err, t, text)
		}
		within -= int64(offset) * t.UnitsPerSecond()
		shift := floorDiv(within, unitsPerDay(t))
		days, within = days+shift, within-shift*unitsPerDay(t)
	}
	v, ok := combine(days, within, t)
	if !ok {
		return 0, errorf(datetimeOverflow, "timestamp out of range: \"%s\"", text)
	}
	return v, nil
}

// ParseDate reads a date as a day number. A time of day in the text is checked and ignored.
func ParseDate(text string, opt Options) (int64, error) {
	t := column.T(column.Date)
	d := moment{digits: 6}
	if err := d.parse(text, opt); err != nil {
		return 0, timeError(err, t, text)
	}
	switch {
	case d.infinite > 0:
		return DateInfinity, nil
	case d.infinite < 0:
		return DateNegInfinity, nil
	case d.days < minDay || d.days > maxDay:
		return 0, errorf(datetimeOverflow, "date out of range: \"%s\"", text)
	}
	return d.days, nil
}

func timeError(err error, t column.Type, text string) error {
	name := t.String()
	if t.Kind == column.Timestamp {
		name = "timestamp"
	}
	switch {
	case errors.Is(err, errFormat):
		return errorf(invalidDatetime, "invalid input syntax for type %s: \"%s\"", name, text)
	case errors.Is(err, errFieldMDY):
		e := column.SQLErrorf(column.Invalid, datetimeOverflow, "date/time field value out of range: \"%s\"", text)
		e.Hint = "Perhaps you need a different \"datestyle\" setting."
		return e
	case errors.Is(err, errField):
		return errorf(datetimeOverflow, "date/time field value out of range: \"%s\"", text)
	case errors.Is(err, errZone):
		return errorf(zoneOutOfRange, "time zone displacement out of range: \"%s\"", text)
	}
	return err
}

// moment is what a text said: a local day and time of day, and the zone if there was one.
type moment struct {
	digits int   // of the fraction of a second that count: 6 or 9
	days   int64 // day number
	within int64 // time of day in 10^-digits seconds, perhaps 24 h or more
	zone   *time.Location
	// abbreviation is the zone, if what it means depends on the moment.
	abbreviation *timezone.Abbreviation
	fixed        bool // displace is the zone
	displace     int  // seconds east of Greenwich
	infinite     int  // ±1
	timeOnly     bool // a time of day is wanted, which needs no date
	dated        bool // there was a date
}

// parseISO reads YYYY-MM-DD, a space or T, HH:MM:SS with or without fraction, and then nothing, Z or ±HH[[:]MM]: what
// programs write. On false the text is something else, or wrong, and d is spoiled.
func (d *moment) parseISO(s string) bool {
	if len(s) < 19 || s[4] != '-' || s[7] != '-' || s[10] != ' ' && s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return false
	}
	year := two(s, 0)*100 + two(s, 2)
	month, day, hour, minute, second := two(s, 5), two(s, 8), two(s, 11), two(s, 14), two(s, 17)
	if min(two(s, 0), two(s, 2), month, day, hour, minute, second) < 0 || year < 1 || month < 1 || month > 12 || day < 1 ||
		day > DaysInMonth(int64(year), month) || hour > 23 || minute > 59 || second > 59 {
		return false
	}
	fraction, rest, ok := int64(0), s[19:], true
	if rest != "" && rest[0] == '.' {
		n := 1
		for n < len(rest) && isDigit(rest[n]) {
			n++
		}
		if n == 1 || n-1 > d.digits {
			return false
		}
		fraction, rest = d.fraction(rest[1:n]), rest[n:]
	}
	d.days = DaysFromCivil(int64(year), month, day)
	d.within = int64(hour*3600+minute*60+second)*pow10(d.digits) + fraction
	if rest == "" {
		return true
	}
	d.fixed = true
	if rest == "Z" {
		return true
	}
	d.displace, ok = numericZone(rest)
	return ok
}

// two reads two digits at i; negative if they are none.
func two(s string, i int) int {
	a, b := int(s[i])-'0', int(s[i+1])-'0'
	if a < 0 || a > 9 || b < 0 || b > 9 {
		return -1 << 20
	}
	return a*10 + b
}

func pow10(n int) int64 {
	if n == 9 {
		return 1_000_000_000
	}
	return 1_000_000
}

// fraction reads the digits after a decimal point, rounded to d.digits of them. Where there are more, it rounds the
// way PostgreSQL does, through a double.
func (d *moment) fraction(digits string) int64 {
	if len(digits) > d.digits {
		v := 0.0
		for i := len(digits) - 1; i >= 0; i-- {
			v = (v + float64(digits[i]-'0')) / 10
		}
		return int64(math.RoundToEven(v * float64(pow10(d.digits))))
	}
	v := int64(0)
	for i := range d.digits {
		v *= 10
		if i < len(digits) {
			v += int64(digits[i] - '0')
		}
	}
	return v
}

// offset is the displacement of the moment in seconds: its own, or that of its zone or opt's at that local time.
func (d *moment) offset(opt Options) (int, error) {
	if d.fixed {
		return d.displace, nil
	}
	local := d.days*secondsPerDay + d.within/pow10(d.digits)
	if d.abbreviation != nil {
		east, _ := d.abbreviation.At(local - int64(LocalOffset(local, d.abbreviation.Zone())))
		return east, nil
	}
	zone := d.zone
	if zone == nil {
		if opt.utc() {
			return 0, nil
		}
		zone = opt.Location
	}
	return LocalOffset(local, zone), nil
}

// LocalOffset gives the displacement, in seconds east of Greenwich, that a local time (seconds since 1970 as the clock on the
// wall counts them) has in a zone. A time that the clocks skip is taken as before the change, one that they show twice as
// after it: PostgreSQL's choice.
func LocalOffset(local int64, zone *time.Location) int {
	dayBefore := time.Unix(local-secondsPerDay, 0).In(zone)
	_, before := dayBefore.Zone()
	_, change := dayBefore.ZoneBounds()
	if change.IsZero() {
		return before
	}
	_, after := change.Zone()
	at, ifBefore, ifAfter := change.Unix(), local-int64(before), local-int64(after)
	switch {
	case ifBefore < at && ifAfter < at:
		return before
	case ifBefore > at && ifAfter >= at:
		return after
	case ifBefore > ifAfter:
		return before
	}
	return after
}

// numericZone reads ±HH, ±HHMM, ±HH:MM or ±HH:MM:SS.
func numericZone(s string) (seconds int, ok bool) {
	if len(s) < 2 || !isDigit(s[1]) {
		return 0, false
	}
	seconds, err := displacement(s)
	return seconds, err == nil
}

// Displacement reads ±HH, ±HHMM, ±HH:MM or ±HH:MM:SS as seconds east of Greenwich. If the text is none of these, ok is false.
func Displacement(s string) (seconds int, outOfRange, ok bool) {
	seconds, err := displacement(s)
	return seconds, errors.Is(err, errZone), err == nil
}

// displacement reads what numericZone does, and says what is wrong.
func displacement(s string) (seconds int, err error) {
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0, errFormat
	}
	var part [3]int64
	rest := s[1:]
	for i := range part {
		if part[i], rest, err = integer(rest); err != nil {
			return 0, errZone
		}
		if i == 2 || rest == "" || rest[0] != ':' {
			break
		}
		rest = rest[1:]
	}
	if !strings.Contains(s, ":") && rest == "" && len(s) > 3 {
		part[0], part[1] = part[0]/100, part[0]%100
	}
	switch {
	case part[0] > 15 || part[1] > 59 || part[2] > 59:
		return 0, errZone
	case rest != "":
		return 0, errFormat
	}
	seconds = int(part[0]*3600 + part[1]*60 + part[2])
	if s[0] == '-' {
		seconds = -seconds
	}
	return seconds, nil
}
