package codec

import "encoding/binary"

// Streams fill each byte from its lowest bit. With that order one unaligned
// little-endian load and one shift bring the next code to bit 0 of a register,
// so control bits are tested with constant masks.

// bitWriter appends bit fields to buf. It has no accumulator: buf is complete
// after every put, so a reader that may only read (shared lock) sees all of it.
type bitWriter struct {
	buf  []byte
	n    uint32 // values appended, at most 2^32-1; here it fills the padding of free
	free uint8  // unused high bits in the last byte of buf, 0..7
}

// Head buffers start at firstCap and grow gently: with a million series each
// wasted byte is a megabyte. Doubling stops early at gentleCap because a
// scraped series of 120 rows needs 100 to 400 bytes; then half is added, in
// steps of 64, which keeps the total copy work linear.
const (
	firstCap  = 32
	gentleCap = 128
	putSlack  = 9 // put stores a whole word and the byte after it
)

// growBuf returns buf in a larger array, with a capacity of at least need.
//
//go:noinline
func growBuf(buf []byte, need int) []byte {
	c := cap(buf)
	switch {
	case c < firstCap:
		c = firstCap
	case c < gentleCap:
		c *= 2
	default:
		c = (c + c/2 + 63) &^ 63
	}
	if c < need {
		c = (need + 63) &^ 63
	}
	grown := make([]byte, len(buf), c)
	copy(grown, buf)
	return grown
}

// put appends the width lowest bits of v, width in 1..64; the bits above must be 0.
func (w *bitWriter) put(v uint64, width uint) {
	used := uint(-w.free) & 7
	at := len(w.buf) - int((w.free+7)>>3)
	if cap(w.buf)-at < putSlack {
		w.buf = growBuf(w.buf, at+putSlack)
	}
	b := w.buf[at : at+putSlack]
	// Masked, because a reused buffer has old bytes behind its end.
	last := uint64(b[0]) & (1<<used - 1)
	binary.LittleEndian.PutUint64(b, last|v<<used)
	b[8] = byte(v >> 1 >> (63 - used))
	end := used + width
	w.buf = w.buf[:at+int(end+7)>>3]
	w.free = uint8(-end) & 7
}

// putZero appends one 0 bit, the commonest code of regular data.
func (w *bitWriter) putZero() {
	if w.free > 0 {
		w.free-- // bits behind the end of the last byte are kept 0 by put
		return
	}
	w.put(0, 1)
}

// Tail is where the next value goes, for whoever asks for it before he appends; nil in an empty stream.
func (w *bitWriter) Tail() *byte {
	if len(w.buf) == 0 {
		return nil
	}
	return &w.buf[len(w.buf)-1]
}

// Len returns the number of values appended since the last Reset.
func (w *bitWriter) Len() int { return int(w.n) }

// decodeSlack is how far past the byte of its first bit one code may be read:
// the widest code is 76 bits, and it is read by words.
const decodeSlack = 24

// tailPad is where a decoder finishes: the last decodeSlack bytes followed by
// zeros, so that the loop needs no bounds of its own for the end of the input.
type tailPad [3 * decodeSlack]byte

// loadBits is what one peek is sure to hold. A window wider than widestFast
// does not fit one load together with its control bits.
const (
	loadBits   = 57
	widestFast = loadBits - 2
)

// peek returns the 57 or more bits at bit position pos; the bits above are 0.
func peek(src []byte, pos int) uint64 {
	return binary.LittleEndian.Uint64(src[pos>>3:]) >> (uint(pos) & 7)
}

// peek64 returns all 64 bits at bit position pos.
func peek64(src []byte, pos int) uint64 {
	off := uint(pos) & 7
	b := src[pos>>3 : pos>>3+9]
	return binary.LittleEndian.Uint64(b)>>off | uint64(b[8])<<1<<(63-off)
}

func zigzag(v int64) uint64   { return uint64(v)<<1 ^ uint64(v>>63) }
func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }
