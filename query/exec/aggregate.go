package exec

import (
	"context"
	"sync/atomic"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// aggregate groups its input. Each worker fills a table of its own, and parts rows that would make it large (parting); at the end tables are
// merged, part by part where there are many groups (grouping). The arguments of AGG(DISTINCT …) are made distinct first, by groupings of their own.
type aggregate struct {
	node  *plan.Aggregate
	env   *Env
	input producer
	stats *Stats
	first *firstGroups // where a sort wants only the first; else nil
	bound *scan.Bound  // of the scan below, where only the newest groups are wanted; else nil
	leave *atomic.Bool // of the filter below, if it has one that may leave rows where they are
}

func newAggregate(n *plan.Aggregate, env *Env, input producer, stats *Stats) *aggregate {
	a := &aggregate{node: n, env: env, input: input, stats: stats}
	if n.Newest > 0 {
		a.bound = boundBelow(input)
	}
	narrowBelow(n, input)
	longBelow(n, input)
	deadBelowGroups(n, input, a.bound)
	a.leave = leftBelow(n, input, a.bound)
	return a
}

func (a *aggregate) parts(ctx context.Context) (out []part, err error) {
	inner, err := a.input.parts(ctx)
	if err != nil {
		return nil, err
	}
	g := newGrouping(a.env, a.stats, a.node.Keys, a.node.Aggs, len(a.node.Input.Columns()))
	sets := newDistinctSets(a)
	g.first = a.first
	g.whole = len(sets.list) > 0
	defer func() {
		if err != nil {
			g.release()
			sets.release()
		}
	}()
	err = drain(ctx, a.env, inner, func(int) func(*worker, int, *scan.Batch) error {
		t := g.table()
		t.leave = a.leave
		if a.bound != nil {
			t.newest = &newest{bound: a.bound, count: a.node.Newest}
		}
		intakes := sets.intakes(t)
		return func(w *worker, _ int, b *scan.Batch) error {
			keys, b, err := evalLiving(w, a.node.Keys, b)
			if err != nil {
				return err
			}
			if t.newest != nil {
				t.newest.see(keys[a.node.NewestKey])
			}
			if err := t.add(w, keys, b); err != nil {
				return err
			}
			for _, in := range intakes {
				if err := in.add(w, keys, b); err != nil {
					return err
				}
			}
			return nil
		}
	})
	if err != nil {
		return nil, err
	}
	g.noteWays()
	if err := sets.into(ctx, g); err != nil {
		return nil, err
	}
	return g.parts(ctx)
}

// evalAll computes expressions over a batch.
func evalAll(w *worker, list []expr.Expr, b *scan.Batch) ([]*column.Vector, error) {
	w.expr.Runs = b.Runs
	out := make([]*column.Vector, len(list))
	for i, e := range list {
		v, err := expr.Eval(&w.expr, e, b.Columns, b.Len)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}
