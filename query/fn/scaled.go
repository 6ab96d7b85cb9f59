package fn

import (
	"math"
	"math/bits"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Kernels of numeric over Scaled vectors (expr.Function.Scaled): integers of one scale, so that a result's number of decimals is
// that of every row. A kernel looks at the largest values first and declines where a result may not fit an int64; its loop
// then has nothing to check.

// scaledArg is an argument: value i is ints[i&mask] / 10^scale.
type scaledArg struct {
	ints  []int64
	mask  int
	scale int32
}

// scaledOf reads a Scaled or constant argument; ok is false for a constant without such a form.
func scaledOf(v *column.Vector) (a scaledArg, ok bool) {
	if v.Enc == column.Scaled {
		return scaledArg{v.Ints[:v.Len], -1, v.Scale}, true
	}
	x, scale, ok := column.ParseScaled(v.Bytes(0))
	return scaledArg{[]int64{x}, 0, scale}, ok
}

// bound is the largest distance from zero.
func (a scaledArg) bound() uint64 { return column.MaxAbs(a.ints) }

// scaledPair reads two arguments and what brings each to the larger scale of the two; ok is false where that would overflow.
func scaledPair(args []*column.Vector) (a, b scaledArg, fa, fb int64, ok bool) {
	a, okA := scaledOf(args[0])
	b, okB := scaledOf(args[1])
	if !okA || !okB {
		return a, b, 0, 0, false
	}
	fa, fb = 1, 1
	d := a.scale - b.scale
	switch {
	case d > 18 || d < -18:
		return a, b, 0, 0, false
	case d > 0:
		fb = int64(powersOfTen[d])
		ok = productFits(b.bound(), uint64(fb))
	case d < 0:
		fa = int64(powersOfTen[-d])
		ok = productFits(a.bound(), uint64(fa))
	default:
		ok = true
	}
	return a, b, fa, fb, ok
}

func productFits(a, b uint64) bool {
	hi, lo := bits.Mul64(a, b)
	return hi == 0 && lo <= math.MaxInt64
}

// sumScaled is a + sign·b.
func sumScaled(sign int64) Kernel {
	return func(_ *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		a, b, fa, fb, ok := scaledPair(args)
		if !ok || a.bound()*uint64(fa) > math.MaxInt64/2 || b.bound()*uint64(fb) > math.MaxInt64/2 {
			return nil, nil
		}
		out := make([]int64, n)
		x, y, fb := a.ints, b.ints, fb*sign
		switch {
		case a.mask == 0:
			c := x[0] * fa
			for i, v := range y[:n] {
				out[i] = c + v*fb
			}
		case b.mask == 0:
			c := y[0] * fb
			for i, v := range x[:n] {
				out[i] = v*fa + c
			}
		default:
			y = y[:n]
			for i, v := range x[:n] {
				out[i] = v*fa + y[i]*fb
			}
		}
		return column.NewScaled(out, max(a.scale, b.scale), nil), nil
	}
}

func mulScaled(_ *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	a, okA := scaledOf(args[0])
	b, okB := scaledOf(args[1])
	if !okA || !okB || a.scale+b.scale > column.MaxScale || !productFits(a.bound(), b.bound()) {
		return nil, nil
	}
	if a.mask == 0 {
		a, b = b, a
	}
	out := make([]int64, n)
	if b.mask == 0 {
		c := b.ints[0]
		for i, v := range a.ints[:n] {
			out[i] = v * c
		}
	} else {
		y := b.ints[:n]
		for i, v := range a.ints[:n] {
			out[i] = v * y[i]
		}
	}
	return column.NewScaled(out, a.scale+b.scale, nil), nil
}

// modScaled declines where a divisor is zero: the exact path says so.
func modScaled(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	a, b, fa, fb, ok := scaledPair(args)
	if !ok {
		return nil, nil
	}
	out := make([]int64, n)
	for i := range out {
		d := b.ints[i&b.mask] * fb
		if d == 0 {
			if !ctx.Valid.Get(i) {
				continue
			}
			return nil, nil
		}
		out[i] = a.ints[i&a.mask] * fa % d
	}
	return column.NewScaled(out, max(a.scale, b.scale), nil), nil
}

// divScaled gives canonical text: each quotient has a scale of its own.
func divScaled(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	a, okA := scaledOf(args[0])
	b, okB := scaledOf(args[1])
	if !okA || !okB {
		return nil, nil
	}
	offsets := make([]int32, 1, n+1)
	data := make([]byte, 0, 24*n)
	for i := range n {
		if ctx.Valid.Get(i) {
			var ok bool
			if data, ok = appendQuotient(data, a.ints[i&a.mask], a.scale, b.ints[i&b.mask], b.scale); !ok {
				return nil, nil
			}
		}
		offsets = append(offsets, int32(len(data)))
	}
	return column.NewBytes(tNumeric, offsets, data, nil), nil
}

func negScaled(_ *expr.Context, args []*column.Vector, _ int) (*column.Vector, error) {
	v := args[0]
	out := make([]int64, v.Len)
	for i, x := range v.Ints[:v.Len] {
		if x == math.MinInt64 {
			return nil, nil
		}
		out[i] = -x
	}
	return column.NewScaled(out, v.Scale, nil), nil
}

func absScaled(_ *expr.Context, args []*column.Vector, _ int) (*column.Vector, error) {
	v := args[0]
	out := make([]int64, v.Len)
	for i, x := range v.Ints[:v.Len] {
		if x == math.MinInt64 {
			return nil, nil
		}
		out[i] = max(x, -x)
	}
	return column.NewScaled(out, v.Scale, nil), nil
}

// rounding says which of the two neighbours a value goes to.
type rounding uint8

const (
	halfAway rounding = iota
	towardZero
	upward
	downward
)

// quantized is x / unit, rounded.
func (r rounding) quantized(x, unit int64) int64 {
	q, rem := x/unit, x%unit
	switch r {
	case halfAway:
		if rem >= unit-rem {
			q++
		} else if -rem >= unit+rem {
			q--
		}
	case upward:
		if rem > 0 {
			q++
		}
	case downward:
		if rem < 0 {
			q--
		}
	}
	return q
}

// roundScaled rounds to the scale that the second argument says, to integers where there is none.
func roundScaled(r rounding) Kernel {
	return func(_ *expr.Context, args []*column.Vector, _ int) (*column.Vector, error) {
		v, scale := args[0], int64(0)
		if len(args) > 1 {
			if args[1].Enc != column.Const || v.Enc != column.Scaled {
				return nil, nil
			}
			scale = args[1].Int(0)
		}
		d := int64(v.Scale) - scale
		if scale > column.MaxScale || d > 18 || d < -18 {
			return nil, nil
		}
		out := make([]int64, v.Len)
		in := v.Ints[:v.Len]
		if d <= 0 {
			f := int64(powersOfTen[-d])
			if !productFits(column.MaxAbs(in), uint64(f)) {
				return nil, nil
			}
			for i, x := range in {
				out[i] = x * f
			}
			return column.NewScaled(out, int32(scale), nil), nil
		}
		unit, f := int64(powersOfTen[d]), int64(1)
		if scale < 0 {
			f = int64(powersOfTen[-scale]) // no larger than unit: what was divided by one fits when multiplied by the other, but for the rounding
			if column.MaxAbs(in) > math.MaxInt64-uint64(unit) {
				return nil, nil
			}
		}
		for i, x := range in {
			out[i] = r.quantized(x, unit) * f
		}
		return column.NewScaled(out, int32(max(scale, 0)), nil), nil
	}
}

// scaledToInt rounds half away from zero.
func scaledToInt(t column.Type) Kernel {
	lo, hi := intLimits(t)
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		v := args[0]
		if v.Scale > 18 {
			return nil, nil
		}
		unit := int64(powersOfTen[v.Scale])
		out := make([]int64, n)
		for i, x := range v.Ints[:n] {
			out[i] = halfAway.quantized(x, unit)
			if (out[i] < lo || out[i] > hi) && ctx.Valid.Get(i) {
				return nil, outOfRange(t)
			}
		}
		return column.NewInts(t, out, nil), nil
	}
}

