package sql

import (
	"fmt"
	"strings"
)

// tokenKind is the kind of a token.
type tokenKind uint8

const (
	tEOF     tokenKind = iota
	tWord              // an unquoted name or keyword; text is folded
	tQuoted            // a "quoted" name
	tInt               // text is decimal digits
	tNumber            // has a fraction or an exponent
	tString            // text is decoded
	tBits              // B'...'
	tHexBits           // X'...'
	tParam             // $1; text is the digits
	tOp                // operator characters; != is given as <>
	tPunct             // ( ) [ ] , ; . : :: := => ..
)

// token is one lexical element. The raw text is text[pos:end] of the input.
type token struct {
	text     string
	pos, end int32
	kind     tokenKind
	kw       keyword
}

// lexer cuts the text into tokens, on demand, so that an error in front is
// reported before one further back and a long statement needs no token array.
type lexer struct {
	text string
	pos  int
	err  *Error
}

func (l *lexer) fail(pos int, code, format string, args ...any) token {
	if l.err == nil {
		l.err = ErrorAt(l.text, pos, code, format, args...)
	}
	l.pos = len(l.text)
	return token{kind: tEOF, pos: int32(pos), end: int32(pos)}
}

// failNear reports what PostgreSQL's scanner would: the message and the piece of
// text that it had read.
func (l *lexer) failNear(pos, end int, message string) token {
	return l.fail(pos, codeSyntax, "%s at or near \"%s\"", message, l.text[pos:end])
}

const (
	clsSpace = 1 << iota
	clsIdentStart
	clsIdentPart
	clsDigit
	clsOp
	clsHex
)

// charClass gives the classes of a byte. Every byte of a multi-byte character is
// a letter, as in PostgreSQL.
var charClass = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c >= 0x80:
			t[c] = clsIdentStart | clsIdentPart
		case c >= '0' && c <= '9':
			t[c] = clsDigit | clsIdentPart
		case c == '$':
			t[c] = clsIdentPart
		case c == ' ', c >= '\t' && c <= '\r':
			t[c] = clsSpace
		case strings.IndexByte("~!@#^&|`?+-*/%<>=", byte(c)) >= 0:
			t[c] = clsOp
		}
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' {
			t[c] |= clsHex
		}
	}
	return t
}()

func (l *lexer) is(pos int, class uint8) bool {
	return pos < len(l.text) && charClass[l.text[pos]]&class != 0
}

func (l *lexer) at(pos int) byte {
	if pos < len(l.text) {
		return l.text[pos]
	}
	return 0
}

// skipBlank moves over white space and comments and reports whether a line end
// was among them. It fails on a comment without an end.
func (l *lexer) skipBlank() (newline bool) {
	for l.pos < len(l.text) {
		c := l.text[l.pos]
		switch {
		case charClass[c]&clsSpace != 0:
			newline = newline || c == '\n' || c == '\r'
			l.pos++
		case c == '-' && l.at(l.pos+1) == '-':
			for l.pos < len(l.text) && l.text[l.pos] != '\n' && l.text[l.pos] != '\r' {
				l.pos++
			}
		case c == '/' && l.at(l.pos+1) == '*':
			if !l.skipBlockComment() {
				return newline
			}
		default:
			return newline
		}
	}
	return newline
}

// skipBlockComment moves over a /* comment */, which may hold others.
func (l *lexer) skipBlockComment() bool {
	start, depth := l.pos, 0
	for i := l.pos; i < len(l.text); {
		switch {
		case l.text[i] == '/' && l.at(i+1) == '*':
			depth++
			i += 2
		case l.text[i] == '*' && l.at(i+1) == '/':
			depth--
			i += 2
			if depth == 0 {
				l.pos = i
				return true
			}
		default:
			i++
		}
	}
	l.failNear(start, len(l.text), "unterminated /* comment")
	return false
}

// next gives the next token. After an error it gives tEOF for ever.
func (l *lexer) next() token {
	l.skipBlank()
	start := l.pos
	if start >= len(l.text) {
		return token{kind: tEOF, pos: int32(start), end: int32(start)}
	}
	c := l.text[start]
	switch {
	case charClass[c]&clsIdentStart != 0:
		return l.word(start, c)
	case charClass[c]&clsDigit != 0, c == '.' && l.is(start+1, clsDigit):
		return l.number(start)
	case charClass[c]&clsOp != 0:
		return l.operator(start)
	}
	switch c {
	case '\'':
		return l.quotedString(start, start, false)
	case '"':
		return l.quotedName(start, start)
	case '$':
		return l.dollar(start)
	case '(', ')', '[', ']', ',', ';':
		return l.punct(start, 1)
	case '.':
		if l.at(start+1) == '.' {
			return l.punct(start, 2)
		}
		return l.punct(start, 1)
	case ':':
		if n := l.at(start + 1); n == ':' || n == '=' {
			return l.punct(start, 2)
		}
		return l.punct(start, 1)
	}
	return l.failNear(start, start+1, "syntax error")
}

