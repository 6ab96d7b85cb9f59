package segment

import (
	"bytes"
	"context"
	"slices"
	"sort"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/index"
	"github.com/automatanexus/aegis-db/column/key"
)

// sortedRows looks keys up in the rows of a series, which are in the order of the same columns.
type sortedRows struct {
	readers []*columnReader
	first   column.Type // of the first column
	ints    bool        // there is one column, of integers
	scratch []byte
}

func newSortedRows(readers []*columnReader) *sortedRows {
	s := &sortedRows{readers: readers, first: readers[0].pages.field.Type}
	s.ints = len(readers) == 1 && s.first.Physical() == column.PhysInt
	return s
}

// match gives each row of [row, end) whose key is among keys, which ascend, and the number of that key.
func (s *sortedRows) match(ctx context.Context, row, end uint32, keys [][]byte, found func(row uint32, k int)) error {
	if s.ints && len(keys) > 1 {
		if done, err := s.matchInts(ctx, row, end, keys, found); done || err != nil {
			return err
		}
	}
	for k, wanted := range keys {
		v := firstValue(wanted, s.first)
		lo, hi := s.window(row, end, v)
		at, err := s.lowest(ctx, lo, hi, wanted, v)
		if err != nil {
			return err
		}
		for row = at; row < end; row++ {
			c, err := s.compare(ctx, row, wanted)
			if err != nil {
				return err
			}
			if c != 0 {
				break
			}
			found(row, k)
		}
		if row >= end {
			return nil
		}
	}
	return nil
}

// matchInts is match for many integers: both sides only move forward, by steps that double. It reports whether it could, which it says before it gives a
// row: there must be no NULLs on either side.
func (s *sortedRows) matchInts(ctx context.Context, row, end uint32, keys [][]byte, found func(row uint32, k int)) (bool, error) {
	p := s.readers[0].pages
	if row >= end {
		return true, nil
	}
	first, last := p.find(row), p.find(end-1)
	for n := first; n <= last; n++ {
		if p.pages[n].zone.Nulls > 0 {
			return false, nil
		}
	}
	wanted := make([]int64, len(keys))
	for k := range keys {
		v := firstValue(keys[k], s.first)
		if !v.known || v.null {
			return false, nil
		}
		wanted[k] = v.int
	}
	for n, k := first, 0; n <= last && k < len(wanted); n++ {
		// Pages at the ends may have rows of other series too.
		n += sort.Search(last-n, func(i int) bool { return p.pages[n+i].zone.IntMax >= wanted[k] })
		for row = max(row, p.pages[n].firstRow); row < min(end, p.end(n)) && k < len(wanted); {
			v, from, to, err := s.readers[0].part(ctx, row, min(end, p.end(n)))
			if err != nil {
				return true, err
			}
			v = column.Flatten(v)
			k = matchSorted(v.Ints[from:to], wanted, k, func(i, k int) { found(row+uint32(i), k) })
			row += uint32(to - from)
		}
	}
	return true, nil
}

// matchSorted gives the places of wanted values from k on among others, all ascending, and where to go on with the values that follow.
func matchSorted(values, wanted []int64, k int, found func(i, k int)) int {
	for i := 0; i < len(values) && k < len(wanted); {
		if values[i] < wanted[k] {
			step := 1
			for i+step < len(values) && values[i+step] < wanted[k] {
				i += step
				step *= 2
			}
			next, _ := slices.BinarySearch(values[i+1:min(i+step+1, len(values))], wanted[k])
			i += 1 + next
			continue
		}
		if values[i] > wanted[k] {
			k++
			continue
		}
		found(i, k)
		i++
	}
	return k
}

// scan is match where the rows are in no order.
func (s *sortedRows) scan(ctx context.Context, row, end uint32, keys [][]byte, found func(row uint32, k int)) error {
	for ; row < end; row++ {
		if err := s.encode(ctx, row); err != nil {
			return err
		}
		k := sort.Search(len(keys), func(i int) bool { return bytes.Compare(keys[i], s.scratch) >= 0 })
		if k < len(keys) && bytes.Equal(keys[k], s.scratch) {
			found(row, k)
		}
	}
	return nil
}

// value is the first value of a key, as far as bounds of pages can be compared with it.
type value struct {
	known, null bool
	int         int64
	text        []byte
}

func firstValue(encoded []byte, t column.Type) value {
	phys := t.Physical()
	if phys != column.PhysInt && (phys != column.PhysBytes || !t.Bytewise()) {
		return value{}
	}
	b, null, _, err := key.Next(encoded, t, nil)
	switch {
	case err != nil:
		return value{}
	case null:
		return value{known: true, null: true}
	case phys == column.PhysInt:
		return value{known: true, int: key.Int(b)}
	}
	return value{known: true, text: b}
}

// window cuts [lo, hi) to the pages that may have the wanted first value. Pages at the ends may have rows of other series too, whose values
// only make the window wider.
func (s *sortedRows) window(lo, hi uint32, v value) (uint32, uint32) {
	if !v.known || v.null {
		return lo, hi
	}
	p := s.readers[0].pages
	first, last := p.find(lo), p.find(hi-1)
	n := first + sort.Search(last-first, func(i int) bool { return !v.above(&p.pages[first+i].zone, s.first) })
	end := n + 1 + sort.Search(last-n, func(i int) bool { return v.below(&p.pages[n+1+i].zone, s.first) })
	return max(lo, p.pages[n].firstRow), min(hi, p.end(end-1))
}

// above reports that all values of a zone are less.
func (v value) above(z *index.Zone, t column.Type) bool {
	if z.Values() == 0 {
		return false
	}
	if t.Physical() == column.PhysInt {
		return z.IntMax < v.int
	}
	return !z.TextOpen && bytes.Compare(z.TextMax, v.text) < 0
}

// below reports that all values of a zone are greater.
func (v value) below(z *index.Zone, t column.Type) bool {
	if z.Values() == 0 {
		return true // NULLs come last
	}
	if t.Physical() == column.PhysInt {
		return z.IntMin > v.int
	}
	return bytes.Compare(z.TextMin, v.text) > 0
}

// lowest gives the first row of [lo, hi) whose key is not less; hi if there is none.
func (s *sortedRows) lowest(ctx context.Context, lo, hi uint32, wanted []byte, v value) (uint32, error) {
	if s.ints && lo < hi && !v.null {
		// Nearly always the window is one page.
		page, from, to, err := s.readers[0].part(ctx, lo, hi)
		if err != nil {
			return 0, err
		}
		if page.Enc == column.Flat && page.Valid == nil && uint32(to-from) == hi-lo {
			values := page.Ints[from:to]
			return lo + uint32(sort.Search(len(values), func(i int) bool { return values[i] >= v.int })), nil
		}
	}
	for lo < hi {
		mid := lo + (hi-lo)/2
		c, err := s.compare(ctx, mid, wanted)
		if err != nil {
			return 0, err
		}
		if c < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, nil
}

// compare compares a row's key with another.
func (s *sortedRows) compare(ctx context.Context, row uint32, wanted []byte) (int, error) {
	err := s.encode(ctx, row)
	return bytes.Compare(s.scratch, wanted), err
}

// encode leaves a row's key in scratch.
func (s *sortedRows) encode(ctx context.Context, row uint32) error {
	s.scratch = s.scratch[:0]
	for _, c := range s.readers {
		v, i, _, err := c.part(ctx, row, row+1)
		if err != nil {
			return err
		}
		s.scratch = key.AppendValue(s.scratch, v, i)
	}
	return nil
}
