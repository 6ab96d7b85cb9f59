package fn

import (
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/timezone"
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

// Location finds the time zone that SQL text names: an abbreviation, a name of the zone database, or an offset, bare or behind
// letters, by the rule of POSIX, where +3 is west of Greenwich. The error is 22023.
func Location(name string) (*time.Location, error) {
	if a, ok := timezone.Abbreviated(strings.ToLower(name)); ok {
		if a.East == 0 && a.Zone() == nil {
			return time.UTC, nil
		}
		return a.Location(), nil
	}
	if loc, ok := timezone.Named(name); ok {
		return loc, nil
	}
	return nil, sqlError("22023", "time zone \"%s\" not recognized", name)
}

// fromNamed gives the instant of a wall clock in a zone that text names. An abbreviation is that of its zone's history at the time, whatever the zone's
// clocks do then.
func fromNamed(ctx *expr.Context, local int64, name string) (int64, error) {
	loc, err := zoneNamed(ctx, name)
	if err != nil || isInfinite(local) {
		return local, err
	}
	if a, ok := timezone.Abbreviated(strings.ToLower(name)); ok && a.Zone() != nil {
		east, _ := a.At(floorDiv(fromLocal(local, a.Zone()), 1e6))
		return local - int64(east)*1e6, nil
	}
	return fromLocal(local, loc), nil
}

// fromSane is fromNamed where text that begins with a sign is a displacement, east of Greenwich, and digits without a sign are an error.
func fromSane(ctx *expr.Context, local int64, name string) (int64, error) {
	if name != "" && name[0] >= '0' && name[0] <= '9' {
		e := column.SQLErrorf(column.Invalid, "22023", "invalid input syntax for type numeric time zone: \"%s\"", name)
		e.Hint = "Numeric time zones must have \"-\" or \"+\" as first character."
		return 0, e
	}
	switch east, outOfRange, ok := literal.Displacement(name); {
	case outOfRange:
		return 0, sqlError("22023", "numeric time zone \"%s\" out of range", name)
	case ok:
		return local - int64(east)*1e6, nil
	}
	return fromNamed(ctx, local, name)
}
