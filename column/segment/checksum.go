package segment

import "hash/crc32"

// combine gives the CRC32C of two stretches one after the other from the sum of each and the length of the second. With it Open checks a
// whole sidecar against the catalog's checksum from the sums of its parts, and reads none of them.
//
// A CRC is linear over GF(2): appending n zero bytes to the first stretch multiplies its register by a matrix, which is squared
// its way up to n.
func combine(first, second uint32, length int64) uint32 {
	if length <= 0 {
		return first
	}
	var odd, even [32]uint32
	odd[0] = crc32.Castagnoli // one zero bit: shift, and reduce by the polynomial
	for i := 1; i < 32; i++ {
		odd[i] = 1 << (i - 1)
	}
	square(&even, &odd) // two zero bits
	square(&odd, &even) // four
	for {
		square(&even, &odd) // at first one zero byte, then doubling
		if length&1 != 0 {
			first = times(&even, first)
		}
		if length >>= 1; length == 0 {
			break
		}
		square(&odd, &even)
		if length&1 != 0 {
			first = times(&odd, first)
		}
		if length >>= 1; length == 0 {
			break
		}
	}
	return first ^ second
}

func times(m *[32]uint32, v uint32) uint32 {
	out := uint32(0)
	for i := 0; v != 0; i, v = i+1, v>>1 {
		if v&1 != 0 {
			out ^= m[i]
		}
	}
	return out
}

func square(dst, m *[32]uint32) {
	for i := range dst {
		dst[i] = times(m, m[i])
	}
}
