package key

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"unicode/utf8"
)

// The classes of JSON values, in jsonb's order.
const (
	jsonNull = iota + 1
	jsonString
	jsonNumber
	jsonBool
	jsonArray
	jsonObject
)

// AppendJSONB appends a jsonb in canonical text, as PostgreSQL orders them: objects, arrays, booleans, numbers, strings, null; objects
// and arrays first by how many members they have. A value that stands alone is to PostgreSQL an array of one, less than a real
// one; that is why an empty array is less than null.
func AppendJSONB(dst, text []byte) []byte {
	dst = append(dst, present)
	w := jsonWriter{dst: dst, src: text}
	w.space()
	switch {
	case w.at < len(text) && text[w.at] == '{':
		w.value()
	case w.at < len(text) && text[w.at] == '[':
		w.array(true)
	default:
		w.dst = append(w.dst, jsonArray, 0, 0, 0, 1, 0)
		w.value()
	}
	return w.dst
}

// jsonWriter walks over a valid document.
type jsonWriter struct {
	dst, src []byte
	at       int
}

func (w *jsonWriter) space() {
	for w.at < len(w.src) && (w.src[w.at] == ' ' || w.src[w.at] == ',' || w.src[w.at] == ':' || w.src[w.at] == '\n' || w.src[w.at] == '\t' || w.src[w.at] == '\r') {
		w.at++
	}
}

// more reports whether another member comes, and steps over the end if none does.
func (w *jsonWriter) more(end byte) bool {
	w.space()
	if w.at >= len(w.src) {
		return false
	}
	if w.src[w.at] == end {
		w.at++
		return false
	}
	return true
}

func (w *jsonWriter) value() {
	w.space()
	if w.at >= len(w.src) {
		return
	}
	switch c := w.src[w.at]; c {
	case '{':
		w.at++
		place := w.open(jsonObject)
		n := uint32(0)
		for ; w.more('}'); n++ {
			w.text()
			w.value()
		}
		binary.BigEndian.PutUint32(w.dst[place:], n)
	case '[':
		w.array(false)
	case '"':
		w.dst = append(w.dst, jsonString)
		w.text()
	case 'n':
		w.dst = append(w.dst, jsonNull)
		w.at += len("null")
	case 't':
		w.dst = append(w.dst, jsonBool, 1)
		w.at += len("true")
	case 'f':
		w.dst = append(w.dst, jsonBool, 0)
		w.at += len("false")
	default:
		w.dst = append(w.dst, jsonNumber)
		from := w.at
		for w.at < len(w.src) && (w.src[w.at] == '-' || w.src[w.at] == '.' || w.src[w.at] >= '0' && w.src[w.at] <= '9') {
			w.at++
		}
		if w.at == from {
			w.at++ // not canonical: go on
		}
		w.dst = AppendNumeric(w.dst, w.src[from:w.at])
	}
}

// open appends a class and room for a count.
func (w *jsonWriter) open(class byte) (place int) {
	w.dst = append(w.dst, class, 0, 0, 0, 0)
	return len(w.dst) - 4
}

func (w *jsonWriter) array(outermost bool) {
	w.at++
	place := w.open(jsonArray)
	if outermost {
		w.dst = append(w.dst, 1)
	}
	n := uint32(0)
	for ; w.more(']'); n++ {
		w.value()
	}
	binary.BigEndian.PutUint32(w.dst[place:], n)
}

// text appends a string's characters, escaped and ended as AppendBytes does.
func (w *jsonWriter) text() {
	w.space()
	w.at++
	from, escapes := w.at, false
	for w.at < len(w.src) && w.src[w.at] != '"' {
		if w.src[w.at] == '\\' {
			escapes = true
			w.at++
		}
		w.at++
	}
	to := min(w.at, len(w.src))
	w.at++
	text := w.src[min(from, to):to]
	if escapes {
		text = unescape(text)
	}
	w.dst = AppendBytes(w.dst, text)
}

// unescape resolves what canonical text escapes: controls, quotes and backslashes.
func unescape(src []byte) []byte {
	out := make([]byte, 0, len(src))
	for i := 0; i < len(src); i++ {
		if src[i] != '\\' || i+1 == len(src) {
			out = append(out, src[i])
			continue
		}
		i++
		switch src[i] {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			if i+5 <= len(src) {
				r, _ := strconv.ParseUint(string(src[i+1:i+5]), 16, 32)
				out = utf8.AppendRune(out, rune(r))
				i += 4
			}
		default:
			out = append(out, src[i])
		}
	}
	return out
}

// UnquoteJSON gives the characters of a valid JSON string in its quotes. The result may share the memory of token.
func UnquoteJSON(token []byte) []byte {
	if len(token) < 2 {
		return nil
	}
	text := token[1 : len(token)-1]
	if bytes.IndexByte(text, '\\') < 0 {
		return text
	}
	return unescape(text)
}
