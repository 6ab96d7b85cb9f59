package exec

import (
	"bytes"

	"github.com/zeebo/xxh3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// groupTexts numbers byte strings, which lie in one arena. A slot holds a part of the hash beside the number: strings are compared only
// where it is the same.
type groupTexts struct {
	end     expr.Looks
	slots   []bytesSlot
	hashes  []uint64 // by number - 1
	offsets []int    // by number - 1, and the end
	data    []byte
	ahead   [aheadRows]uint64 // scratch: hashes
	touched byte              // so that what only fetches memory is not left out
}

// number numbers the strings of a flat vector.
func (t *groupTexts) number(v *column.Vector, ids []uint32) {
	t.numberRows(v.Offsets, v.Data, v.Valid, nil, ids)
}

// numberRows numbers the strings between offsets: those of some rows, or the first ones (rows = nil). valid = nil: none is NULL.
func (t *groupTexts) numberRows(offsets []int32, data []byte, valid column.Bitmap, rows []int32, ids []uint32) {
	if t.slots == nil {
		t.slots, t.offsets = make([]bytesSlot, firstSlots), make([]int, 1, 16)
	}
	var some [aheadRows]int32
	for from := 0; from < len(ids); from += aheadRows {
		to := min(from+aheadRows, len(ids))
		chunk := some[:to-from]
		if rows != nil {
			chunk = rows[from:to]
		} else {
			for i := range chunk {
				chunk[i] = int32(from + i)
			}
		}
		var hashes []uint64
		if len(t.slots) >= aheadSlots {
			hashes = t.ahead[:len(chunk)]
			for i, r := range chunk {
				hashes[i] = xxh3.Hash(data[offsets[r]:offsets[r+1]])
			}
			t.fetch(hashes)
		}
		t.numberSome(offsets, data, valid, chunk, hashes, ids[from:to])
	}
}

// fetch has the memory come that looking the hashes up will wait for: the slots of all of them side by side, then where the strings are
// that these name, then their first bytes.
func (t *groupTexts) fetch(hashes []uint64) {
	var first [aheadRows]bytesSlot
	slots, mask := t.slots, uint64(len(t.slots)-1)
	for i, hash := range hashes {
		first[i] = slots[hash&mask]
	}
	var starts [aheadRows]int
	named := 0
	for i, s := range first[:len(hashes)] {
		if s.group != 0 && s.tag == uint32(hashes[i]>>32) {
			starts[named] = t.offsets[s.group-1]
			named++
		}
	}
	touched := byte(0)
	for _, at := range starts[:named] {
		if at < len(t.data) {
			touched ^= t.data[at]
		}
	}
	t.touched = touched
}

// numberSome numbers the strings of some rows. Hashes are theirs, or nil: hashing beside looking up is faster where the table is in the caches.
func (t *groupTexts) numberSome(offsets []int32, data []byte, valid column.Bitmap, rows []int32, hashes []uint64, ids []uint32) {
	slots, mask := t.slots, uint64(len(t.slots)-1)
	for i, r := range rows {
		if valid != nil && !valid.Get(int(r)) {
			ids[i] = 0
			continue
		}
		s := data[offsets[r]:offsets[r+1]]
		var hash uint64
		if hashes != nil {
			hash = hashes[i]
		} else {
			hash = xxh3.Hash(s)
		}
		tag := uint32(hash >> 32)
		p := hash & mask
		for slots[p].group != 0 && (slots[p].tag != tag || !bytes.Equal(t.text(slots[p].group), s)) {
			p = (p + 1) & mask
		}
		id := slots[p].group
		if id == 0 {
			t.hashes = append(t.hashes, hash)
			t.data = append(t.data, s...)
			t.offsets = append(t.offsets, len(t.data))
			id = uint32(len(t.hashes))
			slots[p] = bytesSlot{tag, id}
			if 2*len(t.hashes) > len(slots) {
				t.grow()
				slots, mask = t.slots, uint64(len(t.slots)-1)
			}
		}
		ids[i] = id
	}
}

// expect makes room for n strings in an empty table.
func (t *groupTexts) expect(n int) {
	t.slots, t.offsets, t.hashes = make([]bytesSlot, slotsFor(n)), make([]int, 1, n+1), make([]uint64, 0, n)
}

// text is the string of a number.
func (t *groupTexts) text(id uint32) []byte { return t.data[t.offsets[id-1]:t.offsets[id]] }

func (t *groupTexts) grow() {
	t.slots = make([]bytesSlot, 2*len(t.slots))
	mask := uint64(len(t.slots) - 1)
	for i, hash := range t.hashes {
		if t.end.Over() {
			return
		}
		p := hash & mask
		for t.slots[p].group != 0 {
			p = (p + 1) & mask
		}
		t.slots[p] = bytesSlot{uint32(hash >> 32), uint32(i) + 1}
	}
}

func (t *groupTexts) sizeBytes() int64 {
	return bytesSlotBytes*int64(cap(t.slots)) + 8*int64(cap(t.hashes)+cap(t.offsets)) + int64(cap(t.data))
}

func (t *groupTexts) growth(n int) int64 {
	each := len(t.data)/max(len(t.hashes), 1) + 16
	return slotGrowth(len(t.hashes), len(t.slots), n, bytesSlotBytes) + doubling(len(t.hashes), cap(t.hashes), n, 16) +
		doubling(len(t.data), cap(t.data), n*each, 1)
}
