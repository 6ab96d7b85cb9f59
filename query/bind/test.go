package bind

import (
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// test is a condition about the rows of a subquery: EXISTS, or a comparison that has to hold for any or for all of them. IN is = ANY, and
// NOT IN and <> ALL are NOT (= ANY).
type test struct {
	pos   int
	left  sql.Expr // nil for EXISTS
	op    string
	all   bool
	query *sql.Query
	not   bool
}

// asTest reads a condition as a test, if it is one.
func asTest(e sql.Expr) (t test, ok bool) {
	switch n := e.(type) {
	case *sql.Not:
		t, ok = asTest(n.Expr)
		t.not = !t.not
		return t, ok
	case *sql.Exists:
		return test{pos: n.Pos, query: n.Query}, true
	case *sql.In:
		return test{pos: n.Pos, left: n.Expr, op: "=", query: n.Query, not: n.Not}, n.Query != nil
	case *sql.Quantified:
		if n.Query == nil || n.OpSchema != "" && n.OpSchema != "pg_catalog" {
			return t, false
		}
		if n.Op == "<>" && n.All {
			return test{pos: n.Pos, left: n.Left, op: "=", query: n.Query, not: true}, true
		}
		return test{pos: n.Pos, left: n.Left, op: n.Op, all: n.All, query: n.Query}, true
	}
	return test{}, false
}

// bindTest binds the two sides of a test. The condition is that of one row.
func (b *binder) bindTest(s *scope, t test) (*sub, *link, error) {
	var left []expr.Expr
	if t.left != nil {
		var err error
		if left, err = b.elements(s, t.left); err != nil {
			return nil, nil, err
		}
	}
	root, l, err := b.dependent(s, t.query)
	if err != nil {
		return nil, nil, err
	}
	u := &sub{node: root, params: l.params}
	if t.left == nil {
		return u, l, nil
	}
	columns := root.Columns()
	switch {
	case len(columns) > len(left):
		return nil, nil, errorAt(t.pos, "42601", "subquery has too many columns")
	case len(columns) < len(left):
		return nil, nil, errorAt(t.pos, "42601", "subquery has too few columns")
	}
	right, _ := columnRefs(columns)
	for i := range right {
		right[i] = moved(right[i], rightBase)
	}
	u.cond, err = b.rowTest(t, left, right)
	return u, l, err
}

// rowTest compares with one row of the subquery.
func (b *binder) rowTest(t test, left, right []expr.Expr) (expr.Expr, error) {
	words := map[string]string{"LIKE": "~~", "NOT LIKE": "~~", "ILIKE": "~~*", "NOT ILIKE": "~~*"}
	op, ok := words[t.op]
	if !ok {
		return b.compare(t.op, t.pos, left, right)
	}
	e, err := b.compare(op, t.pos, left, right)
	return negated(e, t.op == "NOT LIKE" || t.op == "NOT ILIKE", t.pos), err
}

// test keeps the rows of an input for which a test holds, where AND joins it to other conditions.
func (b *binder) test(input plan.Node, s *scope, t test) (plan.Node, error) {
	u, _, err := b.bindTest(s, t)
	if err != nil {
		return nil, err
	}
	u.kind = plan.SemiJoin
	if t.left == nil {
		if t.not {
			u.kind = plan.AntiJoin
		}
		return b.kept(input, u), nil
	}
	switch {
	case t.all && t.not: // some row for which it is false
		u.cond = &expr.Not{Arg: u.cond, At: t.pos}
	case t.all: // no row for which it is not true
		u.kind = plan.AntiJoin
		u.cond, err = b.operator("is distinct from", t.pos, u.cond, boolLiteral(true, t.pos))
	case t.not: // no row for which it is not false
		u.kind = plan.AntiJoin
		u.cond, err = b.operator("is distinct from", t.pos, u.cond, boolLiteral(false, t.pos))
	}
	if err != nil {
		return nil, err
	}
	return b.kept(input, u), nil
}

// kept puts a subquery that keeps or drops rows on its input, and takes the columns of other subqueries away again that it may have read.
func (b *binder) kept(input plan.Node, u *sub) plan.Node {
	return b.apply1(input, 0, u, map[*sub]int{})
}

// testValue binds a test anywhere else: its value is a column.
func (b *binder) testValue(s *scope, t test) (expr.Expr, error) {
	u, l, err := b.bindTest(s, t)
	if err != nil {
		return nil, err
	}
	if t.left == nil && !l.crossed {
		e, err := b.existsFirst(u.node, t.pos)
		return negated(e, t.not, t.pos), err
	}
	u.kind = plan.MarkJoin
	if t.all {
		u.cond = &expr.Not{Arg: u.cond, At: t.pos}
	}
	mark := b.waiting(u, []plan.Column{{Name: "mark", Type: boolType}}, t.pos)[0]
	return negated(mark, t.not != t.all, t.pos), nil
}

// existsFirst is EXISTS of a query that reads nothing around it: whether it has a row is counted first.
func (b *binder) existsFirst(root plan.Node, pos int) (expr.Expr, error) {
	count, err := b.Functions.Aggregate("count", nil)
	if err != nil {
		return nil, err
	}
	agg := &plan.Aggregate{
		Input: &plan.Limit{Input: root, Count: 1},
		Aggs:  []expr.AggregateCall{{Fn: count, T: count.Result, At: pos}}, AggNames: []string{"count"},
	}
	some, err := b.operator(">", pos, &expr.Column{Name: "count", T: count.Result, At: pos}, intLiteral(0, pos))
	if err != nil {
		return nil, err
	}
	return b.first(&plan.Project{Input: agg, Exprs: []expr.Expr{some}, Names: []string{"exists"}}, pos), nil
}
