package fn

import (
	"math"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

func addTimeCasts(r *Registry) {
	put := func(from, to column.Type, how CastContext, stable bool, f func(ctx *expr.Context, v int64) (int64, error)) {
		r.addCast(from, to, how, false, stable, kernel1(to, readInt, writeInt, f))
	}
	put(tDate, tTimestamp, Implicit, false, func(_ *expr.Context, v int64) (int64, error) { return dateToTimestamp(v) })
	put(tDate, tTimestampTZ, Implicit, true, func(ctx *expr.Context, v int64) (int64, error) {
		l, err := dateToTimestamp(v)
		if err != nil {
			return 0, err
		}
		return fromLocal(l, ctx.Location), nil
	})
	put(tTimestamp, tTimestampTZ, Implicit, true, func(ctx *expr.Context, v int64) (int64, error) { return fromLocal(v, ctx.Location), nil })
	put(tTimestampTZ, tTimestamp, Assignment, true, func(ctx *expr.Context, v int64) (int64, error) { return toLocal(v, ctx.Location), nil })
	put(tTimestamp, tDate, Assignment, false, func(_ *expr.Context, v int64) (int64, error) { return timestampToDate(v), nil })
	put(tTimestampTZ, tDate, Assignment, true, func(ctx *expr.Context, v int64) (int64, error) {
		return timestampToDate(toLocal(v, ctx.Location)), nil
	})
	// Nanoseconds: to microseconds freely, rounding down, so that a time stays in its bucket; back without loss where there is room.
	put(tTimestampNS, tTimestampTZ, Implicit, false, func(_ *expr.Context, v int64) (int64, error) { return nanosToMicros(v), nil })
	put(tTimestampNS, tTimestamp, Assignment, true, func(ctx *expr.Context, v int64) (int64, error) {
		return toLocal(nanosToMicros(v), ctx.Location), nil
	})
	put(tTimestampNS, tDate, Assignment, true, func(ctx *expr.Context, v int64) (int64, error) {
		return timestampToDate(toLocal(nanosToMicros(v), ctx.Location)), nil
	})
	put(tTimestampTZ, tTimestampNS, Assignment, false, func(_ *expr.Context, v int64) (int64, error) { return microsToNanos(v) })
	put(tTimestamp, tTimestampNS, Assignment, true, func(ctx *expr.Context, v int64) (int64, error) {
		return microsToNanos(fromLocal(v, ctx.Location))
	})
	put(tDate, tTimestampNS, Assignment, true, func(ctx *expr.Context, v int64) (int64, error) {
		l, err := dateToTimestamp(v)
		if err != nil {
			return 0, err
		}
		return microsToNanos(fromLocal(l, ctx.Location))
	})
}

// ComparableNanos is the conversion of a side of a comparison with timestamp_ns: what lies outside of 1678–2262 becomes
// an infinity, which compares as it should, instead of an error. from is date, timestamp or timestamptz.
func ComparableNanos(from column.Type) *expr.Function {
	return scalar{
		name: tTimestampNS.String(), args: types(from), result: tTimestampNS, safe: true, stable: from != tTimestampTZ, doc: "cast",
		kernel: kernel1(tTimestampNS, readInt, writeInt, func(ctx *expr.Context, v int64) (int64, error) {
			switch from {
			case tDate:
				l, err := dateToTimestamp(v)
				if err != nil {
					return saturated(v), nil
				}
				v = fromLocal(l, ctx.Location)
			case tTimestamp:
				v = fromLocal(v, ctx.Location)
			}
			n, err := microsToNanos(v)
			if err != nil {
				return saturated(v), nil
			}
			return n, nil
		}),
	}.function("cast")
}

func saturated(v int64) int64 {
	if v < 0 {
		return literal.TimestampNegInfinity
	}
	return literal.TimestampInfinity
}

func dateToTimestamp(v int64) (int64, error) {
	switch {
	case v == literal.DateInfinity:
		return literal.TimestampInfinity, nil
	case v == literal.DateNegInfinity:
		return literal.TimestampNegInfinity, nil
	case v > math.MaxInt64/literal.MicrosPerDay || v < math.MinInt64/literal.MicrosPerDay:
		return 0, sqlError("22008", "date out of range for timestamp")
	}
	return v * literal.MicrosPerDay, nil
}

func timestampToDate(v int64) int64 {
	switch v {
	case literal.TimestampInfinity:
		return literal.DateInfinity
	case literal.TimestampNegInfinity:
		return literal.DateNegInfinity
	}
	return floorDiv(v, literal.MicrosPerDay)
}

func isInfinite(v int64) bool {
	return v == literal.TimestampInfinity || v == literal.TimestampNegInfinity
}

func nanosToMicros(v int64) int64 {
	if isInfinite(v) {
		return v
	}
	return floorDiv(v, 1000)
}

func microsToNanos(v int64) (int64, error) {
	if isInfinite(v) {
		return v, nil
	}
	if v > math.MaxInt64/1000 || v < math.MinInt64/1000 {
		return 0, sqlError("22008", "timestamp out of range")
	}
	return v * 1000, nil
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
