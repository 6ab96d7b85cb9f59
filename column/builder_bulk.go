package column

import (
	"math"
	"slices"
)

// AppendRow appends row i of a vector of the same layout.
func (b *Builder) AppendRow(v *Vector, i int) {
	if v.Enc == Scaled && !v.IsNull(i) {
		var buf [MaxScale + 24]byte
		b.AppendBytes(AppendScaled(buf[:0], v.Ints[i], v.Scale))
		return
	}
	f, j := v.At(i)
	if f.Valid != nil && !f.Valid.Get(j) {
		b.AppendNull()
		return
	}
	switch b.phys {
	case PhysBool:
		b.AppendBool(f.Bools[j])
	case PhysInt:
		b.AppendInt(f.Ints[j])
	case PhysFloat:
		b.AppendFloat(f.Floats[j])
	case PhysInterval:
		b.AppendInterval(f.Intervals[j])
	default:
		b.AppendBytes(f.Data[f.Offsets[j]:f.Offsets[j+1]])
	}
}

// AppendVector appends rows [lo, hi) of a vector of the same layout, whatever its encoding.
func (b *Builder) AppendVector(v *Vector, lo, hi int) {
	if lo >= hi {
		return
	}
	switch v.Enc {
	case Flat:
		b.appendFlat(v, lo, hi)
	case Const:
		b.appendRepeat(v.Child, 0, hi-lo)
	case Dict:
		b.scratch = slices.Grow(b.scratch[:0], hi-lo)
		for _, c := range v.Codes[lo:hi] {
			b.scratch = append(b.scratch, int32(c))
		}
		b.gatherFlat(v.Child, b.scratch)
	case Scaled:
		b.appendScaled(v, lo, hi)
	case Narrow:
		b.appendNarrow(v, lo, hi)
	default:
		for k := v.run(lo); lo < hi; k++ {
			end := min(int(v.Ends[k]), hi)
			b.appendRepeat(v.Child, k, end-lo)
			lo = end
		}
	}
}

// AppendGather appends the rows of v that are listed, in that order; rows may repeat.
func (b *Builder) AppendGather(v *Vector, rows []int32) {
	switch v.Enc {
	case Flat:
		b.gatherFlat(v, rows)
	case Const:
		b.appendRepeat(v.Child, 0, len(rows))
	case Dict:
		b.scratch = slices.Grow(b.scratch[:0], len(rows))
		for _, r := range rows {
			b.scratch = append(b.scratch, int32(v.Codes[r]))
		}
		b.gatherFlat(v.Child, b.scratch)
	case Scaled:
		v = v.gatherScaled(rows)
		b.appendScaled(v, 0, v.Len)
	case Narrow:
		b.gatherFlat(v.widen(0, v.Len), rows)
	default:
		b.scratch = v.appendRunsOf(slices.Grow(b.scratch[:0], len(rows)), rows)
		b.gatherFlat(v.Child, b.scratch)
	}
}

// appendRunsOf appends the run of each row. Rows mostly ascend, so it tries the run of the row before first.
func (v *Vector) appendRunsOf(dst []int32, rows []int32) []int32 {
	start, end, k := int32(0), int32(0), 0
	for _, r := range rows {
		if r < start || r >= end {
			if k+1 < len(v.Ends) && r >= end && r < v.Ends[k+1] && end > 0 {
				k++
			} else {
				k = v.run(int(r))
			}
			start, end = 0, v.Ends[k]
			if k > 0 {
				start = v.Ends[k-1]
			}
		}
		dst = append(dst, int32(k))
	}
	return dst
}

func (b *Builder) appendFlat(v *Vector, lo, hi int) {
	switch b.phys {
	case PhysBool:
		b.bools = append(b.bools, v.Bools[lo:hi]...)
	case PhysInt:
		b.ints = append(b.ints, v.Ints[lo:hi]...)
	case PhysFloat:
		b.floats = append(b.floats, v.Floats[lo:hi]...)
	case PhysInterval:
		b.intervals = append(b.intervals, v.Intervals[lo:hi]...)
	default:
		first, last := v.Offsets[lo], v.Offsets[hi]
		if !b.fits(int(last) - int(first)) {
			b.AppendNulls(hi - lo)
			return
		}
		shift := int32(len(b.data)) - first
		b.data = append(b.data, v.Data[first:last]...)
		b.offsets = slices.Grow(b.offsets, hi-lo)
		for _, o := range v.Offsets[lo+1 : hi+1] {
			b.offsets = append(b.offsets, o+shift)
		}
	}
	b.extendValid(hi-lo, v.Valid == nil)
	if v.Valid != nil {
		b.valid.CopyBits(b.n, v.Valid, lo, hi)
	}
	b.n += hi - lo
}

