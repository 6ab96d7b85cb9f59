package rowindex

import (
	"bytes"
	"unicode/utf8"
)

// A text has the trigrams of its lower-cased characters: every three that stand together. A text that holds a piece of three characters or
// more has all trigrams of the piece, whatever stands around it.

// appendFolded appends a text in lower case, as ILIKE compares it: character by character.
func appendFolded(dst, text []byte) []byte {
	for i, c := range text {
		if c >= utf8.RuneSelf {
			return append(dst, bytes.ToLower(text[i:])...)
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// eachTrigram calls yield with every three characters of a text that stand together. Bytes that are no characters count as one each.
func eachTrigram(text []byte, yield func([]byte) error) error {
	var starts [3]int // of the characters at hand
	n := 0
	for at := 0; at < len(text); {
		size := 1
		if text[at] >= utf8.RuneSelf {
			_, size = utf8.DecodeRune(text[at:])
		}
		starts[0], starts[1], starts[2] = starts[1], starts[2], at
		at += size
		if n++; n >= 3 {
			if err := yield(text[starts[0]:at]); err != nil {
				return err
			}
		}
	}
	return nil
}

// TrigramsOf gives the trigrams that a text has if it holds a piece, in any case of its letters; none if the piece is too short.
func TrigramsOf(piece []byte) [][]byte {
	var out [][]byte
	_ = eachTrigram(appendFolded(nil, piece), func(t []byte) error { // nothing fails
		out = append(out, bytes.Clone(t))
		return nil
	})
	return out
}
