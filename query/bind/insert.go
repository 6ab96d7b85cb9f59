package bind

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// insertion is an INSERT being bound.
type insertion struct {
	*changedTable
	columns []int       // of schema.Fields
	listed  []sql.Ident // as the statement names them; nil = all
	// overriding says whose values identity columns get: "system" = those that are given, "user" = their own.
	overriding string
}

func (b *binder) insert(n *sql.Insert) (*plan.Change, error) {
	restore, err := b.define(n.With, nil)
	defer restore()
	if err != nil {
		return nil, err
	}
	t, err := b.changedTable(n.Table, "insert into")
	if err != nil {
		return nil, err
	}
	in := &insertion{changedTable: t, listed: n.Columns, overriding: n.Overriding}
	if err := in.setColumns(n.Columns); err != nil {
		return nil, err
	}
	rows, err := b.insertSource(in, n)
	if err != nil {
		return nil, err
	}
	values := make([]expr.Expr, len(t.schema.Fields))
	for i, f := range in.columns {
		values[f] = &expr.Column{Index: i, Name: t.schema.Fields[f].Name, T: t.schema.Fields[f].Type}
	}
	if err := b.complete(t, values, n.Pos); err != nil {
		return nil, err
	}
	c := &plan.Change{Kind: plan.InsertRows, Table: t.rel, Whole: true}
	if c.Checks, err = b.checks(t); err != nil {
		return nil, err
	}
	node, at, err := b.withRow(t, rows, values)
	if err != nil {
		return nil, err
	}
	var alias *sql.Alias
	if n.Alias != "" {
		alias = &sql.Alias{Name: n.Alias}
	}
	if n.OnConflict != nil {
		return c, b.onConflict(c, t, n, node, at, alias)
	}
	src := t.source(n.Table.Schema, alias, at)
	s := &scope{sources: []*source{src}, fields: src.fields, outer: b.outer}
	return c, b.give(c, node, s, t.fieldsAt(at), n.Returning)
}

// insertSource binds the rows of an INSERT: a column for each that the statement names.
func (b *binder) insertSource(in *insertion, n *sql.Insert) (plan.Node, error) {
	if n.Query == nil { // DEFAULT VALUES
		in.columns = nil
		return &plan.Values{Rows: [][]expr.Expr{{}}}, nil
	}
	q := n.Query
	if v, ok := q.Body.(*sql.Values); ok && q.With == nil && q.OrderBy == nil && q.Limit == nil && q.Offset == nil {
		return b.insertValues(in, v)
	}
	return b.insertQuery(in, q)
}

func (in *insertion) setColumns(list []sql.Ident) error {
	if list == nil {
		for i := range in.schema.Fields {
			in.columns = append(in.columns, i)
		}
		return nil
	}
	seen := map[string]bool{}
	for _, c := range list {
		i, err := in.field(c)
		if err != nil {
			return err
		}
		if seen[c.Name] {
			return errorAt(c.Pos, "42701", "column \"%s\" specified more than once", c.Name)
		}
		seen[c.Name] = true
		in.columns = append(in.columns, i)
	}
	return nil
}

// fit checks how many values there are; without a column list the last columns may be left out.
func (in *insertion) fit(n, pos int) error {
	switch {
	case n > len(in.columns):
		return errorAt(pos, "42601", "INSERT has more expressions than target columns")
	case n < len(in.columns) && in.listed != nil:
		return errorAt(pos, "42601", "INSERT has more target columns than expressions")
	}
	in.columns = in.columns[:n]
	return nil
}

