package key

import (
	"math/bits"

	"github.com/zeebo/xxh3"
)

// Hash is the hash by which filters know an encoded tuple. They are stored, so it never changes.
func Hash(encoded []byte) uint64 { return xxh3.Hash(encoded) }

// HashInt is the hash of the tuple of one integer.
//
// It is what Hash computes of nine bytes, XXH3's case of 9 to 16 of them
// (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md), without memory: millions of keys are hashed when a table is loaded.
func HashInt(v int64) uint64 {
	value := bits.ReverseBytes64(uint64(v) ^ 1<<63) // as eight of the nine bytes are read
	lo, hi := (value<<8|present)^xxhFlipLo, value^xxhFlipHi
	high, low := bits.Mul64(lo, hi)
	h := 9 + bits.ReverseBytes64(lo) + hi + (high ^ low)
	h ^= h >> 37
	h *= 0x165667919e3779f9
	return h ^ h>>32
}

// Words 3 to 6 of XXH3's secret, two by two.
const (
	xxhFlipLo = 0x1f67b3b7a4a44072 ^ 0x78e5c0cc4ee679cb
	xxhFlipHi = 0x2172ffcc7dd05a82 ^ 0x8e2443f7744608b8
)

// IsNull reports whether an encoding begins with an absent value.
func IsNull(encoded []byte) bool { return len(encoded) > 0 && encoded[0] == absent }
