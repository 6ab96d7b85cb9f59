package bind

import (
	"slices"
	"strconv"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// query binds a query expression.
func (b *binder) query(q *sql.Query) (plan.Node, error) {
	root, err := b.open(q)
	if err != nil {
		return nil, err
	}
	return b.asText(root)
}

// open binds a query whose literals may be without a type still: what is around it decides.
func (b *binder) open(q *sql.Query) (plan.Node, error) {
	restore, err := b.define(q.With, q)
	defer restore()
	if err != nil {
		return nil, err
	}
	return b.body(q)
}

func (b *binder) body(q *sql.Query) (plan.Node, error) {
	var root plan.Node
	var err error
	var own *scope
	switch body := q.Body.(type) {
	case *sql.Select:
		root, own, err = b.scopedBlock(body, q.OrderBy)
	case *sql.Values:
		if root, err = b.values(body); err == nil {
			root, err = b.orderValues(root, q.OrderBy)
		}
	default:
		if root, err = b.operand(body); err == nil && len(q.OrderBy) > 0 {
			if root, err = b.asText(root); err == nil {
				root, err = b.order(root, q.OrderBy)
			}
		}
	}
	if err != nil {
		return nil, err
	}
	return b.limit(root, q, own)
}

// wanted is asked before row r of VALUES is bound, of which there may be very many: the error says that the statement was cancelled.
func (b *binder) wanted(r int) error {
	if r%256 != 0 {
		return nil
	}
	return expr.Interrupted(b.ctx)
}

// values binds VALUES as a query.
func (b *binder) values(n *sql.Values) (plan.Node, error) {
	out := &plan.Values{}
	s := &scope{clause: "VALUES", outer: b.outer}
	for r, row := range n.Rows {
		if err := b.wanted(r); err != nil {
			return nil, err
		}
		if len(row) != len(n.Rows[0]) {
			return nil, errorAt(row[0].Position(), "42601", "VALUES lists must all be the same length")
		}
		bound := make([]expr.Expr, len(row))
		for i, e := range row {
			var err error
			if bound[i], err = b.expr(s, e); err != nil {
				return nil, err
			}
		}
		out.Rows = append(out.Rows, bound)
	}
	for k := range n.Rows[0] {
		col := make([]expr.Expr, len(out.Rows))
		for i := range out.Rows {
			col[i] = out.Rows[i][k]
		}
		t, err := b.common("VALUES", col)
		if err != nil {
			return nil, err
		}
		for i := range out.Rows {
			out.Rows[i][k] = col[i]
		}
		out.Out = append(out.Out, plan.Column{Name: "column" + strconv.Itoa(k+1), Type: t})
	}
	if slices.ContainsFunc(out.Rows, func(row []expr.Expr) bool { return slices.ContainsFunc(row, waits) }) {
		return b.valuesOver(out)
	}
	return out, nil
}

// valuesOver makes each row of VALUES a query of its own, for rows with subqueries.
func (b *binder) valuesOver(n *plan.Values) (plan.Node, error) {
	out := &plan.Union{Out: n.Out}
	for _, row := range n.Rows {
		var input plan.Node = &plan.Values{Rows: [][]expr.Expr{{}}}
		p := &plan.Project{}
		for i, e := range row {
			input = b.attach(input, 0, &e)
			p.Exprs, p.Names = append(p.Exprs, e), append(p.Names, n.Out[i].Name)
		}
		p.Input = input
		out.Ins = append(out.Ins, p)
	}
	return out, nil
}

// orderValues sorts VALUES by expressions over its columns.
func (b *binder) orderValues(root plan.Node, items []sql.OrderItem) (plan.Node, error) {
	if len(items) == 0 {
		return root, nil
	}
	src, targets := outputs(root, "*VALUES*")
	s := &scope{sources: []*source{src}, fields: src.fields, clause: "ORDER BY", outer: b.outer}
	keys, all, err := b.orderKeys(s, items, targets, false)
	if err != nil {
		return nil, err
	}
	return finish(root, all, len(targets), false, keys), nil
}

// limit applies LIMIT and OFFSET. own is the scope of the SELECT that they belong to, which they cannot read; nil = it is none.
func (b *binder) limit(root plan.Node, q *sql.Query, own *scope) (plan.Node, error) {
	late := &plan.LateLimit{Input: root}
	var err error
	if late.Count, err = b.number(q.Limit, "LIMIT", own); err != nil {
		return nil, err
	}
	if late.Offset, err = b.number(q.Offset, "OFFSET", own); err != nil {
		return nil, err
	}
	count, known, err := b.count(late.Count, q.Limit, "LIMIT", "2201W", -1)
	if err != nil {
		return nil, err
	}
	offset, also, err := b.count(late.Offset, q.Offset, "OFFSET", "2201X", 0)
	if err != nil {
		return nil, err
	}
	switch {
	case q.WithTies && !(known && also):
		return nil, unsupported(q.Limit.Position(), "WITH TIES takes a constant number of rows", "Run the subquery first and pass its value as a parameter.")
	case q.WithTies:
		return b.withTies(root, q, count, offset)
	case !(known && also):
		return late, nil
	case count < 0 && offset == 0:
		return root, nil
	}
	return &plan.Limit{Input: root, Count: count, Offset: offset}, nil
}

// number binds the argument of LIMIT or OFFSET, nil if there is none. It may read the rows of a query around.
func (b *binder) number(n sql.Expr, clause string, own *scope) (expr.Expr, error) {
	if n == nil {
		return nil, nil
	}
	s := &scope{outer: b.outer}
	if own != nil {
		inner := *own
		s = &inner
	}
	s = s.within(clause)
	e, err := b.expr(s, n)
	if err != nil {
		return nil, err
	}
	if err := b.withoutColumns(e, clause); err != nil {
		return nil, err
	}
	bigint := column.T(column.Int64)
	if t := e.Type(); t != unknown && !b.Functions.CanCast(t, bigint, fn.Assignment) {
		return nil, errorAt(e.Pos(), "42804", "argument of %s must be type bigint, not type %s", clause, t)
	}
	return b.coerce(e, bigint, fn.Assignment)
}

// withoutColumns refuses a number that reads rows of its own query, and subqueries that read any row.
func (b *binder) withoutColumns(e expr.Expr, clause string) (err error) {
	refuse := func(e expr.Expr) bool {
		if c, ok := e.(*expr.Column); ok && c.Index < aggBase && err == nil {
			err = errorAt(c.At, "42P10", "argument of %s must not contain variables", clause)
		}
		return err == nil
	}
	expr.Walk(e, refuse)
	b.eachWaiting(e, func(u *sub) {
		for _, p := range u.params {
			expr.Walk(p.Expr, refuse)
		}
		if err == nil {
			err = unsupported(e.Pos(), "a subquery in "+clause+" that reads the query around it is not supported", "Move it into a subquery in FROM.")
		}
	})
	return err
}

// count gives such a number if it is known while the statement is bound.
func (b *binder) count(e expr.Expr, n sql.Expr, clause, state string, none int64) (value int64, known bool, err error) {
	switch {
	case e == nil:
		return none, true, nil
	case readsOwn(e) || expr.Volatile(e):
		return none, false, nil
	case b.ParamValues == nil && expr.ReadsParam(e):
		b.describes = true
		return none, true, nil
	}
	v, err := expr.Eval(b.fold, e, nil, 1)
	switch {
	case err != nil:
		return 0, false, err
	case v.IsNull(0):
		return none, true, nil
	case v.Int(0) < 0:
		return 0, false, errorAt(n.Position(), state, "%s must not be negative", clause)
	}
	return v.Int(0), true, nil
}

// readsOwn reports an expression that reads a parameter that the statement gives itself.
func readsOwn(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		p, ok := e.(*expr.Param)
		found = found || ok && p.Index >= expr.OwnParams
		return !found
	})
	return found
}
