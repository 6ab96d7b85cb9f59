package codec

import (
	"fmt"
	"slices"
)

// intReader is the state that DecodeInts carries from value to value.
type intReader struct {
	pos   int // next bit
	prev  int64
	delta int64
	carry int64 // -1: delta of delta, the difference carries over; 0: delta
	unit  int64
	width uint
	bad   bool // reserved unit
}

// DecodeInts appends n values read from src to dst and returns the bytes of src
// behind them. The error wraps ErrCorrupt; dst is then returned as it came.
func DecodeInts(dst []int64, src []byte, n int) (out []int64, rest []byte, err error) {
	if n < 0 || n > len(src)*8 { // a value is one bit or more
		return dst, src, errCount("ints", n, len(src))
	}
	out = slices.Grow(dst, n)[:len(dst)+n]
	todo := out[len(dst):]
	r := intReader{carry: -1, unit: 1}
	done := 0
	if len(src) > decodeSlack {
		done = r.read(todo, src, 0)
	}
	end := len(src) * 8
	if done < n && !r.bad {
		var pad tailPad
		from := min(r.pos>>3, len(src))
		copy(pad[:], src[from:])
		r.pos -= from * 8
		done += r.read(todo[done:], pad[:], done)
		r.pos += from * 8
	}
	switch {
	case r.bad:
		return dst, src, fmt.Errorf("codec: ints: unknown unit before value %d: %w", done, ErrCorrupt)
	case done < n || r.pos > end:
		return dst, src, errTruncated("ints", done, n)
	}
	return out, src[(r.pos+7)>>3:], nil
}

// read fills out from src and returns how many values it wrote: all, or as many
// as start more than decodeSlack bytes before the end of src. done is the
// number of values read by earlier calls.
func (r *intReader) read(out []int64, src []byte, done int) int {
	k := 0
	if done == 0 && len(out) > 0 && !r.bad {
		out[0] = r.first(src)
		k = 1
	}
	pos, prev, delta := r.pos, r.prev, r.delta
	width, unit, carry := r.width, r.unit, r.carry
	mask := uint64(1)<<width - 1
	perLoad := loadBits / (2 + width)
	last := (len(src) - decodeSlack) * 8
	for k < len(out) && pos < last {
		w := peek(src, pos)
		if w&0xff == 0 && k+8 <= len(out) {
			delta &= carry
			run := out[k : k+8]
			for j := range run {
				prev += delta
				run[j] = prev
			}
			k += 8
			pos += 8
			continue
		}
		if w&3 == 3 {
			if !r.header(w) {
				break
			}
			width, unit, carry = r.width, r.unit, r.carry
			mask = 1<<width - 1
			perLoad = loadBits / (2 + width)
			z := peek64(src, pos+intHeaderBits) & mask
			pos += intHeaderBits + int(width)
			delta = delta&carry + unzigzag(z)*unit
			prev += delta
			out[k] = prev
			k++
			continue
		}
		if perLoad < 2 {
			// Wide residuals are seldom 0, so this branch is predicted and the
			// next load need not wait for this one.
			var z uint64
			if w&1 != 0 {
				z = w >> 2 & mask
				if width > widestFast {
					z = peek64(src, pos+2) & mask
				}
				pos += 1 + int(width)
			}
			pos++
			delta = delta&carry + unzigzag(z)*unit
			prev += delta
			out[k] = prev
			k++
			continue
		}
		// One load serves perLoad codes. Inside there is no branch between "as
		// predicted" and "in the window": on jittery data they alternate at random.
		for left := min(perLoad, uint(len(out)-k)); ; {
			in := -(w & 1)
			z := w >> 2 & mask & in
			used := 1 + uint64(1+width)&in
			delta = delta&carry + unzigzag(z)*unit
			prev += delta
			out[k] = prev
			k++
			pos += int(used)
			w >>= used & 63
			if left--; left == 0 || w&3 == 3 {
				break
			}
		}
	}
	r.pos, r.prev, r.delta = pos, prev, delta
	return k
}

// first reads the first value, which is predicted to be 0 and leaves delta 0.
// A first value in a window that does not exist yet has width 0: it reads as 0.
func (r *intReader) first(src []byte) int64 {
	w := peek(src, r.pos)
	switch w & 3 {
	case 3:
		if r.header(w) {
			r.prev = unzigzag(peek64(src, r.pos+intHeaderBits)&(1<<r.width-1)) * r.unit
			r.pos += intHeaderBits + int(r.width)
		}
	case 1:
		r.pos += 2
	default:
		r.pos++
	}
	return r.prev
}

func (r *intReader) header(w uint64) bool {
	r.carry = int64(w>>2&1) - 1
	r.unit = units[w>>3&7].size
	r.width = uint(w>>6&63) + 1
	r.bad = r.unit == 0
	return !r.bad
}
