package bind

import (
	"slices"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// Rows that are written to a table are completed and checked here, whichever statement makes them: INSERT, UPDATE, MERGE and COPY.

// defaultOf is the value of a field that a statement says nothing about, or DEFAULT. That of a generated one is computed when the rest of the row is there.
func (b *binder) defaultOf(t *changedTable, i, pos int) (expr.Expr, error) {
	f := &t.schema.Fields[i]
	n, err := t.defaultText(b, f)
	if n == nil || err != nil {
		return &expr.Literal{Value: nullOf(f.Type), At: pos}, err
	}
	e, err := b.rule(defaultRule, t.name, t.schema, 0, n)
	if err != nil {
		return nil, err
	}
	return b.valueRule(e, f)
}

// defaultText is the expression of a field's default, nil for NULL.
func (t *changedTable) defaultText(b *binder, f *column.Field) (sql.Expr, error) {
	switch {
	case f.Generated != "":
		return nil, nil
	case f.Identity != column.NoIdentity:
		if b.Definitions == nil {
			return nil, nil
		}
		if q := identityOf(b.Definitions.Catalog, t.table, f.ID); q != nil {
			return sql.Unplaced(nextOf(q.ID)), nil
		}
		return nil, nil
	case f.Default == "":
		return nil, nil
	}
	return parseRule(f.Default)
}

// given refuses a value, in an INSERT, for a field that computes its own.
func (t *changedTable) given(i int, overriding string) error {
	f := &t.schema.Fields[i]
	if f.Generated == "" && (f.Identity != column.IdentityAlways || overriding == "system") {
		return nil
	}
	e := column.SQLErrorf(column.Invalid, "428C9", "cannot insert a non-DEFAULT value into column \"%s\"", f.Name)
	e.Detail = "Column \"" + f.Name + "\" is a generated column."
	if f.Generated == "" {
		e.Detail = "Column \"" + f.Name + "\" is an identity column defined as GENERATED ALWAYS."
		e.Hint = "Use OVERRIDING SYSTEM VALUE to override."
	}
	return e
}

// updated refuses a value, in an UPDATE, for a field that computes its own.
func (t *changedTable) updated(i int) error {
	f := &t.schema.Fields[i]
	if f.Generated == "" && f.Identity != column.IdentityAlways {
		return nil
	}
	e := column.SQLErrorf(column.Invalid, "428C9", "column \"%s\" can only be updated to DEFAULT", f.Name)
	e.Detail = "Column \"" + f.Name + "\" is a generated column."
	if f.Generated == "" {
		e.Detail = "Column \"" + f.Name + "\" is an identity column defined as GENERATED ALWAYS."
	}
	return e
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
func (b *binder) withRow(t *changedTable, input plan.Node, values []expr.Expr) (node plan.Node, at int, err error) {
	for i := range values {
		input = b.attach(input, 0, &values[i])
	}
	p := &plan.Project{Input: input}
	p.Exprs, p.Names = columnRefs(input.Columns())
	at = len(p.Exprs)
	for i, e := range values {
		p.Exprs, p.Names = append(p.Exprs, e), append(p.Names, t.schema.Fields[i].Name)
	}
	node, err = b.generated(t, p, at)
	return node, at, err
}

// generated computes the generated fields of rows that stand from column at on.
func (b *binder) generated(t *changedTable, input *plan.Project, at int) (plan.Node, error) {
	var out *plan.Project
	for i := range t.schema.Fields {
		f := &t.schema.Fields[i]
		if f.Generated == "" {
			continue
		}
		n, err := parseRule(f.Generated)
		if err != nil {
			return nil, err
		}
		e, err := b.rule(generatedRule, t.name, t.schema, at, n)
		if err != nil {
			return nil, err
		}
		if e, err = b.valueRule(e, f); err != nil {
			return nil, err
		}
		if out == nil {
			out = &plan.Project{Input: input}
			out.Exprs, out.Names = columnRefs(input.Columns())
		}
		out.Exprs[at+i] = e
	}
	if out == nil {
		return input, nil
	}
	return out, nil
}

// checks are the conditions that whole rows of a table must hold, over its fields; that of NOT NULL is the writer's.
func (b *binder) checks(t *changedTable) ([]plan.Check, error) {
	var out []plan.Check
	for _, k := range t.table.Constraints {
		if k.Kind != meta.CheckConstraint {
			continue
		}
		n, err := parseRule(k.Text)
		if err != nil {
			return nil, err
		}
		e, err := b.rule(checkRule, t.name, t.schema, 0, n)
		if err != nil {
			return nil, err
		}
		if e, err = b.condition(e, "CHECK"); err != nil {
			return nil, err
		}
		out = append(out, plan.Check{Name: k.Name, Cond: e})
	}
	slices.SortStableFunc(out, func(a, b plan.Check) int { return strings.Compare(a.Name, b.Name) }) // the order that PostgreSQL looks in
	return out, nil
}

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
