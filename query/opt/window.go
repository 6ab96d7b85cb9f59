package opt

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// pushBelowWindow moves the conditions that read nothing but what the window is partitioned by: they keep or drop whole partitions.
func pushBelowWindow(f *plan.Filter, w *plan.Window) plan.Node {
	var below, above []expr.Expr
	for _, e := range conjuncts(f.Cond) {
		if ofPartition(e, w.Partition) && !expr.CanFail(e) && !expr.Volatile(e) {
			below = append(below, e)
		} else {
			above = append(above, e)
		}
	}
	if len(below) == 0 {
		return f
	}
	return filtered(w.With([]plan.Node{pushed(w.Input, below)}), above)
}

// ofPartition reports an expression that has one value in each partition. Columns that are equal for a partition may differ in how they
// print, as 1.0 and 1.00 do, which only types are free of that have one form of each value.
func ofPartition(e expr.Expr, partition []expr.Expr) bool {
	columns := expr.Columns(e)
	for _, c := range columns {
		found := slices.ContainsFunc(partition, func(p expr.Expr) bool {
			col, ok := p.(*expr.Column)
			return ok && col.Index == c && oneForm(col.T)
		})
		if !found {
			return false
		}
	}
	return len(columns) > 0
}

func oneForm(t column.Type) bool {
	switch t.Physical() {
	case column.PhysBool, column.PhysInt:
		return true
	}
	return t.Kind == column.Text || t.Kind == column.Bytea
}

// pruneWindow drops calls that nobody reads, and the window with the last of them.
func pruneWindow(n *plan.Window, keep []int) (plan.Node, []int) {
	width := len(n.Input.Columns())
	to := gone(width + len(n.Calls))
	c := *n
	c.Calls, c.Names = nil, nil
	var below, calls []int
	for _, k := range keep {
		if k < width {
			below = append(below, k)
			continue
		}
		calls = append(calls, k)
		c.Calls, c.Names = append(c.Calls, n.Calls[k-width]), append(c.Names, n.Names[k-width])
	}
	if len(calls) == 0 {
		in, moved := prune(n.Input, below)
		copy(to, moved)
		return in, to
	}
	in, moved := prune(n.Input, reads(&c, below))
	copy(to, moved)
	for i, k := range calls {
		to[k] = len(in.Columns()) + i
	}
	if in == n.Input && len(calls) == len(n.Calls) {
		return n, to
	}
	return remake(&c, in, moved), to
}

// topRows tells a window below a condition like row_number() <= n that the rows behind are not wanted.
func topRows(_ *context, root plan.Node) plan.Node {
	return rewrite(root, func(n plan.Node) plan.Node {
		f, ok := n.(*plan.Filter)
		if !ok {
			return n
		}
		w, ok := f.Input.(*plan.Window)
		if !ok || w.Limit > 0 || !slices.ContainsFunc(w.Calls, leading) || slices.ContainsFunc(w.Calls, func(c expr.WindowCall) bool { return !leading(c) }) {
			return n
		}
		width := len(w.Input.Columns())
		out := *w
		for _, e := range conjuncts(f.Cond) {
			most, call := rowBound(e, width)
			if most < 1 || fails(e) || out.Limit > 0 && out.Limit <= most {
				continue
			}
			switch w.Calls[call].Name() {
			case "row_number":
				out.Limit, out.LimitByRank = most, false
			case "rank":
				out.Limit, out.LimitByRank = most, true
			}
		}
		if out.Limit == 0 || slices.ContainsFunc(conjuncts(f.Cond), fails) {
			return n
		}
		return f.With([]plan.Node{&out})
	})
}

func leading(c expr.WindowCall) bool { return c.Fn != nil && c.Fn.Leading }

// rowBound reads `call <= n`, `call < n`, `call = n` and gives n as the most that passes, 0 if the condition is another one.
func rowBound(e expr.Expr, width int) (most int64, call int) {
	b, ok := asBound(e)
	if !ok || b.column < width || b.value.Type.Physical() != column.PhysInt {
		return 0, 0
	}
	switch v := b.value.Int(0); b.op {
	case "<=", "=":
		return v, b.column - width
	case "<":
		return v - 1, b.column - width
	}
	return 0, 0
}

// pruneGroupingSets narrows what the rows have beside the keys.
func pruneGroupingSets(n *plan.GroupingSets, keep []int) (plan.Node, []int) {
	width := len(n.Input.Columns())
	var below []int
	for _, k := range keep {
		if k < width {
			below = append(below, k)
		}
	}
	in, moved := prune(n.Input, reads(n, below))
	to := append(slices.Clone(moved), everything(len(n.Keys)+1)...)
	for i := range to[width:] {
		to[width+i] += len(in.Columns())
	}
	return remake(n, in, moved), to
}
