package bind

import (
	"context"

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
	node, at := b.withRow(t, given, values)
	return c, given.ID, in.columns, b.give(c, node, &scope{}, t.fieldsAt(at), nil)
}
