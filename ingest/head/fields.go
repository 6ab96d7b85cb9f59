package head

import (
	"context"
	"slices"

	"github.com/automatanexus/aegis-db/column"
)

// In tables whose rows merge (Schema.Merge) a row has of each field the newest value that is not NULL. Rows that are all in the head
// are united when their group is sorted; what a row then still lacks is taken from the row of the same key that is stored, which
// the head's row hides there. A row that lacks nothing, and one that nothing is stored for, costs a look at its NULLs and at times.

// unite makes one row of those with equal keys, which are neighbours in index, the older before the newer. In tables whose rows
// merge it replaces the vectors by those of the united rows, unless all keys differ.
func (p *plan) unite(g *group, index []int32, equal func(a, b int32) bool) selection {
	if !p.schema.Merge {
		newest := lastOfEqual(index, equal)
		if len(g.ends) > 1 && len(newest) < g.n {
			g.cover(p.after, newest)
		}
		return g.live(newest)
	}
	if g.dead != nil {
		index = g.afterDeaths(index, equal)
	}
	newest := lastOfEqual(slices.Clone(index), equal)
	if len(newest) == len(index) {
		return g.live(index)
	}
	for k, v := range g.vectors {
		if v != nil {
			g.vectors[k] = column.Gather(v, newestValues(v, index, newest))
		}
	}
	if g.alone != nil {
		alone := make([]bool, len(newest))
		for i, row := range newest {
			alone[i] = g.alone[row]
		}
		g.alone = alone
	}
	g.dead = nil
	return selection{hi: len(newest)}
}

// live leaves out the rows that have ended.
func (g *group) live(index []int32) selection {
	if g.dead != nil {
		index = slices.DeleteFunc(index, func(row int32) bool { return g.dead[row] })
	}
	if len(index) == 0 {
		return selection{}
	}
	return selection{index: index}
}

// afterDeaths leaves out, of rows with equal keys, those up to the last one that has ended: what comes after it begins anew. The rows that
// do are marked as alone.
func (g *group) afterDeaths(index []int32, equal func(a, b int32) bool) []int32 {
	out := index[:0]
	g.alone = make([]bool, g.n)
	for lo := 0; lo < len(index); {
		hi := lo + 1
		for hi < len(index) && equal(index[lo], index[hi]) {
			hi++
		}
		from := lo
		for i := lo; i < hi; i++ {
			if g.dead[index[i]] {
				from = i + 1
			}
		}
		for _, row := range index[from:hi] {
			g.alone[row] = from > lo
			out = append(out, row)
		}
		lo = hi
	}
	return out
}

// newestValues gives, for each stretch of index that ends with a row of newest, its last row with a value.
func newestValues(v *column.Vector, index, newest []int32) []int32 {
	if v.Valid == nil {
		return newest
	}
	out := make([]int32, 0, len(newest))
	best := int32(-1)
	for _, row := range index {
		if !v.IsNull(int(row)) {
			best = row
		}
		if row != newest[len(out)] {
			continue
		}
		if best < 0 {
			best = row // NULL in all of them
		}
		out = append(out, best)
		best = -1
	}
	return out
}

// fill takes what rows of the present group lack from those that are stored.
func (r *reader) fill(ctx context.Context) error {
	p := r.plan
	rows := p.lacking(&r.group, &r.rows)
	if len(rows) == 0 {
		return nil
	}
	orderKey := func(i int32) []byte { return p.appendOrderKey(nil, r.vectors, r.rows.at(int(i))) }
	holds, err := p.older.Holds(ctx, r.key, orderKey(rows[0]), orderKey(rows[len(rows)-1]))
	if err != nil || !holds {
		return err
	}
	keys := make([][]byte, len(rows))
	for i, row := range rows {
		keys[i] = orderKey(row)
	}
	columns := make([]column.ID, len(p.fill))
	for i, k := range p.fill {
		columns[i] = p.needed[k]
	}
	stored, err := p.older.Fill(ctx, r.key, keys, columns, r.pool)
	if err != nil {
		return err
	}
	if err := r.reserve(2*(sizeOf(r.vectors)+sizeOf(stored)) + r.batchBytes()); err != nil {
		return err
	}
	r.take()
	for i, k := range p.fill {
		if r.vectors[k], err = fillVector(r.vectors[k], r.rows.len(), stored[i], rows); err != nil {
			return err
		}
	}
	return nil
}

// lacking lists the rows of a selection that have no value in a column that can be filled. Rows that are alone take nothing.
func (p *plan) lacking(g *group, s *selection) []int32 {
	some, all := p.nullable(g.vectors)
	if len(some) == 0 && !all {
		return nil
	}
	var out []int32
	for i := range s.len() {
		row := s.at(i)
		if g.alone != nil && g.alone[row] {
			continue
		}
		if all || slices.ContainsFunc(some, func(v *column.Vector) bool { return v.IsNull(row) }) {
			out = append(out, int32(i))
		}
	}
	return out
}

// nullable gives the columns to be filled that may have NULLs, or says that one is NULL throughout.
func (p *plan) nullable(vectors []*column.Vector) (some []*column.Vector, all bool) {
	for _, k := range p.fill {
		switch v := vectors[k]; {
		case v == nil:
			return nil, true
		case v.Valid != nil:
			some = append(some, v)
		}
	}
	return some, false
}

// take makes the selected rows all that the vectors have.
func (r *reader) take() {
	for k, v := range r.vectors {
		switch {
		case v == nil:
		case r.rows.index != nil:
			r.vectors[k] = column.Gather(v, r.rows.index)
		default:
			r.vectors[k] = v.Slice(r.rows.lo, r.rows.hi)
		}
	}
	r.rows = selection{hi: r.rows.len()}
	r.dead, r.alone = nil, nil // which were of rows that were not taken
}

// fillVector puts stored values where v, of n rows, has none: stored[i] belongs to row rows[i]. A v that is nil is NULL throughout.
func fillVector(v *column.Vector, n int, stored *column.Vector, rows []int32) (*column.Vector, error) {
	index, filled := identity(n), false
	for i, row := range rows {
		if (v == nil || v.IsNull(int(row))) && !stored.IsNull(i) {
			index[row], filled = int32(n+i), true
		}
	}
	if !filled {
		return v, nil
	}
	if v == nil {
		v = column.NewNull(stored.Type, n)
	}
	both, err := column.Concat(stored.Type, v, stored)
	if err != nil {
		return nil, err
	}
	return column.Gather(both, index), nil
}
