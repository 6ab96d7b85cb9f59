package fn

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

// timePattern is the pattern of a time.
type timePattern []formatNode

func parseTimePattern(s string) (timePattern, error) { return parsePattern(s, timeFields, true), nil }

// addTimeFormats adds to_char of times and intervals, and what reads them by a pattern.
func addTimeFormats(r *Registry) {
	for _, t := range []column.Type{tTimestamp, tTimestampTZ, tTimestampNS, tDate} {
		r.add(scalar{name: "to_char", args: types(t, tText), result: tText, stable: t == tTimestampTZ || t == tTimestampNS, doc: "a time by a pattern: YYYY-MM-DD HH24:MI:SS", kernel: timeToChar(t)})
	}
	r.add(
		scalar{name: "to_char", args: types(tInterval, tText), result: tText, doc: "an interval by a pattern", kernel: func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
			a, p := readInterval(args[0]), patternsOf(ctx, args[1], parseTimePattern)
			return eachRow(ctx, tText, writeBytes, n, func(i int) ([]byte, error) {
				nodes, err := p.at(i)
				if err != nil {
					return nil, err
				}
				if len(nodes) == 0 {
					return nil, errNull
				}
				return nodes.format(clockOfInterval(a(i)))
			})
		}},
		scalar{name: "to_date", args: types(tText, tText), result: tDate, doc: "a date read by a pattern", kernel: parsedTime(tDate)},
		scalar{name: "to_timestamp", args: types(tText, tText), result: tTimestampTZ, stable: true, doc: "a time read by a pattern", kernel: parsedTime(tTimestampTZ)},
	)
}

func timeToChar(t column.Type) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		a, p := readInt(args[0]), patternsOf(ctx, args[1], parseTimePattern)
		loc := ctx.Location
		if loc == nil {
			loc = time.UTC
		}
		return eachRow(ctx, tText, writeBytes, n, func(i int) ([]byte, error) {
			nodes, err := p.at(i)
			if err != nil {
				return nil, err
			}
			v := a(i)
			switch t {
			case tDate:
				if v, err = dateToTimestamp(v); err != nil {
					return nil, err
				}
			case tTimestampNS:
				v = nanosToMicros(v)
			}
			if isInfinite(v) || len(nodes) == 0 {
				return nil, errNull
			}
			return nodes.format(clockOf(v, loc, t == tTimestampTZ || t == tTimestampNS))
		})
	}
}

// clock is a time, or an interval, taken apart for a pattern.
type clock struct {
	year                      int64
	month, day                int64
	hour, minute, sec, micros int64
	days                      int64 // since 1970, of a time
	yday                      int64
	zone                      string
	offset                    int // seconds east
	interval                  bool
}

func clockOf(v int64, loc *time.Location, zoned bool) *clock {
	c := &clock{}
	if zoned {
		c.zone, c.offset = time.Unix(floorDiv(v, 1e6), 0).In(loc).Zone()
		v += int64(c.offset) * 1e6
	}
	c.days = floorDiv(v, literal.MicrosPerDay)
	within := v - c.days*literal.MicrosPerDay
	year, month, day := literal.CivilFromDays(c.days)
	c.year, c.month, c.day = year, int64(month), int64(day)
	c.hour, c.minute, c.sec, c.micros = within/3600e6, within/60e6%60, within/1e6%60, within%1e6
	c.yday = c.days - literal.DaysFromCivil(c.year, 1, 1) + 1
	return c
}

func clockOfInterval(v column.Interval) *clock {
	c := &clock{interval: true, year: int64(v.Months / 12), month: int64(v.Months % 12), day: int64(v.Days)}
	c.hour, c.minute, c.sec, c.micros = v.Micros/3600e6, v.Micros/60e6%60, v.Micros/1e6%60, v.Micros%1e6
	c.yday = (c.year*12+c.month)*30 + c.day
	c.days = julianDay(c.year, c.month, c.day) - 2440588
	return c
}

// julianDay counts by PostgreSQL's formula, which takes any month and day.
func julianDay(y, m, d int64) int64 {
	if m > 2 {
		m++
		y += 4800
	} else {
		m += 13
		y += 4799
	}
	century := y / 100
	return y*365 - 32167 + y/4 - century + century/4 + 7834*m/256 + d
}

