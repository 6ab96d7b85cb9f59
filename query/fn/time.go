package fn

import (
	"math"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

func addTimes(r *Registry) {
	stampParams := strings.Fields("year month mday hour min sec timezone")
	for _, name := range []string{"now", "current_timestamp", "transaction_timestamp", "statement_timestamp"} {
		r.add(scalar{name: name, result: tTimestampTZ, stable: true, safe: true, doc: "time of the transaction's start", kernel: constant(tTimestampTZ, func(ctx *expr.Context) int64 { return ctx.Now.UnixMicro() })})
	}
	r.add(
		scalar{name: "localtimestamp", result: tTimestamp, stable: true, safe: true, doc: "time of the transaction's start, in the session's zone", kernel: constant(tTimestamp, func(ctx *expr.Context) int64 { return toLocal(ctx.Now.UnixMicro(), ctx.Location) })},
		scalar{name: "current_date", result: tDate, stable: true, safe: true, doc: "day of the transaction's start", kernel: constant(tDate, func(ctx *expr.Context) int64 { return timestampToDate(toLocal(ctx.Now.UnixMicro(), ctx.Location)) })},
		scalar{name: "clock_timestamp", result: tTimestampTZ, volatile: true, safe: true, doc: "time of the evaluation", kernel: constant(tTimestampTZ, clockMicros)},
		scalar{name: "timeofday", result: tText, volatile: true, safe: true, doc: "time of the evaluation, as text", kernel: func(ctx *expr.Context, _ []*column.Vector, n int) (*column.Vector, error) {
			loc := ctx.Location
			if loc == nil {
				loc = time.UTC
			}
			return column.NewConst(column.NewStrings(time.UnixMicro(clockMicros(ctx)).In(loc).Format("Mon Jan 02 15:04:05.000000 2006 MST")), 0, n), nil
		}},
		scalar{name: "current_timestamp", args: types(tInt4), result: tTimestampTZ, stable: true, doc: "time of the transaction's start, to so many decimals", kernel: kernel1(tTimestampTZ, readInt, writeInt, func(ctx *expr.Context, p int64) (int64, error) {
			return roundMicros(ctx.Now.UnixMicro(), p), nil
		})},
		scalar{name: "localtimestamp", args: types(tInt4), result: tTimestamp, stable: true, doc: "time of the transaction's start in the session's zone, to so many decimals", kernel: kernel1(tTimestamp, readInt, writeInt, func(ctx *expr.Context, p int64) (int64, error) {
			return roundMicros(toLocal(ctx.Now.UnixMicro(), ctx.Location), p), nil
		})},
		scalar{name: "to_timestamp", args: types(tFloat8), result: tTimestampTZ, doc: "time of so many seconds since 1970", kernel: kernel1(tTimestampTZ, readFloat, writeInt, func(_ *expr.Context, s float64) (int64, error) { return fromSeconds(s) })},
		scalar{name: "make_date", params: []string{"year", "month", "day"}, args: types(tInt4, tInt4, tInt4), result: tDate, doc: "date of year, month and day", kernel: kernel3(tDate, readInt, readInt, readInt, writeInt, func(_ *expr.Context, y, m, d int64) (int64, error) { return makeDate(y, m, d) })},
		scalar{name: "make_timestamp", params: stampParams[:6], args: types(tInt4, tInt4, tInt4, tInt4, tInt4, tFloat8), result: tTimestamp, doc: "time stamp of year, month, day, hour, minute and seconds", kernel: makeTimestamp(tTimestamp)},
		scalar{name: "make_timestamptz", params: stampParams[:6], args: types(tInt4, tInt4, tInt4, tInt4, tInt4, tFloat8), result: tTimestampTZ, stable: true, doc: "instant of year, month, day, hour, minute and seconds in the session's zone", kernel: makeTimestamp(tTimestampTZ)},
		scalar{name: "make_timestamptz", params: stampParams, args: types(tInt4, tInt4, tInt4, tInt4, tInt4, tFloat8, tText), result: tTimestampTZ, doc: "instant of year, month, day, hour, minute and seconds in a zone", kernel: makeTimestamp(tTimestampTZ)},
	)
	intervalArgs := types(tInt4, tInt4, tInt4, tInt4, tInt4, tInt4, tFloat8)
	zero := column.NewInts(tInt4, []int64{0}, nil)
	defaults := []*column.Vector{zero, zero, zero, zero, zero, zero, column.NewFloats(tFloat8, []float64{0}, nil)}
	params := strings.Fields("years months weeks days hours mins secs")
	for n := 0; n <= len(intervalArgs); n++ {
		r.add(scalar{name: "make_interval", args: intervalArgs[:n], params: params[:n], defaults: defaults[:n], result: tInterval, doc: "interval of years, months, weeks, days, hours, minutes and seconds", kernel: makeInterval})
	}
	addZones(r)
	addTimeArithmetic(r)
}

// roundMicros keeps so many decimals of the seconds.
func roundMicros(v, decimals int64) int64 {
	unit := int64(1)
	for range 6 - min(max(decimals, 0), 6) {
		unit *= 10
	}
	if v < 0 {
		return -((-v + unit/2) / unit * unit)
	}
	return (v + unit/2) / unit * unit
}

func constant(t column.Type, f func(ctx *expr.Context) int64) Kernel {
	return func(ctx *expr.Context, _ []*column.Vector, n int) (*column.Vector, error) {
		return column.NewConst(column.NewInts(t, []int64{f(ctx)}, nil), 0, n), nil
	}
}

func addZones(r *Registry) {
	r.add(
		scalar{name: "timezone", args: types(tText, tTimestampTZ), result: tTimestamp, doc: "wall clock of an instant in a zone (AT TIME ZONE)", kernel: kernel2(tTimestamp, readBytes, readInt, writeInt, func(ctx *expr.Context, zone []byte, v int64) (int64, error) {
			loc, err := zoneNamed(ctx, string(zone))
			return toLocal(v, loc), err
		})},
		scalar{name: "timezone", args: types(tText, tTimestamp), result: tTimestampTZ, doc: "instant of a wall clock in a zone (AT TIME ZONE)", kernel: kernel2(tTimestampTZ, readBytes, readInt, writeInt, func(ctx *expr.Context, zone []byte, v int64) (int64, error) {
			return fromNamed(ctx, v, string(zone))
		})},
		scalar{name: "timezone", args: types(tInterval, tTimestampTZ), result: tTimestamp, doc: "wall clock of an instant at an offset", kernel: kernel2(tTimestamp, readInterval, readInt, writeInt, func(_ *expr.Context, off column.Interval, v int64) (int64, error) { return shifted(v, off, 1) })},
		scalar{name: "timezone", args: types(tInterval, tTimestamp), result: tTimestampTZ, doc: "instant of a wall clock at an offset", kernel: kernel2(tTimestampTZ, readInterval, readInt, writeInt, func(_ *expr.Context, off column.Interval, v int64) (int64, error) { return shifted(v, off, -1) })},
		scalar{name: "timezone", args: types(tTimestampTZ), result: tTimestamp, stable: true, safe: true, doc: "wall clock of an instant (AT LOCAL)", kernel: kernel1(tTimestamp, readInt, writeInt, func(ctx *expr.Context, v int64) (int64, error) { return toLocal(v, ctx.Location), nil })},
	)
	for _, t := range []column.Type{tTimestamp, tTimestampTZ, tTimestampNS} {
		r.add(scalar{name: "isfinite", args: types(t), result: tBool, safe: true, doc: "whether it is not infinity", kernel: kernel1(tBool, readInt, writeBool, func(_ *expr.Context, v int64) (bool, error) { return !isInfinite(v), nil })})
	}
	r.add(scalar{name: "isfinite", args: types(tInterval), result: tBool, safe: true, doc: "true: an interval is never infinite", kernel: kernel1(tBool, readInterval, writeBool, func(*expr.Context, column.Interval) (bool, error) { return true, nil })})
	r.add(scalar{name: "isfinite", args: types(tDate), result: tBool, safe: true, doc: "whether it is not infinity", kernel: kernel1(tBool, readInt, writeBool, func(_ *expr.Context, v int64) (bool, error) {
		return v != literal.DateInfinity && v != literal.DateNegInfinity, nil
	})})
}

func shifted(v int64, off column.Interval, sign int64) (int64, error) {
	if off.Months != 0 || off.Days != 0 {
		return 0, sqlError("22023", "interval time zone \"%s\" must not include months or days", literal.AppendInterval(nil, off))
	}
	if isInfinite(v) {
		return v, nil
	}
	return v + sign*off.Micros, nil
}

func addTimeArithmetic(r *Registry) {
	for _, t := range []column.Type{tTimestamp, tTimestampTZ, tTimestampNS} {
		stable := t != tTimestamp
		add := func(ctx *expr.Context, v int64, iv column.Interval) (int64, error) {
			return literal.AddInterval(v, iv, t, literalOptions(ctx))
		}
		r.operator(
			scalar{name: "+", args: types(t, tInterval), result: t, stable: stable, doc: "later by an interval", kernel: kernel2(t, readInt, readInterval, writeInt, add)},
			scalar{name: "+", args: types(tInterval, t), result: t, stable: stable, doc: "later by an interval", kernel: kernel2(t, readInterval, readInt, writeInt, func(ctx *expr.Context, iv column.Interval, v int64) (int64, error) { return add(ctx, v, iv) })},
			scalar{name: "-", args: types(t, tInterval), result: t, stable: stable, doc: "earlier by an interval", kernel: kernel2(t, readInt, readInterval, writeInt, func(ctx *expr.Context, v int64, iv column.Interval) (int64, error) {
				return literal.SubInterval(v, iv, t, literalOptions(ctx))
			})},
			scalar{name: "-", args: types(t, t), result: tInterval, doc: "time between", kernel: kernel2(tInterval, readInt, readInt, writeInterval, func(_ *expr.Context, a, b int64) (column.Interval, error) { return literal.Diff(a, b, t) })},
		)
	}
	dateInterval := func(negate bool) func(ctx *expr.Context, v int64, iv column.Interval) (int64, error) {
		return func(ctx *expr.Context, v int64, iv column.Interval) (int64, error) {
			ts, err := dateToTimestamp(v)
			if err != nil {
				return 0, err
			}
			if negate {
				return literal.SubInterval(ts, iv, tTimestamp, literalOptions(ctx))
			}
			return literal.AddInterval(ts, iv, tTimestamp, literalOptions(ctx))
		}
	}
	days := func(a, b int64) (int64, error) {
		if a == literal.DateInfinity || a == literal.DateNegInfinity {
			return a, nil
		}
		if s := a + b; s >= -2440588 && s <= 2145042541 {
			return s, nil
		}
		return 0, outOfRange(tDate)
	}
	two := func(f func(a, b column.Interval) (column.Interval, error)) Kernel {
		return kernel2(tInterval, readInterval, readInterval, writeInterval, func(_ *expr.Context, a, b column.Interval) (column.Interval, error) { return f(a, b) })
	}
	r.operator(
		scalar{name: "+", args: types(tDate, tInt4), result: tDate, doc: "so many days later", kernel: kernel2(tDate, readInt, readInt, writeInt, func(_ *expr.Context, a, b int64) (int64, error) { return days(a, b) })},
		scalar{name: "+", args: types(tInt4, tDate), result: tDate, doc: "so many days later", kernel: kernel2(tDate, readInt, readInt, writeInt, func(_ *expr.Context, a, b int64) (int64, error) { return days(b, a) })},
		scalar{name: "-", args: types(tDate, tInt4), result: tDate, doc: "so many days earlier", kernel: kernel2(tDate, readInt, readInt, writeInt, func(_ *expr.Context, a, b int64) (int64, error) { return days(a, -b) })},
		scalar{name: "-", args: types(tDate, tDate), result: tInt4, doc: "days between", kernel: kernel2(tInt4, readInt, readInt, writeInt, func(_ *expr.Context, a, b int64) (int64, error) {
			if a == literal.DateInfinity || a == literal.DateNegInfinity || b == literal.DateInfinity || b == literal.DateNegInfinity {
				return 0, sqlError("22008", "cannot subtract infinite dates")
			}
			return a - b, nil
		})},
		scalar{name: "+", args: types(tDate, tInterval), result: tTimestamp, doc: "later by an interval", kernel: kernel2(tTimestamp, readInt, readInterval, writeInt, dateInterval(false))},
		scalar{name: "+", args: types(tInterval, tDate), result: tTimestamp, doc: "later by an interval", kernel: kernel2(tTimestamp, readInterval, readInt, writeInt, func(ctx *expr.Context, iv column.Interval, v int64) (int64, error) {
			return dateInterval(false)(ctx, v, iv)
		})},
		scalar{name: "-", args: types(tDate, tInterval), result: tTimestamp, doc: "earlier by an interval", kernel: kernel2(tTimestamp, readInt, readInterval, writeInt, dateInterval(true))},
		scalar{name: "+", args: types(tInterval, tInterval), result: tInterval, doc: "sum", kernel: two(literal.Sum)},
		scalar{name: "-", args: types(tInterval, tInterval), result: tInterval, doc: "difference", kernel: two(func(a, b column.Interval) (column.Interval, error) {
			n, err := literal.Negate(b)
			if err != nil {
				return n, err
			}
			return literal.Sum(a, n)
		})},
		scalar{name: "-", args: types(tInterval), result: tInterval, doc: "negation", kernel: intervalMap(literal.Negate)},
		scalar{name: "*", args: types(tInterval, tFloat8), result: tInterval, doc: "multiple", kernel: kernel2(tInterval, readInterval, readFloat, writeInterval, func(_ *expr.Context, a column.Interval, b float64) (column.Interval, error) {
			return literal.Multiply(a, b)
		})},
		scalar{name: "*", args: types(tFloat8, tInterval), result: tInterval, doc: "multiple", kernel: kernel2(tInterval, readFloat, readInterval, writeInterval, func(_ *expr.Context, b float64, a column.Interval) (column.Interval, error) {
			return literal.Multiply(a, b)
		})},
		scalar{name: "/", args: types(tInterval, tFloat8), result: tInterval, doc: "part", kernel: kernel2(tInterval, readInterval, readFloat, writeInterval, func(_ *expr.Context, a column.Interval, b float64) (column.Interval, error) {
			return literal.Divide(a, b)
		})},
	)
	r.add(
		scalar{name: "justify_hours", args: types(tInterval), result: tInterval, doc: "24 hours as a day", kernel: intervalMap(literal.JustifyHours)},
		scalar{name: "justify_days", args: types(tInterval), result: tInterval, doc: "30 days as a month", kernel: intervalMap(literal.JustifyDays)},
		scalar{name: "justify_interval", args: types(tInterval), result: tInterval, doc: "24 hours as a day, 30 days as a month, one sign", kernel: intervalMap(literal.JustifyInterval)},
		scalar{name: "age", args: types(tTimestamp, tTimestamp), result: tInterval, doc: "years, months and days between", kernel: kernel2(tInterval, readInt, readInt, writeInterval, func(_ *expr.Context, a, b int64) (column.Interval, error) { return age(a, b) })},
		scalar{name: "age", args: types(tTimestampTZ, tTimestampTZ), result: tInterval, stable: true, doc: "years, months and days between", kernel: kernel2(tInterval, readInt, readInt, writeInterval, func(ctx *expr.Context, a, b int64) (column.Interval, error) {
			return age(toLocal(a, ctx.Location), toLocal(b, ctx.Location))
		})},
		scalar{name: "age", args: types(tTimestamp), result: tInterval, stable: true, doc: "years, months and days up to today", kernel: kernel1(tInterval, readInt, writeInterval, func(ctx *expr.Context, b int64) (column.Interval, error) { return age(midnight(ctx), b) })},
		scalar{name: "age", args: types(tTimestampTZ), result: tInterval, stable: true, doc: "years, months and days up to today", kernel: kernel1(tInterval, readInt, writeInterval, func(ctx *expr.Context, b int64) (column.Interval, error) {
			return age(midnight(ctx), toLocal(b, ctx.Location))
		})},
	)
}

func intervalMap(f func(v column.Interval) (column.Interval, error)) Kernel {
	return kernel1(tInterval, readInterval, writeInterval, func(_ *expr.Context, a column.Interval) (column.Interval, error) { return f(a) })
}

func midnight(ctx *expr.Context) int64 {
	return timestampToDate(toLocal(ctx.Now.UnixMicro(), ctx.Location)) * literal.MicrosPerDay
}

// age counts whole years and months on the calendar, then days and time; days that are missing are borrowed from the month
// of the earlier time.
func age(a, b int64) (column.Interval, error) {
	if a == literal.TimestampNegInfinity || b == literal.TimestampNegInfinity {
		return column.Interval{}, sqlError("22008", "timestamp out of range")
	}
	if a < b {
		v, err := age(b, a)
		if err != nil {
			return v, err
		}
		return literal.Negate(v)
	}
	ad, at := dayAndTime(a)
	bd, bt := dayAndTime(b)
	micros := at - bt
	ay, am, adom := literal.CivilFromDays(ad)
	by, bm, bdom := literal.CivilFromDays(bd)
	months := (ay-by)*12 + int64(am-bm)
	days := int64(adom - bdom)
	if micros < 0 {
		micros += literal.MicrosPerDay
		days--
	}
	if days < 0 {
		days += int64(literal.DaysInMonth(by, bm))
		months--
	}
	return column.Interval{Months: int32(months), Days: int32(days), Micros: micros}, nil
}

// dayAndTime parts a timestamp. Infinity is what PostgreSQL's has in its place: the most microseconds after 2000.
func dayAndTime(v int64) (day, micros int64) {
	if v == literal.TimestampInfinity {
		const epoch = 10957 // 2000-01-01
		return math.MaxInt64/literal.MicrosPerDay + epoch, math.MaxInt64 % literal.MicrosPerDay
	}
	day = floorDiv(v, literal.MicrosPerDay)
	return day, v - day*literal.MicrosPerDay
}

func fromSeconds(s float64) (int64, error) {
	switch {
	case s != s:
		return 0, sqlError("22008", "timestamp cannot be NaN")
	case math.IsInf(s, 1):
		return literal.TimestampInfinity, nil
	case math.IsInf(s, -1):
		return literal.TimestampNegInfinity, nil
	}
	// The whole seconds apart, so that the fraction keeps its digits.
	whole, frac := math.Modf(s)
	if math.Abs(whole) > math.MaxInt64/1e6-2 {
		return 0, sqlError("22008", "timestamp out of range: \"%v\"", s)
	}
	v := int64(whole)*1e6 + int64(math.RoundToEven(frac*1e6))
	if !literal.InRange(v, tTimestampTZ) {
		return 0, sqlError("22008", "timestamp out of range: \"%v\"", s)
	}
	return v, nil
}

// makeDate counts years before Christ from -1.
func makeDate(y, m, d int64) (int64, error) {
	bad := func() error {
		return sqlError("22008", "date field value out of range: %d-%02d-%02d", y, m, d)
	}
	year := y
	if y < 0 {
		year++
	}
	if y == 0 || y < -4800 || y > 5874897 || m < 1 || m > 12 || d < 1 || d > int64(literal.DaysInMonth(year, int(m))) {
		return 0, bad()
	}
	return literal.DaysFromCivil(year, int(m), int(d)), nil
}

func makeTimestamp(t column.Type) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		var part [5]func(int) int64
		for k := range part {
			part[k] = readInt(args[k])
		}
		seconds := readFloat(args[5])
		return eachRow(ctx, t, writeInt, n, func(i int) (int64, error) {
			day, err := makeDate(part[0](i), part[1](i), part[2](i))
			if err != nil {
				return 0, err
			}
			h, m, s := part[3](i), part[4](i), seconds(i)
			if h < 0 || h > 24 || m < 0 || m > 59 || !(s >= 0 && s <= 60) || h == 24 && (m > 0 || s > 0) {
				return 0, sqlError("22008", "time field value out of range: %d:%02d:%02v", h, m, s)
			}
			ts, err := dateToTimestamp(day)
			if err != nil {
				return 0, err
			}
			v := ts + (h*60+m)*60e6 + int64(math.RoundToEven(s*1e6))
			if t == tTimestamp {
				return v, nil
			}
			if len(args) > 6 {
				return fromSane(ctx, v, string(textsOf(args[6]).at(i)))
			}
			return fromLocal(v, ctx.Location), nil
		})
	}
}

