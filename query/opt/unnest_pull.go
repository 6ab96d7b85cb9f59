package opt

import (
	"slices"

	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// pullUp makes a join of an Apply whose right side reads its parameters in conditions only that nothing but projections and inner joins stand
// above: they become conditions of the join. nil = there is something else.
func pullUp(a *plan.Apply) plan.Node {
	p := &pusher{params: a.Params, left: a.Left}
	right, conds, ok := p.pull(a.Right)
	if !ok {
		return nil
	}
	width := len(a.Left.Columns())
	same := make([]expr.Expr, len(conds))
	for i, e := range conds {
		same[i] = setParams(shifted(e, width), a.Params)
	}
	out := plainJoin(a.Left, right, a, same)
	if out == nil || a.Kind >= plan.SemiJoin || len(right.Columns()) == len(a.Right.Columns()) {
		return out
	}
	return beside(out, len(a.Columns()), nil, nil)
}

// pull takes the conditions that read parameters out of a plan; they are over its columns, to which those that they need are added.
func (p *pusher) pull(n plan.Node) (plan.Node, []expr.Expr, bool) {
	if !p.used(n) {
		return n, nil, true
	}
	switch n := n.(type) {
	case *plan.Filter:
		in, conds, ok := p.pull(n.Input)
		if !ok {
			return n, nil, false
		}
		var stay []expr.Expr
		for _, e := range conjuncts(n.Cond) {
			if p.usedIn(e) {
				conds = append(conds, e)
			} else {
				stay = append(stay, e)
			}
		}
		return filtered(in, stay), conds, true
	case *plan.Sort:
		in, conds, ok := p.pull(n.Input)
		if !ok || n.Limit > 0 || slices.ContainsFunc(plan.Expressions(n), p.usedIn) {
			return n, nil, false
		}
		return n.With([]plan.Node{in}), conds, true
	case *plan.Project:
		return p.pullThrough(n)
	case *plan.Join:
		return p.pullJoin(n)
	}
	return n, nil, false
}

// pullThrough passes the columns on that the conditions need.
func (p *pusher) pullThrough(n *plan.Project) (plan.Node, []expr.Expr, bool) {
	in, conds, ok := p.pull(n.Input)
	if !ok || slices.ContainsFunc(n.Exprs, p.usedIn) || slices.ContainsFunc(n.Exprs, expr.Volatile) {
		return n, nil, false
	}
	out := &plan.Project{Input: in, Exprs: slices.Clone(n.Exprs), Names: slices.Clone(n.Names)}
	columns := in.Columns()
	to := gone(len(columns))
	for _, c := range ascending(columnsOf(conds)) {
		to[c] = len(out.Exprs)
		out.Exprs = append(out.Exprs, &expr.Column{Index: c, Name: columns[c].Name, T: columns[c].Type})
		out.Names = append(out.Names, columns[c].Name)
	}
	return out, mapAll(conds, func(e expr.Expr) expr.Expr { return renumber(e, to) }), true
}

// pullJoin takes conditions from sides whose rows the join does not keep for themselves.
func (p *pusher) pullJoin(n *plan.Join) (plan.Node, []expr.Expr, bool) {
	if len(n.LeftKeys) > 0 || n.Kind != plan.InnerJoin && (p.used(n.Right) || p.usedIn(n.Cond)) || n.Kind == plan.RightJoin || n.Kind == plan.FullJoin {
		return n, nil, false
	}
	left, conds, ok := p.pull(n.Left)
	if !ok || len(left.Columns()) != len(n.Left.Columns()) {
		return n, nil, false
	}
	out := *n
	out.Left = left
	if n.Kind != plan.InnerJoin {
		return &out, conds, true
	}
	right, more, ok := p.pull(n.Right)
	if !ok {
		return n, nil, false
	}
	for _, e := range more {
		conds = append(conds, shifted(e, len(left.Columns())))
	}
	var stay []expr.Expr
	for _, e := range conjuncts(n.Cond) {
		if p.usedIn(e) {
			conds = append(conds, e)
		} else {
			stay = append(stay, e)
		}
	}
	out.Right, out.Cond = right, conjunction(stay)
	return &out, conds, true
}
