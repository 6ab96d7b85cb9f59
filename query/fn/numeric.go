package fn

import (
	"math"
	"math/big"

	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/query/expr"
)

func addNumerics(r *Registry) {
	two := types(tNumeric, tNumeric)
	pair := func(f func(a, b *apd.Decimal) (*apd.Decimal, error)) Kernel {
		return kernel2(tNumeric, readNumeric, readNumeric, writeDecimal, func(_ *expr.Context, a, b *apd.Decimal) (*apd.Decimal, error) { return f(a, b) })
	}
	one := func(f func(a *apd.Decimal) (*apd.Decimal, error)) Kernel {
		return kernel1(tNumeric, readNumeric, writeDecimal, func(_ *expr.Context, a *apd.Decimal) (*apd.Decimal, error) { return f(a) })
	}
	scaled := func(f func(a *apd.Decimal, scale int32) (*apd.Decimal, error)) Kernel {
		return kernel2(tNumeric, readNumeric, readInt, writeDecimal, func(_ *expr.Context, a *apd.Decimal, s int64) (*apd.Decimal, error) {
			return f(a, int32(min(max(s, -maxIntDigits), maxMulScale)))
		})
	}
	r.operator(
		scalar{name: "+", args: two, result: tNumeric, kernel: pair(addDecimals), scaled: sumScaled(1), doc: "sum, exact"},
		scalar{name: "-", args: two, result: tNumeric, kernel: pair(subDecimals), scaled: sumScaled(-1), doc: "difference, exact"},
		scalar{name: "*", args: two, result: tNumeric, kernel: pair(mulDecimals), scaled: mulScaled, doc: "product, exact"},
		scalar{name: "/", args: two, result: tNumeric, kernel: pair(divDecimals), scaled: divScaled, doc: "quotient, to 16 significant digits or more"},
		scalar{name: "%", args: two, result: tNumeric, kernel: pair(modDecimals), scaled: modScaled, doc: "remainder, with the sign of the dividend"},
		scalar{name: "^", args: two, result: tNumeric, kernel: pair(powerDecimals), doc: "power"},
		scalar{name: "-", args: types(tNumeric), result: tNumeric, kernel: one(negDecimal), scaled: negScaled, safe: true, doc: "negation"},
		scalar{name: "+", args: types(tNumeric), result: tNumeric, kernel: same, scaled: same, safe: true, doc: "the value itself"},
		scalar{name: "@", args: types(tNumeric), result: tNumeric, kernel: one(absDecimal), scaled: absScaled, safe: true, doc: "absolute value"},
	)
	r.add(
		scalar{name: "abs", args: types(tNumeric), result: tNumeric, kernel: one(absDecimal), scaled: absScaled, safe: true, doc: "absolute value"},
		scalar{name: "sign", args: types(tNumeric), result: tNumeric, kernel: one(signDecimal), safe: true, doc: "-1, 0 or 1"},
		scalar{name: "mod", args: two, result: tNumeric, kernel: pair(modDecimals), scaled: modScaled, doc: "remainder, with the sign of the dividend"},
		scalar{name: "div", args: two, result: tNumeric, kernel: pair(intQuotient), doc: "integer quotient, cut towards zero"},
		scalar{name: "power", args: two, result: tNumeric, kernel: pair(powerDecimals), doc: "a to the power of b"},
		scalar{name: "pow", args: two, result: tNumeric, kernel: pair(powerDecimals), doc: "a to the power of b"},
		scalar{name: "sqrt", args: types(tNumeric), result: tNumeric, kernel: one(sqrtDecimal), doc: "square root"},
		scalar{name: "exp", args: types(tNumeric), result: tNumeric, kernel: one(expDecimal), doc: "e to a power"},
		scalar{name: "ln", args: types(tNumeric), result: tNumeric, kernel: one(lnDecimal), doc: "natural logarithm"},
		scalar{name: "log", args: types(tNumeric), result: tNumeric, kernel: one(log10Decimal), doc: "logarithm to base 10"},
		scalar{name: "log10", args: types(tNumeric), result: tNumeric, kernel: one(log10Decimal), doc: "logarithm to base 10"},
		scalar{name: "log", args: two, result: tNumeric, kernel: pair(logDecimals), doc: "logarithm of the second to the base of the first"},
		scalar{name: "ceil", args: types(tNumeric), result: tNumeric, kernel: one(func(a *apd.Decimal) (*apd.Decimal, error) { return towards(a, false), nil }), scaled: roundScaled(upward), safe: true, doc: "smallest integer not below"},
		scalar{name: "ceiling", args: types(tNumeric), result: tNumeric, kernel: one(func(a *apd.Decimal) (*apd.Decimal, error) { return towards(a, false), nil }), scaled: roundScaled(upward), safe: true, doc: "smallest integer not below"},
		scalar{name: "floor", args: types(tNumeric), result: tNumeric, kernel: one(func(a *apd.Decimal) (*apd.Decimal, error) { return towards(a, true), nil }), scaled: roundScaled(downward), safe: true, doc: "largest integer not above"},
		scalar{name: "round", args: types(tNumeric), result: tNumeric, kernel: one(func(a *apd.Decimal) (*apd.Decimal, error) { return rescale(a, 0), nil }), scaled: roundScaled(halfAway), safe: true, doc: "nearest integer, ties away from zero"},
		scalar{name: "round", args: types(tNumeric, tInt4), result: tNumeric, kernel: scaled(func(a *apd.Decimal, s int32) (*apd.Decimal, error) { return rescale(a, s), nil }), scaled: roundScaled(halfAway), doc: "rounded to so many decimals, ties away from zero"},
		scalar{name: "trunc", args: types(tNumeric), result: tNumeric, kernel: one(func(a *apd.Decimal) (*apd.Decimal, error) { return toScale(a, 0, false), nil }), scaled: roundScaled(towardZero), safe: true, doc: "integer part"},
		scalar{name: "trunc", args: types(tNumeric, tInt4), result: tNumeric, kernel: scaled(func(a *apd.Decimal, s int32) (*apd.Decimal, error) { return toScale(a, s, false), nil }), scaled: roundScaled(towardZero), doc: "cut to so many decimals"},
		scalar{name: "scale", args: types(tNumeric), result: tInt4, kernel: kernel1(tInt4, readNumeric, writeInt, func(_ *expr.Context, a *apd.Decimal) (int64, error) {
			if a.Form != apd.Finite {
				return 0, errNull
			}
			return int64(scaleOf(a)), nil
		}), safe: true, doc: "number of decimals"},
		scalar{name: "min_scale", args: types(tNumeric), result: tInt4, kernel: kernel1(tInt4, readNumeric, writeInt, func(_ *expr.Context, a *apd.Decimal) (int64, error) {
			if a.Form != apd.Finite {
				return 0, errNull
			}
			return int64(scaleOf(trimScale(a))), nil
		}), safe: true, doc: "number of decimals without the zeros at the end"},
		scalar{name: "trim_scale", args: types(tNumeric), result: tNumeric, kernel: one(func(a *apd.Decimal) (*apd.Decimal, error) { return trimScale(a), nil }), safe: true, doc: "without zeros at the end of the decimals"},
	)
}

