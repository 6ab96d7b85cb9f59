package fn

import (
	"fmt"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

func addFormats(r *Registry) {
	for _, t := range []column.Type{tTimestamp, tTimestampTZ, tDate} {
		r.add(scalar{name: "to_char", args: types(t, tText), result: tText, stable: t == tTimestampTZ, doc: "a time by a pattern: YYYY-MM-DD HH24:MI:SS", kernel: kernel2(tText, readInt, readBytes, writeString, func(ctx *expr.Context, v int64, pattern []byte) (string, error) {
			loc := time.UTC
			switch t {
			case tDate:
				ts, err := dateToTimestamp(v)
				if err != nil {
					return "", err
				}
				v = ts
			case tTimestampTZ:
				if ctx.Location != nil {
					loc = ctx.Location
				}
			}
			if isInfinite(v) {
				return "", errNull
			}
			return formatTime(clockOf(v, loc, t == tTimestampTZ), string(pattern)), nil
		})})
	}
}

// clock is a time taken apart for a pattern.
type clock struct {
	year              int64
	month, day        int
	days, micros      int64 // since 1970; within the day
	zone              string
	offset            int // seconds east
	fill              bool
	hour, minute, sec int64
}

func clockOf(v int64, loc *time.Location, zoned bool) *clock {
	c := &clock{}
	if zoned {
		c.zone, c.offset = time.Unix(floorDiv(v, 1e6), 0).In(loc).Zone()
		v += int64(c.offset) * 1e6
	}
	c.days = floorDiv(v, literal.MicrosPerDay)
	c.micros = v - c.days*literal.MicrosPerDay
	c.year, c.month, c.day = literal.CivilFromDays(c.days)
	c.hour, c.minute, c.sec = c.micros/3600e6, c.micros/60e6%60, c.micros/1e6%60
	return c
}

// timePatterns are tried in this order: of two that begin alike the longer stands first.
var timePatterns = []struct {
	name string
	text func(c *clock) string
}{
	{"HH24", func(c *clock) string { return c.number(c.hour, 2) }},
	{"HH12", func(c *clock) string { return c.number(hour12(c), 2) }},
	{"HH", func(c *clock) string { return c.number(hour12(c), 2) }},
	{"MI", func(c *clock) string { return c.number(c.minute, 2) }},
	{"SSSSS", func(c *clock) string { return c.number(c.micros/1e6, 0) }},
	{"SSSS", func(c *clock) string { return c.number(c.micros/1e6, 0) }},
	{"SS", func(c *clock) string { return c.number(c.sec, 2) }},
	{"MS", func(c *clock) string { return c.number(c.micros%1e6/1000, 3) }},
	{"US", func(c *clock) string { return c.number(c.micros%1e6, 6) }},
	{"Y,YYY", func(c *clock) string { y := absYear(c.year); return fmt.Sprintf("%d,%03d", y/1000, y%1000) }},
	{"YYYY", func(c *clock) string { return c.number(absYear(c.year), 4) }},
	{"YYY", func(c *clock) string { return c.number(absYear(c.year)%1000, 3) }},
	{"YY", func(c *clock) string { return c.number(absYear(c.year)%100, 2) }},
	{"Y", func(c *clock) string { return c.number(absYear(c.year)%10, 1) }},
	{"IYYY", func(c *clock) string { y, _ := isoWeek(c.days); return c.number(absYear(y), 4) }},
	{"IDDD", func(c *clock) string { _, w := isoWeek(c.days); return c.number((w-1)*7+floorMod(c.days+3, 7)+1, 3) }},
	{"IW", func(c *clock) string { _, w := isoWeek(c.days); return c.number(w, 2) }},
	{"ID", func(c *clock) string { return c.number(floorMod(c.days+3, 7)+1, 1) }},
	{"MONTH", func(c *clock) string { return strings.ToUpper(c.word(time.Month(c.month).String())) }},
	{"Month", func(c *clock) string { return c.word(time.Month(c.month).String()) }},
	{"month", func(c *clock) string { return strings.ToLower(c.word(time.Month(c.month).String())) }},
	{"MON", func(c *clock) string { return strings.ToUpper(time.Month(c.month).String()[:3]) }},
	{"Mon", func(c *clock) string { return time.Month(c.month).String()[:3] }},
	{"mon", func(c *clock) string { return strings.ToLower(time.Month(c.month).String()[:3]) }},
	{"MM", func(c *clock) string { return c.number(int64(c.month), 2) }},
	{"DAY", func(c *clock) string { return strings.ToUpper(c.word(weekday(c))) }},
	{"Day", func(c *clock) string { return c.word(weekday(c)) }},
	{"day", func(c *clock) string { return strings.ToLower(c.word(weekday(c))) }},
	{"DY", func(c *clock) string { return strings.ToUpper(weekday(c)[:3]) }},
	{"Dy", func(c *clock) string { return weekday(c)[:3] }},
	{"dy", func(c *clock) string { return strings.ToLower(weekday(c)[:3]) }},
	{"DDD", func(c *clock) string { return c.number(dayOfYear(c), 3) }},
	{"DD", func(c *clock) string { return c.number(int64(c.day), 2) }},
	{"D", func(c *clock) string { return c.number(floorMod(c.days+4, 7)+1, 1) }},
	{"WW", func(c *clock) string { return c.number((dayOfYear(c)-1)/7+1, 2) }},
	{"W", func(c *clock) string { return c.number(int64(c.day-1)/7+1, 1) }},
	{"CC", func(c *clock) string { return c.number(century(c.year, 100), 2) }},
	{"Q", func(c *clock) string { return c.number(int64(c.month-1)/3+1, 1) }},
	{"J", func(c *clock) string { return c.number(c.days+2440588, 0) }},
	{"AM", func(c *clock) string { return half(c, "AM", "PM") }},
	{"PM", func(c *clock) string { return half(c, "AM", "PM") }},
	{"am", func(c *clock) string { return half(c, "am", "pm") }},
	{"pm", func(c *clock) string { return half(c, "am", "pm") }},
	{"A.M.", func(c *clock) string { return half(c, "A.M.", "P.M.") }},
	{"P.M.", func(c *clock) string { return half(c, "A.M.", "P.M.") }},
	{"BC", func(c *clock) string { return era(c) }},
	{"AD", func(c *clock) string { return era(c) }},
	{"TZH", func(c *clock) string { return fmt.Sprintf("%c%02d", signOf(c.offset), abs64(int64(c.offset))/3600) }},
	{"TZM", func(c *clock) string { return fmt.Sprintf("%02d", abs64(int64(c.offset))/60%60) }},
	{"TZ", func(c *clock) string { return c.zone }},
	{"tz", func(c *clock) string { return strings.ToLower(c.zone) }},
	{"OF", func(c *clock) string { return offsetText(c.offset) }},
}

// formatTime writes a time by a pattern; what is no pattern, or stands in double quotes, is copied.
func formatTime(c *clock, pattern string) string {
	var b strings.Builder
next:
	for i := 0; i < len(pattern); {
		rest := pattern[i:]
		if rest[0] == '"' {
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 {
				end = len(rest) - 1
			}
			b.WriteString(rest[1 : 1+end])
			i += min(end+2, len(rest))
			continue
		}
		skip := 0
		if c.fill = strings.HasPrefix(rest, "FM") || strings.HasPrefix(rest, "fm"); c.fill {
			skip = 2
		}
		for _, p := range timePatterns {
			body := rest[skip:]
			if strings.HasPrefix(body, p.name) || strings.HasPrefix(body, strings.ToLower(p.name)) && strings.ToUpper(p.name) == p.name && !hasCase(p.name) {
				text := p.text(c)
				i += skip + len(p.name)
				if th := pattern[i:]; strings.HasPrefix(th, "th") || strings.HasPrefix(th, "TH") {
					if text[len(text)-1] >= '0' && text[len(text)-1] <= '9' {
						suffix := ordinalSuffix(text)
						if th[0] == 'T' {
							suffix = strings.ToUpper(suffix)
						}
						text += suffix
						i += 2
					}
				}
				b.WriteString(text)
				continue next
			}
		}
		b.WriteByte(rest[0])
		i++
	}
	return b.String()
}

// hasCase says that a pattern's case tells how the result is written.
func hasCase(name string) bool {
	switch name {
	case "MONTH", "MON", "DAY", "DY", "AM", "PM", "A.M.", "P.M.", "TZ", "BC", "AD":
		return true
	}
	return false
}

func (c *clock) number(v int64, width int) string {
	if c.fill {
		width = 0
	}
	return fmt.Sprintf("%0*d", width, v)
}

// word fills a name with blanks to the length of the longest, as PostgreSQL does.
func (c *clock) word(s string) string {
	if c.fill {
		return s
	}
	return fmt.Sprintf("%-9s", s)
}

func hour12(c *clock) int64 { return (c.hour+11)%12 + 1 }

func weekday(c *clock) string { return time.Weekday(floorMod(c.days+4, 7)).String() }

func dayOfYear(c *clock) int64 { return c.days - literal.DaysFromCivil(c.year, 1, 1) + 1 }

func absYear(y int64) int64 {
	if y <= 0 {
		return 1 - y
	}
	return y
}

func era(c *clock) string {
	if c.year <= 0 {
		return "BC"
	}
	return "AD"
}

func half(c *clock, am, pm string) string {
	if c.hour < 12 {
		return am
	}
	return pm
}

func signOf(offset int) byte {
	if offset < 0 {
		return '-'
	}
	return '+'
}

func offsetText(offset int) string {
	o := abs64(int64(offset))
	s := fmt.Sprintf("%c%02d", signOf(offset), o/3600)
	if o/60%60 != 0 {
		s += fmt.Sprintf(":%02d", o/60%60)
	}
	return s
}

func ordinalSuffix(number string) string {
	n := len(number)
	if n > 1 && number[n-2] == '1' {
		return "th"
	}
	switch number[n-1] {
	case '1':
		return "st"
	case '2':
		return "nd"
	case '3':
		return "rd"
	}
	return "th"
}
