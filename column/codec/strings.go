package codec

import (
	"bytes"
	"encoding/binary"
	"unsafe"
)

// StringAppender is the stream of a text or bytes column: a sequence of tokens,
// each a literal, a reference to an earlier literal, or "the previous value
// again" up to 32 times. A constant column costs a 32nd of a byte a value, one
// with few distinct values a byte.
//
// The literals in the buffer are the dictionary; an index over them is built
// when a second distinct value arrives. The index may forget (bounded probing,
// bounded size), for the writer is free to repeat a literal.
//
// A stream is at most 4 GiB. The zero value is ready to use.
type StringAppender struct {
	buf   []byte
	index *literalIndex // nil until there are two literals
	n     uint32
	last  span // previous value, in buf
	begun bool // a literal exists
	again bool // buf ends with a repeat token
}

// span is a piece of a stream's bytes.
type span struct{ off, size uint32 }

func (s span) of(buf []byte) []byte { return buf[s.off : s.off+s.size] }

// The kind of a token is in its two lowest bits, its argument above them.
const (
	tokenLiteral = 0 // argument: length; the bytes follow
	tokenRef     = 1 // argument: number of the literal, from 0
	tokenRepeat  = 2 // argument: repetitions - 1; always one byte

	maxRepeat   = 32 // what one byte can say, so n is bounded by the stream's length
	maxLiterals = 1 << 12
)

// AppendString adds s to the stream.
func (a *StringAppender) AppendString(s string) {
	a.Append(unsafe.Slice(unsafe.StringData(s), len(s))) // Append only reads it
}

// Append adds a copy of v to the stream.
func (a *StringAppender) Append(v []byte) {
	a.n++
	if bytes.Equal(v, a.last.of(a.buf)) {
		if end := len(a.buf) - 1; a.again && a.buf[end]>>2 < maxRepeat-1 {
			a.buf[end] += 1 << 2
			return
		}
		a.reserve(1)
		a.buf = append(a.buf, tokenRepeat)
		a.again = true
		return
	}
	a.again = false
	if a.begun {
		if a.index == nil {
			a.index = &literalIndex{}
			a.index.add(a.buf, a.last) // the only literal is the previous value
		}
		if id, ok := a.index.find(a.buf, v); ok {
			a.reserve(2)
			a.buf = binary.AppendUvarint(a.buf, uint64(id)<<2|tokenRef)
			a.last = a.index.literals[id]
			return
		}
	}
	a.reserve(len(v) + binary.MaxVarintLen32)
	a.buf = binary.AppendUvarint(a.buf, uint64(len(v))<<2|tokenLiteral)
	a.last = span{uint32(len(a.buf)), uint32(len(v))}
	a.buf = append(a.buf, v...)
	a.begun = true
	if a.index != nil {
		a.index.add(a.buf, a.last)
	}
}

func (a *StringAppender) reserve(size int) {
	if cap(a.buf)-len(a.buf) < size {
		a.buf = growBuf(a.buf, len(a.buf)+size)
	}
}

// Len returns the number of values appended since the last Reset.
func (a *StringAppender) Len() int { return int(a.n) }

// Bytes returns the stream, aliased: it is valid until the next Append or Reset.
func (a *StringAppender) Bytes() []byte { return a.buf }

// AppendTo appends a copy of the stream to dst; DecodeStrings reads it.
func (a *StringAppender) AppendTo(dst []byte) []byte { return append(dst, a.buf...) }

// SizeBytes returns the memory held, the struct and the index included.
func (a *StringAppender) SizeBytes() int { return sizeofString + cap(a.buf) + a.index.sizeBytes() }

// Reset empties the stream, keeps its buffer and drops its index.
func (a *StringAppender) Reset() { *a = StringAppender{buf: a.buf[:0]} }

// AppendStrings appends len(offsets)-1 values as one block, which equals the
// stream that a StringAppender makes of them. Value i is
// data[offsets[i]:offsets[i+1]], as in Arrow.
func AppendStrings(dst []byte, offsets []int32, data []byte) []byte {
	a := StringAppender{buf: dst[len(dst):]}
	for i := 1; i < len(offsets); i++ {
		a.Append(data[offsets[i-1]:offsets[i]])
	}
	// A no-op copy where the block still stands in dst's own capacity.
	return append(dst, a.buf...)
}

// literalIndex finds a literal by its bytes: open addressing with linear
// probing. It is no map because a map would copy the keys.
type literalIndex struct {
	slots    []uint16 // number of a literal + 1, 0 = empty; length a power of two
	literals []span
}

// Probes are bounded so that chosen collisions cost a constant; at a load of
// one half a literal is almost never further away.
const maxProbes = 8

func (x *literalIndex) find(buf, v []byte) (id int, ok bool) {
	mask := uint32(len(x.slots) - 1)
	at := hashBytes(v)
	for range maxProbes {
		slot := x.slots[at&mask]
		if slot == 0 {
			return 0, false
		}
		if bytes.Equal(x.literals[slot-1].of(buf), v) {
			return int(slot - 1), true
		}
		at++
	}
	return 0, false
}

func (x *literalIndex) add(buf []byte, s span) {
	if len(x.literals) == maxLiterals {
		return // it has no number either: see DecodeStrings
	}
	x.literals = append(x.literals, s)
	if len(x.literals)*2 <= len(x.slots) {
		x.enter(buf, len(x.literals)-1)
		return
	}
	x.slots = make([]uint16, max(16, 2*len(x.slots)))
	for id := range x.literals {
		x.enter(buf, id)
	}
}

func (x *literalIndex) enter(buf []byte, id int) {
	mask := uint32(len(x.slots) - 1)
	at := hashBytes(x.literals[id].of(buf))
	for range maxProbes {
		if x.slots[at&mask] == 0 {
			x.slots[at&mask] = uint16(id + 1)
			return
		}
		at++
	}
}

func (x *literalIndex) sizeBytes() int {
	if x == nil {
		return 0
	}
	return int(unsafe.Sizeof(*x)) + 2*cap(x.slots) + 8*cap(x.literals)
}

// hashBytes multiplies by the golden ratio and folds, eight bytes at a time.
// The hash never leaves memory.
func hashBytes(v []byte) uint32 {
	const golden = 0x9e3779b97f4a7c15
	h := uint64(len(v)) * golden
	for ; len(v) >= 8; v = v[8:] {
		h = (h ^ binary.LittleEndian.Uint64(v)) * golden
		h ^= h >> 32
	}
	var tail uint64
	for i, c := range v {
		tail |= uint64(c) << (8 * i)
	}
	h = (h ^ tail) * golden
	return uint32(h >> 32)
}
