package fn

import (
	"math"
	"math/big"

	"github.com/cockroachdb/apd/v3"
)

// What e can be raised to, as PostgreSQL has it: by exp, and what power's estimate of its exponent may come to.
const (
	largestPower    = 6000
	largestExponent = 6020
)

// powerDecimals follows PostgreSQL: integral exponents by multiplication, others by way of ln and exp.
func powerDecimals(a, b *apd.Decimal) (*apd.Decimal, error) {
	one := apd.New(1, 0)
	switch {
	case isNaN(a):
		if b.Form == apd.Finite && b.IsZero() {
			return one, nil
		}
		return nan(), nil
	case isNaN(b):
		if a.Form == apd.Finite && a.Cmp(one) == 0 {
			return one, nil
		}
		return nan(), nil
	case a.Form == apd.Infinite || b.Form == apd.Infinite:
		return powerInfinite(a, b)
	}
	whole := toScale(b, 0, false)
	integral := whole.Cmp(b) == 0
	switch {
	case a.IsZero() && b.Sign() < 0:
		return nil, sqlError("2201F", "zero raised to a negative power is undefined")
	case a.Sign() < 0 && !integral:
		return nil, sqlError("2201F", "a negative number raised to a non-integer power yields a complex result")
	}
	if integral && whole.Coeff.IsInt64() {
		if n := whole.Coeff.Int64(); n <= math.MaxInt32 || whole.Negative && n == -math.MinInt32 {
			return integralPower(a, n, whole.Negative, clampScale(minSignificant, a))
		}
	}
	if a.IsZero() {
		return rescale(new(apd.Decimal), minSignificant), nil
	}
	abs, _ := absDecimal(a)
	out, err := realPower(abs, b)
	if err != nil {
		return nil, err
	}
	out.Negative = a.Negative && whole.Coeff.Bit(0) == 1 && !out.IsZero()
	return out, nil
}

// realPower is e^(b·ln a) for an a above zero.
func realPower(a, b *apd.Decimal) (*apd.Decimal, error) {
	// Eight digits of b·ln a say how large the result is, and so how many digits of the logarithm it needs. b can have more digits than
	// any double: an estimate that the range of doubles ends says no less.
	near := lnWeight(a)
	exponent := timesLn(a, b, max(8-near, 0))
	estimate := decimalToFloat(appendDecimal(nil, exponent))
	switch {
	case estimate > largestExponent:
		return nil, errNumericOverflow()
	case estimate < -largestExponent:
		return rescale(new(apd.Decimal), maxScale), nil
	}
	size := int64(estimate * math.Log10E)
	scale := clampScale(minSignificant-size, a, b)
	digits := max(int64(scale)+size, 0) + 16
	switch {
	case estimate >= largestPower:
		return nil, errNumericOverflow()
	case estimate <= -largestPower:
		return rescale(new(apd.Decimal), scale), nil
	}
	return fits(rescale(expTo(timesLn(a, b, max(digits-near, 0)), digits), scale))
}

// timesLn gives b·ln a, with so many decimals of the logarithm.
func timesLn(a, b *apd.Decimal, decimals int64) *apd.Decimal {
	ln := lnTo(a, decimals)
	out := &apd.Decimal{Negative: ln.Negative != b.Negative, Exponent: ln.Exponent + b.Exponent}
	out.Coeff.Mul(&ln.Coeff, &b.Coeff)
	return out
}

func errNumericOverflow() error { return sqlError("22003", "value overflows numeric format") }

// integralPower multiplies with enough digits that the last one kept is right.
func integralPower(a *apd.Decimal, n int64, invert bool, scale int32) (*apd.Decimal, error) {
	switch {
	case n == 0:
		return rescale(apd.New(1, 0), scale), nil
	case a.IsZero():
		return rescale(new(apd.Decimal), scale), nil
	}
	size := float64(n) * log10Of(a)
	if invert {
		size = -size
	}
	switch {
	case size > maxIntDigits+1:
		return nil, errNumericOverflow()
	case size < -float64(scale)-1:
		return rescale(new(apd.Decimal), scale), nil
	}
	digits := int64(scale) + int64(size) + 24
	out, square := apd.New(1, 0), new(apd.Decimal).Set(a)
	for e := n; ; {
		if e&1 == 1 {
			out = cutProduct(out, square, digits)
		}
		if e >>= 1; e == 0 {
			break
		}
		square = cutProduct(square, square, digits)
	}
	if invert {
		return fits(quotient(apd.New(1, 0), out, scale))
	}
	return fits(rescale(out, scale))
}

// log10Of estimates the logarithm of a number that is not zero, without its sign.
func log10Of(a *apd.Decimal) float64 {
	mantissa := new(big.Float).SetInt(a.Coeff.MathBigInt())
	exponent := mantissa.MantExp(mantissa)
	m, _ := mantissa.Float64()
	return math.Log10(math.Abs(m)) + float64(exponent)*(math.Ln2/math.Ln10) + float64(a.Exponent)
}

// cutProduct multiplies, and cuts off what is behind so many significant digits.
func cutProduct(a, b *apd.Decimal, digits int64) *apd.Decimal {
	out := &apd.Decimal{Negative: a.Negative != b.Negative, Exponent: a.Exponent + b.Exponent}
	out.Coeff.Mul(&a.Coeff, &b.Coeff)
	if excess := int64(float64(out.Coeff.BitLen()-1)*math.Log10(2)) - digits; excess > 0 {
		out.Coeff.Quo(&out.Coeff, pow10(int32(excess)))
		out.Exponent += int32(excess)
	}
	return out
}

func powerInfinite(a, b *apd.Decimal) (*apd.Decimal, error) {
	one := apd.New(1, 0)
	if b.Form == apd.Finite {
		switch {
		case b.IsZero():
			return one, nil
		case b.Negative:
			return new(apd.Decimal), nil
		case !a.Negative:
			return inf(false), nil
		}
		whole := toScale(b, 0, false)
		if whole.Cmp(b) != 0 {
			return nil, sqlError("2201F", "a negative number raised to a non-integer power yields a complex result")
		}
		return inf(whole.Coeff.Bit(0) == 1), nil
	}
	if a.Form == apd.Finite && a.Cmp(one) == 0 {
		return one, nil
	}
	if a.Form == apd.Finite && a.IsZero() && b.Negative {
		return nil, sqlError("2201F", "zero raised to a negative power is undefined")
	}
	abs, _ := absDecimal(a)
	if c := abs.Cmp(one); c == 0 {
		return one, nil
	} else if (c > 0) != b.Negative {
		return inf(false), nil
	}
	return new(apd.Decimal), nil
}