func nan() *apd.Decimal { return &apd.Decimal{Form: apd.NaN} }

func inf(negative bool) *apd.Decimal { return &apd.Decimal{Form: apd.Infinite, Negative: negative} }

func isNaN(d *apd.Decimal) bool { return d.Form == apd.NaN || d.Form == apd.NaNSignaling }

// fits checks PostgreSQL's limit of digits before the point.
func fits(d *apd.Decimal) (*apd.Decimal, error) {
	if d.Form == apd.Finite && d.NumDigits()+int64(d.Exponent) > maxIntDigits {
		return nil, errNumericOverflow()
	}
	return d, nil
}

func addDecimals(a, b *apd.Decimal) (*apd.Decimal, error) { return fits(fullSum(a, b)) }

// fullSum and fullProduct are the results as they are, which can have more digits than a value may.
func fullSum(a, b *apd.Decimal) *apd.Decimal {
	switch {
	case isNaN(a) || isNaN(b):
		return nan()
	case a.Form == apd.Infinite:
		if b.Form == apd.Infinite && a.Negative != b.Negative {
			return nan()
		}
		return inf(a.Negative)
	case b.Form == apd.Infinite:
		return inf(b.Negative)
	}
	x, y := upscale(a, b)
	out := &apd.Decimal{Exponent: min(a.Exponent, b.Exponent)}
	if a.Negative == b.Negative {
		out.Coeff.Add(x, y)
	} else {
		out.Coeff.Sub(x, y)
	}
	out.Negative = a.Negative != (out.Coeff.Sign() < 0) && out.Coeff.Sign() != 0
	out.Coeff.Abs(&out.Coeff)
	return out
}

