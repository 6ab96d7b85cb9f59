package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// SEARCH and CYCLE add columns to a recursive query: the way to a row, by which rows are ordered as a search would meet them, and whether a row is on
// its own way. The recursive term reads those of the row that it starts from, which are put behind its list, and computes its own of them.

// track is one such column.
type track struct {
	name string
	t    column.Type
	// first is its value in the first term, over its columns, next in the recursive term, before being that of the row before.
	first func(row []expr.Expr) (expr.Expr, error)
	next  func(row []expr.Expr, before []expr.Expr) (expr.Expr, error)
}

// tracks are those of a query of WITH, whose columns have such names.
type tracks struct {
	*binder
	list []track
	// stop, if not nil, is the value of column mark in rows from which the query does not go on.
	stop expr.Expr
	mark int
}

func (b *binder) tracks(n *sql.CTE, names []string) (*tracks, error) {
	out := &tracks{binder: b}
	if err := checkTracks(n, names); err != nil {
		return nil, err
	}
	if n.Search != nil {
		if err := out.search(n.Search, names); err != nil {
			return nil, err
		}
	}
	if n.Cycle != nil {
		if err := out.cycle(n.Cycle, names); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// checkTracks looks at the names in SEARCH and CYCLE.
func checkTracks(n *sql.CTE, names []string) error {
	check := func(what string, columns []sql.Ident, pos int) error {
		for i, c := range columns {
			switch {
			case !slices.Contains(names, c.Name):
				return errorAt(pos, "42601", "%s column \"%s\" not in WITH query column list", what, c.Name)
			case slices.ContainsFunc(columns[:i], func(o sql.Ident) bool { return o.Name == c.Name }):
				return errorAt(pos, "42701", "%s column \"%s\" specified more than once", what, c.Name)
			}
		}
		return nil
	}
	used := func(what, name string, pos int) error {
		if slices.Contains(names, name) {
			return errorAt(pos, "42601", "%s column name \"%s\" already used in WITH query column list", what, name)
		}
		return nil
	}
	s, c := n.Search, n.Cycle
	if s != nil {
		if err := check("search", s.Columns, s.Pos); err != nil {
			return err
		}
		if err := used("search sequence", s.Sequence, s.Pos); err != nil {
			return err
		}
	}
	if c == nil {
		return nil
	}
	if err := check("cycle", c.Columns, c.Pos); err != nil {
		return err
	}
	if err := used("cycle mark", c.Mark, c.Pos); err != nil {
		return err
	}
	if err := used("cycle path", c.Path, c.Pos); err != nil {
		return err
	}
	switch {
	case c.Mark == c.Path:
		return errorAt(c.Pos, "42601", "cycle mark column name and cycle path column name are the same")
	case s != nil && s.Sequence == c.Mark:
		return errorAt(s.Pos, "42601", "search sequence column name and cycle mark column name are the same")
	case s != nil && s.Sequence == c.Path:
		return errorAt(s.Pos, "42601", "search sequence column name and cycle path column name are the same")
	}
	return nil
}

// rowFor is the row of some columns.
func rowFor(columns []sql.Ident, names []string, row []expr.Expr, pos int) expr.Expr {
	fields, values := make([]string, len(columns)), make([]expr.Expr, len(columns))
	for i, c := range columns {
		fields[i], values[i] = c.Name, row[slices.Index(names, c.Name)]
	}
	return makeRow(fields, values, pos)
}

var recordArray = column.ArrayOf(recordType)

// path adds a column that lists the rows of some columns on the way.
func (t *tracks) path(name string, columns []sql.Ident, names []string, pos int) {
	k := len(t.list)
	add := func(to expr.Expr, row []expr.Expr) (expr.Expr, error) {
		return t.callNamed("array_append", pos, to, rowFor(columns, names, row, pos))
	}
	none := column.NewBuilder(recordArray, 1)
	none.AppendBytes(nil)
	empty := &expr.Literal{Value: none.Finish(), At: pos}
	t.list = append(t.list, track{
		name: name, t: recordArray,
		first: func(row []expr.Expr) (expr.Expr, error) { return add(empty, row) },
		next:  func(row, before []expr.Expr) (expr.Expr, error) { return add(before[k], row) },
	})
}

func (t *tracks) search(n *sql.Search, names []string) error {
	if !n.Breadth {
		t.path(n.Sequence, n.Columns, names, n.Pos)
		return nil
	}
	// How far a row is, then its columns.
	bigint := column.T(column.Int64)
	depth := func(e expr.Expr, row []expr.Expr) expr.Expr {
		call := rowFor(n.Columns, names, row, n.Pos).(*expr.Call)
		fields := append([]string{"*DEPTH*"}, fn.RowFields(call)...)
		return makeRow(fields, append([]expr.Expr{e}, call.Args[1:]...), n.Pos)
	}
	number := func(v int64) expr.Expr {
		return &expr.Literal{Value: column.NewInts(bigint, []int64{v}, nil), At: n.Pos}
	}
	t.list = append(t.list, track{
		name: n.Sequence, t: recordType,
		first: func(row []expr.Expr) (expr.Expr, error) { return depth(number(0), row), nil },
		next: func(row, before []expr.Expr) (expr.Expr, error) {
			last := &expr.Call{Fn: fn.RowField(bigint), Args: []expr.Expr{before[0], &expr.Literal{Value: column.NewInts(column.T(column.Int32), []int64{0}, nil), At: n.Pos}}, T: bigint, At: n.Pos}
			further, err := t.operator("+", n.Pos, last, number(1))
			return depth(further, row), err
		},
	})
	return nil
}

func (t *tracks) cycle(n *sql.Cycle, names []string) error {
	values := []expr.Expr{boolLiteral(true, n.Pos), boolLiteral(false, n.Pos)}
	if n.To != nil {
		s := &scope{clause: "CYCLE"}
		for i, e := range []sql.Expr{n.To, n.Default} {
			var err error
			if values[i], err = t.expr(s, e); err != nil {
				return err
			}
		}
		if _, err := t.common("CYCLE", values); err != nil {
			return err
		}
	}
	if err := distinguishable(values[0]); err != nil {
		return unplaced(err)
	}
	t.stop, t.mark = values[0], len(t.list)
	path := t.mark + 1
	t.list = append(t.list, track{
		name: n.Mark, t: values[0].Type(),
		first: func([]expr.Expr) (expr.Expr, error) { return values[1], nil },
		next: func(row, before []expr.Expr) (expr.Expr, error) {
			place, err := t.callNamed("array_position", n.Pos, before[path], rowFor(n.Columns, names, row, n.Pos))
			if err != nil {
				return nil, err
			}
			met := &expr.IsNull{Arg: place, Negate: true, At: n.Pos}
			return &expr.Case{When: []expr.Expr{met}, Then: values[:1], Else: values[1], T: values[0].Type(), At: n.Pos}, nil
		},
	})
	t.path(n.Path, n.Columns, names, n.Pos)
	return nil
}

// reading gives the recursive term with the columns of the row that it starts from behind its list.
func (t *tracks) reading(n *sql.CTE, op *sql.SetOp) (sql.QueryBody, error) {
	if len(t.list) == 0 {
		return op.Right, nil
	}
	if _, ok := bareBody(op.Left).(*sql.SetOp); ok {
		return nil, column.SQLErrorf(column.Unsupported, "0A000", "with a SEARCH or CYCLE clause, the left side of the UNION must be a SELECT")
	}
	s, ok := bareBody(op.Right).(*sql.Select)
	if !ok {
		return nil, column.SQLErrorf(column.Invalid, "42601", "with a SEARCH or CYCLE clause, the right side of the UNION must be a SELECT")
	}
	name := ""
	for _, item := range s.From {
		sql.Walk(item, func(x sql.Node) bool {
			switch x := x.(type) {
			case *sql.Table:
				if x.Name.Schema == "" && x.Name.Name == n.Name {
					if name = n.Name; x.Alias != nil {
						name = x.Alias.Name
					}
				}
			case *sql.Query:
				return false
			}
			return true
		})
	}
	if name == "" {
		return nil, column.SQLErrorf(column.Unsupported, "0A000", "with a SEARCH or CYCLE clause, the recursive reference to WITH query \"%s\" must be at the top level of its right-hand SELECT", n.Name)
	}
	out := *s
	out.Targets = slices.Clone(s.Targets)
	for _, c := range t.list {
		out.Targets = append(out.Targets, sql.SelectItem{Pos: s.Pos, Expr: &sql.ColumnRef{Pos: s.Pos, Parts: []string{name, c.name}}})
	}
	return &out, nil
}

// bareBody takes parentheses away from a query that has nothing but its body.
func bareBody(body sql.QueryBody) sql.QueryBody {
	for {
		q, ok := body.(*sql.Query)
		if !ok || q.With != nil || len(q.OrderBy) > 0 || q.Limit != nil || q.Offset != nil {
			return body
		}
		body = q.Body
	}
}

// begin adds the columns to the first term.
func (t *tracks) begin(base plan.Node) (plan.Node, error) {
	if len(t.list) == 0 {
		return base, nil
	}
	p := &plan.Project{Input: base}
	p.Exprs, p.Names = columnRefs(base.Columns())
	row := slices.Clone(p.Exprs)
	for _, c := range t.list {
		e, err := c.first(row)
		if err != nil {
			return nil, err
		}
		p.Exprs, p.Names = append(p.Exprs, e), append(p.Names, c.name)
	}
	return p, nil
}

// proceed computes the columns of the recursive term from those of the row before, which are its last.
func (t *tracks) proceed(step plan.Node) (plan.Node, error) {
	if len(t.list) == 0 {
		return step, nil
	}
	refs, names := columnRefs(step.Columns())
	row, before := refs[:len(refs)-len(t.list)], refs[len(refs)-len(t.list):]
	if t.stop != nil {
		on, err := t.operator("<>", t.stop.Pos(), before[t.mark], t.stop)
		if err != nil {
			return nil, err
		}
		step = &plan.Filter{Input: step, Cond: on}
	}
	p := &plan.Project{Input: step, Exprs: slices.Clone(row), Names: names}
	for _, c := range t.list {
		e, err := c.next(row, before)
		if err != nil {
			return nil, err
		}
		p.Exprs = append(p.Exprs, e)
	}
	return p, nil
}
