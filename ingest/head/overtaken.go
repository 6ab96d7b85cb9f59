package head

import (
	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/meta"
)

// Overtaken reports whether the snapshot says of rows that the transaction laid over it has ended that they had ended before, by others: they were faster, and the
// transaction cannot commit any more. vector gives the rows of a segment that are in its deletion vector, from is what TRUNCATE left of a table.
func (s *Snapshot) Overtaken(vector func(meta.TableID, meta.SegmentID) (*roaring.Bitmap, error), from func(meta.TableID) meta.Seq) (bool, error) {
	o := s.own.own
	o.mu.RLock()
	defer o.mu.RUnlock()
	for id, t := range o.tables {
		if t.endsInHead() && (from(id) > t.from || s.overtakenInHead(id, t)) {
			return true, nil
		}
		for segment, d := range t.segments {
			if s.endedMeanwhile(id, segment, d.all) {
				return true, nil
			}
			dead, err := vector(id, segment)
			if err != nil {
				return false, err
			}
			if dead != nil && dead.Intersects(d.all) {
				return true, nil
			}
		}
	}
	return false, nil
}

// endsInHead reports whether rows of others have ended that are not in segments.
func (t *ownTable) endsInHead() bool {
	if t.rows[0] != nil {
		return len(t.rows) > 1
	}
	return len(t.rows) > 0
}

func (s *Snapshot) overtakenInHead(id meta.TableID, t *ownTable) bool {
	for _, g := range s.gens {
		mine := t.rows[g.number]
		if mine == nil {
			continue
		}
		g.mu.RLock()
		p := g.parts[id]
		g.mu.RUnlock()
		if p == nil {
			continue
		}
		p.mu.RLock()
		for at, d := range mine {
			if theirs := p.deaths[at]; theirs != nil && theirs.anyUpTo(s.seq, d.all) {
				p.mu.RUnlock()
				return true
			}
		}
		p.mu.RUnlock()
	}
	return false
}

// endedMeanwhile reports whether one of the rows of a segment has ended and was in no deletion vector when the snapshot was taken.
func (s *Snapshot) endedMeanwhile(table meta.TableID, segment meta.SegmentID, rows *roaring.Bitmap) bool {
	s.pending.mu.RLock()
	defer s.pending.mu.RUnlock()
	d := s.ended[table][segment]
	return d != nil && d.anyUpTo(s.seq, rows)
}

// anyUpTo reports whether one of the rows had ended at a seq.
func (d *deaths) anyUpTo(seq meta.Seq, rows *roaring.Bitmap) bool {
	n := d.upTo(seq)
	if n == len(d.rows) {
		return d.has(rows)
	}
	for _, row := range d.rows[:n] {
		if rows.Contains(row) {
			return true
		}
	}
	return false
}
