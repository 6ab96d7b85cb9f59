package bind

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// createTableAs makes a table of a query's rows.
func (b *binder) createTableAs(n *sql.CreateTableAs) (plan.Statement, error) {
	d, err := b.defining("CREATE TABLE AS", n.Pos)
	if err != nil {
		return nil, err
	}
	t, err := d.newTable(n.Name, n.IfNotExists, n.Temp, n.Unlogged, n.Pos)
	if t == nil || err != nil {
		return d.out, err
	}
	root, err := b.query(n.Query)
	if err != nil {
		return nil, err
	}
	columns := plan.Describe(root)
	if err := storable(columns); err != nil {
		return nil, err
	}
	if len(n.Columns) > len(columns) {
		return nil, errorAt(n.Columns[len(columns)].Pos, "42601", "too many column names were specified")
	}
	for i, c := range columns {
		name := c.Name
		if i < len(n.Columns) {
			name = n.Columns[i].Name
		}
		if t.table.Columns.Lookup(name) >= 0 {
			return nil, column.SQLErrorf(column.Invalid, "42701", "column \"%s\" specified more than once", name)
		}
		t.table.Columns.Fields = append(t.table.Columns.Fields, column.Field{ID: t.nextColumn(), Name: name, Type: c.Type, Mod: c.Mod})
	}
	if len(columns) == 0 {
		return nil, unsupported(n.Pos, "a table needs a column", "")
	}
	if err := t.options(n.Options, n.Pos); err != nil {
		return nil, err
	}
	if t.id, err = d.Reserve(1); err != nil {
		return nil, err
	}
	if !n.NoData {
		d.out.Rows, d.out.First = root, b.subqueries
	}
	d.out.Table = t.table
	t.table.ID = t.id
	return d.out, t.create(n.IfNotExists)
}