// appendRepeat appends row j of a flat vector n times.
func (b *Builder) appendRepeat(v *Vector, j, n int) {
	if v.Valid != nil && !v.Valid.Get(j) {
		b.AppendNulls(n)
		return
	}
	switch b.phys {
	case PhysBool:
		b.bools = repeat(b.bools, v.Bools[j], n)
	case PhysInt:
		b.ints = repeat(b.ints, v.Ints[j], n)
	case PhysFloat:
		b.floats = repeat(b.floats, v.Floats[j], n)
	case PhysInterval:
		b.intervals = repeat(b.intervals, v.Intervals[j], n)
	default:
		value := v.Data[v.Offsets[j]:v.Offsets[j+1]]
		if len(value) > 0 && n > math.MaxInt/len(value) || !b.fits(len(value)*n) {
			b.err = ErrTooLarge
			b.AppendNulls(n)
			return
		}
		b.data = slices.Grow(b.data, len(value)*n)
		b.offsets = slices.Grow(b.offsets, n)
		for range n {
			b.data = append(b.data, value...)
			b.offsets = append(b.offsets, int32(len(b.data)))
		}
	}
	b.extendValid(n, true)
	b.n += n
}

func (b *Builder) gatherFlat(v *Vector, rows []int32) {
	switch b.phys {
	case PhysBool:
		b.bools = gather(b.bools, v.Bools, rows)
	case PhysInt:
		b.ints = gather(b.ints, v.Ints, rows)
	case PhysFloat:
		b.floats = gather(b.floats, v.Floats, rows)
	case PhysInterval:
		b.intervals = gather(b.intervals, v.Intervals, rows)
	default:
		if !b.gatherBytes(v, rows) {
			b.AppendNulls(len(rows))
			return
		}
	}
	b.extendValid(len(rows), v.Valid == nil)
	if v.Valid != nil {
		for i, r := range rows {
			if v.Valid.Get(int(r)) {
				b.valid.Set(b.n + i)
			}
		}
	}
	b.n += len(rows)
}

// gatherBytes sizes the data first, so that it is copied once, and changes nothing if it does not fit.
func (b *Builder) gatherBytes(v *Vector, rows []int32) bool {
	total := 0
	for _, r := range rows {
		total += int(v.Offsets[r+1] - v.Offsets[r])
	}
	if !b.fits(total) {
		return false
	}
	b.data = slices.Grow(b.data, total)
	b.offsets = slices.Grow(b.offsets, len(rows))
	for _, r := range rows {
		b.data = append(b.data, v.Data[v.Offsets[r]:v.Offsets[r+1]]...)
		b.offsets = append(b.offsets, int32(len(b.data)))
	}
	return true
}

func gather[T any](dst, src []T, rows []int32) []T {
	n := len(dst)
	dst = slices.Grow(dst, len(rows))[:n+len(rows)]
	out := dst[n:]
	for i, r := range rows {
		out[i] = src[r]
	}
	return dst
}

func repeat[T any](dst []T, v T, n int) []T {
	at := len(dst)
	dst = slices.Grow(dst, n)[:at+n]
	out := dst[at:]
	for i := range out {
		out[i] = v
	}
	return dst
}

// setRange sets bits [lo, hi).
func (b Bitmap) setRange(lo, hi int) {
	for lo < hi && lo&63 != 0 {
		b.Set(lo)
		lo++
	}
	for ; lo+64 <= hi; lo += 64 {
		b[lo>>6] = math.MaxUint64
	}
	for ; lo < hi; lo++ {
		b.Set(lo)
	}
}

// CopyBits ors bits [lo, hi) of src into b from bit at on, a word at a time; the bits written were zero.
func (b Bitmap) CopyBits(at int, src Bitmap, lo, hi int) {
	for lo < hi {
		n := min(64, hi-lo)
		w := src[lo>>6] >> (lo & 63)
		if r := lo & 63; r != 0 && lo>>6+1 < len(src) {
			w |= src[lo>>6+1] << (64 - r)
		}
		if n < 64 {
			w &= 1<<n - 1
		}
		k, r := at>>6, at&63
		b[k] |= w << r
		if r != 0 && k+1 < len(b) {
			b[k+1] |= w >> (64 - r)
		}
		lo, at = lo+n, at+n
	}
}
