package exec

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// newState makes the state of an aggregate call, with what collects rows first where they must be in an order.
func newState(ctx context.Context, call *expr.AggregateCall) expr.State {
	s := call.Fn.New()
	watch(ctx, s)
	if len(call.Order) > 0 {
		s = newOrdered(ctx, s, call)
	}
	return s
}

// watch has a state that may take long look whether the statement was cancelled.
func watch(ctx context.Context, s expr.State) {
	if w, ok := s.(expr.WatchedState); ok {
		w.Watch(ctx)
	}
}

// inOrder gives an environment in which rows come to the aggregates in the order of the input, if one of them depends on it.
func inOrder(n *plan.Aggregate, env *Env) *Env {
	for i := range n.Aggs {
		if a := &n.Aggs[i]; a.Fn.Ordered && len(a.Order) == 0 {
			alone := *env
			alone.Workers = 1
			return &alone
		}
	}
	return env
}

// ordered wraps an aggregate for AGG(… ORDER BY …): it collects the rows and hands each group to the aggregate in order, at once.
type ordered struct {
	ctx   context.Context
	inner expr.State
	call  *expr.AggregateCall
	rows  *expr.GroupRows
}

func newOrdered(ctx context.Context, inner expr.State, call *expr.AggregateCall) *ordered {
	o := &ordered{ctx: ctx, inner: inner, call: call, rows: expr.NewGroupRows(typesOfExprs(call.Args))}
	o.rows.Watch(ctx)
	return o
}

func (o *ordered) Grow(int) {}

func (o *ordered) Add(groups []uint32, args []*column.Vector, n int) error {
	return o.rows.Add(func(i int) uint32 { return groups[i] }, args, 0, n)
}

func (o *ordered) AddRange(g uint32, args []*column.Vector, lo, hi int, _ bool) error {
	return o.rows.Add(func(int) uint32 { return g }, args, lo, hi)
}

func (o *ordered) Merge(other expr.State, from, into []uint32) error {
	s, ok := other.(*ordered)
	if !ok {
		return column.Errorf(column.Internal, "exec: merging %T into ordered rows", other)
	}
	return o.rows.Merge(s.rows, from, into)
}

func (o *ordered) Finish(n int) (*column.Vector, error) {
	args, starts, err := o.rows.ByGroup()
	if err != nil {
		return nil, err
	}
	o.inner.Grow(n)
	rows, err := o.sort(args, starts)
	if err != nil {
		return nil, err
	}
	sorted := make([]*column.Vector, len(args))
	for k := range args {
		if sorted[k], err = expr.GatherPieces(o.ctx, args[k], rows); err != nil {
			return nil, err
		}
	}
	for g := range min(n, len(starts)-1) {
		if err := o.give(uint32(g), sorted, int(starts[g]), int(starts[g+1])); err != nil {
			return nil, err
		}
	}
	return o.inner.Finish(n)
}

// give hands the rows of a group to the aggregate: all at once where it needs that, else in pieces, so that the statement can be cancelled.
func (o *ordered) give(g uint32, args []*column.Vector, lo, hi int) error {
	if lo == hi {
		return nil
	}
	if o.call.Fn.WithinGroup || hi-lo < scan.BatchRows {
		return o.inner.AddRange(g, args, lo, hi, false)
	}
	end := expr.Looks{Ctx: o.ctx}
	return end.Pieces(hi-lo, func(from, to int) error { return o.inner.AddRange(g, args, lo+from, lo+to, false) })
}

// sort orders the rows of each group; rows that are equal stay in the order they came in.
func (o *ordered) sort(args []*column.Vector, starts []int32) ([]int32, error) {
	columns := make([]*column.Vector, len(o.call.Order))
	by := make([]plan.SortKey, len(o.call.Order))
	for i, k := range o.call.Order {
		columns[i] = args[k.Arg]
		by[i] = plan.SortKey{Desc: k.Desc, NullsFirst: k.NullsFirst}
	}
	keys := newWindowKeys(o.ctx, columns, by, int(starts[len(starts)-1]))
	for g := range len(starts) - 1 {
		keys.sort(keys.list[starts[g]:starts[g+1]])
	}
	out := make([]int32, len(keys.list))
	for i := range keys.list {
		if keys.looks.Over() {
			break
		}
		out[i] = keys.list[i].row
	}
	return out, keys.looks.Err()
}

func (o *ordered) SizeBytes() int64 { return o.rows.SizeBytes() + o.inner.SizeBytes() }
