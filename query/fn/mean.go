package fn

import (
	"math/bits"
	"strconv"
)

// appendMean appends sum/n, n > 0, as numeric division writes it: with PostgreSQL's number of decimals, rounded half away from
// zero. Two machine words do what divDecimals does with big integers: a query by host and hour has tens of thousands of means.
func appendMean(dst []byte, sum, n int64) []byte {
	rest := uint64(sum)
	negative := sum < 0
	if negative {
		rest = -rest
	}
	d := uint64(n)
	scale := meanScale(rest, d)
	whole := rest / d
	rest %= d
	// Decimals come in groups that fit a word; the last group may be short.
	const group = 18
	var decimals [2 * group]byte
	at := 0
	for at < scale {
		digits := min(group, scale-at)
		hi, lo := bits.Mul64(rest, powersOfTen[digits])
		var q uint64
		q, rest = bits.Div64(hi, lo, d) // rest < d, so the quotient fits
		for i := at + digits - 1; i >= at; i-- {
			decimals[i] = byte('0' + q%10)
			q /= 10
		}
		at += digits
	}
	if rest >= d-rest && roundUp(decimals[:scale]) {
		whole++
	}
	if negative {
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
func meanScale(a, b uint64) int {
	wa, fa := wholeWeight(a)
	wb, fb := wholeWeight(b)
	q := wa - wb
	if fa <= fb {
		q--
	}
	return max(minSignificant-4*q, 0)
}

// wholeWeight is weight for whole numbers that fit a word.
func wholeWeight(v uint64) (w int, first uint64) {
	for v >= 10000 {
		v /= 10000
		w++
	}
	return w, v
}

// powersOfTen are those of the groups that decimals are computed in.
var powersOfTen = func() (p [19]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = 10 * p[i-1]
	}
	return p
}()
