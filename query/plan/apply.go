package plan

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Apply is a dependent join: Right is computed anew for every row of Left, with Params set from that row, and joined with it. It is how
// correlated subqueries and LATERAL are bound. The optimizer makes a Join of it where it can; what is left, and everything when the rule is off,
// is run as it says here.
//
// Kinds are those of Join, without RIGHT and FULL. MarkJoin gives the three-valued OR of Cond over the rows of Right, false if there are none.
type Apply struct {
	Left, Right Node
	Kind        JoinKind
	Params      []ApplyParam
	Cond        expr.Expr // over left's columns, then right's; nil = true
	// Loose says of a MarkJoin that nobody above tells NULL from false.
	Loose bool
}

// ApplyParam makes the value of an expression over Left's columns that of a parameter of Right.
type ApplyParam struct {
	Param int
	Expr  expr.Expr
}

// Columns is the output: that of a Join of the kind.
func (n *Apply) Columns() []Column { return joinColumns(n.Kind, n.Left, n.Right) }

// Inputs are the two sides.
func (n *Apply) Inputs() []Node { return []Node{n.Left, n.Right} }

// With gives the same node over other inputs.
func (n *Apply) With(in []Node) Node { c := *n; c.Left, c.Right = in[0], in[1]; return &c }

// joinColumns is the output of a join.
func joinColumns(kind JoinKind, l, r Node) []Column {
	out := slices.Clone(l.Columns())
	switch {
	case kind >= MarkJoin:
		return append(out, Column{Name: "mark", Type: column.T(column.Bool), NotNull: kind == MarkJoin})
	case kind >= SemiJoin:
		return out
	}
	right := slices.Clone(r.Columns())
	if kind == RightJoin || kind == FullJoin {
		nullable(out)
	}
	if kind == LeftJoin || kind == FullJoin {
		nullable(right)
	}
	return append(out, right...)
}

// FreeParams lists the statement's own parameters that a plan reads and that no Apply inside it sets, ascending.
func FreeParams(n Node) []int {
	found := map[int]bool{}
	freeParams(n, found)
	out := make([]int, 0, len(found))
	for p := range found {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

func freeParams(n Node, found map[int]bool) {
	note := func(e expr.Expr) {
		expr.Walk(e, func(e expr.Expr) bool {
			if p, ok := e.(*expr.Param); ok && p.Index >= expr.OwnParams {
				found[p.Index] = true
			}
			return true
		})
	}
	for _, e := range AllExpressions(n) {
		note(e)
	}
	for _, in := range n.Inputs() {
		freeParams(in, found)
	}
	if a, ok := n.(*Apply); ok { // numbers are unique in a statement
		for _, p := range a.Params {
			delete(found, p.Param)
		}
	}
}

// AllExpressions is Expressions, with those that read no columns.
func AllExpressions(n Node) []expr.Expr {
	switch n := n.(type) {
	case *Values:
		return slices.Concat(n.Rows...)
	case *Scan:
		out := make([]expr.Expr, len(n.Series))
		for i, c := range n.Series {
			out[i] = c.Cond
		}
		for _, l := range n.Late {
			if l.List != nil {
				out = append(out, l.List)
			} else {
				out = append(out, l.Param)
			}
		}
		return out
	case *Apply:
		out := make([]expr.Expr, 0, len(n.Params)+1)
		for _, p := range n.Params {
			out = append(out, p.Expr)
		}
		if n.Cond != nil {
			out = append(out, n.Cond)
		}
		return out
	}
	return Expressions(n)
}
