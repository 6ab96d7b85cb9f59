package bind

import (
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"

	"github.com/automatanexus/aegis-db/column"
)

// Rows that are written to a table are completed and checked here, whichever statement makes them: INSERT, UPDATE, MERGE and COPY.

// defaultOf is the value of a field that a statement says nothing about, or DEFAULT.
func (b *binder) defaultOf(t *changedTable, i, pos int) (expr.Expr, error) {
	return &expr.Literal{Value: nullOf(t.schema.Fields[i].Type), At: pos}, nil
}

// complete gives the fields that have no value their defaults.
func (b *binder) complete(t *changedTable, values []expr.Expr, pos int) error {
	for i, e := range values {
		if e != nil {
			continue
		}
		var err error
		if values[i], err = b.defaultOf(t, i, pos); err != nil {
			return err
		}
	}
	return nil
}

// withRow puts whole rows of a table behind the columns of an input. The values are those of the table's fields, over the input's columns.
func (b *binder) withRow(t *changedTable, input plan.Node, values []expr.Expr) (node plan.Node, at int) {
	for i := range values {
		input = b.attach(input, 0, &values[i])
	}
	p := &plan.Project{Input: input}
	p.Exprs, p.Names = columnRefs(input.Columns())
	at = len(p.Exprs)
	for i, e := range values {
		p.Exprs, p.Names = append(p.Exprs, e), append(p.Names, t.schema.Fields[i].Name)
	}
	return p, at
}

// checks are the conditions that whole rows of a table must hold, over its fields; that of NOT NULL is the writer's.
func (b *binder) checks(*changedTable) ([]plan.Check, error) { return nil, nil }

// fieldsAt gives the fields of a row that stands from column at on.
func (t *changedTable) fieldsAt(at int) []expr.Expr {
	out := make([]expr.Expr, len(t.schema.Fields))
	for i, f := range t.schema.Fields {
		out[i] = &expr.Column{Index: at + i, Name: f.Name, T: f.Type}
	}
	return out
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
