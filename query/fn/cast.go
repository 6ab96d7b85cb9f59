package fn

import (
	"math"
	"strconv"

	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

// CastContext says where a cast stands: what may be converted without being asked grows with it.
type CastContext uint8

// The contexts.
const (
	Implicit   CastContext = iota // in an expression
	Assignment                    // into a column
	Explicit                      // CAST, ::
)

type castKey struct{ from, to column.Type }

type cast struct {
	how CastContext
	fn  *expr.Function
}

// CanCast reports whether a value of type from may become one of type to in a context.
func (r *Registry) CanCast(from, to column.Type, how CastContext) bool {
	if from == to {
		return true
	}
	c, ok := r.castOf(from, to)
	return ok && c.how <= how
}

// Cast gives the function that converts; nil and true if nothing is to be done, false if there is no such cast in this context.
func (r *Registry) Cast(from, to column.Type, how CastContext) (*expr.Function, bool) {
	if from == to {
		return nil, true
	}
	c, ok := r.castOf(from, to)
	if !ok || c.how > how {
		return nil, false
	}
	return c.fn, true
}

func (r *Registry) addCast(from, to column.Type, how CastContext, safe, stable bool, k Kernel) {
	f := scalar{name: to.String(), args: types(from), result: to, kernel: k, safe: safe, stable: stable, doc: "cast"}.function("cast")
	r.casts[castKey{from, to}] = cast{how, f}
}

func addCasts(r *Registry) {
	// By way of text first; what follows takes the place of some.
	for _, t := range every {
		if t == tText {
			continue
		}
		zoned := t == tTimestampTZ || t == tTimestampNS
		r.addCast(t, tText, Assignment, true, zoned, toText(t))
		r.addCast(tText, t, Explicit, false, zoned || t == tDate || t == tTimestamp, fromText(t))
	}
	addNumberCasts(r)
	addTimeCasts(r)
	r.addCast(tBool, tInt4, Explicit, true, false, kernel1(tInt4, readBool, writeInt, func(_ *expr.Context, a bool) (int64, error) {
		if a {
			return 1, nil
		}
		return 0, nil
	}))
	r.addCast(tInt4, tBool, Explicit, true, false, kernel1(tBool, readInt, writeBool, func(_ *expr.Context, a int64) (bool, error) { return a != 0, nil }))
}

func addNumberCasts(r *Registry) {
	ints := []column.Type{tInt2, tInt4, tInt8}
	for i, from := range ints {
		for j, to := range ints {
			switch {
			case i < j:
				r.addCast(from, to, Implicit, true, false, relabel(to))
			case i > j:
				r.addCast(from, to, Assignment, false, false, narrow(to))
			}
		}
		for _, to := range []column.Type{tFloat4, tFloat8} {
			r.addCast(from, to, Implicit, true, false, intToFloat(to))
			r.addCast(to, from, Assignment, false, false, floatToInt(from))
		}
		r.addCast(from, tNumeric, Implicit, true, false, intToNumeric)
		r.addCast(tNumeric, from, Assignment, false, false, numericToInt(from))
		r.casts[castKey{tNumeric, from}].fn.Scaled = scaledToInt(from)
	}
	r.addCast(tFloat4, tFloat8, Implicit, true, false, relabel(tFloat8))
	r.addCast(tFloat8, tFloat4, Assignment, false, false, kernel1(tFloat4, readFloat, writeFloat, func(_ *expr.Context, a float64) (float64, error) { return roundToReal(a) }))
	for _, t := range []column.Type{tFloat4, tFloat8} {
		digits := map[column.Type]int{tFloat4: 6, tFloat8: 15}[t]
		r.addCast(t, tNumeric, Assignment, true, false, kernel1(tNumeric, readFloat, writeDecimal, func(_ *expr.Context, a float64) (*apd.Decimal, error) {
			return floatToDecimal(a, digits), nil
		}))
		r.addCast(tNumeric, t, Implicit, false, false, numericToFloat(t))
	}
	r.casts[castKey{tNumeric, tFloat8}].fn.Scaled = scaledToFloat
}

func relabel(t column.Type) Kernel {
	return func(_ *expr.Context, args []*column.Vector, _ int) (*column.Vector, error) {
		v := *args[0]
		v.Type = t
		if v.Child != nil {
			child := *v.Child
			child.Type = t
			v.Child = &child
		}
		return &v, nil
	}
}

func narrow(t column.Type) Kernel {
	lo, hi := intLimits(t)
	return kernel1(t, readInt, writeInt, func(_ *expr.Context, a int64) (int64, error) {
		if a < lo || a > hi {
			return 0, outOfRange(t)
		}
		return a, nil
	})
}

func intToFloat(t column.Type) Kernel {
	return func(_ *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		a, m := intsOf(args[0])
		out := make([]float64, n)
		if t == tFloat4 {
			for i := range out {
				out[i] = float64(float32(a[i&m]))
			}
		} else {
			for i := range out {
				out[i] = float64(a[i&m])
			}
		}
		return column.NewFloats(t, out, nil), nil
	}
}

func floatToInt(t column.Type) Kernel {
	lo, hi := intLimits(t)
	return kernel1(t, readFloat, writeInt, func(_ *expr.Context, a float64) (int64, error) {
		a = math.RoundToEven(a)
		// The upper end of bigint is no float: the first one beyond it is 2^63.
		if !(a >= float64(lo) && a < float64(hi)+1 && a < 1<<63) {
			return 0, outOfRange(t)
		}
		return int64(a), nil
	})
}

func intToNumeric(_ *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	a, m := intsOf(args[0])
	if m == 0 {
		return column.NewConst(column.NewScaled(a, 0, nil), 0, n), nil
	}
	return column.NewScaled(a[:n], 0, nil), nil
}

func numericToInt(t column.Type) Kernel {
	lo, hi := intLimits(t)
	return kernel1(t, readNumeric, writeInt, func(_ *expr.Context, a *apd.Decimal) (int64, error) {
		if a.Form != apd.Finite {
			what := "NaN"
			if !isNaN(a) {
				what = "infinity"
			}
			return 0, sqlError("0A000", "cannot convert %s to %s", what, t)
		}
		d := rescale(a, 0)
		v, err := d.Int64()
		if err != nil || v < lo || v > hi {
			return 0, outOfRange(t)
		}
		return v, nil
	})
}

func roundToReal(a float64) (float64, error) {
	v := float64(float32(a))
	switch {
	case math.IsInf(v, 0) && !math.IsInf(a, 0):
		return 0, sqlError("22003", "value out of range: overflow")
	case v == 0 && a != 0:
		return 0, sqlError("22003", "value out of range: underflow")
	}
	return v, nil
}

// floatToDecimal keeps the digits that the float is sure of: 15, or 6 of a real.
func floatToDecimal(a float64, digits int) *apd.Decimal {
	switch {
	case a != a:
		return nan()
	case math.IsInf(a, 0):
		return inf(a < 0)
	}
	d := new(apd.Decimal)
	setDecimal(d, strconv.AppendFloat(nil, a, 'e', digits-1, 64))
	return dropZeros(d)
}

// dropZeros removes decimals that are zero, as %g does.
func dropZeros(d *apd.Decimal) *apd.Decimal {
	out := new(apd.Decimal)
	out.Reduce(d)
	if out.Exponent > 0 || out.IsZero() {
		return toScale(out, 0, false)
	}
	return out
}

func numericToFloat(t column.Type) Kernel {
	return kernel1(t, readBytes, writeFloat, func(_ *expr.Context, a []byte) (float64, error) {
		switch string(a) {
		case "NaN":
			return math.NaN(), nil
		case "Infinity":
			return math.Inf(1), nil
		case "-Infinity":
			return math.Inf(-1), nil
		}
		return literal.ParseFloat(string(a), t)
	})
}

func literalOptions(ctx *expr.Context) literal.Options {
	opt := ctx.Literals()
	opt.Path = CanonicalPath
	return opt
}

func toText(t column.Type) Kernel {
	switch t.Kind {
	case column.Bool:
		return kernel1(tText, readBool, writeString, func(_ *expr.Context, a bool) (string, error) {
			if a {
				return "true", nil
			}
			return "false", nil
		})
	case column.Numeric, column.JSON:
		return relabel(tText)
	}
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		v, opt := args[0], literalOptions(ctx)
		b := column.NewBuilder(tText, n)
		var buf []byte
		for i := range n {
			if !ctx.Valid.Get(i) {
				b.AppendNull()
				continue
			}
			buf = literal.Append(buf[:0], v, i, opt)
			b.AppendBytes(buf)
		}
		if err := b.Err(); err != nil {
			return nil, err
		}
		return b.Finish(), nil
	}
}

func fromText(t column.Type) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		text, opt := textsOf(args[0]), literalOptions(ctx)
		b := column.NewBuilder(t, n)
		for i := range n {
			if !ctx.Valid.Get(i) {
				b.AppendNull()
				continue
			}
			if err := literal.Parse(b, t, string(text.at(i)), opt); err != nil {
				return nil, err
			}
		}
		if err := b.Err(); err != nil {
			return nil, err
		}
		return b.Finish(), nil
	}
}
