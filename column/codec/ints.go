package codec

import "math/bits"

// IntAppender is the stream of an integer or timestamp column.
//
// Each value is predicted, and the zigzag residual is written with the width
// of a window that is carried from value to value, as Gorilla does for floats:
// one bit for "as predicted", two bits for "in the window", a header for a new
// window. Fixed buckets were rejected: they must be tuned to a unit of time,
// while a window finds that jitter is 5 bits in milliseconds or 15 bits in
// microseconds by itself, and it decodes without a branch per bucket.
//
// The predictor is "same difference as before" (delta of delta; timestamps,
// regular counters) or "same value as before" (delta; noisy values, for which
// delta of delta amplifies the noise by about a bit). A header names one of
// the two and a unit, such as 1000 for milliseconds kept as microseconds. All
// choices are the writer's alone, so they may improve without a new format.
//
// Arithmetic wraps around, hence the whole int64 range round-trips. The zero
// value is ready to use.
type IntAppender struct {
	bitWriter
	prev  int64
	delta int64 // last difference, 0 after the first value

	width  uint8 // bits of the window as the writer may use it, 0 = none
	unit   uint8 // index into units
	plain  bool  // predictor: delta instead of delta of delta
	recent uint8 // widest residual since one needed the whole window
	waste  uint8 // bits that a window of width recent would have saved
	regret uint8 // bits that the other predictor would have saved
}

const (
	intHeaderBits = 12 // control 2, predictor 1, unit 3, width 6

	// A window is narrowed, or the predictor changed, when that would have
	// saved this many bits: somewhat more than the header costs, or noise makes
	// the writer swing.
	wasteLimit  = 20
	regretLimit = 20
)

// unitOf describes a divisor odd<<shift. A residual is a multiple of it exactly
// if its low shift bits are 0 and multiplying the rest by the inverse of odd
// (mod 2^64) gives a quotient of magnitude <= max: no division needed.
type unitOf struct {
	size    int64
	inverse int64
	max     int64
	shift   uint8
	smaller uint8 // next unit to try, which divides this one
}

// The decimal units are the steps between s, ms, us and ns; the binary ones are
// KiB and pages. Codes 6 and 7 are reserved.
var units = [8]unitOf{
	{size: 1, inverse: 1, max: 1<<63 - 1},
	newUnit(1000, 3, 0),
	newUnit(1000*1000, 6, 1),
	newUnit(1000*1000*1000, 9, 2),
	newUnit(1<<10, 10, 0),
	newUnit(1<<12, 12, 4),
}

// unitStarts are the heads of the chains of smaller units, tried in this order.
var unitStarts = [...]uint8{3, 5}

func newUnit(size int64, shift, smaller uint8) unitOf {
	odd := size >> shift
	inverse := odd // correct to 3 bits; each Newton step doubles that
	for range 5 {
		inverse *= 2 - odd*inverse
	}
	return unitOf{size: size, inverse: inverse, max: (1<<63 - 1) / odd, shift: shift, smaller: smaller}
}

// divide returns r/size if that is exact.
func (u *unitOf) divide(r int64) (int64, bool) {
	if r&(1<<u.shift-1) != 0 {
		return 0, false
	}
	q := (r >> u.shift) * u.inverse
	return q, q <= u.max && q >= -u.max
}

// divideChain finds the largest unit of the chain from at down that divides r.
func divideChain(at uint8, r int64) (uint8, int64) {
	for at != 0 {
		if q, ok := units[at].divide(r); ok {
			return at, q
		}
		at = units[at].smaller
	}
	return 0, r
}

// Append adds v to the stream.
func (a *IntAppender) Append(v int64) {
	diff := v - a.prev
	r, other := diff-a.delta, diff
	a.prev = v
	if a.n == 0 {
		a.first(v)
		return
	}
	a.n++
	a.delta = diff
	if a.plain {
		r, other = other, r
	}
	if r == 0 {
		a.regret = 0
		a.putZero()
		return
	}
	q, ok := r, true
	if a.unit != 0 {
		q, ok = units[a.unit].divide(r)
	}
	switch {
	case a.width == 0:
		a.open(r)
	case !ok:
		a.unit, q = divideChain(a.unit, r)
		a.header(q)
	case a.regrets(r, other):
		a.change(other)
	default:
		a.residual(zigzag(q))
	}
}

