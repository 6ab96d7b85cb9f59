package rowindex

import (
	"encoding/binary"

	"github.com/zeebo/xxh3"

	"github.com/automatanexus/aegis-db/column/key"
)

// A document has a term for each scalar in it, made of the members that lead to it and of its value, and one for each text that the operator ? finds
// at its top: the names of an object, the strings of an array. Arrays are stepped through without a trace, as containment (@>) does not ask
// for places. Terms are hashes: documents that share one by chance are told apart when their rows are looked at.

// JSONTerm is a term of a document.
type JSONTerm struct {
	exists bool
	hash   uint64
}

func (t JSONTerm) append(dst []byte) []byte {
	kind := byte('v')
	if t.exists {
		kind = '?'
	}
	return binary.BigEndian.AppendUint64(append(dst, kind), t.hash)
}

// Key is the key that rows with the term have in column n of an index.
func (t JSONTerm) Key(n int) []byte { return t.append([]byte{byte(n)}) }

// JSONExists is the term of documents for which ? is true of a text.
func JSONExists(text []byte) JSONTerm { return JSONTerm{true, xxh3.Hash(text)} }

// JSONContained gives terms that every document has that contains the given one. There may be none.
func JSONContained(document []byte) []JSONTerm {
	var out []JSONTerm
	_ = eachJSONTerm(document, false, func(t JSONTerm) error { // nothing fails
		out = append(out, t)
		return nil
	})
	return out
}

// JSONValue is the term of documents that have a scalar, as canonical JSON, behind members of these names.
func JSONValue(path [][]byte, scalar []byte) JSONTerm {
	var encoded []byte
	for _, name := range path {
		encoded = key.AppendBytes(encoded, name)
	}
	return JSONTerm{false, xxh3.Hash(key.AppendJSONB(append(encoded, 0), scalar))}
}

// eachJSONTerm gives the terms of a document in canonical text.
func eachJSONTerm(document []byte, exists bool, yield func(JSONTerm) error) error {
	w := jsonWalk{src: document, exists: exists, yield: yield}
	w.value(0)
	return w.err
}

// jsonWalk walks over a valid document. path is the names on the way to where it stands, encoded.
type jsonWalk struct {
	src    []byte
	at     int
	path   []byte
	exists bool
	yield  func(JSONTerm) error
	err    error
}

func (w *jsonWalk) give(t JSONTerm) {
	if w.err == nil {
		w.err = w.yield(t)
	}
}

// space goes to where the next thing begins.
func (w *jsonWalk) space() {
	for w.at < len(w.src) {
		switch w.src[w.at] {
		case ' ', ',', ':', '\n', '\t', '\r':
			w.at++
			continue
		}
		return
	}
}

// more reports whether another member comes, and steps over the end if none does.
func (w *jsonWalk) more(end byte) bool {
	w.space()
	if w.at >= len(w.src) || w.err != nil {
		return false
	}
	if w.src[w.at] == end {
		w.at++
		return false
	}
	return true
}

// value walks over a value; depth counts the arrays and objects around it.
func (w *jsonWalk) value(depth int) {
	w.space()
	if w.at >= len(w.src) {
		return
	}
	switch w.src[w.at] {
	case '{':
		w.at++
		for w.more('}') {
			name := key.UnquoteJSON(w.token())
			if w.exists && depth == 0 {
				w.give(JSONExists(name))
			}
			before := len(w.path)
			w.path = key.AppendBytes(w.path, name)
			w.value(depth + 1)
			w.path = w.path[:before]
		}
	case '[':
		w.at++
		for w.more(']') {
			if w.exists && depth == 0 && w.src[w.at] == '"' {
				at := w.at
				w.give(JSONExists(key.UnquoteJSON(w.token())))
				w.at = at
			}
			w.value(depth + 1)
		}
	default:
		token := w.token()
		if w.exists && depth == 0 && token[0] == '"' {
			w.give(JSONExists(key.UnquoteJSON(token)))
		}
		before := len(w.path)
		w.path = key.AppendJSONB(append(w.path, 0), token)
		w.give(JSONTerm{false, xxh3.Hash(w.path)})
		w.path = w.path[:before]
	}
}

// token takes a string with its quotes, a number or a word.
func (w *jsonWalk) token() []byte {
	w.space()
	from := w.at
	if w.at < len(w.src) && w.src[w.at] == '"' {
		for w.at++; w.at < len(w.src) && w.src[w.at] != '"'; w.at++ {
			if w.src[w.at] == '\\' {
				w.at++
			}
		}
		w.at = min(w.at+1, len(w.src))
		return w.src[from:w.at]
	}
	for w.at < len(w.src) {
		switch w.src[w.at] {
		case ',', '}', ']', ' ', ':', '\n', '\t', '\r':
			if w.at == from {
				w.at++ // not canonical: go on
			}
			return w.src[from:w.at]
		}
		w.at++
	}
	return w.src[from:w.at]
}