func (l *lexer) punct(start, n int) token {
	l.pos = start + n
	return token{kind: tPunct, text: l.text[start:l.pos], pos: int32(start), end: int32(l.pos)}
}

func (l *lexer) tok(kind tokenKind, start int, text string) token {
	return token{kind: kind, text: text, pos: int32(start), end: int32(l.pos)}
}

// word reads an unquoted name, a keyword, or a literal with a letter in front.
func (l *lexer) word(start int, c byte) token {
	if n := l.at(start + 1); n == '\'' {
		switch c {
		case 'e', 'E':
			return l.quotedString(start, start+1, true)
		case 'b', 'B':
			return l.bitString(start, tBits)
		case 'x', 'X':
			return l.bitString(start, tHexBits)
		case 'n', 'N':
			l.pos = start + 1
			return token{kind: tWord, text: "nchar", pos: int32(start), end: int32(start + 1), kw: keywords["nchar"]}
		}
	} else if n == '&' && (c == 'u' || c == 'U') {
		switch l.at(start + 2) {
		case '\'':
			return l.unicodeString(start)
		case '"':
			return l.unicodeName(start)
		}
	}
	i, upper := start, false
	for ; i < len(l.text) && charClass[l.text[i]]&clsIdentPart != 0; i++ {
		upper = upper || l.text[i] >= 'A' && l.text[i] <= 'Z'
	}
	l.pos = i
	name := l.text[start:i]
	if !upper {
		t := l.tok(tWord, start, name)
		t.kw = lookupKeyword(name)
		return t
	}
	if len(name) > maxKeyword {
		return l.tok(tWord, start, foldASCII(name))
	}
	// Most words in capitals are keywords, whose folded text is there already.
	var buf [maxKeyword]byte
	folded := buf[:copy(buf[:], name)]
	lower(folded)
	s := findKeyword(folded)
	if s.word == "" {
		return l.tok(tWord, start, string(folded))
	}
	t := l.tok(tWord, start, s.word)
	t.kw = s.kw
	return t
}

// maxKeyword is the length of the longest keyword, current_timestamp.
const maxKeyword = 17

// foldASCII lowers only A-Z: PostgreSQL does the same for UTF-8.
func foldASCII(s string) string {
	b := []byte(s)
	lower(b)
	return string(b)
}

func lower(b []byte) {
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
}

// dollar reads $1 or $tag$text$tag$.
func (l *lexer) dollar(start int) token {
	i := start + 1
	if l.is(i, clsDigit) {
		for l.is(i, clsDigit) {
			i++
		}
		if l.is(i, clsIdentStart) {
			return l.failNear(start, l.identEnd(i), "trailing junk after parameter")
		}
		l.pos = i
		return l.tok(tParam, start, l.text[start+1:i])
	}
	if l.is(i, clsIdentStart) {
		for l.is(i, clsIdentPart) && l.text[i] != '$' {
			i++
		}
	}
	if l.at(i) != '$' {
		return l.failNear(start, start+1, "syntax error")
	}
	tag := l.text[start : i+1]
	n := strings.Index(l.text[i+1:], tag)
	if n < 0 {
		return l.failNear(start, len(l.text), "unterminated dollar-quoted string")
	}
	l.pos = i + 1 + n + len(tag)
	return l.tok(tString, start, l.text[i+1:i+1+n])
}

func (l *lexer) identEnd(i int) int {
	for l.is(i, clsIdentPart) {
		i++
	}
	return i
}

// maxOperator is PostgreSQL's limit. It also keeps the lexer linear, which would
// otherwise read a long run of signs again for every one that it gives back.
const maxOperator = 63

// operator reads the longest operator. A comment start ends it; it gives back a
// trailing + or - unless one of ~!@#^&|`?% is in it, so that "a=-1" works.
func (l *lexer) operator(start int) token {
	i := start
	for i-start <= maxOperator && l.is(i, clsOp) {
		if c, n := l.text[i], l.at(i+1); i > start && (c == '-' && n == '-' || c == '/' && n == '*') {
			break
		}
		i++
	}
	op := l.text[start:i]
	if len(op) > 1 && !strings.ContainsAny(op, "~!@#^&|`?%") {
		for len(op) > 1 && (op[len(op)-1] == '+' || op[len(op)-1] == '-') {
			op = op[:len(op)-1]
		}
	}
	// A ? at the end is a placeholder: "a=?". No operator of PostgreSQL's ends
	// so, but @?.
	for len(op) > 1 && op[len(op)-1] == '?' && op != "@?" {
		op = op[:len(op)-1]
	}
	l.pos = start + len(op)
	if len(op) > maxOperator {
		return l.fail(start, codeSyntax, "operator too long")
	}
	switch op {
	case "=>":
		return l.tok(tPunct, start, op)
	case "!=":
		return l.tok(tOp, start, "<>")
	}
	return l.tok(tOp, start, op)
}

func (t token) String() string { return fmt.Sprintf("%d:%q", t.kind, t.text) }
