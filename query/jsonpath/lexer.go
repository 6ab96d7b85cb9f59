package jsonpath

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/query/jsonvalue"
)

type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokWord
	tokString
	tokNumber
	tokVariable
	tokSign
)

type token struct {
	kind tokenKind
	text string
	at   int
}

// lexer splits a path into tokens.
type lexer struct {
	src string
	at  int
}

// signs of two characters; all others have one, and ** is read only behind a point.
var longSigns = []string{"==", "!=", "<>", "<=", ">=", "&&", "||", "**"}

const signBytes = "$@.*[](){},?:+-/%<>=!&|"

func (l *lexer) next() (token, error) {
	if err := l.blanks(); err != nil {
		return token{}, err
	}
	at := l.at
	if at == len(l.src) {
		return token{at: at}, nil
	}
	switch c := l.src[at]; {
	case c == '"':
		s, err := l.text()
		return token{tokString, s, at}, err
	case c == '$':
		return l.variable()
	case c >= '0' && c <= '9' || c == '.' && at+1 < len(l.src) && l.src[at+1] >= '0' && l.src[at+1] <= '9':
		return l.number()
	case strings.IndexByte(signBytes, c) >= 0:
		for _, s := range longSigns {
			if strings.HasPrefix(l.src[at:], s) {
				l.at += 2
				return token{tokSign, s, at}, nil
			}
		}
		l.at++
		return token{tokSign, string(c), at}, nil
	}
	s, err := l.word()
	return token{tokWord, s, at}, err
}

func (l *lexer) blanks() error {
	for l.at < len(l.src) {
		switch {
		case strings.IndexByte(" \t\n\r\f", l.src[l.at]) >= 0:
			l.at++
		case strings.HasPrefix(l.src[l.at:], "/*"):
			end := strings.Index(l.src[l.at+2:], "*/")
			if end < 0 {
				return fail("42601", "unexpected end of comment at end of jsonpath input")
			}
			l.at += end + 4
		default:
			return nil
		}
	}
	return nil
}

func (l *lexer) variable() (token, error) {
	at := l.at
	l.at++
	if l.at < len(l.src) && l.src[l.at] == '"' {
		s, err := l.text()
		return token{tokVariable, s, at}, err
	}
	if l.at < len(l.src) && !strings.ContainsRune(signBytes+" \t\n\r\f\"", rune(l.src[l.at])) {
		s, err := l.word()
		return token{tokVariable, s, at}, err
	}
	return token{tokSign, "$", at}, nil
}

// text reads a string in double quotes, with JSON's escapes and JavaScript's.
func (l *lexer) text() (string, error) {
	l.at++
	var b strings.Builder
	for l.at < len(l.src) {
		switch c := l.src[l.at]; c {
		case '"':
			l.at++
			return b.String(), nil
		case '\\':
			if err := l.escape(&b); err != nil {
				return "", err
			}
		default:
			b.WriteByte(c)
			l.at++
		}
	}
	return "", fail("42601", "unterminated quoted string at end of jsonpath input")
}

