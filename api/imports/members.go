package imports

import (
	"encoding/json"

	"github.com/automatanexus/aegis-db/column"
)

// members calls f for the members of an object, in their order; an empty line has none. It takes the text apart no further than it must: what is in
// values is looked at by whoever reads them. Keys and values are good as long as the line.
func members(line []byte, f func(key, value []byte) error) error {
	if len(line) == 0 {
		return nil
	}
	s := scanner{text: line}
	if !s.accept('{') {
		return notObject()
	}
	for first := true; !s.accept('}'); first = false {
		if !first && !s.accept(',') {
			return notObject()
		}
		s.blanks()
		raw := s.quoted()
		if raw == nil || !s.accept(':') {
			return notObject()
		}
		key, err := unquoted(raw)
		if err != nil {
			return err
		}
		s.blanks()
		value := s.value()
		if value == nil {
			return notObject()
		}
		if err := f(key, value); err != nil {
			return err
		}
	}
	if s.blanks(); s.at != len(line) {
		return column.SQLErrorf(column.Invalid, "22P02", "the line has something behind its JSON object")
	}
	return nil
}

func notObject() error {
	return column.SQLErrorf(column.Invalid, "22P02", "the line is no JSON object")
}

// scanner reads a text from its beginning.
type scanner struct {
	text []byte
	at   int
}

func (s *scanner) blanks() {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\t' || s.text[s.at] == '\r' || s.text[s.at] == '\n') {
		s.at++
	}
}

// accept takes a character, with the blanks before it.
func (s *scanner) accept(c byte) bool {
	s.blanks()
	if s.at == len(s.text) || s.text[s.at] != c {
		return false
	}
	s.at++
	return true
}

// quoted takes a string with its quotes; nil = there is none.
func (s *scanner) quoted() []byte {
	first := s.at
	if first == len(s.text) || s.text[first] != '"' {
		return nil
	}
	for i := first + 1; i < len(s.text); i++ {
		switch s.text[i] {
		case '"':
			s.at = i + 1
			return s.text[first:s.at]
		case '\\':
			i++
		}
	}
	return nil
}

// value takes a value; nil = there is none.
func (s *scanner) value() []byte {
	first := s.at
	if first == len(s.text) {
		return nil
	}
	switch c := s.text[first]; c {
	case '"':
		return s.quoted()
	case '{', '[':
		if !s.nested() {
			return nil
		}
	default:
		for s.at < len(s.text) && !ends(s.text[s.at]) {
			s.at++
		}
		if !isScalar(s.text[first:s.at]) {
			return nil
		}
	}
	return s.text[first:s.at]
}

// ends reports what no number and no word has.
func ends(c byte) bool {
	return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\t' || c == '\r' || c == '\n'
}

// isScalar reports numbers and words of JSON.
func isScalar(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	if c := b[0]; c == '-' || c >= '0' && c <= '9' {
		for i, c := range b {
			if c >= '0' && c <= '9' {
				continue
			}
			if i == 0 && c == '-' && len(b) > 1 {
				continue
			}
			return json.Valid(b) // with a fraction or an exponent
		}
		return b[0] != '0' || len(b) == 1
	}
	return string(b) == "null" || string(b) == "true" || string(b) == "false"
}

// nested passes over an object or a list.
func (s *scanner) nested() bool {
	first := s.at
	for depth := 0; s.at < len(s.text); {
		switch s.text[s.at] {
		case '"':
			if s.quoted() == nil {
				return false
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				s.at++
				return json.Valid(s.text[first:s.at])
			}
		}
		s.at++
	}
	return false
}

// unquoted gives the text of a string of JSON.
func unquoted(value []byte) ([]byte, error) {
	inner := value[1 : len(value)-1]
	plain := true
	for _, c := range inner {
		if c == '\\' || c < ' ' {
			plain = false
		}
	}
	if plain {
		return inner, nil
	}
	var text string
	if err := json.Unmarshal(value, &text); err != nil {
		return nil, column.SQLErrorf(column.Invalid, "22P02", "invalid string in JSON: %v", err)
	}
	return []byte(text), nil
}
