package timezone

import (
	"encoding/binary"
	"strconv"
	"strings"
	"time"
)

// posix reads POSIX' form: a name, which may be empty or in angle brackets, and the hours west of Greenwich; then perhaps the name of summer time, its
// hours and the rule of its days, without which it is that of the United States.
func posix(text string) (*time.Location, bool) {
	name, rest, ok := posixName(text)
	if !ok {
		return nil, false
	}
	end := strings.IndexFunc(rest, func(c rune) bool { return (c < '0' || c > '9') && c != ':' && c != '+' && c != '-' })
	if end < 0 {
		end = len(rest)
	}
	west, ok := offsetSeconds(rest[:end])
	if !ok {
		return nil, false
	}
	if end == len(rest) {
		return withName(text, name, -west)
	}
	summer, rule, ok := posixName(rest[end:])
	if !ok || summer == "" || !ruleForm(rule) {
		return nil, false
	}
	l, err := time.LoadLocationFromTZData(text, database([]period{{name: name, east: -west}}, bracketed(name)+rest[:end]+bracketed(summer)+rule))
	return l, err == nil
}

// withName makes a zone that is always at one distance from Greenwich. Its String is text, which SHOW shows, and its abbreviation name.
func withName(text, name string, east int) (*time.Location, bool) {
	l, err := time.LoadLocationFromTZData(text, database([]period{{name: name, east: east}}, ""))
	return l, err == nil
}

// posixName cuts a zone's name off.
func posixName(text string) (name, rest string, ok bool) {
	if strings.HasPrefix(text, "<") {
		name, rest, ok = strings.Cut(text[1:], ">")
		return name, rest, ok
	}
	end := strings.IndexAny(text, "0123456789,+-")
	if end < 0 {
		end = len(text)
	}
	return text[:end], text[end:], end <= 255
}

func bracketed(name string) string { return "<" + name + ">" }

// ruleForm reports whether text is nothing, or hours and a rule that package time reads too: [hours],start[/time],end[/time].
func ruleForm(text string) bool {
	hours, rule, ruled := strings.Cut(text, ",")
	if hours != "" {
		if _, ok := offsetSeconds(hours); !ok {
			return false
		}
	}
	if !ruled {
		return true
	}
	days := strings.Split(rule, ",")
	if len(days) != 2 {
		return false
	}
	for _, day := range days {
		day, clock, timed := strings.Cut(day, "/")
		if timed {
			if _, ok := offsetSeconds(clock); !ok {
				return false
			}
		}
		if !dayForm(day) {
			return false
		}
	}
	return true
}

// dayForm reports whether text is a day of a year: Jn, n or Mmonth.week.day.
func dayForm(text string) bool {
	within := func(s string, low, high int) bool {
		n, err := strconv.Atoi(s)
		return err == nil && n >= low && n <= high
	}
	switch {
	case strings.HasPrefix(text, "J"):
		return within(text[1:], 1, 365)
	case strings.HasPrefix(text, "M"):
		parts := strings.Split(text[1:], ".")
		return len(parts) == 3 && within(parts[0], 1, 12) && within(parts[1], 1, 5) && within(parts[2], 0, 6)
	}
	return within(text, 0, 365)
}

// offsetSeconds reads [±]h[h][:mm[:ss]].
func offsetSeconds(s string) (seconds int, ok bool) {
	sign := 1
	switch {
	case strings.HasPrefix(s, "-"):
		sign, s = -1, s[1:]
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	}
	parts := strings.Split(s, ":")
	if len(parts) > 3 {
		return 0, false
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 || len(p) > 3 || i > 0 && n > 59 || i == 0 && n > 167 {
			return 0, false
		}
		seconds += n * []int{3600, 60, 1}[i]
	}
	return sign * seconds, true
}

// period is a stretch of time, from a second on, with a distance from Greenwich. The first one's beginning does not count; all have the same name.
type period struct {
	from int64
	name string
	east int
}

// database writes periods, and POSIX' form of what comes after them, in the zone database's format, which is how package time takes rules of one's own.
func database(periods []period, after string) []byte {
	var names strings.Builder
	var changes, kinds, types []byte
	for i, p := range periods {
		if i > 0 {
			changes = binary.BigEndian.AppendUint64(changes, uint64(p.from))
			kinds = append(kinds, byte(i))
		}
		types = binary.BigEndian.AppendUint32(types, uint32(int32(p.east)))
		types = append(types, 0, 0)
		if i == 0 {
			names.WriteString(p.name + "\x00") // all have the first one's
		}
	}
	head := "TZif2" + strings.Repeat("\x00", 15)
	out := []byte(head + strings.Repeat("\x00", 6*4) + head)
	for _, n := range []int{0, 0, 0, len(kinds), len(periods), names.Len()} {
		out = binary.BigEndian.AppendUint32(out, uint32(n))
	}
	out = append(append(append(append(out, changes...), kinds...), types...), names.String()...)
	return append(out, "\n"+after+"\n"...)
}
