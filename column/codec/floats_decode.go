package codec

import (
	"fmt"
	"math"
	"slices"
)

// floatReader is the state that DecodeFloats carries from value to value.
type floatReader struct {
	pos   int // next bit
	prev  uint64
	width uint
	trail uint
	bad   bool // window outside of 64 bits
}

// DecodeFloats appends n values read from src to dst and returns the bytes of
// src behind them. The error wraps ErrCorrupt; dst is then returned as it came.
func DecodeFloats(dst []float64, src []byte, n int) (out []float64, rest []byte, err error) {
	if n < 0 || n > len(src)*8 { // a value is one bit or more
		return dst, src, errCount("floats", n, len(src))
	}
	out = slices.Grow(dst, n)[:len(dst)+n]
	todo := out[len(dst):]
	var r floatReader
	done := 0
	if len(src) > decodeSlack {
		done = r.read(todo, src)
	}
	end := len(src) * 8
	if done < n && !r.bad {
		var pad tailPad
		from := min(r.pos>>3, len(src))
		copy(pad[:], src[from:])
		r.pos -= from * 8
		done += r.read(todo[done:], pad[:])
		r.pos += from * 8
	}
	switch {
	case r.bad:
		return dst, src, fmt.Errorf("codec: floats: window of more than 64 bits at value %d: %w", done, ErrCorrupt)
	case done < n || r.pos > end:
		return dst, src, errTruncated("floats", done, n)
	}
	return out, src[(r.pos+7)>>3:], nil
}

// read fills out from src and returns how many values it wrote: all, or as many
// as start more than decodeSlack bytes before the end of src.
func (r *floatReader) read(out []float64, src []byte) int {
	k := 0
	pos, prev := r.pos, r.prev
	width, mask, trail := r.width, uint64(1)<<r.width-1, r.trail
	perLoad := loadBits / (2 + width)
	last := (len(src) - decodeSlack) * 8
	for k < len(out) && pos < last {
		w := peek(src, pos)
		if w&0xff == 0 && k+8 <= len(out) {
			v := math.Float64frombits(prev)
			run := out[k : k+8]
			for j := range run {
				run[j] = v
			}
			k += 8
			pos += 8
			continue
		}
		if w&3 == 3 {
			lead := uint(w >> 2 & floatLeadMax)
			width = uint(w>>(2+floatLeadBits)&63) + 1
			if lead+width > 64 {
				r.bad = true
				break
			}
			trail = 64 - lead - width
			mask = 1<<width - 1
			perLoad = loadBits / (2 + width)
			x := peek64(src, pos+floatHeaderBits) & mask
			pos += floatHeaderBits + int(width)
			prev ^= x << (trail & 63)
			out[k] = math.Float64frombits(prev)
			k++
			continue
		}
		if perLoad < 2 {
			// Values that differ this much are seldom equal, so this branch is
			// predicted and the next load need not wait for this one.
			var x uint64
			if w&1 != 0 {
				x = w >> 2 & mask
				if width > widestFast {
					x = peek64(src, pos+2) & mask
				}
				pos += 1 + int(width)
			}
			pos++
			prev ^= x << (trail & 63)
			out[k] = math.Float64frombits(prev)
			k++
			continue
		}
		// One load serves perLoad codes. Inside there is no branch between
		// "same" and "in the window": real series mix the two at random.
		for left := min(perLoad, uint(len(out)-k)); ; {
			in := -(w & 1)
			x := w >> 2 & mask & in
			used := 1 + uint64(1+width)&in
			prev ^= x << (trail & 63)
			out[k] = math.Float64frombits(prev)
			k++
			pos += int(used)
			w >>= used & 63
			if left--; left == 0 || w&3 == 3 {
				break
			}
		}
	}
	r.pos, r.prev, r.width, r.trail = pos, prev, width, trail
	return k
}
