package literal

import (
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
)

// ParseFloat reads real (rounded to float32 at once, not by way of float64) or double precision.
func ParseFloat(text string, t column.Type) (float64, error) {
	s := trim(text)
	width := 64
	if t.Kind == column.Float32 {
		width = 32
	}
	sign, body := "", s
	if body != "" && (body[0] == '+' || body[0] == '-') {
		sign, body = body[:1], body[1:]
	}
	if body == "" || strings.IndexByte(body, '_') >= 0 || body[0] == '+' || body[0] == '-' {
		return 0, syntaxError(t, text)
	}
	if strings.EqualFold(body, "nan") {
		return math.NaN(), nil
	}
	hexadecimal := len(body) > 2 && body[0] == '0' && body[1]|0x20 == 'x'
	if hexadecimal && !strings.ContainsAny(body, "pP") {
		body += "p0"
	}
	v, err := strconv.ParseFloat(sign+body, width)
	if err != nil && v == 0 {
		return 0, syntaxError(t, text)
	}
	if err != nil || v == 0 && !allZeros(body, hexadecimal) {
		return 0, errorf(outOfRange, "\"%s\" is out of range for type %s", s, t)
	}
	return v, nil
}

// allZeros reports whether a number whose value came out as 0 was written as 0: anything else has underflowed.
func allZeros(body string, hexadecimal bool) bool {
	if hexadecimal {
		body = body[2:]
	}
	for i := range len(body) {
		switch c := body[i]; {
		case c == '.' || c == '0':
		case c|0x20 == 'p' || c|0x20 == 'e' && !hexadecimal:
			return true
		default:
			return false
		}
	}
	return true
}

