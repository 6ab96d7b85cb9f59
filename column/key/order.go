package key

import (
	"encoding/binary"

	"github.com/automatanexus/aegis-db/column"
)

// Numeric values compare by value, not by text: 1.0 = 1.00 < 10. A value is a class byte and, except for zero and
// NaN, the place of its first digit and its digits without zeros at either end, complemented for negative values.
const (
	numericNegative = 0x01
	numericZero     = 0x02
	numericPositive = 0x03
	numericInfinity = 0x04
	numericNaN      = 0x05 // greater than everything, as PostgreSQL orders it
)

// AppendNumeric appends a numeric in canonical text ("-12.50", "NaN", "Infinity").
func AppendNumeric(dst, text []byte) []byte {
	dst = append(dst, present)
	negative := false
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		negative, text = text[0] == '-', text[1:]
	}
	if len(text) > 0 && (text[0] == 'N' || text[0] == 'I') {
		switch {
		case text[0] == 'N':
			return append(dst, numericNaN)
		case negative:
			return append(dst, numericNegative, 0) // below every complemented exponent
		}
		return append(dst, numericInfinity)
	}
	place, first, last := digitSpan(text)
	if first < 0 {
		return append(dst, numericZero)
	}
	class, flip := byte(numericPositive), byte(0)
	if negative {
		class, flip = numericNegative, 0xff
	}
	dst = append(dst, class)
	start := len(dst)
	dst = binary.BigEndian.AppendUint32(dst, uint32(place)^1<<31)
	for _, c := range text[first : last+1] {
		if c != '.' {
			dst = append(dst, c)
		}
	}
	dst = append(dst, 0) // ends the digits: a prefix is the smaller number
	for i := start; i < len(dst); i++ {
		dst[i] ^= flip
	}
	return dst
}

// digitSpan finds the first and last non-zero digit, and the power of ten that the first one counts (0 for units).
func digitSpan(text []byte) (place int32, first, last int) {
	first, last = -1, -1
	point := len(text)
	for i, c := range text {
		switch {
		case c == '.':
			point = i
		case c != '0':
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 {
		return 0, -1, -1
	}
	if first < point {
		return int32(point - first - 1), first, last
	}
	return int32(point - first), first, last
}

// AppendInterval appends an interval as PostgreSQL compares it: a month is 30 days, a day 24 hours.
func AppendInterval(dst []byte, v column.Interval) []byte {
	const microsPerDay = 24 * 60 * 60 * 1_000_000
	days := int64(v.Months)*30 + int64(v.Days) + v.Micros/microsPerDay
	rest := v.Micros % microsPerDay
	if rest < 0 {
		rest += microsPerDay
		days--
	}
	dst = AppendInt(dst, days)
	return binary.BigEndian.AppendUint64(dst, uint64(rest))
}