// first writes the first value, after which delta stays 0.
func (a *IntAppender) first(v int64) {
	a.n = 1
	if v == 0 {
		a.putZero()
		return
	}
	a.open(v)
	a.width = 0 // what fits a first value says nothing about the next
}

// residual writes z in the window, or a new window if z does not fit or the
// old one has become too wide.
func (a *IntAppender) residual(z uint64) {
	need := uint8(bits.Len64(z))
	if need > a.width {
		a.putHeader(z, need)
		return
	}
	a.recent = max(a.recent, need)
	if a.recent == a.width {
		a.recent, a.waste = 0, 0
	} else if a.waste += a.width - a.recent; a.waste > wasteLimit {
		a.putHeader(z, a.recent)
		return
	}
	if a.width > 62 {
		a.put(1, 2)
		a.put(z, uint(a.width))
		return
	}
	a.put(1|z<<2, 2+uint(a.width))
}

// regrets adds what the residual r cost more than the other predictor's would
// have, and reports whether a change has become worthwhile.
func (a *IntAppender) regrets(r, other int64) bool {
	// The lengths of the zigzag codes, each less 1.
	more := bits.Len64(uint64(r^r>>63)) - bits.Len64(uint64(other^other>>63))
	sum := max(int(a.regret)+more, 0)
	a.regret = uint8(sum) // at most regretLimit + 64
	return sum > regretLimit
}

// change opens a window under the other predictor, whose residual is r.
func (a *IntAppender) change(r int64) {
	a.plain = !a.plain
	a.regret = 0
	var q int64
	a.unit, q = divideChain(a.unit, r)
	a.header(q)
}

// open starts a window with the largest unit that divides r.
func (a *IntAppender) open(r int64) {
	q := r
	for _, start := range unitStarts {
		if a.unit, q = divideChain(start, r); a.unit != 0 {
			break
		}
	}
	a.header(q)
}

func (a *IntAppender) header(q int64) {
	z := zigzag(q)
	a.putHeader(z, uint8(max(bits.Len64(z), 1)))
}

func (a *IntAppender) putHeader(z uint64, width uint8) {
	a.width, a.recent, a.waste = width, 0, 0
	head := uint64(3) | uint64(a.unit)<<3 | uint64(width-1)<<6
	if a.plain {
		head |= 1 << 2
	}
	if width > 64-intHeaderBits {
		a.put(head, intHeaderBits)
		a.put(z, uint(width))
		return
	}
	a.put(head|z<<intHeaderBits, intHeaderBits+uint(width))
}

// Last returns the value appended last, 0 if there is none.
func (a *IntAppender) Last() int64 { return a.prev }

// Bytes returns the stream, aliased: it is valid until the next Append or Reset.
func (a *IntAppender) Bytes() []byte { return a.buf }

// AppendTo appends a copy of the stream to dst; DecodeInts reads it.
func (a *IntAppender) AppendTo(dst []byte) []byte { return append(dst, a.buf...) }

// SizeBytes returns the memory held, the struct included.
func (a *IntAppender) SizeBytes() int { return sizeofInt + cap(a.buf) }

// Reset empties the stream and keeps its buffer.
func (a *IntAppender) Reset() { *a = IntAppender{bitWriter: bitWriter{buf: a.buf[:0]}} }

// AppendInts appends the values as one block, which equals the stream that an
// IntAppender makes of them. Integers and timestamps of any unit.
func AppendInts(dst []byte, values []int64) []byte {
	a := IntAppender{bitWriter: bitWriter{buf: dst[len(dst):]}}
	for _, v := range values {
		a.Append(v)
	}
	// A no-op copy where the block still stands in dst's own capacity.
	return append(dst, a.buf...)
}
