package lanes

import "encoding/binary"

// block is how many bytes the loops over vector registers take at a time; the words do the rest.
const block = 16

// Sum adds up bytes.
func Sum(v []byte) uint64 {
	whole := len(v) &^ (block - 1)
	if !vectors || whole == 0 {
		return sumWords(v)
	}
	return sumBlocks(&v[0], whole) + sumWords(v[whole:])
}

// Max gives the greatest of at least one byte.
func Max(v []byte) byte {
	if whole := len(v) &^ (block - 1); vectors && whole > 0 {
		return max(maxBlocks(&v[0], whole), maxEach(v[whole:]))
	}
	return maxEach(v)
}

// Min gives the least of at least one byte.
func Min(v []byte) byte {
	if whole := len(v) &^ (block - 1); vectors && whole > 0 {
		return min(minBlocks(&v[0], whole), minEach(v[whole:]))
	}
	return minEach(v)
}

// sumWords adds up bytes, eight at a time: their even and odd ones go to four lanes of 16 bits, which hold 128 words before they are emptied.
func sumWords(v []byte) (sum uint64) {
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

func maxEach(v []byte) (most byte) {
	for _, x := range v {
		most = max(most, x)
	}
	return most
}

func minEach(v []byte) byte {
	least := byte(255)
	for _, x := range v {
		least = min(least, x)
	}
	return least
}
