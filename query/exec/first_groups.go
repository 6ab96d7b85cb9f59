package exec

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// firstGroups are the groups that a sort above an aggregation wants, of which it wants the first few. Each table of groups then gives no more
// than so many, and only the results by which they are ordered are computed for all of them: to write the average of a million groups as text
// takes longer than to group them.
type firstGroups struct {
	keys  sortKeys
	at    []int // by key, its column of the aggregation
	limit int
}

// mostFirst is up to how many groups are picked out before results are computed.
const mostFirst = 1 << 14

// firstNote says in the statistics that groups were picked out.
const firstNote = "first groups"

// firstOfGroups tells the aggregation under a sort that only its first groups are wanted, if there is one and nothing between them would be
// computed of fewer rows that may fail.
func firstOfGroups(n *plan.Sort, input producer, env *Env) {
	if n.Limit <= 0 || n.Limit > mostFirst || env.Plain {
		return
	}
	first := &firstGroups{keys: n.Keys, at: make([]int, len(n.Keys)), limit: int(n.Limit)}
	for i, k := range n.Keys {
		c, ok := k.Expr.(*expr.Column)
		if !ok {
			return
		}
		first.at[i] = c.Index
	}
	input = feeder(input)
	for {
		p, ok := input.(*project)
		if !ok {
			break
		}
		for _, e := range p.node.Exprs {
			if mayFail(env, e) {
				return
			}
		}
		for i, at := range first.at {
			c, ok := p.node.Exprs[at].(*expr.Column)
			if !ok {
				return
			}
			first.at[i] = c.Index
		}
		input = feeder(p.input)
	}
	if a, ok := input.(*aggregate); ok && len(a.node.Keys) > 0 {
		a.first = first
	}
}

// finishRows gives the results of an aggregate for some groups: those of a state that has no others.
func (t *aggTable) finishRows(i int, rows []int32) (*column.Vector, error) {
	from, into := make([]uint32, len(rows)), firstNumbers(len(rows))
	for k, r := range rows {
		from[k] = uint32(r)
	}
	s := newState(t.run.env.Expr.Ctx, &t.run.calls[i])
	s.Grow(len(rows))
	if err := s.Merge(t.states[i], from, into); err != nil {
		return nil, err
	}
	v, err := s.Finish(len(rows))
	if r, ok := s.(expr.ReleasedState); ok {
		r.Release()
	}
	return v, err
}

// pick lists the first of n groups, ascending; of those whose keys are equal the ones that were met first.
func (f *firstGroups) pick(ctx context.Context, by []*column.Vector, n int) ([]int32, error) {
	p := picker{firstGroups: f, by: by, most: 2*f.limit + 64, lead: f.integers(by)}
	end := expr.Looks{Ctx: ctx}
	for i := range n {
		if end.Over() {
			return nil, end.Err()
		}
		p.see(int32(i))
	}
	p.cut()
	slices.Sort(p.rows)
	return p.rows, nil
}

// integers are the values of those keys in front that are integers, none of them NULL, which compare as they are. Where a key descends they are
// turned round.
func (f *firstGroups) integers(by []*column.Vector) (lead [][]int64) {
	for i, v := range by {
		if !plainInteger(f.keys[i].Expr.Type()) || v.Enc != column.Flat || v.HasNulls() {
			break
		}
		list := v.Ints[:v.Len]
		if f.keys[i].Desc {
			list = slices.Clone(list)
			for k := range list {
				list[k] = ^list[k]
			}
		}
		lead = append(lead, list)
	}
	return lead
}

// picker keeps the first groups of those it has seen, and up to most others.
type picker struct {
	*firstGroups
	by      []*column.Vector
	lead    [][]int64
	most    int
	rows    []int32
	keys    [][]byte // encoded, by place in rows
	scratch []byte
	bound   []byte // the encoded key of the last group that is wanted so far; nil = fewer were seen
	last    int32  // that group
}

// see takes a group, unless enough were seen that come before it.
func (p *picker) see(row int32) {
	if p.bound != nil {
		for _, l := range p.lead {
			if l[row] != l[p.last] {
				if l[row] > l[p.last] {
					return
				}
				break
			}
		}
	}
	p.scratch = p.firstGroups.keys.append(p.scratch[:0], p.by, int(row))
	if p.bound != nil && bytes.Compare(p.scratch, p.bound) >= 0 {
		return // of equal keys the one that was met first comes first
	}
	p.rows, p.keys = append(p.rows, row), append(p.keys, bytes.Clone(p.scratch))
	if len(p.rows) >= p.most {
		p.cut()
	}
}

// cut keeps the groups that are wanted.
func (p *picker) cut() {
	if len(p.rows) <= p.limit {
		return
	}
	order := make([]int, len(p.rows))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(bytes.Compare(p.keys[a], p.keys[b]), cmp.Compare(a, b))
	})
	rows, keys := make([]int32, p.limit, p.most), make([][]byte, p.limit, p.most)
	for i, o := range order[:p.limit] {
		rows[i], keys[i] = p.rows[o], p.keys[o]
	}
	p.rows, p.keys = rows, keys
	p.last, p.bound = rows[p.limit-1], keys[p.limit-1]
}
