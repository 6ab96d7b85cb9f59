package jsonvalue

import (
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// ErrSyntax is the error of a text that is no JSON document.
var ErrSyntax = errors.New("jsonvalue: no JSON document")

// maxDepth bounds the nesting of documents.
const maxDepth = 6500

// Parse reads a document. Members keep their order and repetitions, numbers their spelling: of jsonb that is the canonical one.
func Parse(text []byte) (Value, error) { return ParseLooking(text, nil) }

// lookValues is after how many values a parser and a printer look again.
const lookValues = 1024

// ParseLooking is Parse that calls look now and then with the bytes of memory that its values have taken since the last time, and ends with
// look's error.
func ParseLooking(text []byte, look func(bytes int) error) (Value, error) {
	p := parser{src: text, look: look}
	v, err := p.value(0)
	if err != nil {
		return Value{}, err
	}
	p.space()
	if p.at != len(text) {
		return Value{}, ErrSyntax
	}
	return v, nil
}

type parser struct {
	src  []byte
	at   int
	look func(bytes int) error // nil = nobody asks
	made int                   // values since the last look
}

func (p *parser) space() {
	for p.at < len(p.src) {
		switch p.src[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// next passes over blanks and gives what follows; 0 at the end.
func (p *parser) next() byte {
	p.space()
	if p.at == len(p.src) {
		return 0
	}
	return p.src[p.at]
}

func (p *parser) value(depth int) (Value, error) {
	if depth > maxDepth {
		return Value{}, ErrSyntax
	}
	if p.made++; p.made >= lookValues && p.look != nil {
		if err := p.look(p.made * int(unsafe.Sizeof(Value{}))); err != nil {
			return Value{}, err
		}
		p.made = 0
	}
	switch c := p.next(); {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		s, err := p.text()
		return Text(s), err
	case c == '-' || c >= '0' && c <= '9':
		from := p.at
		for p.at < len(p.src) && isNumberByte(p.src[p.at]) {
			p.at++
		}
		return Digits(string(p.src[from:p.at])), nil
	}
	for word, v := range map[string]Value{"null": {}, "true": Of(true), "false": Of(false)} {
		if len(p.src)-p.at >= len(word) && string(p.src[p.at:p.at+len(word)]) == word {
			p.at += len(word)
			return v, nil
		}
	}
	return Value{}, ErrSyntax
}

func isNumberByte(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c|0x20 == 'e'
}

func (p *parser) array(depth int) (Value, error) {
	p.at++
	v := Value{Kind: Array}
	if p.next() == ']' {
		p.at++
		return v, nil
	}
	for {
		item, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.Items = append(v.Items, item)
		switch p.next() {
		case ',':
			p.at++
		case ']':
			p.at++
			return v, nil
		default:
			return v, ErrSyntax
		}
	}
}

func (p *parser) object(depth int) (Value, error) {
	p.at++
	v := Value{Kind: Object}
	if p.next() == '}' {
		p.at++
		return v, nil
	}
	for {
		if p.next() != '"' {
			return v, ErrSyntax
		}
		key, err := p.text()
		if err != nil {
			return v, err
		}
		if p.next() != ':' {
			return v, ErrSyntax
		}
		p.at++
		value, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.Members = append(v.Members, Member{key, value})
		switch p.next() {
		case ',':
			p.at++
		case '}':
			p.at++
			return v, nil
		default:
			return v, ErrSyntax
		}
	}
}

func (p *parser) text() (string, error) {
	from := p.at
	for p.at++; p.at < len(p.src); p.at++ {
		switch p.src[p.at] {
		case '\\':
			p.at++
		case '"':
			p.at++
			return Unquote(p.src[from:p.at])
		}
	}
	return "", ErrSyntax
}

// Unquote gives the characters of a JSON string in its quotes.
func Unquote(quoted []byte) (string, error) {
	out, err := AppendUnquoted(nil, quoted)
	return string(out), err
}

// AppendUnquoted appends the characters of a JSON string in its quotes.
func AppendUnquoted(dst, quoted []byte) ([]byte, error) {
	if len(quoted) < 2 {
		return dst, ErrSyntax
	}
	s := quoted[1 : len(quoted)-1]
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			dst = append(dst, s[i])
			continue
		}
		if i++; i == len(s) {
			return dst, ErrSyntax
		}
		switch s[i] {
		case '"', '\\', '/':
			dst = append(dst, s[i])
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
		case 'u':
			c, size := escapedRune(s[i+1:])
			if size == 0 {
				return dst, ErrSyntax
			}
			dst = utf8.AppendRune(dst, c)
			i += size
		default:
			return dst, ErrSyntax
		}
	}
	return dst, nil
}

// escapedRune reads the digits behind \u, and the second half of a pair.
func escapedRune(s []byte) (c rune, size int) {
	unit := func(s []byte) (rune, bool) {
		if len(s) < 4 {
			return 0, false
		}
		v, err := strconv.ParseUint(string(s[:4]), 16, 16)
		return rune(v), err == nil
	}
	c, ok := unit(s)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(c) {
		return c, 4
	}
	if len(s) >= 10 && s[4] == '\\' && s[5] == 'u' {
		if low, ok := unit(s[6:]); ok {
			return utf16.DecodeRune(c, low), 10
		}
	}
	return utf8.RuneError, 4
}
