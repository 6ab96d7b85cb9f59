package head

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// Has reports whether a snapshot has a generation.
func (s *Snapshot) Has(number int64) bool {
	return slices.ContainsFunc(s.gens, func(g *Generation) bool { return g.number == number })
}

// Stands reports whether rows of a generation are in the head and nowhere else: flushed is the catalog's mark.
func (h *Head) Stands(number int64, flushed meta.Seq) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return (&Snapshot{gens: h.gens}).Shows(number, flushed)
}

// Rows is how many rows of a table the head has, dead or not.
func (h *Head) Rows(table meta.TableID) (n int64) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, g := range h.gens {
		g.mu.RLock()
		p := g.parts[table]
		g.mu.RUnlock()
		if p != nil {
			p.mu.RLock()
			n += p.rows
			p.mu.RUnlock()
		}
	}
	return n
}

// SeriesOf adds the short keys of the series of a table's rows, given by address.
func (s *Snapshot) SeriesOf(table meta.TableID, rows *scan.RowSet, keys map[string]struct{}) {
	for place, set := range rows.Others {
		for _, g := range s.gens {
			if g.number != -place {
				continue
			}
			g.mu.RLock()
			p := g.parts[table]
			g.mu.RUnlock()
			if p == nil {
				continue
			}
			p.mu.RLock()
			names := p.dict.Keys()
			for it := set.Iterator(); it.HasNext(); {
				at := uint32(it.PeekNext() >> 32)
				if int(at) < p.count {
					keys[string(names.Key(p.seriesLocked(at).ref))] = struct{}{}
				}
				it.AdvanceIfNeeded(uint64(at+1) << 32)
			}
			p.mu.RUnlock()
		}
	}
}

// Bytes is what the generations take that the snapshot names.
func (s *Snapshot) Bytes() (n int64) {
	for _, g := range s.gens {
		n += g.bytes.Load()
	}
	return n
}

// Move gives the rows that the transaction has ended, its own aside, the addresses that they have now. follow gets the rows of a table as they ended, statement
// by statement, and may give fewer: ErrGone is the answer then. What was viewed before stays as it is.
func (o *Own) Move(follow func(*meta.Table, []*scan.RowSet) ([]*scan.RowSet, error)) error {
	for _, t := range o.Tables() {
		o.mu.RLock()
		clocks, sets := o.tables[t.ID].ended()
		o.mu.RUnlock()
		if len(sets) == 0 {
			continue
		}
		now, err := follow(t, sets)
		if err != nil {
			return err
		}
		o.mu.Lock()
		before := o.tables[t.ID]
		next := before.without()
		if own := before.rows[0]; own != nil {
			next.rows[0] = own
		}
		for i, set := range now {
			if set.Len() != sets[i].Len() {
				o.mu.Unlock()
				return ErrGone
			}
			next.end(clocks[i], set)
		}
		o.tables[t.ID] = next
		o.mu.Unlock()
	}
	return nil
}

// ended gives the rows of others that have ended, by the times at which they did, ascending.
func (t *ownTable) ended() (clocks []meta.Seq, sets []*scan.RowSet) {
	by := map[meta.Seq]*scan.RowSet{}
	at := func(clock meta.Seq) *scan.RowSet {
		set := by[clock]
		if set == nil {
			set = &scan.RowSet{}
			by[clock] = set
			clocks = append(clocks, clock)
		}
		return set
	}
	for id, d := range t.segments {
		d.each(func(clock meta.Seq, rows []uint32) { at(clock).AddSegment(uint64(id), roaring.BitmapOf(rows...)) })
	}
	for number, series := range t.rows {
		if number == 0 {
			continue
		}
		for n, d := range series {
			d.each(func(clock meta.Seq, rows []uint32) {
				set := at(clock)
				for _, row := range rows {
					set.Add(-number, address(n, row))
				}
			})
		}
	}
	slices.Sort(clocks)
	for _, clock := range clocks {
		sets = append(sets, by[clock])
	}
	return clocks, sets
}

// each calls f with what ended at each time.
func (d *deaths) each(f func(seq meta.Seq, rows []uint32)) {
	from := 0
	for _, s := range d.steps {
		f(s.seq, d.rows[from:s.end])
		from = s.end
	}
}

// end notes deaths, of rows of others.
func (t *ownTable) end(clock meta.Seq, set *scan.RowSet) (grown int64) {
	for id, rows := range set.Segments {
		grown += addTo(t.segments, meta.SegmentID(id), clock, rows)
	}
	for place, rows := range set.Others {
		grown += t.endOthers(clock, -place, rows)
	}
	return grown
}
