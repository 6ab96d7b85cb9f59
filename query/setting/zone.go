package setting

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/timezone"
)

func checkZone(_ *Values, text string) (string, error) {
	_, name, err := zone(text)
	return name, err
}

// zone finds the zone that SET means, and how SHOW names it. A number counts hours east of Greenwich; names are those of the zone database, or
// of POSIX' form.
func zone(text string) (*time.Location, string, error) {
	if hours, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil && math.Abs(hours) <= 168 {
		return eastOf(int(math.Round(hours * 3600)))
	}
	if offset, ok := strings.CutPrefix(strings.ToLower(text), "interval "); ok {
		return intervalZone(text, offset)
	}
	if l, ok := timezone.Named(text); ok {
		return l, l.String(), nil
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
