package head

import (
	"context"
	"slices"
	"sort"

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
func (s *Snapshot) keyRows(ctx context.Context, table *meta.Table, keys [][]byte, after meta.Seq) (keyRows, error) {
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
		grown, err := x.fill(ctx, p, &table.Columns)
		s.head.settleIn(p.gen, grown)
		if err != nil {
			return nil, err
		}
		ended := s.seq
		if s.ever {
			ended = wholeChain
		}
		found, err := x.find(ctx, p, &k, ended)
		if err != nil {
			return nil, err
		}
		out[p] = shown.alive(found)
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

// chunks leaves those of a series that have one of the rows, and reports whether the open one may, which begins after the sealed rows.
func (k keyRows) chunks(p place, chunks []chunk, sealed uint32) (left []chunk, open bool) {
	series, known := k[p.in.part]
	if !known {
		return chunks, true
	}
	rows := series[p.at]
	if rows == nil || rows.IsEmpty() {
		return nil, false
	}
	for it := rows.Iterator(); it.HasNext(); {
		row := it.PeekNext()
		n := sort.Search(len(chunks), func(i int) bool { return chunks[i].base+uint32(chunks[i].rows) > row })
		if n == len(chunks) {
			break
		}
		left = append(left, chunks[n])
		chunks = chunks[n+1:]
		it.AdvanceIfNeeded(left[len(left)-1].base + uint32(left[len(left)-1].rows))
	}
	return left, rows.Maximum() >= sealed
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
