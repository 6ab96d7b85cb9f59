package pages

import (
	"sync"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/segment"
)

// entryBytes is what an entry takes beside its page: itself, and its places in two maps.
const entryBytes = 256

const (
	// maxUses is how far uses are counted: more would let a page that was once in fashion stay for long.
	maxUses = 3
	// keptUses is how often a page must be asked for on probation to be kept. One query may ask twice for the same page, once
	// to find times and once for its rows: the first asking decodes it, so that once more is no sign of a second query.
	keptUses = 2
	// probationShare of the budget is for pages that are new: a tenth, as the paper found best.
	probationShare = 10
	// largeShare of a shard is the largest page it takes.
	largeShare = 4
)

// entry is a page, or of a ghost only the name.
type entry struct {
	key        segment.PageKey
	vector     *column.Vector // nil = a ghost
	bytes      int64
	uses       int8
	in         *queue
	prev, next *entry // in the queue
	// before and after link the entries of one segment.
	before, after *entry
}

// queue is a FIFO of entries, linked both ways.
type queue struct {
	first, last *entry // first = the oldest
	length      int
	bytes       int64
}

func (q *queue) push(e *entry) {
	e.in, e.prev, e.next = q, q.last, nil
	if q.last != nil {
		q.last.next = e
	} else {
		q.first = e
	}
	q.last = e
	q.length++
	q.bytes += e.bytes
}

func (q *queue) remove(e *entry) {
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		q.first = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	} else {
		q.last = e.prev
	}
	q.length--
	q.bytes -= e.bytes
}

type segmentKey struct{ table, segment uint64 }

// shard is a part of a cache. Every entry is in the maps and in exactly one queue; probation and kept together never hold
// more than the limit, and neither do the pages that the ghosts once were.
type shard struct {
	mu           sync.Mutex // guards what follows
	limit        int64
	entries      map[segment.PageKey]*entry
	segments     map[segmentKey]*entry // the first of its linked entries
	probation    queue
	kept         queue
	ghosts       queue
	hits, misses int64
}

func (s *shard) init(limit int64) {
	s.limit, s.entries, s.segments = limit, map[segment.PageKey]*entry{}, map[segmentKey]*entry{}
}

func (s *shard) fits(bytes int64) bool { return bytes <= s.limit/largeShare }

func (s *shard) get(k segment.PageKey) *column.Vector {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[k]
	if e == nil || e.vector == nil {
		s.misses++
		return nil
	}
	s.hits++
	e.uses = min(e.uses+1, maxUses)
	return e.vector
}

// put takes a page and gives the bytes that are free for it: its own, if it was there already.
func (s *shard) put(k segment.PageKey, v *column.Vector, bytes int64) (freed int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[k]
	switch {
	case e == nil:
		e = &entry{key: k}
		s.add(e)
		e.vector, e.bytes = v, bytes
		s.probation.push(e)
	case e.vector == nil: // it was here not long ago: probation was too short for it
		s.ghosts.remove(e)
		e.vector, e.bytes, e.uses = v, bytes, 0
		s.kept.push(e)
	default:
		return bytes // two readers decoded the same page
	}
	for s.probation.bytes+s.kept.bytes > s.limit {
		freed += s.evict()
	}
	return freed
}

// evict takes one step towards less: a page moves on, or goes. It gives the bytes that are free after it.
func (s *shard) evict() int64 {
	if e := s.probation.first; e != nil && (s.probation.bytes > s.limit/probationShare || s.kept.first == nil) {
		s.probation.remove(e)
		if e.uses >= keptUses {
			e.uses = 0
			s.kept.push(e)
			return 0
		}
		s.becomeGhost(e)
		return e.bytes
	}
	e := s.kept.first
	s.kept.remove(e)
	if e.uses > 0 {
		e.uses--
		s.kept.push(e)
		return 0
	}
	s.drop(e)
	return e.bytes
}

func (s *shard) becomeGhost(e *entry) {
	e.vector, e.uses = nil, 0
	s.ghosts.push(e)
	for s.ghosts.bytes > s.limit {
		oldest := s.ghosts.first
		s.ghosts.remove(oldest)
		s.drop(oldest)
	}
}

// add enters an entry in the maps.
func (s *shard) add(e *entry) {
	s.entries[e.key] = e
	k := segmentKey{e.key.Table, e.key.Segment}
	if e.after = s.segments[k]; e.after != nil {
		e.after.before = e
	}
	s.segments[k] = e
}

// drop takes an entry that is in no queue any more out of the maps.
func (s *shard) drop(e *entry) {
	delete(s.entries, e.key)
	if e.after != nil {
		e.after.before = e.before
	}
	k := segmentKey{e.key.Table, e.key.Segment}
	switch {
	case e.before != nil:
		e.before.after = e.after
	case e.after != nil:
		s.segments[k] = e.after
	default:
		delete(s.segments, k)
	}
}

func (s *shard) forget(k segmentKey) (freed int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := s.segments[k]; e != nil; e = s.segments[k] {
		if e.vector != nil {
			freed += e.bytes
		}
		e.in.remove(e)
		s.drop(e)
	}
	return freed
}

// release evicts pages until so many bytes are free.
func (s *shard) release(bytes int64) (freed int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for freed < bytes && (s.probation.first != nil || s.kept.first != nil) {
		freed += s.evict()
	}
	return freed
}

func (s *shard) count(to *Stats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	to.Pages += s.probation.length + s.kept.length
	to.Bytes += s.probation.bytes + s.kept.bytes
	to.Hits += s.hits
	to.Misses += s.misses
}
