package bind

import (
	"errors"
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
	restore, err := b.define(q.With)
	defer restore()
	if err != nil {
		return nil, err
	}
	return b.body(q)
}

func (b *binder) body(q *sql.Query) (plan.Node, error) {
	var root plan.Node
	var err error
	switch body := q.Body.(type) {
	case *sql.Select:
		root, err = b.selectBlock(body, q.OrderBy, true)
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
	return b.limit(root, q)
}

// values binds VALUES as a query.
func (b *binder) values(n *sql.Values) (plan.Node, error) {
	out := &plan.Values{}
	s := &scope{clause: "VALUES", outer: b.outer}
	for _, row := range n.Rows {
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

// limit applies LIMIT and OFFSET, which are constants by now.
func (b *binder) limit(root plan.Node, q *sql.Query) (plan.Node, error) {
	count, err := b.count(q.Limit, "LIMIT", "2201W", -1)
	if err != nil {
		return nil, err
	}
	offset, err := b.count(q.Offset, "OFFSET", "2201X", 0)
	if err != nil {
		return nil, err
	}
	if q.WithTies {
		return b.withTies(root, q, count, offset)
	}
	if count < 0 && offset == 0 {
		return root, nil
	}
	return &plan.Limit{Input: root, Count: count, Offset: offset}, nil
}

func (b *binder) count(n sql.Expr, clause, state string, none int64) (int64, error) {
	if n == nil {
		return none, nil
	}
	e, err := b.expr(&scope{clause: clause}, n)
	var noColumn *column.Error
	if errors.As(err, &noColumn) && noColumn.SQLState == "42703" {
		return 0, errorAt(noColumn.Position-1, "42P10", "argument of %s must not contain variables", clause)
	}
	if err == nil {
		err = b.settled(e, clause)
	}
	if err != nil {
		return 0, err
	}
	bigint := column.T(column.Int64)
	if t := e.Type(); t != unknown && !b.Functions.CanCast(t, bigint, fn.Assignment) {
		return 0, errorAt(e.Pos(), "42804", "argument of %s must be type bigint, not type %s", clause, t)
	}
	if e, err = b.coerce(e, bigint, fn.Assignment); err != nil {
		return 0, err
	}
	if b.ParamValues == nil && hasParam(e) {
		b.describes = true
		return none, nil
	}
	v, err := expr.Eval(b.fold, e, nil, 1)
	if err != nil {
		return 0, err
	}
	switch {
	case v.IsNull(0):
		return none, nil
	case v.Int(0) < 0:
		return 0, errorAt(n.Position(), state, "%s must not be negative", clause)
	}
	return v.Int(0), nil
}
