package head

import (
	"maps"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/meta"
)

// Alone shows a transaction's rows without any others, in the order that segments have.
func (o *Own) Alone() *Snapshot {
	return &Snapshot{sorted: true, pending: &pending{}, own: o.view()}
}

// view is what the transaction has written by now.
func (o *Own) view() *ownView {
	o.mu.RLock()
	defer o.mu.RUnlock()
	v := &ownView{own: o, clock: o.clock, tables: make(map[meta.TableID]ownShown, len(o.tables))}
	for id, t := range o.tables {
		v.tables[id] = ownShown{t, len(t.places)}
	}
	return v
}

// FromRow is the seq after which the own rows of a table from a number on come.
func FromRow(n int) meta.Seq { return ownSeq + meta.Seq(n) - 1 }

// Leave lets go of the rows of a table, but for those that are given, which are its first and of which none has ended. What was viewed before stays as it is.
func (o *Own) Leave(table meta.TableID, kept []*Batch) {
	o.mu.Lock()
	t := o.tables[table]
	if t == nil {
		o.mu.Unlock()
		return
	}
	next := *t
	next.places = nil
	next.part = &part{dict: t.part.dict, time: t.part.time, seal: t.part.seal, perOne: t.part.perOne, own: true}
	next.rows = maps.Clone(t.rows)
	delete(next.rows, 0)
	o.tables[table] = &next
	o.mu.Unlock()
	for _, b := range kept {
		o.Append(b)
	}
}

// OwnDied reports whether own rows of a table have ended.
func (o *Own) OwnDied(table meta.TableID) bool {
	o.mu.RLock()
	defer o.mu.RUnlock()
	t := o.tables[table]
	return t != nil && len(t.rows[0]) > 0
}

// EndedOf gives the rows of a segment that the transaction has ended, nil if there are none.
func (o *Own) EndedOf(table meta.TableID, segment meta.SegmentID) *roaring.Bitmap {
	o.mu.RLock()
	defer o.mu.RUnlock()
	t := o.tables[table]
	if t == nil || t.segments[segment] == nil {
		return nil
	}
	return t.segments[segment].all
}
