package ingest

import (
	"context"
	"slices"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/ingest/flush"
	"github.com/automatanexus/aegis-db/meta"
)

// flushMoves remembers where recent flushes took the rows of the head, for transactions that read a row before and end it after: a flush must not make
// them fail. A flush is remembered while a snapshot from before it is held, and while there is memory for the generations that it has written.
type flushMoves struct {
	pool *mem.Pool

	mu   sync.Mutex
	list []flushMove // the oldest first
}

type flushMove struct {
	*flush.Moves
	before meta.Version // the last in which the rows were in the head; 0 = not known yet
	bytes  int64        // reserved
}

// add remembers a flush.
func (f *flushMoves) add(m *flush.Moves, before meta.Version) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, flushMove{m, before, 0})
}

// settle forgets the flushes that happened before the oldest snapshot that is held, and reserves the memory of the others. newest, if not 0, is a version in which
// it is decided of all of them whether they happened.
func (f *flushMoves) settle(oldest, newest meta.Version) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.list {
		if f.list[i].before == 0 {
			f.list[i].before = newest
		}
	}
	f.dropLocked(func(m flushMove) bool { return m.before != 0 && m.before < oldest })
	for i := len(f.list) - 1; i >= 0; i-- { // the newest first: it is the likeliest to be asked
		m := &f.list[i]
		if m.bytes > 0 {
			continue
		}
		n := m.Snapshot().Bytes()
		if f.pool.Grow(n) != nil {
			lost := slices.Clone(f.list[:i+1])
			f.dropLocked(func(m flushMove) bool {
				return slices.ContainsFunc(lost, func(o flushMove) bool { return o.Moves == m.Moves })
			})
			return
		}
		m.bytes = n
	}
}

func (f *flushMoves) dropLocked(gone func(flushMove) bool) {
	var kept []flushMove
	for _, m := range f.list {
		if gone(m) {
			f.pool.Shrink(m.bytes)
			continue
		}
		kept = append(kept, m)
	}
	f.list = kept
}

// settleMoves is settle with what the catalog says now.
func (s *Shard) settleMoves() {
	newest := s.opts.Catalog.Snapshot().Version
	if s.unsure.Load() {
		newest = 0
	}
	s.moved.settle(s.opts.Catalog.OldestHeld(), newest)
}

// of gives the flush that has written a generation, nil if it is not known (any more). Of one whose outcome was in doubt and that was done again, the
// later counts.
func (f *flushMoves) of(number int64) *flush.Moves {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range slices.Backward(f.list) {
		if m.Snapshot().Has(number) {
			return m.Moves
		}
	}
	return nil
}

// standing says which addresses are good in a state of the shard.
type standing struct {
	generation func(number int64) bool
	segment    func(meta.TableID, meta.SegmentID) bool
}

// standing is that of a catalog's version, for the head as it is now. The caller holds the gate, or must look again when it does.
func (s *Shard) standing(catalog *meta.Snapshot) standing {
	flushed := catalog.FlushedSeq(s.opts.Shard)
	return standing{
		generation: func(number int64) bool { return s.head.Stands(number, flushed) },
		segment: func(table meta.TableID, id meta.SegmentID) bool {
			return catalog.Manifest(table).Segment(id) != nil
		},
	}
}

// all reports whether all addresses of a set stand.
func (now standing) all(table meta.TableID, set *scan.RowSet) bool {
	for place := range set.Others {
		if place != scan.OwnRows && !now.generation(-place) {
			return false
		}
	}
	for id := range set.Segments {
		if !now.segment(table, meta.SegmentID(id)) {
			return false
		}
	}
	return true
}

// follow gives sets of rows by the addresses that stand: flushes and merges may have moved them since they were read. The sets themselves stay as they are. errChanged
// says that rows are nowhere any more, or that nobody knows where.
func (s *Shard) follow(ctx context.Context, table meta.TableID, sets []*scan.RowSet, now standing) ([]*scan.RowSet, error) {
	out := slices.Clone(sets)
	for {
		var gone *flush.Moves
		for _, set := range out {
			for place := range set.Others {
				if place == scan.OwnRows || now.generation(-place) {
					continue
				}
				if gone = s.moved.of(-place); gone == nil {
					return nil, errChanged
				}
			}
		}
		if gone == nil {
			break
		}
		var err error
		if out, err = gone.Follow(ctx, table, out); err != nil {
			return nil, err
		}
	}
	for i, set := range out {
		if set.Len() != sets[i].Len() {
			return nil, errChanged
		}
		if now.all(table, set) {
			continue
		}
		var err error
		if out[i], err = s.followMerges(table, set, now); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Shard) followMerges(table meta.TableID, set *scan.RowSet, now standing) (*scan.RowSet, error) {
	if s.opts.Moved == nil {
		return nil, errChanged
	}
	live := func(id meta.SegmentID) bool { return now.segment(table, id) }
	out := &scan.RowSet{}
	out.Union(&scan.RowSet{Others: set.Others})
	for id, rows := range set.Segments {
		at := map[meta.SegmentID]*roaring.Bitmap{meta.SegmentID(id): rows}
		if !live(meta.SegmentID(id)) {
			var ok bool
			if at, ok = s.opts.Moved(table, meta.SegmentID(id), rows, live); !ok {
				return nil, errChanged
			}
		}
		for to, moved := range at {
			out.AddSegment(uint64(to), moved)
		}
	}
	if out.Len() != set.Len() || !now.all(table, out) {
		return nil, errChanged
	}
	return out, nil
}

// followDeletes gives what a commit ends by the addresses of the newest catalog.
func (s *Shard) followDeletes(ctx context.Context, catalog *meta.Snapshot, bound *bound, deletes []meta.Deletes) ([]meta.Deletes, error) {
	now := s.standing(catalog)
	if bound != nil && len(bound.written) > 0 {
		live := now.segment
		now.segment = func(table meta.TableID, id meta.SegmentID) bool { return live(table, id) || bound.segment(id) != nil }
	}
	out := slices.Clone(deletes)
	for i := range out {
		d := &out[i]
		if now.all(d.Table.ID, d.Rows) {
			continue
		}
		moved, err := s.follow(ctx, d.Table.ID, []*scan.RowSet{d.Rows}, now)
		if err != nil {
			return nil, err
		}
		d.Rows = moved[0]
	}
	return out, nil
}
