package sql

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// number reads 12, 1_000, 0xff, 1.5, .5, 1e10.
func (l *lexer) number(start int) token {
	if l.text[start] == '0' {
		switch l.at(start+1) | 0x20 {
		case 'x':
			return l.radixInt(start, 16, "hexadecimal")
		case 'o':
			return l.radixInt(start, 8, "octal")
		case 'b':
			return l.radixInt(start, 2, "binary")
		}
	}
	i := l.digits(start)
	kind := tInt
	// "1..2" is the integer 1, then the dots.
	if l.at(i) == '.' && l.at(i+1) != '.' {
		kind = tNumber
		i = l.digits(i + 1)
	}
	if c := l.at(i); c == 'e' || c == 'E' {
		j := i + 1
		if s := l.at(j); s == '+' || s == '-' {
			j++
		}
		if l.is(j, clsDigit) {
			kind = tNumber
			i = l.digits(j)
		}
	}
	if l.is(i, clsIdentStart) {
		return l.failNear(start, l.identEnd(i), "trailing junk after numeric literal")
	}
	l.pos = i
	text := l.text[start:i]
	if strings.IndexByte(text, '_') >= 0 {
		text = strings.ReplaceAll(text, "_", "")
	}
	if kind == tInt && len(text) > 1 && text[0] == '0' {
		text = strings.TrimLeft(text[:len(text)-1], "0") + text[len(text)-1:]
	}
	return l.tok(kind, start, text)
}

// digits moves over digits, between which single underscores may stand.
func (l *lexer) digits(i int) int {
	for l.is(i, clsDigit) || l.at(i) == '_' && i > 0 && l.is(i-1, clsDigit) && l.is(i+1, clsDigit) {
		i++
	}
	return i
}

// radixInt reads 0x1f and its like and gives it in decimal.
func (l *lexer) radixInt(start, base int, name string) token {
	i := start + 2
	var digits []byte
	for {
		c := l.at(i)
		if c == '_' {
			c = l.at(i + 1)
			if !validDigit(c, base) {
				break
			}
			i++
		}
		if !validDigit(c, base) {
			break
		}
		digits = append(digits, c)
		i++
	}
	if len(digits) == 0 && !l.is(i, clsIdentPart) {
		return l.failNear(start, l.identEnd(i), "invalid "+name+" integer")
	}
	if l.is(i, clsIdentPart) {
		return l.failNear(start, l.identEnd(i), "trailing junk after numeric literal")
	}
	l.pos = i
	if v, err := strconv.ParseUint(string(digits), base, 64); err == nil {
		return l.tok(tInt, start, strconv.FormatUint(v, 10))
	}
	// big.Int's conversion is not linear in the length; nobody needs longer ones.
	if len(digits) > 4096 {
		return l.fail(start, codeOutOfRange, "%s integer is too long", name)
	}
	v, _ := new(big.Int).SetString(string(digits), base)
	return l.tok(tInt, start, v.String())
}

func validDigit(c byte, base int) bool {
	switch base {
	case 16:
		return charClass[c]&clsHex != 0
	case 8:
		return c >= '0' && c <= '7'
	}
	return c == '0' || c == '1'
}

// quotedEnd finds the closing quote of a string whose opening quote is at i.
// plain is false when the string holds a doubled quote or an escape.
func (l *lexer) quotedEnd(i int, quote byte, escapes bool) (end int, plain bool) {
	plain = true
	for i++; i < len(l.text); i++ {
		switch c := l.text[i]; {
		case c == '\\' && escapes:
			plain = false
			i++
		case c == quote:
			if l.at(i+1) != quote {
				return i, plain
			}
			plain = false
			i++
		}
	}
	return -1, false
}

