package exec

import (
	"math/bits"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
)

// denseInts numbers integers that lie close together, as surrogate keys and dates do: a bit for each integer from the first key to the last
// says whether it is there, and how many bits are set before it says where its number stands. That is an eighth of a hash table's size or
// less, nothing is compared, and keys that follow each other are looked up in memory that follows.
//
// All keys have to be known before the first is numbered.
type denseInts struct {
	first   int64
	words   []denseWord
	numbers []uint32 // of the integers whose bits are set, ascending; 0 = it has none yet
}

type denseWord struct {
	set    uint64
	before uint32 // bits that are set in the words before
}

const (
	denseWordBytes = 16
	// densePerRow bounds how many integers there may be between the first and the last for each row of the build side, so that the bits take
	// no more than a hash table would.
	densePerRow = 256
	// denseSmall is up to how many integers there may be more of them, denseSmallPerRow for each row, as the bits stay in the cache: looking
	// up what is not there, which most often is what few keys are for, costs a third of what it does in a hash table.
	denseSmall       = 1 << 22
	denseSmallPerRow = 1 << 10
	// denseAnyhow is what is dense for any number of rows.
	denseAnyhow = 1 << 12
)

// isDense reports whether so many rows, whose integers lie so far apart, have them in bits.
func isDense(width, rows uint64) bool {
	return width < max(densePerRow*rows, min(denseSmallPerRow*rows, denseSmall), denseAnyhow)
}

// newDenseInts prepares numbering the values of some vectors of one key column, which has so many rows; nil if they are no integers, or lie
// too far apart.
func newDenseInts(t column.Type, list []*column.Vector, rows int, pool *mem.Pool) (*denseInts, error) {
	if p := t.Physical(); p != column.PhysInt {
		return nil, nil
	}
	span, any := scan.TimeRange{}, false
	for _, v := range list {
		span, any = spanOf(distinctValues(v), span, any)
	}
	width := uint64(span.Max) - uint64(span.Min)
	if !any || !isDense(width, uint64(rows)) {
		return nil, nil
	}
	d := &denseInts{first: span.Min}
	n := int(width>>6) + 1
	if err := pool.Grow(int64(n) * denseWordBytes); err != nil {
		return nil, err
	}
	d.words = make([]denseWord, n)
	for _, v := range list {
		d.set(distinctValues(v))
	}
	count := 0
	for i := range d.words {
		d.words[i].before = uint32(count)
		count += bits.OnesCount64(d.words[i].set)
	}
	if err := pool.Grow(4 * int64(count)); err != nil {
		pool.Shrink(int64(n) * denseWordBytes)
		return nil, err
	}
	d.numbers = make([]uint32, count)
	return d, nil
}

// distinctValues gives the values that the rows of a vector refer to, perhaps with others.
func distinctValues(v *column.Vector) *column.Vector {
	switch v.Enc {
	case column.Const, column.RunEnd, column.Dict:
		return column.Flatten(v.Child)
	}
	return column.Flatten(v)
}

// noneTwice reports that so many rows, whose values d was made of, are all different and none is NULL.
func (d *denseInts) noneTwice(list []*column.Vector, rows int) bool {
	return d != nil && len(d.numbers) == rows && !slices.ContainsFunc(list, func(v *column.Vector) bool { return v.Enc != column.Flat })
}

// spanOf widens the range of values that were seen.
func spanOf(v *column.Vector, span scan.TimeRange, any bool) (scan.TimeRange, bool) {
	for i, k := range v.Ints[:v.Len] {
		if !v.Valid.Get(i) {
			continue
		}
		if !any {
			span, any = scan.TimeRange{Min: k, Max: k}, true
		}
		span.Min, span.Max = min(span.Min, k), max(span.Max, k)
	}
	return span, any
}

func (d *denseInts) set(v *column.Vector) {
	for i, k := range v.Ints[:v.Len] {
		if v.Valid.Get(i) {
			at := uint64(k) - uint64(d.first)
			d.words[at>>6].set |= 1 << (at & 63)
		}
	}
}

// place is where the number of an integer stands whose bit is set.
func (d *denseInts) place(at uint64) uint32 {
	w := &d.words[at>>6]
	return w.before + uint32(bits.OnesCount64(w.set&(1<<(at&63)-1)))
}

// add numbers the keys that valid does not exclude, from count + 1 on, and gives the new count.
func (d *denseInts) add(keys []int64, valid column.Bitmap, groups []uint32, count int) int {
	for i, k := range keys {
		if !valid.Get(i) {
			groups[i] = 0
			continue
		}
		number := &d.numbers[d.place(uint64(k)-uint64(d.first))]
		if *number == 0 {
			count++
			*number = uint32(count)
		}
		groups[i] = *number
	}
	return count
}

// find gives the number of each key, 0 where it has none.
func (d *denseInts) find(keys []int64, groups []uint32) {
	words, numbers, first := d.words, d.numbers, uint64(d.first)
	groups = groups[:len(keys)]
	for i, k := range keys {
		at := uint64(k) - first
		g := uint32(0)
		if at>>6 < uint64(len(words)) {
			w := words[at>>6]
			if bit := uint64(1) << (at & 63); w.set&bit != 0 {
				g = numbers[w.before+uint32(bits.OnesCount64(w.set&(bit-1)))]
			}
		}
		groups[i] = g
	}
}

// pass keeps those of the listed rows whose keys are there, though they need have no number; rows = nil: of all.
func (d *denseInts) pass(keys []int64, rows, out []int32) []int32 {
	words, first := d.words, uint64(d.first)
	n := 0
	if rows == nil {
		out = resized(out, len(keys))
		for i, k := range keys {
			out[n] = int32(i)
			if at := uint64(k) - first; at>>6 < uint64(len(words)) {
				n += int(words[at>>6].set >> (at & 63) & 1)
			}
		}
		return out[:n]
	}
	for _, r := range rows {
		out[n] = r
		if at := uint64(keys[r]) - first; at>>6 < uint64(len(words)) {
			n += int(words[at>>6].set >> (at & 63) & 1)
		}
	}
	return out[:n]
}

// appendKeys appends the integers that have a number, ascending.
func (d *denseInts) appendKeys(dst []int64) []int64 {
	for i, w := range d.words {
		for set, place := w.set, w.before; set != 0; set, place = set&(set-1), place+1 {
			if d.numbers[place] != 0 {
				dst = append(dst, d.first+int64(i)<<6+int64(bits.TrailingZeros64(set)))
			}
		}
	}
	return dst
}

func (d *denseInts) sizeBytes() int64 {
	return int64(len(d.words))*denseWordBytes + 4*int64(len(d.numbers))
}
