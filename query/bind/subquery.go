package bind

import (
	"fmt"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// A subquery is bound in one of three ways. One that stands for a value and reads nothing around it is run first, once, and is a constant of
// the query: a parameter, whose value reaches scans like that of any constant. EXISTS, IN, ANY and ALL that AND joins in WHERE keep or drop the
// rows of an Apply. Any other is a column that an Apply adds to the rows of the query around it: column subBase + k stands for it until attach
// knows those rows.

const (
	// subBase is the number of the first column of subqueries: beyond any column, aggregate and window function.
	subBase = 1 << 25
	// rightBase is the number of a subquery's own first column in the condition that compares its rows.
	rightBase = 1 << 27
)

// link is what a query reads of the query around it.
type link struct {
	params []plan.ApplyParam // over the columns of the scope around it
	// crossed says that it, or a query inside it, reads something around it.
	crossed bool
}

// sub is a subquery that waits for the rows it is computed for.
type sub struct {
	node   plan.Node
	kind   plan.JoinKind
	params []plan.ApplyParam
	cond   expr.Expr // with the subquery's columns from rightBase on
	loose  bool      // see plan.Apply
}

// subColumn is a column of a subquery.
type subColumn struct {
	sub    *sub
	column int
}

// around sets the scope around what is bound next, until the function it returns is called.
func (b *binder) around(s *scope) (restore func()) {
	before := b.outer
	b.outer = s
	return func() { b.outer = before }
}

// dependent binds a subquery of an expression in a scope.
func (b *binder) dependent(s *scope, q *sql.Query) (plan.Node, *link, error) {
	l := &link{}
	defer b.around(&scope{outer: s, link: l})()
	root, err := b.query(q)
	return root, l, err
}

// outside makes an expression of a scope further out a parameter of the query that reads it: links are those on the way, the last is
// that of the query right inside that scope.
func (b *binder) outside(links []*link, e expr.Expr) expr.Expr {
	for _, l := range links {
		l.crossed = true
	}
	l := links[len(links)-1]
	out := &expr.Param{Name: "outer " + nameOf(e), T: e.Type(), Shape: shapeOf(e), At: e.Pos()}
	for _, p := range l.params {
		if expr.Equal(p.Expr, e) {
			out.Index = p.Param
			return out
		}
	}
	out.Index = b.newParam()
	l.params = append(l.params, plan.ApplyParam{Param: out.Index, Expr: e})
	return out
}

// newParam numbers a parameter that no client gives.
func (b *binder) newParam() int {
	b.ownParams++
	return expr.OwnParams + b.ownParams - 1
}

// waiting makes a subquery one that attach places, and gives the columns that stand for it until then.
func (b *binder) waiting(u *sub, columns []plan.Column, pos int) []expr.Expr {
	out := make([]expr.Expr, len(columns))
	for i, c := range columns {
		out[i] = &expr.Column{Index: subBase + len(b.places), Name: c.Name, T: c.Type, At: pos}
		b.places = append(b.places, subColumn{u, i})
	}
	return out
}

// scalar binds a query in parentheses that stands for a value.
func (b *binder) scalar(s *scope, n *sql.Subquery) (expr.Expr, error) {
	out, err := b.scalars(s, n, 1, n.Pos)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// scalars binds a query that stands for a row of so many values; pos is what compares them.
func (b *binder) scalars(s *scope, n *sql.Subquery, width, pos int) ([]expr.Expr, error) {
	root, l, err := b.dependent(s, n.Query)
	if err != nil {
		return nil, err
	}
	columns := root.Columns()
	switch {
	case width == 1 && len(columns) != 1:
		return nil, errorAt(n.Pos, "42601", "subquery must return only one column")
	case len(columns) > width:
		return nil, errorAt(pos, "42601", "subquery has too many columns")
	case len(columns) < width:
		return nil, errorAt(pos, "42601", "subquery has too few columns")
	}
	if !l.crossed && width == 1 {
		return []expr.Expr{b.first(root, n.Pos)}, nil
	}
	return b.rowOf(root, l, n.Pos)
}

// rowOf makes a subquery that was bound one of at most one row: the expressions that stand for its values.
func (b *binder) rowOf(root plan.Node, l *link, pos int) ([]expr.Expr, error) {
	u := &sub{node: root, kind: plan.LeftJoin, params: l.params}
	if !atMostOne(root) {
		return b.single(u, pos)
	}
	if exactlyOne(root) {
		u.kind = plan.InnerJoin
	}
	return b.waiting(u, root.Columns(), pos), nil
}

// single makes a subquery one of one row: its values, NULL without a row, and how many rows there were, which is looked at where a value
// is used.
func (b *binder) single(u *sub, pos int) ([]expr.Expr, error) {
	count, err := b.Functions.Aggregate("count", nil)
	if err != nil {
		return nil, err
	}
	agg := &plan.Aggregate{Input: u.node}
	for i, c := range u.node.Columns() {
		agg.Aggs = append(agg.Aggs, expr.AggregateCall{Fn: fn.Single(c.Type), Args: []expr.Expr{&expr.Column{Index: i, Name: c.Name, T: c.Type}}, T: c.Type, At: pos})
		agg.AggNames = append(agg.AggNames, c.Name)
	}
	agg.Aggs, agg.AggNames = append(agg.Aggs, expr.AggregateCall{Fn: count, T: count.Result, At: pos}), append(agg.AggNames, "count")
	u.node, u.kind = agg, plan.InnerJoin
	out := b.waiting(u, agg.Columns(), pos)
	last := len(out) - 1
	for i, e := range out[:last] {
		out[i] = &expr.Call{Fn: fn.SingleRow(e.Type()), Args: []expr.Expr{e, out[last]}, T: e.Type(), At: pos}
	}
	return out[:last], nil
}

// exactlyOne reports a plan that gives one row, whatever it reads.
func exactlyOne(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Project:
		return exactlyOne(n.Input)
	case *plan.Sort:
		return exactlyOne(n.Input)
	case *plan.Aggregate:
		return len(n.Keys) == 0
	case *plan.Values:
		return len(n.Rows) == 1
	}
	return false
}

// atMostOne reports a plan that gives no second row.
func atMostOne(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Limit:
		return n.Count == 0 || n.Count == 1 || atMostOne(n.Input)
	case *plan.Project:
		return atMostOne(n.Input)
	case *plan.Filter:
		return atMostOne(n.Input)
	}
	return exactlyOne(n)
}

