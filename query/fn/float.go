package fn

import (
	"math"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

func addFloats(r *Registry) {
	pairs := [][2]column.Type{{tFloat4, tFloat4}, {tFloat8, tFloat8}, {tFloat4, tFloat8}, {tFloat8, tFloat4}}
	for _, p := range pairs {
		t, two := tFloat8, types(p[0], p[1])
		if p[0] == tFloat4 && p[1] == tFloat4 {
			t = tFloat4
		}
		r.operator(
			scalar{name: "+", args: two, result: t, kernel: floatKernel(t, addFloatLoop, false, false), doc: "sum"},
			scalar{name: "-", args: two, result: t, kernel: floatKernel(t, subFloatLoop, false, false), doc: "difference"},
			scalar{name: "*", args: two, result: t, kernel: floatKernel(t, mulFloatLoop, true, false), doc: "product"},
			scalar{name: "/", args: two, result: t, kernel: floatKernel(t, divFloatLoop, true, true), doc: "quotient"},
		)
	}
	for _, t := range []column.Type{tFloat4, tFloat8} {
		r.operator(
			scalar{name: "-", args: types(t), result: t, safe: true, kernel: floatMap(t, func(a float64) float64 { return -a }), doc: "negation"},
			scalar{name: "+", args: types(t), result: t, safe: true, kernel: same, doc: "the value itself"},
			scalar{name: "@", args: types(t), result: t, safe: true, kernel: floatMap(t, math.Abs), doc: "absolute value"},
		)
		r.add(scalar{name: "abs", args: types(t), result: t, safe: true, kernel: floatMap(t, math.Abs), doc: "absolute value"})
	}
	root := func(name, doc string, f func(float64) (float64, error)) {
		r.operator(scalar{
			name: name, args: types(tFloat8), result: tFloat8, doc: doc,
			kernel: kernel1(tFloat8, readFloat, writeFloat, func(_ *expr.Context, a float64) (float64, error) { return f(a) }),
		})
	}
	root("|/", "square root", sqrtFloat)
	root("||/", "cube root", func(a float64) (float64, error) { return math.Cbrt(a), nil })
	one := func(name, doc string, f func(float64) float64) {
		r.add(scalar{name: name, args: types(tFloat8), result: tFloat8, safe: true, kernel: floatMap(tFloat8, f), doc: doc})
	}
	one("ceil", "smallest integer not below", math.Ceil)
	one("ceiling", "smallest integer not below", math.Ceil)
	one("floor", "largest integer not above", math.Floor)
	one("trunc", "integer part", math.Trunc)
	one("round", "nearest integer, ties to the even one", math.RoundToEven)
	one("sign", "-1, 0 or 1", signFloat)
	one("degrees", "radians to degrees", func(a float64) float64 { return a * 180 / math.Pi })
	one("radians", "degrees to radians", func(a float64) float64 { return a * math.Pi / 180 })
	one("cbrt", "cube root", math.Cbrt)
	one("sinh", "hyperbolic sine", math.Sinh)
	one("tanh", "hyperbolic tangent", math.Tanh)
	one("atan", "inverse tangent, in radians", math.Atan)
	one("asinh", "inverse hyperbolic sine", math.Asinh)
	one("cosh", "hyperbolic cosine", math.Cosh)

	risky := func(name, doc string, f func(float64) (float64, error)) {
		r.add(scalar{
			name: name, args: types(tFloat8), result: tFloat8, doc: doc,
			kernel: kernel1(tFloat8, readFloat, writeFloat, func(_ *expr.Context, a float64) (float64, error) { return f(a) }),
		})
	}
	risky("sqrt", "square root", sqrtFloat)
	risky("exp", "e to a power", expFloat)
	risky("ln", "natural logarithm", logFloat(math.Log))
	risky("log", "logarithm to base 10", logFloat(math.Log10))
	risky("log10", "logarithm to base 10", logFloat(math.Log10))
	risky("sin", "sine of radians", bounded(math.Sin, func(a float64) bool { return !math.IsInf(a, 0) }))
	risky("cos", "cosine of radians", bounded(math.Cos, func(a float64) bool { return !math.IsInf(a, 0) }))
	risky("tan", "tangent of radians", bounded(math.Tan, func(a float64) bool { return !math.IsInf(a, 0) }))
	risky("cot", "cotangent of radians", bounded(func(a float64) float64 { return 1 / math.Tan(a) }, func(a float64) bool { return !math.IsInf(a, 0) }))
	risky("asin", "inverse sine, in radians", bounded(math.Asin, func(a float64) bool { return a >= -1 && a <= 1 || a != a }))
	risky("acos", "inverse cosine, in radians", bounded(math.Acos, func(a float64) bool { return a >= -1 && a <= 1 || a != a }))
	risky("acosh", "inverse hyperbolic cosine", bounded(math.Acosh, func(a float64) bool { return a >= 1 || a != a }))
	risky("atanh", "inverse hyperbolic tangent", bounded(math.Atanh, func(a float64) bool { return a >= -1 && a <= 1 || a != a }))
	turn := func(a float64) bool { return !math.IsInf(a, 0) }
	unit := func(a float64) bool { return a >= -1 && a <= 1 || a != a }
	risky("sind", "sine of degrees", bounded(sind, turn))
	risky("cosd", "cosine of degrees", bounded(cosd, turn))
	risky("tand", "tangent of degrees", bounded(tand, turn))
	risky("cotd", "cotangent of degrees", bounded(cotd, turn))
	risky("asind", "inverse sine, in degrees", bounded(asind, unit))
	risky("acosd", "inverse cosine, in degrees", bounded(acosd, unit))
	one("atand", "inverse tangent, in degrees", atand)
	r.add(scalar{name: "atan2d", args: types(tFloat8, tFloat8), result: tFloat8, safe: true, kernel: kernel2(tFloat8, readFloat, readFloat, writeFloat, func(_ *expr.Context, a, b float64) (float64, error) { return atan2d(a, b), nil }), doc: "inverse tangent of a/b, in degrees"})

	power := kernel2(tFloat8, readFloat, readFloat, writeFloat, func(_ *expr.Context, a, b float64) (float64, error) { return powerFloat(a, b) })
	r.add(
		scalar{name: "power", args: types(tFloat8, tFloat8), result: tFloat8, kernel: power, doc: "a to the power of b"},
		scalar{name: "pow", args: types(tFloat8, tFloat8), result: tFloat8, kernel: power, doc: "a to the power of b"},
		scalar{name: "atan2", args: types(tFloat8, tFloat8), result: tFloat8, safe: true, kernel: kernel2(tFloat8, readFloat, readFloat, writeFloat, func(_ *expr.Context, a, b float64) (float64, error) { return math.Atan2(a, b), nil }), doc: "inverse tangent of a/b"},
		scalar{name: "pi", result: tFloat8, safe: true, doc: "3.14159…", kernel: func(*expr.Context, []*column.Vector, int) (*column.Vector, error) {
			return column.NewConst(column.NewFloats(tFloat8, []float64{math.Pi}, nil), 0, 1), nil
		}},
		scalar{name: "width_bucket", args: types(tFloat8, tFloat8, tFloat8, tInt4), result: tInt4, kernel: widthBucket, doc: "number of the bucket, of count equal ones between low and high, that a value falls into"},
	)
	r.operator(scalar{name: "^", args: types(tFloat8, tFloat8), result: tFloat8, kernel: power, doc: "power"})
}

func floatMap(t column.Type, f func(float64) float64) Kernel {
	return func(_ *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		a, m := floatsOf(args[0])
		out := make([]float64, n)
		for i := range out {
			out[i] = f(a[i&m])
		}
		return column.NewFloats(t, out, nil), nil
	}
}

type floatLoop func(out, a, b []float64, am, bm int) (odd bool)

// The loops report whether a result may be odd, that is 0, infinite or NaN: only those can be errors. s-s is 0 for
// numbers and NaN for the others, so that one sum tells whether all of them were numbers.

func addFloatLoop(out, a, b []float64, am, bm int) (odd bool) {
	acc := 0.0
	for i := range out {
		s := a[i&am] + b[i&bm]
		out[i] = s
		acc += s - s
	}
	return acc != 0
}

func subFloatLoop(out, a, b []float64, am, bm int) (odd bool) {
	acc := 0.0
	for i := range out {
		s := a[i&am] - b[i&bm]
		out[i] = s
		acc += s - s
	}
	return acc != 0
}

func mulFloatLoop(out, a, b []float64, am, bm int) (odd bool) {
	acc, zero := 0.0, 1.0
	for i := range out {
		s := a[i&am] * b[i&bm]
		out[i] = s
		acc += s - s
		zero = min(zero, math.Abs(s))
	}
	return acc != 0 || zero == 0
}

func divFloatLoop(out, a, b []float64, am, bm int) (odd bool) {
	acc, zero := 0.0, 1.0
	for i := range out {
		s := a[i&am] / b[i&bm]
		out[i] = s
		acc += s - s
		zero = min(zero, math.Abs(s))
	}
	return acc != 0 || zero == 0
}

// floatKernel runs a loop and checks its odd results: an infinity out of finite numbers is an overflow, a zero out of others
// an underflow (where the operation can underflow).
func floatKernel(t column.Type, loop floatLoop, underflows, divides bool) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		a, am := floatsOf(args[0])
		b, bm := floatsOf(args[1])
		out := make([]float64, n)
		odd := loop(out, a, b, am, bm)
		if t == tFloat4 {
			for i, x := range out {
				y := float64(float32(x))
				out[i] = y
				odd = odd || y-y != 0 || y == 0
			}
		}
		if !odd {
			return column.NewFloats(t, out, nil), nil
		}
		for i, s := range out {
			if s-s == 0 && s != 0 || !ctx.Valid.Get(i) {
				continue
			}
			x, y := a[i&am], b[i&bm]
			switch {
			case divides && y == 0 && x == x:
				return nil, errDivisionByZero
			case math.IsInf(s, 0) && !math.IsInf(x, 0) && !math.IsInf(y, 0):
				return nil, sqlError("22003", "value out of range: overflow")
			case underflows && s == 0 && x != 0 && !(divides && math.IsInf(y, 0)) && (divides || y != 0):
				return nil, sqlError("22003", "value out of range: underflow")
			}
		}
		return column.NewFloats(t, out, nil), nil
	}
}

