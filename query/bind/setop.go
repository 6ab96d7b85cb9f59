package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// setOpNames are what errors call the operations.
var setOpNames = map[sql.SetOpKind]string{sql.Union: "UNION", sql.Intersect: "INTERSECT", sql.Except: "EXCEPT"}

// setOp binds UNION, INTERSECT and EXCEPT. Types are matched two queries at a time, from the left, as PostgreSQL does: literals without a
// type in either take the other's.
func (b *binder) setOp(n *sql.SetOp) (plan.Node, error) {
	left, err := b.operand(n.Left)
	if err != nil {
		return nil, err
	}
	right, err := b.operand(n.Right)
	if err != nil {
		return nil, err
	}
	name := setOpNames[n.Kind]
	if l, r := left.Columns(), right.Columns(); len(l) != len(r) {
		return nil, errorAt(bodyPlace(n.Right), "42601", "each %s query must have the same number of columns", name)
	}
	types, err := b.unionTypes(name, left, right)
	if err != nil {
		return nil, err
	}
	if left, err = b.retyped(left, types); err != nil {
		return nil, err
	}
	if right, err = b.retyped(right, types); err != nil {
		return nil, err
	}
	if n.Kind != sql.Union {
		return b.counted(n, left, right)
	}
	u := union(left, right)
	if n.All {
		return u, nil
	}
	keys, names, err := distinctKeys(u, left)
	if err != nil {
		return nil, err
	}
	return &plan.Aggregate{Input: u, Keys: keys, KeyNames: names}, nil
}

func union(left, right plan.Node) *plan.Union {
	ins := []plan.Node{left, right}
	if u, ok := left.(*plan.Union); ok {
		ins = append(slices.Clip(u.Ins), right)
	}
	u := &plan.Union{Ins: ins, Out: slices.Clone(left.Columns())}
	for i, c := range right.Columns() {
		u.Out[i].NotNull = u.Out[i].NotNull && c.NotNull
	}
	return u
}

// distinctKeys makes the columns of an operation keys of a grouping; errors are placed in its left query.
func distinctKeys(n, left plan.Node) ([]expr.Expr, []string, error) {
	refs, names := columnRefs(left.Columns())
	for i, e := range refs {
		e.(*expr.Column).At = outputOf(left, i).Pos()
		if err := distinguishable(e); err != nil {
			return nil, nil, err
		}
	}
	return refs, names, nil
}

// counted binds INTERSECT and EXCEPT: equal rows are grouped, and those of each side are counted. With ALL a row comes as often as it is in both,
// or as often as the left side has it more often than the right.
func (b *binder) counted(n *sql.SetOp, left, right plan.Node) (plan.Node, error) {
	keys, names, err := distinctKeys(left, left)
	if err != nil {
		return nil, err
	}
	u := union(tagged(left, true), tagged(right, false))
	count, err := b.Functions.Aggregate("count", nil)
	if err != nil {
		return nil, err
	}
	var of expr.Expr = &expr.Column{Index: len(keys), Name: "left", T: boolType, At: n.Pos}
	agg := &plan.Aggregate{Input: u, Keys: keys, KeyNames: names, AggNames: []string{"left", "right"}, Aggs: []expr.AggregateCall{
		{Fn: count, Filter: of, T: count.Result, At: n.Pos}, {Fn: count, Filter: &expr.Not{Arg: of, At: n.Pos}, T: count.Result, At: n.Pos},
	}}
	l := &expr.Column{Index: len(keys), Name: "left", T: count.Result, At: n.Pos}
	r := &expr.Column{Index: len(keys) + 1, Name: "right", T: count.Result, At: n.Pos}
	times, err := b.multiplicity(n, l, r)
	if err != nil {
		return nil, err
	}
	var node plan.Node
	if n.All {
		series, err := b.Functions.SetFunction("generate_series", []column.Type{count.Result, count.Result})
		if err != nil {
			return nil, err
		}
		one, err := b.coerce(intLiteral(1, n.Pos), count.Result, fn.Implicit)
		if err != nil {
			return nil, err
		}
		node = &plan.Expand{Input: agg, Calls: []expr.SetCall{{Fn: series, Args: []expr.Expr{one, times}, Names: []string{"copy"}, At: n.Pos}}}
	} else {
		some, err := b.operator(">", n.Pos, times, intLiteral(0, n.Pos))
		if err != nil {
			return nil, err
		}
		node = &plan.Filter{Input: agg, Cond: some}
	}
	refs, names := columnRefs(node.Columns())
	return &plan.Project{Input: node, Exprs: refs[:len(keys)], Names: names[:len(keys)]}, nil
}

