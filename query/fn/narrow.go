package fn

import "encoding/binary"

// Loops over the bytes of Narrow vectors.

// sumBytes adds up bytes, eight at a time: their even and odd ones go to four lanes of 16 bits, which hold 128 words before they are emptied.
func sumBytes(v []byte) (sum uint64) {
	const lanes, words = 0x00ff00ff00ff00ff, 128
	for len(v) >= 8 {
		part := v[:min(len(v), 8*words)&^7]
		v = v[len(part):]
		var acc uint64
		for len(part) >= 8 {
			x := binary.LittleEndian.Uint64(part)
			acc += x&lanes + x>>8&lanes
			part = part[8:]
		}
		sum += acc&0xffff + acc>>16&0xffff + acc>>32&0xffff + acc>>48
	}
	for _, x := range v {
		sum += uint64(x)
	}
	return sum
}

// narrowSum is the sum of base + v[i], exact.
func narrowSum(base int64, v []byte) int128 {
	out := timesCount(base, uint64(len(v)))
	out.addAll(int128{lo: sumBytes(v)})
	return out
}
