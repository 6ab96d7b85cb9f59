package exec

import (
	"bytes"

	"github.com/zeebo/xxh3"
)

// groupTable numbers distinct keys (byte strings) from 0 in the order they are met. Open addressing with linear
// probing; the full hash beside each group spares most comparisons and all re-hashing. Keys lie in one arena, so
// the garbage collector sees four objects, however many groups there are.
type groupTable struct {
	slots   []uint32 // group + 1; 0 = free; a power of two of them
	hashes  []uint64 // by group
	offsets []int    // by group, and the end
	keys    []byte
}

func newGroupTable() *groupTable {
	return &groupTable{slots: make([]uint32, 64), offsets: []int{0}}
}

// key gives the key of a group.
func (t *groupTable) key(group int) []byte { return t.keys[t.offsets[group]:t.offsets[group+1]] }

// find gives the group of a key, a new one if it was not there.
func (t *groupTable) find(key []byte) (group uint32, isNew bool) {
	hash := xxh3.Hash(key)
	mask := uint64(len(t.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		slot := t.slots[i]
		if slot == 0 {
			t.slots[i] = uint32(len(t.hashes)) + 1
			return t.insert(hash, key), true
		}
		if g := slot - 1; t.hashes[g] == hash && bytes.Equal(t.key(int(g)), key) {
			return g, false
		}
	}
}

func (t *groupTable) insert(hash uint64, key []byte) uint32 {
	group := uint32(len(t.hashes))
	t.hashes = append(t.hashes, hash)
	t.keys = append(t.keys, key...)
	t.offsets = append(t.offsets, len(t.keys))
	if len(t.hashes)*2 > len(t.slots) {
		t.grow()
	}
	return group
}

func (t *groupTable) grow() {
	t.slots = make([]uint32, 2*len(t.slots))
	mask := uint64(len(t.slots) - 1)
	for g, hash := range t.hashes {
		i := hash & mask
		for t.slots[i] != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = uint32(g) + 1
	}
}

func (t *groupTable) sizeBytes() int64 {
	return int64(4*cap(t.slots) + 8*cap(t.hashes) + 8*cap(t.offsets) + cap(t.keys))
}

// intTable is groupTable for one integer key: the common case, without encoding and hashing bytes.
type intTable struct {
	slots []uint32
	keys  []int64 // by group
}

func newIntTable() *intTable { return &intTable{slots: make([]uint32, 64)} }

// find gives the group of a key; isNew groups are numbered by the caller, who also numbers NULL's.
func (t *intTable) find(v int64, next uint32) (group uint32, isNew bool) {
	mask := uint64(len(t.slots) - 1)
	// Fibonacci hashing: the high bits of the product depend on every bit of the key.
	for i := (uint64(v) * 0x9e3779b97f4a7c15) >> 32 & mask; ; i = (i + 1) & mask {
		slot := t.slots[i]
		if slot == 0 {
			t.slots[i] = next + 1
			t.set(next, v)
			return next, true
		}
		if t.keys[slot-1] == v {
			return slot - 1, false
		}
	}
}

func (t *intTable) set(group uint32, v int64) {
	for len(t.keys) <= int(group) {
		t.keys = append(t.keys, 0)
	}
	t.keys[group] = v
	if len(t.keys)*2 <= len(t.slots) {
		return
	}
	old := t.slots
	t.slots = make([]uint32, 2*len(old))
	mask := uint64(len(t.slots) - 1)
	for _, slot := range old {
		if slot == 0 {
			continue
		}
		i := (uint64(t.keys[slot-1]) * 0x9e3779b97f4a7c15) >> 32 & mask
		for t.slots[i] != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = slot
	}
}

func (t *intTable) sizeBytes() int64 { return int64(4*cap(t.slots) + 8*cap(t.keys)) }