func signFloat(a float64) float64 {
	switch {
	case a > 0:
		return 1
	case a < 0:
		return -1
	}
	return 0 // and of NaN, as in PostgreSQL
}

func sqrtFloat(a float64) (float64, error) {
	if a < 0 {
		return 0, sqlError("2201F", "cannot take square root of a negative number")
	}
	return math.Sqrt(a), nil
}

func expFloat(a float64) (float64, error) {
	v := math.Exp(a)
	switch {
	case math.IsInf(v, 1) && !math.IsInf(a, 1):
		return 0, sqlError("22003", "value out of range: overflow")
	case v == 0 && !math.IsInf(a, -1):
		return 0, sqlError("22003", "value out of range: underflow")
	}
	return v, nil
}

func logFloat(f func(float64) float64) func(float64) (float64, error) {
	return func(a float64) (float64, error) {
		switch {
		case a == 0:
			return 0, sqlError("2201E", "cannot take logarithm of zero")
		case a < 0:
			return 0, sqlError("2201E", "cannot take logarithm of a negative number")
		}
		return f(a), nil
	}
}

func bounded(f func(float64) float64, inside func(float64) bool) func(float64) (float64, error) {
	return func(a float64) (float64, error) {
		if !inside(a) {
			return 0, sqlError("22003", "input is out of range")
		}
		return f(a), nil
	}
}

