package labels

import (
	"bytes"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
)

// parser walks canonical text. Names must ascend and no value may be empty, so that two texts of one set cannot both pass.
type parser struct {
	text     []byte
	at       int
	previous []byte
	started  bool
}

func (p *parser) fail(what string) error {
	return column.Errorf(column.Invalid, "labels: %s at byte %d", what, p.at)
}

func (p *parser) take(c byte) bool {
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

// next gives the next member; ok is false at the end of the object, which must be the end of the text.
func (p *parser) next() (name, value []byte, ok bool, err error) {
	if !p.started {
		p.started = true
		if !p.take('{') {
			return nil, nil, false, p.fail("no object")
		}
		if p.take('}') {
			return nil, nil, false, p.end()
		}
	} else if p.take('}') {
		return nil, nil, false, p.end()
	} else if !p.take(',') {
		return nil, nil, false, p.fail("no comma")
	}
	if name, err = p.quoted(); err != nil {
		return nil, nil, false, err
	}
	if len(name) == 0 || bytes.Compare(p.previous, name) >= 0 {
		return nil, nil, false, p.fail("empty, repeated or unordered name")
	}
	p.previous = name
	if !p.take(':') {
		return nil, nil, false, p.fail("no colon")
	}
	if value, err = p.quoted(); err != nil {
		return nil, nil, false, err
	}
	if len(value) == 0 {
		return nil, nil, false, p.fail("empty value")
	}
	return name, value, true, nil
}

func (p *parser) end() error {
	if p.at != len(p.text) {
		return p.fail("something after the object")
	}
	return nil
}

func (p *parser) quoted() ([]byte, error) {
	if !p.take('"') {
		return nil, p.fail("no string")
	}
	start := p.at
	for ; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			s := p.text[start:p.at:p.at]
			p.at++
			return p.checked(s)
		case c == '\\':
			return p.escaped(start)
		case c < ' ':
			return nil, p.fail("bare control character")
		}
	}
	return nil, p.fail("string without end")
}

// escaped goes on at the first backslash of a string and copies what it unescapes.
func (p *parser) escaped(start int) ([]byte, error) {
	out := append([]byte(nil), p.text[start:p.at]...)
	for p.at < len(p.text) {
		c := p.text[p.at]
		p.at++
		switch {
		case c == '"':
			return p.checked(out)
		case c < ' ':
			return nil, p.fail("bare control character")
		case c != '\\':
			out = append(out, c)
		default:
			plain, err := p.escape()
			if err != nil {
				return nil, err
			}
			out = append(out, plain)
		}
	}
	return nil, p.fail("string without end")
}

// escape reads what follows a backslash; it knows only the spellings appendQuoted has.
func (p *parser) escape() (byte, error) {
	rest := p.text[p.at:]
	if len(rest) == 0 {
		return 0, p.fail("escape without end")
	}
	switch rest[0] {
	case '"', '\\':
		p.at++
		return rest[0], nil
	case 'b', 'f', 'n', 'r', 't':
		p.at++
		return [...]byte{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}[rest[0]], nil
	case 'u':
		if len(rest) < 5 || rest[1] != '0' || rest[2] != '0' {
			return 0, p.fail("escape that is not canonical")
		}
		hi, lo := bytes.IndexByte([]byte(hexDigits), rest[3]), bytes.IndexByte([]byte(hexDigits), rest[4])
		if hi < 0 || hi > 1 || lo < 0 || short[hi<<4|lo] != 0 {
			return 0, p.fail("escape that is not canonical")
		}
		p.at += 5
		return byte(hi<<4 | lo), nil
	}
	return 0, p.fail("escape that is not canonical")
}

func (p *parser) checked(s []byte) ([]byte, error) {
	if !utf8.Valid(s) {
		return nil, p.fail("bytes that are not UTF-8 before")
	}
	return s, nil
}
