package opt

import (
	"slices"

	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

func foldConstants(c *context, root plan.Node) plan.Node {
	return rewrite(root, func(n plan.Node) plan.Node {
		n = mapExpressions(n, func(e expr.Expr) expr.Expr { return expr.Fold(c.expr, e) })
		if l, ok := n.(*plan.LateLimit); ok {
			return knownLimit(c, l)
		}
		f, ok := n.(*plan.Filter)
		if !ok {
			return n
		}
		if l, ok := f.Cond.(*expr.Logic); ok && !l.Or && slices.ContainsFunc(l.Args, neverTrue) {
			return &plan.Values{Out: f.Columns()}
		}
		v := plan.Literal(f.Cond)
		switch {
		case v == nil:
			return n
		case !v.IsNull(0) && v.Bool(0):
			return f.Input
		}
		return &plan.Values{Out: f.Columns()} // WHERE false, or NULL: no row passes
	})
}

// knownLimit makes a Limit of numbers that are known by now. What is wrong with them is said when they are used.
func knownLimit(c *context, n *plan.LateLimit) plan.Node {
	for _, e := range n.Numbers() {
		if plan.Literal(e) == nil {
			return n
		}
	}
	l, err := n.Settle(c.expr)
	switch {
	case err != nil:
		return n
	case l.Count < 0 && l.Offset == 0:
		return n.Input
	}
	return l
}

// neverTrue reports a constant that lets no row pass: false or NULL.
func neverTrue(e expr.Expr) bool {
	v := plan.Literal(e)
	return v != nil && (v.IsNull(0) || !v.Bool(0))
}

// dropProjects takes away projections that give their input as it is.
func dropProjects(_ *context, root plan.Node) plan.Node {
	return rewrite(root, func(n plan.Node) plan.Node {
		p, ok := n.(*plan.Project)
		if !ok {
			return n
		}
		in := p.Input.Columns()
		if len(in) != len(p.Exprs) {
			return n
		}
		for i, e := range p.Exprs {
			if c, ok := e.(*expr.Column); !ok || c.Index != i || in[i].Name != p.Names[i] {
				return n
			}
		}
		return p.Input
	})
}

func mergeProjects(_ *context, root plan.Node) plan.Node {
	return rewrite(root, func(n plan.Node) plan.Node {
		switch n.(type) {
		case *plan.Project, *plan.Aggregate:
		default:
			return n
		}
		inner, ok := n.Inputs()[0].(*plan.Project)
		if !ok || !cheapTwice(plan.Expressions(n), inner) {
			return n
		}
		merged := n.With([]plan.Node{inner.Input})
		return mapExpressions(merged, func(e expr.Expr) expr.Expr { return substitute(e, inner.Exprs) })
	})
}

// cheapTwice reports that merging computes nothing twice that costs or changes: each inner expression is read at most
// once, or is a plain column or constant.
func cheapTwice(outer []expr.Expr, inner *plan.Project) bool {
	uses := make([]int, len(inner.Exprs))
	for _, e := range outer {
		expr.Walk(e, func(e expr.Expr) bool {
			if c, ok := e.(*expr.Column); ok {
				uses[c.Index]++
			}
			return true
		})
	}
	for i, e := range inner.Exprs {
		switch e.(type) {
		case *expr.Column, *expr.Literal, *expr.Param:
			continue
		}
		if uses[i] > 1 || expr.Volatile(e) {
			return false
		}
	}
	return true
}

func pushFilters(_ *context, root plan.Node) plan.Node {
	return rewrite(root, func(n plan.Node) plan.Node {
		switch n := n.(type) {
		case *plan.Filter:
			return pushFilter(n)
		case *plan.Join:
			return pushCond(n)
		}
		return n
	})
}

func pushFilter(f *plan.Filter) plan.Node {
	switch in := f.Input.(type) {
	case *plan.Filter:
		// The inner condition stays first: the outer one may rely on it (x <> 0, then 1/x).
		merged := append(conjuncts(in.Cond), conjuncts(f.Cond)...)
		return pushFilter(&plan.Filter{Input: in.Input, Cond: conjunction(merged)})
	case *plan.Project:
		for _, e := range in.Exprs {
			if expr.Volatile(e) {
				return f
			}
		}
		below := pushFilter(&plan.Filter{Input: in.Input, Cond: substitute(f.Cond, in.Exprs)})
		return in.With([]plan.Node{below})
	case *plan.Sort:
		if in.Limit > 0 {
			return f
		}
		return in.With([]plan.Node{pushFilter(&plan.Filter{Input: in.Input, Cond: f.Cond})})
	case *plan.Aggregate:
		return pushBelowAggregate(f, in)
	case *plan.Window:
		return pushBelowWindow(f, in)
	case *plan.Join:
		return pushIntoJoin(f, in)
	case *plan.Asof:
		return pushToFirst(f, in)
	case *plan.Expand:
		return pushToFirst(f, in)
	case *plan.Apply:
		return pushToFirst(f, in)
	case *plan.Union:
		if expr.Volatile(f.Cond) {
			return f
		}
		return overInputs(in, func(branch plan.Node) plan.Node { return pushFilter(&plan.Filter{Input: branch, Cond: f.Cond}) })
	}
	return f
}

// pushToFirst moves the conditions that read nothing but the first input's columns, which come first, to that input: a node that gives rows
// for each of that input's rows gives none for those that are left out.
func pushToFirst(f *plan.Filter, n plan.Node) plan.Node {
	var below, above []expr.Expr
	inputs := slices.Clone(n.Inputs())
	width := len(inputs[0].Columns())
	for _, e := range conjuncts(f.Cond) {
		if left, right := sides(e, width); left && !right && !expr.Volatile(e) {
			below = append(below, e)
		} else {
			above = append(above, e)
		}
	}
	if len(below) == 0 {
		return f
	}
	inputs[0] = pushed(inputs[0], below)
	return filtered(n.With(inputs), above)
}

// pushBelowAggregate moves the conditions that read keys only: they keep or drop whole groups.
func pushBelowAggregate(f *plan.Filter, agg *plan.Aggregate) plan.Node {
	if len(agg.Always) > 0 {
		return f // a group that is there over no rows would come back
	}
	var below, above []expr.Expr
	for _, e := range conjuncts(f.Cond) {
		columns := expr.Columns(e)
		if len(columns) > 0 && columns[len(columns)-1] < len(agg.Keys) && !expr.CanFail(e) && !expr.Volatile(e) {
			below = append(below, substitute(e, agg.Keys))
		} else {
			above = append(above, e)
		}
	}
	if len(below) == 0 {
		return f
	}
	input := pushFilter(&plan.Filter{Input: agg.Input, Cond: conjunction(below)})
	return filtered(agg.With([]plan.Node{input}), above)
}

func topN(_ *context, root plan.Node) plan.Node {
	return rewrite(root, func(n plan.Node) plan.Node {
		l, ok := n.(*plan.Limit)
		if !ok || len(l.By) > 0 || l.Count < 0 || l.Count+l.Offset <= 0 || l.Count+l.Offset > maxTopN {
			return n
		}
		in, changed := limitBelow(l.Input, l.Count+l.Offset, false)
		if !changed {
			return n
		}
		return l.With([]plan.Node{in})
	})
}

// maxTopN is where keeping the first rows stops being cheaper than sorting all: a kept row costs a copy.
const maxTopN = 1 << 20

func limitScan(_ *context, root plan.Node) plan.Node {
	return rewrite(root, func(n plan.Node) plan.Node {
		l, ok := n.(*plan.Limit)
		if !ok || len(l.By) > 0 || l.Count < 0 || l.Count+l.Offset < 0 {
			return n
		}
		in, changed := limitBelow(l.Input, l.Count+l.Offset, true)
		if !changed {
			return n
		}
		return l.With([]plan.Node{in})
	})
}

// limitBelow tells the sort or the scan under nothing but projections how many rows are wanted.
func limitBelow(n plan.Node, rows int64, ofScan bool) (plan.Node, bool) {
	switch n := n.(type) {
	case *plan.Project:
		in, changed := limitBelow(n.Input, rows, ofScan)
		if !changed {
			return n, false
		}
		return n.With([]plan.Node{in}), true
	case *plan.Sort:
		if ofScan || n.Limit > 0 {
			return n, false
		}
		c := *n
		c.Limit = rows
		return &c, true
	case *plan.Scan:
		if !ofScan || n.Limit > 0 || rows == 0 {
			return n, false
		}
		c := *n
		c.Limit = rows
		return &c, true
	case *plan.Union:
		if !ofScan {
			return n, false
		}
		out := overInputs(n, func(in plan.Node) plan.Node {
			below, changed := limitBelow(in, rows, true)
			if !changed {
				return in
			}
			return below
		})
		return out, out != plan.Node(n)
	}
	return n, false
}
