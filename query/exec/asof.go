package exec

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sort"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// asof holds its right side, the rows of each key in the order of their times, and looks for each row of the left by halving. The left side
// streams and keeps its runs.
type asof struct {
	node        *plan.Asof
	env         *Env
	left, right producer
}

// asofSide is the right side.
type asofSide struct {
	columns []*column.Vector
	index   *keyIndex // nil without keys: all rows are one group
	starts  []int32   // by group, where its rows begin in order; and the end
	order   []int32
	times   []int64 // in order
}

func (a *asof) parts(ctx context.Context) ([]part, error) {
	held, err := a.right.parts(ctx)
	if err != nil {
		return nil, err
	}
	pool := mem.NewPool("ASOF JOIN", 0, a.env.Pool)
	side, err := a.hold(ctx, held, pool)
	if err != nil {
		pool.Close()
		return nil, err
	}
	keys := a.node.LeftKeys
	return mapParts(ctx, a.left, func(w *worker, b *scan.Batch) (*scan.Batch, error) {
		return a.match(w, b, side, keys)
	})
}

// hold keeps the rows of the right side that have a time.
func (a *asof) hold(ctx context.Context, parts []part, pool *mem.Pool) (*asofSide, error) {
	lists := make([][]*scan.Batch, len(parts))
	err := drain(ctx, a.env, parts, func(int) func(*worker, int, *scan.Batch) error {
		return func(_ *worker, number int, b *scan.Batch) error {
			flat := &scan.Batch{Len: b.Len}
			for _, v := range b.Columns {
				flat.Columns = append(flat.Columns, column.Flatten(v))
			}
			lists[number] = append(lists[number], flat)
			return pool.Grow(2 * flat.SizeBytes()) // once more when they are put together
		}
	})
	if err != nil {
		return nil, err
	}
	batches := slices.Concat(lists...)
	side := &asofSide{}
	for c, col := range a.node.Right.Columns() {
		list := make([]*column.Vector, len(batches))
		for i, b := range batches {
			list[i] = b.Columns[c]
		}
		v, err := column.Concat(col.Type, list...)
		if err != nil {
			return nil, err
		}
		side.columns = append(side.columns, v)
	}
	rows := 0
	for _, b := range batches {
		rows += b.Len
	}
	if rows > math.MaxInt32 {
		return nil, column.Errorf(column.Limit, "ASOF JOIN holds at most %d rows of its right side", math.MaxInt32)
	}
	return side, a.sort(ctx, side, rows, pool)
}

// sort numbers the keys and puts the rows of each in the order of their times.
func (a *asof) sort(ctx context.Context, side *asofSide, rows int, pool *mem.Pool) error {
	if err := pool.Grow(20 * int64(rows)); err != nil {
		return err
	}
	groups := make([]uint32, rows)
	side.starts = []int32{0, 0}
	if rows == 0 {
		return nil
	}
	w := newWorker(a.env)
	in := append(make([]*column.Vector, len(a.node.Left.Columns())), side.columns...)
	fill(groups, 1)
	count := 1
	if len(a.node.RightKeys) > 0 {
		keys, types, err := a.keys(w, a.node.RightKeys, in, rows)
		if err != nil {
			return err
		}
		side.index = newKeyIndex(types)
		lookup := &keyLookup{index: side.index, pool: pool}
		if err := lookup.number(keys, groups); err != nil {
			return err
		}
		count = side.index.count()
	}
	time, err := expr.Eval(&w.expr, a.node.RightTime, in, rows)
	if err != nil {
		return err
	}
	time = column.Flatten(time)
	for i := range rows {
		if groups[i] != 0 && !time.IsNull(i) {
			side.order = append(side.order, int32(i))
		}
	}
	end := expr.Looks{Ctx: ctx}
	slices.SortFunc(side.order, func(x, y int32) int {
		if end.Over() {
			return 0
		}
		return cmp.Or(cmp.Compare(groups[x], groups[y]), cmp.Compare(time.Ints[x], time.Ints[y]), cmp.Compare(x, y))
	})
	if end.Err() != nil {
		return end.Err()
	}
	side.times = make([]int64, len(side.order))
	side.starts = make([]int32, count+2)
	for i, row := range side.order {
		side.times[i] = time.Ints[row]
		side.starts[groups[row]+1]++
	}
	for g := 1; g < len(side.starts); g++ {
		side.starts[g] += side.starts[g-1]
	}
	return cause(ctx)
}

