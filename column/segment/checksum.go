package segment

import (
	"hash/crc32"
	"sync"
)

// gfMatrix is a linear map over the 32 bits of a CRC register, a column per bit.
type gfMatrix [32]uint32

// zeros holds the maps that append 1, 2, 4, 8 … zero bytes to a checksummed stretch. They depend on the polynomial only; making
// them takes longer than opening a file, so they are made once.
var zeros = sync.OnceValue(func() *[63]gfMatrix {
	var m gfMatrix
	m[0] = crc32.Castagnoli // one zero bit: shift, and reduce by the polynomial
	for i := 1; i < 32; i++ {
		m[i] = 1 << (i - 1)
	}
	for range 3 { // to eight bits
		m = m.squared()
	}
	var out [63]gfMatrix
	for i := range out {
		out[i] = m
		m = m.squared()
	}
	return &out
})

// combine gives the CRC32C of two stretches one after the other from the sum of each and the length of the second. With it Open checks a
// whole sidecar against the catalog's checksum from the sums of its parts, and reads none of them: a CRC is linear over GF(2),
// so appending zero bytes to the first stretch is a matrix, and the second's sum is added.
func combine(first, second uint32, length int64) uint32 {
	for i := 0; length > 0; i, length = i+1, length>>1 {
		if length&1 != 0 {
			first = zeros()[i].times(first)
		}
	}
	return first ^ second
}

func (m *gfMatrix) times(v uint32) uint32 {
	out := uint32(0)
	for i := 0; v != 0; i, v = i+1, v>>1 {
		if v&1 != 0 {
			out ^= m[i]
		}
	}
	return out
}

func (m *gfMatrix) squared() gfMatrix {
	var out gfMatrix
	for i := range out {
		out[i] = m.times(m[i])
	}
	return out
}
