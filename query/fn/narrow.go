package fn

import (
	"encoding/binary"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/lanes"
)

// Loops over the bytes of Narrow vectors.

// narrowSum is the sum of base + v[i], exact.
func narrowSum(base int64, v []byte) int128 {
	out := timesCount(base, uint64(len(v)))
	out.addAll(int128{lo: lanes.Sum(v)})
	return out
}

// spreadBits has for each byte of bits the word whose bytes are all ones where a bit is set.
var spreadBits = func() (words [256]uint64) {
	for b := range words {
		for i := range 8 {
			if b>>i&1 != 0 {
				words[b] |= 0xff << (8 * i)
			}
		}
	}
	return words
}()

// sumSomeBytes adds up those of bytes [lo, hi) whose bits are set, eight at a time: their even and odd ones go to four lanes of 16 bits.
func sumSomeBytes(v []byte, some column.Bitmap, lo, hi int) (sum uint64) {
	const even = 0x00ff00ff00ff00ff
	for lo < hi {
		end := min(lo|63+1, hi)
		w := some[lo>>6] >> (lo & 63)
		part := v[lo:end]
		lo = end
		if w == ^uint64(0) && len(part) == 64 {
			sum += lanes.Sum(part)
			continue
		}
		var acc uint64
		for len(part) >= 8 {
			x := binary.LittleEndian.Uint64(part) & spreadBits[w&0xff]
			acc += x&even + x>>8&even
			part, w = part[8:], w>>8
		}
		sum += acc&0xffff + acc>>16&0xffff + acc>>32&0xffff + acc>>48
		for _, x := range part {
			sum += uint64(x) & -(w & 1)
			w >>= 1
		}
	}
	return sum
}
