package column

import "math/bits"

// Bitmap holds a bit per row, least significant bit first: Arrow's validity layout on little-endian machines.
// A nil Bitmap stands for all ones, so that columns without NULLs cost nothing.
type Bitmap []uint64

// NewBitmap makes n bits, all of them set or all clear.
func NewBitmap(n int, set bool) Bitmap {
	b := make(Bitmap, (n+63)/64)
	if set {
		for i := range b {
			b[i] = ^uint64(0)
		}
	}
	return b
}

// Get reports bit i; a nil bitmap is all ones.
func (b Bitmap) Get(i int) bool { return b == nil || b[i>>6]&(1<<(i&63)) != 0 }

// Set sets bit i.
func (b Bitmap) Set(i int) { b[i>>6] |= 1 << (i & 63) }

// Clear clears bit i.
func (b Bitmap) Clear(i int) { b[i>>6] &^= 1 << (i & 63) }

// NextClear is the first of bits [from, to) that is clear, or to.
func (b Bitmap) NextClear(from, to int) int {
	if b == nil || from >= to {
		return to
	}
	at := from >> 6
	w := ^b[at] &^ (1<<(from&63) - 1)
	for w == 0 {
		if at++; at<<6 >= to {
			return to
		}
		w = ^b[at]
	}
	return min(to, at<<6+bits.TrailingZeros64(w))
}

// Count counts the ones among the first n bits.
func (b Bitmap) Count(n int) int {
	if b == nil {
		return n
	}
	c := 0
	for _, w := range b[:n/64] {
		c += bits.OnesCount64(w)
	}
	if r := n % 64; r != 0 {
		c += bits.OnesCount64(b[n/64] & (1<<r - 1))
	}
	return c
}
