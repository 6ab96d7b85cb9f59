package plan

import "github.com/automatanexus/aegis-db/query/expr"

// Expressions lists the expressions that a node computes from its inputs' columns. A Join's are its keys, which count the columns of
// their own side, and its condition.
func Expressions(n Node) []expr.Expr {
	switch n := n.(type) {
	case *Filter:
		return []expr.Expr{n.Cond}
	case *Project:
		return n.Exprs
	case *Asof:
		return n.expressions()
	case *Expand:
		var out []expr.Expr
		for _, c := range n.Calls {
			out = append(out, c.Args...)
		}
		return out
	case *Limit:
		return n.By
	case *LateLimit:
		return n.Numbers()
	case *Sort:
		out := make([]expr.Expr, len(n.Keys))
		for i, k := range n.Keys {
			out[i] = k.Expr
		}
		return out
	case *Aggregate:
		out := append([]expr.Expr(nil), n.Keys...)
		for _, a := range n.Aggs {
			out = append(out, a.Args...)
			if a.Filter != nil {
				out = append(out, a.Filter)
			}
		}
		return out
	case *GroupingSets:
		return n.Keys
	case *Window:
		return n.expressions()
	case *Gapfill:
		return n.expressions()
	case *Join:
		out := append(append([]expr.Expr(nil), n.LeftKeys...), n.RightKeys...)
		if n.Cond != nil {
			out = append(out, n.Cond)
		}
		return out
	}
	return nil
}
