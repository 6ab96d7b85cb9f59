package opt

import (
	"slices"

	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// commonConditions takes what all alternatives of an OR have in common out of it: (a AND x) OR (a AND y) is a AND (x OR y), with NULLs,
// too. Above joins it also adds what such an OR says of single columns, (t.a = 1 AND …) OR (t.a = 2 AND …): rows of t with
// neither cannot pass, and need not be joined.
func commonConditions(_ *context, root plan.Node) plan.Node {
	return rewrite(root, func(n plan.Node) plan.Node {
		switch n := n.(type) {
		case *plan.Filter:
			_, joined := n.Input.(*plan.Join)
			if conds, changed := simplified(conjuncts(n.Cond), joined); changed {
				return &plan.Filter{Input: n.Input, Cond: conjunction(conds)}
			}
		case *plan.Join:
			if conds, changed := simplified(conjuncts(n.Cond), n.Kind == plan.InnerJoin); changed {
				out := *n
				out.Cond = conjunction(conds)
				return &out
			}
		}
		return n
	})
}

// simplified does to each OR of a list of conditions what commonConditions is for.
func simplified(conds []expr.Expr, joined bool) (out []expr.Expr, changed bool) {
	for _, e := range conds {
		or, ok := e.(*expr.Logic)
		if !ok || !or.Or {
			out = append(out, e)
			continue
		}
		common, rest := factored(or)
		out = append(out, common...)
		changed = changed || len(common) > 0
		if rest == nil {
			continue
		}
		if joined {
			implied := perColumn(rest)
			out = append(out, implied...)
			changed = changed || len(implied) > 0
		}
		out = append(out, rest)
	}
	return out, changed
}

// factored gives what all alternatives demand and what is left of the OR; nil if an alternative demands nothing more.
func factored(or *expr.Logic) (common []expr.Expr, rest *expr.Logic) {
	arms := make([][]expr.Expr, len(or.Args))
	for i, a := range or.Args {
		arms[i] = conjuncts(a)
	}
	for _, e := range arms[0] {
		// What may fail must stay behind what is said before it.
		if expr.CanFail(e) || expr.Volatile(e) || contains(common, e) {
			continue
		}
		if !slices.ContainsFunc(arms[1:], func(arm []expr.Expr) bool { return !contains(arm, e) }) {
			common = append(common, e)
		}
	}
	if len(common) == 0 {
		return nil, or
	}
	rest = &expr.Logic{Or: true, At: or.At}
	for _, arm := range arms {
		left := slices.DeleteFunc(slices.Clone(arm), func(e expr.Expr) bool { return contains(common, e) })
		if len(left) == 0 {
			return common, nil
		}
		rest.Args = append(rest.Args, conjunction(left))
	}
	return common, rest
}

func contains(list []expr.Expr, e expr.Expr) bool {
	return slices.ContainsFunc(list, func(o expr.Expr) bool { return expr.Equal(o, e) })
}

// perColumn lists, for each column that every alternative restricts on its own, those restrictions joined by OR.
func perColumn(or *expr.Logic) []expr.Expr {
	byColumn := map[int][]expr.Expr{} // an expression per alternative so far
	for i, a := range or.Args {
		arm := map[int][]expr.Expr{}
		for _, e := range conjuncts(a) {
			if columns := expr.Columns(e); len(columns) == 1 && !expr.CanFail(e) && !expr.Volatile(e) {
				arm[columns[0]] = append(arm[columns[0]], e)
			}
		}
		for c, list := range arm {
			if len(byColumn[c]) == i {
				byColumn[c] = append(byColumn[c], conjunction(list))
			}
		}
	}
	var out []expr.Expr
	for _, c := range expr.Columns(or) {
		if list := byColumn[c]; len(list) == len(or.Args) && len(expr.Columns(or)) > 1 {
			out = append(out, &expr.Logic{Or: true, Args: list, At: or.At})
		}
	}
	return out
}
