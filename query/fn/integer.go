package fn

import (
	"math"
	"math/bits"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

func addIntegers(r *Registry) {
	for _, t := range []column.Type{tInt2, tInt4, tInt8} {
		two := types(t, t)
		r.operator(
			scalar{name: "+", args: two, result: t, kernel: intKernel(t, addNarrow, addWide), doc: "sum"},
			scalar{name: "-", args: two, result: t, kernel: intKernel(t, subNarrow, subWide), doc: "difference"},
			scalar{name: "*", args: two, result: t, kernel: intKernel(t, mulNarrow, mulWide), doc: "product"},
			scalar{name: "/", args: two, result: t, kernel: intDiv(t), doc: "quotient, cut towards zero"},
			scalar{name: "%", args: two, result: t, kernel: intMod(t), doc: "remainder, with the sign of the dividend"},
			scalar{name: "&", args: two, result: t, safe: true, kernel: kernel2(t, readInt, readInt, writeInt, func(_ *expr.Context, a, b int64) (int64, error) { return a & b, nil }), doc: "bitwise and"},
			scalar{name: "|", args: two, result: t, safe: true, kernel: kernel2(t, readInt, readInt, writeInt, func(_ *expr.Context, a, b int64) (int64, error) { return a | b, nil }), doc: "bitwise or"},
			scalar{name: "#", args: two, result: t, safe: true, kernel: kernel2(t, readInt, readInt, writeInt, func(_ *expr.Context, a, b int64) (int64, error) { return a ^ b, nil }), doc: "bitwise exclusive or"},
			scalar{name: "<<", args: types(t, tInt4), result: t, safe: true, kernel: intShift(t, true), doc: "shift left"},
			scalar{name: ">>", args: types(t, tInt4), result: t, safe: true, kernel: intShift(t, false), doc: "shift right, keeping the sign"},
			scalar{name: "-", args: types(t), result: t, kernel: intUnary(t, negInt), doc: "negation"},
			scalar{name: "+", args: types(t), result: t, safe: true, kernel: same, doc: "the value itself"},
			scalar{name: "~", args: types(t), result: t, safe: true, kernel: intUnary(t, func(a int64) (int64, bool) { return ^a, true }), doc: "bitwise not"},
			scalar{name: "@", args: types(t), result: t, kernel: intUnary(t, absInt), doc: "absolute value"},
		)
		r.add(
			scalar{name: "abs", args: types(t), result: t, kernel: intUnary(t, absInt), doc: "absolute value"},
			scalar{name: "mod", args: two, result: t, kernel: intMod(t), doc: "remainder, with the sign of the dividend"},
		)
	}
	for _, t := range []column.Type{tInt4, tInt8} {
		r.add(
			scalar{name: "gcd", args: types(t, t), result: t, kernel: intPair(t, gcd), doc: "greatest common divisor"},
			scalar{name: "lcm", args: types(t, t), result: t, kernel: intPair(t, lcm), doc: "least common multiple"},
		)
	}
}

func same(_ *expr.Context, args []*column.Vector, _ int) (*column.Vector, error) { return args[0], nil }

// intLimits are the ends of an integer type.
func intLimits(t column.Type) (lo, hi int64) {
	switch t.Kind {
	case column.Int16:
		return math.MinInt16, math.MaxInt16
	case column.Int32:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

// Loops below compute every row, NULL or not, and gather in the sign bit of bad whether any row left the type's range;
// only then are the rows looked at one by one, because a NULL's slot may hold anything.

type intLoop func(out, a, b []int64, am, bm int, lo, hi int64) (bad int64)

func addNarrow(out, a, b []int64, am, bm int, lo, hi int64) (bad int64) {
	for i := range out {
		s := a[i&am] + b[i&bm]
		out[i] = s
		bad |= (s - lo) | (hi - s)
	}
	return bad
}

func subNarrow(out, a, b []int64, am, bm int, lo, hi int64) (bad int64) {
	for i := range out {
		s := a[i&am] - b[i&bm]
		out[i] = s
		bad |= (s - lo) | (hi - s)
	}
	return bad
}

func mulNarrow(out, a, b []int64, am, bm int, lo, hi int64) (bad int64) {
	for i := range out {
		s := a[i&am] * b[i&bm]
		out[i] = s
		// The product of two 32-bit numbers is far from the ends of 64 bits: neither difference wraps.
		bad |= (s - lo) | (hi - s)
	}
	return bad
}

func addWide(out, a, b []int64, am, bm int, _, _ int64) (bad int64) {
	for i := range out {
		x, y := a[i&am], b[i&bm]
		s := x + y
		out[i] = s
		bad |= (x ^ s) & (y ^ s)
	}
	return bad
}

func subWide(out, a, b []int64, am, bm int, _, _ int64) (bad int64) {
	for i := range out {
		x, y := a[i&am], b[i&bm]
		s := x - y
		out[i] = s
		bad |= (x ^ y) & (x ^ s)
	}
	return bad
}

func mulWide(out, a, b []int64, am, bm int, _, _ int64) (bad int64) {
	for i := range out {
		x, y := a[i&am], b[i&bm]
		hi, lo := bits.Mul64(uint64(x), uint64(y))
		signed := int64(hi) - x>>63&y - y>>63&x
		out[i] = int64(lo)
		if signed != int64(lo)>>63 {
			bad = -1
		}
	}
	return bad
}

func intKernel(t column.Type, narrow, wide intLoop) Kernel {
	lo, hi := intLimits(t)
	loop := narrow
	if t == tInt8 {
		loop = wide
	}
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		a, am := intsOf(args[0])
		b, bm := intsOf(args[1])
		out := make([]int64, n)
		if loop(out, a, b, am, bm, lo, hi) < 0 {
			one := make([]int64, 1)
			for i := range n {
				if ctx.Valid.Get(i) && loop(one, a[i&am:], b[i&bm:], 0, 0, lo, hi) < 0 {
					return nil, outOfRange(t)
				}
			}
		}
		return column.NewInts(t, out, nil), nil
	}
}

func intDiv(t column.Type) Kernel {
	lo, _ := intLimits(t)
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		a, am := intsOf(args[0])
		b, bm := intsOf(args[1])
		out := make([]int64, n)
		for i := range out {
			x, y := a[i&am], b[i&bm]
			switch y {
			case 0:
				if ctx.Valid.Get(i) {
					return nil, errDivisionByZero
				}
			case -1:
				if x == lo && ctx.Valid.Get(i) {
					return nil, outOfRange(t)
				}
				out[i] = -x
			default:
				out[i] = x / y
			}
		}
		return column.NewInts(t, out, nil), nil
	}
}

func intMod(t column.Type) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		a, am := intsOf(args[0])
		b, bm := intsOf(args[1])
		out := make([]int64, n)
		for i := range out {
			switch y := b[i&bm]; y {
			case 0:
				if ctx.Valid.Get(i) {
					return nil, errDivisionByZero
				}
			case -1: // 0, also for the smallest number, whose quotient has no room
			default:
				out[i] = a[i&am] % y
			}
		}
		return column.NewInts(t, out, nil), nil
	}
}

