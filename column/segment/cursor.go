package segment

import (
	"encoding/binary"
	"math"

	"github.com/automatanexus/aegis-db/column"
)

// cursor reads bytes that may be damaged: the first fault sets bad, and everything after it reads as zero. Callers check once, at
// the end, and before they trust a count with memory.
type cursor struct {
	src []byte
	at  int
	bad bool
}

// uvarint reads a number of at most limit.
func (c *cursor) uvarint(limit uint64) uint64 {
	if c.bad {
		return 0
	}
	v, n := binary.Uvarint(c.src[c.at:])
	if n <= 0 || v > limit {
		c.bad = true
		return 0
	}
	c.at += n
	return v
}

// count reads how many things of at least one byte follow.
func (c *cursor) count() int { return int(c.uvarint(uint64(len(c.src) - c.at))) }

func (c *cursor) varint() int64 {
	u := c.uvarint(math.MaxUint64)
	return int64(u>>1) ^ -int64(u&1)
}

// offset reads a place or length in a file.
func (c *cursor) offset() int64 { return int64(c.uvarint(math.MaxInt64)) }

func (c *cursor) u32() uint32 { return uint32(c.uvarint(math.MaxUint32)) }

func (c *cursor) fixed32() uint32 {
	if b := c.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (c *cursor) byte() byte {
	if b := c.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// bytes gives the next n bytes; they alias the source.
func (c *cursor) bytes(n int) []byte {
	if c.bad || n > len(c.src)-c.at {
		c.bad = true
		return nil
	}
	b := c.src[c.at : c.at+n : c.at+n]
	c.at += n
	return b
}

// end gives an error unless everything was read without a fault.
func (c *cursor) end(what string) error {
	if c.bad || c.at != len(c.src) {
		return column.Errorf(column.Corrupt, "%s: damaged at byte %d of %d", what, c.at, len(c.src))
	}
	return nil
}
