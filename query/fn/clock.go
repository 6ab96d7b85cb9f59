package fn

import (
	"math"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

const microsPerDay = literal.MicrosPerDay

// withinDay brings a number of microseconds into [0, 24 h).
func withinDay(v int64) int64 { return v - floorDiv(v, microsPerDay)*microsPerDay }

// addClocks adds the types of a time of day: their casts, arithmetic and fields.
func addClocks(r *Registry) {
	addClockCasts(r)
	addClockArithmetic(r)
	addClockFields(r)
	addClockZones(r)
	r.add(
		scalar{name: "current_time", result: tTimeTZ, stable: true, safe: true, doc: "time of day of the transaction's start", kernel: constant(tTimeTZ, func(ctx *expr.Context) int64 {
			return instantToTimeTZ(ctx.Now.UnixMicro(), ctx)
		})},
		scalar{name: "localtime", result: tTime, stable: true, safe: true, doc: "time of day of the transaction's start, without its zone", kernel: constant(tTime, func(ctx *expr.Context) int64 {
			return withinDay(toLocal(ctx.Now.UnixMicro(), ctx.Location))
		})},
		scalar{name: "current_time", args: types(tInt4), result: tTimeTZ, stable: true, doc: "time of day of the transaction's start, to so many decimals", kernel: kernel1(tTimeTZ, readInt, writeInt, func(ctx *expr.Context, p int64) (int64, error) {
			local, east := column.UnpackTimeTZ(instantToTimeTZ(ctx.Now.UnixMicro(), ctx))
			return column.PackTimeTZ(roundTo(local, decimals(p)), east), nil
		})},
		scalar{name: "localtime", args: types(tInt4), result: tTime, stable: true, doc: "time of day of the transaction's start, without its zone, to so many decimals", kernel: kernel1(tTime, readInt, writeInt, func(ctx *expr.Context, p int64) (int64, error) {
			return roundTo(withinDay(toLocal(ctx.Now.UnixMicro(), ctx.Location)), decimals(p)), nil
		})},
		scalar{name: "make_time", args: types(tInt4, tInt4, tFloat8), result: tTime, doc: "time of day of hour, minute and seconds", kernel: kernel3(tTime, readInt, readInt, readFloat, writeInt,
			func(_ *expr.Context, h, m int64, s float64) (int64, error) { return makeTime(h, m, s) })},
	)
}

// decimals is the unit, in microseconds, of so many decimals of a second.
func decimals(p int64) int64 { return int64(math.Pow10(6 - int(min(max(p, 0), 6)))) }

// instantToTimeTZ is the time of day that an instant has in the session's zone.
func instantToTimeTZ(v int64, ctx *expr.Context) int64 {
	local := toLocal(v, ctx.Location)
	return column.PackTimeTZ(withinDay(local), int((local-v)/1e6))
}

func makeTime(h, m int64, s float64) (int64, error) {
	v := math.RoundToEven(s * 1e6)
	if h < 0 || m < 0 || m > 59 || s != s || s < 0 || v > 60e6 || h > 24 || h == 24 && (m > 0 || v > 0) {
		return 0, sqlError("22008", "time field value out of range: %d:%02d:%s", h, m, secondsText(s))
	}
	return h*3600e6 + m*60e6 + int64(v), nil
}

// secondsText prints a number of seconds as PostgreSQL's %02g does.
func secondsText(s float64) string {
	text := strings.TrimSpace(string(literal.AppendFloat(nil, s, tFloat8)))
	if len(text) < 2 {
		text = "0" + text
	}
	return text
}

func addClockCasts(r *Registry) {
	put := func(from, to column.Type, how CastContext, stable bool, f func(ctx *expr.Context, v int64) (int64, error)) {
		r.addCast(from, to, how, true, stable, kernel1(to, readInt, writeInt, f))
	}
	put(tTimestamp, tTime, Assignment, false, func(_ *expr.Context, v int64) (int64, error) {
		if isInfinite(v) {
			return 0, errNull
		}
		return withinDay(v), nil
	})
	put(tTimestampTZ, tTime, Assignment, true, func(ctx *expr.Context, v int64) (int64, error) {
		if isInfinite(v) {
			return 0, errNull
		}
		return withinDay(toLocal(v, ctx.Location)), nil
	})
	put(tTimestampTZ, tTimeTZ, Assignment, true, func(ctx *expr.Context, v int64) (int64, error) {
		if isInfinite(v) {
			return 0, errNull
		}
		return instantToTimeTZ(v, ctx), nil
	})
	put(tTimestampNS, tTime, Assignment, true, func(ctx *expr.Context, v int64) (int64, error) {
		if isInfinite(v) {
			return 0, errNull
		}
		return withinDay(toLocal(nanosToMicros(v), ctx.Location)), nil
	})
	put(tTime, tTimeTZ, Implicit, true, func(ctx *expr.Context, v int64) (int64, error) {
		// The zone's offset is that of today at this time.
		today := timestampToDate(toLocal(ctx.Now.UnixMicro(), ctx.Location))
		local := today*microsPerDay + v
		return column.PackTimeTZ(v, int((local-fromLocal(local, ctx.Location))/1e6)), nil
	})
	put(tTimeTZ, tTime, Assignment, false, func(_ *expr.Context, v int64) (int64, error) {
		local, _ := column.UnpackTimeTZ(v)
		return local, nil
	})
	r.addCast(tTime, tInterval, Implicit, true, false, kernel1(tInterval, readInt, writeInterval, func(_ *expr.Context, v int64) (column.Interval, error) {
		return column.Interval{Micros: v}, nil
	}))
	r.addCast(tInterval, tTime, Assignment, true, false, kernel1(tTime, readInterval, writeInt, func(_ *expr.Context, v column.Interval) (int64, error) {
		return withinDay(v.Micros), nil
	}))
}

func addClockArithmetic(r *Registry) {
	shift := func(v int64, micros int64) int64 { return withinDay(v + micros%microsPerDay) }
	shiftTZ := func(v int64, micros int64) int64 {
		local, east := column.UnpackTimeTZ(v)
		return column.PackTimeTZ(shift(local, micros), east)
	}
	both := func(t column.Type, f func(v, micros int64) int64) {
		r.operator(
			scalar{name: "+", args: types(t, tInterval), result: t, safe: true, doc: "later by an interval, around midnight", kernel: kernel2(t, readInt, readInterval, writeInt, func(_ *expr.Context, v int64, iv column.Interval) (int64, error) { return f(v, iv.Micros), nil })},
			scalar{name: "+", args: types(tInterval, t), result: t, safe: true, doc: "later by an interval, around midnight", kernel: kernel2(t, readInterval, readInt, writeInt, func(_ *expr.Context, iv column.Interval, v int64) (int64, error) { return f(v, iv.Micros), nil })},
			scalar{name: "-", args: types(t, tInterval), result: t, safe: true, doc: "earlier by an interval, around midnight", kernel: kernel2(t, readInt, readInterval, writeInt, func(_ *expr.Context, v int64, iv column.Interval) (int64, error) {
				return f(v, -(iv.Micros % microsPerDay)), nil
			})},
		)
	}
	both(tTime, shift)
	both(tTimeTZ, shiftTZ)
	at := func(day, v int64) (int64, error) {
		ts, err := dateToTimestamp(day)
		if err != nil || isInfinite(ts) {
			return ts, err
		}
		if sum := ts + v; literal.InRange(sum, tTimestamp) {
			return sum, nil
		}
		return 0, outOfRange(tTimestamp)
	}
	atTZ := func(day, v int64) (int64, error) {
		local, east := column.UnpackTimeTZ(v)
		return at(day, local-int64(east)*1e6)
	}
	r.operator(
		scalar{name: "-", args: types(tTime, tTime), result: tInterval, safe: true, doc: "time between", kernel: kernel2(tInterval, readInt, readInt, writeInterval, func(_ *expr.Context, a, b int64) (column.Interval, error) {
			return column.Interval{Micros: a - b}, nil
		})},
		scalar{name: "+", args: types(tDate, tTime), result: tTimestamp, doc: "time stamp of a day and a time of day", kernel: kernel2(tTimestamp, readInt, readInt, writeInt, func(_ *expr.Context, d, v int64) (int64, error) { return at(d, v) })},
		scalar{name: "+", args: types(tTime, tDate), result: tTimestamp, doc: "time stamp of a day and a time of day", kernel: kernel2(tTimestamp, readInt, readInt, writeInt, func(_ *expr.Context, v, d int64) (int64, error) { return at(d, v) })},
		scalar{name: "+", args: types(tDate, tTimeTZ), result: tTimestampTZ, doc: "instant of a day and a time of day", kernel: kernel2(tTimestampTZ, readInt, readInt, writeInt, func(_ *expr.Context, d, v int64) (int64, error) { return atTZ(d, v) })},
		scalar{name: "+", args: types(tTimeTZ, tDate), result: tTimestampTZ, doc: "instant of a day and a time of day", kernel: kernel2(tTimestampTZ, readInt, readInt, writeInt, func(_ *expr.Context, v, d int64) (int64, error) { return atTZ(d, v) })},
	)
}

func addClockFields(r *Registry) {
	for _, t := range []column.Type{tTime, tTimeTZ} {
		get := func(unit []byte, v int64) (field, error) { return clockField(unit, v, t) }
		r.add(
			scalar{name: "extract", args: types(tText, t), result: tNumeric, doc: "a field of a time of day, exact (EXTRACT)", kernel: fieldKernel(tNumeric, get)},
			scalar{name: "date_part", args: types(tText, t), result: tFloat8, doc: "a field of a time of day", kernel: fieldKernel(tFloat8, get)},
		)
	}
}

func clockField(unit []byte, v int64, t column.Type) (field, error) {
	local, east := v, 0
	if t == tTimeTZ {
		local, east = column.UnpackTimeTZ(v)
	}
	switch name := unitName(unit); name {
	case "microseconds":
		return field{local % 60e6, 0}, nil
	case "milliseconds":
		return field{local % 60e6, 3}, nil
	case "second":
		return field{local % 60e6, 6}, nil
	case "minute":
		return field{local / 60e6 % 60, 0}, nil
	case "hour":
		return field{local / 3600e6, 0}, nil
	case "epoch":
		return field{local - int64(east)*1e6, 6}, nil
	case "timezone", "timezone_hour", "timezone_minute":
		if t == tTimeTZ {
			return field{map[string]int64{"timezone": int64(east), "timezone_hour": int64(east / 3600), "timezone_minute": int64(east % 3600 / 60)}[name], 0}, nil
		}
	}
	switch unitName(unit) {
	case "day", "week", "month", "quarter", "year", "decade", "century", "millennium", "julian", "dow", "isodow", "doy", "isoyear", "timezone",
		"timezone_hour", "timezone_minute":
		return field{}, unitError(unit, t)
	}
	return field{}, sqlError("22023", "unit \"%s\" not recognized for type %s", unit, t)
}

// fieldKernel makes the kernel of extract or date_part of a type that is an integer.
func fieldKernel(result column.Type, get func(unit []byte, v int64) (field, error)) Kernel {
	if result == tFloat8 {
		return kernel2(result, readBytes, readInt, writeFloat, func(_ *expr.Context, unit []byte, v int64) (float64, error) {
			f, err := get(unit, v)
			return float64(f.value) / math.Pow10(int(f.scale)), err
		})
	}
	return kernel2(result, readBytes, readInt, writeDecimal, func(_ *expr.Context, unit []byte, v int64) (*apd.Decimal, error) {
		f, err := get(unit, v)
		return apd.New(f.value, -f.scale), err
	})
}

func addClockZones(r *Registry) {
	move := func(v int64, east int) int64 {
		local, before := column.UnpackTimeTZ(v)
		return column.PackTimeTZ(withinDay(local+int64(east-before)*1e6), east)
	}
	r.add(
		scalar{name: "timezone", args: types(tText, tTimeTZ), result: tTimeTZ, stable: true, doc: "time of day in a zone (AT TIME ZONE)", kernel: kernel2(tTimeTZ, readBytes, readInt, writeInt, func(ctx *expr.Context, zone []byte, v int64) (int64, error) {
			loc, err := zoneNamed(ctx, string(zone))
			if err != nil {
				return 0, err
			}
			return move(v, int(offsetAt(ctx.Now.UnixMicro(), loc)/1e6)), nil
		})},
		scalar{name: "timezone", args: types(tInterval, tTimeTZ), result: tTimeTZ, doc: "time of day at an offset", kernel: kernel2(tTimeTZ, readInterval, readInt, writeInt, func(_ *expr.Context, off column.Interval, v int64) (int64, error) {
			if off.Months != 0 || off.Days != 0 {
				return 0, sqlError("22023", "interval time zone \"%s\" must not include months or days", literal.AppendInterval(nil, off))
			}
			return move(v, int(off.Micros/1e6)), nil
		})},
	)
}
