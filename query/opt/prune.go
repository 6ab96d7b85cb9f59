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
	case *plan.Limit:
		in, moved := prune(n.Input, keep)
		return remake(n, in, moved), moved
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
	out := slices.Clone(also)
	for _, e := range expressions(n) {
		out = append(out, expr.Columns(e)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
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

func gone(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = -1
	}
	return out
}
