package fn

import (
	"math"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Where buckets are counted from unless told otherwise: buckets of months from a year's start, all others from a Monday, so
// that weeks begin on Mondays.
const (
	originDay      = 10959 // 2000-01-03
	originMonthDay = 10957 // 2000-01-01
)

// bucketer finds the bucket [lo, hi) of a time, in the time's own unit. width is the length of a bucket, or months is.
type bucketer struct {
	width, origin int64
	months        int64
	perDay        int64
	loc           *time.Location // buckets follow its wall clock; nil = they do not
	next          int64          // end of the last bucket of a fixed width that was found
}

// of gives the bucket; the last one found is tried first by the kernels.
func (b *bucketer) of(v int64) (lo, hi int64, err error) {
	if isInfinite(v) {
		return v, v, nil
	}
	if b.loc != nil {
		c := *b
		c.loc = nil
		scale := b.perDay / literal.MicrosPerDay
		local := toLocal(floorDiv(v, scale), b.loc) * scale
		if lo, _, err = c.of(local); err != nil {
			return 0, 0, err
		}
		// Only the start is right where the clock is changed: no row after the first may rely on hi.
		return fromLocal(lo/scale, b.loc) * scale, v, nil
	}
	if b.months != 0 {
		return b.ofMonths(v)
	}
	// Ascending times fall into the bucket after the last one, which is found without dividing.
	if b.next != 0 && v >= b.next && uint64(v-b.next) < uint64(b.width) && b.next+b.width > b.next {
		lo = b.next
		b.next += b.width
		return lo, b.next, nil
	}
	r := floorMod(floorMod(v, b.width)-b.origin, b.width)
	lo = v - r
	hi = lo + b.width
	if lo > v || hi < lo {
		return 0, 0, sqlError("22008", "timestamp out of range")
	}
	b.next = hi
	return lo, hi, nil
}

func (b *bucketer) ofMonths(v int64) (lo, hi int64, err error) {
	day := floorDiv(v, b.perDay)
	y, m, _ := literal.CivilFromDays(day)
	oy, om, _ := literal.CivilFromDays(b.origin)
	n := (y-oy)*12 + int64(m-om)
	n = floorDiv(n, b.months)*b.months + oy*12 + int64(om-1)
	at := func(n int64) int64 {
		return literal.DaysFromCivil(floorDiv(n, 12), int(floorMod(n, 12))+1, 1) * b.perDay
	}
	return at(n), at(n + b.months), nil
}

// newBucketer checks a width for times of so many units per day (1 for dates). origin is in the same unit.
func newBucketer(iv column.Interval, perDay int64, origin *int64) (*bucketer, error) {
	b := &bucketer{perDay: perDay}
	if iv.Months != 0 {
		if iv.Days != 0 || iv.Micros != 0 {
			return nil, sqlError("22023", "month intervals cannot have day or time component")
		}
		if iv.Months < 0 {
			return nil, sqlError("22023", "period must be greater than 0")
		}
		b.months, b.origin = int64(iv.Months), originMonthDay
		if origin != nil {
			b.origin = floorDiv(*origin, perDay)
		}
		return b, nil
	}
	micros := int64(iv.Days)*literal.MicrosPerDay + iv.Micros
	if micros <= 0 {
		return nil, sqlError("22023", "period must be greater than 0")
	}
	switch {
	case perDay == 1:
		if micros%literal.MicrosPerDay != 0 {
			return nil, sqlError("22023", "interval must not have sub-day precision")
		}
		b.width = micros / literal.MicrosPerDay
	case perDay == literal.NanosPerDay:
		if micros > (1<<63-1)/1000 {
			return nil, sqlError("22008", "interval out of range")
		}
		b.width = micros * 1000
	default:
		b.width = micros
	}
	o := originDay * perDay
	if origin != nil {
		o = *origin
	}
	b.origin = floorMod(o, b.width)
	return b, nil
}

// BucketRuns buckets times that ascend within each run: it looks for each bucket's end instead of looking at every row. bucket gives the bucket
// [lo, hi) of a time. The result is run-end encoded, its runs never crossing one of runs; where that would not pay, it is flat.
func BucketRuns(t column.Type, times []int64, runs []scan.Run, bucket func(v int64) (lo, hi int64, err error)) (*column.Vector, error) {
	var ends []int32
	var values []int64
	rows := 1 // of the last bucket: where times come at an interval, the next one has as many
	for _, r := range runs {
		end := int(r.Start + r.Len)
		for i := int(r.Start); i < end; {
			lo, hi, err := bucket(times[i])
			if err != nil {
				return nil, err
			}
			if ends == nil {
				n := min(len(runs)*bucketsOf(times[i], times[end-1], lo, hi), len(times))
				ends, values = make([]int32, 0, n), make([]int64, 0, n)
			}
			next := i + rows
			if !endsAt(times, next, end, hi) {
				if next = i + stepsTo(times, i, end, hi); !endsAt(times, next, end, hi) {
					next = gallop(times, i, end, hi)
				}
			}
			i, rows = next, next-i
			ends = append(ends, int32(i))
			values = append(values, lo)
		}
	}
	v := &column.Vector{Type: t, Enc: column.RunEnd, Len: len(times), Child: column.NewInts(t, values, nil), Ends: ends}
	if 2*len(ends) > len(times) {
		return column.Flatten(v), nil
	}
	return v, nil
}

// endsAt reports whether the rows of a bucket up to limit end before row next; rows end before row end anyway.
func endsAt(times []int64, next, end int, limit int64) bool {
	return next <= end && times[next-1] < limit && (next == end || times[next] >= limit)
}

// bucketsOf is about how many buckets like [lo, hi) times from first to last lie in, at least one. Times may be infinite.
func bucketsOf(first, last, lo, hi int64) int {
	if span, width := last-first, hi-lo; span >= 0 && width > 0 {
		return int(min(span/width, math.MaxInt32)) + 2
	}
	return 1
}

// stepsTo is how many rows from row i on are below limit if their times go on as they begin, at least one.
func stepsTo(times []int64, i, end int, limit int64) int {
	if i+1 == end {
		return 1
	}
	if step, span := times[i+1]-times[i], limit-1-times[i]; step > 0 && span >= 0 {
		return int(min(span/step, int64(end-i-1))) + 1
	}
	return 1
}

// gallop gives the first row in (i, end] whose time is not below limit, row i being below or of an infinite time.
func gallop(times []int64, i, end int, limit int64) int {
	step := 1
	lo := i + 1
	for lo < end && lo+step < end && times[lo+step] < limit {
		lo += step
		step *= 2
	}
	hi := min(lo+step, end)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if times[mid] < limit {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// bucketArgs says what an overload's arguments after width and time are.
type bucketArgs struct {
	origin, offset, zone int // their places; 0 = none
	// bin is for date_bin, PostgreSQL's: an origin, no months, and errors of its own.
	bin bool
}

func addBuckets(r *Registry) {
	for _, t := range []column.Type{tTimestamp, tTimestampTZ, tTimestampNS, tDate} {
		r.addBucket(t, bucketArgs{})
		r.addBucket(t, bucketArgs{origin: 2})
		r.addBucket(t, bucketArgs{offset: 2})
		if t == tTimestampTZ || t == tTimestampNS {
			r.addBucket(t, bucketArgs{zone: 2})
			r.addBucket(t, bucketArgs{zone: 2, origin: 3})
		}
	}
	for _, t := range []column.Type{tTimestamp, tTimestampTZ} {
		r.addBucket(t, bucketArgs{origin: 2, bin: true})
	}
	for _, t := range []column.Type{tInt2, tInt4, tInt8} {
		r.addIntBucket(t, false)
		r.addIntBucket(t, true)
	}
}

func (r *Registry) addBucket(t column.Type, a bucketArgs) {
	args := types(tInterval, t)
	for i := 2; i <= max(a.origin, a.offset, a.zone); i++ {
		switch i {
		case a.origin:
			args = append(args, t)
		case a.offset:
			args = append(args, tInterval)
		case a.zone:
			args = append(args, tText)
		}
	}
	// Months and days of an offset on an instant follow the session's zone.
	name := "time_bucket"
	if a.bin {
		name = "date_bin"
	}
	f := scalar{name: name, args: args, result: t, stable: a.offset > 0 && t != tTimestamp && t != tDate, doc: "start of the bucket of a width that a time falls into", kernel: bucketKernel(t, a)}.function("")
	if a.zone == 0 && a.offset == 0 {
		f.RunsArg = 1
		f.Runs = func(ctx *expr.Context, vs []*column.Vector, n int) (*column.Vector, error) {
			if vs[0].Enc != column.Const || a.origin > 0 && vs[a.origin].Enc != column.Const || vs[1].HasNulls() {
				return nil, nil
			}
			for _, v := range vs {
				if v.Enc == column.Const && v.HasNulls() {
					return nil, nil
				}
			}
			b, err := a.bucketer(ctx, t, vs, 0)
			if err != nil {
				return nil, err
			}
			return BucketRuns(t, vs[1].Ints[:n], ctx.Runs, b.of)
		}
	}
	r.functions[name] = append(r.functions[name], f)
}

// bucketer reads the arguments of row i.
func (a bucketArgs) bucketer(ctx *expr.Context, t column.Type, vs []*column.Vector, i int) (*bucketer, error) {
	perDay := literal.MicrosPerDay
	switch t {
	case tDate:
		perDay = 1
	case tTimestampNS:
		perDay = literal.NanosPerDay
	}
	var origin *int64
	if a.origin > 0 {
		o := vs[a.origin].Int(i)
		switch {
		case isInfinite(o) && a.bin:
			return nil, sqlError("22008", "origin out of range")
		case isInfinite(o):
			return nil, sqlError("22023", "invalid origin value: infinity")
		}
		origin = &o
	}
	var loc *time.Location
	if a.zone > 0 {
		var err error
		if loc, err = zoneNamed(ctx, string(vs[a.zone].Bytes(i))); err != nil {
			return nil, err
		}
		if origin != nil {
			scale := perDay / literal.MicrosPerDay
			*origin = toLocal(floorDiv(*origin, scale), loc) * scale
		}
	}
	width := vs[0].Interval(i)
	switch {
	case a.bin && width.Months != 0:
		return nil, sqlError("0A000", "timestamps cannot be binned into intervals containing months or years")
	case a.bin && int64(width.Days)*literal.MicrosPerDay+width.Micros <= 0:
		return nil, sqlError("22008", "stride must be greater than zero")
	}
	b, err := newBucketer(width, perDay, origin)
	if err != nil {
		return nil, err
	}
	b.loc = loc
	return b, nil
}

func bucketKernel(t column.Type, a bucketArgs) Kernel {
	return func(ctx *expr.Context, vs []*column.Vector, n int) (*column.Vector, error) {
		if a.offset > 0 {
			return bucketOffset(ctx, t, a, vs, n)
		}
		steady := true
		for k, v := range vs {
			steady = steady && (k == 1 || v.Enc == column.Const)
		}
		times, mask := intsOf(vs[1])
		out := make([]int64, n)
		var b *bucketer
		var err error
		lo, hi := int64(0), int64(0)
		for i := range out {
			v := times[i&mask]
			if steady && lo <= v && v < hi {
				out[i] = lo
				continue
			}
			if !ctx.Valid.Get(i) {
				continue
			}
			if b == nil || !steady {
				if b, err = a.bucketer(ctx, t, vs, i); err != nil {
					return nil, err
				}
			}
			if lo, hi, err = b.of(v); err != nil {
				return nil, err
			}
			out[i] = lo
		}
		return column.NewInts(t, out, nil), nil
	}
}

// bucketOffset buckets the time moved back by the offset, and moves the bucket forth.
func bucketOffset(ctx *expr.Context, t column.Type, a bucketArgs, vs []*column.Vector, n int) (*column.Vector, error) {
	opt := literalOptions(ctx)
	return eachRow(ctx, t, writeInt, n, func(i int) (int64, error) {
		b, err := a.bucketer(ctx, t, vs, i)
		if err != nil {
			return 0, err
		}
		v, off := vs[1].Int(i), vs[a.offset].Interval(i)
		u := t
		if t == tDate {
			// Dates move on the time line of days.
			if off.Micros != 0 {
				return 0, sqlError("22023", "offset of a date must not have a time component")
			}
			d := literal.AddMonths(v, -off.Months) - int64(off.Days)
			lo, _, err := b.of(d)
			return literal.AddMonths(lo, off.Months) + int64(off.Days), err
		}
		if v, err = literal.SubInterval(v, off, u, opt); err != nil {
			return 0, err
		}
		lo, _, err := b.of(v)
		if err != nil {
			return 0, err
		}
		return literal.AddInterval(lo, off, u, opt)
	})
}

func (r *Registry) addIntBucket(t column.Type, offset bool) {
	args := types(t, t)
	if offset {
		args = types(t, t, t)
	}
	min, _ := intLimits(t)
	r.add(scalar{name: "time_bucket", args: args, result: t, doc: "start of the bucket of a width that a number falls into", kernel: func(ctx *expr.Context, vs []*column.Vector, n int) (*column.Vector, error) {
		width, v := readInt(vs[0]), readInt(vs[1])
		return eachRow(ctx, t, writeInt, n, func(i int) (int64, error) {
			w, x, o := width(i), v(i), int64(0)
			if w <= 0 {
				return 0, sqlError("22023", "period must be greater than 0")
			}
			if offset {
				o = floorMod(vs[2].Int(i), w)
			}
			lo := x - floorMod(floorMod(x, w)-o, w)
			if lo > x || lo < min {
				return 0, sqlError("22003", "timestamp out of range")
			}
			return lo, nil
		})
	}})
}
