package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// recursive binds a query of WITH RECURSIVE that reads itself: a first term, and one over the rows that came last.
func (b *binder) recursive(n *sql.CTE, q *sql.Query) (plan.Node, error) {
	op, err := recursiveForm(n, q)
	if err != nil {
		return nil, err
	}
	restore, err := b.define(q.With, q)
	defer restore()
	if err != nil {
		return nil, err
	}
	base, err := b.operand(op.Left)
	if err == nil {
		base, err = b.asText(base)
	}
	if err != nil {
		return nil, err
	}
	names, err := cteNames(n, base.Columns())
	if err != nil {
		return nil, err
	}
	added, err := b.tracks(n, names)
	if err != nil {
		return nil, err
	}
	first, width := base, len(names)
	if base, err = added.begin(base); err != nil {
		return nil, err
	}
	out := &plan.Recursive{Name: n.Name, ID: &plan.SharedID{}, Distinct: !op.All, Out: slices.Clone(base.Columns())}
	types := make([]column.Type, len(out.Out))
	for i := range out.Out {
		out.Out[i].NotNull = false
		types[i] = out.Out[i].Type
	}
	for _, c := range added.list {
		names = append(names, c.name)
	}
	before := b.with
	work := &plan.Work{Name: n.Name, ID: out.ID, Out: out.Out}
	b.with = &withScope{cte: &cte{name: n.Name, node: work, names: names, size: 1, added: len(added.list)}, outer: before}
	right, err := added.reading(n, op)
	if err != nil {
		return nil, err
	}
	step, err := b.operand(right)
	b.with = before
	if err != nil {
		return nil, err
	}
	if len(step.Columns()) != len(out.Out) {
		return nil, errorAt(bodyPlace(op.Right), "42601", "each UNION query must have the same number of columns")
	}
	if len(added.list) > 0 {
		if step, err = b.settleColumns(step, types); err == nil {
			step, err = added.proceed(step)
		}
		if err != nil {
			return nil, err
		}
	}
	if types, err = b.unionTypes("UNION", base, step); err != nil {
		return nil, err
	}
	for i, c := range out.Out {
		if types[i] != c.Type {
			if i >= width {
				return nil, column.Errorf(column.Internal, "column %s of %s changes its type", c.Name, n.Name)
			}
			e := errorAt(outputOf(first, i).Pos(), "42804", "recursive query \"%s\" column %d has type %s in non-recursive term but type %s overall", n.Name, i+1, c.Type, types[i])
			e.Hint = "Cast the output of the non-recursive term to the correct type."
			return nil, e
		}
	}
	if step, err = b.retyped(step, types); err != nil {
		return nil, err
	}
	if out.Distinct {
		if _, _, err := distinctKeys(base, base); err != nil {
			return nil, err
		}
	}
	out.Base, out.Step = base, step
	return out, nil
}

// recursiveForm holds a query that reads itself to the form that PostgreSQL asks for.
func recursiveForm(n *sql.CTE, q *sql.Query) (*sql.SetOp, error) {
	op, ok := q.Body.(*sql.SetOp)
	if !ok || op.Kind != sql.Union {
		return nil, errorAt(n.Pos, "42P19", "recursive query \"%s\" does not have the form non-recursive-term UNION [ALL] recursive-term", n.Name)
	}
	check := &selfReads{name: n.Name, where: "its non-recursive term"}
	if check.body(op.Left); check.err != nil {
		return nil, check.err
	}
	switch {
	case len(q.OrderBy) > 0:
		return nil, unsupported(q.OrderBy[0].Pos, "ORDER BY in a recursive query is not implemented", "Order in the query that reads it.")
	case q.Offset != nil:
		return nil, unsupported(q.Offset.Position(), "OFFSET in a recursive query is not implemented", "Use it in the query that reads it.")
	case q.Limit != nil:
		return nil, unsupported(q.Limit.Position(), "LIMIT in a recursive query is not implemented", "Use it in the query that reads it.")
	}
	check.where = ""
	if check.body(op.Right); check.err != nil {
		return nil, check.err
	}
	return op, nil
}

// selfReads looks for the places where a recursive query reads itself.
type selfReads struct {
	name  string
	where string // that it must not read itself in; "" = here it may
	count int
	err   error
}

