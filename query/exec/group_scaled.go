package exec

import (
	"github.com/zeebo/xxh3"

	"github.com/automatanexus/aegis-db/column"
)

// scaledMemo keeps what was found for integers of one scale, so that each is encoded as a numeric once: the numbers of values, or their hashes.
// Fields of times, amounts and shares have few of them.
type scaledMemo[T uint32 | uint64] struct {
	scale int32
	ints  groupInts
	found []T // by number in ints - 1
	ids   []uint32
	off   bool // there are too many
}

// mostScaled is up to how many values are kept: a table of more is no faster than to encode them.
const mostScaled = 1 << 12

// number gives each row the number of its integer, 0 for NULL, and those integers for which nothing is kept yet: found must get something for each. Where
// integers are not looked up it says false. What it gives is valid until the next call.
func (m *scaledMemo[T]) number(v *column.Vector) (ids []uint32, fresh *column.Vector, ok bool) {
	if m.off || v.Enc != column.Scaled {
		return nil, nil, false
	}
	if m.scale != v.Scale {
		m.scale, m.ints, m.found = v.Scale, groupInts{end: m.ints.end}, m.found[:0]
	}
	if len(m.found) > mostScaled {
		*m = scaledMemo[T]{off: true}
		return nil, nil, false
	}
	m.ids = resized(m.ids, v.Len)
	m.ints.number(v.Ints[:v.Len], v.Valid, m.ids)
	if list := m.ints.keys[len(m.found):]; len(list) > 0 {
		fresh = &column.Vector{Type: v.Type, Enc: column.Scaled, Len: len(list), Ints: list, Scale: v.Scale}
	}
	return m.ids, fresh, true
}

func (m *scaledMemo[T]) sizeBytes() int64 {
	return m.ints.sizeBytes() + 8*int64(cap(m.found)) + 4*int64(cap(m.ids))
}

func (m *scaledMemo[T]) growth(n int) int64 {
	if m.off || m.scale == 0 && len(m.found) == 0 { // scaled numbers may never come
		return 0
	}
	return m.ints.growth(n) + doubling(len(m.found), cap(m.found), n, 8)
}

// scaledRows numbers the rows of a Scaled vector, each integer once.
func (c *groupColumn) scaledRows(v *column.Vector, ids []uint32) bool {
	known, fresh, ok := c.scaled.number(v)
	if !ok {
		return false
	}
	if fresh != nil {
		c.encode(fresh)
		before := len(c.scaled.found)
		c.scaled.found = append(c.scaled.found, make([]uint32, fresh.Len)...)
		numbers, next := c.scaled.found[before:], uint32(c.count())
		c.texts.numberRows(c.offsets, c.data, nil, nil, numbers)
		c.keepNew(fresh, numbers, next)
	}
	for i, id := range known[:len(ids)] {
		if id != 0 {
			id = c.scaled.found[id-1]
		}
		ids[i] = id
	}
	return true
}

// keepNew keeps the values of rows whose numbers are above next: new numbers ascend in the order of the rows that brought them.
func (c *groupColumn) keepNew(v *column.Vector, ids []uint32, next uint32) {
	for i, id := range ids {
		if id > next {
			c.values.AppendRow(v, i)
			next = id
		}
	}
}

// keptHashes are what a hasher keeps of one key column: the hashes of the entries of the last dictionary, and those of scaled numerics.
type keptHashes struct {
	dictionary *column.Vector
	entries    []uint64       // 0 = not computed yet
	large      *column.Vector // the last one that was too large for one batch
	used       []int32
	scaled     scaledMemo[uint64]
}

// scaledRows hashes the rows of a Scaled vector, each integer once.
func (h *hasher) scaledRows(k *keptHashes, v *column.Vector) bool {
	known, fresh, ok := k.scaled.number(v)
	if !ok {
		return false
	}
	if fresh != nil {
		h.flat(fresh)
		k.scaled.found = append(k.scaled.found, h.values[:fresh.Len]...)
	}
	out := h.hashes
	for i, id := range known {
		x := uint64(hashNull)
		if id != 0 {
			x = k.scaled.found[id-1]
		}
		out[i] = combine(out[i], x)
	}
	return true
}

// codes hashes the entries of a dictionary that rows refer to and that were not hashed before. It says false where the dictionary is so large that it must come
// again to be worth it.
func (h *hasher) codes(k *keptHashes, v *column.Vector) bool {
	if v.Child != k.dictionary {
		if v.Child.Len > 4*v.Len && v.Child != k.large {
			k.large = v.Child
			return false
		}
		k.dictionary = v.Child
		k.entries = resized(k.entries, v.Child.Len)
		clear(k.entries)
	}
	const asked = 1 // until its hash is there
	entries, rows := k.entries, v.Codes[:len(h.hashes)]
	k.used = k.used[:0]
	for _, code := range rows {
		if entries[code] == 0 {
			entries[code] = asked
			k.used = append(k.used, int32(code))
		}
	}
	if d := v.Child; d.Enc == column.Flat && (d.Type.Kind == column.Text || d.Type.Kind == column.Bytea) {
		for _, code := range k.used { // where they are: gathering them would copy them
			entries[code] = hashNull
			if !d.IsNull(int(code)) {
				entries[code] = xxh3.Hash(d.Data[d.Offsets[code]:d.Offsets[code+1]])
			}
		}
	} else if len(k.used) > 0 {
		h.flat(column.Gather(d, k.used))
		for i, code := range k.used {
			entries[code] = h.values[i]
		}
	}
	out := h.hashes
	for i, code := range rows {
		out[i] = combine(out[i], entries[code])
	}
	return true
}

func (k *keptHashes) sizeBytes() int64 {
	return 8*int64(cap(k.entries)) + 4*int64(cap(k.used)) + k.scaled.sizeBytes()
}
