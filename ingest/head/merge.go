package head

import (
	"bytes"
	"slices"
	"sort"

	"github.com/RoaringBitmap/roaring/v2"

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

// group is the rows of chunks that are sorted together.
type group struct {
	vectors []*column.Vector // by plan.needed, then the address where it is asked for; nil = NULL throughout
	n       int
	dead    []bool  // by row, of tables with a key: it has ended, and supersedes what is older all the same; nil = none has
	alone   []bool  // by row, of tables whose rows merge: it takes nothing from what is older; nil = none is
	pieces  []piece // that it was made of, and where the rows of each end; nil = one
	ends    []int
}

// decodeGroup decodes the needed columns of the chunks of a group, one behind the other, without the rows that the seqs
// exclude.
func (p *plan) decodeGroup(d *decoder, g []piece) (group, error) {
	if len(g) == 1 {
		return p.decodePiece(d, &g[0])
	}
	out := group{vectors: make([]*column.Vector, p.width()), pieces: g}
	builders := make([]*column.Builder, p.width())
	for i := range g {
		one, err := p.decodePiece(d, &g[i])
		if err != nil {
			return out, err
		}
		for k, v := range one.vectors {
			if v != nil && builders[k] == nil {
				builders[k] = column.NewBuilder(v.Type, 0)
				builders[k].AppendNulls(out.n)
			}
			switch {
			case v != nil:
				builders[k].AppendVector(v, 0, one.n)
			case builders[k] != nil:
				builders[k].AppendNulls(one.n)
			}
		}
		if one.dead != nil && out.dead == nil {
			out.dead = make([]bool, out.n)
		}
		out.n += one.n
		if out.dead != nil {
			out.dead = append(out.dead, one.dead...)
			out.dead = append(out.dead, make([]bool, out.n-len(out.dead))...)
		}
		out.ends = append(out.ends, out.n)
	}
	for k, b := range builders {
		if b == nil {
			continue
		}
		if err := b.Err(); err != nil {
			return out, err
		}
		out.vectors[k] = b.Finish()
	}
	return out, nil
}

// decodePiece decodes one chunk and cuts what the seqs exclude: since rows are in the order of seq, ends of it.
func (p *plan) decodePiece(d *decoder, g *piece) (group, error) {
	out := group{vectors: make([]*column.Vector, p.width())}
	wanted := make([]int, len(g.fields))
	for i := range g.fields {
		wanted[i] = slices.Index(p.needed, g.fields[i].ID)
	}
	limit := p.neededRows(g)
	if err := d.decode(&g.chunk, g.fields, wanted, limit, out.vectors); err != nil {
		return out, err
	}
	for k, f := range p.now {
		if f.Initial == "" && (out.vectors[k] == nil || out.vectors[k].Type == f.Type) {
			continue
		}
		var err error
		if out.vectors[k], err = d.underNow(g.place.in.part, &g.chunk, f, out.vectors[k]); err != nil {
			return out, err
		}
	}
	lo, hi := 0, limit
	if upTo := g.place.in.upTo; g.chunk.first <= p.after || g.chunk.last > upTo {
		seqs, err := d.decodeSeqs(&g.chunk)
		if err != nil {
			return out, err
		}
		lo = sort.Search(len(seqs), func(i int) bool { return seqs[i] > int64(p.after) })
		hi = sort.Search(len(seqs), func(i int) bool { return seqs[i] > int64(upTo) })
		hi = min(hi, limit)
		lo = min(lo, hi)
		for k, v := range out.vectors {
			if v != nil {
				out.vectors[k] = v.Slice(lo, hi)
			}
		}
	}
	out.n = hi - lo
	first := g.chunk.base + uint32(lo)
	if p.req.Addresses {
		place, row, err := g.addresses(d, lo, hi)
		if err != nil {
			return out, err
		}
		out.vectors[len(p.needed)], out.vectors[len(p.needed)+1] = place, row
	}
	if series, known := p.keys[g.place.in.part]; known {
		out.pick(series[g.place.at], g.dead, first)
	} else if g.dead != nil {
		p.bury(&out, g.dead, first)
	}
	return out, nil
}

// neededRows is up to which row a chunk has to be decoded: where keys name the rows, up to the last of them.
func (p *plan) neededRows(g *piece) int {
	all := g.chunk.rows
	series, known := p.keys[g.place.in.part]
	if !known {
		return all
	}
	for k, f := range p.now { // what is brought into the form of now is as long as its chunk
		at := slices.IndexFunc(g.fields, func(have column.Field) bool { return have.ID == p.needed[k] })
		if f.Initial != "" || at < 0 || g.fields[at].Type != f.Type {
			return all
		}
	}
	needed := 1
	it := series[g.place.at].Iterator()
	it.AdvanceIfNeeded(g.chunk.base)
	for it.HasNext() {
		row := int(it.Next() - g.chunk.base)
		if row >= all {
			break
		}
		needed = row + 1
	}
	return min(needed, all)
}

// addresses says where rows [lo, hi) of the chunk lie.
func (g *piece) addresses(d *decoder, lo, hi int) (place, row *column.Vector, err error) {
	places, rows := make([]int64, hi-lo), make([]int64, hi-lo)
	bigint := column.T(column.Int64)
	if g.place.in.part.own {
		seqs, err := d.decodeSeqs(&g.chunk)
		if err != nil {
			return nil, nil, err
		}
		for i, seq := range seqs[lo:hi] {
			places[i], rows[i] = scan.OwnRows, seq-int64(ownSeq)
		}
		return column.NewInts(bigint, places, nil), column.NewInts(bigint, rows, nil), nil
	}
	for i := range rows {
		places[i] = -g.place.in.number
		rows[i] = address(g.place.at, g.chunk.base+uint32(lo+i))
	}
	return column.NewInts(bigint, places, nil), column.NewInts(bigint, rows, nil), nil
}

// deaths is how many rows of the chunk have ended.
func (g *piece) deaths() int {
	if g.dead == nil {
		return 0
	}
	lo, hi := g.chunk.base, g.chunk.base+uint32(g.chunk.rows)
	n := g.dead.Rank(hi - 1)
	if lo > 0 {
		n -= g.dead.Rank(lo - 1)
	}
	return int(n)
}

// bury leaves out the rows that have ended or, where they still supersede others, marks them. first is the position of the first row.
func (p *plan) bury(g *group, dead *roaring.Bitmap, first uint32) {
	it := dead.Iterator()
	it.AdvanceIfNeeded(first)
	if p.schema.Supersedes() {
		for it.HasNext() && int(it.PeekNext()-first) < g.n {
			if g.dead == nil {
				g.dead = make([]bool, g.n)
			}
			g.dead[it.Next()-first] = true
		}
		return
	}
	kept, next := make([]int32, 0, g.n), 0
	for it.HasNext() && int(it.PeekNext()-first) < g.n {
		for at := int(it.Next() - first); next < at; next++ {
			kept = append(kept, int32(next))
		}
		next++
	}
	for ; next < g.n; next++ {
		kept = append(kept, int32(next))
	}
	for k, v := range g.vectors {
		if v != nil {
			g.vectors[k] = column.Gather(v, kept)
		}
	}
	g.n = len(kept)
}

// choose sorts the rows of a group into the table's order, makes one of those with equal keys where the table has a key, and drops
// those that have ended and those outside of the time range. Sorting is stable, so that rows of equal order stay in the order of seq.
func (p *plan) choose(g *group) selection {
	s := selection{hi: g.n}
	if g.n == 0 {
		return s
	}
	keyed := p.schema.Supersedes()
	switch ints := p.singleInt(g.vectors); {
	case len(p.order) == 0 && !keyed:
	case ints != nil:
		s = p.sortInts(g, ints)
	default:
		s = p.sortKeys(g)
	}
	if p.schema.Time == 0 || p.req.Time == scan.AllTime || s.len() == 0 {
		return s
	}
	return p.cut(s, g.vectors[slices.Index(p.needed, p.schema.Time)])
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

func (p *plan) sortInts(g *group, v []int64) selection {
	keyed, sorted := p.schema.Supersedes(), true
	for i := 1; i < len(v) && sorted; i++ {
		sorted = v[i-1] < v[i] || !keyed && v[i-1] == v[i]
	}
	if sorted && g.dead == nil {
		return selection{hi: len(v)}
	}
	index := sortedInts(v)
	if keyed {
		return p.unite(g, index, func(a, b int32) bool { return v[a] == v[b] })
	}
	return selection{index: index}
}

func (p *plan) sortKeys(g *group) selection {
	keys, index := p.orderKeys(g.vectors, g.n), identity(g.n)
	slices.SortStableFunc(index, func(a, b int32) int { return bytes.Compare(keys[a], keys[b]) })
	if p.schema.Supersedes() {
		return p.unite(g, index, func(a, b int32) bool { return bytes.Equal(keys[a], keys[b]) })
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
