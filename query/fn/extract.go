package fn

import (
	"math"

	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

func addExtracts(r *Registry) {
	for _, t := range []column.Type{tTimestamp, tTimestampTZ, tTimestampNS, tDate, tInterval} {
		stable := t == tTimestampTZ || t == tTimestampNS
		r.add(
			scalar{name: "extract", args: types(tText, t), result: tNumeric, stable: stable, doc: "a field of a time, exact (EXTRACT)", kernel: extractKernel(t, tNumeric)},
			scalar{name: "date_part", args: types(tText, t), result: tFloat8, stable: stable, doc: "a field of a time", kernel: extractKernel(t, tFloat8)},
		)
	}
	for _, t := range []column.Type{tTimestamp, tTimestampTZ, tTimestampNS} {
		r.add(scalar{name: "date_trunc", args: types(tText, t), result: t, stable: t != tTimestamp, doc: "cut to a unit", kernel: truncateKernel(t)})
	}
	for _, t := range []column.Type{tTimestampTZ, tTimestampNS} {
		r.add(scalar{name: "date_trunc", args: types(tText, t, tText), result: t, doc: "cut to a unit in a time zone", kernel: kernel3(t, readBytes, readInt, readBytes, writeInt, func(ctx *expr.Context, unit []byte, v int64, zone []byte) (int64, error) {
			loc, err := zoneNamed(ctx, string(zone))
			if err != nil {
				return 0, err
			}
			return truncateZoned(unitName(unit), unit, v, t, loc)
		})})
	}
	r.add(scalar{name: "date_trunc", args: types(tText, tInterval), result: tInterval, doc: "cut to a unit", kernel: kernel2(tInterval, readBytes, readInterval, writeInterval, func(_ *expr.Context, unit []byte, v column.Interval) (column.Interval, error) {
		return truncateInterval(unit, v)
	})})
}

func truncateKernel(t column.Type) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		loc := ctx.Location
		if t == tTimestamp {
			loc = nil
		}
		unit, name := textsOf(args[0]), unitNames(args[0])
		v, m := intsOf(args[1])
		return eachRow(ctx, t, writeInt, n, func(i int) (int64, error) { return truncateZoned(name(i), unit.at(i), v[i&m], t, loc) })
	}
}

// field is the value of a field in units of 10^-scale.
type field struct {
	value int64
	scale int32
}

func extractKernel(t, result column.Type) Kernel {
	get := func(ctx *expr.Context, name string, unit []byte, args *column.Vector, i int) (field, error) {
		if t == tInterval {
			a, m := intervalsOf(args)
			return intervalField(name, a[i&m], unit)
		}
		a, m := intsOf(args)
		v := a[i&m]
		offset := int64(0)
		switch t {
		case tDate:
			infinite := v == literal.DateInfinity || v == literal.DateNegInfinity
			switch name {
			case "microseconds", "milliseconds", "second", "minute", "hour", "timezone", "timezone_hour", "timezone_minute":
				return field{}, unitError(unit, t)
			case "epoch":
				if !infinite {
					return field{v * 86400, 0}, nil
				}
			case "julian":
				if !infinite {
					return field{v + 2440588, 0}, nil
				}
			}
			ts, err := dateToTimestamp(v)
			if err != nil {
				return field{}, err
			}
			v = ts
		case tTimestampNS:
			v = nanosToMicros(v)
			fallthrough
		case tTimestampTZ:
			if isInfinite(v) {
				break
			}
			if name == "epoch" {
				return field{v, 6}, nil
			}
			local := toLocal(v, ctx.Location)
			offset = (local - v) / 1e6
			v = local
			switch name {
			case "timezone":
				return field{offset, 0}, nil
			case "timezone_hour":
				return field{offset / 3600, 0}, nil
			case "timezone_minute":
				return field{offset % 3600 / 60, 0}, nil
			}
		}
		if isInfinite(v) {
			return infiniteField(name, v, unit, t)
		}
		return timeField(name, v, unit, t)
	}
	if result == tFloat8 {
		return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
			unit, name := textsOf(args[0]), unitNames(args[0])
			return eachRow(ctx, result, writeFloat, n, func(i int) (float64, error) {
				f, err := get(ctx, name(i), unit.at(i), args[1], i)
				if f.scale == infiniteScale {
					return math.Inf(int(f.value)), err
				}
				return float64(f.value) / math.Pow10(int(f.scale)), err
			})
		}
	}
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		unit, name := textsOf(args[0]), unitNames(args[0])
		if args[0].Enc == column.Const && args[1].Enc != column.Const {
			v, err := extractScaled(ctx, n, func(i int) (field, error) { return get(ctx, name(0), unit.at(0), args[1], i) })
			if v != nil || err != nil {
				return v, err
			}
		}
		return eachRow(ctx, result, writeDecimal, n, func(i int) (*apd.Decimal, error) {
			f, err := get(ctx, name(i), unit.at(i), args[1], i)
			if f.scale == infiniteScale {
				return inf(f.value < 0), err
			}
			return apd.New(f.value, -f.scale), err
		})
	}
}

