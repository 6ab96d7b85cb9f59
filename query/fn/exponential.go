package fn

import (
	"math"
	"math/big"

	"github.com/cockroachdb/apd/v3"
)

// e to a power and the natural logarithm, with thousands of digits in some milliseconds: as binary floats, whose products are as fast as those of whole
// numbers. Results have relative errors far below their last digit; who asks for digits rounds them.

// bitsOf is how many bits hold so many decimal digits, and what is lost on the way.
func bitsOf(digits int64) uint { return uint(float64(digits)*math.Log2(10)) + 64 }

// binaryExp gives e^x with so many bits that are right.
//
// e^x is (e^(x/2^k))^(2^k): k is such that the series needs few terms, and the squarings, each of which costs a bit, are not many more.
func binaryExp(x *big.Float, bits uint) *big.Float {
	if x.Sign() == 0 {
		return new(big.Float).SetPrec(bits).SetInt64(1)
	}
	small := uint(math.Sqrt(float64(bits))) // |x/2^k| < 2^-small
	k := max(x.MantExp(nil)+int(small), 0)
	prec := bits + uint(k) + 32
	fixed := prec // bits behind the point of the whole numbers that the series is summed with
	r, _ := new(big.Float).SetMantExp(x, int(fixed)-k).Int(nil)
	sum := new(big.Int).Lsh(big.NewInt(1), fixed)
	term, n := new(big.Int).Set(sum), new(big.Int)
	for i := int64(1); ; i++ {
		term.Mul(term, r)
		term.Rsh(term, fixed)
		term.Quo(term, n.SetInt64(i))
		if term.Sign() == 0 {
			break
		}
		sum.Add(sum, term)
	}
	out := new(big.Float).SetPrec(prec).SetInt(sum)
	out.SetMantExp(out, -int(fixed))
	for range k {
		out.Mul(out, out)
	}
	return out.SetPrec(bits)
}

// binaryLn gives the natural logarithm of a number above zero, with an error below 2^-bits.
//
// It starts from what machine floats know and goes on by y + 2(x−e^y)/(x+e^y), which triples the bits that are right each time.
func binaryLn(x *big.Float, bits uint) *big.Float {
	if above := new(big.Float).Sub(x, big.NewFloat(1)); above.Sign() == 0 {
		return new(big.Float).SetPrec(bits)
	} else if above.MantExp(nil) < -int(math.Sqrt(float64(bits))) {
		return binaryLnNearOne(above, bits)
	}
	m := new(big.Float)
	exponent := x.MantExp(m)
	f, _ := m.Float64()
	start := math.Log(f) + float64(exponent)*math.Ln2
	whole := uint(max(math.Ilogb(start), 0) + 1) // bits before the point
	y := new(big.Float).SetPrec(bits + whole + 32).SetFloat64(start)
	right := uint(48) - min(whole, 40) // bits behind the point
	for {
		right = min(3*right-2, bits+8)
		prec := right + whole + 24
		e := binaryExp(y, prec)
		up, down := new(big.Float).SetPrec(prec).Sub(x, e), new(big.Float).SetPrec(prec).Add(x, e)
		up.Quo(up.Add(up, up), down)
		y.Add(y, up)
		if right > bits {
			return y
		}
	}
}

// binaryLnNearOne gives ln(1+d), for a d so small that 2·(z + z³/3 + z⁵/5 + …) with z = d/(2+d) needs few terms.
func binaryLnNearOne(d *big.Float, bits uint) *big.Float {
	prec := bits + 32
	z := new(big.Float).SetPrec(prec).Add(d, big.NewFloat(2))
	z.Quo(d, z)
	sum, power, square := new(big.Float).SetPrec(prec).Set(z), new(big.Float).SetPrec(prec).Set(z), new(big.Float).SetPrec(prec).Mul(z, z)
	term := new(big.Float).SetPrec(prec)
	for n := int64(3); ; n += 2 {
		power.Mul(power, square)
		if power.MantExp(nil) < -int(bits) {
			return sum.Add(sum, sum)
		}
		sum.Add(sum, term.Quo(power, new(big.Float).SetInt64(n)))
	}
}

// toFloat and fromFloat change a finite decimal to a binary float of so many bits, and one to a decimal of so many digits.
func toFloat(a *apd.Decimal, bits uint) *big.Float {
	out := new(big.Float).SetPrec(bits + 32).SetInt(a.Coeff.MathBigInt())
	ten := new(big.Float).SetPrec(bits + 32).SetInt(pow10(int32(max(a.Exponent, -a.Exponent))).MathBigInt())
	if a.Exponent < 0 {
		out.Quo(out, ten)
	} else {
		out.Mul(out, ten)
	}
	if a.Negative {
		out.Neg(out)
	}
	return out
}

func fromFloat(f *big.Float, digits int64) *apd.Decimal {
	if f.Sign() == 0 {
		return new(apd.Decimal)
	}
	// By way of a whole number: Float.Text takes a time that grows with the square of the digits.
	m := new(big.Float)
	top := math.Floor(float64(f.MantExp(m)-1) * math.Log10(2)) // the place of the first digit, or one before it
	shift := int32(digits - int64(top))
	ten := new(big.Float).SetPrec(f.Prec() + 32).SetInt(pow10(max(shift, -shift)).MathBigInt())
	scaled := new(big.Float).SetPrec(f.Prec() + 32)
	if shift < 0 {
		scaled.Quo(f, ten)
	} else {
		scaled.Mul(f, ten)
	}
	whole, _ := scaled.Int(nil)
	out := &apd.Decimal{Negative: whole.Sign() < 0, Exponent: -shift}
	out.Coeff.SetMathBigInt(whole.Abs(whole))
	return out
}

// expTo gives e^a with so many digits that are right.
func expTo(a *apd.Decimal, digits int64) *apd.Decimal {
	bits := bitsOf(digits)
	// What is cut off of an argument is multiplied by it.
	return fromFloat(binaryExp(toFloat(a, bits+32), bits), digits)
}

// lnTo gives the natural logarithm of a number above zero with so many digits that are right behind the point.
func lnTo(a *apd.Decimal, digits int64) *apd.Decimal {
	bits := bitsOf(digits)
	return fromFloat(binaryLn(toFloat(a, bits+32), bits), digits+8)
}
