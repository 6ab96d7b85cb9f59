package head

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/meta"
)

// keyRows are the rows that may have one of some keys: positions by part and series. Parts that it does not know are read as a whole.
type keyRows map[*part]map[uint32]*roaring.Bitmap

// mostKeys bounds the keys that are looked up: with more, nearly every chunk has one of them.
const mostKeys = 1 << 12

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
		series := map[uint32]*roaring.Bitmap{}
		out[p] = series
		x := p.keyIndexOf(&k)
		if x.isApart(&k) {
			continue
		}
		grown, err := x.fill(p, &table.Columns)
		s.head.settleIn(p.gen, grown)
		if err != nil {
			return nil, err
		}
		for _, f := range x.find(p, &k) {
			if series[f.row.at] == nil {
				series[f.row.at] = roaring.New()
			}
			series[f.row.at].Add(f.row.position)
		}
	}
	return out, nil
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