func powerFloat(a, b float64) (float64, error) {
	switch {
	case a != a || b != b:
		return math.Pow(a, b), nil
	case a == 0 && b < 0:
		return 0, sqlError("2201F", "zero raised to a negative power is undefined")
	case a < 0 && b != math.Trunc(b):
		return 0, sqlError("2201F", "a negative number raised to a non-integer power yields a complex result")
	}
	v := math.Pow(a, b)
	finite := !math.IsInf(a, 0) && !math.IsInf(b, 0)
	if finite && math.IsInf(v, 0) {
		return 0, sqlError("22003", "value out of range: overflow")
	}
	if finite && v == 0 && a != 0 {
		return 0, sqlError("22003", "value out of range: underflow")
	}
	return v, nil
}

// bucketAbove is the bucket of what is not below the upper bound.
func bucketAbove(count int64) (int64, error) {
	if count == math.MaxInt32 {
		return 0, sqlError("22003", "integer out of range")
	}
	return count + 1, nil
}

func widthBucket(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	x, lo, hi, count := readFloat(args[0]), readFloat(args[1]), readFloat(args[2]), readInt(args[3])
	return eachRow(ctx, tInt4, writeInt, n, func(i int) (int64, error) {
		v, a, b, c := x(i), lo(i), hi(i), count(i)
		switch {
		case c <= 0:
			return 0, sqlError("2201G", "count must be greater than zero")
		case v != v || a != a || b != b:
			return 0, sqlError("2201G", "operand, lower bound, and upper bound cannot be NaN")
		case math.IsInf(a, 0) || math.IsInf(b, 0):
			return 0, sqlError("2201G", "lower and upper bounds must be finite")
		case a == b:
			return 0, sqlError("2201G", "lower bound cannot equal upper bound")
		}
		if a > b {
			v, a, b = -v, -a, -b
		}
		switch {
		case v < a:
			return 0, nil
		case v >= b:
			return bucketAbove(c)
		}
		return min(int64(float64(c)*((v-a)/(b-a)))+1, c), nil
	})
}
