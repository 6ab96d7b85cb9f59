package exec

import (
	"slices"

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
	inner  expr.State
	call   *expr.AggregateCall
	groups []uint32          // by row
	rows   []*column.Builder // the arguments, by row
}

func newOrdered(inner expr.State, call *expr.AggregateCall) *ordered {
	o := &ordered{inner: inner, call: call}
	for _, a := range call.Args {
		o.rows = append(o.rows, column.NewBuilder(a.Type(), 0))
	}
	return o
}

func (o *ordered) Grow(int) {}

func (o *ordered) Add(groups []uint32, args []*column.Vector, n int) error {
	o.groups = append(o.groups, groups[:n]...)
	return o.take(args, 0, n)
}

func (o *ordered) AddRange(g uint32, args []*column.Vector, lo, hi int, _ bool) error {
	for range hi - lo {
		o.groups = append(o.groups, g)
	}
	return o.take(args, lo, hi)
}

func (o *ordered) take(args []*column.Vector, lo, hi int) error {
	for k, v := range args {
		o.rows[k].AppendVector(v, lo, hi)
		if err := o.rows[k].Err(); err != nil {
			return err
		}
	}
	return nil
}

func (o *ordered) Merge(other expr.State, from, into []uint32) error {
	s := other.(*ordered)
	args, err := finishAll(s.rows)
	if err != nil {
		return err
	}
	mapping := make(map[uint32]uint32, len(from))
	for i, g := range from {
		mapping[g] = into[i]
	}
	var rows []int32
	for i, g := range s.groups {
		if to, ok := mapping[g]; ok {
			rows = append(rows, int32(i))
			o.groups = append(o.groups, to)
		}
	}
	for k, v := range args {
		o.rows[k].AppendGather(v, rows)
		s.rows[k].AppendVector(v, 0, v.Len)
		if err := o.rows[k].Err(); err != nil {
			return err
		}
	}
	return nil
}

func (o *ordered) Finish(n int) (*column.Vector, error) {
	args, err := finishAll(o.rows)
	if err != nil {
		return nil, err
	}
	o.inner.Grow(n)
	starts := make([]int, n+1)
	for _, g := range o.groups {
		starts[g+1]++
	}
	for g := range n {
		starts[g+1] += starts[g]
	}
	byGroup := make([]int32, len(o.groups))
	at := slices.Clone(starts)
	for i, g := range o.groups {
		byGroup[at[g]] = int32(i)
		at[g]++
	}
	byGroup = o.sort(args, byGroup, starts)
	for k := range args {
		args[k] = column.Gather(args[k], byGroup)
	}
	for g := range n {
		if starts[g] == starts[g+1] {
			continue
		}
		if err := o.inner.AddRange(uint32(g), args, starts[g], starts[g+1], false); err != nil {
			return nil, err
		}
	}
	return o.inner.Finish(n)
}

// sort orders the rows of each group; rows that are equal stay in the order they came in.
func (o *ordered) sort(args []*column.Vector, rows []int32, starts []int) []int32 {
	columns := make([]*column.Vector, len(o.call.Order))
	by := make([]plan.SortKey, len(o.call.Order))
	for i, k := range o.call.Order {
		columns[i] = args[k.Arg]
		by[i] = plan.SortKey{Desc: k.Desc, NullsFirst: k.NullsFirst}
	}
	keys := newWindowKeys(columns, by, len(rows))
	list := make([]windowKey, len(rows))
	for i, r := range rows {
		list[i] = keys.list[r]
	}
	for g := range len(starts) - 1 {
		keys.sort(list[starts[g]:starts[g+1]])
	}
	for i := range list {
		rows[i] = list[i].row
	}
	return rows
}

func (o *ordered) SizeBytes() int64 {
	// Beside the rows, what sorting them will take.
	size := int64(len(o.groups)) * (4 + 4 + 16 + windowKeyBytes*int64(len(o.call.Order)))
	for _, b := range o.rows {
		size += 2 * (int64(b.DataLen()) + 8*int64(b.Len()))
	}
	return size + o.inner.SizeBytes()
}