func subDecimals(a, b *apd.Decimal) (*apd.Decimal, error) {
	neg, _ := negDecimal(b)
	return addDecimals(a, neg)
}

func mulDecimals(a, b *apd.Decimal) (*apd.Decimal, error) { return fits(fullProduct(a, b)) }

func fullProduct(a, b *apd.Decimal) *apd.Decimal {
	switch {
	case isNaN(a) || isNaN(b):
		return nan()
	case a.Form == apd.Infinite || b.Form == apd.Infinite:
		if a.Form == apd.Finite && a.IsZero() || b.Form == apd.Finite && b.IsZero() {
			return nan()
		}
		return inf(a.Negative != b.Negative)
	}
	out := &apd.Decimal{Negative: a.Negative != b.Negative, Exponent: a.Exponent + b.Exponent}
	out.Coeff.Mul(&a.Coeff, &b.Coeff)
	if -out.Exponent > maxMulScale {
		out = rescale(out, maxMulScale)
	}
	return out
}

func divDecimals(a, b *apd.Decimal) (*apd.Decimal, error) {
	if out, err, done := divSpecial(a, b); done {
		return out, err
	}
	return fits(quotient(a, b, quotientScale(a, b)))
}

func divSpecial(a, b *apd.Decimal) (out *apd.Decimal, err error, done bool) {
	switch {
	case isNaN(a) || isNaN(b):
		return nan(), nil, true
	case b.Form == apd.Finite && b.IsZero():
		return nil, errDivisionByZero, true
	case a.Form == apd.Infinite && b.Form == apd.Infinite:
		return nan(), nil, true
	case a.Form == apd.Infinite:
		return inf(a.Negative != b.Negative), nil, true
	case b.Form == apd.Infinite:
		return new(apd.Decimal), nil, true
	}
	return nil, nil, false
}

func intQuotient(a, b *apd.Decimal) (*apd.Decimal, error) {
	if out, err, done := divSpecial(a, b); done {
		return out, err
	}
	x, y := upscale(a, b)
	out := &apd.Decimal{Negative: a.Negative != b.Negative}
	out.Coeff.Quo(x, y)
	return out, nil
}

func modDecimals(a, b *apd.Decimal) (*apd.Decimal, error) {
	switch {
	case isNaN(a) || isNaN(b):
		return nan(), nil
	case b.Form == apd.Finite && b.IsZero():
		return nil, errDivisionByZero
	case a.Form == apd.Infinite:
		return nan(), nil
	case b.Form == apd.Infinite:
		return a, nil
	}
	x, y := upscale(a, b)
	out := &apd.Decimal{Negative: a.Negative, Exponent: min(a.Exponent, b.Exponent)}
	out.Coeff.Rem(x, y)
	return out, nil
}