// scaledToFloat divides two numbers that a double holds exactly, which rounds once, as reading the text does.
func scaledToFloat(_ *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	v := args[0]
	const exactTen, exactInt = 22, 1 << 53
	if v.Scale > exactTen || column.MaxAbs(v.Ints[:n]) > exactInt {
		return nil, nil
	}
	unit := math.Pow10(int(v.Scale))
	out := make([]float64, n)
	for i, x := range v.Ints[:n] {
		out[i] = float64(x) / unit
	}
	return column.NewFloats(tFloat8, out, nil), nil
}

// compareScaled brings both sides to one scale and compares integers.
func compareScaled(op comparison, swap bool) Kernel {
	return func(_ *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		a, b, fa, fb, ok := scaledPair(args)
		if !ok {
			return nil, nil
		}
		x, y := a.at(fa, n), b.at(fb, n)
		if swap {
			x, y = y, x
		}
		out := make([]bool, n)
		compareInts(op, out, x, y)
		return column.NewBools(out, nil), nil
	}
}

// at gives an argument multiplied by f as a vector of integers.
func (a scaledArg) at(f int64, n int) *column.Vector {
	ints := a.ints
	if f != 1 {
		ints = make([]int64, len(a.ints))
		for i, x := range a.ints {
			ints[i] = x * f
		}
	}
	v := column.NewInts(tInt8, ints, nil)
	if a.mask == 0 {
		return column.NewConst(v, 0, n)
	}
	return v
}
