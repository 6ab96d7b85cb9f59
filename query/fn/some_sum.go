package fn

import (
	"math"
	"math/bits"

	"github.com/automatanexus/aegis-db/column"
)

// sumSomeInts adds up those of rows [lo, hi) whose bits are set, exactly: all of them less the others, where those are fewer.
func sumSomeInts(v []int64, some column.Bitmap, lo, hi int) int128 {
	if 2*some.CountRange(lo, hi) < hi-lo {
		return sumBits(v, some, lo, hi, 0)
	}
	out := sumOf(v[lo:hi])
	out.sub(sumBits(v, some, lo, hi, ^uint64(0)))
	return out
}

// sumBits adds up the values of [lo, hi) whose bits are set once they are flipped by a mask, one by one.
func sumBits(v []int64, some column.Bitmap, lo, hi int, flip uint64) (out int128) {
	var high int64
	var low uint64
	for lo < hi {
		end := min(lo|63+1, hi)
		w, part := ^missingBits(some, lo, end)^flip, v[lo:end]
		if len(part) < 64 {
			w &= 1<<len(part) - 1
		}
		for ; w != 0; w &= w - 1 {
			x := part[bits.TrailingZeros64(w)&63]
			low += uint64(uint32(x))
			high += x >> 32
		}
		lo = end
	}
	out.addAll(int128{hi: high >> 32, lo: uint64(high) << 32})
	out.addAll(int128{lo: low})
	return out
}

// sumSomeFloats adds up those of rows [lo, hi) whose bits are set; others count as zero, whatever they are.
func sumSomeFloats(v []float64, some column.Bitmap, lo, hi int) float64 {
	var s0, s1, s2, s3 float64
	for lo < hi {
		end := min(lo|63+1, hi)
		w, part := some[lo>>6]>>(lo&63), v[lo:end]
		if lo = end; len(part) == 64 && w == ^uint64(0) {
			for len(part) >= 4 {
				s0 += part[0]
				s1 += part[1]
				s2 += part[2]
				s3 += part[3]
				part = part[4:]
			}
			continue
		}
		for len(part) >= 4 {
			s0 += orZero(part[0], w)
			s1 += orZero(part[1], w>>1)
			s2 += orZero(part[2], w>>2)
			s3 += orZero(part[3], w>>3)
			part, w = part[4:], w>>4
		}
		for _, x := range part {
			s0 += orZero(x, w)
			w >>= 1
		}
	}
	return (s0 + s1) + (s2 + s3)
}

// orZero is x if the lowest bit of w is set, else zero.
func orZero(x float64, w uint64) float64 { return math.Float64frombits(math.Float64bits(x) & -(w & 1)) }
