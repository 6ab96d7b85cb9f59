package api

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
)

// appendJSONValue appends row i of a vector as JSON: numbers as numbers, in full and also beyond 2^53; NaN and infinities as
// strings; time stamps as ISO 8601; json as it is; arrays as arrays; everything else as PostgreSQL's text.
func appendJSONValue(dst []byte, v *column.Vector, i int, loc *time.Location) []byte {
	f, j := v.At(i)
	if f.Type.Kind == column.Unknown || f.Valid != nil && !f.Valid.Get(j) {
		return append(dst, "null"...)
	}
	switch f.Type.Kind {
	case column.Bool:
		return strconv.AppendBool(dst, f.Bools[j])
	case column.Int16, column.Int32, column.Int64:
		return strconv.AppendInt(dst, f.Ints[j], 10)
	case column.Float32:
		return appendJSONFloat(dst, f.Floats[j], 32)
	case column.Float64:
		return appendJSONFloat(dst, f.Floats[j], 64)
	case column.Numeric:
		return appendJSONNumeric(dst, f.Bytes(j))
	case column.Timestamp, column.TimestampTZ, column.TimestampNS:
		dst = append(dst, '"')
		return append(appendISOTime(dst, f.Ints[j], f.Type, loc), '"')
	case column.OID:
		return strconv.AppendInt(dst, f.Ints[j], 10)
	case column.JSON, column.JSONB:
		return appendJSONDocument(dst, f.Bytes(j))
	case column.Text, column.Varchar, column.BpChar, column.Name:
		return appendJSONString(dst, f.Bytes(j))
	case column.InternalChar, column.RegClass, column.RegType, column.RegProc, column.RegProcedure, column.RegNamespace, column.RegRole:
		return appendJSONString(dst, literal.Append(nil, f, j, literal.Options{Location: loc}))
	case column.Array:
		return appendJSONArray(dst, f.Bytes(j), f.Type.Element(), loc)
	case column.Record, column.JSONPath:
		return appendJSONString(dst, literal.Append(nil, f, j, literal.Options{Location: loc}))
	}
	dst = append(dst, '"') // nothing in the texts of dates, intervals and bytea needs an escape but bytea's backslash
	if f.Type.Kind == column.Bytea {
		dst = append(dst, '\\')
	}
	return append(literal.Append(dst, f, j, literal.Options{Location: loc}), '"')
}

// appendJSONFloat appends the shortest decimal that reads back as the same bits.
func appendJSONFloat(dst []byte, v float64, bits int) []byte {
	switch {
	case v != v:
		return append(dst, `"NaN"`...)
	case math.IsInf(v, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(v, -1):
		return append(dst, `"-Infinity"`...)
	}
	// Digits up to where JavaScript, too, changes to exponents.
	format := byte('f')
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, v, format, -1, bits)
}

// appendJSONNumeric appends all digits; what is no number in JSON (NaN, Infinity) is a string.
func appendJSONNumeric(dst, text []byte) []byte {
	if isJSONNumber(text) {
		return append(dst, text...)
	}
	return appendJSONString(dst, text)
}

// isJSONNumber accepts plain decimals, which canonical numerics are.
func isJSONNumber(text []byte) bool {
	digits := func(from int) (end int) {
		const ones, high = 0x0101010101010101, 0xf0f0f0f0f0f0f0f0
		for end = from; end+8 <= len(text); end += 8 {
			if x := binary.LittleEndian.Uint64(text[end:]); x&high != '0'*ones || (x+6*ones)&high != '0'*ones {
				break
			}
		}
		for ; end < len(text) && text[end]-'0' <= 9; end++ {
		}
		return end
	}
	whole := 0
	if len(text) > 0 && text[0] == '-' {
		whole = 1
	}
	end := digits(whole)
	if end == whole || end-whole > 1 && text[whole] == '0' {
		return false
	}
	if end < len(text) && text[end] == '.' {
		fraction := end + 1
		if end = digits(fraction); end == fraction {
			return false
		}
	}
	return end == len(text)
}

// appendISOTime appends 2026-11-21T10:11:12.5Z, with the offset of loc in place of Z, and with neither for a time stamp without
// zone. Infinities are words.
func appendISOTime(dst []byte, v int64, t column.Type, loc *time.Location) []byte {
	infinite := v == literal.TimestampInfinity || v == literal.TimestampNegInfinity
	if t.Kind == column.Timestamp {
		dst = literal.AppendRFC3339(dst, v, t)
		if !infinite {
			dst = dst[:len(dst)-1]
		}
		return dst
	}
	if loc == nil || loc == time.UTC || infinite {
		return literal.AppendRFC3339(dst, v, t)
	}
	unit := t.UnitsPerSecond()
	seconds := v / unit
	if v%unit < 0 {
		seconds--
	}
	_, offset := time.Unix(seconds, 0).In(loc).Zone()
	dst = literal.AppendRFC3339(dst, v+int64(offset)*unit, t)
	dst = dst[:len(dst)-1]
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	two := func(n int) { dst = append(dst, byte('0'+n/10%10), byte('0'+n%10)) }
	dst = append(dst, sign)
	two(offset / 3600)
	dst = append(dst, ':')
	two(offset / 60 % 60)
	if offset%60 != 0 { // local mean times of long ago
		dst = append(dst, ':')
		two(offset % 60)
	}
	return dst
}

// appendJSONDocument embeds json on one line; a text that is no JSON, which no writer should have let in, is a string.
func appendJSONDocument(dst, text []byte) []byte {
	if !json.Valid(text) {
		return appendJSONString(dst, text)
	}
	if bytes.IndexByte(text, '\n') < 0 && bytes.IndexByte(text, '\r') < 0 {
		return append(dst, text...)
	}
	out := bytes.NewBuffer(dst)
	_ = json.Compact(out, text) // it is valid
	return out.Bytes()
}

const hexDigits = "0123456789abcdef"

// plainText is how many bytes a text begins with, at least, that stand for themselves in a JSON string: ASCII but control characters, quotes and
// backslashes. Eight are looked at at once.
func plainText[T string | []byte](s T) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(s); i += 8 {
		x := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		quote, slash := x^'"'*ones, x^'\\'*ones
		if (x|(x-' '*ones)|(quote-ones)|(slash-ones))&tops != 0 {
			break
		}
	}
	return i
}

// appendJSONString appends a quoted string; bytes that are not UTF-8 become U+FFFD.
func appendJSONString[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	from := 0
	for i := plainText(s); i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			dst = append(dst, s[from:i]...)
			switch c {
			case '"', '\\':
				dst = append(dst, '\\', c)
			case '\n':
				dst = append(dst, '\\', 'n')
			case '\r':
				dst = append(dst, '\\', 'r')
			case '\t':
				dst = append(dst, '\\', 't')
			default:
				dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			}
			i++
			from = i
			continue
		}
		r, n := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
		if r == utf8.RuneError && n == 1 {
			dst = append(dst, s[from:i]...)
			dst = append(dst, `�`...)
			i++
			from = i
			continue
		}
		i += n
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}
