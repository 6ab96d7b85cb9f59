package fn

import (
	"bytes"
	"encoding/binary"

	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/literal"
)

// Classes of numerics, in their order. Numbers follow with the decimal position of the first digit and the digits up to the last
// that is not zero; the bytes of negative ones are inverted.
const (
	keyNegInfinity = iota + 1
	keyNegative
	keyZero
	keyPositive
	keyInfinity
	keyNaN
)

// keyPresent is the marker of package key before a value that is not NULL.
const keyPresent = 0x01

// AppendKey appends row i of a vector of any type but json so that bytes.Compare orders the encodings as ORDER BY orders the
// values, NULL last, and equal values have equal encodings: numerics whatever their scale, intervals whatever their
// parts. For types that can be stored keys it is key.AppendValue.
func AppendKey(dst []byte, v *column.Vector, i int) []byte {
	if v.Type != tNumeric && v.Type != tInterval {
		return key.AppendValue(dst, v, i)
	}
	f, j := v.At(i)
	if f.Valid != nil && !f.Valid.Get(j) {
		return key.AppendNull(dst)
	}
	dst = append(dst, keyPresent)
	if v.Type == tInterval {
		hi, lo := literal.IntervalSpan(f.Intervals[j])
		dst = binary.BigEndian.AppendUint64(dst, uint64(hi)^1<<63)
		return binary.BigEndian.AppendUint64(dst, lo)
	}
	return appendNumericKey(dst, f.Data[f.Offsets[j]:f.Offsets[j+1]])
}

func appendNumericKey(dst, text []byte) []byte {
	var d apd.Decimal
	setDecimal(&d, text)
	switch {
	case isNaN(&d):
		return append(dst, keyNaN)
	case d.Form == apd.Infinite && d.Negative:
		return append(dst, keyNegInfinity)
	case d.Form == apd.Infinite:
		return append(dst, keyInfinity)
	case d.IsZero():
		return append(dst, keyZero)
	}
	class := byte(keyPositive)
	if d.Negative {
		class = keyNegative
	}
	dst = append(dst, class)
	at := len(dst)
	var buf [48]byte
	digits := d.Coeff.Append(buf[:0], 10)
	top := int32(len(digits)) + d.Exponent
	dst = binary.BigEndian.AppendUint32(dst, uint32(top)^1<<31)
	dst = append(dst, bytes.TrimRight(digits, "0")...)
	// The end sorts before every digit, so that 1 < 1.1.
	dst = append(dst, 0)
	if d.Negative {
		for k := at; k < len(dst); k++ {
			dst[k] = ^dst[k]
		}
	}
	return dst
}
