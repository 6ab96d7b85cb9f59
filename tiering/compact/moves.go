package compact

import (
	"slices"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/meta"
)

// maxMoves is the memory for the routes of merges that are over.
const maxMoves = 64 << 20

// moves remembers where recent merges took the rows of their inputs, for transactions that read a row before and end it after: they need
// not fail for a merge. A move is kept while a snapshot from before it is held, and while there is memory.
type moves struct {
	pool *mem.Pool

	mu   sync.Mutex
	list []*move // the oldest first
}

type move struct {
	table   meta.TableID
	inputs  []meta.SegmentID
	outputs []meta.SegmentID
	route   *route
	before  meta.Version // the last version in which the inputs may be live
	bytes   int64
}

// add remembers a merge that is about to be published; forget takes it back.
func (a *moves) add(m *merger, before meta.Version) (forget func()) {
	v := &move{table: m.job.table, route: m.route, before: before, bytes: m.route.sizeBytes()}
	for _, s := range m.job.inputs {
		v.inputs = append(v.inputs, s.ID)
	}
	for _, s := range m.out {
		v.outputs = append(v.outputs, s.ID)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if v.route.lost || v.bytes > maxMoves {
		return func() {}
	}
	for a.pool.Grow(v.bytes) != nil {
		if len(a.list) == 0 {
			return func() {} // other work needs the memory more
		}
		a.dropLocked(0)
	}
	a.list = append(a.list, v)
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if i := slices.Index(a.list, v); i >= 0 {
			a.dropLocked(i)
		}
	}
}

func (a *moves) dropLocked(i int) {
	a.pool.Shrink(a.list[i].bytes)
	a.list = slices.Delete(a.list, i, i+1)
}

// forget drops the moves that happened before the oldest snapshot that is held.
func (a *moves) forget(oldest meta.Version) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.list) > 0 && a.list[0].before < oldest {
		a.dropLocked(0)
	}
}

// Moved finds rows of a segment that merges have replaced since: where they are, by segment, in those that are live. It gives false where that is not known
// (any more), or where a row was dead already when it would have been moved; both mean that the row cannot be ended by that address.
func (c *Compactor) Moved(table meta.TableID, id meta.SegmentID, rows *roaring.Bitmap, live func(meta.SegmentID) bool) (map[meta.SegmentID]*roaring.Bitmap, bool) {
	c.moves.mu.Lock()
	list := slices.Clone(c.moves.list)
	c.moves.mu.Unlock()
	now, moved := map[meta.SegmentID]*roaring.Bitmap{id: rows}, false
	for _, v := range list { // an output may be the input of a later one
		if v.table != table {
			continue
		}
		sets := make([]*roaring.Bitmap, len(v.inputs))
		want := uint64(0)
		for i, in := range v.inputs {
			if set := now[in]; set != nil && !live(in) {
				sets[i] = set
				want += set.GetCardinality()
				delete(now, in)
			}
		}
		if want == 0 {
			continue
		}
		moved = true
		for i, set := range v.route.follow(sets) {
			if set != nil {
				want -= set.GetCardinality()
				now[v.outputs[i]] = set
			}
		}
		if want != 0 {
			return nil, false
		}
	}
	return now, moved
}
