package exec

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// A chunk is sorted by what is small: two words of the key and the number of the row. Rows themselves move once, at the end, and most
// comparisons need no look at a key.

// chunkPlace stands for a row of a chunk.
type chunkPlace struct {
	words [2]uint64 // the prefix, as in sortRef, and what orders rows of one prefix as the key behind it does
	row   int32
}

// sortChunk gives the rows of a chunk in order. Rows that came in order, as groups of time buckets often do, stay where they are.
func (k sortKeys) sortChunk(chunk []sortRef) []sortRef {
	if slices.IsSortedFunc(chunk, func(a, b sortRef) int { return compareRefs(&a, &b) }) {
		return chunk
	}
	places := make([]chunkPlace, len(chunk))
	skip := k.shared(chunk)
	for i := range chunk {
		places[i] = chunkPlace{[2]uint64{chunk[i].prefix, k.second(chunk[i].key, skip)}, int32(i)}
	}
	places = sortPlaces(places)
	for lo := 0; lo < len(places); { // what words do not tell apart
		hi := lo + 1
		for hi < len(places) && places[hi].words == places[lo].words {
			hi++
		}
		if hi-lo > 1 {
			slices.SortFunc(places[lo:hi], func(a, b chunkPlace) int {
				x, y := &chunk[a.row], &chunk[b.row]
				if c := bytes.Compare(x.key, y.key); c != 0 {
					return c
				}
				return cmp.Compare(x.order, y.order)
			})
		}
		lo = hi
	}
	out := make([]sortRef, len(chunk))
	for i := range places {
		out[i] = chunk[places[i].row]
	}
	return out
}

// sortPlaces orders places by their words, a byte at a time from the last one, in which there are mostly few that differ: names count up, and
// times are at intervals. It may use the memory of places or not.
func sortPlaces(places []chunkPlace) []chunkPlace {
	var differ [2]uint64 // bits
	for i := range places {
		for w := range differ {
			differ[w] |= places[i].words[w] ^ places[0].words[w]
		}
	}
	other := make([]chunkPlace, len(places))
	for w := len(differ) - 1; w >= 0; w-- {
		for shift := 0; shift < 64; shift += 8 {
			if differ[w]>>shift&0xff != 0 {
				distribute(other, places, w, shift)
				places, other = other, places
			}
		}
	}
	return places
}

// distribute orders places by a byte of a word; those in which it is the same stay in their order.
func distribute(dst, src []chunkPlace, word, shift int) {
	var at [256]int32
	for i := range src {
		at[byte(src[i].words[word]>>shift)]++
	}
	next := int32(0)
	for b, n := range at {
		at[b] = next
		next += n
	}
	for i := range src {
		b := byte(src[i].words[word] >> shift)
		dst[at[b]] = src[i]
		at[b]++
	}
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
