// Package labels owns the canonical text of a label set: a JSON object of strings with ascending, distinct names and no spaces,
// such as {"instance":"a:9100","job":"node"}. Equal sets have equal bytes, so the text serves as a tag.
// It builds the text and finds members in it without allocating; it must not know tables, metrics or queries.
package labels

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
)

// Pair is one label.
type Pair struct {
	Name, Value []byte
}

// Sort orders pairs by the bytes of their names, as AppendCanonical wants them.
func Sort(pairs []Pair) {
	slices.SortFunc(pairs, func(a, b Pair) int { return bytes.Compare(a.Name, b.Name) })
}

// AppendCanonical appends the canonical text of pairs, whose names must ascend strictly (see Sort). A pair with an empty
// value is left out: an empty label and an absent one are the same. Empty or repeated names and bytes that are
// not UTF-8 are errors of class column.Invalid, and dst comes back as it was.
func AppendCanonical(dst []byte, pairs []Pair) ([]byte, error) {
	start := len(dst)
	dst = append(dst, '{')
	for i := range pairs {
		p := &pairs[i]
		switch {
		case len(p.Name) == 0:
			return dst[:start], column.Errorf(column.Invalid, "labels: a name is empty")
		case i > 0 && bytes.Compare(pairs[i-1].Name, p.Name) >= 0:
			return dst[:start], column.Errorf(column.Invalid, "labels: name %q repeats or is out of order", p.Name)
		case !utf8.Valid(p.Name) || !utf8.Valid(p.Value):
			return dst[:start], column.Errorf(column.Invalid, "labels: %q is not valid UTF-8", p.Name)
		case len(p.Value) == 0:
			continue
		}
		if len(dst) > start+1 {
			dst = append(dst, ',')
		}
		dst = appendQuoted(dst, p.Name)
		dst = append(dst, ':')
		dst = appendQuoted(dst, p.Value)
	}
	return append(dst, '}'), nil
}

const hexDigits = "0123456789abcdef"

// short holds the second byte of the two-byte escapes; every other control character has one spelling, \u00xx in
// lower case, and everything else stands for itself: one text per set.
var short = [256]byte{'"': '"', '\\': '\\', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}

func appendQuoted(dst, s []byte) []byte {
	dst = append(dst, '"')
	from := 0
	for i, c := range s {
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		if e := short[c]; e != 0 {
			dst = append(dst, '\\', e)
		} else {
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}

// Visit calls f with every label in order of names. The slices are valid during the call only; they alias text where nothing
// is escaped. Text that AppendCanonical would not have written is an error of class column.Invalid; f may have been called
// for the members before the fault.
func Visit(text []byte, f func(name, value []byte)) error {
	p := parser{text: text}
	for {
		name, value, ok, err := p.next()
		if err != nil || !ok {
			return err
		}
		f(name, value)
	}
}

// Lookup finds one label. The value aliases text where nothing is escaped, and is a fresh slice elsewhere. ok is false for absent labels
// and for text that is not canonical up to the label's place.
func Lookup(text []byte, name string) (value []byte, ok bool) {
	p := parser{text: text}
	for {
		n, v, more, err := p.next()
		if err != nil || !more {
			return nil, false
		}
		switch c := compare(n, name); {
		case c == 0:
			return v, true
		case c > 0:
			return nil, false
		}
	}
}

// Valid reports whether text is canonical.
func Valid(text []byte) bool { return Visit(text, func(_, _ []byte) {}) == nil }

// compare orders as bytes.Compare without turning the string into a slice.
func compare(a []byte, b string) int {
	switch s := string(a); { // the compiler keeps a conversion that is only compared off the heap
	case s == b:
		return 0
	case s < b:
		return -1
	}
	return 1
}
