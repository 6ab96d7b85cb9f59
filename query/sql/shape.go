package sql

import (
	"strconv"
	"strings"
)

// Shape is a text with parameters where the strings stood that its columns are compared with. Texts that differ in those strings
// alone, as the questions of a dashboard do, have one shape.
type Shape struct {
	Text   string
	Values []string // of $1, $2, …; equal strings are one parameter
	places []place
}

// usualStrings is how many strings most texts have at the most.
const usualStrings = 4

// place says where a string stood, and where its parameter stands.
type place struct{ start, end, at, width int }

// ShapeOf gives the shape of a query without parameters of its own. Only strings behind a comparison, behind BETWEEN, and in lists of nothing else behind IN
// are taken: what stands there is read as the type of the other side, as a parameter's value is.
func ShapeOf(text string) (s Shape, ok bool) {
	l := lexer{text: text}
	var b strings.Builder
	b.Grow(len(text))
	copied := 0
	before, first := token{}, true
	between := false // the AND that comes next belongs to BETWEEN 'x'
	listed := 0      // how many strings of a list come next
	for {
		t := l.next()
		if t.kind == tEOF {
			break
		}
		if first && t.text != "select" && t.text != "with" || t.kind == tParam {
			return Shape{}, false
		}
		first = false
		if t.kind == tPunct && t.text == "(" && before.kind == tWord && before.text == "in" {
			listed = stringsOf(l)
		}
		if t.kind == tString && (listed > 0 || takesString(before, between)) {
			listed = max(0, listed-1)
			between = before.text == "between"
			b.WriteString(text[copied:t.pos])
			at := b.Len()
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(s.param(t.text)))
			if s.places == nil {
				s.places = make([]place, 0, usualStrings)
			}
			s.places = append(s.places, place{int(t.pos), int(t.end), at, b.Len() - at})
			copied = int(t.end)
		} else if t.text != "and" {
			between = false
		}
		before = t
	}
	if l.err != nil || len(s.Values) == 0 {
		return Shape{}, false
	}
	b.WriteString(text[copied:])
	s.Text = b.String()
	return s, true
}

// mostListed is how many strings a list may have that are taken: beyond, a list is rather data than a question that is asked again with others.
const mostListed = 32

// stringsOf gives how many strings a list has behind its parenthesis; 0 if there is anything else in it. The lexer is a copy.
func stringsOf(l lexer) int {
	for n := 1; n <= mostListed; n++ {
		if l.next().kind != tString {
			return 0
		}
		t := l.next()
		if t.kind != tPunct || t.text != "," {
			if t.kind == tPunct && t.text == ")" {
				return n
			}
			return 0
		}
	}
	return 0
}

// takesString reports whether a string behind a token is compared with something.
func takesString(before token, between bool) bool {
	switch before.kind {
	case tOp:
		switch before.text {
		case "=", "<>", "<", "<=", ">", ">=":
			return true
		}
	case tWord:
		return before.text == "between" || between && before.text == "and"
	}
	return false
}

// param is the number of the parameter with a value.
func (s *Shape) param(value string) int {
	for i, v := range s.Values {
		if v == value {
			return i + 1
		}
	}
	if s.Values == nil {
		s.Values = make([]string, 0, usualStrings)
	}
	s.Values = append(s.Values, value)
	return len(s.Values)
}

// Original gives the offset in the original text of an offset in Text.
func (s *Shape) Original(offset int) int {
	shift := 0
	for _, p := range s.places {
		switch {
		case offset < p.at:
			return offset + shift
		case offset < p.at+p.width:
			return p.start
		}
		shift = p.end - (p.at + p.width)
	}
	return offset + shift
}
