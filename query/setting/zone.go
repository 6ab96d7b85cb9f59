package setting

import (
	_ "embed"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones must be known where the system has no files of them

	"github.com/automatanexus/aegis-db/column/literal"
)

// zoneNames are the names of the zone database that comes with Go, one a line: the database itself cannot be listed.
//
//go:embed zones.txt
var zoneNames string

// ZoneNames lists the names of time zones, ascending.
func ZoneNames() []string { return strings.Fields(zoneNames) }

// spelled gives a zone's name as the database spells it, by its name in lower case.
var spelled = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for _, n := range ZoneNames() {
		m[strings.ToLower(n)] = n
	}
	return m
})

func checkZone(_ *Values, text string) (string, error) {
	_, name, err := zone(text)
	return name, err
}

// zone finds the zone that SET means, and how SHOW names it. A number counts hours east of Greenwich; names are those of the zone database, or
// of POSIX' form, where letters (or none), or a name in angle brackets, are followed by the hours west of Greenwich. A rule for summer time is not read from
// such a name.
func zone(text string) (*time.Location, string, error) {
	if hours, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil && math.Abs(hours) <= 168 {
		return eastOf(int(math.Round(hours * 3600)))
	}
	if offset, ok := strings.CutPrefix(strings.ToLower(text), "interval "); ok {
		return intervalZone(text, offset)
	}
	if name, ok := spelled()[strings.ToLower(text)]; ok {
		if name == "UTC" {
			return time.UTC, name, nil
		}
		l, err := time.LoadLocation(name)
		if err != nil {
			return nil, "", invalid("TimeZone", text, "", "")
		}
		return l, name, nil
	}
	if l, ok := posixZone(strings.ToUpper(text)); ok {
		return l, strings.ToUpper(text), nil
	}
	return nil, "", invalid("TimeZone", text, "", "")
}

// eastOf gives the zone so many seconds east of Greenwich.
func eastOf(seconds int) (*time.Location, string, error) {
	clock := func(s int) string {
		sign := "+"
		if s < 0 {
			sign, s = "-", -s
		}
		out := sign + twoDigits(s/3600)
		if s%3600 != 0 {
			out += ":" + twoDigits(s/60%60)
		}
		if s%60 != 0 {
			out += ":" + twoDigits(s%60)
		}
		return out
	}
	west := clock(-seconds)
	if seconds == 0 {
		west = "-00"
	}
	return time.FixedZone(clock(seconds), seconds), "<" + clock(seconds) + ">" + west, nil
}

func twoDigits(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// intervalZone reads what SET TIME ZONE INTERVAL was given.
func intervalZone(text, offset string) (*time.Location, string, error) {
	v, err := literal.ParseInterval(strings.Trim(offset, "' "), literal.PostgresIntervals)
	switch {
	case err != nil:
		return nil, "", invalid("TimeZone", text, "", "")
	case v.Months != 0:
		return nil, "", invalid("TimeZone", text, "Cannot specify months in time zone interval.", "")
	case v.Days != 0:
		return nil, "", invalid("TimeZone", text, "Cannot specify days in time zone interval.", "")
	}
	return eastOf(int(v.Micros / literal.MicrosPerSecond))
}

// posixZone reads letters or <name>, and hours west of Greenwich.
func posixZone(text string) (*time.Location, bool) {
	end := 0
	name := ""
	if strings.HasPrefix(text, "<") {
		end = strings.IndexByte(text, '>') + 1
		if end == 0 {
			return nil, false
		}
		name = text[1 : end-1]
	} else {
		for end < len(text) && text[end] >= 'A' && text[end] <= 'Z' {
			end++
		}
		name = text[:end]
	}
	west, ok := offsetSeconds(text[end:])
	if !ok {
		return nil, false
	}
	return time.FixedZone(name, -west), true
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
