package exec

import (
	"bytes"
	"math"
	"math/bits"

	"github.com/zeebo/xxh3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
)

// The tables of a join number distinct values from 1 in the order they are met; 0 means "none". They differ from the
// tables of aggregation in being filled by one goroutine, with the memory reserved before it is taken, and then read
// by many, and in looking whole vectors up: the loop over the rows is inside, so nothing is called per row.

// intSlot holds the key beside its number, so that a look-up touches one cache line.
type intSlot struct {
	key   int64
	group uint32 // 0 = free
}

// intIndex numbers integers. Open addressing with linear probing; at most half of the slots are taken.
type intIndex struct {
	slots []intSlot
	count int
	dense *denseInts // instead of slots, where the keys lie close together
}

const (
	minSlots     = 64
	intSlotBytes = 16
)

// hashInt mixes every bit of the key into every bit of the hash: the halves of a 128-bit product, folded.
func hashInt(v int64) uint64 {
	hi, lo := bits.Mul64(uint64(v)^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	return hi ^ lo
}

// slotsFor is how many slots a table of n values has.
func slotsFor(n int) int { return max(minSlots, 1<<bits.Len(uint(2*max(n, 1)-1))) }

// reserve makes room for n more values, in the account first.
func (t *intIndex) reserve(n int, pool *mem.Pool) error {
	if t.dense != nil {
		return nil
	}
	want := slotsFor(t.count + n)
	if want <= len(t.slots) {
		return nil
	}
	if err := pool.Grow(int64(want) * intSlotBytes); err != nil {
		return err
	}
	old := t.slots
	t.slots = make([]intSlot, want)
	mask := uint64(want - 1)
	for _, s := range old {
		if s.group == 0 {
			continue
		}
		i := hashInt(s.key) & mask
		for t.slots[i].group != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = s
	}
	pool.Shrink(int64(len(old)) * intSlotBytes)
	return nil
}

// add numbers the keys that valid does not exclude; there is room for all of them.
func (t *intIndex) add(keys []int64, valid column.Bitmap, groups []uint32) {
	if t.dense != nil {
		t.count = t.dense.add(keys, valid, groups, t.count)
		return
	}
	mask := uint64(len(t.slots) - 1)
	for i, k := range keys {
		if !valid.Get(i) {
			groups[i] = 0
			continue
		}
		p := hashInt(k) & mask
		for t.slots[p].group != 0 && t.slots[p].key != k {
			p = (p + 1) & mask
		}
		s := &t.slots[p]
		if s.group == 0 {
			t.count++
			s.key, s.group = k, uint32(t.count)
		}
		groups[i] = s.group
	}
}

// find gives the number of each key, 0 where it has none.
func (t *intIndex) find(keys []int64, groups []uint32) {
	if t.dense != nil {
		t.dense.find(keys, groups)
		return
	}
	slots := t.slots
	if len(slots) == 0 {
		clear(groups[:len(keys)])
		return
	}
	mask := uint64(len(slots) - 1)
	groups = groups[:len(keys)]
	for i, k := range keys {
		p := hashInt(k) & mask
		s := slots[p]
		for s.group != 0 && s.key != k {
			p = (p + 1) & mask
			s = slots[p]
		}
		groups[i] = s.group
	}
}

func (t *intIndex) sizeBytes() int64 {
	if t.dense != nil {
		return t.dense.sizeBytes()
	}
	return int64(len(t.slots)) * intSlotBytes
}

// keys lists the integers that have a number.
func (t *intIndex) keys() []int64 {
	out := make([]int64, 0, t.count)
	if t.dense != nil {
		return t.dense.appendKeys(out)
	}
	for _, s := range t.slots {
		if s.group != 0 {
			out = append(out, s.key)
		}
	}
	return out
}

// bytesSlot holds a part of the hash beside the number: keys are compared only where it is the same.
type bytesSlot struct {
	tag   uint32
	group uint32 // 0 = free
}

// bytesIndex numbers byte strings, which lie in one arena.
type bytesIndex struct {
	slots   []bytesSlot
	hashes  []uint64 // by group - 1
	offsets []int    // by group - 1, and the end
	data    []byte
}

const bytesSlotBytes = 8

// reserve makes room for n more values of so many bytes in all, in the account first.
func (t *bytesIndex) reserve(n, size int, pool *mem.Pool) error {
	if err := growTo(&t.hashes, n, 8, pool); err != nil {
		return err
	}
	if err := growTo(&t.offsets, n+1, 8, pool); err != nil {
		return err
	}
	if err := growTo(&t.data, size, 1, pool); err != nil {
		return err
	}
	want := slotsFor(len(t.hashes) + n)
	if want <= len(t.slots) {
		return nil
	}
	if err := pool.Grow(int64(want-len(t.slots)) * bytesSlotBytes); err != nil {
		return err
	}
	t.slots = make([]bytesSlot, want)
	for g, hash := range t.hashes {
		t.slots[t.free(hash)] = bytesSlot{tag: uint32(hash >> 32), group: uint32(g) + 1}
	}
	return nil
}

// growTo makes room for n more elements of a slice that doubles, in the account first.
func growTo[T any](s *[]T, n int, width int64, pool *mem.Pool) error {
	if cap(*s)-len(*s) >= n {
		return nil
	}
	want := max(len(*s)+n, 2*cap(*s))
	if err := pool.Grow(int64(want) * width); err != nil {
		return err
	}
	grown := make([]T, len(*s), want)
	copy(grown, *s)
	pool.Shrink(int64(cap(*s)) * width)
	*s = grown
	return nil
}

func (t *bytesIndex) free(hash uint64) uint64 {
	mask := uint64(len(t.slots) - 1)
	i := hash & mask
	for t.slots[i].group != 0 {
		i = (i + 1) & mask
	}
	return i
}

// lookup gives the number of a key, 0 if it has none. There is at least one slot, and one of them is free.
func (t *bytesIndex) lookup(hash uint64, key []byte) uint32 {
	mask := uint64(len(t.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := t.slots[i]
		if s.group == 0 {
			return 0
		}
		if s.tag == uint32(hash>>32) && bytes.Equal(t.data[t.offsets[s.group-1]:t.offsets[s.group]], key) {
			return s.group
		}
	}
}

// add numbers the strings [offsets[i], offsets[i+1]) of data that valid does not exclude; there is room for all of them.
func (t *bytesIndex) add(offsets []int32, data []byte, valid column.Bitmap, groups []uint32) {
	if len(t.offsets) == 0 {
		t.offsets = append(t.offsets, 0)
	}
	for i := range groups {
		if !valid.Get(i) {
			groups[i] = 0
			continue
		}
		key := data[offsets[i]:offsets[i+1]]
		hash := xxh3.Hash(key)
		g := t.lookup(hash, key)
		if g == 0 {
			t.hashes = append(t.hashes, hash)
			g = uint32(len(t.hashes))
			t.slots[t.free(hash)] = bytesSlot{tag: uint32(hash >> 32), group: g}
			t.data = append(t.data, key...)
			t.offsets = append(t.offsets, len(t.data))
		}
		groups[i] = g
	}
}

// find gives the number of each string, 0 where it has none. Hashing all rows first, to let their cache misses overlap, was
// measured and gains nothing.
func (t *bytesIndex) find(offsets []int32, data []byte, groups []uint32) {
	if len(t.slots) == 0 {
		clear(groups)
		return
	}
	for i := range groups {
		key := data[offsets[i]:offsets[i+1]]
		groups[i] = t.lookup(xxh3.Hash(key), key)
	}
}

func (t *bytesIndex) sizeBytes() int64 {
	return int64(len(t.slots))*bytesSlotBytes + 8*int64(cap(t.hashes)) + 8*int64(cap(t.offsets)) + int64(cap(t.data))
}

// span is from the least to the greatest of the integers, of which there is at least one.
func (t *intIndex) span() scan.TimeRange {
	r := scan.TimeRange{Min: math.MaxInt64, Max: math.MinInt64}
	for _, k := range t.keys() {
		r.Min, r.Max = min(r.Min, k), max(r.Max, k)
	}
	return r
}
