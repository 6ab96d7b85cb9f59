package head

import (
	"bytes"
	"slices"
	"sort"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/scan"
)

// selection is rows of a group in the order they are given: a list, or a stretch where there is no list.
type selection struct {
	index  []int32
	lo, hi int
}

func (s *selection) len() int {
	if s.index != nil {
		return len(s.index)
	}
	return s.hi - s.lo
}

// at gives the i-th row.
func (s *selection) at(i int) int {
	if s.index != nil {
		return int(s.index[i])
	}
	return s.lo + i
}

func (s *selection) skip(n int) {
	if s.index != nil {
		if s.index = s.index[n:]; len(s.index) == 0 {
			*s = selection{}
		}
		return
	}
	s.lo += n
}

// decodeGroup decodes the needed columns of the chunks of a group, one behind the other, without the rows that the seqs
// exclude. A column that no chunk has is nil.
func (p *plan) decodeGroup(d *decoder, g []piece) ([]*column.Vector, int, error) {
	out := make([]*column.Vector, len(p.needed))
	if len(g) == 1 {
		n, err := p.decodePiece(d, &g[0], out)
		return out, n, err
	}
	builders := make([]*column.Builder, len(p.needed))
	total := 0
	one := make([]*column.Vector, len(p.needed))
	for i := range g {
		clear(one)
		n, err := p.decodePiece(d, &g[i], one)
		if err != nil {
			return nil, 0, err
		}
		for k, v := range one {
			if v != nil && builders[k] == nil {
				builders[k] = column.NewBuilder(v.Type, 0)
				builders[k].AppendNulls(total)
			}
			switch {
			case v != nil:
				builders[k].AppendVector(v, 0, n)
			case builders[k] != nil:
				builders[k].AppendNulls(n)
			}
		}
		total += n
	}
	for k, b := range builders {
		if b == nil {
			continue
		}
		if err := b.Err(); err != nil {
			return nil, 0, err
		}
		out[k] = b.Finish()
	}
	return out, total, nil
}

// decodePiece decodes one chunk and cuts what the seqs exclude: since rows are in the order of seq, ends of it.
func (p *plan) decodePiece(d *decoder, g *piece, out []*column.Vector) (int, error) {
	wanted := make([]int, len(g.fields))
	for i := range g.fields {
		wanted[i] = slices.Index(p.needed, g.fields[i].ID)
	}
	if err := d.decode(&g.chunk, g.fields, wanted, out); err != nil {
		return 0, err
	}
	lo, hi := 0, g.chunk.rows
	if g.chunk.first <= p.after || g.chunk.last > p.upTo {
		seqs, err := d.decodeSeqs(&g.chunk)
		if err != nil {
			return 0, err
		}
		lo = sort.Search(len(seqs), func(i int) bool { return seqs[i] > int64(p.after) })
		hi = sort.Search(len(seqs), func(i int) bool { return seqs[i] > int64(p.upTo) })
		hi = max(lo, hi)
		for k, v := range out {
			if v != nil {
				out[k] = v.Slice(lo, hi)
			}
		}
	}
	return hi - lo, nil
}

// choose sorts the rows of a group into the table's order, makes one of those with equal keys where the table has a key, and drops
// those outside of the time range. Sorting is stable, so that rows of equal order stay in the order of seq.
func (p *plan) choose(vectors []*column.Vector, n int) selection {
	s := selection{hi: n}
	if n == 0 {
		return s
	}
	keyed := p.schema.Supersedes()
	switch ints := p.singleInt(vectors); {
	case len(p.order) == 0 && !keyed:
	case ints != nil:
		s = p.sortInts(vectors, ints)
	default:
		s = p.sortKeys(vectors, n)
	}
	if p.schema.Time == 0 || p.req.Time == scan.AllTime {
		return s
	}
	return p.cut(s, vectors[slices.Index(p.needed, p.schema.Time)])
}

// singleInt gives the values of the order column where there is only one, of an integer layout, without NULLs.
func (p *plan) singleInt(vectors []*column.Vector) []int64 {
	if len(p.order) != 1 {
		return nil
	}
	v := vectors[slices.Index(p.needed, p.order[0])]
	if v == nil || v.Valid != nil {
		return nil
	}
	return v.Ints
}

func (p *plan) sortInts(vectors []*column.Vector, v []int64) selection {
	keyed, sorted := p.schema.Supersedes(), true
	for i := 1; i < len(v) && sorted; i++ {
		sorted = v[i-1] < v[i] || !keyed && v[i-1] == v[i]
	}
	if sorted {
		return selection{hi: len(v)}
	}
	index := identity(len(v))
	slices.SortStableFunc(index, func(a, b int32) int {
		switch x, y := v[a], v[b]; {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	if keyed {
		return p.unite(vectors, index, func(a, b int32) bool { return v[a] == v[b] })
	}
	return selection{index: index}
}

func (p *plan) sortKeys(vectors []*column.Vector, n int) selection {
	keys, index := p.orderKeys(vectors, n), identity(n)
	slices.SortStableFunc(index, func(a, b int32) int { return bytes.Compare(keys[a], keys[b]) })
	if p.schema.Supersedes() {
		return p.unite(vectors, index, func(a, b int32) bool { return bytes.Equal(keys[a], keys[b]) })
	}
	return selection{index: index}
}

func identity(n int) []int32 {
	index := make([]int32, n)
	for i := range index {
		index[i] = int32(i)
	}
	return index
}

// lastOfEqual keeps the last, that is the newest, of neighbours that are equal.
func lastOfEqual(index []int32, equal func(a, b int32) bool) []int32 {
	out := index[:0]
	for i, x := range index {
		if i+1 == len(index) || !equal(x, index[i+1]) {
			out = append(out, x)
		}
	}
	return out
}

// orderKeys encodes the order columns of each row.
func (p *plan) orderKeys(vectors []*column.Vector, n int) [][]byte {
	keys := make([][]byte, n)
	var arena []byte
	for i := range keys {
		from := len(arena)
		arena = p.appendOrderKey(arena, vectors, i)
		keys[i] = arena[from:len(arena):len(arena)]
	}
	return keys
}

func (p *plan) appendOrderKey(dst []byte, vectors []*column.Vector, row int) []byte {
	for _, id := range p.order {
		if v := vectors[slices.Index(p.needed, id)]; v == nil {
			dst = key.AppendNull(dst)
		} else {
			dst = key.AppendValue(dst, v, row)
		}
	}
	return dst
}

// cut drops the rows outside of the time range.
func (p *plan) cut(s selection, times *column.Vector) selection {
	if times == nil {
		return selection{}
	}
	t := times.Ints
	if s.index == nil && len(p.order) > 0 && p.order[0] == p.schema.Time {
		s.lo = sort.Search(len(t), func(i int) bool { return t[i] >= p.req.Time.Min })
		s.hi = max(s.lo, sort.Search(len(t), func(i int) bool { return t[i] > p.req.Time.Max }))
		return s
	}
	if s.index == nil {
		s.index = identity(s.hi)
	}
	kept := s.index[:0]
	for _, i := range s.index {
		if p.req.Time.Contains(t[i]) {
			kept = append(kept, i)
		}
	}
	if len(kept) == 0 {
		return selection{}
	}
	s.index = kept
	return s
}
