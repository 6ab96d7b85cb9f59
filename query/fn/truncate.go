package fn

import (
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
)

func truncateZoned(name string, unit []byte, v int64, t column.Type, loc *time.Location) (int64, error) {
	if isInfinite(v) {
		return v, nil
	}
	micros := v
	if t == tTimestampNS {
		micros = nanosToMicros(v)
	}
	out, err := truncate(name, toLocal(micros, loc), unit, t)
	if err != nil {
		return 0, err
	}
	switch name {
	case "microseconds", "milliseconds", "second", "minute", "hour":
		// Inside a day the offset of the time itself is kept: where an hour occurs twice, each stays where it is.
		out += micros - toLocal(micros, loc)
	default:
		out = fromLocal(out, loc)
	}
	if t == tTimestampNS {
		return microsToNanos(out)
	}
	return out, nil
}

// truncate cuts a wall clock to a unit.
func truncate(name string, v int64, unit []byte, t column.Type) (int64, error) {
	within := func(u int64) (int64, error) { return floorDiv(v, u) * u, nil }
	switch name {
	case "microseconds":
		return v, nil
	case "milliseconds":
		return within(1000)
	case "second":
		return within(1e6)
	case "minute":
		return within(60e6)
	case "hour":
		return within(3600e6)
	case "day":
		return within(literal.MicrosPerDay)
	}
	day := floorDiv(v, literal.MicrosPerDay)
	y, m, _ := literal.CivilFromDays(day)
	switch name {
	case "week":
		return (day - floorMod(day+3, 7)) * literal.MicrosPerDay, nil
	case "month":
	case "quarter":
		m = (m-1)/3*3 + 1
	case "year":
		m = 1
	case "decade":
		y, m = floorDiv(y, 10)*10, 1
	case "century":
		y, m = floorDiv(y-1, 100)*100+1, 1
	case "millennium":
		y, m = floorDiv(y-1, 1000)*1000+1, 1
	default:
		return 0, unknownUnit(unit, t)
	}
	return dateToTimestamp(literal.DaysFromCivil(y, m, 1))
}

func truncateInterval(unit []byte, v column.Interval) (column.Interval, error) {
	cut := func(u int64) (column.Interval, error) {
		v.Micros -= v.Micros % u
		return v, nil
	}
	months := func(u int32) (column.Interval, error) { return column.Interval{Months: v.Months - v.Months%u}, nil }
	switch unitName(unit) {
	case "microseconds":
		return v, nil
	case "milliseconds":
		return cut(1000)
	case "second":
		return cut(1e6)
	case "minute":
		return cut(60e6)
	case "hour":
		return cut(3600e6)
	case "day":
		v.Micros = 0
		return v, nil
	case "month":
		return months(1)
	case "quarter":
		return months(3)
	case "year":
		return months(12)
	case "decade":
		return months(120)
	case "century":
		return months(1200)
	case "millennium":
		return months(12000)
	case "week":
		e := sqlError("0A000", "unit \"%s\" not supported for type interval", unit)
		e.Detail = "Months usually have fractional weeks."
		return v, e
	}
	return v, unknownUnit(unit, tInterval)
}
