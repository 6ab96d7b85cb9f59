package plan

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// GroupingSets gives every row once for each grouping set: the input's columns, the keys, NULL where the set does not have them, and the set's
// number. An Aggregate above groups by the keys and the number.
type GroupingSets struct {
	Input Node
	Keys  []expr.Expr
	Names []string
	Sets  [][]int // the keys of each set, by their places
}

// SetNumber is the type of the number of a grouping set.
var SetNumber = column.T(column.Int32)

func (n *GroupingSets) Columns() []Column {
	out := append([]Column{}, n.Input.Columns()...)
	for i, e := range n.Keys {
		out = append(out, Column{Name: n.Names[i], Type: e.Type()})
	}
	return append(out, Column{Name: "set", Type: SetNumber, NotNull: true})
}

func (n *GroupingSets) Inputs() []Node      { return []Node{n.Input} }
func (n *GroupingSets) With(in []Node) Node { c := *n; c.Input = in[0]; return &c }
