package opt

import (
	"slices"

	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// rewrite rebuilds a plan from the leaves up. Where nothing changes the node itself comes back, so that a rule's
// caller can see whether it did anything.
func rewrite(n plan.Node, f func(plan.Node) plan.Node) plan.Node {
	return f(overInputs(n, func(in plan.Node) plan.Node { return rewrite(in, f) }))
}

// overInputs gives a node over f of each of its inputs; the node itself if none changed.
func overInputs(n plan.Node, f func(plan.Node) plan.Node) plan.Node {
	before := n.Inputs()
	var after []plan.Node
	for i, in := range before {
		out := f(in)
		if out != in && after == nil {
			after = slices.Clone(before)
		}
		if after != nil {
			after[i] = out
		}
	}
	if after == nil {
		return n
	}
	return n.With(after)
}

// mapExpressions rebuilds a node with every expression replaced by f of it; the node itself if none changed.
func mapExpressions(n plan.Node, f func(expr.Expr) expr.Expr) plan.Node {
	changed := false
	each := func(e expr.Expr) expr.Expr {
		if e == nil {
			return nil
		}
		out := f(e)
		changed = changed || out != e
		return out
	}
	var out plan.Node
	switch n := n.(type) {
	case *plan.Filter:
		out = &plan.Filter{Input: n.Input, Cond: each(n.Cond)}
	case *plan.Project:
		c := *n
		c.Exprs = mapAll(n.Exprs, each)
		out = &c
	case *plan.Limit:
		c := *n
		c.By = mapAll(n.By, each)
		out = &c
	case *plan.Sort:
		c := *n
		c.Keys = append([]plan.SortKey(nil), n.Keys...)
		for i := range c.Keys {
			c.Keys[i].Expr = each(c.Keys[i].Expr)
		}
		out = &c
	case *plan.Aggregate:
		c := *n
		c.Keys = mapAll(n.Keys, each)
		c.Aggs = append([]expr.AggregateCall(nil), n.Aggs...)
		for i := range c.Aggs {
			c.Aggs[i].Args = mapAll(c.Aggs[i].Args, each)
			c.Aggs[i].Filter = each(c.Aggs[i].Filter)
		}
		out = &c
	case *plan.GroupingSets:
		c := *n
		c.Keys = mapAll(n.Keys, each)
		out = &c
	case *plan.Window:
		out = n.Map(each)
	case *plan.Gapfill:
		out = n.Map(each)
	case *plan.Join:
		c := *n
		c.LeftKeys, c.RightKeys, c.Cond = mapAll(n.LeftKeys, each), mapAll(n.RightKeys, each), each(n.Cond)
		out = &c
	case *plan.Apply:
		c := *n
		c.Cond = each(n.Cond)
		c.Params = slices.Clone(n.Params)
		for i := range c.Params {
			c.Params[i].Expr = each(c.Params[i].Expr)
		}
		out = &c
	case *plan.Expand:
		out = n.Map(each)
	case *plan.LateLimit:
		out = n.Map(each)
	case *plan.Asof:
		out = n.Map(each)
	case *plan.Values:
		c := *n
		c.Rows = make([][]expr.Expr, len(n.Rows))
		for i, row := range n.Rows {
			c.Rows[i] = mapAll(row, each)
		}
		out = &c
	}
	if !changed {
		return n
	}
	return out
}

// mapAll gives f of each expression; the list itself if none changed.
func mapAll(list []expr.Expr, f func(expr.Expr) expr.Expr) []expr.Expr {
	var out []expr.Expr
	for i, e := range list {
		changed := f(e)
		if changed != e && out == nil {
			out = slices.Clone(list)
		}
		if out != nil {
			out[i] = changed
		}
	}
	if out == nil {
		return list
	}
	return out
}

// conjuncts splits a condition at its ANDs; nil has none.
func conjuncts(e expr.Expr) []expr.Expr {
	if e == nil {
		return nil
	}
	if l, ok := e.(*expr.Logic); ok && !l.Or {
		var out []expr.Expr
		for _, a := range l.Args {
			out = append(out, conjuncts(a)...)
		}
		return out
	}
	return []expr.Expr{e}
}

// conjunction joins conditions with AND; nil for none.
func conjunction(list []expr.Expr) expr.Expr {
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	return &expr.Logic{Args: list, At: list[0].Pos()}
}

// filtered puts what is left of a condition above a node.
func filtered(n plan.Node, rest []expr.Expr) plan.Node {
	if cond := conjunction(rest); cond != nil {
		return &plan.Filter{Input: n, Cond: cond}
	}
	return n
}

// substitute replaces column i of an expression by exprs[i].
func substitute(e expr.Expr, exprs []expr.Expr) expr.Expr {
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		if c, ok := e.(*expr.Column); ok {
			return exprs[c.Index]
		}
		return e
	})
}

// shifted moves column references by places.
func shifted(e expr.Expr, by int) expr.Expr {
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		c, ok := e.(*expr.Column)
		if !ok || by == 0 {
			return e
		}
		moved := *c
		moved.Index += by
		return &moved
	})
}

// renumber moves column references: column i becomes to[i].
func renumber(e expr.Expr, to []int) expr.Expr {
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		c, ok := e.(*expr.Column)
		if !ok || to[c.Index] == c.Index {
			return e
		}
		moved := *c
		moved.Index = to[c.Index]
		return &moved
	})
}
