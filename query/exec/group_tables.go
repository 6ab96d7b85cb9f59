package exec

import (
	"math/bits"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// The tables of aggregation number distinct values from 1 in the order they are met; 0 means NULL. The loop over the rows is inside, so
// nothing is called per row. Open addressing with linear probing; at most half of the slots are taken. They differ from the tables
// of joins in growing as they go: most aggregations have few groups, and must not pay for a batch of new ones.
//
// A table of millions of values grows for longer than a statement that was cancelled may take: growing then ends, with any values left out, and so the
// numbers mean nothing any more.

const firstSlots = 64

// fewSlots is up to how many a table begins with where its first keys are so many: they may all be different.
const fewSlots = 256

// groupInts numbers integers. The key stands beside its number, so that a look-up touches one cache line. For as long as keys ascend, as the buckets
// of one series do, there is nothing to look up, and no slots.
type groupInts struct {
	end   expr.Looks
	slots []intSlot
	keys  []int64 // by number - 1
}

// number numbers keys; valid = nil: none is NULL.
func (t *groupInts) number(keys []int64, valid column.Bitmap, ids []uint32) {
	ids = ids[:len(keys)]
	if t.slots == nil {
		if valid == nil {
			n := t.ascend(keys, ids)
			if n == len(keys) {
				return
			}
			keys, ids = keys[n:], ids[n:]
		}
		t.index(len(keys))
	}
	slots, mask := t.slots, uint64(len(t.slots)-1)
	last, lastID := int64(0), uint32(0) // equal keys often follow each other
	for i, k := range keys {
		if valid != nil && !valid.Get(i) {
			ids[i] = 0
			continue
		}
		if k == last && lastID != 0 {
			ids[i] = lastID
			continue
		}
		p := hashInt(k) & mask
		for slots[p].group != 0 && slots[p].key != k {
			p = (p + 1) & mask
		}
		id := slots[p].group
		if id == 0 {
			t.keys = append(t.keys, k)
			id = uint32(len(t.keys))
			slots[p] = intSlot{k, id}
			if 2*len(t.keys) > len(slots) {
				t.grow()
				slots, mask = t.slots, uint64(len(t.slots)-1)
			}
		}
		ids[i] = id
		last, lastID = k, id
	}
}

// ascend numbers keys from the first on for as long as each is the last one or above it, and says how many were.
func (t *groupInts) ascend(keys []int64, ids []uint32) int {
	for i, k := range keys {
		n := len(t.keys)
		if n > 0 && k <= t.keys[n-1] {
			if k < t.keys[n-1] {
				return i
			}
			ids[i] = uint32(n)
			continue
		}
		if n == cap(t.keys) {
			// Where the first ones are all different the rest may be, too.
			more := fewSlots / 2
			if i == n || i > n/2 {
				more = len(keys) - i
			}
			t.keys = slices.Grow(t.keys, min(more, len(keys)-i))
		}
		t.keys = append(t.keys, k)
		ids[i] = uint32(n) + 1
	}
	return len(keys)
}

// index makes the slots, before n keys come that may not ascend.
func (t *groupInts) index(n int) {
	slots := firstSlots
	for slots < 2*n+2 && slots < fewSlots || slots < 2*len(t.keys) {
		slots *= 2
	}
	t.fill(slots)
}

func (t *groupInts) grow() { t.fill(2 * len(t.slots)) }

// fill makes so many slots for the keys that are there.
func (t *groupInts) fill(slots int) {
	t.slots = make([]intSlot, slots)
	t.keys = slices.Grow(t.keys, max(0, slots/2+1-len(t.keys)))
	mask := uint64(slots - 1)
	for i, k := range t.keys {
		if t.end.Over() {
			return
		}
		p := hashInt(k) & mask
		for t.slots[p].group != 0 {
			p = (p + 1) & mask
		}
		t.slots[p] = intSlot{k, uint32(i) + 1}
	}
}

func (t *groupInts) sizeBytes() int64 { return intSlotBytes*int64(cap(t.slots)) + 8*int64(cap(t.keys)) }

func (t *groupInts) growth(n int) int64 {
	return slotGrowth(len(t.keys), len(t.slots), n, intSlotBytes) + doubling(len(t.keys), cap(t.keys), n, 8)
}

// groupTuples numbers tuples of words. Which words stand for NULL is said by a bit each, beside them; most tables have none.
type groupTuples struct {
	end    expr.Looks
	width  int
	slots  []bytesSlot
	hashes []uint32 // by number - 1
	words  []int64  // by number - 1, width of them each
	nulls  []uint64 // by number - 1; nil until there is one
	hash   []uint64 // scratch, by row
}

// number numbers the rows of columns of words; nulls = nil: none is NULL. Words that are NULL are 0.
func (t *groupTuples) number(columns [][]int64, nulls []uint64, ids []uint32) {
	if t.slots == nil {
		t.slots = make([]bytesSlot, firstSlots)
	}
	if nulls != nil && t.nulls == nil {
		t.nulls = make([]uint64, len(t.hashes))
	}
	t.hashRows(columns, nulls, len(ids))
	for from := 0; from < len(ids); from += aheadRows {
		to := min(from+aheadRows, len(ids))
		if len(t.slots) >= aheadSlots {
			t.lookAhead(columns, nulls, ids, from, to)
		} else {
			clear(ids[from:to])
		}
		t.numberRest(columns, nulls, ids, from, to)
	}
}

// expect makes room for n tuples in an empty table.
func (t *groupTuples) expect(n int) {
	t.slots, t.hashes, t.words = make([]bytesSlot, slotsFor(n)), make([]uint32, 0, n), make([]int64, 0, n*t.width)
}

// Where a table is larger than the caches a look-up waits for two lines of memory, one after the other. Those of several rows are asked for
// side by side: first the slots of some rows, then the words that these name, then what is left is looked up in turn.
const (
	aheadRows  = 64
	aheadSlots = 1 << 15
)

// lookAhead numbers those rows of [from, to) whose tuples are the first that their hashes lead to; the others get 0.
func (t *groupTuples) lookAhead(columns [][]int64, nulls []uint64, ids []uint32, from, to int) {
	var first [aheadRows]bytesSlot
	slots, mask := t.slots, uint64(len(t.slots)-1)
	for i, hash := range t.hash[from:to] {
		first[i] = slots[hash&mask]
	}
	if t.width != 2 || t.nulls != nil || nulls != nil {
		for i := from; i < to; i++ {
			ids[i] = 0
			if s := first[i-from]; s.group != 0 && s.tag == uint32(t.hash[i]>>32) && t.is(s.group, columns, nulls, i) {
				ids[i] = s.group
			}
		}
		return
	}
	a, b := columns[0][from:to], columns[1][from:to]
	for i, s := range first[:to-from] {
		if s.group == 0 {
			ids[from+i] = 0
			continue
		}
		words := t.words[2*int(s.group)-2 : 2*int(s.group)]
		id := s.group
		if (words[0]^a[i])|(words[1]^b[i]) != 0 {
			id = 0
		}
		ids[from+i] = id
	}
}

// numberRest numbers the rows of [from, to) that have no number yet.
func (t *groupTuples) numberRest(columns [][]int64, nulls []uint64, ids []uint32, from, to int) {
	slots, mask := t.slots, uint64(len(t.slots)-1)
	for i := from; i < to; i++ {
		if ids[i] != 0 {
			continue
		}
		if i > 0 && t.hash[i] == t.hash[i-1] && sameWords(columns, nulls, i) {
			ids[i] = ids[i-1]
			continue
		}
		hash := t.hash[i]
		tag := uint32(hash >> 32)
		p := hash & mask
		for slots[p].group != 0 && (slots[p].tag != tag || !t.is(slots[p].group, columns, nulls, i)) {
			p = (p + 1) & mask
		}
		id := slots[p].group
		if id == 0 {
			id = t.add(hash, columns, nulls, i)
			slots[p] = bytesSlot{tag, id}
			if 2*len(t.hashes) > len(slots) {
				t.grow()
				slots, mask = t.slots, uint64(len(t.slots)-1)
			}
		}
		ids[i] = id
	}
}

func (t *groupTuples) hashRows(columns [][]int64, nulls []uint64, n int) {
	t.hash = resized(t.hash, n)
	hash := t.hash
	for i, w := range columns[0][:n] {
		hash[i] = hashInt(w)
	}
	for _, c := range columns[1:] {
		for i, w := range c[:n] {
			hi, lo := bits.Mul64(hash[i]^uint64(w), 0x9e3779b97f4a7c15)
			hash[i] = hi ^ lo
		}
	}
	for i := range nulls {
		hash[i] ^= nulls[i] * 0xd6e8feb86659fd93
	}
	// Numbers are stored in 32 bits of the hash: both halves must depend on all of it.
	for i, h := range hash {
		hash[i] = h ^ h>>32
	}
}

func sameWords(columns [][]int64, nulls []uint64, i int) bool {
	for _, c := range columns {
		if c[i] != c[i-1] {
			return false
		}
	}
	return nulls == nil || nulls[i] == nulls[i-1]
}

func (t *groupTuples) is(id uint32, columns [][]int64, nulls []uint64, i int) bool {
	words := t.words[int(id-1)*t.width : int(id)*t.width]
	for k, c := range columns {
		if words[k] != c[i] {
			return false
		}
	}
	if t.nulls == nil {
		return true
	}
	if nulls == nil {
		return t.nulls[id-1] == 0
	}
	return t.nulls[id-1] == nulls[i]
}

func (t *groupTuples) add(hash uint64, columns [][]int64, nulls []uint64, i int) uint32 {
	t.hashes = append(t.hashes, uint32(hash))
	for _, c := range columns {
		t.words = append(t.words, c[i])
	}
	if t.nulls != nil {
		n := uint64(0)
		if nulls != nil {
			n = nulls[i]
		}
		t.nulls = append(t.nulls, n)
	}
	return uint32(len(t.hashes))
}

func (t *groupTuples) grow() {
	old := t.slots
	t.slots = make([]bytesSlot, 2*len(old))
	mask := uint64(len(t.slots) - 1)
	for _, s := range old {
		if t.end.Over() {
			return
		}
		if s.group == 0 {
			continue
		}
		p := uint64(t.hashes[s.group-1]) & mask
		for t.slots[p].group != 0 {
			p = (p + 1) & mask
		}
		t.slots[p] = s
	}
}

func (t *groupTuples) sizeBytes() int64 {
	return bytesSlotBytes*int64(cap(t.slots)) + 4*int64(cap(t.hashes)) + 8*int64(cap(t.words)+cap(t.nulls)+cap(t.hash))
}

func (t *groupTuples) growth(n int) int64 {
	return slotGrowth(len(t.hashes), len(t.slots), n, bytesSlotBytes) + doubling(len(t.hashes), cap(t.hashes), n, 4) +
		doubling(len(t.words), cap(t.words), n*t.width, 8) + doubling(len(t.nulls), cap(t.nulls), n, 8)
}

// slotGrowth is what new slots take where n more values do not fit into those that are there.
func slotGrowth(count, slots, n int, width int64) int64 {
	if 2*(count+n) <= slots {
		return 0
	}
	return width * int64(max(2*slots, slotsFor(count+n)))
}

// doubling is what a slice takes that has to grow to hold n more elements; 0 if it has room.
func doubling(length, capacity, n, width int) int64 {
	if length+n <= capacity {
		return 0
	}
	return int64(max(length+n, 2*capacity)) * int64(width)
}
