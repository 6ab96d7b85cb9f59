package plan

import "github.com/automatanexus/aegis-db/query/expr"

// Window adds columns to its input's: functions of the rows of a row's partition in their order. All its functions have the
// partition and the order in common. The output comes partition by partition, each in order.
type Window struct {
	Input     Node
	Partition []expr.Expr
	Order     []SortKey
	Calls     []expr.WindowCall
	Names     []string
	// Limit, if > 0, says that rows behind the first so many of each partition are not wanted, nor those whose rank is greater if
	// LimitByRank. They may be left out or not. No call's value for other rows depends on them.
	Limit       int64
	LimitByRank bool
}

func (n *Window) Columns() []Column {
	out := append([]Column{}, n.Input.Columns()...)
	for i := range n.Calls {
		out = append(out, Column{Name: n.Names[i], Type: n.Calls[i].T})
	}
	return out
}

func (n *Window) Inputs() []Node      { return []Node{n.Input} }
func (n *Window) With(in []Node) Node { c := *n; c.Input = in[0]; return &c }

// expressions lists what is computed from the input.
func (n *Window) expressions() []expr.Expr {
	out := append([]expr.Expr(nil), n.Partition...)
	for _, k := range n.Order {
		out = append(out, k.Expr)
	}
	for i := range n.Calls {
		out = append(out, n.Calls[i].Exprs()...)
	}
	return out
}

// Map gives the node with every expression, offsets of frames included, replaced by f of it.
func (n *Window) Map(f func(expr.Expr) expr.Expr) *Window {
	out := *n
	out.Partition = make([]expr.Expr, len(n.Partition))
	for i, e := range n.Partition {
		out.Partition[i] = f(e)
	}
	out.Order = append([]SortKey(nil), n.Order...)
	for i := range out.Order {
		out.Order[i].Expr = f(out.Order[i].Expr)
	}
	out.Calls = make([]expr.WindowCall, len(n.Calls))
	for i := range n.Calls {
		out.Calls[i] = n.Calls[i].Map(f)
	}
	return &out
}
