package bind

import (
	"maps"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

func (b *binder) createTable(n *sql.CreateTable) (plan.Statement, error) {
	d, err := b.defining("CREATE TABLE", n.Pos)
	if err != nil {
		return nil, err
	}
	t, err := d.newTable(n.Name, n.IfNotExists, n.Temp, n.Unlogged, n.Pos)
	if t == nil || err != nil {
		return d.out, err
	}
	like := 0
	for i := 0; i <= len(n.Columns); i++ {
		for ; like < len(n.Likes) && n.Likes[like].Before == i; like++ {
			if err := t.like(&n.Likes[like]); err != nil {
				return nil, err
			}
		}
		if i < len(n.Columns) {
			if err := t.addColumn(n.Columns[i], t.nextColumn()); err != nil {
				return nil, err
			}
		}
	}
	if len(t.table.Columns.Fields) == 0 {
		return nil, errorAt(n.Pos, "42601", "a table needs a column")
	}
	for _, c := range n.Constraints {
		switch c.Kind {
		case sql.ConCheck:
			t.checks = append(t.checks, declared{"", c})
		default:
			if err := constraint(c); err != nil {
				return nil, err
			}
		}
	}
	if err := t.options(n.Options, n.Pos); err != nil {
		return nil, err
	}
	if err := keyConstraints(n, t.table); err != nil {
		return nil, err
	}
	if err := sortByKey(t.table, n.Pos); err != nil {
		return nil, err
	}
	if err := t.resolve(); err != nil {
		return nil, err
	}
	return d.out, t.create(n.IfNotExists)
}

// newTable begins a table; nil if one of its name is there already, which IF NOT EXISTS passes over.
func (d *definition) newTable(name sql.Name, ifNotExists, temp, unlogged bool, pos int) (*tableDefinition, error) {
	switch {
	case temp:
		return nil, unsupported(pos, "temporary tables are not supported", "Create an ordinary table and drop it.")
	case unlogged:
		return nil, unsupported(pos, "unlogged tables are not supported", "Create an ordinary table.")
	}
	schema, err := d.creationSchema(name)
	if err != nil {
		return nil, err
	}
	if d.hasName(schema, name.Name) {
		if ifNotExists {
			d.notice("42P07", "relation \"%s\" already exists, skipping", name.Name)
			return nil, nil
		}
		return nil, errDuplicate(name.Name)
	}
	d.taken[[2]string{schema, name.Name}] = true
	t := &meta.Table{Database: d.Database.ID, Schema: schema, Name: name.Name}
	t.Columns.Version = 1
	return &tableDefinition{definition: d, table: t}, nil
}

func (t *tableDefinition) nextColumn() column.ID { return column.ID(len(t.table.Columns.Fields) + 1) }

// options applies the WITH list.
func (t *tableDefinition) options(list []sql.Option, pos int) error {
	o := tableOptions{schema: &t.table.Columns, opt: t.literalOptions()}
	if err := o.read(list); err != nil {
		return err
	}
	t.table.Retention, t.table.History = max(t.table.Retention, o.retention), o.history
	return o.finish(pos)
}

// create adds the commands that make the table and its sequences.
func (t *tableDefinition) create(ifNotExists bool) error {
	if len(t.sequences)+len(t.indexes) > 0 && t.id == 0 {
		var err error
		if t.id, err = t.Reserve(1); err != nil {
			return err
		}
	}
	x := t.table
	t.do(meta.Command{CreateTable: &meta.CreateTable{
		Database: x.Database, Schema: x.Schema, Name: x.Name, Columns: x.Columns, IfNotExists: ifNotExists && len(t.sequences)+len(t.indexes) == 0, ID: t.id,
		Constraints: x.Constraints, Retention: x.Retention, History: x.History, Comment: x.Comment, ColumnComments: maps.Clone(x.ColumnComments),
	}})
	for _, q := range t.sequences {
		q.Table = t.id
		t.do(meta.Command{CreateSequence: &meta.CreateSequence{Sequence: q}})
	}
	for _, x := range t.indexes {
		x.Table = t.id
		t.do(meta.Command{CreateIndex: &x})
	}
	return nil
}

// constraint says why a constraint is refused: what is declared must hold.
func constraint(c *sql.Constraint) error {
	switch c.Kind {
	case sql.ConForeignKey:
		return unsupported(c.Pos, "foreign keys are not supported", "Leave REFERENCES out, and check with a query that every row has its partner.")
	}
	return nil
}