func makeInterval(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	return eachRow(ctx, tInterval, writeInterval, n, func(i int) (column.Interval, error) {
		var p [6]int64
		for k := range min(len(args), 6) {
			p[k] = readInt(args[k])(i)
		}
		months, days := p[0]*12+p[1], p[2]*7+p[3]
		micros := (p[4]*60 + p[5]) * 60e6
		if len(args) > 6 {
			part := math.RoundToEven(readFloat(args[6])(i) * 1e6)
			if math.IsNaN(part) || math.IsInf(part, 0) {
				return column.Interval{}, sqlError("22008", "interval out of range")
			}
			micros += int64(part)
		}
		if months != int64(int32(months)) || days != int64(int32(days)) {
			return column.Interval{}, sqlError("22008", "interval out of range")
		}
		return column.Interval{Months: int32(months), Days: int32(days), Micros: micros}, nil
	})
}

// unitName brings the spellings of a field to one.
func unitName(text []byte) string {
	s := strings.ToLower(strings.TrimSpace(string(text)))
	if u, ok := unitAliases[s]; ok {
		return u
	}
	return s
}

var unitAliases = map[string]string{
	"us": "microseconds", "usec": "microseconds", "microsecond": "microseconds", "ms": "milliseconds", "msec": "milliseconds", "millisecond": "milliseconds",
	"s": "second", "sec": "second", "secs": "second", "seconds": "second", "m": "minute", "min": "minute", "mins": "minute", "minutes": "minute",
	"h": "hour", "hr": "hour", "hrs": "hour", "hours": "hour", "d": "day", "days": "day", "w": "week", "weeks": "week", "mon": "month", "mons": "month", "months": "month",
	"qtr": "quarter", "y": "year", "yr": "year", "yrs": "year", "years": "year", "decades": "decade", "dec": "decade", "decs": "decade",
	"c": "century", "cent": "century", "centuries": "century", "mil": "millennium", "mils": "millennium", "millennia": "millennium",
	"timezone_h": "timezone_hour", "timezone_m": "timezone_minute", "dayofweek": "dow", "dayofyear": "doy", "jd": "julian", "j": "julian",
}