// AppendFloat appends the shortest decimal that reads back as the same real or double precision.
func AppendFloat(dst []byte, v float64, t column.Type) []byte {
	switch {
	case v != v:
		return append(dst, "NaN"...)
	case math.IsInf(v, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(v, -1):
		return append(dst, "-Infinity"...)
	}
	// fixed is the decimal exponent from which on PostgreSQL writes 1e+15.
	width, fixed := 64, 15
	if t.Kind == column.Float32 {
		width, fixed = 32, 6
	}
	if width == 64 && math.Abs(v) < 1<<53 && v == math.Trunc(v) && math.Abs(v) < 1e15 && v != 0 {
		return strconv.AppendInt(dst, int64(v), 10)
	}
	var buf [32]byte
	s := shortest(buf[:0], v, width)
	digits, exp := splitScientific(s)
	if v < 0 || v == 0 && math.Signbit(v) {
		dst = append(dst, '-')
	}
	if exp < -4 || exp >= fixed {
		dst = append(dst, digits[0])
		if len(digits) > 1 {
			dst = append(append(dst, '.'), digits[1:]...)
		}
		return appendExponent(dst, exp)
	}
	return appendFixed(dst, digits, exp)
}

func appendExponent(dst []byte, exp int) []byte {
	sign := byte('+')
	if exp < 0 {
		sign, exp = '-', -exp
	}
	dst = append(dst, 'e', sign)
	if exp < 10 {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, int64(exp), 10)
}

// appendFixed writes digits with the point after digit exp, counted from 0.
func appendFixed(dst, digits []byte, exp int) []byte {
	if exp < 0 {
		dst = append(dst, "0.0000"[:1-exp]...)
		return append(dst, digits...)
	}
	for len(digits) <= exp {
		digits = append(digits, '0')
	}
	dst = append(dst, digits[:exp+1]...)
	if len(digits) > exp+1 {
		dst = append(append(dst, '.'), digits[exp+1:]...)
	}
	return dst
}

// splitScientific takes strconv's [-]d.ddde±dd apart, in place: the digits, and the exponent of the first.
func splitScientific(s []byte) (digits []byte, exp int) {
	if s[0] == '-' {
		s = s[1:]
	}
	e := len(s) - 1
	for s[e] != 'e' {
		e--
	}
	for _, c := range s[e+2:] {
		exp = exp*10 + int(c-'0')
	}
	if s[e+1] == '-' {
		exp = -exp
	}
	if e == 1 {
		return s[:1], exp
	}
	s[1] = s[0]
	return s[1:e], exp
}

// shortest is strconv's shortest decimal, but for one case: where that lies exactly half way between two floats, and
// reads back only because ties go to the even one, PostgreSQL takes a longer one (1e23 is 9.999999999999999e+22).
func shortest(buf []byte, v float64, width int) []byte {
	s := strconv.AppendFloat(buf, v, 'e', -1, width)
	if !halfWay(s, v, width) {
		return s
	}
	for prec := 1; prec <= 16; prec++ {
		longer := strconv.AppendFloat(nil, v, 'e', prec, width)
		back, _ := strconv.ParseFloat(string(longer), width)
		if back == v && !halfWay(longer, v, width) {
			return longer
		}
	}
	return s
}

// halfWay reports whether the decimal s, which reads as v, is the exact middle between v and a neighbour. That needs
// digits × 10^k to be an odd number of one bit more than the mantissa (or two, below a power of two) times a power of
// two, so only numbers without a fraction of more than one bit can be.
func halfWay(s []byte, v float64, width int) bool {
	mantissaBits := 53
	if width == 32 {
		mantissaBits = 24
	}
	v = math.Abs(v)
	if v < math.Ldexp(1, mantissaBits-1) {
		return false
	}
	var buf [32]byte
	digits, exp := splitScientific(append(buf[:0], s...))
	n, _ := strconv.ParseUint(string(digits), 10, 64)
	for k := exp - len(digits) + 1; k != 0; {
		if k < 0 {
			if n%5 != 0 {
				return false
			}
			n /= 5
			k++
			continue
		}
		n >>= bits.TrailingZeros64(n)
		hi, lo := bits.Mul64(n, 5)
		if hi != 0 {
			return false
		}
		n = lo
		k--
	}
	n >>= bits.TrailingZeros64(n)
	frac, _ := math.Frexp(v)
	m := uint64(math.Ldexp(frac, mantissaBits))
	return n == 2*m+1 || n == 2*m-1 || m == 1<<(mantissaBits-1) && n == 4*m-1
}

// Limits of PostgreSQL's numeric: digits before and after the point.
const (
	maxNumericWhole = 131072
	maxNumericScale = 16383
)

// ParseNumeric checks a numeric and gives its canonical text: no exponent, no plus sign, no leading zeros, and as many digits
// after the point as were written (1.10 stays 1.10).
func ParseNumeric(text string) (string, error) {
	t := column.T(column.Numeric)
	s := trim(text)
	negative := false
	if s != "" && (s[0] == '+' || s[0] == '-') {
		negative, s = s[0] == '-', s[1:]
	}
	switch strings.ToLower(s) {
	case "nan":
		if len(trim(text)) == 3 {
			return "NaN", nil
		}
	case "inf", "infinity":
		if negative {
			return "-Infinity", nil
		}
		return "Infinity", nil
	}
	whole, frac, exp, ok := splitNumeric(s)
	if !ok {
		return "", syntaxError(t, text)
	}
	if exp >= math.MaxInt32/2 || exp <= -math.MaxInt32/2 {
		return "", errorf(outOfRange, "value overflows numeric format")
	}
	if len(strings.Trim(whole+frac, "0")) == 0 {
		if scale := max(0, len(frac)-exp); scale > maxNumericScale {
			return "", errorf(outOfRange, "value overflows numeric format")
		} else if scale > 0 {
			return "0." + strings.Repeat("0", scale), nil
		}
		return "0", nil
	}
	lead := len(whole) - len(strings.TrimLeft(whole, "0"))
	if lead == len(whole) {
		lead += len(frac) - len(strings.TrimLeft(frac, "0"))
	}
	if len(whole)-lead+exp > maxNumericWhole || len(frac)-exp > maxNumericScale {
		return "", errorf(outOfRange, "value overflows numeric format")
	}
	return layNumeric(negative, whole+frac, len(whole)+exp), nil
}

// layNumeric writes digits with the point before digit point, which may lie outside of them.
func layNumeric(negative bool, digits string, point int) string {
	if point <= 0 {
		digits, point = strings.Repeat("0", 1-point)+digits, 1
	}
	if point > len(digits) {
		digits += strings.Repeat("0", point-len(digits))
	}
	whole, frac := strings.TrimLeft(digits[:point], "0"), digits[point:]
	if whole == "" {
		whole = "0"
	}
	if negative {
		whole = "-" + whole
	}
	if frac == "" {
		return whole
	}
	return whole + "." + frac
}

func splitNumeric(s string) (whole, frac string, exp int, ok bool) {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	whole, s = s[:i], s[i:]
	if s != "" && s[0] == '.' {
		i = 1
		for i < len(s) && isDigit(s[i]) {
			i++
		}
		frac, s = s[1:i], s[i:]
	}
	if whole == "" && frac == "" {
		return "", "", 0, false
	}
	if s == "" {
		return whole, frac, 0, true
	}
	if s[0]|0x20 != 'e' || len(s) == 1 || strings.IndexByte(s, '_') >= 0 {
		return "", "", 0, false
	}
	v, err := strconv.ParseInt(s[1:], 10, 32)
	if err != nil && v == 0 {
		return "", "", 0, false
	}
	return whole, frac, int(v), true
}
