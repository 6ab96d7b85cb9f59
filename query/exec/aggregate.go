package exec

import (
	"context"
	"sync"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// aggregate groups its input. Each worker fills a table of its own; the tables are joined at the end.
//
// Where all keys are constant over stretches of rows (tags, time buckets, both run-end encoded), a stretch is looked
// up once and its rows are added in one tight loop. That is decided batch by batch from the encodings alone.
type aggregate struct {
	node  *plan.Aggregate
	env   *Env
	input producer
	stats *Stats
	bound *scan.Bound // of the scan below, where only the newest groups are wanted; else nil
}

func newAggregate(n *plan.Aggregate, env *Env, input producer, stats *Stats) *aggregate {
	a := &aggregate{node: n, env: env, input: input, stats: stats}
	if n.Newest > 0 {
		a.bound = boundBelow(input)
	}
	return a
}

func (a *aggregate) parts(ctx context.Context) ([]part, error) {
	inner, err := a.input.parts(ctx)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var tables []*aggTable
	err = drain(ctx, a.env, inner, func(int) func(*worker, int, *scan.Batch) error {
		t := newAggTable(a.node, a.env)
		if a.bound != nil {
			t.newest = &newest{bound: a.bound, count: a.node.Newest}
		}
		mu.Lock()
		tables = append(tables, t)
		mu.Unlock()
		return func(w *worker, _ int, b *scan.Batch) error { return t.add(w, b) }
	})
	if err != nil {
		return nil, err
	}
	if len(tables) == 0 {
		tables = append(tables, newAggTable(a.node, a.env))
	}
	all := tables[0]
	for _, t := range tables[1:] {
		if err := all.merge(t); err != nil {
			return nil, err
		}
	}
	for _, t := range tables {
		if t.bySpan {
			a.stats.note("by runs")
		}
		if t.shortRuns {
			a.stats.note("by rows, runs being short")
		}
		if t.byRow {
			a.stats.note("by rows")
		}
	}
	columns, n, err := all.finish()
	if err != nil {
		return nil, err
	}
	return once(cut(columns, n)), nil
}

// aggTable is one worker's groups and their accumulators.
type aggTable struct {
	node   *plan.Aggregate
	env    *Env
	groups *grouper // nil = no keys: one group
	states []expr.State
	held   int64   // bytes reserved from the pool
	newest *newest // where only the newest groups are wanted; else nil

	spans         []span
	ids           []uint32
	bySpan, byRow bool // how batches were taken
	shortRuns     bool // by row, although the keys are constant inside runs
}

func newAggTable(n *plan.Aggregate, env *Env) *aggTable {
	t := &aggTable{node: n, env: env}
	if len(n.Keys) > 0 {
		types := make([]column.Type, len(n.Keys))
		for i, k := range n.Keys {
			types[i] = k.Type()
		}
		t.groups = newGrouper(types)
	}
	for i := range n.Aggs {
		call := &n.Aggs[i]
		state := call.Fn.New()
		if call.Distinct {
			state = newDistinct(state, call)
		}
		if t.groups == nil {
			state.Grow(1)
		}
		t.states = append(t.states, state)
	}
	return t
}

// add takes a batch.
func (t *aggTable) add(w *worker, b *scan.Batch) error {
	w.expr.Runs = b.Runs
	keys := make([]*column.Vector, len(t.node.Keys))
	for i, k := range t.node.Keys {
		v, err := expr.Eval(&w.expr, k, b.Columns, b.Len)
		if err != nil {
			return err
		}
		keys[i] = v
	}
	if t.newest != nil {
		t.newest.see(keys[t.node.NewestKey])
	}
	var whole bool
	if !t.env.Plain {
		t.spans, whole = spans(t.spans, keys, b.Runs, b.Len)
	}
	if cap(t.ids) < b.Len {
		t.ids = make([]uint32, b.Len)
	}
	ids := t.ids[:b.Len]
	var spanIDs []uint32
	if whole {
		t.bySpan = true
		spanIDs = ids[:len(t.spans)]
		t.findSpans(keys, spanIDs)
	} else {
		short := !t.env.Plain && constant(keys)
		t.shortRuns, t.byRow = t.shortRuns || short, t.byRow || !short
		t.findRows(keys, ids)
	}
	if t.groups != nil {
		for _, s := range t.states {
			s.Grow(t.groups.count)
		}
	}
	for i := range t.node.Aggs {
		if err := t.addOne(w, b, i, whole, spanIDs, ids); err != nil {
			return err
		}
	}
	return t.reserve()
}

func (t *aggTable) findSpans(keys []*column.Vector, ids []uint32) {
	if t.groups == nil {
		clear(ids)
		return
	}
	t.groups.findSpans(keys, t.spans, ids)
}

func (t *aggTable) findRows(keys []*column.Vector, ids []uint32) {
	if t.groups == nil {
		clear(ids)
		return
	}
	t.groups.findAll(keys, ids)
}

// addOne feeds a batch to aggregate i: span by span, or with a group for each row.
func (t *aggTable) addOne(w *worker, b *scan.Batch, i int, whole bool, spanIDs, ids []uint32) error {
	call, state := &t.node.Aggs[i], t.states[i]
	args := make([]*column.Vector, len(call.Args))
	if call.Filter != nil {
		return t.addFiltered(w, b, call, state, args, whole, spanIDs, ids)
	}
	for k, e := range call.Args {
		v, err := expr.Eval(&w.expr, e, b.Columns, b.Len)
		if err != nil {
			return err
		}
		args[k] = argument(call, v)
	}
	if !whole {
		return state.Add(ids, args, b.Len)
	}
	for k, s := range t.spans {
		if err := state.AddRange(spanIDs[k], args, s.lo, s.hi, s.sorted); err != nil {
			return err
		}
	}
	return nil
}

// addFiltered is addOne for AGG(…) FILTER (WHERE …): arguments are evaluated only on the rows that pass.
func (t *aggTable) addFiltered(w *worker, b *scan.Batch, call *expr.AggregateCall, state expr.State, args []*column.Vector, whole bool, spanIDs, ids []uint32) error {
	rows, err := expr.EvalBool(&w.expr, call.Filter, b.Columns, b.Len, nil)
	if err != nil || len(rows) == 0 {
		return err
	}
	passed := b.Compact(rows)
	groups := make([]uint32, len(rows))
	k := 0
	for i, row := range rows {
		if !whole {
			groups[i] = ids[row]
			continue
		}
		for int(row) >= t.spans[k].hi {
			k++
		}
		groups[i] = spanIDs[k]
	}
	w.expr.Runs = passed.Runs
	defer func() { w.expr.Runs = b.Runs }()
	for k, e := range call.Args {
		v, err := expr.Eval(&w.expr, e, passed.Columns, passed.Len)
		if err != nil {
			return err
		}
		args[k] = argument(call, v)
	}
	return state.Add(groups, args, passed.Len)
}

// argument gives an aggregate's argument in an encoding that it knows.
func argument(call *expr.AggregateCall, v *column.Vector) *column.Vector {
	switch {
	case v.Enc == column.Const || v.Enc == column.Scaled && call.Fn.Scaled:
		return v
	case call.Fn.Scaled && v.Type.Kind == column.Numeric && v.Enc != column.Flat:
		if s := column.ToScaled(v); s != nil {
			return s
		}
	}
	return column.Flatten(v)
}

// reserve makes the pool's account equal to what is held.
func (t *aggTable) reserve() error {
	var size int64
	if t.groups != nil {
		size += t.groups.sizeBytes()
	}
	for _, s := range t.states {
		size += s.SizeBytes()
	}
	if size <= t.held {
		return nil
	}
	if err := t.env.Pool.Grow(size - t.held); err != nil {
		return err
	}
	t.held = size
	return nil
}

// merge adds another worker's groups to these.
func (t *aggTable) merge(o *aggTable) error {
	from, into := []uint32{0}, []uint32{0}
	if t.groups != nil {
		rows, err := o.groups.finish()
		if err != nil {
			return err
		}
		into = t.groups.absorb(rows, o.groups.count)
		from = firstNumbers(len(into))
	}
	for i, s := range t.states {
		if t.groups != nil {
			s.Grow(t.groups.count)
		}
		if err := s.Merge(o.states[i], from, into); err != nil {
			return err
		}
	}
	o.states = nil
	t.env.Pool.Shrink(o.held)
	o.held = 0
	return t.reserve()
}

// firstNumbers is 0 … n-1.
func firstNumbers(n int) []uint32 {
	out := make([]uint32, n)
	for i := range out {
		out[i] = uint32(i)
	}
	return out
}

// finish gives the output columns, keys first.
func (t *aggTable) finish() ([]*column.Vector, int, error) {
	n := 1
	var columns []*column.Vector
	if t.groups != nil {
		n = t.groups.count
		rows, err := t.groups.finish()
		if err != nil {
			return nil, 0, err
		}
		columns = rows
	}
	for _, s := range t.states {
		v, err := s.Finish(n)
		if err != nil {
			return nil, 0, err
		}
		columns = append(columns, v)
	}
	return columns, n, nil
}
