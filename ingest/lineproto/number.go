package lineproto

import (
	"math"
	"strconv"
	"unsafe"
)

// exactDigits is how many digits always fit into a float's mantissa; with a power of ten that is exact as well, one division gives the
// nearest float.
const exactDigits = 15

var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// number reads a number that begins at p, which a value's end follows, and gives the place after it.
func (d *decoder) number(p int, v *value) (int, error) {
	b, start := d.body, p
	if b[p] == '-' {
		p++
	}
	first, u := p, uint64(0)
	for b[p]-'0' <= 9 {
		u = u*10 + uint64(b[p]-'0')
		p++
	}
	digits := p - first
	if digits > 0 && digits <= exactDigits {
		switch {
		case b[p] == 'i' && endsValue(b[p+1]):
			if v.setInt(int64(u)); first > start {
				v.setInt(-int64(u))
			}
			return p + 1, nil
		case endsValue(b[p]):
			v.setFloat(signed(float64(u), first > start))
			return p, nil
		case b[p] == '.':
			point := p + 1
			for p++; b[p]-'0' <= 9; p++ {
				u = u*10 + uint64(b[p]-'0')
			}
			if fraction := p - point; digits+fraction <= exactDigits && endsValue(b[p]) {
				v.setFloat(signed(float64(u)/powers[fraction], first > start))
				return p, nil
			}
		}
	}
	return d.rareNumber(start, v)
}

func signed(f float64, negative bool) float64 {
	if negative {
		return -f
	}
	return f
}

// rareNumber reads what the loops above leave: long numbers, exponents, unsigned ones, and what is none.
func (d *decoder) rareNumber(start int, v *value) (int, error) {
	p := d.tokenEnd(start)
	token := d.body[start:p]
	switch digits := text(token[:len(token)-1]); token[len(token)-1] {
	case 'i':
		i, err := strconv.ParseInt(digits, 10, 64)
		if v.setInt(i); err != nil {
			return p, wrong("%q is not an integer from -9223372036854775808i to 9223372036854775807i", clip(token))
		}
	case 'u':
		u, err := strconv.ParseUint(digits, 10, 64)
		if err != nil {
			return p, wrong("%q is not an unsigned integer", clip(token))
		}
		if v.setInt(int64(u)); u > math.MaxInt64 {
			d.fault("%q is greater than 9223372036854775807, the most a bigint can hold", clip(token))
		}
	default:
		if !decimal(token) {
			return p, wrong("%q is not a number", clip(token))
		}
		f, err := strconv.ParseFloat(text(token), 64)
		if v.setFloat(f); err != nil {
			return p, wrong("%q is out of the range of double precision", clip(token))
		}
	}
	return p, nil
}

// decimal reports whether a token is a float in decimal digits: strconv takes more, such as infinities and hexadecimal ones.
func decimal(token []byte) bool {
	if token[0] == '-' {
		token = token[1:]
	}
	whole := digitsOf(token)
	token = token[whole:]
	if len(token) > 0 && token[0] == '.' {
		fraction := digitsOf(token[1:])
		token, whole = token[1+fraction:], whole+fraction
	}
	if whole == 0 {
		return false
	}
	if len(token) == 0 {
		return true
	}
	if token[0]|0x20 != 'e' {
		return false
	}
	if token = token[1:]; len(token) > 0 && (token[0] == '-' || token[0] == '+') {
		token = token[1:]
	}
	return len(token) > 0 && digitsOf(token) == len(token)
}

func digitsOf(b []byte) int {
	n := 0
	for n < len(b) && b[n]-'0' <= 9 {
		n++
	}
	return n
}

// boolean reads one of ten spellings.
func (d *decoder) boolean(start int, v *value) (int, error) {
	p := d.tokenEnd(start)
	v.kind = isBool
	switch string(d.body[start:p]) {
	case "t", "T", "true", "True", "TRUE":
		v.bits = 1
	case "f", "F", "false", "False", "FALSE":
		v.bits = 0
	default:
		return p, wrong("%q is not a boolean; write true or false", clip(d.body[start:p]))
	}
	return p, nil
}

// tokenEnd finds the end of a value without quotes.
func (d *decoder) tokenEnd(p int) int {
	for !endsValue(d.body[p]) {
		p++
	}
	return p
}

func endsValue(c byte) bool { return c == ',' || c == ' ' || c == '\n' || c == '\r' }

// text is a string over bytes that do not change while it is used.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// clip shortens what an error quotes.
func clip(b []byte) string {
	const longest = 64
	if len(b) > longest {
		return string(b[:longest]) + "…"
	}
	return string(b)
}
