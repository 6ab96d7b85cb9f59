package exec

import (
	"cmp"
	"context"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// firstResults makes the columns of the first groups. Keys of the sort are made one after the other: where integers come first, such as counts, they
// leave few groups for which texts have to be made.
type firstResults struct {
	t     *aggTable
	first *firstGroups
	out   []*column.Vector
	rows  []int32 // the groups that may be wanted; nil = all
	n     int     // how many
}

// finishFirst is finish of the first groups; the others are left out.
func (t *aggTable) finishFirst(first *firstGroups) ([]*column.Vector, int, error) {
	n := t.count()
	if first == nil || t.groups == nil || n <= 2*first.limit {
		return t.finish()
	}
	r := firstResults{t: t, first: first, out: make([]*column.Vector, len(t.run.keys)+len(t.states)), n: n}
	by, err := r.sorted()
	if err != nil {
		return nil, 0, err
	}
	rows, err := first.pick(t.run.env.Expr.Ctx, by, r.n)
	if err != nil {
		return nil, 0, err
	}
	t.run.stats.note(firstNote)
	r.keep(rows)
	for at := range r.out {
		if err := r.column(at); err != nil {
			return nil, 0, err
		}
	}
	return r.out, r.n, nil
}

// sorted makes the keys of the sort.
func (r *firstResults) sorted() ([]*column.Vector, error) {
	by := make([]*column.Vector, 0, len(r.first.at))
	tried := false
	for i, at := range r.first.at {
		if i > 0 && !tried && r.out[at] == nil && !plainInteger(r.first.keys[i].Expr.Type()) {
			tried = true
			rows, err := r.first.leaders(r.t.run.env.Expr.Ctx, r.first.integers(by), r.n)
			if err != nil {
				return nil, err
			}
			if rows != nil {
				r.keep(rows)
				for k, at := range r.first.at[:i] {
					by[k] = r.out[at]
				}
			}
		}
		if err := r.column(at); err != nil {
			return nil, err
		}
		by = append(by, r.out[at])
	}
	return by, nil
}

// column makes a column unless it is there.
func (r *firstResults) column(at int) (err error) {
	keys := len(r.t.run.keys)
	switch {
	case r.out[at] != nil:
	case at < keys:
		r.out[at], err = r.t.groups.finishColumn(at, r.rows)
	case r.rows == nil:
		r.out[at], err = r.t.states[at-keys].Finish(r.n)
	default:
		r.out[at], err = r.t.finishRows(at-keys, r.rows)
	}
	return err
}

// keep leaves out all groups but some of those that are left.
func (r *firstResults) keep(rows []int32) {
	for at, v := range r.out {
		if v != nil {
			r.out[at] = column.Gather(v, rows)
		}
	}
	if r.rows != nil {
		rows = slices.Clone(rows)
		for i, k := range rows {
			rows[i] = r.rows[k]
		}
	}
	r.rows, r.n = rows, len(rows)
}

// leaders lists those of n groups that can be among the first by the keys in front, which are integers; nil where there are no such keys, or these leave
// more than a quarter of the groups.
func (f *firstGroups) leaders(ctx context.Context, lead [][]int64, n int) ([]int32, error) {
	if len(lead) == 0 {
		return nil, nil
	}
	end := expr.Looks{Ctx: ctx}
	compare := func(a, b int32) int {
		for _, l := range lead {
			if l[a] != l[b] {
				return cmp.Compare(l[a], l[b])
			}
		}
		return 0
	}
	most := 2*f.limit + 64
	some, bound := make([]int32, 0, most), int32(-1)
	for i := range int32(n) {
		if end.Over() {
			return nil, end.Err()
		}
		if bound >= 0 && (lead[0][i] > lead[0][bound] || compare(i, bound) >= 0) {
			continue
		}
		if some = append(some, i); len(some) == most {
			slices.SortFunc(some, compare)
			some = some[:f.limit]
			bound = some[f.limit-1]
		}
	}
	if len(some) < f.limit {
		return nil, nil
	}
	slices.SortFunc(some, compare)
	bound = some[f.limit-1]
	var rows []int32
	for i := range int32(n) {
		if end.Over() {
			return nil, end.Err()
		}
		if lead[0][i] > lead[0][bound] || compare(i, bound) > 0 {
			continue
		}
		if rows = append(rows, i); len(rows) > n/4 {
			return nil, nil
		}
	}
	return rows, nil
}
