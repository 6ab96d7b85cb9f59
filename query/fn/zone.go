package fn

import (
	"strconv"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/query/expr"
)

// offsetAt is the offset from UTC, in microseconds, that a zone has at an instant.
func offsetAt(micros int64, loc *time.Location) int64 {
	_, seconds := time.Unix(floorDiv(micros, 1e6), 0).In(loc).Zone()
	return int64(seconds) * 1e6
}

// toLocal gives the wall clock of an instant, as microseconds without a zone.
func toLocal(micros int64, loc *time.Location) int64 {
	if loc == nil || loc == time.UTC || isInfinite(micros) {
		return micros
	}
	return micros + offsetAt(micros, loc)
}

// fromLocal gives the instant of a wall clock. A time that a change of the clock skips is read by the offset before the
// change, one that occurs twice by the offset after it: standard time, usually, as PostgreSQL does.
func fromLocal(local int64, loc *time.Location) int64 {
	if loc == nil || loc == time.UTC || isInfinite(local) {
		return local
	}
	const day = 86400e6
	before, after := offsetAt(local-day, loc), offsetAt(local+day, loc)
	if before == after {
		// Two changes within a day are not known to have happened.
		return local - before
	}
	if offsetAt(local-after, loc) == after {
		return local - after
	}
	return local - before
}

type zoneKey string

// zoneNamed finds a zone by name, abbreviation or offset and remembers it.
func zoneNamed(ctx *expr.Context, name string) (*time.Location, error) {
	z, err := ctx.Memo(zoneKey(name), func() (any, error) { return Location(name) })
	if err != nil {
		return nil, err
	}
	return z.(*time.Location), nil
}

// abbreviations are the common zone names of fixed meaning, in hours.
var abbreviations = map[string]float64{
	"utc": 0, "gmt": 0, "z": 0, "wet": 0, "cet": 1, "met": 1, "eet": 2, "msk": 3, "west": 1, "cest": 2, "mest": 2, "eest": 3, "bst": 1,
	"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "akst": -9, "akdt": -8, "hst": -10,
	"jst": 9, "kst": 9, "ist": 2, "sast": 2, "aest": 10, "aedt": 11, "acst": 9.5, "awst": 8, "nzst": 12, "nzdt": 13,
}

// Abbreviations gives the short names of zones that texts may carry, in lower case, and how far east of Greenwich they are.
func Abbreviations() map[string]time.Duration {
	out := make(map[string]time.Duration, len(abbreviations))
	for name, hours := range abbreviations {
		out[name] = time.Duration(hours * float64(time.Hour))
	}
	return out
}

// Location finds the time zone that SQL text names: a name of the zone database, an abbreviation, or an offset, bare or behind
// letters, by the rule of POSIX, where +3 is west of Greenwich. The error is 22023.
func Location(name string) (*time.Location, error) {
	trimmed := strings.TrimSpace(name)
	lower := strings.ToLower(trimmed)
	if lower == "utc" || lower == "gmt" || lower == "z" || lower == "zulu" {
		return time.UTC, nil
	}
	if h, ok := abbreviations[lower]; ok {
		return time.FixedZone(strings.ToUpper(trimmed), int(h*3600)), nil
	}
	letters := strings.IndexAny(lower, "+-0123456789")
	if letters >= 0 && !strings.Contains(lower, "/") {
		if seconds, ok := parseOffset(lower[letters:]); ok {
			return time.FixedZone(trimmed, -seconds), nil
		}
	}
	if trimmed != "" && lower != "local" {
		for _, n := range []string{trimmed, titleZone(lower), strings.ToUpper(trimmed)} {
			if loc, err := time.LoadLocation(n); err == nil {
				return loc, nil
			}
		}
	}
	return nil, sqlError("22023", "time zone \"%s\" not recognized", name)
}

// parseOffset reads [+-]hh[:mm[:ss]] or [+-]hhmm, in seconds.
func parseOffset(s string) (seconds int, ok bool) {
	sign := 1
	switch s[0] {
	case '-':
		sign, s = -1, s[1:]
	case '+':
		s = s[1:]
	}
	parts := strings.Split(s, ":")
	if len(parts) == 1 && len(s) == 4 {
		parts = []string{s[:2], s[2:]}
	}
	if len(parts) > 3 {
		return 0, false
	}
	for i, unit := range []int{3600, 60, 1}[:len(parts)] {
		v, err := strconv.Atoi(parts[i])
		if err != nil || v < 0 || i > 0 && v > 59 || i == 0 && v > 167 {
			return 0, false
		}
		seconds += v * unit
	}
	return sign * seconds, true
}

// titleZone writes america/new_york as America/New_York.
func titleZone(lower string) string {
	b := []byte(lower)
	up := true
	for i, c := range b {
		if up && c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
		up = c == '/' || c == '_' || c == '-'
	}
	return string(b)
}
