package lineproto

import (
	"bytes"
	"unicode/utf8"
)

// In measurements a backslash before a comma or a space stands for that character, in tags and field keys before "=" as well.
// Before anything else it stands for itself. In strings it escapes the quote and itself.

// Which characters end a name, or may not be in it.
const (
	endsMeasurement = 1 << iota
	endsKey         // of tags and fields, and values of tags
)

var charClass = func() (class [256]byte) {
	for c := range 32 {
		class[c] = endsMeasurement | endsKey
	}
	class[127] = endsMeasurement | endsKey
	class[' '], class[','], class['='] = endsMeasurement|endsKey, endsMeasurement|endsKey, endsKey
	return class
}()

// nameEnd finds the end of a name that begins at p, and whether it has escapes. A byte that ends names is always found: the body
// ends with a newline.
func nameEnd(b []byte, p int, ends byte) (end int, escaped bool) {
	for {
		c := b[p]
		if c == '\\' {
			if next := b[p+1]; escapable(next, ends) {
				escaped = true
				p++
			}
		} else if charClass[c]&ends != 0 {
			return p, escaped
		}
		p++
	}
}

func escapable(c, ends byte) bool { return c == ',' || c == ' ' || c == '=' && ends == endsKey }

// unescape gives a name as it is meant. The result aliases b where nothing is escaped.
func unescape(b []byte, ends byte) []byte {
	if bytes.IndexByte(b, '\\') < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) && escapable(b[i+1], ends) {
			i++
		}
		out = append(out, b[i])
	}
	return out
}

// checkName says what is wrong with the name of a table or column.
func checkName(what string, name []byte) error {
	switch {
	case len(name) > maxName:
		return wrong("the name of %s %q has %d bytes, limit %d", what, clip(name), len(name), maxName)
	case !utf8.Valid(name):
		return wrong("the name of %s %q is not valid UTF-8", what, clip(name))
	}
	return nil
}

// appendString appends what a quoted string means, whose escapes are known to be there.
func appendString(dst, b []byte) []byte {
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) && (b[i+1] == '"' || b[i+1] == '\\') {
			i++
		}
		dst = append(dst, b[i])
	}
	return dst
}
