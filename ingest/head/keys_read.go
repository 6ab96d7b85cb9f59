package head

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/meta"
)

// keyRows are the rows that may have one of some keys: positions by part and series. Parts that it does not know are read as a whole.
type keyRows map[*part]map[uint32]*roaring.Bitmap

// mostKeys bounds the keys that are looked up: beyond it, reading all rows of a head of usual size costs no more.
const mostKeys = 1 << 16

// keyRows finds the rows of keys in the parts of a snapshot; nil where looking is worth nothing.
func (s *Snapshot) keyRows(table *meta.Table, keys [][]byte, after meta.Seq) (keyRows, error) {
	if len(keys) > mostKeys {
		return nil, nil
	}
	out := keyRows{}
	if len(keys) == 0 {
		return out, nil
	}
	k := BatchKeys{Columns: table.Columns.Key, Distinct: true, Lo: keys[0], Hi: keys[len(keys)-1]}
	for _, tuple := range keys {
		k.Hashes = append(k.Hashes, key.Hash(tuple))
	}
	for _, shown := range s.parts(table.ID, after) {
		p := shown.part
		if p.own || s.head == nil {
			continue
		}
		out[p] = nil
		x := p.keyIndexOf(&k)
		if x.isApart(&k) {
			continue
		}
		grown, err := x.fill(p, &table.Columns)
		s.head.settleIn(p.gen, grown)
		if err != nil {
			return nil, err
		}
		out[p] = shown.alive(x.find(p, &k))
	}
	return out, nil
}

// alive gives the rows that have not ended, by series.
func (p *shown) alive(found []foundRow) map[uint32]*roaring.Bitmap {
	positions := map[uint32][]uint32{}
	for _, f := range found {
		positions[f.row.at] = append(positions[f.row.at], f.row.position)
	}
	out := make(map[uint32]*roaring.Bitmap, len(positions))
	p.part.mu.RLock()
	defer p.part.mu.RUnlock()
	for at, rows := range positions {
		slices.Sort(rows)
		out[at] = roaring.BitmapOf(rows...)
		if dead := p.deadLocked(at); dead != nil {
			out[at].AndNot(dead)
		}
	}
	return out
}

// only leaves the chunks that have one of the rows.
func (k keyRows) only(pieces []piece) []piece {
	return slices.DeleteFunc(pieces, func(g piece) bool {
		series, known := k[g.place.in.part]
		if !known {
			return false
		}
		rows := series[g.place.at]
		return rows == nil || !rows.IntersectsWithInterval(uint64(g.chunk.base), uint64(g.chunk.base)+uint64(g.chunk.rows))
	})
}

// pick leaves the rows that may have one of the keys and have not ended. first is the position of the first row.
func (g *group) pick(keys, dead *roaring.Bitmap, first uint32) {
	var kept []int32
	it := keys.Iterator()
	it.AdvanceIfNeeded(first)
	for it.HasNext() && int(it.PeekNext()-first) < g.n {
		if row := it.Next(); dead == nil || !dead.Contains(row) {
			kept = append(kept, int32(row-first))
		}
	}
	for k, v := range g.vectors {
		if v != nil {
			g.vectors[k] = column.Gather(v, kept)
		}
	}
	g.n = len(kept)
}
