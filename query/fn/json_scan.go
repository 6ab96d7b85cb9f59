package fn

import (
	"bytes"

	"github.com/automatanexus/aegis-db/query/jsonvalue"
)

// What reads a document's text without taking it apart: members are found by passing over those before them, and nothing is allocated.
// The text is that of a value of type json or jsonb, so it is a document; a damaged one ends the search.

func blank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func skipBlanks(a []byte, i int) int {
	for i < len(a) && blank(a[i]) {
		i++
	}
	return i
}

// skipString gives the place behind a string that begins at i.
func skipString(a []byte, i int) int {
	for i++; i < len(a); i++ {
		k := bytes.IndexByte(a[i:], '"')
		if k < 0 {
			return len(a)
		}
		i += k
		slashes := 0
		for a[i-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return i + 1
		}
	}
	return len(a)
}

// skipValue gives the place behind the value that begins at i.
func skipValue(a []byte, i int) int {
	if i >= len(a) {
		return i
	}
	switch a[i] {
	case '"':
		return skipString(a, i)
	case '{', '[':
		depth := 0
		for i < len(a) {
			switch a[i] {
			case '"':
				i = skipString(a, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
			i++
		}
		return i
	}
	for i < len(a) && a[i] != ',' && a[i] != '}' && a[i] != ']' && !blank(a[i]) {
		i++
	}
	return i
}

// jsonMembers calls f with each member of an object, the key in its quotes, until f gives false.
func jsonMembers(a []byte, f func(key, value []byte) bool) {
	i := skipBlanks(a, 0)
	if i >= len(a) || a[i] != '{' {
		return
	}
	for i = skipBlanks(a, i+1); i < len(a) && a[i] == '"'; i = skipBlanks(a, i+1) {
		end := skipString(a, i)
		key := a[i:end]
		i = skipBlanks(a, end)
		i = skipBlanks(a, i+1) // the colon
		end = skipValue(a, i)
		if i > end || !f(key, a[i:end]) {
			return
		}
		if i = skipBlanks(a, end); i >= len(a) || a[i] != ',' {
			return
		}
	}
}

// jsonElements calls f with each element of an array until f gives false.
func jsonElements(a []byte, f func(value []byte) bool) {
	i := skipBlanks(a, 0)
	if i >= len(a) || a[i] != '[' {
		return
	}
	for i = skipBlanks(a, i+1); i < len(a) && a[i] != ']'; i = skipBlanks(a, i+1) {
		end := skipValue(a, i)
		if !f(a[i:end]) {
			return
		}
		if i = skipBlanks(a, end); i >= len(a) || a[i] != ',' {
			return
		}
	}
}

// keyIs compares a key in its quotes, escaped where it must be, with a name.
func keyIs(quoted, name []byte) bool {
	inner := quoted[1:max(1, len(quoted)-1)]
	if bytes.IndexByte(inner, '\\') < 0 {
		return bytes.Equal(inner, name)
	}
	s, err := jsonvalue.Unquote(quoted)
	return err == nil && s == string(name)
}

// jsonType is what a value is, as json_typeof calls it.
func jsonType(a []byte) string {
	i := skipBlanks(a, 0)
	if i >= len(a) {
		return "null"
	}
	switch a[i] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

// jsonMember finds a member of an object; of several with one name the last, unless they are unique.
func jsonMember(a, key []byte, unique bool) (found []byte) {
	i := skipBlanks(a, 0)
	if i >= len(a) || a[i] != '{' {
		return nil
	}
	for i = skipBlanks(a, i+1); i < len(a) && a[i] == '"'; i = skipBlanks(a, i+1) {
		end := skipString(a, i)
		hit := keyIs(a[i:end], key)
		i = skipBlanks(a, skipBlanks(a, end)+1) // behind the colon
		end = skipValue(a, i)
		if i > end {
			return found
		}
		if hit {
			if found = a[i:end]; unique {
				return found
			}
		}
		if i = skipBlanks(a, end); i >= len(a) || a[i] != ',' {
			return found
		}
	}
	return found
}

// jsonElement finds an element of an array, counted from its end if i is negative.
func jsonElement(a []byte, i int64) (found []byte) {
	if i < 0 {
		i += jsonLength(a)
	}
	if i < 0 {
		return nil
	}
	jsonElements(a, func(v []byte) bool {
		if i == 0 {
			found = v
		}
		i--
		return i >= 0
	})
	return found
}

// jsonLength is the number of elements of an array.
func jsonLength(a []byte) (n int64) {
	jsonElements(a, func([]byte) bool { n++; return true })
	return n
}

// jsonText gives a value as text: a string's characters, NULL (errNull) for null. buf is used where there are escapes.
func jsonText(v, buf []byte) ([]byte, error) {
	switch {
	case len(v) == 0 || v[0] == 'n':
		return nil, errNull
	case len(v) < 2 || v[0] != '"':
		return v, nil
	case bytes.IndexByte(v, '\\') < 0:
		return v[1 : len(v)-1], nil
	}
	out, err := jsonvalue.AppendUnquoted(buf[:0], v)
	if err != nil {
		return nil, sqlError("22P02", "invalid input syntax for type json")
	}
	if bytes.IndexByte(out, 0) >= 0 {
		e := sqlError("22P05", "unsupported Unicode escape sequence")
		e.Detail = "\\u0000 cannot be converted to text."
		return nil, e
	}
	return out, nil
}
