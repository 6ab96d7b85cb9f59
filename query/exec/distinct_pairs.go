package exec

import (
	"context"
	"math/bits"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// distinctPairs is the set of the integers that were met in each group. The pair of an integer and the number of its group stands in the
// slot itself, so that a look-up waits for one line of memory, and those of several rows wait side by side.
//
// It is parted by the integers, so that the sets of several workers, whose groups have other numbers, can be joined part by part.
type distinctPairs struct {
	end   expr.Looks
	parts [pairParts]pairTable
	chunk pairChunk
}

// pairTable has the number of the group + 1 in its slots; 0 = free. At most half of them are taken.
type pairTable struct {
	slots []intSlot
	count int
}

// pairChunk is pairs that are looked up together.
type pairChunk struct {
	n       int
	values  [aheadRows]int64
	groups  [aheadRows]uint32
	hashes  [aheadRows]uint64
	parts   [aheadRows]uint8
	touched uint32 // so that what only fetches memory is not left out
}

const (
	pairPartBits = 3
	pairParts    = 1 << pairPartBits
)

func pairPart(valueHash uint64) uint8 { return uint8(valueHash >> (64 - pairPartBits)) }

func pairHash(valueHash uint64, group uint32) uint64 {
	hi, lo := bits.Mul64(valueHash^uint64(group)*0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	return hi ^ lo
}

// add takes the values of rows that are not NULL; valid = nil: none is.
func (d *distinctPairs) add(groups []uint32, values []int64, valid column.Bitmap) {
	c := &d.chunk
	for from := 0; from < len(groups); from += aheadRows {
		c.n = 0
		for i := from; i < min(from+aheadRows, len(groups)); i++ {
			// Equal pairs often follow each other.
			if i > 0 && values[i] == values[i-1] && groups[i] == groups[i-1] && valid == nil || valid != nil && !valid.Get(i) {
				continue
			}
			c.append(groups[i], values[i])
		}
		d.insert(c, &d.end)
	}
}

func (c *pairChunk) append(group uint32, value int64) {
	h := hashInt(value)
	c.values[c.n], c.groups[c.n], c.parts[c.n], c.hashes[c.n] = value, group, pairPart(h), pairHash(h, group)
	c.n++
}

// insert adds those pairs of a chunk that are not there.
func (d *distinctPairs) insert(c *pairChunk, end *expr.Looks) {
	for i, h := range c.hashes[:c.n] {
		if slots := d.parts[c.parts[i]].slots; len(slots) > 0 {
			c.touched ^= slots[h&uint64(len(slots)-1)].group
		}
	}
	for i, h := range c.hashes[:c.n] {
		t := &d.parts[c.parts[i]]
		if 2*(t.count+1) > len(t.slots) {
			t.resize(max(firstSlots, 2*len(t.slots)), end)
		}
		want := intSlot{c.values[i], c.groups[i] + 1}
		mask := uint64(len(t.slots) - 1)
		p := h & mask
		for t.slots[p].group != 0 && t.slots[p] != want {
			p = (p + 1) & mask
		}
		if t.slots[p].group == 0 {
			t.slots[p] = want
			t.count++
		}
	}
}

// resize moves the pairs into so many slots, or leaves some out when the statement is cancelled.
func (t *pairTable) resize(slots int, end *expr.Looks) {
	old := t.slots
	t.slots = make([]intSlot, slots)
	mask := uint64(slots - 1)
	for _, s := range old {
		if s.group == 0 {
			continue
		}
		if end.Over() {
			return
		}
		p := pairHash(hashInt(s.key), s.group-1) & mask
		for t.slots[p].group != 0 {
			p = (p + 1) & mask
		}
		t.slots[p] = s
	}
}

// absorbPart adds a part of another set, whose groups have the numbers of into here.
func (d *distinctPairs) absorbPart(o *distinctPairs, part int, into []uint32, end *expr.Looks) {
	t := &d.parts[part]
	if want := slotsFor(max(t.count, o.parts[part].count)); want > len(t.slots) {
		t.resize(want, end)
	}
	var c pairChunk
	for _, s := range o.parts[part].slots {
		if s.group == 0 {
			continue
		}
		if c.append(into[s.group-1], s.key); c.n == aheadRows {
			if end.Look() {
				return
			}
			d.insert(&c, end)
			c.n = 0
		}
	}
	d.insert(&c, end)
}

// each gives the pairs, a batch at a time; nobody keeps the slices.
func (d *distinctPairs) each(f func(groups []uint32, values []int64) error) error {
	const most = 4096
	groups, values := make([]uint32, 0, most), make([]int64, 0, most)
	give := func() error {
		if len(groups) == 0 {
			return nil
		}
		err := f(groups, values)
		groups, values = groups[:0], values[:0]
		return err
	}
	for p := range d.parts {
		for _, s := range d.parts[p].slots {
			if s.group == 0 {
				continue
			}
			groups, values = append(groups, s.group-1), append(values, s.key)
			if len(groups) == most {
				if err := give(); err != nil {
					return err
				}
			}
		}
	}
	return give()
}

func (d *distinctPairs) sizeBytes() int64 {
	n := int64(0)
	for p := range d.parts {
		n += intSlotBytes * int64(cap(d.parts[p].slots))
	}
	return n
}

// growth is by how much n more pairs can make the set grow, wherever they fall.
func (d *distinctPairs) growth(n int) int64 {
	more := int64(0)
	for p := range d.parts {
		more += slotGrowth(d.parts[p].count, len(d.parts[p].slots), n, intSlotBytes)
	}
	return more
}

// joinPairs adds other sets to the first, part by part side by side; into says the numbers that their groups have in it.
func joinPairs(ctx context.Context, workers int, sets []*distinctPairs, into [][]uint32) error {
	if len(sets) < 2 {
		return cause(ctx)
	}
	return beside(workers, pairParts, func(p int) error {
		end := expr.Looks{Ctx: ctx}
		for i, o := range sets[1:] {
			sets[0].absorbPart(o, p, into[i+1], &end)
			o.parts[p] = pairTable{}
		}
		return cause(ctx)
	})
}
