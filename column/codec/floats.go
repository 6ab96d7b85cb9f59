package codec

import (
	"math"
	"math/bits"
)

// FloatAppender is the stream of a float64 column: the XOR scheme of Gorilla
// (Pelkonen et al., VLDB 2015, section 4.1.2). Values are bit patterns: NaN
// payloads, stale markers, infinities and the sign of zero survive.
//
// Two things differ from the paper. The first value is XORed with zero and thus
// needs no case of its own. And the window is narrowed when it has become
// too wide, where the paper's only moves when a value does not fit: one
// outlier there costs bits until the end of the chunk.
//
// The zero value is ready to use.
type FloatAppender struct {
	bitWriter
	prev uint64

	width  uint8 // significant bits of the window as the writer may use it, 0 = none
	lead   uint8 // zero bits above the window
	recent window
	waste  uint8 // bits that the recent window would have saved
}

// window is a span of bits given by the zeros above and below it.
type window struct{ lead, trail uint8 }

func (s window) width() uint8 { return 64 - s.lead - s.trail }

// noWindow is neutral when windows are joined by minimum.
var noWindow = window{64, 64}

const (
	floatLeadBits   = 5
	floatLeadMax    = 1<<floatLeadBits - 1
	floatHeaderBits = 2 + floatLeadBits + 6

	floatWasteLimit = 24
)

// Append adds v to the stream.
func (a *FloatAppender) Append(v float64) { a.append(math.Float64bits(v)) }

func (a *FloatAppender) append(b uint64) {
	x := b ^ a.prev
	a.prev = b
	a.n++
	if x == 0 {
		a.putZero()
		return
	}
	lead := uint8(min(bits.LeadingZeros64(x), floatLeadMax))
	trail := uint8(bits.TrailingZeros64(x))
	down := 64 - a.lead - a.width
	if a.width == 0 || lead < a.lead || trail < down {
		a.open(x, window{lead, trail})
		if a.n == 1 {
			a.width = 0 // what fits a first value says nothing about the next
		}
		return
	}
	a.recent = window{min(a.recent.lead, lead), min(a.recent.trail, trail)}
	spare := a.width - a.recent.width()
	if spare == 0 {
		a.recent, a.waste = noWindow, 0
	} else if a.waste += spare; a.waste > floatWasteLimit {
		a.open(x, a.recent)
		return
	}
	x >>= down
	if a.width > 62 {
		a.put(1, 2)
		a.put(x, uint(a.width))
		return
	}
	a.put(1|x<<2, 2+uint(a.width))
}

// open writes a header for the window s, which must hold x, and x.
func (a *FloatAppender) open(x uint64, s window) {
	a.lead, a.width = s.lead, s.width()
	a.recent, a.waste = noWindow, 0
	x >>= s.trail
	head := uint64(3) | uint64(a.lead)<<2 | uint64(a.width-1)<<(2+floatLeadBits)
	if a.width > 64-floatHeaderBits {
		a.put(head, floatHeaderBits)
		a.put(x, uint(a.width))
		return
	}
	a.put(head|x<<floatHeaderBits, floatHeaderBits+uint(a.width))
}

// Last returns the value appended last, 0 if there is none.
func (a *FloatAppender) Last() float64 { return math.Float64frombits(a.prev) }

// Bytes returns the stream, aliased: it is valid until the next Append or Reset.
func (a *FloatAppender) Bytes() []byte { return a.buf }

// AppendTo appends a copy of the stream to dst; DecodeFloats reads it.
func (a *FloatAppender) AppendTo(dst []byte) []byte { return append(dst, a.buf...) }

// SizeBytes returns the memory held, the struct included.
func (a *FloatAppender) SizeBytes() int { return sizeofFloat + cap(a.buf) }

// Reset empties the stream and keeps its buffer.
func (a *FloatAppender) Reset() { *a = FloatAppender{bitWriter: bitWriter{buf: a.buf[:0]}} }

// AppendFloats appends the values as one block, which equals the stream that a
// FloatAppender makes of them.
func AppendFloats(dst []byte, values []float64) []byte {
	a := FloatAppender{bitWriter: bitWriter{buf: dst[len(dst):]}}
	for _, v := range values {
		a.Append(v)
	}
	// A no-op copy where the block still stands in dst's own capacity.
	return append(dst, a.buf...)
}