// extractScaled gives the fields as integers of one scale; nil where they are not.
func extractScaled(ctx *expr.Context, n int, get func(i int) (field, error)) (*column.Vector, error) {
	out, scale := make([]int64, n), int32(-1)
	for i := range out {
		if !ctx.Valid.Get(i) {
			continue
		}
		f, err := get(i)
		switch {
		case err == errNull || f.scale == infiniteScale || scale >= 0 && f.scale != scale:
			return nil, nil
		case err != nil:
			return nil, err
		}
		out[i], scale = f.value, f.scale
	}
	return column.NewScaled(out, max(scale, 0), nil), nil
}

// unitNames gives the name of the unit of each row; that of a constant is looked up once.
func unitNames(v *column.Vector) func(i int) string {
	unit := textsOf(v)
	if v.Enc == column.Const {
		name := unitName(unit.at(0))
		return func(int) string { return name }
	}
	return func(i int) string { return unitName(unit.at(i)) }
}

// infiniteScale marks a field that is infinite, in the direction of its value.
const infiniteScale = -1

func infiniteField(name string, v int64, unit []byte, t column.Type) (field, error) {
	sign := int64(1)
	if v < 0 {
		sign = -1
	}
	switch name {
	case "year", "decade", "century", "millennium", "isoyear", "julian", "epoch":
		return field{sign, infiniteScale}, nil
	case "microseconds", "milliseconds", "second", "minute", "hour", "day", "month", "quarter", "week", "dow", "isodow", "doy", "timezone", "timezone_hour", "timezone_minute":
		return field{}, errNull
	}
	return field{}, unknownUnit(unit, t)
}

func unitError(unit []byte, t column.Type) error {
	return sqlError("0A000", "unit \"%s\" not supported for type %s", unit, t)
}

func unknownUnit(unit []byte, t column.Type) error {
	switch unitName(unit) {
	case "timezone", "timezone_hour", "timezone_minute", "epoch", "julian", "dow", "isodow", "doy", "isoyear", "week":
		return unitError(unit, t)
	}
	return sqlError("22023", "unit \"%s\" not recognized for type %s", unit, t)
}

// timeField reads a field off a wall clock, in microseconds.
func timeField(name string, v int64, unit []byte, t column.Type) (field, error) {
	day := floorDiv(v, literal.MicrosPerDay)
	within := v - day*literal.MicrosPerDay
	switch name {
	case "microseconds":
		return field{within % 60e6, 0}, nil
	case "milliseconds":
		return field{within % 60e6, 3}, nil
	case "second":
		return field{within % 60e6, 6}, nil
	case "minute":
		return field{within / 60e6 % 60, 0}, nil
	case "hour":
		return field{within / 3600e6, 0}, nil
	case "epoch":
		return field{v, 6}, nil
	case "dow":
		return field{floorMod(day+4, 7), 0}, nil
	case "isodow":
		return field{floorMod(day+3, 7) + 1, 0}, nil
	}
	y, m, d := literal.CivilFromDays(day)
	switch name {
	case "day":
		return field{int64(d), 0}, nil
	case "month":
		return field{int64(m), 0}, nil
	case "quarter":
		return field{int64(m-1)/3 + 1, 0}, nil
	case "year":
		return field{shownYear(y), 0}, nil
	case "decade":
		return field{floorDiv(y, 10), 0}, nil
	case "century":
		return field{century(y, 100), 0}, nil
	case "millennium":
		return field{century(y, 1000), 0}, nil
	case "doy":
		return field{day - literal.DaysFromCivil(y, 1, 1) + 1, 0}, nil
	case "week":
		_, w := isoWeek(day)
		return field{w, 0}, nil
	case "isoyear":
		iy, _ := isoWeek(day)
		return field{shownYear(iy), 0}, nil
	case "julian":
		// The fraction of the day as PostgreSQL divides numerics: twenty decimals.
		return julian(day, within), nil
	}
	return field{}, unknownUnit(unit, t)
}

// julian is exact where the time is a whole day; a fraction is cut to what 64 bits hold.
func julian(day, within int64) field {
	if within == 0 {
		return field{day + 2440588, 0}
	}
	const scale = 1_000_000_000
	return field{(day+2440588)*scale + int64(math.Round(float64(within)/float64(literal.MicrosPerDay)*scale)), 9}
}

// shownYear has no year 0: the year before 1 is -1.
func shownYear(y int64) int64 {
	if y <= 0 {
		return y - 1
	}
	return y
}

// century counts spans of years from the year 1: the first begins there, and there is none of number 0.
func century(y, length int64) int64 {
	if y > 0 {
		return (y + length - 1) / length
	}
	return -((length - 1 - (y - 1)) / length)
}

// isoWeek gives the year and week by ISO 8601: weeks begin on Monday and belong to the year of their Thursday.
func isoWeek(day int64) (year, week int64) {
	thursday := day - floorMod(day+3, 7) + 3
	year, _, _ = literal.CivilFromDays(thursday)
	return year, (thursday-literal.DaysFromCivil(year, 1, 1))/7 + 1
}

func floorMod(a, b int64) int64 {
	m := a % b
	if m < 0 {
		m += b
	}
	return m
}

func intervalField(name string, v column.Interval, unit []byte) (field, error) {
	switch name {
	case "microseconds":
		return field{v.Micros % 60e6, 0}, nil
	case "milliseconds":
		return field{v.Micros % 60e6, 3}, nil
	case "second":
		return field{v.Micros % 60e6, 6}, nil
	case "minute":
		return field{v.Micros / 60e6 % 60, 0}, nil
	case "hour":
		return field{v.Micros / 3600e6, 0}, nil
	case "day":
		return field{int64(v.Days), 0}, nil
	case "month":
		return field{int64(v.Months % 12), 0}, nil
	case "quarter":
		return field{int64(v.Months%12/3) + 1, 0}, nil
	case "year":
		return field{int64(v.Months / 12), 0}, nil
	case "decade":
		return field{int64(v.Months / 120), 0}, nil
	case "century":
		return field{int64(v.Months / 1200), 0}, nil
	case "millennium":
		return field{int64(v.Months / 12000), 0}, nil
	case "epoch":
		// A year counts 365.25 days, a month 30.
		seconds := int64(v.Months/12)*31557600 + (int64(v.Months%12)*30+int64(v.Days))*86400
		const room = math.MaxInt64/1_000_000 - 1
		if whole := abs64(seconds) + abs64(v.Micros/1e6); whole > room {
			return field{}, sqlError("22008", "interval out of range")
		}
		return field{seconds*1e6 + v.Micros, 6}, nil
	}
	return field{}, unknownUnit(unit, tInterval)
}

func abs64(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}
