package bind

import (
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// computedSchema holds the metrics: tables that are views of the samples.
const computedSchema = "metrics"

// insertion is an INSERT being bound.
type insertion struct {
	rel     plan.Relation
	schema  *column.Schema
	name    string
	columns []int       // of schema.Fields
	listed  []sql.Ident // as the statement names them; nil = all
}

func (b *binder) insert(n *sql.Insert) (plan.Statement, error) {
	switch {
	case n.OnConflict != nil:
		return nil, unsupported(n.OnConflict.Pos, "ON CONFLICT is not supported", "Declare the table WITH (unique_key = (...)): later rows replace earlier ones.")
	case len(n.Returning) > 0:
		return nil, unsupported(n.Returning[0].Pos, "RETURNING is not supported yet", "")
	}
	rel, err := b.Resolver.Resolve(b.ctx, n.Table.Schema, n.Table.Name)
	if err != nil {
		return nil, place(err, n.Table.Pos)
	}
	if strings.HasPrefix(rel.Name(), computedSchema+".") {
		e := errorAt(n.Table.Pos, "42809", "cannot insert into \"%s\": it is computed from the samples of a metric", rel.Name())
		e.Hint = "Send samples by remote write, OTLP or line protocol."
		return nil, e
	}
	in := &insertion{rel: rel, schema: rel.Schema(), name: n.Table.Name, listed: n.Columns}
	if err := in.setColumns(n.Columns); err != nil {
		return nil, err
	}
	if n.Query == nil { // DEFAULT VALUES
		row := make([]sql.Expr, len(in.columns))
		for i := range row {
			row[i] = &sql.Default{Pos: n.Pos}
		}
		source, err := b.insertValues(in, &sql.Values{Pos: n.Pos, Rows: [][]sql.Expr{row}})
		return &plan.Insert{Table: rel, Columns: in.columns, Source: source}, err
	}
	restore, err := b.define(n.With)
	defer restore()
	if err != nil {
		return nil, err
	}
	var source plan.Node
	if v, ok := n.Query.Body.(*sql.Values); ok && n.Query.OrderBy == nil && n.Query.Limit == nil && n.Query.Offset == nil {
		source, err = b.insertValues(in, v)
	} else {
		source, err = b.insertQuery(in, n.Query)
	}
	if err != nil {
		return nil, err
	}
	return &plan.Insert{Table: rel, Columns: in.columns, Source: source, First: b.subqueries}, nil
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
		i := in.schema.Lookup(c.Name)
		if i < 0 {
			return errorAt(c.Pos, "42703", "column \"%s\" of relation \"%s\" does not exist", c.Name, in.name)
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
	for i := range in.schema.Fields {
		f := &in.schema.Fields[i]
		if f.NotNull && !containsInt(in.columns, i) {
			return notNull(f.Name, in.name, "")
		}
	}
	return nil
}

func containsInt(list []int, x int) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}

// notNull is the error of a NULL where none may be. It has no position, as in PostgreSQL.
func notNull(name, table, detail string) error {
	e := column.SQLErrorf(column.Invalid, "23502", "null value in column \"%s\" of relation \"%s\" violates not-null constraint", name, table)
	e.Detail = detail
	return e
}

func (b *binder) insertValues(in *insertion, v *sql.Values) (plan.Node, error) {
	width := len(v.Rows[0])
	out := &plan.Values{Rows: make([][]expr.Expr, len(v.Rows))}
	s := &scope{clause: "VALUES"}
	for r, row := range v.Rows {
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
		if err := in.checkNulls(bound); err != nil {
			return nil, err
		}
		out.Rows[r] = bound
	}
	for _, c := range in.columns {
		f := in.schema.Fields[c]
		out.Out = append(out.Out, plan.Column{Name: f.Name, Type: f.Type, NotNull: f.NotNull, Mod: f.Mod})
	}
	return out, nil
}

// insertValue binds one value for column i of the insertion.
func (b *binder) insertValue(s *scope, in *insertion, i int, n sql.Expr) (expr.Expr, error) {
	f := &in.schema.Fields[in.columns[i]]
	if d, ok := n.(*sql.Default); ok {
		return &expr.Literal{Value: nullOf(f.Type), At: d.Pos}, nil
	}
	e, err := b.expr(s, n)
	if err != nil {
		return nil, err
	}
	return b.assign(e, f)
}

// assign brings a value to a column's type.
func (b *binder) assign(e expr.Expr, f *column.Field) (expr.Expr, error) {
	from := e.Type()
	if from != unknown && !b.Functions.CanCast(from, f.Type, fn.Assignment) {
		err := errorAt(e.Pos(), "42804", "column \"%s\" is of type %s but expression is of type %s", f.Name, f.Type, from)
		err.Hint = "You will need to rewrite or cast the expression."
		return nil, err
	}
	out, err := b.coerce(e, f.Type, fn.Assignment)
	if err != nil {
		return nil, err
	}
	return b.bounded(out, f.Type, f.Mod, false), nil
}

// checkNulls refuses a row that has a constant NULL in a NOT NULL column; others are the writer's to check.
func (in *insertion) checkNulls(row []expr.Expr) error {
	for i, e := range row {
		f := &in.schema.Fields[in.columns[i]]
		l, ok := e.(*expr.Literal)
		if f.NotNull && ok && l.Value.IsNull(0) {
			return notNull(f.Name, in.name, "Failing row contains ("+rowText(row)+").")
		}
	}
	return nil
}

func rowText(row []expr.Expr) string {
	var parts []string
	for _, e := range row {
		l, ok := e.(*expr.Literal)
		switch {
		case !ok:
			parts = append(parts, "…")
		case l.Value.IsNull(0):
			parts = append(parts, "null")
		default:
			parts = append(parts, string(literal.Append(nil, l.Value, 0, literal.Options{})))
		}
	}
	return strings.Join(parts, ", ")
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
		if e, err = b.assign(e, f); err != nil {
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
