package bind

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// Functions in FROM whose columns the statement says: json_to_recordset('[…]') AS r (a integer, b text).

// recordColumns are the columns that a list defines.
func recordColumns(defs []sql.ColDef) ([]column.Field, []expr.SetColumn, error) {
	fields, columns := make([]column.Field, len(defs)), make([]expr.SetColumn, len(defs))
	for i, d := range defs {
		t, err := typeOf(d.Type)
		if err != nil {
			return nil, nil, err
		}
		mod, err := modOf(d.Type, t)
		if err != nil {
			return nil, nil, err
		}
		for _, f := range fields[:i] {
			if f.Name == d.Name {
				return nil, nil, errorAt(d.Pos, "42701", "column name \"%s\" specified more than once", d.Name)
			}
		}
		fields[i], columns[i] = column.Field{Name: d.Name, Type: t, Mod: mod}, expr.SetColumn{Name: d.Name, Type: t}
	}
	return fields, columns, nil
}

// recordCall binds a call that has a list of columns. The fields say how long their values may be.
func (f *fromClause) recordCall(s *scope, n *sql.FuncCall, defs []sql.ColDef) (expr.SetCall, []column.Field, error) {
	call := expr.SetCall{At: n.Pos}
	fields, columns, err := recordColumns(defs)
	if err != nil {
		return call, nil, err
	}
	if call.Fn = fn.RecordFunction(n.Name.Name, columns); call.Fn == nil || n.Special || !hasFunctions(n.Name) {
		return call, nil, errorAt(defs[0].Pos, "42601", "a column definition list is only allowed for functions returning \"record\"")
	}
	args, err := f.setArguments(s, n)
	if err != nil {
		return call, nil, err
	}
	if len(args) != 1 || args[0].Type() != unknown && args[0].Type() != call.Fn.Args[0] {
		types := make([]column.Type, len(args))
		for i, a := range args {
			types[i] = a.Type()
		}
		return call, nil, place(fn.NoFunction(n.Name.Name, types), n.Pos)
	}
	arg, err := f.coerce(args[0], call.Fn.Args[0], fn.Implicit)
	if err != nil {
		return call, nil, err
	}
	call.Args = []expr.Expr{arg}
	for _, c := range columns {
		call.Names = append(call.Names, c.Name)
	}
	return call, fields, nil
}

// within holds values to the lengths that their columns are defined with; fields without a name have none.
func (f *fromClause) within(node plan.Node, fields []column.Field) plan.Node {
	limited := false
	for _, d := range fields {
		limited = limited || d.Mod != 0
	}
	if !limited {
		return node
	}
	p := &plan.Project{Input: node}
	p.Exprs, p.Names = columnRefs(node.Columns())
	for i, d := range fields {
		if d.Mod != 0 {
			p.Exprs[i] = f.bounded(p.Exprs[i], d.Type, d.Mod, false)
		}
	}
	return p
}