// quotedString reads 'text' or E'text' with the opening quote at quote. Strings
// that only a line end separates are one.
func (l *lexer) quotedString(start, quote int, escapes bool) token {
	var whole []byte
	for first := true; ; first = false {
		end, plain := l.quotedEnd(quote, '\'', escapes)
		if end < 0 {
			return l.failNear(start, len(l.text), "unterminated quoted string")
		}
		part := l.text[quote+1 : end]
		l.pos = end + 1
		next := l.continued()
		if first && next < 0 && plain {
			return l.tok(tString, start, part)
		}
		if escapes {
			var ok bool
			if whole, ok = l.appendEscaped(whole, quote+1, end); !ok {
				return token{kind: tEOF, pos: int32(start), end: int32(start)}
			}
		} else {
			whole = append(whole, strings.ReplaceAll(part, "''", "'")...)
		}
		if next < 0 {
			return l.tok(tString, start, string(whole))
		}
		quote = next
	}
}

// continued finds the opening quote of a string's continuation, which must lie
// behind a line end; -1 if there is none.
func (l *lexer) continued() int {
	c := l.at(l.pos)
	if charClass[c]&clsSpace == 0 && c != '-' {
		return -1
	}
	i, newline := l.pos, false
	for i < len(l.text) {
		switch c := l.text[i]; {
		case charClass[c]&clsSpace != 0:
			newline = newline || c == '\n' || c == '\r'
			i++
		case c == '-' && l.at(i+1) == '-':
			for i < len(l.text) && l.text[i] != '\n' && l.text[i] != '\r' {
				i++
			}
		case c == '\'' && newline:
			return i
		default:
			return -1
		}
	}
	return -1
}

// appendEscaped decodes the inside of an string with escapes.
func (l *lexer) appendEscaped(dst []byte, from, to int) ([]byte, bool) {
	for i := from; i < to; i++ {
		c := l.text[i]
		if c == '\'' {
			i++ // doubled
		}
		if c != '\\' {
			dst = append(dst, c)
			continue
		}
		i++
		switch c = l.text[i]; c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'v':
			dst = append(dst, '\v')
		case '0', '1', '2', '3', '4', '5', '6', '7':
			n := i
			for n < to && n < i+3 && l.text[n] >= '0' && l.text[n] <= '7' {
				n++
			}
			v, _ := strconv.ParseUint(l.text[i:n], 8, 16)
			dst = append(dst, byte(v))
			i = n - 1
		case 'x':
			n := i + 1
			for n < to && n < i+3 && charClass[l.text[n]]&clsHex != 0 {
				n++
			}
			if n == i+1 {
				dst = append(dst, 'x')
				continue
			}
			v, _ := strconv.ParseUint(l.text[i+1:n], 16, 8)
			dst = append(dst, byte(v))
			i = n - 1
		case 'u', 'U':
			var ok bool
			if dst, i, ok = l.appendUnicodeEscape(dst, i, to, c); !ok {
				return nil, false
			}
		default:
			dst = append(dst, c)
		}
	}
	if !utf8.Valid(dst) || strings.IndexByte(string(dst), 0) >= 0 {
		l.fail(from-1, codeEncoding, "invalid byte sequence for encoding \"UTF8\"")
		return nil, false
	}
	return dst, true
}

// appendUnicodeEscape decodes \uXXXX or \UXXXXXXXX whose letter is at i, and a
// second one that completes a surrogate pair. It returns the last byte read.
func (l *lexer) appendUnicodeEscape(dst []byte, i, to int, c byte) ([]byte, int, bool) {
	width := 4
	if c == 'U' {
		width = 8
	}
	r, ok := l.hexRune(i+1, width, to)
	if !ok {
		l.fail(i-1, codeInvalidEscape, "invalid Unicode escape")
		l.err.Hint = `Unicode escapes must be \uXXXX or \UXXXXXXXX.`
		return nil, i, false
	}
	last := i + width
	if r >= 0xD800 && r < 0xDC00 && l.at(last+1) == '\\' && l.at(last+2)|0x20 == 'u' {
		second := 4
		if l.at(last+2) == 'U' {
			second = 8
		}
		if low, ok := l.hexRune(last+3, second, to); ok && low >= 0xDC00 && low < 0xE000 {
			r = 0x10000 + (r-0xD800)<<10 + (low - 0xDC00)
			last += 2 + second
		}
	}
	if !utf8.ValidRune(r) {
		l.fail(i-1, codeSyntax, "invalid Unicode escape value")
		return nil, i, false
	}
	return utf8.AppendRune(dst, r), last, true
}

