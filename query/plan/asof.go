package plan

import "github.com/automatanexus/aegis-db/query/expr"

// Asof pairs each row of its left side with the one row of the right that has the same keys and the time nearest to its own: RightTime Op LeftTime, the
// latest of these for <= and <, the earliest for >= and >. With Outer, rows without one are kept. Of right rows with equal times it is not
// fixed which is taken. All expressions are over left's columns, then right's; times are integers inside.
type Asof struct {
	Left, Right         Node
	LeftKeys, RightKeys []expr.Expr
	LeftTime, RightTime expr.Expr
	Op                  string
	Outer               bool
}

// Columns is the output of an inner or left join.
func (n *Asof) Columns() []Column {
	if n.Outer {
		return joinColumns(LeftJoin, n.Left, n.Right)
	}
	return joinColumns(InnerJoin, n.Left, n.Right)
}

// Inputs are the two sides.
func (n *Asof) Inputs() []Node { return []Node{n.Left, n.Right} }

// With gives the same node over other inputs.
func (n *Asof) With(in []Node) Node { c := *n; c.Left, c.Right = in[0], in[1]; return &c }

// Map gives the node with every expression replaced by f of it.
func (n *Asof) Map(f func(expr.Expr) expr.Expr) *Asof {
	c := *n
	c.LeftKeys, c.RightKeys = make([]expr.Expr, len(n.LeftKeys)), make([]expr.Expr, len(n.RightKeys))
	for i := range n.LeftKeys {
		c.LeftKeys[i], c.RightKeys[i] = f(n.LeftKeys[i]), f(n.RightKeys[i])
	}
	c.LeftTime, c.RightTime = f(n.LeftTime), f(n.RightTime)
	return &c
}

// expressions lists what is compared.
func (n *Asof) expressions() []expr.Expr {
	out := append(append([]expr.Expr(nil), n.LeftKeys...), n.RightKeys...)
	return append(out, n.LeftTime, n.RightTime)
}
