package meta

import (
	"iter"
	"slices"
	"sort"
)

// chunkMax bounds the items that an edit of one item copies. 256 pointers are 2 KiB: with 100,000 segments the copied
// chunk and the copied list of chunks are of the same order (measured; 128 and 512 were no faster).
const chunkMax = 256

// sorted is an ordered set that is never changed: edit makes a new one that shares every chunk it did not touch. A plain
// sorted slice would copy 800 KB per commit at 100,000 segments; a tree would cost more code and slower scans.
// The zero value is the empty set.
type sorted[V any] struct {
	chunks []chunk[V]
	n      int
}

// chunk is 1 to chunkMax items; lo and hi bound their spans.
type chunk[V any] struct {
	items  []V
	lo, hi int64
}

// order says how the items of a set compare, and, if span is not nil, which interval an item covers.
type order[V any] struct {
	compare func(a, b V) int
	span    func(v V) (lo, hi int64)
}

// newSorted makes a set of items, which it sorts in place. Of equal items all are kept: callers check before.
func newSorted[V any](o *order[V], items []V) sorted[V] {
	slices.SortFunc(items, o.compare)
	var s sorted[V]
	s.push(o, items)
	return s
}

// chunkOf finds the chunk from index `from` on that holds v or would hold it.
func (s *sorted[V]) chunkOf(o *order[V], from int, v V) int {
	rest := s.chunks[from:]
	i := sort.Search(len(rest), func(k int) bool {
		items := rest[k].items
		return o.compare(items[len(items)-1], v) >= 0
	})
	return min(from+i, len(s.chunks)-1)
}

// find gives the item equal to probe.
func (s *sorted[V]) find(o *order[V], probe V) (found V, ok bool) {
	if len(s.chunks) == 0 {
		return found, false
	}
	items := s.chunks[s.chunkOf(o, 0, probe)].items
	i, ok := slices.BinarySearchFunc(items, probe, o.compare)
	if ok {
		found = items[i]
	}
	return found, ok
}

// edit gives the set with dels taken out and puts put in; a put replaces an equal item, and wins over an equal del. Both
// must be sorted and free of duplicates. The cost is that of the touched chunks plus a copy of the list of chunks.
func (s *sorted[V]) edit(o *order[V], puts, dels []V) sorted[V] {
	out := sorted[V]{chunks: make([]chunk[V], 0, len(s.chunks)+1+2*len(puts)/chunkMax)}
	next := 0
	for len(puts)+len(dels) > 0 && next < len(s.chunks) {
		i := s.chunkOf(o, next, first(o, puts, dels))
		out.share(s.chunks[next:i])
		np, nd := len(puts), len(dels)
		if i+1 < len(s.chunks) {
			bound := s.chunks[i+1].items[0]
			np, _ = slices.BinarySearchFunc(puts, bound, o.compare)
			nd, _ = slices.BinarySearchFunc(dels, bound, o.compare)
		}
		out.push(o, merge(o, s.chunks[i].items, puts[:np], dels[:nd]))
		puts, dels, next = puts[np:], dels[nd:], i+1
	}
	out.share(s.chunks[next:])
	out.push(o, slices.Clone(puts)) // the caller may sort puts anew
	return out
}

// first gives the smaller of the heads of two sorted lists, one of which is not empty.
func first[V any](o *order[V], a, b []V) V {
	if len(b) == 0 || len(a) > 0 && o.compare(a[0], b[0]) <= 0 {
		return a[0]
	}
	return b[0]
}

// merge applies puts and dels to a sorted list and gives a new one.
func merge[V any](o *order[V], items, puts, dels []V) []V {
	out := make([]V, 0, len(items)+len(puts))
	for len(puts)+len(dels) > 0 {
		v := first(o, puts, dels)
		at, found := slices.BinarySearchFunc(items, v, o.compare)
		out = append(out, items[:at]...)
		items = items[at:]
		if found {
			items = items[1:]
		}
		if len(dels) > 0 && o.compare(dels[0], v) == 0 {
			dels = dels[1:]
		}
		if len(puts) > 0 && o.compare(puts[0], v) == 0 {
			out = append(out, puts[0])
			puts = puts[1:]
		}
	}
	return append(out, items...)
}

// share appends chunks of another set as they are.
func (s *sorted[V]) share(chunks []chunk[V]) {
	for i := range chunks {
		s.n += len(chunks[i].items)
	}
	s.chunks = append(s.chunks, chunks...)
}

// push appends items, all greater than those that are there, in chunks of even size. A small rest joins the chunk
// before it, so that deletions do not leave a chunk per item.
func (s *sorted[V]) push(o *order[V], items []V) {
	if len(items) == 0 {
		return
	}
	if last := len(s.chunks) - 1; last >= 0 && len(s.chunks[last].items)+len(items) <= chunkMax/2 {
		before := s.chunks[last].items
		items = append(slices.Clip(before), items...)
		s.chunks = s.chunks[:last]
		s.n -= len(before)
	}
	s.n += len(items)
	pieces := (len(items) + chunkMax - 1) / chunkMax
	for k := range pieces {
		lo, hi := k*len(items)/pieces, (k+1)*len(items)/pieces
		s.chunks = append(s.chunks, newChunk(o, slices.Clip(items[lo:hi])))
	}
}

func newChunk[V any](o *order[V], items []V) chunk[V] {
	c := chunk[V]{items: items}
	if o.span == nil {
		return c
	}
	c.lo, c.hi = o.span(items[0])
	for _, v := range items[1:] {
		lo, hi := o.span(v)
		c.lo, c.hi = min(c.lo, lo), max(c.hi, hi)
	}
	return c
}

// all gives every item in order.
func (s *sorted[V]) all() iter.Seq[V] {
	return func(yield func(V) bool) {
		for i := range s.chunks {
			for _, v := range s.chunks[i].items {
				if !yield(v) {
					return
				}
			}
		}
	}
}

// overlapping gives, in order, the items whose span meets [lo, hi].
func (s *sorted[V]) overlapping(o *order[V], lo, hi int64) iter.Seq[V] {
	return func(yield func(V) bool) {
		for i := range s.chunks {
			c := &s.chunks[i]
			if c.hi < lo || c.lo > hi {
				continue
			}
			for _, v := range c.items {
				if l, h := o.span(v); h >= lo && l <= hi && !yield(v) {
					return
				}
			}
		}
	}
}

// from gives the items not less than probe, in order.
func (s *sorted[V]) from(o *order[V], probe V) iter.Seq[V] {
	return func(yield func(V) bool) {
		if len(s.chunks) == 0 {
			return
		}
		start := s.chunkOf(o, 0, probe)
		for i := start; i < len(s.chunks); i++ {
			items := s.chunks[i].items
			if i == start {
				at, _ := slices.BinarySearchFunc(items, probe, o.compare)
				items = items[at:]
			}
			for _, v := range items {
				if !yield(v) {
					return
				}
			}
		}
	}
}