// multiplicity is how often a row comes that the sides have so many times.
func (b *binder) multiplicity(n *sql.SetOp, l, r expr.Expr) (expr.Expr, error) {
	switch {
	case n.Kind == sql.Intersect:
		return b.callNamed("least", n.Pos, l, r)
	case n.All:
		return b.operator("-", n.Pos, l, r)
	}
	none, err := b.operator("=", n.Pos, r, intLiteral(0, n.Pos))
	if err != nil {
		return nil, err
	}
	zero := &expr.Literal{Value: column.NewInts(l.Type(), []int64{0}, nil), At: n.Pos}
	return &expr.Case{When: []expr.Expr{none}, Then: []expr.Expr{l}, Else: zero, T: l.Type(), At: n.Pos}, nil
}

// tagged gives a plan with a column more that says which side it is.
func tagged(n plan.Node, left bool) plan.Node {
	refs, names := columnRefs(n.Columns())
	return &plan.Project{Input: n, Exprs: append(refs, boolLiteral(left, 0)), Names: append(names, "left")}
}

// operand binds one side of a set operation; literals in it may be without a type still.
func (b *binder) operand(body sql.QueryBody) (plan.Node, error) {
	switch body := body.(type) {
	case *sql.Select:
		return b.selectBlock(body, nil, true)
	case *sql.Values:
		return b.values(body)
	case *sql.SetOp:
		return b.setOp(body)
	case *sql.Query:
		return b.query(body)
	}
	return nil, unsupported(body.Position(), "this query is not supported", "")
}

// bodyPlace is where the columns of a query begin.
func bodyPlace(body sql.QueryBody) int {
	switch body := body.(type) {
	case *sql.Select:
		if len(body.Targets) > 0 {
			return body.Targets[0].Expr.Position()
		}
	case *sql.Values:
		return body.Rows[0][0].Position()
	case *sql.SetOp:
		return bodyPlace(body.Left)
	case *sql.Query:
		return bodyPlace(body.Body)
	}
	return body.Position()
}

// unionTypes chooses the type of every column of two queries.
func (b *binder) unionTypes(name string, left, right plan.Node) ([]column.Type, error) {
	out := make([]column.Type, len(left.Columns()))
	for i := range out {
		l, r := outputOf(left, i), outputOf(right, i)
		t, err := b.Functions.CommonType(name, []column.Type{l.Type(), r.Type()})
		if err != nil {
			return nil, place(err, r.Pos())
		}
		out[i] = t
	}
	return out, nil
}

// outputOf gives column i of a plan as it is written, as far as it can be seen.
func outputOf(n plan.Node, i int) expr.Expr {
	switch n := n.(type) {
	case *plan.Project:
		return n.Exprs[i]
	case *plan.Union:
		return outputOf(n.Ins[0], i)
	case *plan.Values:
		if len(n.Rows) > 0 {
			return n.Rows[0][i]
		}
	case *plan.Aggregate, *plan.Sort, *plan.Limit, *plan.LateLimit, *plan.Filter:
		in := n.Inputs()[0]
		if i < len(in.Columns()) && in.Columns()[i].Type == n.Columns()[i].Type {
			return outputOf(in, i)
		}
	}
	c := n.Columns()[i]
	return &expr.Column{Index: i, Name: c.Name, T: c.Type}
}