// shown is the year as it is written: of times before Christ without their sign.
func (c *clock) shown(y int64) int64 {
	if !c.interval && y <= 0 {
		return 1 - y
	}
	return y
}

func (c *clock) isoYear() int64 {
	y, _ := isoWeek(c.days)
	return y
}

func (p timePattern) format(c *clock) ([]byte, error) {
	var out []byte
	for i := range p {
		n := &p[i]
		if n.field == "" {
			out = append(out, n.char...)
			continue
		}
		text, number, err := n.timeField(c)
		if err != nil {
			return nil, err
		}
		out = append(out, text...)
		if number && n.suffix != 0 && text != "" {
			th := ordinalSuffix(text)
			if n.suffix == 'H' {
				th = strings.ToUpper(th)
			}
			out = append(out, th...)
		}
	}
	return out, nil
}

// timeField writes one field; number says that th may stand behind it.
func (n *formatNode) timeField(c *clock) (text string, number bool, err error) {
	if c.interval && notOfIntervals[strings.ToUpper(n.field)] {
		e := sqlError("22007", "invalid format specification for an interval value")
		e.Hint = "Intervals are not tied to specific calendar dates."
		return "", false, e
	}
	if text, ok := n.timeNumber(c); ok {
		return text, true, nil
	}
	return n.timeWord(c), false, nil
}

var notOfIntervals = wordSet("TZ TZH TZM OF A.D. B.C. AD BC MONTH MON DAY DY D ID")

// padded writes a number with leading zeros; a sign takes a place more.
func (n *formatNode) padded(v int64, width int) string {
	if n.fill {
		return strconv.FormatInt(v, 10)
	}
	if v < 0 {
		width++
	}
	return fmt.Sprintf("%0*d", width, v)
}

// counted is padded, but that a sign takes no place more.
func (n *formatNode) counted(v int64, width int) string {
	if n.fill {
		width = 0
	}
	return fmt.Sprintf("%0*d", width, v)
}

func (n *formatNode) timeNumber(c *clock) (text string, ok bool) {
	switch f := strings.ToUpper(n.field); f {
	case "HH24":
		return n.padded(c.hour, 2), true
	case "HH12", "HH":
		h := c.hour % 12
		if h == 0 {
			h = 12
			if c.hour < 0 && !n.fill {
				return "0" + n.padded(h, 2), true
			}
		} else if c.hour < 0 && h > 0 && !n.fill {
			return n.padded(h, 3), true
		}
		return n.padded(h, 2), true
	case "MI":
		return n.padded(c.minute, 2), true
	case "SS":
		return n.padded(c.sec, 2), true
	case "MS":
		return fmt.Sprintf("%03d", c.micros/1000), true
	case "US":
		return fmt.Sprintf("%06d", c.micros), true
	case "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
		digits := int(f[2] - '0')
		v := c.micros
		for range 6 - digits {
			v /= 10
		}
		return fmt.Sprintf("%0*d", digits, v), true
	case "SSSS", "SSSSS":
		return strconv.FormatInt(c.hour*3600+c.minute*60+c.sec, 10), true
	case "MM":
		return n.padded(c.month, 2), true
	case "DDD":
		return n.counted(c.yday, 3), true
	case "IDDD":
		_, w := isoWeek(c.days)
		return n.counted((w-1)*7+floorMod(c.days+3, 7)+1, 3), true
	case "DD":
		return n.counted(c.day, 2), true
	case "D":
		return strconv.FormatInt(floorMod(c.days+4, 7)+1, 10), true
	case "ID":
		return strconv.FormatInt(floorMod(c.days+3, 7)+1, 10), true
	case "WW":
		return n.counted((c.yday-1)/7+1, 2), true
	case "IW":
		_, w := isoWeek(c.days)
		return n.counted(w, 2), true
	case "W":
		return strconv.FormatInt((c.day-1)/7+1, 10), true
	case "Q":
		if c.month == 0 {
			return "", true
		}
		return strconv.FormatInt((c.month-1)/3+1, 10), true
	case "J":
		return strconv.FormatInt(c.days+2440588, 10), true
	}
	return n.yearNumber(c)
}