func (b *binder) insertValues(in *insertion, v *sql.Values) (plan.Node, error) {
	if known, err := b.insertConstants(in, v); known != nil || err != nil {
		return known, err
	}
	width := len(v.Rows[0])
	out := &plan.Values{Rows: make([][]expr.Expr, len(v.Rows))}
	s := &scope{clause: "VALUES"}
	for r, row := range v.Rows {
		if err := b.wanted(r); err != nil {
			return nil, err
		}
		if len(row) != width {
			return nil, errorAt(row[0].Position(), "42601", "VALUES lists must all be the same length")
		}
		if r == 0 {
			place := row[width-1].Position()
			if width > len(in.columns) {
				place = row[len(in.columns)].Position()
			} else if width < len(in.listed) {
				place = in.listed[width].Pos
			}
			if err := in.fit(width, place); err != nil {
				return nil, err
			}
		}
		bound := make([]expr.Expr, width)
		for i, e := range row {
			var err error
			if bound[i], err = b.insertValue(s, in, i, e); err != nil {
				return nil, err
			}
		}
		out.Rows[r] = bound
	}
	for _, c := range in.columns {
		f := in.schema.Fields[c]
		out.Out = append(out.Out, plan.Column{Name: f.Name, Type: f.Type, Mod: f.Mod})
	}
	return out, nil
}

// insertValue binds one value for column i of the insertion.
func (b *binder) insertValue(s *scope, in *insertion, i int, n sql.Expr) (expr.Expr, error) {
	f := &in.schema.Fields[in.columns[i]]
	if d, ok := n.(*sql.Default); ok {
		return b.defaultOf(in.changedTable, in.columns[i], d.Pos)
	}
	if in.overriding == "user" && f.Identity != column.NoIdentity {
		if _, err := b.expr(s, n); err != nil {
			return nil, err
		}
		return b.defaultOf(in.changedTable, in.columns[i], n.Position())
	}
	if err := in.given(in.columns[i], in.overriding); err != nil {
		return nil, err
	}
	e, err := b.expr(s, n)
	if err != nil {
		return nil, err
	}
	return b.assign(e, f)
}

func (b *binder) insertQuery(in *insertion, q *sql.Query) (plan.Node, error) {
	root, err := b.open(q)
	if err != nil {
		return nil, err
	}
	places := itemPlaces(q, len(root.Columns()))
	cols := root.Columns()
	at := q.Pos
	if len(cols) < len(in.listed) {
		at = in.listed[len(cols)].Pos
	} else if len(cols) > len(in.columns) {
		at = places[len(in.columns)]
	}
	if err := in.fit(len(cols), at); err != nil {
		return nil, err
	}
	// Literals without a type take the column's, as they do in VALUES.
	types := make([]column.Type, len(cols))
	for i := range types {
		types[i] = in.schema.Fields[in.columns[i]].Type
	}
	if root, err = b.settleColumns(root, types); err != nil {
		return nil, err
	}
	cols = root.Columns()
	p := &plan.Project{Input: root}
	for i, c := range cols {
		f := &in.schema.Fields[in.columns[i]]
		var e expr.Expr = &expr.Column{Index: i, Name: c.Name, T: c.Type, At: places[i]}
		if in.overriding == "user" && f.Identity != column.NoIdentity {
			e, err = b.defaultOf(in.changedTable, in.columns[i], places[i])
		} else if err = in.given(in.columns[i], in.overriding); err == nil {
			e, err = b.assign(e, f)
		}
		if err != nil {
			return nil, err
		}
		p.Exprs = append(p.Exprs, e)
		p.Names = append(p.Names, f.Name)
	}
	return p, nil
}

// itemPlaces says where the n columns of a query are written: at the items of its first SELECT, if each is one column, else at
// the query.
func itemPlaces(q *sql.Query, n int) []int {
	out := make([]int, n)
	block := firstSelect(q)
	for i := range out {
		out[i] = q.Pos
		if block != nil && len(block.Targets) == n {
			out[i] = beginning(block.Targets[i].Expr)
		}
	}
	return out
}

// beginning is where an expression with casts begins.
func beginning(e sql.Expr) int {
	for {
		c, ok := e.(*sql.Cast)
		if !ok {
			return e.Position()
		}
		e = c.Expr
	}
}

func firstSelect(body sql.QueryBody) *sql.Select {
	switch n := body.(type) {
	case *sql.Select:
		return n
	case *sql.Query:
		return firstSelect(n.Body)
	case *sql.SetOp:
		return firstSelect(n.Left)
	}
	return nil
}
