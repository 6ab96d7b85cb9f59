package exec

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// newState makes the state of an aggregate call, with what collects rows first where they must be in an order.
func newState(call *expr.AggregateCall) expr.State {
	s := call.Fn.New()
	if len(call.Order) > 0 {
		s = newOrdered(s, call)
	}
	return s
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
	inner expr.State
	call  *expr.AggregateCall
	rows  *expr.GroupRows
}

func newOrdered(inner expr.State, call *expr.AggregateCall) *ordered {
	return &ordered{inner: inner, call: call, rows: expr.NewGroupRows(typesOfExprs(call.Args))}
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
	args, rows, starts, err := o.rows.ByGroup()
	if err != nil {
		return nil, err
	}
	o.inner.Grow(n)
	rows = o.sort(args, rows, starts)
	sorted := make([]*column.Vector, len(args))
	for k := range args {
		sorted[k] = column.Flatten(column.Gather(args[k], rows))
	}
	for g := range min(n, len(starts)-1) {
		if starts[g] == starts[g+1] {
			continue
		}
		if err := o.inner.AddRange(uint32(g), sorted, int(starts[g]), int(starts[g+1]), false); err != nil {
			return nil, err
		}
	}
	return o.inner.Finish(n)
}

// sort orders the rows of each group; rows that are equal stay in the order they came in.
func (o *ordered) sort(args []*column.Vector, rows, starts []int32) []int32 {
	columns := make([]*column.Vector, len(o.call.Order))
	by := make([]plan.SortKey, len(o.call.Order))
	for i, k := range o.call.Order {
		columns[i] = args[k.Arg]
		by[i] = plan.SortKey{Desc: k.Desc, NullsFirst: k.NullsFirst}
	}
	keys := newWindowKeys(context.Background(), columns, by, len(rows))
	list := make([]windowKey, len(rows))
	for i, r := range rows {
		list[i] = keys.list[r]
	}
	for g := range len(starts) - 1 {
		keys.sort(list[starts[g]:starts[g+1]])
	}
	out := make([]int32, len(rows))
	for i := range list {
		out[i] = list[i].row
	}
	return out
}

func (o *ordered) SizeBytes() int64 { return o.rows.SizeBytes() + o.inner.SizeBytes() }
