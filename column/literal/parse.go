package literal

import (
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
)

// Parse reads a text as a value of type t and appends it to b, which is of the same type. The error is a *column.Error of class Invalid
// with PostgreSQL's SQLSTATE and message; nothing was appended then.
func Parse(b *column.Builder, t column.Type, text string, opt Options) error {
	switch t.Kind {
	case column.Bool:
		v, err := ParseBool(text)
		if err != nil {
			return err
		}
		b.AppendBool(v)
	case column.Int16, column.Int32, column.Int64:
		v, err := ParseInt(text, t)
		return appendInt(b, v, err)
	case column.Float32, column.Float64:
		v, err := ParseFloat(text, t)
		if err != nil {
			return err
		}
		b.AppendFloat(v)
	case column.Date:
		v, err := ParseDate(text, opt)
		return appendInt(b, v, err)
	case column.Timestamp, column.TimestampTZ, column.TimestampNS:
		v, err := ParseTimestamp(text, t, opt)
		return appendInt(b, v, err)
	case column.Time:
		v, err := ParseTime(text, opt)
		return appendInt(b, v, err)
	case column.TimeTZ:
		v, err := ParseTimeTZ(text, opt)
		return appendInt(b, v, err)
	case column.OID:
		v, err := ParseOID(text)
		return appendInt(b, v, err)
	case column.RegClass, column.RegType, column.RegProc, column.RegProcedure, column.RegNamespace, column.RegRole:
		v, err := parseObject(t, text, opt)
		return appendInt(b, v, err)
	case column.IntervalKind:
		v, err := ParseInterval(text, opt.Interval)
		if err != nil {
			return err
		}
		b.AppendInterval(v)
	case column.Array:
		parse := ParseArray
		if t.IsVector() {
			parse = parseVector
		}
		v, err := parse(text, t.Element(), opt)
		if err != nil {
			return err
		}
		b.AppendBytes(v)
		return b.Err()
	case column.JSONPath:
		if opt.Path == nil {
			return column.SQLErrorf(column.Unsupported, "0A000", "values of type jsonpath are not known here")
		}
		text, err := opt.Path(text)
		if err != nil {
			return err
		}
		b.AppendString(text)
		return b.Err()
	case column.Record:
		return column.SQLErrorf(column.Unsupported, "0A000", "input of anonymous composite types is not implemented")
	default:
		return parseBytes(b, t, text)
	}
	return nil
}

func appendInt(b *column.Builder, v int64, err error) error {
	if err == nil {
		b.AppendInt(v)
	}
	return err
}

func parseBytes(b *column.Builder, t column.Type, text string) error {
	var err error
	switch t.Kind {
	case column.Numeric:
		text, err = ParseNumeric(text)
	case column.Bytea:
		var v []byte
		if v, err = ParseBytea(text); err == nil {
			b.AppendBytes(v)
			return b.Err()
		}
	case column.UUID:
		var v []byte
		if v, err = ParseUUID(text); err == nil {
			b.AppendBytes(v)
			return b.Err()
		}
	case column.JSONB:
		var v []byte
		if v, err = CanonicalJSON(text); err == nil {
			b.AppendBytes(v)
			return b.Err()
		}
	case column.Name:
		if err = CheckText(text); err == nil {
			text = CutName(text)
		}
	case column.InternalChar:
		text = parseChar(text)
	case column.JSON:
		if err = CheckText(text); err == nil && !json.Valid([]byte(text)) {
			err = errorf(invalidText, "invalid input syntax for type json")
		}
	default:
		err = CheckText(text)
	}
	if err != nil {
		return err
	}
	b.AppendString(text)
	return b.Err()
}

// CheckText refuses what text cannot hold: bytes that are not UTF-8, and the zero byte.
func CheckText(text string) error {
	if utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 {
		return nil
	}
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == 0 || r == utf8.RuneError && n == 1 {
			return errorf(badEncoding, "invalid byte sequence for encoding \"UTF8\": 0x%02x", text[i])
		}
		i += n
	}
	return nil
}

