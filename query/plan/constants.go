package plan

import "github.com/automatanexus/aegis-db/column"

// Constants gives rows of nothing but constants, as vectors: what an INSERT of many rows lists.
type Constants struct {
	Out    []Column
	Values []*column.Vector // one a column, flat
	Rows   int
}

// Columns is the output.
func (n *Constants) Columns() []Column { return n.Out }

// Inputs are none.
func (n *Constants) Inputs() []Node { return nil }

// With gives the same node.
func (n *Constants) With([]Node) Node { return n }
