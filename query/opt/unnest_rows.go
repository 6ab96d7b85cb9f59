package opt

import (
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// unnestRows computes above the left side what a right side does to rows it has no other source of: functions called with the row, and the
// projections and conditions on them. nil = it has another.
func unnestRows(a *plan.Apply) plan.Node {
	if !overOneRow(a.Right) || a.Kind != plan.InnerJoin && (a.Kind != plan.LeftJoin || a.Cond != nil) {
		return nil
	}
	width := len(a.Left.Columns())
	var out plan.Node
	if x, ok := a.Right.(*plan.Expand); ok && a.Kind == plan.LeftJoin {
		out = expandRows(a, x, width)
		out.(*plan.Expand).Outer = true
		return out
	}
	if a.Kind != plan.InnerJoin {
		return nil
	}
	inner := func(right plan.Node) plan.Node {
		return unnestApply(&plan.Apply{Left: a.Left, Right: right, Kind: plan.InnerJoin, Params: a.Params})
	}
	switch r := a.Right.(type) {
	case *plan.Expand:
		out = expandRows(a, r, width)
	case *plan.Filter:
		out = &plan.Filter{Input: inner(r.Input), Cond: setParams(shifted(r.Cond, width), a.Params)}
	case *plan.Project:
		var values []expr.Expr
		for _, e := range r.Exprs {
			values = append(values, setParams(shifted(e, width), a.Params))
		}
		out = beside(inner(r.Input), width, values, r.Columns())
	}
	if a.Cond != nil {
		return &plan.Filter{Input: out, Cond: a.Cond}
	}
	return out
}

// expandRows calls the functions of a right side with the rows of the left, after what is below them there.
func expandRows(a *plan.Apply, x *plan.Expand, width int) plan.Node {
	below := unnestApply(&plan.Apply{Left: a.Left, Right: x.Input, Kind: plan.InnerJoin, Params: a.Params})
	out := x.Map(func(e expr.Expr) expr.Expr { return setParams(shifted(e, width), a.Params) })
	out.Input = below
	return out
}

// overOneRow reports a chain of functions, projections and conditions over one row of constants.
func overOneRow(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Expand:
		v, ok := n.Input.(*plan.Values)
		return ok && len(v.Rows) == 1 || overOneRow(n.Input)
	case *plan.Filter:
		return overOneRow(n.Input)
	case *plan.Project:
		return overOneRow(n.Input)
	}
	return false
}