// isSpace is C's isspace.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func trim(s string) string {
	for s != "" && isSpace(s[0]) {
		s = s[1:]
	}
	for s != "" && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// ParseBool reads a boolean: true, yes, on, 1 and their opposites, in any case, and every prefix that is unambiguous.
func ParseBool(text string) (bool, error) {
	s := strings.ToLower(trim(text))
	switch {
	case s == "":
	case s == "1" || s == "on" || strings.HasPrefix("true", s) || strings.HasPrefix("yes", s):
		return true, nil
	case s == "0" || s == "of" || s == "off" || strings.HasPrefix("false", s) || strings.HasPrefix("no", s):
		return false, nil
	}
	return false, syntaxError(column.T(column.Bool), text)
}

// ParseInt reads smallint, integer or bigint.
func ParseInt(text string, t column.Type) (int64, error) {
	s := text
	for s != "" && isSpace(s[0]) {
		s = s[1:]
	}
	digits := s
	if digits != "" && (digits[0] == '+' || digits[0] == '-') {
		digits = digits[1:]
	}
	end := 0
	for end < len(digits) && isDigit(digits[end]) {
		end++
	}
	if end == 0 {
		return 0, syntaxError(t, text)
	}
	width := 64
	switch t.Kind {
	case column.Int16:
		width = 16
	case column.Int32:
		width = 32
	}
	v, err := strconv.ParseInt(s[:len(s)-len(digits)+end], 10, width)
	if err != nil {
		return 0, errorf(outOfRange, "value \"%s\" is out of range for type %s", text, t)
	}
	if trim(digits[end:]) != "" {
		return 0, syntaxError(t, text)
	}
	return v, nil
}

// ParseBytea reads \x and hexadecimal digits, or the older form with backslash escapes.
func ParseBytea(text string) ([]byte, error) {
	if strings.HasPrefix(text, `\x`) {
		return parseHex(text[2:])
	}
	out := make([]byte, 0, len(text))
	for {
		plain := strings.IndexByte(text, '\\')
		if plain < 0 {
			return append(out, text...), nil
		}
		out, text = append(out, text[:plain]...), text[plain+1:]
		switch {
		case strings.HasPrefix(text, `\`):
			out, text = append(out, '\\'), text[1:]
		case len(text) >= 3 && text[0] >= '0' && text[0] <= '3' && text[1] >= '0' && text[1] <= '7' && text[2] >= '0' && text[2] <= '7':
			out, text = append(out, (text[0]-'0')<<6|(text[1]-'0')<<3|(text[2]-'0')), text[3:]
		default:
			return nil, errorf(invalidText, "invalid input syntax for type bytea")
		}
	}
}

// parseHex takes white space between pairs of digits, which hardly any text has.
func parseHex(text string) ([]byte, error) {
	if out, err := hex.DecodeString(text); err == nil {
		return out, nil
	}
	out := make([]byte, 0, len(text)/2)
	for i := 0; i < len(text); i++ {
		if c := text[i]; c == ' ' || c == '\n' || c == '\t' || c == '\r' {
			continue
		}
		hi, ok := hexDigit(text[i])
		if !ok {
			return nil, badHex(text[i:])
		}
		i++
		if i == len(text) {
			return nil, errorf(invalidParameter, "invalid hexadecimal data: odd number of digits")
		}
		lo, ok := hexDigit(text[i])
		if !ok {
			return nil, badHex(text[i:])
		}
		out = append(out, hi<<4|lo)
	}
	return out, nil
}

func badHex(at string) error {
	r, n := utf8.DecodeRuneInString(at)
	if r == utf8.RuneError && n == 1 {
		return errorf(invalidParameter, "invalid hexadecimal digit: %q", at[:1])
	}
	return errorf(invalidParameter, "invalid hexadecimal digit: \"%s\"", at[:n])
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case isDigit(c):
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}
