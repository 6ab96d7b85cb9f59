package key

import (
	"encoding/binary"

	"github.com/zeebo/xxh3"
)

// Hash is the hash by which filters know an encoded tuple. They are stored, so it never changes.
func Hash(encoded []byte) uint64 { return xxh3.Hash(encoded) }

// HashInt is the hash of the tuple of one integer.
func HashInt(v int64) uint64 {
	var b [9]byte
	b[0] = present
	binary.BigEndian.PutUint64(b[1:], uint64(v)^1<<63)
	return xxh3.Hash(b[:])
}

// IsNull reports whether an encoding begins with an absent value.
func IsNull(encoded []byte) bool { return len(encoded) > 0 && encoded[0] == absent }
