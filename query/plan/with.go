package plan

import "github.com/automatanexus/aegis-db/query/expr"

// Shared is a plan that is computed once for all the places of a statement that read it: those whose ID is the same, and whose inputs are
// the same but for names. It is computed as far as it is read.
type Shared struct {
	Input Node
	Name  string
	ID    *SharedID
}

// SharedID tells one shared plan from another.
type SharedID struct{ _ byte }

// Columns are the input's.
func (n *Shared) Columns() []Column { return n.Input.Columns() }

// Inputs is the plan that is shared.
func (n *Shared) Inputs() []Node { return []Node{n.Input} }

// With gives the same node over another input.
func (n *Shared) With(in []Node) Node { c := *n; c.Input = in[0]; return &c }

// Recursive gives the rows of Base, then those of Step over the rows that came last, until there are none. Distinct leaves out rows that came before.
// Both have the column types of Out.
type Recursive struct {
	Base, Step Node
	Name       string
	ID         *SharedID
	Distinct   bool
	Out        []Column
}

// Columns is the output.
func (n *Recursive) Columns() []Column { return n.Out }

// Inputs are the two terms.
func (n *Recursive) Inputs() []Node { return []Node{n.Base, n.Step} }

// With gives the same node over other terms.
func (n *Recursive) With(in []Node) Node { c := *n; c.Base, c.Step = in[0], in[1]; return &c }

// Work stands in the step of the Recursive with its ID for the rows that came last.
type Work struct {
	Name string
	ID   *SharedID
	Out  []Column
}

// Columns is the output.
func (n *Work) Columns() []Column { return n.Out }

// Inputs are none.
func (n *Work) Inputs() []Node { return nil }

// With gives the same node.
func (n *Work) With([]Node) Node { return n }

// Volatile reports that a plan may give other rows when it runs again.
func Volatile(n Node) bool {
	if x, ok := n.(*Expand); ok && x.Volatile() {
		return true
	}
	for _, e := range AllExpressions(n) {
		if expr.Volatile(e) {
			return true
		}
	}
	for _, in := range n.Inputs() {
		if Volatile(in) {
			return true
		}
	}
	return false
}
