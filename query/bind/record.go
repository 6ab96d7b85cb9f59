package bind

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/record"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// Rows as values: ROW(…), the rows of an item of FROM by its name, and their fields.

var recordType = column.T(column.Record)

// row binds ROW(…), or elements in parentheses, as a value.
func (b *binder) row(s *scope, n *sql.Row) (expr.Expr, error) {
	values, err := b.rowElements(s, n)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(values))
	for i := range values {
		if values[i], err = b.known(values[i]); err != nil {
			return nil, err
		}
		names[i] = fn.FieldName(i)
	}
	return makeRow(names, values, n.Pos), nil
}

// rowElements binds the elements of a row; item.* stands for its columns.
func (b *binder) rowElements(s *scope, n *sql.Row) ([]expr.Expr, error) {
	var out []expr.Expr
	for _, elem := range n.Elems {
		list, expands, err := b.spread(s, elem)
		if err != nil {
			return nil, err
		}
		for _, t := range list {
			out = append(out, t.bound)
		}
		if expands {
			continue
		}
		e, err := b.expr(s, elem)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// spread binds what stands for several columns: *, item.*, (row).*; false for anything else.
func (b *binder) spread(s *scope, e sql.Expr) ([]target, bool, error) {
	switch n := e.(type) {
	case *sql.Star:
		out, err := b.expandStar(s, n)
		return out, true, err
	case *sql.Field:
		if !n.Star {
			return nil, false, nil
		}
		row, shape, err := b.shaped(s, n)
		if err != nil {
			return nil, true, err
		}
		out := make([]target, len(shape.Names))
		for i, name := range shape.Names {
			out[i] = target{name: name, bound: fieldOf(row, shape, i, n.Pos)}
		}
		return out, true, nil
	}
	return nil, false, nil
}

// makeRow is the call that makes a row.
func makeRow(names []string, values []expr.Expr, pos int) expr.Expr {
	args := append([]expr.Expr{&expr.Literal{Value: fn.RowNames(names), At: pos}}, values...)
	return &expr.Call{Fn: fn.MakeRow, Args: args, T: recordType, At: pos}
}

// wholeRow is the row of an item of FROM. Where an outer join has no partner for another row it is NULL. Of a function that gives one value a row, it
// is that value.
func wholeRow(src *source, pos int) expr.Expr {
	if src.single && len(src.fields) == 1 {
		return src.fields[0].at(pos)
	}
	var names []string
	var values []expr.Expr
	for _, f := range src.fields {
		if !f.unlisted {
			names, values = append(names, f.name), append(values, f.at(pos))
		}
	}
	row := makeRow(names, values, pos)
	if src.present == nil {
		return row
	}
	there := *src.present
	there.At = pos
	return &expr.Case{When: []expr.Expr{&expr.IsNull{Arg: &there, Negate: true, At: pos}}, Then: []expr.Expr{row}, T: recordType, At: pos}
}

// field binds (row).name.
func (b *binder) field(s *scope, n *sql.Field) (expr.Expr, error) {
	if n.Star {
		return nil, errorAt(n.Pos, "42601", "row expansion via \"*\" is not supported here")
	}
	row, shape, err := b.shaped(s, n)
	if err != nil {
		return nil, err
	}
	for i, name := range shape.Names {
		if name == n.Name {
			return fieldOf(row, shape, i, n.Pos), nil
		}
	}
	if ref, ok := n.Expr.(*sql.ColumnRef); ok && len(ref.Parts) == 1 {
		if src, _ := s.find(ref.Parts, ref.Pos); src != nil {
			return nil, errorAt(n.Expr.Position(), "42703", "column %s.%s does not exist", src.name, n.Name)
		}
	}
	return nil, errorAt(n.Expr.Position(), "42703", "could not identify column \"%s\" in record data type", n.Name)
}

// shaped binds a row whose fields are known.
func (b *binder) shaped(s *scope, n *sql.Field) (expr.Expr, *expr.Shape, error) {
	row, err := b.value(s, n.Expr)
	if err != nil {
		return nil, nil, err
	}
	if row.Type() != recordType {
		if n.Star {
			return nil, nil, errorAt(n.Expr.Position(), "42809", "type %s is not composite", row.Type())
		}
		return nil, nil, errorAt(n.Expr.Position(), "42809", "column notation .%s applied to type %s, which is not a composite type", n.Name, row.Type())
	}
	shape := shapeOf(row)
	if shape == nil {
		return nil, nil, unsupported(n.Expr.Position(), "the fields of this row are not known here", "Take them where the row is made.")
	}
	return row, shape, nil
}

// shapeOf gives the fields of a row; nil if they are not known.
func shapeOf(e expr.Expr) *expr.Shape {
	switch e := e.(type) {
	case *expr.Column:
		return e.Shape
	case *expr.Param:
		return e.Shape
	case *expr.Call:
		if e.Fn != fn.MakeRow {
			return nil
		}
		out := &expr.Shape{Names: fn.RowFields(e)}
		for _, a := range e.Args[1:] {
			out.Types = append(out.Types, a.Type())
		}
		return out
	case *expr.Literal:
		return literalShape(e.Value)
	case *expr.Case:
		return shapeOf(e.Then[0])
	}
	return nil
}

// literalShape gives the fields of a row that is a constant.
func literalShape(v *column.Vector) *expr.Shape {
	if v.IsNull(0) {
		return nil
	}
	fields, err := record.Decode(v.Bytes(0))
	if err != nil {
		return nil
	}
	out := &expr.Shape{}
	for _, f := range fields {
		out.Names, out.Types = append(out.Names, f.Name), append(out.Types, f.Value.Type)
	}
	return out
}

// outputShape gives the fields of a column of rows of a node's output.
func outputShape(n plan.Node, i int) *expr.Shape {
	within := func(e expr.Expr, in plan.Node) *expr.Shape {
		if c, ok := e.(*expr.Column); ok && c.Shape == nil && c.Index < len(in.Columns()) {
			return outputShape(in, c.Index)
		}
		return shapeOf(e)
	}
	switch n := n.(type) {
	case *plan.Project:
		return within(n.Exprs[i], n.Input)
	case *plan.Aggregate:
		if i < len(n.Keys) {
			return within(n.Keys[i], n.Input)
		}
		return nil
	case *plan.Values:
		if len(n.Rows) > 0 {
			return shapeOf(n.Rows[0][i])
		}
		return nil
	}
	// The columns of others are those of their inputs, one after the other, and more.
	for _, in := range n.Inputs() {
		columns := in.Columns()
		if i >= len(columns) {
			i -= len(columns)
			continue
		}
		if columns[i].Type == recordType {
			return outputShape(in, i)
		}
		return nil
	}
	return nil
}

// fieldOf is field i of a row.
func fieldOf(row expr.Expr, shape *expr.Shape, i, pos int) expr.Expr {
	if whole := wholeCall(row); whole != nil {
		return whole.Args[i+1]
	}
	place := &expr.Literal{Value: column.NewInts(column.T(column.Int32), []int64{int64(i)}, nil), At: pos}
	return &expr.Call{Fn: fn.RowField(shape.Types[i]), Args: []expr.Expr{row, place}, T: shape.Types[i], At: pos}
}

// wholeCall is the call that makes a row whose fields can be taken before it is made: those of an item of FROM are NULL where its row is.
func wholeCall(row expr.Expr) *expr.Call {
	if c, ok := row.(*expr.Case); ok && len(c.When) == 1 && c.Else == nil {
		if !wholeTest(c.When[0]) {
			return nil
		}
		row = c.Then[0]
	}
	if call, ok := row.(*expr.Call); ok && call.Fn == fn.MakeRow {
		return call
	}
	return nil
}

// wholeTest reports the condition under which there is a row of an item, or of a function in a list.
func wholeTest(e expr.Expr) bool {
	if not, ok := e.(*expr.Not); ok {
		return readsSets(not.Arg)
	}
	test, ok := e.(*expr.IsNull)
	if !ok || !test.Negate {
		return false
	}
	there, ok := test.Arg.(*expr.Column)
	return ok && there.Name == presentName
}

// presentName is the name of a column that is true in the rows of an item, and NULL where an outer join makes rows without it.
const presentName = "(present)"

// marked adds that column to an item.
func marked(node plan.Node) plan.Node {
	refs, names := columnRefs(node.Columns())
	return &plan.Project{Input: node, Exprs: append(refs, boolLiteral(true, 0)), Names: append(names, presentName)}
}

// rowNames are the names in a SELECT that may mean rows of items, where outer joins may make some of these NULL.
func rowNames(n *sql.Select) map[string]bool {
	outer := false
	for _, t := range n.From {
		sql.Walk(t, func(n sql.Node) bool {
			j, ok := n.(*sql.Join)
			outer = outer || ok && (j.Kind == sql.LeftJoin || j.Kind == sql.RightJoin || j.Kind == sql.FullJoin)
			return !outer
		})
	}
	if !outer {
		return nil
	}
	out := map[string]bool{}
	listed := map[sql.Node]bool{} // item.* in a list of columns stands for these
	for _, t := range n.Targets {
		listed[t.Expr] = true
	}
	sql.Walk(n, func(n sql.Node) bool {
		switch c := n.(type) {
		case *sql.ColumnRef:
			if len(c.Parts) == 1 {
				out[c.Parts[0]] = true
			}
		case *sql.Star:
			if len(c.Qualifier) > 0 && !listed[n] {
				out[c.Qualifier[len(c.Qualifier)-1]] = true
			}
		}
		return true
	})
	return out
}

// isNull is IS NULL of any value, also of a row.
func isNull(a expr.Expr, negate bool, pos int) expr.Expr {
	if a.Type() == recordType {
		return &expr.Call{Fn: fn.RowIsNull(negate), Args: []expr.Expr{a}, T: boolType, At: pos}
	}
	return &expr.IsNull{Arg: a, Negate: negate, At: pos}
}

// storable refuses the columns that no table can have.
func storable(columns []plan.Column) error {
	for _, c := range columns {
		if path := column.T(column.JSONPath); c.Type == path || c.Type == column.ArrayOf(path) {
			e := column.SQLErrorf(column.Unsupported, "0A000", "columns of type %s are not supported: \"%s\"", c.Type, c.Name)
			e.Hint = "Store paths as text, and cast them where they are used: p::jsonpath."
			return e
		}
	}
	return noRecords(columns)
}

// noRecords refuses columns of rows where a table or a view is made.
func noRecords(columns []plan.Column) error {
	for _, c := range columns {
		if c.Type == recordType || c.Type == column.ArrayOf(recordType) {
			return column.SQLErrorf(column.Invalid, "42P16", "column \"%s\" has pseudo-type %s", c.Name, c.Type)
		}
	}
	return nil
}