func (l *lexer) hexRune(i, width, to int) (rune, bool) {
	if i+width > to {
		return 0, false
	}
	v, err := strconv.ParseUint(l.text[i:i+width], 16, 32)
	if err != nil || v > utf8.MaxRune {
		return 0, false
	}
	return rune(v), true
}

// quotedName reads "name" with the opening quote at quote.
func (l *lexer) quotedName(start, quote int) token {
	end, plain := l.quotedEnd(quote, '"', false)
	if end < 0 {
		return l.failNear(start, len(l.text), "unterminated quoted identifier")
	}
	name := l.text[quote+1 : end]
	if !plain {
		name = strings.ReplaceAll(name, `""`, `"`)
	}
	if name == "" {
		return l.failNear(start, end+1, "zero-length delimited identifier")
	}
	l.pos = end + 1
	return l.tok(tQuoted, start, name)
}

// bitString reads B'...' or X'...'.
func (l *lexer) bitString(start int, kind tokenKind) token {
	end, _ := l.quotedEnd(start+1, '\'', false)
	if end < 0 {
		what := "bit"
		if kind == tHexBits {
			what = "hexadecimal"
		}
		return l.failNear(start, len(l.text), "unterminated "+what+" string literal")
	}
	digits := l.text[start+2 : end]
	for i := range len(digits) {
		if kind == tBits && digits[i] != '0' && digits[i] != '1' {
			return l.fail(start, codeInvalidText, "\"%c\" is not a valid binary digit", digits[i])
		}
		if kind == tHexBits && charClass[digits[i]]&clsHex == 0 {
			return l.fail(start, codeInvalidText, "\"%c\" is not a valid hexadecimal digit", digits[i])
		}
	}
	l.pos = end + 1
	return l.tok(kind, start, digits)
}

// unicodeString reads U&'...'.
func (l *lexer) unicodeString(start int) token {
	t := l.quotedString(start, start+2, false)
	return l.decodeUnicode(t)
}

// unicodeName reads U&"...".
func (l *lexer) unicodeName(start int) token {
	t := l.quotedName(start, start+2)
	return l.decodeUnicode(t)
}

// decodeUnicode replaces \XXXX and \+XXXXXX in the text of t.
func (l *lexer) decodeUnicode(t token) token {
	if l.err != nil || strings.IndexByte(t.text, '\\') < 0 {
		return t
	}
	sub := lexer{text: t.text}
	var out []byte
	var high rune
	for i := 0; i < len(t.text); i++ {
		c := t.text[i]
		if c != '\\' || sub.at(i+1) == '\\' {
			if c == '\\' {
				i++
			}
			out = append(out, c)
			continue
		}
		first, width := i+1, 4
		if sub.at(first) == '+' {
			first, width = i+2, 6
		}
		r, ok := sub.hexRune(first, width, len(t.text))
		if !ok {
			bad := l.fail(int(t.pos), codeSyntax, "invalid Unicode escape")
			l.err.Hint = `Unicode escapes must be \XXXX or \+XXXXXX.`
			return bad
		}
		i = first + width - 1
		if r >= 0xD800 && r < 0xDC00 && sub.at(i+1) == '\\' {
			high = r
			continue
		}
		if high != 0 && r >= 0xDC00 && r < 0xE000 {
			r = 0x10000 + (high-0xD800)<<10 + (r - 0xDC00)
			high = 0
		}
		if high != 0 || r == 0 || !utf8.ValidRune(r) {
			return l.fail(int(t.pos), codeSyntax, "invalid Unicode surrogate pair or value")
		}
		out = utf8.AppendRune(out, r)
	}
	if high != 0 {
		return l.fail(int(t.pos), codeSyntax, "invalid Unicode surrogate pair")
	}
	t.text = string(out)
	return t
}
