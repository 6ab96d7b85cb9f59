package exec

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// A chunk is sorted by what is small: two words of the key and the number of the row. Rows themselves move once, at the end, and most
// comparisons need no look at a key.

// chunkPlace stands for a row of a chunk.
type chunkPlace struct {
	prefix uint64 // as in sortRef
	second uint64 // orders, among rows of one prefix, as what follows it in the key does
	row    int32
}

// sortChunk gives the rows of a chunk in order. Rows that came in order, as groups of time buckets often do, stay where they are.
func (k sortKeys) sortChunk(chunk []sortRef) []sortRef {
	if slices.IsSortedFunc(chunk, func(a, b sortRef) int { return compareRefs(&a, &b) }) {
		return chunk
	}
	places := make([]chunkPlace, len(chunk))
	skip := k.shared(chunk)
	for i := range chunk {
		places[i] = chunkPlace{chunk[i].prefix, k.second(chunk[i].key, skip), int32(i)}
	}
	slices.SortFunc(places, func(a, b chunkPlace) int {
		switch {
		case a.prefix < b.prefix, a.prefix == b.prefix && a.second < b.second:
			return -1
		case a.prefix > b.prefix, a.second > b.second:
			return 1
		}
		x, y := &chunk[a.row], &chunk[b.row]
		if c := bytes.Compare(x.key, y.key); c != 0 {
			return c
		}
		if x.order < y.order {
			return -1
		}
		return 1
	})
	out := make([]sortRef, len(chunk))
	for i := range places {
		out[i] = chunk[places[i].row]
	}
	return out
}

// Where prefix ends: it holds the marker of NULL, the marker of the type and all but two bits of an integer, or eight bytes.
const (
	integerEnd = 10
	prefixEnd  = 8
)

// followed reports whether a prefix is of an integer that is not NULL, which second completes.
func (k sortKeys) followed(encoded []byte) bool {
	return len(k) > 0 && encoded[0] == keyValue && plainInteger(k[0].Expr.Type())
}

// tail is what stands in a key behind what prefix and two bits of second say.
func (k sortKeys) tail(encoded []byte) []byte {
	end := prefixEnd
	switch {
	case k.followed(encoded):
		end = integerEnd
	case len(k) > 0 && plainInteger(k[0].Expr.Type()):
		end = 1 // NULL
	}
	return encoded[min(end, len(encoded)):]
}

// shared is how many bytes the tails of all keys that are not NULL first begin with alike: names of one kind often begin so.
func (k sortKeys) shared(chunk []sortRef) int {
	var first []byte
	n := -1
	for i := range chunk {
		key := chunk[i].key
		if len(key) == 0 || key[0] != keyValue {
			continue
		}
		t := k.tail(key)
		if n < 0 {
			first, n = t, len(t)
			continue
		}
		n = min(n, len(t))
		for j := range n {
			if t[j] != first[j] {
				n = j
				break
			}
		}
		if n == 0 {
			break
		}
	}
	return max(n, 0)
}

// second packs the bits of a leading integer that prefix leaves out, and the tail of the key without the bytes that all share. What
// does not fit is left to a comparison of the keys.
func (k sortKeys) second(encoded []byte, skip int) uint64 {
	if len(encoded) == 0 {
		return 0
	}
	low := uint64(0)
	if k.followed(encoded) {
		low = uint64(encoded[integerEnd-1]&3) << 62
	}
	t := k.tail(encoded)
	if encoded[0] == keyValue {
		t = t[skip:]
	}
	var b [8]byte
	copy(b[:], t)
	return low | binary.BigEndian.Uint64(b[:])>>2
}
