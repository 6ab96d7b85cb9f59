package plan

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Expand gives each row of its input once for every row of its functions, which are called with the row and run side by side: where one has
// ended before another its columns are NULL. A row for which they give none is dropped, or with Outer kept once, with NULLs.
type Expand struct {
	Input Node
	Calls []expr.SetCall
	// Ordinality adds a column that counts the rows of the functions.
	Ordinality bool
	Outer      bool
}

// Columns is the output: the input's columns, the functions', the count.
func (n *Expand) Columns() []Column {
	out := append([]Column{}, n.Input.Columns()...)
	for _, c := range n.Calls {
		for i, col := range c.Fn.Columns {
			out = append(out, Column{Name: c.Names[i], Type: col.Type})
		}
	}
	if n.Ordinality {
		out = append(out, Column{Name: "ordinality", Type: column.T(column.Int64), NotNull: !n.Outer})
	}
	return out
}

// Inputs is the one input.
func (n *Expand) Inputs() []Node { return []Node{n.Input} }

// With gives the same node over another input.
func (n *Expand) With(in []Node) Node { c := *n; c.Input = in[0]; return &c }

// Map gives the node with every argument replaced by f of it.
func (n *Expand) Map(f func(expr.Expr) expr.Expr) *Expand {
	c := *n
	c.Calls = make([]expr.SetCall, len(n.Calls))
	for i, call := range n.Calls {
		c.Calls[i] = call.Map(f)
	}
	return &c
}

// Volatile reports that a function may give other rows for the same arguments.
func (n *Expand) Volatile() bool {
	for _, c := range n.Calls {
		if c.Fn.Volatile {
			return true
		}
	}
	return false
}
