package exec

import (
	"context"
	"slices"
	"sync"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
)

// distinctSet makes the arguments of AGG(DISTINCT …) distinct in each group: a grouping by the keys and the arguments together, with
// no aggregates. When all rows were seen its groups are the rows that the aggregates get.
type distinctSet struct {
	calls  []int // the aggregates that share it
	args   []expr.Expr
	filter expr.Expr
	group  *grouping
}

// distinctSets are those of one aggregation.
type distinctSets struct {
	keys int
	list []*distinctSet
	env  *Env
}

func newDistinctSets(a *aggregate) *distinctSets {
	sets := &distinctSets{keys: len(a.node.Keys), env: a.env}
	for i, c := range a.node.Aggs {
		if !c.Distinct {
			continue
		}
		if s := sets.like(&c); s != nil {
			s.calls = append(s.calls, i)
			continue
		}
		keys := append(slices.Clip(a.node.Keys), c.Args...)
		sets.list = append(sets.list, &distinctSet{
			calls: []int{i}, args: c.Args, filter: c.Filter, group: newGrouping(a.env, a.stats, keys, nil, 0),
		})
	}
	return sets
}

// like finds the set of another aggregate over the same columns.
func (d *distinctSets) like(c *expr.AggregateCall) *distinctSet {
	for _, s := range d.list {
		if c.Filter == nil && s.filter == nil && slices.EqualFunc(s.args, c.Args, sameColumn) {
			return s
		}
	}
	return nil
}

func sameColumn(a, b expr.Expr) bool {
	x, ok := a.(*expr.Column)
	y, also := b.(*expr.Column)
	return ok && also && x.Index == y.Index && x.T == y.T
}

// distinctIntake is one worker's way into a set.
type distinctIntake struct {
	set   *distinctSet
	table *aggTable
}

func (d *distinctSets) intakes() []distinctIntake {
	out := make([]distinctIntake, len(d.list))
	for i, s := range d.list {
		out[i] = distinctIntake{s, s.group.table()}
	}
	return out
}

// add takes a batch and its keys.
func (in *distinctIntake) add(w *worker, keys []*column.Vector, b *scan.Batch) error {
	if in.set.filter != nil {
		w.expr.Runs = b.Runs
		rows, err := expr.EvalBool(&w.expr, in.set.filter, b.Columns, b.Len, nil)
		if err != nil || len(rows) == 0 {
			return err
		}
		kept := make([]*column.Vector, len(keys))
		for i, v := range keys {
			kept[i] = column.Gather(v, rows)
		}
		keys, b = kept, b.Compact(rows)
	}
	args, err := evalAll(w, in.set.args, b)
	if err != nil {
		return err
	}
	return in.table.add(w, append(slices.Clip(keys), args...), &scan.Batch{Len: b.Len, Runs: b.Runs})
}

// into hands the distinct arguments to the aggregation: to its table, or to disk beside its rows.
func (d *distinctSets) into(ctx context.Context, g *grouping) error {
	if len(d.list) == 0 {
		return nil
	}
	var all *aggTable
	if g.spilled == nil {
		var err error
		if all, err = g.merged(ctx); err != nil {
			return err
		}
	}
	for _, s := range d.list {
		parts, err := s.group.parts(ctx)
		if err != nil {
			return err
		}
		eat := d.toTable(all, s)
		if all == nil {
			eat = d.toDisk(g, s)
		}
		if err := drain(ctx, d.env, parts, eat); err != nil {
			return err
		}
	}
	return nil
}

func (d *distinctSets) toTable(all *aggTable, s *distinctSet) func(int) func(*worker, int, *scan.Batch) error {
	var mu sync.Mutex
	return func(int) func(*worker, int, *scan.Batch) error {
		return func(_ *worker, _ int, b *scan.Batch) error {
			mu.Lock()
			defer mu.Unlock()
			return all.feed(s.calls, b.Columns[:d.keys], b.Columns[d.keys:], b.Len)
		}
	}
}

func (d *distinctSets) toDisk(g *grouping, s *distinctSet) func(int) func(*worker, int, *scan.Batch) error {
	f := feed{calls: s.calls, rows: newPartitions(d.env, g.stats, typesOfExprs(s.group.keys))}
	g.feeds = append(g.feeds, f)
	return func(int) func(*worker, int, *scan.Batch) error {
		var h hasher
		var scratch partScratch
		return func(_ *worker, _ int, b *scan.Batch) error {
			return f.rows.add(b.Columns, h.hash(b.Columns[:d.keys], b.Len), g.level, &scratch)
		}
	}
}

func (d *distinctSets) release() {
	for _, s := range d.list {
		s.group.release()
	}
}

func finishAll(builders []*column.Builder) ([]*column.Vector, error) {
	out := make([]*column.Vector, len(builders))
	for i, b := range builders {
		if err := b.Err(); err != nil {
			return nil, err
		}
		out[i] = b.Finish()
	}
	return out, nil
}
