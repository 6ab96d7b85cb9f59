package fn

import (
	"math/bits"
	"strconv"
	"strings"
)

// appendMean appends sum/n, n > 0, as numeric division writes it: with PostgreSQL's number of decimals, rounded half away from
// zero. Two machine words do what divDecimals does with big integers: a query by host and hour has tens of thousands of means.
func appendMean(dst []byte, sum, n int64) []byte {
	rest := magnitude(sum)
	return appendRatio(dst, sum < 0, rest, uint64(n), meanScale(rest, uint64(n)))
}

// appendQuotient appends a / b, each in units of ten to the minus its scale, as numeric division writes it; ok is false where b is zero
// or more than two machine words are needed.
func appendQuotient(dst []byte, a int64, aScale int32, b int64, bScale int32) (_ []byte, ok bool) {
	num, den := magnitude(a), magnitude(b)
	if den == 0 {
		return dst, false
	}
	scale := ratioScale(num, aScale, den, bScale)
	switch d := bScale - aScale; {
	case d > 18 || d < -18:
		return dst, false
	case d > 0:
		hi, lo := bits.Mul64(num, powersOfTen[d])
		if num = lo; hi != 0 {
			return dst, false
		}
	default:
		hi, lo := bits.Mul64(den, powersOfTen[-d])
		if den = lo; hi != 0 {
			return dst, false
		}
	}
	if scale > maxDecimals {
		return dst, false
	}
	return appendRatio(dst, (a < 0) != (b < 0), num, den, scale), true
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

// Decimals come in groups that fit a word; the last group may be short.
const (
	digitGroup  = 18
	maxDecimals = 3 * digitGroup
)

// noDecimals is what an integer ends with.
var noDecimals = "." + strings.Repeat("0", maxDecimals)

// appendRatio appends num/den with so many decimals, at most maxDecimals.
func appendRatio(dst []byte, negative bool, num, den uint64, scale int) []byte {
	whole, rest := num/den, num%den
	if rest == 0 { // as it is with every group of one row
		if negative && whole != 0 {
			dst = append(dst, '-')
		}
		if dst = strconv.AppendUint(dst, whole, 10); scale == 0 {
			return dst
		}
		return append(dst, noDecimals[:1+scale]...)
	}
	var decimals [maxDecimals]byte
	at, any := 0, whole != 0
	for at < scale {
		digits := min(digitGroup, scale-at)
		hi, lo := bits.Mul64(rest, powersOfTen[digits])
		var q uint64
		q, rest = bits.Div64(hi, lo, den) // rest < den, so the quotient fits
		any = any || q != 0
		for i := at + digits - 1; i >= at; i-- {
			decimals[i] = byte('0' + q%10)
			q /= 10
		}
		at += digits
	}
	if rest >= den-rest {
		any = true
		if roundUp(decimals[:scale]) {
			whole++
		}
	}
	if negative && any {
		dst = append(dst, '-')
	}
	dst = strconv.AppendUint(dst, whole, 10)
	if scale == 0 {
		return dst
	}
	return append(append(dst, '.'), decimals[:scale]...)
}

// roundUp adds one to the last of some decimals and reports a carry out of the first.
func roundUp(decimals []byte) (carry bool) {
	for i := len(decimals) - 1; i >= 0; i-- {
		if decimals[i] < '9' {
			decimals[i]++
			return false
		}
		decimals[i] = '0'
	}
	return true
}

// meanScale is quotientScale for whole numbers that fit a word.
func meanScale(a, b uint64) int { return ratioScale(a, 0, b, 0) }

// ratioScale is quotientScale for numbers that fit a word, in units of ten to the minus their scale.
func ratioScale(a uint64, aScale int32, b uint64, bScale int32) int {
	wa, fa := wordWeight(a, int(aScale))
	wb, fb := wordWeight(b, int(bScale))
	q := wa - wb
	if fa <= fb {
		q--
	}
	return min(max(minSignificant-4*q, int(aScale), int(bScale)), maxScale)
}

// wordWeight is weight for numbers that fit a word.
func wordWeight(v uint64, scale int) (w int, first uint64) {
	if v == 0 {
		return 0, 0
	}
	digits := decimalDigits(v)
	top := digits - 1 - scale // decimal position of the first digit
	w = top >> 2
	n := top&3 + 1 // decimal digits in the first digit of base 10000
	if n <= digits {
		return w, v / powersOfTen[digits-n]
	}
	return w, v * powersOfTen[n-digits]
}

// decimalDigits is how many digits v > 0 has.
func decimalDigits(v uint64) int {
	n := bits.Len64(v) * 1233 >> 12 // log10(2), from below
	if v >= powersOfTen[n] {
		n++
	}
	return n
}

// powersOfTen are those of the groups that decimals are computed in.
var powersOfTen = func() (p [20]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = 10 * p[i-1]
	}
	return p
}()
