package exec

import (
	"context"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
)

// distinctIntake is one worker's way into a set.
type distinctIntake struct {
	set   *distinctSet
	main  *aggTable // which has numbered the rows
	table *aggTable
	pairs *distinctPairs // nil = not used
	held  int64          // bytes reserved for the pairs
	full  bool           // there was no memory for more of them
}

// intakes gives a worker's ways into the sets, beside its table of the aggregation.
func (d *distinctSets) intakes(main *aggTable) []*distinctIntake {
	out := make([]*distinctIntake, len(d.list))
	for i, s := range d.list {
		out[i] = &distinctIntake{set: s, main: main, table: s.group.table()}
		if s.paired {
			out[i].pairs = &distinctPairs{end: expr.Looks{Ctx: d.env.Expr.Ctx}}
		}
		d.mu.Lock()
		s.intakes = append(s.intakes, out[i])
		d.mu.Unlock()
	}
	return out
}

// pairsDo reports that an aggregate of distinct integers asks nothing of NULL nor of their order.
func pairsDo(c *expr.AggregateCall) bool {
	if len(c.Args) != 1 || len(c.Order) > 0 || c.Fn.Ordered || c.Args[0].Type().Physical() != column.PhysInt {
		return false
	}
	switch c.Fn.Name {
	case "count", "sum", "avg", "min", "max":
		return true
	}
	return false
}

// add takes a batch and its keys, which the aggregation's table was given before.
func (in *distinctIntake) add(w *worker, keys []*column.Vector, b *scan.Batch) error {
	var rows []int32
	if in.set.filter != nil {
		w.expr.Runs = b.Runs
		var err error
		if rows, err = expr.EvalBool(&w.expr, in.set.filter, b.Columns, b.Len, nil); err != nil || len(rows) == 0 {
			return err
		}
	}
	paired, err := in.roomForPairs(b.Len)
	if err != nil {
		return err
	}
	if !paired {
		return in.addRows(w, keys, b, rows)
	}
	groups := in.main.numbers()
	if rows != nil {
		kept := make([]uint32, len(rows))
		for i, r := range rows {
			kept[i] = groups[r]
		}
		groups, b = kept, b.Compact(rows)
	}
	args, err := evalAll(w, in.set.args, b)
	if err != nil {
		return err
	}
	values := column.Flatten(args[0])
	in.pairs.add(groups[:b.Len], values.Ints[:b.Len], values.Valid)
	return in.hold(in.pairs.sizeBytes())
}

// addRows groups rows of a batch by the keys and the arguments; rows = nil: all of them.
func (in *distinctIntake) addRows(w *worker, keys []*column.Vector, b *scan.Batch, rows []int32) error {
	if rows != nil {
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

// roomForPairs reserves what n more pairs can take. Without it, or where the aggregation's table has not numbered the rows because there is
// no memory, they go the way of everything else, now and from now on.
func (in *distinctIntake) roomForPairs(n int) (bool, error) {
	if in.pairs == nil || in.full || in.main.sealed {
		return false, nil
	}
	account, env := in.set.group.account, in.set.group.env
	more := in.pairs.growth(n)
	if limit := env.held().Limit(); env.Spill != nil && limit > 0 && account.used() > max(limit/8*5, env.Least) {
		in.full = true // the rest is for what is put together at the end
		return false, nil
	}
	if more <= slightly {
		return true, nil
	}
	ok, err := account.fits(more)
	if ok {
		in.held += more // hold gives back what was not needed
	}
	in.full = !ok
	return ok, err
}

// hold makes the account equal to what the pairs take.
func (in *distinctIntake) hold(size int64) error {
	account := in.set.group.account
	if size > in.held {
		if err := account.need(size - in.held); err != nil {
			return err
		}
	} else {
		account.shrink(in.held - size)
	}
	in.held = size
	return nil
}

// settle reports that pairs are all there is and can be joined; else they go the way of everything else.
func (s *distinctSet) settle(g *grouping) (bool, error) {
	if !s.paired {
		return false, nil
	}
	paired, size := g.spilled == nil, int64(0)
	for _, in := range s.intakes {
		paired = paired && !in.table.fed && !in.table.sealed
		size += in.pairs.sizeBytes()
	}
	if paired && len(s.intakes) > 1 {
		ok, err := s.group.account.fits(size) // joined they take no more than double of what they do now
		if err != nil {
			return false, err
		}
		paired = ok
	}
	if paired {
		return true, nil
	}
	return false, beside(s.group.env.Workers, len(s.intakes), func(i int) error { return s.intakes[i].unpair() })
}

// unpair gives the pairs to the table as rows of the keys and the integer.
func (in *distinctIntake) unpair() error {
	if in.main.groups == nil || in.pairs.sizeBytes() == 0 {
		return nil
	}
	rows, err := in.main.groups.finish()
	if err != nil {
		return err
	}
	w, typ := newWorker(in.set.group.env), in.set.args[0].Type()
	err = in.pairs.each(func(groups []uint32, values []int64) error {
		picked := make([]int32, len(groups))
		for i, g := range groups {
			picked[i] = int32(g)
		}
		keys := make([]*column.Vector, 0, len(rows)+1)
		for _, v := range rows {
			keys = append(keys, column.Gather(v, picked))
		}
		keys = append(keys, column.NewInts(typ, slices.Clone(values), nil))
		return in.table.add(w, keys, &scan.Batch{Len: len(groups)})
	})
	if err != nil {
		return err
	}
	in.pairs = &distinctPairs{}
	return in.hold(0)
}

// feedPairs joins the pairs of all workers and hands them to the aggregates of the table that theirs were merged into.
func (s *distinctSet) feedPairs(ctx context.Context, all *aggTable) error {
	defer s.group.release()
	if len(s.intakes) == 0 {
		return nil
	}
	// The table that the others were merged into has kept its numbers.
	slices.SortFunc(s.intakes, func(a, b *distinctIntake) int {
		switch {
		case a.main == all:
			return -1
		case b.main == all:
			return 1
		}
		return 0
	})
	sets, into := make([]*distinctPairs, len(s.intakes)), make([][]uint32, len(s.intakes))
	for i, in := range s.intakes {
		sets[i], into[i] = in.pairs, in.main.into
	}
	if err := joinPairs(ctx, s.group.env.Workers, sets, into); err != nil {
		return err
	}
	typ := s.args[0].Type()
	return sets[0].each(func(groups []uint32, values []int64) error {
		if err := cause(ctx); err != nil {
			return err
		}
		return all.feedGroups(s.calls, groups, []*column.Vector{column.NewInts(typ, values, nil)}, len(groups))
	})
}
