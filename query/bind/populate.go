package bind

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

const populateHint = "Write NULL::table as the first argument, in FROM: SELECT * FROM jsonb_populate_record(NULL::readings, '{…}')."

// populateCall binds json_populate_record(NULL::readings, '{…}') and its kin, whose columns are those of a table.
func (f *fromClause) populateCall(s *scope, n *sql.FuncCall) (expr.SetCall, []column.Field, error) {
	call := expr.SetCall{At: n.Pos}
	if len(n.Args) != 2 {
		return call, nil, unsupported(n.Pos, n.Name.Name+" is supported with two arguments only", populateHint)
	}
	table, ok := anchorOf(n.Args[0])
	if !ok {
		return call, nil, unsupported(n.Args[0].Position(), n.Name.Name+" of anything but the NULL of a table is not supported", populateHint)
	}
	fields, err := f.fieldsOfType(table)
	if err != nil {
		return call, nil, err
	}
	columns := make([]expr.SetColumn, len(fields))
	for i, c := range fields {
		columns[i] = expr.SetColumn{Name: c.Name, Type: c.Type}
		call.Names = append(call.Names, c.Name)
	}
	call.Fn = fn.PopulateFunction(n.Name.Name, columns)
	document := *n
	document.Args = n.Args[1:]
	args, err := f.setArguments(s, &document)
	if err != nil {
		return call, nil, err
	}
	if t := args[0].Type(); t != unknown && t != call.Fn.Args[0] {
		return call, nil, place(fn.NoFunction(n.Name.Name, []column.Type{unknown, t}), n.Pos)
	}
	arg, err := f.coerce(args[0], call.Fn.Args[0], fn.Implicit)
	call.Args = []expr.Expr{arg}
	return call, fields, err
}

// anchorOf gives the table whose NULL an expression is.
func anchorOf(e sql.Expr) (*sql.TypeName, bool) {
	c, ok := e.(*sql.Cast)
	if !ok || len(c.Type.Dims) > 0 || c.Type.Keyword {
		return nil, false
	}
	l, ok := c.Expr.(*sql.Literal)
	return c.Type, ok && l.Kind == sql.LitNull
}

// fieldsOfType gives the columns of the table that a type is named after.
func (b *binder) fieldsOfType(n *sql.TypeName) ([]column.Field, error) {
	rel, use, err := b.resolve(sql.Name{Schema: n.Schema, Name: n.Name, Pos: n.Pos})
	if err != nil {
		return nil, errorAt(n.Pos, "42704", "type \"%s\" does not exist", n.Name)
	}
	if _, ok := rel.(plan.View); ok || use != nil {
		return nil, unsupported(n.Pos, "the rows of views, and views of the rows of tables, are not supported as a type", "List the columns: jsonb_to_record('{…}') AS r (a integer, b text).")
	}
	schema := rel.Schema()
	var out []column.Field
	for _, c := range rel.Columns() {
		field := column.Field{Name: c.Name, Type: c.Type}
		if i := schema.Index(c.ID); c.ID != 0 && i >= 0 {
			field.Mod = schema.Fields[i].Mod
		}
		out = append(out, field)
	}
	return out, nil
}

// noRowType says of a cast to a type that does not exist, if it is named after a table, that it is one of rows.
func (b *binder) noRowType(n *sql.TypeName, err error) error {
	if _, ok := column.TypeOfWord(n.Name); ok || b.Resolver == nil {
		return err
	}
	if _, _, e := b.resolve(sql.Name{Schema: n.Schema, Name: n.Name, Pos: n.Pos}); e != nil {
		return err
	}
	return unsupported(n.Pos, "the type of a table's rows is supported only in FROM, as the first argument of jsonb_populate_record and its kin", populateHint)
}
