package pgwire

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
)

// The binary form of numeric: the count of its digits in base 10,000, the weight of the first of them, a sign, how many decimals are
// shown, and the digits.
const (
	numericNegative = 0x4000
	numericNaN      = 0xc000
	numericInf      = 0xd000
	numericNegInf   = 0xf000
	numericInfScale = 0x20 // what PostgreSQL sends there; nobody reads it
	numericHeader   = 8
)

// appendNumeric appends the binary form of a number that is given as plain decimal text.
func appendNumeric(out, text []byte) ([]byte, error) {
	be := binary.BigEndian
	special := func(sign, scale uint16) []byte {
		return be.AppendUint16(be.AppendUint16(be.AppendUint32(out, 0), sign), scale)
	}
	switch string(text) {
	case "NaN":
		return special(numericNaN, 0), nil
	case "Infinity":
		return special(numericInf, numericInfScale), nil
	case "-Infinity":
		return special(numericNegInf, numericInfScale), nil
	}
	sign := uint16(0)
	if len(text) > 0 && text[0] == '-' {
		sign, text = numericNegative, text[1:]
	}
	whole, fraction := text, []byte(nil)
	for i, c := range text {
		if c == '.' {
			whole, fraction = text[:i], text[i+1:]
		}
	}
	for len(whole) > 0 && whole[0] == '0' {
		whole = whole[1:]
	}
	at := len(out)
	out = append(out, 0, 0, 0, 0, 0, 0, 0, 0)
	weight := (len(whole)+3)/4 - 1
	digit, in := 0, (4-len(whole)%4)%4 // the first group is filled with zeros on its left
	add := func(c byte) bool {
		if c < '0' || c > '9' {
			return false
		}
		digit = digit*10 + int(c-'0')
		if in++; in == 4 {
			out = be.AppendUint16(out, uint16(digit))
			digit, in = 0, 0
		}
		return true
	}
	ok := true
	for _, c := range whole {
		ok = add(c) && ok
	}
	for _, c := range fraction {
		ok = add(c) && ok
	}
	for in != 0 {
		add('0')
	}
	if !ok || len(fraction) > math.MaxUint16>>2 || weight > math.MaxInt16 {
		return out[:at], column.Errorf(column.Internal, "numeric %q has no binary form", text)
	}
	// Zeros at either end are not sent.
	groups := out[at+numericHeader:]
	for len(groups) > 0 && groups[0] == 0 && groups[1] == 0 {
		groups = groups[2:]
		weight--
	}
	for n := len(groups); n > 0 && groups[n-1] == 0 && groups[n-2] == 0; n = len(groups) {
		groups = groups[:n-2]
	}
	if len(groups) == 0 {
		sign, weight = 0, 0
	}
	copy(out[at+numericHeader:], groups)
	out = out[:at+numericHeader+len(groups)]
	be.PutUint16(out[at:], uint16(len(groups)/2))
	be.PutUint16(out[at+2:], uint16(int16(weight)))
	be.PutUint16(out[at+4:], sign)
	be.PutUint16(out[at+6:], uint16(len(fraction)))
	return out, nil
}

// numericText gives the decimal text of the binary form.
func numericText(b []byte) (string, error) {
	wrong := column.SQLErrorf(column.Invalid, "22P03", "invalid external \"numeric\" value")
	if len(b) < numericHeader {
		return "", wrong
	}
	be := binary.BigEndian
	n, weight, sign, scale := int(be.Uint16(b)), int(int16(be.Uint16(b[2:]))), be.Uint16(b[4:]), int(be.Uint16(b[6:]))
	b = b[numericHeader:]
	switch sign {
	case numericNaN:
		return "NaN", nil
	case numericInf:
		return "Infinity", nil
	case numericNegInf:
		return "-Infinity", nil
	case 0, numericNegative:
	default:
		return "", wrong
	}
	if len(b) != 2*n || scale > math.MaxUint16>>2 {
		return "", wrong
	}
	group := func(i int) (int, bool) { // the digits at weight - i
		if i < 0 || i >= n {
			return 0, true
		}
		d := int(be.Uint16(b[2*i:]))
		return d, d < 10_000
	}
	var text strings.Builder
	if sign == numericNegative {
		text.WriteByte('-')
	}
	text.WriteByte('0')
	for i := 0; i <= weight; i++ {
		d, ok := group(i)
		if !ok {
			return "", wrong
		}
		text.WriteString(fourDigits(d))
	}
	if scale > 0 {
		text.WriteByte('.')
		for i, left := weight+1, scale; left > 0; i, left = i+1, left-4 {
			d, ok := group(i)
			if !ok {
				return "", wrong
			}
			text.WriteString(fourDigits(d)[:min(4, left)])
		}
	}
	return text.String(), nil
}

func fourDigits(d int) string { return strconv.Itoa(10_000 + d)[1:] }