// upscale brings two coefficients to one exponent.
func upscale(a, b *apd.Decimal) (x, y *apd.BigInt) {
	x, y = &a.Coeff, &b.Coeff
	switch d := a.Exponent - b.Exponent; {
	case d > 0:
		x = new(apd.BigInt).Mul(x, pow10(d))
	case d < 0:
		y = new(apd.BigInt).Mul(y, pow10(-d))
	}
	return x, y
}

func negDecimal(a *apd.Decimal) (*apd.Decimal, error) {
	out := new(apd.Decimal).Set(a)
	out.Negative = !a.Negative && !isNaN(a) && (a.Form != apd.Finite || !a.IsZero())
	return out, nil
}

func absDecimal(a *apd.Decimal) (*apd.Decimal, error) {
	out := new(apd.Decimal).Set(a)
	out.Negative = false
	return out, nil
}

func signDecimal(a *apd.Decimal) (*apd.Decimal, error) {
	if isNaN(a) {
		return nan(), nil
	}
	return apd.New(int64(a.Sign()), 0), nil
}

// towards rounds to an integer, down or up.
func towards(a *apd.Decimal, down bool) *apd.Decimal {
	if a.Form != apd.Finite {
		return a
	}
	out := toScale(a, 0, false)
	if out.Cmp(a) == 0 || a.Negative != down {
		return out
	}
	out = new(apd.Decimal).Set(out)
	out.Coeff.Add(&out.Coeff, apd.NewBigInt(1))
	out.Negative = a.Negative
	return out
}

func trimScale(a *apd.Decimal) *apd.Decimal {
	if a.Form != apd.Finite || a.Exponent >= 0 {
		return a
	}
	out := new(apd.Decimal)
	out.Reduce(a)
	if out.Exponent > 0 || out.IsZero() {
		out = toScale(out, 0, false)
	}
	return out
}

func clampScale(s int64, inputs ...*apd.Decimal) int32 {
	for _, d := range inputs {
		s = max(s, int64(scaleOf(d)))
	}
	return int32(min(max(s, 0), maxScale))
}

func sqrtDecimal(a *apd.Decimal) (*apd.Decimal, error) {
	switch {
	case isNaN(a):
		return nan(), nil
	case a.Negative && (a.Form == apd.Infinite || !a.IsZero()):
		return nil, sqlError("2201F", "cannot take square root of a negative number")
	case a.Form == apd.Infinite:
		return inf(false), nil
	}
	w, _ := weight(a)
	scale := clampScale(minSignificant-(int64(w)*2+1), a)
	// The integer square root of a, shifted by twice the scale and two digits more, rounds correctly.
	var shifted apd.BigInt
	shift := a.Exponent + 2*(scale+2)
	if shift >= 0 {
		shifted.Mul(&a.Coeff, pow10(shift))
	} else {
		shifted.Quo(&a.Coeff, pow10(-shift))
	}
	out := &apd.Decimal{Exponent: -(scale + 2)}
	out.Coeff.SetMathBigInt(integerSqrt(shifted.MathBigInt()))
	return rescale(out, scale), nil
}

// integerSqrt is the whole part of a square root. big.Int's own takes seconds for numbers of 100,000 digits: big.Float's doubles its digits each time.
func integerSqrt(x *big.Int) *big.Int {
	if x.BitLen() < 4096 {
		return new(big.Int).Sqrt(x)
	}
	f := new(big.Float).SetPrec(uint(x.BitLen()/2 + 64)).SetInt(x)
	root, _ := f.Sqrt(f).Int(nil)
	one, square := big.NewInt(1), new(big.Int)
	for square.Mul(root, root).Cmp(x) > 0 {
		root.Sub(root, one)
	}
	for {
		next := new(big.Int).Add(root, one)
		if square.Mul(next, next).Cmp(x) > 0 {
			return root
		}
		root = next
	}
}