func (a *asof) keys(w *worker, list []expr.Expr, in []*column.Vector, n int) ([]*column.Vector, []column.Type, error) {
	var keys []*column.Vector
	var types []column.Type
	for _, e := range list {
		v, err := expr.Eval(&w.expr, e, in, n)
		if err != nil {
			return nil, nil, err
		}
		keys, types = append(keys, v), append(types, e.Type())
	}
	return keys, types, nil
}

// match finds the partners of a batch's rows.
func (a *asof) match(w *worker, b *scan.Batch, side *asofSide, list []expr.Expr) (*scan.Batch, error) {
	w.expr.Runs = b.Runs
	keys, _, err := a.keys(w, list, b.Columns, b.Len)
	if err != nil {
		return nil, err
	}
	groups := make([]uint32, b.Len)
	switch {
	case len(side.order) == 0:
	case side.index == nil:
		fill(groups, 1)
	default:
		if err := (&keyLookup{index: side.index}).number(keys, groups); err != nil {
			return nil, err
		}
	}
	time, err := expr.Eval(&w.expr, a.node.LeftTime, b.Columns, b.Len)
	if err != nil {
		return nil, err
	}
	time = column.Flatten(time)
	var rows, partners []int32
	var lone []bool
	for i := range b.Len {
		partner := int32(-1)
		if g := groups[i]; g != 0 && !time.IsNull(i) {
			partner = side.nearest(int(side.starts[g]), int(side.starts[g+1]), a.node.Op, time.Ints[i])
		}
		if partner < 0 && !a.node.Outer {
			continue
		}
		rows, lone = append(rows, int32(i)), append(lone, partner < 0)
		partners = append(partners, max(partner, 0))
	}
	out := b.Compact(rows)
	out = &scan.Batch{Len: out.Len, Columns: slices.Clone(out.Columns), Runs: out.Runs}
	for c, col := range a.node.Right.Columns() {
		out.Columns = append(out.Columns, gatherOrNull(col.Type, side.columns[c], partners, lone))
	}
	return out, nil
}

// nearest finds the row of a group, between lo and hi, whose time is nearest; -1 if there is none.
func (s *asofSide) nearest(lo, hi int, op string, t int64) int32 {
	times := s.times[lo:hi]
	at := 0
	switch op {
	case "<=":
		at = sort.Search(len(times), func(i int) bool { return times[i] > t }) - 1
	case "<":
		at = sort.Search(len(times), func(i int) bool { return times[i] >= t }) - 1
	case ">=":
		at = sort.Search(len(times), func(i int) bool { return times[i] >= t })
	default:
		at = sort.Search(len(times), func(i int) bool { return times[i] > t })
	}
	if at < 0 || at >= len(times) {
		return -1
	}
	return s.order[lo+at]
}

// gatherOrNull copies rows of a column; those that are lone are NULL.
func gatherOrNull(t column.Type, v *column.Vector, rows []int32, lone []bool) *column.Vector {
	if v.Len == 0 {
		return column.NewNull(t, len(rows))
	}
	out := *column.Flatten(column.Gather(v, rows))
	valid := column.NewBitmap(len(rows), true)
	for i := range rows {
		if lone[i] || out.IsNull(i) {
			valid.Clear(i)
		}
	}
	out.Valid = valid
	return &out
}
