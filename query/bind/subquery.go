package bind

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// A subquery is run in one of two ways. EXISTS and IN that AND joins in WHERE become joins of the rows with the subquery, which may
// read the query around it in its own WHERE. Any other is run first, once, and its one value is a constant of the query: a
// parameter, whose value reaches scans like that of any constant.

// test is EXISTS (query) or x IN (query), or the opposite of one, where AND joins it to other conditions of WHERE.
type test struct {
	pos   int
	left  sql.Expr // nil for EXISTS
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
		return test{pos: n.Pos, left: n.Expr, query: n.Query, not: n.Not}, n.Query != nil
	case *sql.Quantified: // x = ANY (query) is IN, x <> ALL (query) is NOT IN
		in := n.Op == "=" && !n.All || n.Op == "<>" && n.All
		return test{pos: n.Pos, left: n.Left, query: n.Query, not: n.All}, in && n.Query != nil && n.OpSchema == ""
	}
	return test{}, false
}

// inner is a bound subquery of a test: rows, what it selects from them, and the conditions that read the query around it as well,
// whose columns stand behind outerBase.
type inner struct {
	node       plan.Node
	targets    []expr.Expr
	correlated []expr.Expr
}

// test joins the input of a SELECT with the subquery of a test.
func (b *binder) test(input plan.Node, s *scope, t test) (plan.Node, error) {
	var left expr.Expr
	if t.left != nil {
		if _, ok := t.left.(*sql.Row); ok {
			return nil, unsupported(t.left.Position(), "row values are not supported", "Use EXISTS with the elements compared one by one.")
		}
		var err error
		if left, err = b.expr(s.within("WHERE"), t.left); err != nil {
			return nil, err
		}
	}
	sub, err := b.inner(s, t.query)
	if err != nil {
		return nil, err
	}
	join := &plan.Join{Left: input, Right: sub.node, Kind: plan.SemiJoin}
	if t.not {
		join.Kind = plan.AntiJoin
	}
	width := len(input.Columns())
	conds := make([]expr.Expr, len(sub.correlated))
	for i, e := range sub.correlated {
		conds[i] = sideBySide(e, width)
	}
	if t.left != nil {
		if conds, err = b.membership(join, t, left, sub, conds); err != nil {
			return nil, err
		}
	}
	switch len(conds) {
	case 0:
		if t.left == nil { // one row tells
			join.Right = &plan.Limit{Input: sub.node, Count: 1}
		}
	case 1:
		join.Cond = conds[0]
	default:
		join.Cond = &expr.Logic{Args: conds, At: t.pos}
	}
	return join, nil
}

// membership adds the comparison of IN to a join.
func (b *binder) membership(join *plan.Join, t test, left expr.Expr, sub *inner, conds []expr.Expr) ([]expr.Expr, error) {
	if len(sub.targets) != 1 {
		return nil, errorAt(t.pos, "42601", "subquery has too many columns")
	}
	if reads(left, outerBase) {
		return nil, correlation(left.Pos())
	}
	width := len(join.Left.Columns())
	eq, err := b.operator("=", t.pos, left, sideBySide(sub.targets[0], width))
	if err != nil {
		return nil, err
	}
	if !t.not {
		return append(conds, eq), nil
	}
	if c, ok := eq.(*expr.Call); ok && len(conds) == 0 && c.Args[0].Type() == c.Args[1].Type() {
		join.Kind = plan.NullAntiJoin
		right := expr.Rewrite(c.Args[1], func(e expr.Expr) expr.Expr { return moved(e, -width) })
		join.LeftKeys, join.RightKeys = []expr.Expr{c.Args[0]}, []expr.Expr{right}
		return nil, nil
	}
	// A row goes if any comparison is not false.
	no := &expr.Literal{Value: column.NewBools([]bool{false}, nil), At: t.pos}
	distinct, err := b.operator("is distinct from", t.pos, eq, no)
	return append(conds, distinct), err
}

// sideBySide makes an expression over the columns of a subquery, and behind outerBase those of the query around it, one over
// both: the query's, of which there are width, then the subquery's.
func sideBySide(e expr.Expr, width int) expr.Expr {
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		if c, ok := e.(*expr.Column); ok && c.Index >= outerBase {
			return moved(e, -outerBase)
		}
		return moved(e, width)
	})
}

// reads reports that an expression reads a column of number from or beyond.
func reads(e expr.Expr, from int) bool {
	list := expr.Columns(e)
	return len(list) > 0 && list[len(list)-1] >= from
}

