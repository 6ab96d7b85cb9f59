package column

import "math/bits"

// Batches may hold rows that are not meant, because they were deleted; a bitmap says which are, as one of validity says which values are there. These
// are the loops over such bitmaps: words of which all bits are set are most of them, and cost one comparison.

// And gives the bits that both have; n is how many there are. Either may be nil.
func (b Bitmap) And(o Bitmap, n int) Bitmap {
	switch {
	case b == nil:
		return o
	case o == nil:
		return b
	}
	out := make(Bitmap, (n+63)/64)
	for i := range out {
		out[i] = b[i] & o[i]
	}
	return out
}

// Slice gives bits [lo, hi); it shares words where lo is a multiple of 64.
func (b Bitmap) Slice(lo, hi int) Bitmap { return b.slice(lo, hi) }

// CountRange counts the ones in [lo, hi).
func (b Bitmap) CountRange(lo, hi int) int {
	if b == nil {
		return hi - lo
	}
	if lo >= hi {
		return 0
	}
	first, last := lo>>6, (hi-1)>>6
	head, tail := ^uint64(0)<<(lo&63), ^uint64(0)>>(63-(hi-1)&63)
	if first == last {
		return bits.OnesCount64(b[first] & head & tail)
	}
	n := bits.OnesCount64(b[first]&head) + bits.OnesCount64(b[last]&tail)
	for _, w := range b[first+1 : last] {
		n += bits.OnesCount64(w)
	}
	return n
}

// Next gives the first stretch of ones in [lo, hi); from = to = hi if there is none.
func (b Bitmap) Next(lo, hi int) (from, to int) {
	if b == nil {
		return lo, hi
	}
	from = b.seek(lo, hi, 0)
	return from, b.seek(from, hi, ^uint64(0))
}

// seek gives the first bit in [lo, hi) that is one once it is flipped by a mask; hi if there is none.
func (b Bitmap) seek(lo, hi int, flip uint64) int {
	if lo >= hi {
		return hi
	}
	k := lo >> 6
	w := (b[k] ^ flip) & (^uint64(0) << (lo & 63))
	for w == 0 {
		if k++; k<<6 >= hi {
			return hi
		}
		w = b[k] ^ flip
	}
	return min(k<<6+bits.TrailingZeros64(w), hi)
}

// AppendOnes appends the places of the ones among the first n bits.
func (b Bitmap) AppendOnes(dst []int32, n int) []int32 {
	for k, w := range b[:(n+63)/64] {
		if rest := n - k<<6; rest < 64 {
			w &= 1<<rest - 1
		}
		for ; w != 0; w &= w - 1 {
			dst = append(dst, int32(k<<6+bits.TrailingZeros64(w)))
		}
	}
	return dst
}

// AppendLiving appends the values of src whose bits are set, of those in [lo, hi). Stretches of living values are copied at once; where there is one that
// is not every few values, a value is written and the place moves on if it lives, which waits for no branch.
func AppendLiving[T any](dst, src []T, living Bitmap, lo, hi int) []T {
	if living == nil || lo >= hi {
		return append(dst, src[lo:hi]...)
	}
	n := len(dst)
	most := n + living.CountRange(lo, hi)
	if cap(dst) < most {
		dst = append(make([]T, 0, most), dst...)
	}
	out := dst[:most]
	for lo < hi {
		end := min(lo|63+1, hi)
		w := living[lo>>6] >> (lo & 63)
		if end-lo < 64 {
			w &= 1<<(end-lo) - 1
		}
		n = copyLiving(out, n, src[lo:end], w)
		lo = end
	}
	return out
}

// copyLiving copies those of at most 64 values whose bits are set to dst from place n on, and gives the place after them.
func copyLiving[T any](dst []T, n int, src []T, w uint64) int {
	living := bits.OnesCount64(w)
	if living == len(src) {
		copy(dst[n:], src)
		return n + living
	}
	if len(src)-living <= fewDead {
		for at := 0; w != 0; {
			gap := bits.TrailingZeros64(w)
			length := bits.TrailingZeros64(^(w >> gap))
			at += gap
			n += copy(dst[n:], src[at:at+length])
			at += length
			w >>= gap + length
		}
		return n
	}
	end := n + living
	for _, x := range src {
		if n == end {
			break // what follows is dead, and has no place
		}
		dst[n] = x
		n += int(w & 1)
		w >>= 1
	}
	return end
}

// fewDead is how many of 64 values may be dead so that the stretches between them are copied one by one.
const fewDead = 4

// Living gives the rows whose bits are set, n of them. Encodings stay as in Gather.
func Living(v *Vector, living Bitmap, n int) *Vector {
	valid := func() Bitmap {
		if v.Valid == nil {
			return nil
		}
		out := NewBitmap(n, false)
		k := 0
		for from, to := living.Next(0, v.Len); from < to; from, to = living.Next(to, v.Len) {
			out.CopyBits(k, v.Valid, from, to)
			k += to - from
		}
		return out
	}
	switch {
	case v.Enc == Const:
		return &Vector{Type: v.Type, Enc: Const, Len: n, Child: v.Child}
	case v.Enc == Dict:
		return &Vector{Type: v.Type, Enc: Dict, Len: n, Child: v.Child, Codes: AppendLiving(nil, v.Codes, living, 0, v.Len)}
	case v.Enc == Scaled:
		return &Vector{Type: v.Type, Enc: Scaled, Len: n, Scale: v.Scale, Valid: valid(), Ints: AppendLiving(nil, v.Ints, living, 0, v.Len)}
	case v.Enc == Narrow:
		return &Vector{Type: v.Type, Enc: Narrow, Len: n, Base: v.Base, Valid: valid(), Data: AppendLiving(nil, v.Data, living, 0, v.Len)}
	case v.Enc != Flat:
		return Gather(v, living.AppendOnes(make([]int32, 0, n), v.Len))
	}
	out := &Vector{Type: v.Type, Len: n, Valid: valid()}
	switch v.Type.Physical() {
	case PhysBool:
		out.Bools = AppendLiving(nil, v.Bools, living, 0, v.Len)
	case PhysInt:
		out.Ints = AppendLiving(nil, v.Ints, living, 0, v.Len)
	case PhysFloat:
		out.Floats = AppendLiving(nil, v.Floats, living, 0, v.Len)
	case PhysInterval:
		out.Intervals = AppendLiving(nil, v.Intervals, living, 0, v.Len)
	default:
		return livingTexts(v, living, n)
	}
	return out
}

// livingTexts is Living of a flat vector of bytes.
func livingTexts(v *Vector, living Bitmap, n int) *Vector {
	b := NewBuilder(v.Type, n)
	for from, to := living.Next(0, v.Len); from < to; from, to = living.Next(to, v.Len) {
		b.AppendVector(v, from, to)
	}
	return b.Finish() // a part of what fits does fit
}
