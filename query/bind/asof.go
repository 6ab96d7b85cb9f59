package bind

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// asof makes the node of an ASOF JOIN from its condition, which is over the columns of the whole FROM: equalities of the two sides, and one
// comparison of their times.
func (f *fromClause) asof(n *sql.Join, left, right *item, cond expr.Expr) (plan.Node, error) {
	refuse := func(pos int) error {
		return unsupported(pos, "ASOF JOIN takes equalities of both sides and one comparison of their times, joined by AND", "Write ON a.key = b.key AND a.time >= b.time; other conditions belong into WHERE.")
	}
	if cond == nil || n.Using != nil || n.Natural || len(right.params) > 0 {
		return nil, refuse(n.Pos)
	}
	out := &plan.Asof{Left: left.node, Right: right.node, Outer: n.Kind == sql.LeftJoin}
	list := []expr.Expr{cond}
	if l, ok := cond.(*expr.Logic); ok && !l.Or {
		list = l.Args
	}
	for _, e := range list {
		c, ok := e.(*expr.Call)
		if !ok || len(c.Args) != 2 || waits(e) || expr.Volatile(e) {
			return nil, refuse(e.Pos())
		}
		l, r, op := shifted(c.Args[0], -left.first), shifted(c.Args[1], -left.first), c.Fn.Name
		width := len(left.node.Columns())
		if onSide(l, width, false) && onSide(r, width, true) {
			l, r, op = r, l, swapped[op]
		}
		if !onSide(l, width, true) || !onSide(r, width, false) || l.Type() != r.Type() {
			return nil, refuse(e.Pos())
		}
		switch op {
		case "=":
			out.LeftKeys, out.RightKeys = append(out.LeftKeys, l), append(out.RightKeys, r)
		case "<", "<=", ">", ">=":
			if out.LeftTime != nil || l.Type().Physical() != column.PhysInt {
				return nil, refuse(e.Pos())
			}
			out.LeftTime, out.RightTime, out.Op = l, r, swapped[op]
		default:
			return nil, refuse(e.Pos())
		}
	}
	if out.LeftTime == nil {
		return nil, refuse(n.On.Position())
	}
	return out, nil
}

// swapped is a comparison with its sides exchanged.
var swapped = map[string]string{"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// onSide reports an expression that reads columns of one side of a join only.
func onSide(e expr.Expr, width int, left bool) bool {
	columns := expr.Columns(e)
	for _, c := range columns {
		if (c < width) != left {
			return false
		}
	}
	return len(columns) > 0
}