// intShift counts modulo the width, as the processors PostgreSQL runs on do.
func intShift(t column.Type, left bool) Kernel {
	width := map[column.Kind]int64{column.Int16: 32, column.Int32: 32, column.Int64: 64}[t.Kind]
	return kernel2(t, readInt, readInt, writeInt, func(_ *expr.Context, a, b int64) (int64, error) {
		b &= width - 1
		if !left {
			return a >> b, nil
		}
		a <<= b
		switch t.Kind {
		case column.Int16:
			a = int64(int16(a))
		case column.Int32:
			a = int64(int32(a))
		}
		return a, nil
	})
}

func intUnary(t column.Type, f func(a int64) (int64, bool)) Kernel {
	lo, hi := intLimits(t)
	return kernel1(t, readInt, writeInt, func(_ *expr.Context, a int64) (int64, error) {
		v, ok := f(a)
		if !ok || v < lo || v > hi {
			return 0, outOfRange(t)
		}
		return v, nil
	})
}

func intPair(t column.Type, f func(a, b int64) (int64, bool)) Kernel {
	lo, hi := intLimits(t)
	return kernel2(t, readInt, readInt, writeInt, func(_ *expr.Context, a, b int64) (int64, error) {
		v, ok := f(a, b)
		if !ok || v < lo || v > hi {
			return 0, outOfRange(t)
		}
		return v, nil
	})
}

func negInt(a int64) (int64, bool) { return -a, a != math.MinInt64 }

func absInt(a int64) (int64, bool) {
	if a < 0 {
		return negInt(a)
	}
	return a, true
}

func gcd(a, b int64) (int64, bool) {
	for b != 0 {
		if b == -1 {
			return 1, true
		}
		a, b = b, a%b
	}
	return absInt(a)
}

func lcm(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	g, ok := gcd(a, b)
	if !ok {
		return 0, false
	}
	a /= g
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if signed := int64(hi) - a>>63&b - b>>63&a; signed != int64(lo)>>63 {
		return 0, false
	}
	return absInt(int64(lo))
}
