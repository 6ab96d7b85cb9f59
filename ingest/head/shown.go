package head

import (
	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// shown is a part as a snapshot sees it.
type shown struct {
	part   *part
	number int64    // of its generation
	upTo   meta.Seq // of the rows that are visible
	ever   bool
	own    *ownView
	table  *ownTable // what the reader's transaction has done to the table; nil = nothing
}

// parts gives a table's parts that may have visible rows, oldest first.
func (s *Snapshot) parts(table meta.TableID, after meta.Seq) []*shown {
	var out []*shown
	var own *ownTable
	if s.own != nil {
		own = s.own.tables[table].ownTable
	}
	for _, g := range s.gens {
		g.mu.RLock()
		if p := g.parts[table]; p != nil && (g.last == 0 || g.last > after) && g.first <= s.seq {
			out = append(out, &shown{part: p, number: g.number, upTo: s.seq, ever: s.ever, own: s.own, table: own})
		}
		g.mu.RUnlock()
	}
	if own != nil {
		if p := s.own.shown(table, s.ever); p != nil {
			out = append(out, p)
		}
	}
	return out
}

// deadLocked gives the positions of a series' rows that have ended, nil if there are none.
func (p *shown) deadLocked(at uint32) *roaring.Bitmap {
	if p.ever || p.part.deaths == nil && p.table == nil {
		return nil
	}
	var dead *roaring.Bitmap
	if d := p.part.deaths[at]; d != nil {
		dead = d.at(p.upTo)
	}
	if p.table == nil {
		return dead
	}
	switch own := p.own.dead(p.table, p.number, at); {
	case own == nil:
		return dead
	case dead == nil:
		return own
	default:
		return roaring.Or(dead, own)
	}
}

// HasDead reports whether rows of a table have ended that the snapshot would show otherwise.
func (s *Snapshot) HasDead(table meta.TableID, after meta.Seq) bool {
	for _, p := range s.parts(table, after) {
		p.part.mu.RLock()
		n := len(p.part.deaths)
		p.part.mu.RUnlock()
		if n > 0 {
			return true
		}
	}
	return false
}

// Late gives the rows of a table that the snapshot shows and that have ended after it: by address, and the keys of their series.
func (s *Snapshot) Late(table meta.TableID, after meta.Seq) (rows *scan.RowSet, series map[string]struct{}) {
	rows, series = &scan.RowSet{}, map[string]struct{}{}
	for _, p := range s.parts(table, after) {
		p.part.mu.RLock()
		for at, d := range p.part.deaths {
			late := d.after(p.upTo)
			if late == nil {
				continue
			}
			series[string(p.part.dict.Keys().Key(p.part.seriesLocked(at).ref))] = struct{}{}
			for it := late.Iterator(); it.HasNext(); {
				rows.Add(-p.number, address(at, it.Next()))
			}
		}
		p.part.mu.RUnlock()
	}
	return rows, series
}