// inner binds the subquery of a test.
func (b *binder) inner(s *scope, q *sql.Query) (*inner, error) {
	defer b.around(s)()
	restore, err := b.define(q.With)
	defer restore()
	if err != nil {
		return nil, err
	}
	body, ok := q.Body.(*sql.Select)
	if !ok || len(q.OrderBy) > 0 || q.Limit != nil || q.Offset != nil {
		root, err := b.complete(q)
		if err != nil {
			return nil, err
		}
		return whole(root), nil
	}
	blk, err := b.block(body, true)
	if err != nil {
		return nil, err
	}
	if blk.grouped() || len(blk.s.windows.calls) > 0 {
		if len(blk.correlated) > 0 {
			return nil, correlation(blk.correlated[0].Pos())
		}
		root, err := b.finishBlock(blk, nil, false)
		if err != nil {
			return nil, err
		}
		return whole(root), nil
	}
	out := &inner{node: blk.input, correlated: blk.correlated}
	for _, t := range blk.targets {
		e, err := b.known(t.bound)
		if err != nil {
			return nil, err
		}
		out.targets = append(out.targets, e)
	}
	return out, nil
}

func whole(root plan.Node) *inner {
	refs, _ := columnRefs(root.Columns())
	return &inner{node: root, targets: refs}
}

// scalar binds a query in parentheses that stands for a value.
func (b *binder) scalar(s *scope, n *sql.Subquery) (expr.Expr, error) {
	root, err := b.alone(s, n.Query)
	if err != nil {
		return nil, err
	}
	if len(root.Columns()) != 1 {
		return nil, errorAt(n.Pos, "42601", "subquery must return only one column")
	}
	return b.first(root, n.Pos), nil
}

// exists binds EXISTS where it is a value: whether the subquery has a row is counted first.
func (b *binder) exists(s *scope, n *sql.Exists) (expr.Expr, error) {
	root, err := b.alone(s, n.Query)
	if err != nil {
		return nil, err
	}
	count, err := b.Functions.Aggregate("count", nil)
	if err != nil {
		return nil, err
	}
	agg := &plan.Aggregate{
		Input: &plan.Limit{Input: root, Count: 1},
		Aggs:  []expr.AggregateCall{{Fn: count, T: count.Result, At: n.Pos}}, AggNames: []string{"count"},
	}
	some, err := b.operator(">", n.Pos, &expr.Column{Name: "count", T: count.Result, At: n.Pos}, &expr.Literal{Value: column.NewInts(count.Result, []int64{0}, nil), At: n.Pos})
	if err != nil {
		return nil, err
	}
	return b.first(&plan.Project{Input: agg, Exprs: []expr.Expr{some}, Names: []string{"exists"}}, n.Pos), nil
}

// alone binds a subquery that may not read the query around it.
func (b *binder) alone(s *scope, q *sql.Query) (plan.Node, error) {
	defer b.around(&scope{outer: s})()
	return b.query(q)
}

// first has a plan run before the statement, and gives the parameter that stands for its value.
func (b *binder) first(root plan.Node, pos int) expr.Expr {
	p := &expr.Param{Index: b.firstParam() + len(b.subqueries), T: root.Columns()[0].Type, At: pos}
	b.subqueries = append(b.subqueries, plan.Subquery{Root: root, Param: p.Index, Pos: pos})
	return p
}

// firstParam is the number of the first parameter that no client can give.
func (b *binder) firstParam() int {
	if b.ParamValues == nil {
		return maxClientParams
	}
	return len(b.ParamValues)
}

// maxClientParams is more than any client can number.
const maxClientParams = 1 << 16

// settled refuses a subquery where the value is needed while the statement is bound.
func (b *binder) settled(e expr.Expr, clause string) error {
	var err error
	expr.Walk(e, func(e expr.Expr) bool {
		if p, ok := e.(*expr.Param); ok && p.Index >= b.firstParam() {
			err = unsupported(p.At, "a subquery in "+clause+" is not supported", "Run it first and pass its value as a parameter.")
		}
		return err == nil
	})
	return err
}

// refuseTest refuses IN and EXISTS with a subquery where AND does not join them in WHERE.
func refuseTest(pos int) error {
	return unsupported(pos, "IN, ANY and ALL with a subquery are supported only as a condition that AND joins in WHERE, as = ANY and <> ALL",
		"Write such a condition of its own, or join with (SELECT DISTINCT ...) AS name.")
}