func (l *lexer) escape(b *strings.Builder) error {
	bad := fail("42601", "invalid escape sequence in jsonpath input")
	from := l.at
	l.at++
	if l.at == len(l.src) {
		return fail("42601", "unexpected end after backslash at end of jsonpath input")
	}
	c, size := utf8.DecodeRuneInString(l.src[l.at:])
	rest := l.src[l.at:]
	l.at += size
	switch c {
	case 'b', 'f', 'n', 'r', 't':
		b.WriteByte(map[rune]byte{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}[c])
	case 'v':
		b.WriteByte('\v')
	case 'x':
		if len(rest) < 3 {
			return bad
		}
		s, err := jsonvalue.Unquote([]byte(`"\u00` + rest[1:3] + `"`))
		if err != nil {
			return bad
		}
		b.WriteString(s)
		l.at += 2
	case 'u':
		digits := rest
		if end := strings.IndexByte(rest, '}'); strings.HasPrefix(rest, "u{") && end > 2 && end <= 8 {
			var r rune
			for _, d := range rest[2:end] {
				v := strings.IndexRune("0123456789abcdef", d|0x20)
				if v < 0 {
					return bad
				}
				r = r<<4 | rune(v)
			}
			l.at += end
			return l.writeEscaped(b, from, string(r), r)
		}
		n := 5
		if len(rest) >= 11 && (rest[1]|0x20 == 'd') && rest[2]|0x20 >= '8' && rest[5:7] == `\u` {
			n = 11
		}
		if len(digits) < n {
			return bad
		}
		s, err := jsonvalue.Unquote([]byte(`"\` + digits[:n] + `"`))
		if err != nil {
			return bad
		}
		l.at += n - 1
		first, _ := utf8.DecodeRuneInString(s)
		if n == 5 {
			v, _ := strconv.ParseUint(digits[1:5], 16, 16)
			first = rune(v)
		}
		return l.writeEscaped(b, from, s, first)
	default:
		b.WriteRune(c)
	}
	return nil
}

// writeEscaped writes the character of an escape that began at from: text cannot hold zero, nor half of a pair.
func (l *lexer) writeEscaped(b *strings.Builder, from int, s string, r rune) error {
	switch {
	case r == 0:
		e := fail("22P05", "unsupported Unicode escape sequence")
		e.Detail = "\\u0000 cannot be converted to text."
		return e
	case utf16.IsSurrogate(r):
		e := fail("22P02", "invalid input syntax for type jsonpath")
		e.Detail = "Unicode low surrogate must follow a high surrogate."
		if before := l.src[:from]; r < 0xdc00 && len(before) >= 6 && before[len(before)-6] == '\\' && before[len(before)-5] == 'u' {
			e.Detail = "Unicode high surrogate must not follow a high surrogate."
		}
		return e
	case r == utf8.RuneError && s != "" && strings.Contains(l.src[from:l.at], `\u`) && strings.Count(l.src[from:l.at], `\u`) == 2:
		e := fail("22P02", "invalid input syntax for type jsonpath")
		e.Detail = "Unicode low surrogate must follow a high surrogate."
		return e
	}
	b.WriteString(s)
	return nil
}

func (l *lexer) number() (token, error) {
	at := l.at
	digits := func() {
		for l.at < len(l.src) && l.src[l.at] >= '0' && l.src[l.at] <= '9' {
			l.at++
		}
	}
	digits()
	if l.at < len(l.src) && l.src[l.at] == '.' { // 1.type() is a mistake, as is 1.*
		l.at++
		digits()
	}
	if l.at < len(l.src) && l.src[l.at]|0x20 == 'e' {
		end := l.at + 1
		if end < len(l.src) && (l.src[end] == '+' || l.src[end] == '-') {
			end++
		}
		if end < len(l.src) && l.src[end] >= '0' && l.src[end] <= '9' {
			l.at = end
			digits()
		}
	}
	text := l.src[at:l.at]
	if l.at < len(l.src) && isWordByte(l.src[l.at]) || len(text) > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9' {
		return token{}, fail("42601", "trailing junk after numeric literal at or near \"%s\" of jsonpath input", l.src[at:min(len(l.src), l.at+1)])
	}
	return token{tokNumber, text, at}, nil
}

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= utf8.RuneSelf
}

// word reads a name without quotes; a backslash escapes what would end it.
func (l *lexer) word() (string, error) {
	var b strings.Builder
	for l.at < len(l.src) {
		c := l.src[l.at]
		if c == '\\' {
			if err := l.escape(&b); err != nil {
				return "", err
			}
			continue
		}
		if strings.IndexByte(signBytes+" \t\n\r\f\"", c) >= 0 && c != '$' {
			break
		}
		b.WriteByte(c)
		l.at++
	}
	return b.String(), nil
}