// in looks with another place around.
func (c *selfReads) in(where string, look func()) {
	before := c.where
	if before == "" {
		c.where = where
	}
	look()
	c.where = before
}

func (c *selfReads) body(body sql.QueryBody) {
	switch n := body.(type) {
	case *sql.Query:
		c.query(n)
	case *sql.SetOp:
		switch {
		case n.Kind == sql.Intersect && n.All:
			c.in("INTERSECT", func() { c.body(n.Left); c.body(n.Right) })
		case n.Kind == sql.Except:
			if n.All {
				c.in("EXCEPT", func() { c.body(n.Left) })
			} else {
				c.body(n.Left)
			}
			c.in("EXCEPT", func() { c.body(n.Right) })
		default:
			c.body(n.Left)
			c.body(n.Right)
		}
	case *sql.Select:
		for _, t := range n.From {
			c.item(t)
		}
		for _, t := range n.Targets {
			c.expr(t.Expr)
		}
		for _, e := range append([]sql.Expr{n.Where, n.Having}, n.GroupBy...) {
			c.expr(e)
		}
	case *sql.Values:
		for _, row := range n.Rows {
			for _, e := range row {
				c.expr(e)
			}
		}
	}
}

func (c *selfReads) query(q *sql.Query) {
	if q.With != nil {
		for _, w := range q.With.CTEs {
			if inner, ok := w.Stmt.(*sql.Query); ok {
				c.query(inner)
			}
			if w.Name == c.name { // hidden from here on
				return
			}
		}
	}
	c.body(q.Body)
	for _, o := range q.OrderBy {
		c.expr(o.Expr)
	}
}

func (c *selfReads) item(t sql.TableExpr) {
	switch n := t.(type) {
	case *sql.Table:
		if n.Name.Schema == "" && n.Name.Name == c.name {
			c.found(n.Name.Pos)
		}
	case *sql.Derived:
		c.query(n.Query)
	case *sql.TableFunc:
		for _, f := range n.Funcs {
			c.expr(f.Func)
		}
	case *sql.Join:
		left, right := func() { c.item(n.Left) }, func() { c.item(n.Right) }
		if n.Kind == sql.RightJoin || n.Kind == sql.FullJoin {
			c.in("an outer join", left)
		} else {
			left()
		}
		if n.Kind == sql.LeftJoin || n.Kind == sql.FullJoin {
			c.in("an outer join", right)
		} else {
			right()
		}
		c.expr(n.On)
	}
}

func (c *selfReads) expr(e sql.Expr) {
	if e == nil {
		return
	}
	sql.Walk(e, func(n sql.Node) bool {
		if q, ok := n.(*sql.Query); ok {
			c.in("a subquery", func() { c.query(q) })
			return false
		}
		return true
	})
}

func (c *selfReads) found(pos int) {
	c.count++
	switch {
	case c.err != nil:
	case c.where != "":
		c.err = errorAt(pos, "42P19", "recursive reference to query \"%s\" must not appear within %s", c.name, c.where)
	case c.count > 1:
		c.err = errorAt(pos, "42P19", "recursive reference to query \"%s\" must not appear more than once", c.name)
	}
}

// refersTo reports whether a query reads a table, or query of WITH, of a name.
func refersTo(q *sql.Query, name string) bool {
	c := &selfReads{name: name}
	c.query(q)
	return c.count > 0
}

// inOrder puts the queries of WITH RECURSIVE, which may read those behind them, in an order in which each reads only those before it.
func inOrder(list []*sql.CTE) ([]*sql.CTE, error) {
	var out []*sql.CTE
	state := make([]int, len(list)) // 1 = at work, 2 = done
	var visit func(i int) error
	visit = func(i int) error {
		state[i] = 1
		if q, ok := list[i].Stmt.(*sql.Query); ok {
			for k, other := range list {
				if k == i || state[k] == 2 || !refersTo(q, other.Name) {
					continue
				}
				if state[k] == 1 {
					return unsupported(list[k].Pos, "mutual recursion between WITH items is not implemented", "")
				}
				if err := visit(k); err != nil {
					return err
				}
			}
		}
		state[i] = 2
		out = append(out, list[i])
		return nil
	}
	for i := range list {
		if state[i] == 0 {
			if err := visit(i); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
