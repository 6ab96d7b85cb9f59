package wal

import (
	"encoding/binary"

	"github.com/klauspost/compress/s2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
)

// A definition block gives series refs their keys. Keys of one scrape share long prefixes, so each is written as what differs
// from the one before, and then the block is compressed: 2,000 keys of 250 bytes take some 20 KB.

const (
	// maxRatio bounds what a reader allocates by what it was given. A block that shrinks more is stored plain.
	maxRatio = 64
	// minCompress is where compression begins to win more than its header costs.
	minCompress = 128
)

// refSet remembers which refs of a table a file has defined: a bit per ref, as refs are small and dense.
type refSet []uint64

// add reports whether the ref was new.
func (s *refSet) add(ref uint32) bool {
	w := int(ref >> 6)
	if w >= len(*s) {
		grown := make(refSet, max(w+1, 2*len(*s)))
		copy(grown, *s)
		*s = grown
	}
	bit := uint64(1) << (ref & 63)
	fresh := (*s)[w]&bit == 0
	(*s)[w] |= bit
	return fresh
}

func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for i+8 <= n && binary.LittleEndian.Uint64(a[i:]) == binary.LittleEndian.Uint64(b[i:]) {
		i += 8
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

// appendDefinitions writes the block that gives refs their keys.
func appendDefinitions(dst []byte, refs []uint32, key func(uint32) []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(refs)))
	if len(refs) == 0 {
		return dst
	}
	var raw, last []byte
	expect := int64(0)
	for _, ref := range refs {
		k := key(ref)
		shared := commonPrefix(last, k)
		raw = binary.AppendVarint(raw, int64(ref)-expect)
		raw = binary.AppendUvarint(raw, uint64(shared))
		raw = binary.AppendUvarint(raw, uint64(len(k)-shared))
		raw = append(raw, k[shared:]...)
		last, expect = k, int64(ref)+1
	}
	packed, plain := raw, byte(1)
	if len(raw) >= minCompress {
		if s := s2.Encode(nil, raw); len(s) < len(raw) && len(raw) <= maxRatio*len(s) {
			packed, plain = s, 0
		}
	}
	dst = append(dst, plain)
	dst = binary.AppendUvarint(dst, uint64(len(packed)))
	return append(dst, packed...)
}

// unpack gives the plain bytes of a block that is marked plain or compressed.
func (c *cursor) unpack(what string) []byte {
	plain := c.byte(what)
	packed := c.bytes(what, c.uvarint(what+" length", uint64(len(c.src))))
	if c.err != nil || plain == 1 {
		return packed
	}
	n, err := s2.DecodedLen(packed)
	if plain != 0 || err != nil || n > maxRatio*len(packed) {
		c.fail("bad " + what)
		return nil
	}
	raw, err := s2.Decode(nil, packed)
	if err != nil {
		c.fail("bad " + what)
	}
	return raw
}

// definitions reads a definition block.
func (c *cursor) definitions(table meta.TableID, define func(meta.TableID, uint32, []byte) error) error {
	n := c.uvarint("definition count", MaxRows)
	if n == 0 || c.err != nil {
		return c.err
	}
	raw := c.unpack("definitions")
	d := &cursor{src: raw, size: len(raw)}
	var key []byte
	expect := int64(0)
	for range n {
		ref := expect + d.varint("ref")
		shared := d.uvarint("shared prefix", uint64(len(key)))
		suffix := d.bytes("key", d.uvarint("key length", MaxKey))
		if d.err == nil && (ref < 0 || ref >= 1<<32-1 || int(shared)+len(suffix) > MaxKey) {
			d.fail("bad series definition")
		}
		if d.err != nil {
			return column.Errorf(column.Corrupt, "definitions of table %d: %w", table, d.err)
		}
		key = append(key[:shared], suffix...)
		if define != nil {
			if err := define(table, uint32(ref), key); err != nil {
				return err
			}
		}
		expect = ref + 1
	}
	if len(d.src) > 0 {
		d.fail("bytes left over")
	}
	if d.err == nil {
		d.err = c.err
	}
	return d.err
}