// retyped gives a plan columns of the given types, by an implicit cast where need be.
func (b *binder) retyped(n plan.Node, types []column.Type) (plan.Node, error) {
	n, err := b.settleColumns(n, types)
	if err != nil {
		return nil, err
	}
	if u, ok := n.(*plan.Union); ok {
		return b.retypedUnion(u, types)
	}
	cols := n.Columns()
	if sameTypes(cols, types) {
		return n, nil
	}
	refs, names := columnRefs(cols)
	for i := range refs {
		refs[i].(*expr.Column).At = outputOf(n, i).Pos()
		if refs[i], err = b.coerce(refs[i], types[i], fn.Implicit); err != nil {
			return nil, err
		}
	}
	return &plan.Project{Input: n, Exprs: refs, Names: names}, nil
}

func (b *binder) retypedUnion(u *plan.Union, types []column.Type) (plan.Node, error) {
	if sameTypes(u.Out, types) {
		return u, nil
	}
	out := &plan.Union{Ins: make([]plan.Node, len(u.Ins)), Out: slices.Clone(u.Out)}
	var err error
	for i, in := range u.Ins {
		if out.Ins[i], err = b.retyped(in, types); err != nil {
			return nil, err
		}
	}
	for i := range out.Out {
		out.Out[i].Type = types[i]
	}
	return out, nil
}

func sameTypes(cols []plan.Column, types []column.Type) bool {
	return slices.EqualFunc(cols, types, func(c plan.Column, t column.Type) bool { return c.Type == t })
}

// settleColumns gives the columns of a plan that are of unknown type still those of types, which are literals of a projection.
func (b *binder) settleColumns(n plan.Node, types []column.Type) (plan.Node, error) {
	if !slices.ContainsFunc(n.Columns(), func(c plan.Column) bool { return c.Type == unknown }) {
		return n, nil
	}
	switch n := n.(type) {
	case *plan.Project:
		out := *n
		out.Exprs = slices.Clone(n.Exprs)
		for i, e := range out.Exprs {
			if e.Type() != unknown {
				continue
			}
			var err error
			if out.Exprs[i], err = b.settle(e, types[i]); err != nil {
				return nil, err
			}
		}
		return &out, nil
	case *plan.Limit, *plan.LateLimit:
		in, err := b.settleColumns(n.Inputs()[0], types)
		if err != nil {
			return nil, err
		}
		return n.With([]plan.Node{in}), nil
	case *plan.Union:
		out := &plan.Union{Ins: make([]plan.Node, len(n.Ins)), Out: slices.Clone(n.Out)}
		for i, in := range n.Ins {
			var err error
			if out.Ins[i], err = b.settleColumns(in, types); err != nil {
				return nil, err
			}
		}
		for i := range out.Out {
			if out.Out[i].Type == unknown {
				out.Out[i].Type = types[i]
			}
		}
		return out, nil
	}
	return nil, column.Errorf(column.Internal, "bind: %T of unknown type", n)
}

// asText settles every column that is of unknown type still as text.
func (b *binder) asText(n plan.Node) (plan.Node, error) {
	return b.settleColumns(n, slices.Repeat([]column.Type{textType}, len(n.Columns())))
}

// order sorts the rows of a query by its output columns: more cannot be seen behind a set operation.
func (b *binder) order(root plan.Node, items []sql.OrderItem) (plan.Node, error) {
	if len(items) == 0 {
		return root, nil
	}
	src, targets := outputs(root, "")
	s := &scope{sources: []*source{src}, fields: src.fields, clause: "ORDER BY", outer: b.outer}
	keys, _, err := b.orderKeys(s, items, targets, false)
	if err != nil {
		return nil, err
	}
	for i := range keys {
		if keys[i].Expr.(*expr.Column).Index < len(targets) {
			continue
		}
		e := unsupported(items[i].Pos, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause", "Add the expression/function to every SELECT, or move the UNION into a FROM clause.").(*column.Error)
		e.Detail = "Only result column names can be used, not expressions or functions."
		return nil, e
	}
	return &plan.Sort{Input: root, Keys: keys}, nil
}

// outputs makes a source, and targets, of a plan's columns.
func outputs(root plan.Node, name string) (*source, []target) {
	src := &source{name: name}
	var targets []target
	for i, c := range root.Columns() {
		f := binding{name: c.Name, e: &expr.Column{Index: i, Name: c.Name, T: c.Type}}
		src.fields = append(src.fields, f)
		targets = append(targets, target{name: c.Name, bound: f.at(0)})
	}
	return src, targets
}
