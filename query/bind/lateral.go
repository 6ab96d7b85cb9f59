package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// joined makes the node of a join whose condition is over the columns of the whole FROM: a Join, or an Apply where the right side reads the
// left, or the condition holds subqueries.
func (f *fromClause) joined(n *sql.Join, left, right, out *item, cond expr.Expr) (plan.Node, error) {
	kind := joinKinds[n.Kind]
	var own []plan.ApplyParam // that the left side sets; others come from further left
	for _, p := range right.params {
		if columns := expr.Columns(p.Expr); len(columns) == 0 || columns[0] < left.first {
			out.params = append(out.params, p)
			continue
		}
		p.Expr = shifted(p.Expr, -left.first)
		own = append(own, p)
	}
	if len(right.params) > 0 && kind != plan.InnerJoin && kind != plan.LeftJoin {
		return nil, invalidLateral(right.params[0].Expr)
	}
	if cond != nil && waits(cond) {
		return f.conditional(n, kind, left, right, out, own, cond)
	}
	if cond != nil {
		cond = shifted(cond, -left.first)
	}
	if len(own) > 0 {
		return &plan.Apply{Left: left.node, Right: right.node, Kind: kind, Params: own, Cond: cond}, nil
	}
	return &plan.Join{Left: left.node, Right: right.node, Kind: kind, Cond: cond}, nil
}

func invalidLateral(e expr.Expr) error {
	name := nameOf(e)
	err := errorAt(e.Pos(), "42P10", "invalid reference to FROM-clause entry for table of column \"%s\"", name)
	err.Detail = "The combining JOIN type must be INNER or LEFT for a LATERAL reference."
	return err
}

// conditional joins where subqueries stand in ON. An inner join is a filter over all pairs. Of a left join, the right side becomes one that
// reads the left: the rows of it for which the condition holds.
func (f *fromClause) conditional(n *sql.Join, kind plan.JoinKind, left, right, out *item, own []plan.ApplyParam, cond expr.Expr) (plan.Node, error) {
	f.loosen(cond)
	switch kind {
	case plan.InnerJoin:
		var node plan.Node = &plan.Join{Left: left.node, Right: right.node, Kind: kind}
		if len(own) > 0 {
			node = &plan.Apply{Left: left.node, Right: right.node, Kind: kind, Params: own}
		}
		return f.filteredBy(node, cond, left.first), nil
	case plan.LeftJoin:
		return f.outerWith(plan.LeftJoin, left, right, own, cond), nil
	case plan.RightJoin:
		swapped := f.outerWith(plan.LeftJoin, right, left, nil, cond)
		refs, names := columnRefs(swapped.Columns())
		width := len(right.node.Columns())
		return &plan.Project{Input: swapped, Exprs: append(refs[width:], refs[:width]...), Names: append(names[width:], names[:width]...)}, nil
	}
	return f.fullWith(n, left, right, out, cond)
}

// fullWith is a full join where subqueries stand in ON: the left join, and then the rows of the right side that have no partner. The condition is bound
// once more for these.
func (f *fromClause) fullWith(n *sql.Join, left, right, out *item, cond expr.Expr) (plan.Node, error) {
	if plan.Volatile(left.node) || plan.Volatile(right.node) {
		return nil, unsupported(n.Pos, "subqueries in the condition of a FULL JOIN of volatile queries are not supported", "Keep the rows of both sides in WITH … AS MATERIALIZED.")
	}
	again, err := f.onCondition(n, out)
	if err != nil {
		return nil, err
	}
	f.loosen(again)
	rest := f.outerWith(plan.AntiJoin, right, left, nil, again)
	with := f.outerWith(plan.LeftJoin, left, right, nil, cond)
	alone := &plan.Project{Input: rest}
	for _, c := range left.node.Columns() {
		alone.Exprs, alone.Names = append(alone.Exprs, &expr.Literal{Value: nullOf(c.Type)}), append(alone.Names, c.Name)
	}
	refs, names := columnRefs(rest.Columns())
	alone.Exprs, alone.Names = append(alone.Exprs, refs...), append(alone.Names, names...)
	both := &plan.Union{Ins: []plan.Node{with, alone}, Out: slices.Clone(with.Columns())}
	for i := range both.Out {
		both.Out[i].NotNull = false
	}
	return both, nil
}

// filteredBy keeps the rows for which a condition with subqueries holds, in the columns that they had.
func (f *fromClause) filteredBy(node plan.Node, cond expr.Expr, first int) plan.Node {
	refs, names := columnRefs(node.Columns())
	cond = shifted(cond, -first)
	node = f.attach(node, -first, &cond)
	return &plan.Project{Input: &plan.Filter{Input: node, Cond: cond}, Exprs: refs, Names: names}
}

// outerWith is a join that keeps rows of one side: an outer join all of them, an anti join those without a partner.
func (f *fromClause) outerWith(kind plan.JoinKind, keep, other *item, own []plan.ApplyParam, cond expr.Expr) plan.Node {
	l := &link{params: own}
	kept := keep.node.Columns()
	lift := func(e expr.Expr) expr.Expr {
		return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
			c, ok := e.(*expr.Column)
			if !ok || c.Index >= aggBase || c.Index < keep.first || c.Index >= keep.first+len(kept) {
				return e
			}
			return f.outside([]*link{l}, shifted(c, -keep.first))
		})
	}
	cond = lift(cond)
	f.eachWaiting(cond, func(u *sub) {
		for i := range u.params {
			u.params[i].Expr = lift(u.params[i].Expr)
		}
		if u.cond != nil {
			u.cond = lift(u.cond)
		}
	})
	inner := f.filteredBy(other.node, cond, other.first)
	return &plan.Apply{Left: keep.node, Right: inner, Kind: kind, Params: l.params}
}

// eachWaiting calls f for the subqueries that an expression reads, and for those that they read themselves.
func (b *binder) eachWaiting(e expr.Expr, f func(*sub)) {
	expr.Walk(e, func(e expr.Expr) bool {
		c, ok := e.(*expr.Column)
		if !ok || c.Index < subBase || c.Index >= setBase {
			return true
		}
		u := b.places[c.Index-subBase].sub
		for _, p := range u.params {
			b.eachWaiting(p.Expr, f)
		}
		if u.cond != nil {
			b.eachWaiting(u.cond, f)
		}
		f(u)
		return true
	})
}