// first has a plan run before the statement, and gives the parameter that stands for its value.
func (b *binder) first(root plan.Node, pos int) expr.Expr {
	p := &expr.Param{Index: b.newParam(), Name: fmt.Sprintf("(subquery %d)", len(b.subqueries)+1), T: root.Columns()[0].Type, At: pos}
	b.subqueries = append(b.subqueries, plan.Subquery{Root: root, Param: p.Index, Name: p.Name, Pos: pos})
	return p
}

// attach puts the subqueries that expressions read on top of their input, and makes the expressions read them there. Columns of the
// subqueries' own expressions are moved by so many places.
func (b *binder) attach(input plan.Node, by int, list ...*expr.Expr) plan.Node {
	at := map[*sub]int{}
	for _, e := range list {
		if *e != nil {
			input, *e = b.attachOne(input, by, *e, at)
		}
	}
	return input
}

func (b *binder) attachOne(input plan.Node, by int, e expr.Expr, at map[*sub]int) (plan.Node, expr.Expr) {
	if !waits(e) {
		return input, e
	}
	out := expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		c, ok := e.(*expr.Column)
		if !ok || c.Index < subBase || c.Index >= setBase {
			return e
		}
		p := b.places[c.Index-subBase]
		if _, there := at[p.sub]; !there {
			input = b.apply1(input, by, p.sub, at)
		}
		moved := *c
		moved.Index = at[p.sub] + p.column
		return &moved
	})
	return input, out
}

// apply1 puts one subquery on its input, those that it reads itself below it.
func (b *binder) apply1(input plan.Node, by int, u *sub, at map[*sub]int) plan.Node {
	a := &plan.Apply{Right: u.node, Kind: u.kind, Params: slices.Clone(u.params), Cond: u.cond, Loose: u.loose}
	for i := range a.Params {
		a.Params[i].Expr = shifted(a.Params[i].Expr, by)
		input, a.Params[i].Expr = b.attachOne(input, by, a.Params[i].Expr, at)
	}
	if a.Cond != nil {
		a.Cond = shifted(a.Cond, by)
		input, a.Cond = b.attachOne(input, by, a.Cond, at)
	}
	a.Left = input
	width := len(input.Columns())
	if a.Cond != nil {
		a.Cond = beside(a.Cond, width)
	}
	at[u] = width
	return a
}

// beside gives the columns from rightBase on their places behind so many others.
func beside(e expr.Expr, width int) expr.Expr {
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		c, ok := e.(*expr.Column)
		if !ok || c.Index < rightBase {
			return e
		}
		return moved(e, width-rightBase)
	})
}

// shifted moves the columns of an expression, but not those that stand for something else.
func shifted(e expr.Expr, by int) expr.Expr {
	if by == 0 {
		return e
	}
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		if c, ok := e.(*expr.Column); ok && c.Index < aggBase {
			return moved(e, by)
		}
		return e
	})
}

// waits reports that an expression reads a subquery that was not attached.
func waits(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		c, ok := e.(*expr.Column)
		found = found || ok && c.Index >= subBase && c.Index < setBase
		return !found
	})
	return found
}

// loosen tells the subqueries of a condition that a NULL of theirs is as good as false: where nothing but AND and OR is above them.
func (b *binder) loosen(e expr.Expr) {
	switch e := e.(type) {
	case *expr.Column:
		if e.Index >= subBase && e.Index < setBase {
			b.places[e.Index-subBase].sub.loose = true
		}
	case *expr.Logic:
		for _, a := range e.Args {
			b.loosen(a)
		}
	}
}

// settled refuses a subquery, or a column of a query around, where the value is needed while the statement is bound.
func (b *binder) settled(e expr.Expr, clause string) error {
	var err error
	expr.Walk(e, func(e expr.Expr) bool {
		c, column := e.(*expr.Column)
		p, param := e.(*expr.Param)
		if param && p.Index >= expr.OwnParams || column && c.Index >= subBase {
			err = unsupported(e.Pos(), "a subquery in "+clause+" is not supported", "Run it first and pass its value as a parameter.")
		}
		return err == nil
	})
	return err
}

// attached makes sure that no expression of a plan reads a subquery that nobody attached: the places that take none say so.
func (b *binder) attached(n plan.Node) error {
	for _, e := range plan.AllExpressions(n) {
		var err error
		expr.Walk(e, func(e expr.Expr) bool {
			if c, ok := e.(*expr.Column); ok && c.Index >= aggBase {
				err = unsupported(c.At, "a subquery that reads the query around it, or a function that gives rows, is not supported here", "Move it into a subquery in FROM.")
			}
			return err == nil
		})
		if err != nil {
			return err
		}
	}
	for _, in := range n.Inputs() {
		if err := b.attached(in); err != nil {
			return err
		}
	}
	return nil
}

func boolLiteral(v bool, pos int) expr.Expr {
	return &expr.Literal{Value: column.NewBools([]bool{v}, nil), At: pos}
}
