package literal

import (
	"encoding/hex"

	"github.com/automatanexus/aegis-db/column"
)

const uuidBytes = 16

// AppendUUID appends the 36 characters of a uuid.
func AppendUUID(dst, v []byte) []byte {
	if len(v) != uuidBytes {
		return hex.AppendEncode(dst, v)
	}
	dst = hex.AppendEncode(dst, v[:4])
	for _, part := range [...][]byte{v[4:6], v[6:8], v[8:10], v[10:]} {
		dst = hex.AppendEncode(append(dst, '-'), part)
	}
	return dst
}

// ParseUUID reads 32 hexadecimal digits, with a hyphen behind each four of them or not, in braces or not.
func ParseUUID(text string) ([]byte, error) {
	s := text
	braces := s != "" && s[0] == '{'
	if braces {
		s = s[1:]
	}
	out := make([]byte, uuidBytes)
	for i := range out {
		if len(s) < 2 {
			return nil, syntaxError(column.T(column.UUID), text)
		}
		hi, ok := hexDigit(s[0])
		lo, also := hexDigit(s[1])
		if !ok || !also {
			return nil, syntaxError(column.T(column.UUID), text)
		}
		out[i], s = hi<<4|lo, s[2:]
		if s != "" && s[0] == '-' && i%2 == 1 && i < uuidBytes-1 {
			s = s[1:]
		}
	}
	if braces && s != "}" || !braces && s != "" {
		return nil, syntaxError(column.T(column.UUID), text)
	}
	return out, nil
}