func (n *formatNode) yearNumber(c *clock) (text string, ok bool) {
	f := strings.ToUpper(n.field)
	y := c.year
	if f[0] == 'I' {
		y, f = c.isoYear(), strings.ReplaceAll(f, "I", "Y")
	}
	switch y = c.shown(y); f {
	case "CC":
		cc := c.year / 100
		switch {
		case c.interval:
		case c.year > 0:
			cc = (c.year-1)/100 + 1
		default:
			cc = c.year/100 - 1
		}
		if cc > 99 || cc < -99 {
			return strconv.FormatInt(cc, 10), true
		}
		return n.padded(cc, 2), true
	case "Y,YYY":
		return fmt.Sprintf("%d,%03d", y/1000, y%1000), true
	case "YYYY":
		return n.padded(y, 4), true
	case "YYY":
		return n.partOfYear(y, 1000, 3), true
	case "YY":
		return n.partOfYear(y, 100, 2), true
	case "Y":
		return strconv.FormatInt(y%10, 10), true
	}
	return "", false
}

// partOfYear keeps the last digits; the width is that of the whole year's sign.
func (n *formatNode) partOfYear(y, modulus int64, width int) string {
	if y < 0 && y%modulus == 0 && !n.fill {
		width++
	}
	return n.padded(y%modulus, width)
}

// romanMonths are filled up to four places.
var romanMonths = []string{"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"}

func (n *formatNode) timeWord(c *clock) string {
	word := func(s string, width int) string {
		switch {
		case strings.ToUpper(n.field) == n.field:
			s = strings.ToUpper(s)
		case strings.ToLower(n.field) == n.field:
			s = strings.ToLower(s)
		}
		if n.fill || n.local {
			width = 0
		}
		return fmt.Sprintf("%-*s", width, s)
	}
	switch strings.ToUpper(n.field) {
	case "MONTH":
		return word(time.Month(c.month).String(), 9)
	case "MON":
		return word(time.Month(c.month).String()[:3], 0)
	case "DAY":
		return word(weekday(c), 9)
	case "DY":
		return word(weekday(c)[:3], 0)
	case "AM", "PM":
		return word(half(c, "am", "pm"), 0)
	case "A.M.", "P.M.":
		return word(half(c, "a.m.", "p.m."), 0)
	case "AD", "BC":
		return word(era(c, "ad", "bc"), 0)
	case "A.D.", "B.C.":
		return word(era(c, "a.d.", "b.c."), 0)
	case "RM":
		if c.month == 0 && c.year == 0 {
			return ""
		}
		return word(romanMonths[romanMonth(c)], 4)
	case "TZ":
		return word(c.zone, 0)
	case "TZH":
		return fmt.Sprintf("%c%02d", signOf(c.offset), abs64(int64(c.offset))/3600)
	case "TZM":
		return fmt.Sprintf("%02d", abs64(int64(c.offset))/60%60)
	case "OF":
		return offsetText(c.offset, n.fill)
	}
	return "" // FX
}

// romanMonth counts the months of negative intervals from the end; whole years end with December.
func romanMonth(c *clock) int64 {
	switch {
	case c.month > 0:
		return c.month - 1
	case c.month < 0:
		return 12 + c.month
	case c.year >= 0:
		return 11
	}
	return 0
}

func weekday(c *clock) string { return time.Weekday(floorMod(c.days+4, 7)).String() }

func era(c *clock, ad, bc string) string {
	if c.year <= 0 {
		return bc
	}
	return ad
}

func half(c *clock, am, pm string) string {
	if c.hour%24 >= 12 {
		return pm
	}
	return am
}

func signOf(offset int) byte {
	if offset < 0 {
		return '-'
	}
	return '+'
}

func offsetText(offset int, fill bool) string {
	o := abs64(int64(offset))
	width := 2
	if fill {
		width = 0
	}
	s := fmt.Sprintf("%c%0*d", signOf(offset), width, o/3600)
	if o/60%60 != 0 {
		s += fmt.Sprintf(":%02d", o/60%60)
	}
	return s
}
