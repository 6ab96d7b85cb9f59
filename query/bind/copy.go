package bind

import (
	"context"
	"slices"

	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// Copy binds COPY FROM: a change that inserts rows which are given to it under an ID. It also gives which columns of the table the data has, as fields in
// the data's order.
func Copy(ctx context.Context, n *sql.Copy, opt Options) (*plan.Change, *plan.SharedID, []int, error) {
	b := newBinder(ctx, opt)
	t, err := b.changedTable(*n.Table, "copy to")
	if err != nil {
		return nil, nil, nil, err
	}
	in := &insertion{changedTable: t, listed: n.Columns}
	if err := in.setColumns(n.Columns); err != nil {
		return nil, nil, nil, err
	}
	if err := in.copied(n); err != nil {
		return nil, nil, nil, err
	}
	given := &plan.Given{Name: "copied", ID: &plan.SharedID{}}
	values := make([]expr.Expr, len(t.schema.Fields))
	for i, f := range in.columns {
		field := &t.schema.Fields[f]
		given.Out = append(given.Out, plan.Column{Name: field.Name, Type: field.Type})
		values[f] = b.bounded(&expr.Column{Index: i, Name: field.Name, T: field.Type, At: n.Pos}, field.Type, field.Mod, false)
	}
	if err := b.complete(t, values, n.Pos); err != nil {
		return nil, nil, nil, err
	}
	c := &plan.Change{Kind: plan.InsertRows, Table: t.rel, Whole: true}
	if c.Checks, err = b.checks(t); err != nil {
		return nil, nil, nil, err
	}
	node, at, err := b.withRow(t, given, values)
	if err != nil {
		return nil, nil, nil, err
	}
	return c, given.ID, in.columns, b.give(c, node, &scope{}, t.fieldsAt(at), nil)
}

// copied leaves out the columns that compute their own values, which cannot be named either.
func (in *insertion) copied(n *sql.Copy) error {
	generated := func(i int) bool { return in.schema.Fields[i].Generated != "" }
	for i, at := range in.columns {
		if n.Columns != nil && generated(at) {
			e := errorAt(n.Columns[i].Pos, "42P10", "column \"%s\" is a generated column", in.schema.Fields[at].Name)
			e.Detail, e.Position = "Generated columns cannot be used in COPY.", 0
			return e
		}
	}
	in.columns = slices.DeleteFunc(in.columns, generated)
	return nil
}
