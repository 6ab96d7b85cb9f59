package fn

import (
	"bytes"
	"math"
	"strconv"

	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/column"
)

// PostgreSQL's limits of numeric results: at least so many significant digits in a quotient, at most so many decimals.
const (
	minSignificant = 16
	maxScale       = 1000
	maxIntDigits   = 131072
	maxMulScale    = 16383
)

// setDecimal reads canonical text; up to 18 digits go without big integers.
func setDecimal(d *apd.Decimal, text []byte) {
	var v int64
	exp, digits, neg, point := int32(0), 0, false, false
	for i, c := range text {
		switch {
		case c >= '0' && c <= '9':
			v = v*10 + int64(c-'0')
			digits++
			if point {
				exp--
			}
		case c == '.' && !point:
			point = true
		case c == '-' && i == 0:
			neg = true
		default:
			digits = 99
		}
		if digits > 18 {
			setLongDecimal(d, text)
			return
		}
	}
	if neg {
		v = -v
	}
	d.SetFinite(v, exp)
}

// setLongDecimal reads what does not fit in machine integers. apd's own reader ends at 100,000 digits, where numeric has 131,072 before the point.
func setLongDecimal(d *apd.Decimal, text []byte) {
	whole, decimals, _ := bytes.Cut(text, []byte{'.'})
	digits := append(append(make([]byte, 0, len(text)), whole...), decimals...)
	if _, ok := d.Coeff.SetString(string(digits), 10); ok {
		d.Form, d.Exponent = apd.Finite, -int32(len(decimals))
		d.Negative = d.Coeff.Sign() < 0
		d.Coeff.Abs(&d.Coeff)
		return
	}
	if _, _, err := d.SetString(string(text)); err != nil { // infinities, and what has an exponent
		*d = apd.Decimal{Form: apd.NaN}
	}
}

// appendDecimal appends the canonical text: no exponent, no negative zero.
func appendDecimal(dst []byte, d *apd.Decimal) []byte {
	switch d.Form {
	case apd.NaN, apd.NaNSignaling:
		return append(dst, "NaN"...)
	case apd.Infinite:
		if d.Negative {
			return append(dst, "-Infinity"...)
		}
		return append(dst, "Infinity"...)
	}
	if d.Negative && d.Coeff.Sign() != 0 {
		dst = append(dst, '-')
	}
	at := len(dst)
	if d.Coeff.IsInt64() {
		dst = strconv.AppendInt(dst, d.Coeff.Int64(), 10)
	} else {
		dst = d.Coeff.Append(dst, 10)
	}
	for e := d.Exponent; e > 0; e-- {
		dst = append(dst, '0')
	}
	if d.Exponent >= 0 {
		return dst
	}
	scale := int(-d.Exponent)
	if missing := scale + 1 - (len(dst) - at); missing > 0 {
		digits := len(dst) - at
		for range missing {
			dst = append(dst, '0')
		}
		copy(dst[at+missing:], dst[at:at+digits])
		for i := range missing {
			dst[at+i] = '0'
		}
	}
	dst = append(dst, 0)
	point := len(dst) - 1 - scale
	copy(dst[point+1:], dst[point:len(dst)-1])
	dst[point] = '.'
	return dst
}

func writeDecimal(b *column.Builder, d *apd.Decimal) {
	var buf [64]byte
	b.AppendBytes(appendDecimal(buf[:0], d))
}

// scaleOf is the number of decimals shown.
func scaleOf(d *apd.Decimal) int32 { return max(0, -d.Exponent) }

func pow10(n int32) *apd.BigInt {
	return new(apd.BigInt).Exp(apd.NewBigInt(10), apd.NewBigInt(int64(n)), nil)
}

// rescale gives d at a scale, rounding half away from zero; a negative scale rounds before the point.
func rescale(d *apd.Decimal, scale int32) *apd.Decimal {
	return toScale(d, scale, true)
}

func toScale(d *apd.Decimal, scale int32, round bool) *apd.Decimal {
	if d.Form != apd.Finite || d.Exponent == -scale {
		return d
	}
	out := &apd.Decimal{Negative: d.Negative, Exponent: -scale}
	if shift := d.Exponent + scale; shift >= 0 {
		out.Coeff.Mul(&d.Coeff, pow10(shift))
	} else {
		var rem apd.BigInt
		p := pow10(-shift)
		out.Coeff.QuoRem(&d.Coeff, p, &rem)
		if round && rem.Add(&rem, &rem).Cmp(p) >= 0 {
			out.Coeff.Add(&out.Coeff, apd.NewBigInt(1))
		}
	}
	if scale < 0 {
		out.Coeff.Mul(&out.Coeff, pow10(-scale))
		out.Exponent = 0
	}
	return out
}

// weight is the position of the first digit of base 10000 (0 = units) and that digit, as PostgreSQL stores numbers.
func weight(d *apd.Decimal) (w, first int32) {
	if d.Coeff.Sign() == 0 {
		return 0, 0
	}
	text := d.Coeff.Text(10)
	top := int32(len(text)) + d.Exponent - 1 // decimal position of the first digit
	w = top / 4
	if top < 0 && top%4 != 0 {
		w--
	}
	n := top - 4*w + 1 // decimal digits in the first digit of base 10000
	for i := range n {
		c := int32(0)
		if int(i) < len(text) {
			c = int32(text[i] - '0')
		}
		first = first*10 + c
	}
	return w, first
}

// quotientScale is how many decimals PostgreSQL gives a/b.
func quotientScale(a, b *apd.Decimal) int32 {
	wa, fa := weight(a)
	wb, fb := weight(b)
	q := wa - wb
	if fa <= fb {
		q--
	}
	return min(max(minSignificant-4*q, scaleOf(a), scaleOf(b), 0), maxScale)
}

// quotient divides finite numbers, b not zero, rounding half away from zero to a scale.
func quotient(a, b *apd.Decimal, scale int32) *apd.Decimal {
	out := &apd.Decimal{Negative: a.Negative != b.Negative, Exponent: -scale}
	var num, den, rem apd.BigInt
	num.Set(&a.Coeff)
	den.Set(&b.Coeff)
	if shift := a.Exponent - b.Exponent + scale; shift >= 0 {
		num.Mul(&num, pow10(shift))
	} else {
		den.Mul(&den, pow10(-shift))
	}
	out.Coeff.QuoRem(&num, &den, &rem)
	if rem.Add(&rem, &rem).Cmp(&den) >= 0 {
		out.Coeff.Add(&out.Coeff, apd.NewBigInt(1))
	}
	if out.Coeff.Sign() == 0 {
		out.Negative = false
	}
	return out
}

// compareDecimals orders as PostgreSQL: NaN equals itself and is greater than everything.
func compareDecimals(a, b *apd.Decimal) int {
	an, bn := a.Form == apd.NaN, b.Form == apd.NaN
	switch {
	case an && bn:
		return 0
	case an:
		return 1
	case bn:
		return -1
	}
	return a.Cmp(b)
}

// decimalToFloat rounds to the nearest double; what is too large gives an infinity.
func decimalToFloat(text []byte) float64 {
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil && !math.IsInf(f, 0) {
		return math.NaN()
	}
	return f
}
