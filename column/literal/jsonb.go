package literal

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/jsontext"
)

// maxJSONDepth is how deep objects and arrays may nest: what PostgreSQL's stack takes, about.
const maxJSONDepth = 6000

// CanonicalJSON reads a document as jsonb does and gives its text: of equal keys the last one, keys ordered by length and then by bytes, ": "
// and ", " between, numbers as numeric prints them, characters as themselves.
func CanonicalJSON(text string) ([]byte, error) {
	if err := CheckText(text); err != nil {
		return nil, err
	}
	r := jsonReader{src: text}
	out, err := r.value(make([]byte, 0, len(text)+len(text)/8), 0)
	if err == nil && r.peek() != 0 {
		err = r.unexpected()
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

type jsonReader struct {
	src string
	at  int
}

// peek gives the next character that is no blank, 0 at the end.
func (r *jsonReader) peek() byte {
	for r.at < len(r.src) {
		switch c := r.src[r.at]; c {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return c
		}
	}
	return 0
}

func jsonError(detail string) error {
	e := column.SQLErrorf(column.Invalid, invalidText, "invalid input syntax for type json")
	e.Detail = detail
	return e
}

func (r *jsonReader) unexpected() error {
	if r.at >= len(r.src) {
		return jsonError("The input string ended unexpectedly.")
	}
	end := r.at
	for end < len(r.src) && (isLetter(r.src[end]) || isDigit(r.src[end]) || r.src[end] == '_' || r.src[end] >= utf8.RuneSelf) {
		end++
	}
	return jsonError("Token \"" + r.src[r.at:max(end, r.at+1)] + "\" is invalid.")
}

func (r *jsonReader) value(dst []byte, depth int) ([]byte, error) {
	if depth > maxJSONDepth {
		return nil, errorf("54001", "stack depth limit exceeded")
	}
	switch c := r.peek(); {
	case c == '{':
		return r.object(dst, depth)
	case c == '[':
		return r.array(dst, depth)
	case c == '"':
		s, err := r.text()
		return jsontext.AppendQuoted(dst, s), err
	case c == '-' || isDigit(c):
		return r.number(dst)
	case isLetter(c):
		for _, word := range [...]string{"true", "false", "null"} {
			if end := r.at + len(word); end <= len(r.src) && r.src[r.at:end] == word &&
				(end == len(r.src) || !isLetter(r.src[end]) && !isDigit(r.src[end]) && r.src[end] != '_' && r.src[end] < utf8.RuneSelf) {
				r.at = end
				return append(dst, word...), nil
			}
		}
	}
	return nil, r.unexpected()
}

func (r *jsonReader) array(dst []byte, depth int) ([]byte, error) {
	r.at++
	dst = append(dst, '[')
	if r.peek() == ']' {
		r.at++
		return append(dst, ']'), nil
	}
	for {
		var err error
		if dst, err = r.value(dst, depth+1); err != nil {
			return nil, err
		}
		switch r.peek() {
		case ',':
			r.at++
			dst = append(dst, ", "...)
		case ']':
			r.at++
			return append(dst, ']'), nil
		default:
			return nil, r.unexpected()
		}
	}
}

// member is one pair of an object: its key's characters, and where its value's text is in the reader's output.
type member struct {
	key      string
	from, to int
}

func (r *jsonReader) object(dst []byte, depth int) ([]byte, error) {
	r.at++
	start := len(dst)
	var members []member
	for c := r.peek(); c != '}' || len(members) > 0; c = r.peek() {
		if c != '"' {
			return nil, r.unexpected()
		}
		name, err := r.text()
		if err != nil {
			return nil, err
		}
		if r.peek() != ':' {
			return nil, r.unexpected()
		}
		r.at++
		from := len(dst)
		if dst, err = r.value(dst, depth+1); err != nil {
			return nil, err
		}
		members = append(members, member{name, from, len(dst)})
		if c := r.peek(); c == '}' {
			break
		} else if c != ',' {
			return nil, r.unexpected()
		}
		r.at++
	}
	r.at++
	values := bytes.Clone(dst[start:])
	dst = append(dst[:start], '{')
	for i, m := range lastOfEach(members) {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(jsontext.AppendQuoted(dst, m.key), ": "...)
		dst = append(dst, values[m.from-start:m.to-start]...)
	}
	return append(dst, '}'), nil
}

// lastOfEach orders members as jsonb does and keeps the last of those with the same key.
func lastOfEach(members []member) []member {
	slices.SortStableFunc(members, func(a, b member) int {
		return cmp.Or(cmp.Compare(len(a.key), len(b.key)), cmp.Compare(a.key, b.key))
	})
	out := members[:0]
	for i, m := range members {
		if i+1 == len(members) || members[i+1].key != m.key {
			out = append(out, m)
		}
	}
	return out
}

func (r *jsonReader) number(dst []byte) ([]byte, error) {
	from := r.at
	digits := func() bool {
		start := r.at
		r.at = skip(r.src, r.at, isDigit)
		return r.at > start
	}
	if r.src[r.at] == '-' {
		r.at++
	}
	ok := r.at < len(r.src)
	switch {
	case ok && r.src[r.at] == '0':
		r.at++
	default:
		ok = digits()
	}
	if ok && r.at < len(r.src) && r.src[r.at] == '.' {
		r.at++
		ok = digits()
	}
	if ok && r.at < len(r.src) && r.src[r.at]|0x20 == 'e' {
		r.at++
		if r.at < len(r.src) && (r.src[r.at] == '+' || r.src[r.at] == '-') {
			r.at++
		}
		ok = digits()
	}
	if !ok || r.at < len(r.src) && (isLetter(r.src[r.at]) || isDigit(r.src[r.at]) || r.src[r.at] == '_') {
		r.at = from
		return nil, r.unexpected()
	}
	text, err := ParseNumeric(r.src[from:r.at])
	if err != nil {
		return nil, err
	}
	return append(dst, text...), nil
}

// text reads a string's characters.
func (r *jsonReader) text() (string, error) {
	r.at++
	from := r.at
	for r.at < len(r.src) && r.src[r.at] != '"' && r.src[r.at] != '\\' && r.src[r.at] >= ' ' {
		r.at++
	}
	if r.at < len(r.src) && r.src[r.at] == '"' {
		r.at++
		return r.src[from : r.at-1], nil
	}
	out := []byte(r.src[from:r.at])
	for r.at < len(r.src) {
		switch c := r.src[r.at]; {
		case c == '"':
			r.at++
			return string(out), nil
		case c < ' ':
			return "", jsonError("Character with value 0x" + strconv.FormatUint(uint64(c)+0x100, 16)[1:] + " must be escaped.")
		case c == '\\':
			var err error
			if out, err = r.escape(out); err != nil {
				return "", err
			}
		default:
			out = append(out, c)
			r.at++
		}
	}
	return "", jsonError("Token \"" + r.src[from-1:] + "\" is invalid.")
}

func (r *jsonReader) escape(dst []byte) ([]byte, error) {
	if r.at+1 >= len(r.src) {
		return nil, jsonError("The input string ended unexpectedly.")
	}
	r.at += 2
	switch c := r.src[r.at-1]; c {
	case '"', '\\', '/':
		return append(dst, c), nil
	case 'b':
		return append(dst, '\b'), nil
	case 'f':
		return append(dst, '\f'), nil
	case 'n':
		return append(dst, '\n'), nil
	case 'r':
		return append(dst, '\r'), nil
	case 't':
		return append(dst, '\t'), nil
	case 'u':
		return r.unicode(dst)
	}
	return nil, jsonError("Escape sequence \"" + r.src[r.at-2:r.at] + "\" is invalid.")
}

// unicode reads the digits of \u, and of a second \u where the first is half of a pair.
func (r *jsonReader) unicode(dst []byte) ([]byte, error) {
	c, ok := r.codeUnit()
	switch {
	case !ok:
		return nil, jsonError("\"\\u\" must be followed by four hexadecimal digits.")
	case c == 0:
		e := column.SQLErrorf(column.Invalid, "22P05", "unsupported Unicode escape sequence")
		e.Detail = "\\u0000 cannot be converted to text."
		return nil, e
	case !utf16.IsSurrogate(c):
		return utf8.AppendRune(dst, c), nil
	case c >= 0xdc00:
		return nil, jsonError("Unicode low surrogate must follow a high surrogate.")
	}
	if r.at+2 <= len(r.src) && r.src[r.at:r.at+2] == `\u` {
		r.at += 2
		low, ok := r.codeUnit()
		if ok && low >= 0xdc00 && low <= 0xdfff {
			return utf8.AppendRune(dst, utf16.DecodeRune(c, low)), nil
		}
		if ok && low >= 0xd800 && low < 0xdc00 {
			return nil, jsonError("Unicode high surrogate must not follow a high surrogate.")
		}
	}
	return nil, jsonError("Unicode low surrogate must follow a high surrogate.")
}

func (r *jsonReader) codeUnit() (rune, bool) {
	if r.at+4 > len(r.src) {
		return 0, false
	}
	c := rune(0)
	for i := range 4 {
		d, ok := hexDigit(r.src[r.at+i])
		if !ok {
			return 0, false
		}
		c = c<<4 | rune(d)
	}
	r.at += 4
	return c, true
}
