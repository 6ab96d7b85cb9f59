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
//
// A single integer is not grouped by the keys again: pairs of the groups' numbers and integers are kept instead, as long as there is memory.
type distinctSet struct {
	calls   []int // the aggregates that share it
	args    []expr.Expr
	filter  expr.Expr
	group   *grouping
	paired  bool // pairs will do
	intakes []*distinctIntake
}

// distinctSets are those of one aggregation.
type distinctSets struct {
	keys int
	list []*distinctSet
	env  *Env
	mu   sync.Mutex // the sets' intakes
}

func newDistinctSets(a *aggregate) *distinctSets {
	sets := &distinctSets{keys: len(a.node.Keys), env: a.env}
	for i, c := range a.node.Aggs {
		if !c.Distinct {
			continue
		}
		paired := len(a.node.Keys) > 0 && !a.env.Plain && pairsDo(&c)
		if s := sets.like(&c); s != nil {
			s.calls = append(s.calls, i)
			s.paired = s.paired && paired
			continue
		}
		keys := append(slices.Clip(a.node.Keys), c.Args...)
		sets.list = append(sets.list, &distinctSet{
			calls: []int{i}, args: c.Args, filter: c.Filter, group: newGrouping(a.env, a.stats, keys, nil, 0), paired: paired,
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

// into hands the distinct arguments to the aggregation: to its table, or to disk beside its rows.
func (d *distinctSets) into(ctx context.Context, g *grouping) error {
	if len(d.list) == 0 {
		return nil
	}
	paired := make([]bool, len(d.list))
	for i, s := range d.list {
		var err error
		if paired[i], err = s.settle(g); err != nil { // while the tables have the groups that pairs name
			return err
		}
	}
	var all *aggTable
	if g.spilled == nil {
		var err error
		if all, err = g.merged(ctx); err != nil {
			return err
		}
	}
	for i, s := range d.list {
		if paired[i] {
			if err := s.feedPairs(ctx, all); err != nil {
				return err
			}
			continue
		}
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
