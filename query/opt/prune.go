package opt

import (
	"slices"

	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// pruneColumns walks from the root down with the set of columns somebody reads, and narrows scans and projections
// to it.
func pruneColumns(_ *context, root plan.Node) plan.Node {
	out, _ := prune(root, everything(len(root.Columns())))
	return out
}

func everything(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// prune rebuilds n so that it gives the columns of keep (ascending) and perhaps more; to[i] is where its old column i
// is now, -1 if it is gone.
func prune(n plan.Node, keep []int) (out plan.Node, to []int) {
	switch n := n.(type) {
	case *plan.Scan:
		return pruneScan(n, keep)
	case *plan.Project:
		return pruneProject(n, keep)
	case *plan.Aggregate:
		in, moved := prune(n.Input, reads(n, nil))
		return remake(n, in, moved), everything(len(n.Columns()))
	case *plan.Filter, *plan.Sort:
		// These pass their input's columns on: the input must give what is read above and here.
		in, moved := prune(n.Inputs()[0], reads(n, keep))
		return remake(n, in, moved), moved
	case *plan.LateLimit:
		in, moved := prune(n.Input, keep)
		return n.With([]plan.Node{in}), moved
	case *plan.Limit:
		in, moved := prune(n.Input, reads(n, slices.Clone(keep)))
		return remake(n, in, moved), moved
	case *plan.Join:
		return pruneJoin(n, keep)
	case *plan.Union:
		return pruneUnion(n, keep)
	case *plan.GroupingSets:
		return pruneGroupingSets(n, keep)
	case *plan.Window:
		return pruneWindow(n, keep)
	case *plan.Shared, *plan.Recursive, *plan.Change:
		// Whoever else reads it may want other columns; but inside it not all are read. A change reads its input's columns by their places.
		return overInputs(n, func(in plan.Node) plan.Node {
			out, _ := prune(in, everything(len(in.Columns())))
			return out
		}), everything(len(n.Columns()))
	case *plan.Expand:
		return pruneExpand(n, keep)
	case *plan.Asof:
		return pruneAsof(n, keep)
	case *plan.Apply:
		return pruneApply(n, keep)
	case *plan.Gapfill:
		in, _ := prune(n.Input, everything(len(n.Input.Columns())))
		if in == n.Input {
			return n, everything(len(n.Columns()))
		}
		return n.With([]plan.Node{in}), everything(len(n.Columns()))
	}
	return n, everything(len(n.Columns()))
}

// remake puts a node over its pruned input; n itself where nothing moved.
func remake(n, in plan.Node, moved []int) plan.Node {
	if in == n.Inputs()[0] {
		return n
	}
	return mapExpressions(n.With([]plan.Node{in}), func(e expr.Expr) expr.Expr { return renumber(e, moved) })
}

// reads lists the input columns that a node's expressions read, with those of also, ascending.
func reads(n plan.Node, also []int) []int {
	return ascending(append(columnsOf(plan.Expressions(n)), also...))
}

func pruneScan(n *plan.Scan, keep []int) (plan.Node, []int) {
	if len(keep) == len(n.Project) {
		return n, everything(len(n.Project))
	}
	c := *n
	c.Project = make([]int, len(keep))
	to := gone(len(n.Project))
	for i, k := range keep {
		c.Project[i], to[k] = n.Project[k], i
	}
	return &c, to
}

func pruneProject(n *plan.Project, keep []int) (plan.Node, []int) {
	c := n
	to := everything(len(n.Exprs))
	if len(keep) < len(n.Exprs) {
		c = &plan.Project{Input: n.Input}
		to = gone(len(n.Exprs))
		for i, k := range keep {
			c.Exprs, c.Names = append(c.Exprs, n.Exprs[k]), append(c.Names, n.Names[k])
			to[k] = i
		}
	}
	in, moved := prune(n.Input, reads(c, nil))
	return remake(c, in, moved), to
}

// pruneJoin asks each side for what is read above and what the join compares.
func pruneJoin(n *plan.Join, keep []int) (plan.Node, []int) {
	width, total := len(n.Left.Columns()), len(n.Columns())
	left, right := columnsOf(n.LeftKeys), columnsOf(n.RightKeys)
	also := slices.Clone(keep)
	if n.Kind >= plan.MarkJoin && len(also) > 0 && also[len(also)-1] == width {
		also = also[:len(also)-1]
	}
	if n.Cond != nil {
		also = append(also, expr.Columns(n.Cond)...)
	}
	for _, k := range also {
		if k < width {
			left = append(left, k)
		} else {
			right = append(right, k-width)
		}
	}
	l, toLeft := prune(n.Left, ascending(left))
	r, toRight := prune(n.Right, ascending(right))
	if l == n.Left && r == n.Right {
		return n, everything(total)
	}
	out := *n
	out.Left, out.Right = l, r
	out.LeftKeys = mapAll(n.LeftKeys, func(e expr.Expr) expr.Expr { return renumber(e, toLeft) })
	out.RightKeys = mapAll(n.RightKeys, func(e expr.Expr) expr.Expr { return renumber(e, toRight) })
	to := besideEachOther(toLeft, toRight, len(l.Columns()))
	if n.Cond != nil {
		out.Cond = renumber(n.Cond, to)
	}
	if n.Kind >= plan.MarkJoin {
		return &out, append(slices.Clone(toLeft), len(l.Columns()))
	}
	return &out, to[:total]
}

// pruneExpand asks the input for what is read above and by the functions, whose columns stay.
func pruneExpand(n *plan.Expand, keep []int) (plan.Node, []int) {
	width := len(n.Input.Columns())
	total := len(n.Columns())
	below := columnsOf(plan.Expressions(n))
	for _, k := range keep {
		if k < width {
			below = append(below, k)
		}
	}
	in, moved := prune(n.Input, ascending(below))
	if in == n.Input {
		return n, everything(total)
	}
	to := slices.Clone(moved)
	for k := range total - width {
		to = append(to, len(in.Columns())+k)
	}
	return remake(n, in, moved), to
}

// besideEachOther joins where the columns of two sides are now, the left of which has width columns.
func besideEachOther(toLeft, toRight []int, width int) []int {
	to := slices.Clone(toLeft)
	for _, k := range toRight {
		if k >= 0 {
			k += width
		}
		to = append(to, k)
	}
	return to
}

// pruneAsof asks each side for what is read above and what is compared.
func pruneAsof(n *plan.Asof, keep []int) (plan.Node, []int) {
	width := len(n.Left.Columns())
	var left, right []int
	for _, k := range append(columnsOf(plan.Expressions(n)), keep...) {
		if k < width {
			left = append(left, k)
		} else {
			right = append(right, k-width)
		}
	}
	l, toLeft := prune(n.Left, ascending(left))
	r, toRight := prune(n.Right, ascending(right))
	if l == n.Left && r == n.Right {
		return n, everything(len(n.Columns()))
	}
	to := besideEachOther(toLeft, toRight, len(l.Columns()))
	out := n.With([]plan.Node{l, r}).(*plan.Asof)
	return out.Map(func(e expr.Expr) expr.Expr { return renumber(e, to) }), to
}

// pruneApply asks the left side for what is read above and what the right side needs. The right side is asked only for what is read of it.
func pruneApply(n *plan.Apply, keep []int) (plan.Node, []int) {
	width := len(n.Left.Columns())
	var left, right []int
	also := slices.Clone(keep)
	if n.Kind >= plan.MarkJoin && len(also) > 0 && also[len(also)-1] == width {
		also = also[:len(also)-1]
	}
	for _, p := range n.Params {
		left = append(left, expr.Columns(p.Expr)...)
	}
	if n.Cond != nil {
		also = append(also, expr.Columns(n.Cond)...)
	}
	for _, k := range also {
		if k < width {
			left = append(left, k)
		} else {
			right = append(right, k-width)
		}
	}
	l, toLeft := prune(n.Left, ascending(left))
	r, toRight := prune(n.Right, ascending(right))
	if l == n.Left && r == n.Right {
		return n, everything(len(n.Columns()))
	}
	out := *n
	out.Left, out.Right = l, r
	out.Params = slices.Clone(n.Params)
	for i := range out.Params {
		out.Params[i].Expr = renumber(out.Params[i].Expr, toLeft)
	}
	to := besideEachOther(toLeft, toRight, len(l.Columns()))
	if n.Cond != nil {
		out.Cond = renumber(n.Cond, to)
	}
	switch {
	case n.Kind >= plan.MarkJoin:
		return &out, append(slices.Clone(toLeft), len(l.Columns()))
	case n.Kind >= plan.SemiJoin:
		return &out, toLeft
	}
	return &out, to
}

// pruneUnion narrows every input to the same columns.
func pruneUnion(n *plan.Union, keep []int) (plan.Node, []int) {
	out := &plan.Union{Ins: make([]plan.Node, len(n.Ins)), Out: make([]plan.Column, len(keep))}
	to := gone(len(n.Out))
	for i, k := range keep {
		out.Out[i], to[k] = n.Out[k], i
	}
	same := len(keep) == len(n.Out)
	for i, in := range n.Ins {
		pruned, moved := prune(in, keep)
		if len(pruned.Columns()) > len(keep) {
			p := &plan.Project{Input: pruned}
			columns := pruned.Columns()
			for _, k := range keep {
				c := columns[moved[k]]
				p.Exprs = append(p.Exprs, &expr.Column{Index: moved[k], Name: c.Name, T: c.Type})
				p.Names = append(p.Names, c.Name)
			}
			pruned = p
		}
		out.Ins[i] = pruned
		same = same && pruned == in
	}
	if same {
		return n, to
	}
	return out, to
}

func columnsOf(list []expr.Expr) []int {
	var out []int
	for _, e := range list {
		out = append(out, expr.Columns(e)...)
	}
	return out
}

func ascending(list []int) []int {
	slices.Sort(list)
	return slices.Compact(list)
}

func gone(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = -1
	}
	return out
}
