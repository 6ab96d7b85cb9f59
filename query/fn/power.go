package fn

import (
	"math"

	"github.com/cockroachdb/apd/v3"
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
	// The result's scale comes from an estimate of its size.
	size := 0.0
	if !a.IsZero() {
		m := new(apd.Decimal).Set(a)
		m.Negative = false
		m.Exponent = -int32(a.NumDigits())
		log10 := math.Log10(decimalToFloat(appendDecimal(nil, m))) + float64(a.NumDigits()+int64(a.Exponent))
		size = log10 * decimalToFloat(appendDecimal(nil, b))
	}
	if size > maxIntDigits {
		return nil, sqlError("22003", "value overflows numeric format")
	}
	scale := clampScale(minSignificant-int64(min(max(size, -3000), maxIntDigits)), a, b)
	if a.IsZero() {
		if b.IsZero() {
			return rescale(one, minSignificant), nil
		}
		return rescale(new(apd.Decimal), minSignificant), nil
	}
	multiplied := integral && whole.Coeff.IsInt64() && whole.Coeff.Int64() <= math.MaxInt32
	if multiplied {
		scale = clampScale(minSignificant, a)
	}
	if size < -float64(scale)-1 {
		return rescale(new(apd.Decimal), scale), nil
	}
	if multiplied {
		return integralPower(a, int64(whole.Coeff.Int64()), whole.Negative, scale, size)
	}
	const largest = 6000 // power of e, as PostgreSQL has it
	if size*math.Ln10 >= largest {
		return nil, sqlError("22003", "value overflows numeric format")
	}
	digits := int64(scale) + int64(max(size, 0)) + 20
	abs, _ := absDecimal(a)
	ln, err := lnTo(abs, digits+8+max(0, b.NumDigits()+int64(b.Exponent)))
	if err != nil {
		return nil, sqlError("22003", "value overflows numeric format")
	}
	if ln, err = mulDecimals(ln, b); err != nil {
		return nil, err
	}
	out, err := expTo(ln, digits)
	if err != nil {
		return nil, sqlError("22003", "value overflows numeric format")
	}
	if a.Negative && integral && whole.Coeff.Bit(0) == 1 {
		out.Negative = true
	}
	return rescale(out, scale), nil
}

// integralPower multiplies with enough digits that the last one kept is right.
func integralPower(a *apd.Decimal, n int64, invert bool, scale int32, size float64) (*apd.Decimal, error) {
	ctx := working(int64(scale) + int64(math.Abs(size)) + 24)
	out, square := apd.New(1, 0), new(apd.Decimal).Set(a)
	for e := n; e > 0; e >>= 1 {
		if e&1 == 1 {
			if _, err := ctx.Mul(out, out, square); err != nil {
				return nil, sqlError("22003", "value overflows numeric format")
			}
		}
		if e > 1 {
			if _, err := ctx.Mul(square, square, square); err != nil {
				return nil, sqlError("22003", "value overflows numeric format")
			}
		}
	}
	if invert {
		return quotient(apd.New(1, 0), out, scale), nil
	}
	return fits(rescale(out, scale))
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
