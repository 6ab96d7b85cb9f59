package head

import (
	"maps"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/meta"
)

// pending are the rows of segments that have ended and are in no deletion vector yet. It is small: whoever owns the head publishes
// it all the time. The maps are never changed but replaced, so that a snapshot costs a pointer; what they lead to grows.
type pending struct {
	mu     sync.RWMutex // guards everything, and the deaths
	tables pendingTables
	last   meta.Seq // newest commit that ended a row of any kind
	rows   int64
	oldest meta.Seq // of the first commit among them
	bytes  int64
}

type pendingTables map[meta.TableID]map[meta.SegmentID]*deaths

// add notes the deaths of a commit in one table and gives the bytes that they take.
func (p *pending) add(seq meta.Seq, table meta.TableID, segments map[meta.SegmentID]*roaring.Bitmap) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = seq
	if len(segments) == 0 {
		return 0
	}
	have := p.tables[table]
	cloned := false
	grown := int64(0)
	for id, rows := range segments {
		d := have[id]
		if d == nil {
			if !cloned {
				if have = maps.Clone(have); have == nil {
					have = map[meta.SegmentID]*deaths{}
				}
				cloned = true
			}
			d = &deaths{}
			have[id] = d
		}
		grown += d.add(seq, rows)
		p.rows += int64(rows.GetCardinality())
	}
	if cloned {
		tables := maps.Clone(p.tables)
		if tables == nil {
			tables = pendingTables{}
		}
		tables[table] = have
		p.tables = tables
	}
	if p.oldest == 0 {
		p.oldest = seq
	}
	p.bytes += grown
	return grown
}

// trim forgets what is in deletion vectors now: the deaths up to a seq. It gives the bytes that come back.
func (p *pending) trim(published meta.Seq) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.oldest == 0 || published < p.oldest {
		return 0
	}
	var left pendingTables
	before := p.bytes
	p.rows, p.oldest, p.bytes = 0, 0, 0
	for table, segments := range p.tables {
		for id, d := range segments {
			rest := d.since(published)
			if rest == nil {
				continue
			}
			if left == nil {
				left = pendingTables{}
			}
			if left[table] == nil {
				left[table] = map[meta.SegmentID]*deaths{}
			}
			left[table][id] = rest
			p.rows += int64(len(rest.rows))
			p.bytes += rest.bytes()
			if first := rest.steps[0].seq; p.oldest == 0 || first < p.oldest {
				p.oldest = first
			}
		}
	}
	p.tables = left
	return before - p.bytes
}

// dead reports whether one of the rows of a segment has ended.
func (p *pending) dead(table meta.TableID, segment meta.SegmentID, rows *roaring.Bitmap) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	d := p.tables[table][segment]
	return d != nil && d.has(rows)
}

// EndedRow reports whether a row of a segment has ended, visibly or not, and is in no deletion vector yet.
func (h *Head) EndedRow(table meta.TableID, segment meta.SegmentID, row uint32) bool {
	h.ended.mu.RLock()
	defer h.ended.mu.RUnlock()
	d := h.ended.tables[table][segment]
	return d != nil && d.all.Contains(row)
}

// Pending gives, by table and segment, the rows of segments that have ended and are in no deletion vector yet. The bitmaps are not to be changed.
func (h *Head) Pending() map[meta.TableID]map[meta.SegmentID]*roaring.Bitmap {
	h.ended.mu.RLock()
	defer h.ended.mu.RUnlock()
	out := make(map[meta.TableID]map[meta.SegmentID]*roaring.Bitmap, len(h.ended.tables))
	for table, segments := range h.ended.tables {
		out[table] = make(map[meta.SegmentID]*roaring.Bitmap, len(segments))
		for id, d := range segments {
			out[table][id] = d.at(d.steps[len(d.steps)-1].seq)
		}
	}
	return out
}

// PendingRows is how many rows of segments have ended and are in no deletion vector yet, and the seq of the newest commit that ended
// a row of any kind.
func (h *Head) PendingRows() (rows int64, last meta.Seq) {
	h.ended.mu.RLock()
	defer h.ended.mu.RUnlock()
	return h.ended.rows, h.ended.last
}

// Published forgets the deaths of rows of segments up to a seq: they are in deletion vectors. Snapshots keep what they hold.
func (h *Head) Published(upTo meta.Seq) {
	if n := h.ended.trim(upTo); n > 0 {
		h.giveBack(n)
	}
}

// Ended gives the rows of a segment that have ended, as the snapshot sees it, beside those in its deletion vector; nil if there are
// none. The bitmap is not to be changed, and as long as nothing else ends it is the same one.
func (s *Snapshot) Ended(table meta.TableID, segment meta.SegmentID) *roaring.Bitmap {
	d := s.ended[table][segment]
	if d == nil {
		return nil
	}
	s.pending.mu.RLock()
	defer s.pending.mu.RUnlock()
	return d.at(s.seq)
}

// EndedRows is how many rows of a table's segments have ended that deletion vectors up to a seq do not have.
func (s *Snapshot) EndedRows(table meta.TableID, published meta.Seq) int64 {
	n := int64(0)
	if s.own != nil {
		n = s.own.ownEndedRows(table)
	}
	segments := s.ended[table]
	if segments == nil {
		return n
	}
	s.pending.mu.RLock()
	defer s.pending.mu.RUnlock()
	for _, d := range segments {
		n += int64(max(0, d.upTo(s.seq)-d.upTo(published)))
	}
	return n
}
