package bind

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// arrayQuery is ARRAY(query): array_agg of its rows in their order, and an empty array where there are none.
func (b *binder) arrayQuery(s *scope, n *sql.ArrayQuery) (expr.Expr, error) {
	root, l, err := b.dependent(s, n.Query)
	if err != nil {
		return nil, err
	}
	if len(root.Columns()) != 1 {
		return nil, errorAt(n.Pos, "42601", "subquery must return only one column")
	}
	if root.Columns()[0].Type == unknown {
		if root, err = b.settleColumns(root, []column.Type{textType}); err != nil {
			return nil, err
		}
	}
	if root, err = b.collected(root, n.Pos); err != nil {
		return nil, err
	}
	if !l.crossed {
		return b.first(root, n.Pos), nil
	}
	u := &sub{node: root, kind: plan.InnerJoin, params: l.params}
	return b.waiting(u, root.Columns(), n.Pos)[0], nil
}

// collected makes one array of a query's rows.
func (b *binder) collected(root plan.Node, pos int) (plan.Node, error) {
	c := root.Columns()[0]
	input, value := root, expr.Expr(&expr.Column{Name: c.Name, T: c.Type, At: pos})
	if p, ok := root.(*plan.Project); ok { // below it are what the rows are ordered by
		input, value = p.Input, p.Exprs[0]
	}
	f, err := b.Functions.Aggregate("array_agg", []column.Type{c.Type})
	if err != nil {
		return nil, place(err, pos)
	}
	if f.For != nil {
		f = f.For([]column.Type{c.Type}, nil)
	}
	call := expr.AggregateCall{Fn: f, Args: []expr.Expr{value}, T: f.Result, At: pos}
	for _, k := range sortedBy(input) {
		call.Order = append(call.Order, expr.Ordering{Arg: len(call.Args), Desc: k.Desc, NullsFirst: k.NullsFirst})
		call.Args = append(call.Args, k.Expr)
	}
	all := &plan.Aggregate{Input: input, Aggs: []expr.AggregateCall{call}, AggNames: []string{"array"}}
	empty := &expr.Literal{Value: column.NewBytes(f.Result, make([]int32, 2), nil, nil), At: pos}
	array, err := b.callNamed("coalesce", pos, &expr.Column{Name: "array", T: f.Result, At: pos}, empty)
	if err != nil {
		return nil, err
	}
	if array, err = b.coerce(array, f.Result, fn.Implicit); err != nil {
		return nil, err
	}
	return &plan.Project{Input: all, Exprs: []expr.Expr{array}, Names: []string{"array"}}, nil
}

// sortedBy is what a node's rows are ordered by.
func sortedBy(n plan.Node) []plan.SortKey {
	switch n := n.(type) {
	case *plan.Sort:
		return n.Keys
	case *plan.Limit, *plan.LateLimit:
		return sortedBy(n.Inputs()[0])
	}
	return nil
}