func expDecimal(a *apd.Decimal) (*apd.Decimal, error) {
	switch {
	case isNaN(a):
		return nan(), nil
	case a.Form == apd.Infinite && a.Negative:
		return new(apd.Decimal), nil
	case a.Form == apd.Infinite:
		return inf(false), nil
	}
	f := decimalToFloat(appendDecimal(nil, a))
	if f >= largestPower {
		return nil, errNumericOverflow()
	}
	digits := f * 0.434294481903252
	digits = min(max(digits, -2000), 6000)
	scale := clampScale(minSignificant-int64(digits), a)
	if f <= -largestPower {
		return rescale(new(apd.Decimal), scale), nil
	}
	return rescale(expTo(a, int64(scale)+int64(max(digits, 0))+8), scale), nil
}

// positive checks the argument of a logarithm; done means that out or err is the answer.
func positive(a *apd.Decimal) (out *apd.Decimal, err error, done bool) {
	switch {
	case isNaN(a):
		return nan(), nil, true
	case a.Negative:
		return nil, sqlError("2201E", "cannot take logarithm of a negative number"), true
	case a.Form == apd.Infinite:
		return inf(false), nil, true
	case a.IsZero():
		return nil, sqlError("2201E", "cannot take logarithm of zero"), true
	}
	return nil, nil, false
}

// lnWeight estimates the decimal position of the first digit of ln(a).
func lnWeight(a *apd.Decimal) int64 {
	if a.Cmp(apd.New(9, -1)) >= 0 && a.Cmp(apd.New(11, -1)) <= 0 {
		diff, err := subDecimals(a, apd.New(1, 0))
		if err != nil || diff.IsZero() {
			return 0
		}
		return diff.NumDigits() + int64(diff.Exponent) - 1
	}
	// ln a = (digits of a) · ln 10 + ln of its first ones
	top := float64(a.NumDigits() + int64(a.Exponent))
	m, _ := new(apd.Decimal).SetFinite(0, 0), 0
	m.Set(a)
	m.Exponent = -int32(a.NumDigits())
	f := decimalToFloat(appendDecimal(nil, m))
	ln := math.Abs(math.Log(f) + top*math.Ln10)
	if ln == 0 {
		return 0
	}
	return int64(math.Log10(ln))
}

func lnDecimal(a *apd.Decimal) (*apd.Decimal, error) {
	if out, err, done := positive(a); done {
		return out, err
	}
	scale := clampScale(minSignificant-lnWeight(a), a)
	return logarithm(a, int64(scale)), nil
}

func logarithm(a *apd.Decimal, decimals int64) *apd.Decimal {
	return rescale(lnTo(a, decimals+8), int32(decimals))
}

func log10Decimal(a *apd.Decimal) (*apd.Decimal, error) { return logDecimals(apd.New(10, 0), a) }

func logDecimals(base, a *apd.Decimal) (*apd.Decimal, error) {
	if isNaN(base) {
		return nan(), nil
	}
	if out, err, done := positive(base); done && err != nil {
		return out, err
	}
	if out, err, done := positive(a); done && a.Form != apd.Infinite || err != nil {
		return out, err
	}
	switch {
	case base.Form == apd.Infinite && a.Form == apd.Infinite:
		return nan(), nil
	case base.Form == apd.Infinite:
		return new(apd.Decimal), nil
	case a.Form == apd.Infinite:
		return inf(false), nil
	}
	lb, la := lnWeight(base), lnWeight(a)
	scale := clampScale(minSignificant-(la-lb), base, a)
	// Both get more significant digits than the result: decimals that the first digits' places of what is near one take off come on top.
	digits := int64(scale) + la - lb + 16
	x, y := logarithm(a, max(digits-la, 0)), logarithm(base, max(digits-lb, 0))
	if y.IsZero() {
		return nil, errDivisionByZero
	}
	return quotient(x, y, scale), nil
}
