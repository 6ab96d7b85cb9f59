package bind

import (
	"slices"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// createUniqueIndex adds what a unique index says of a table's rows: a UNIQUE constraint that is none to those who ask for constraints. It is held, and used, as
// any; there is no file of it.
func (b *binder) createUniqueIndex(n *sql.CreateIndex) (plan.Statement, error) {
	d, err := b.defining("CREATE INDEX", n.Pos)
	if err != nil {
		return nil, err
	}
	f := d.find(n.Table)
	switch {
	case f == nil:
		return nil, d.missing("relation", n.Table)
	case f.computed && f.table == nil:
		return nil, denied("permission denied: \"%s\" is a system catalog", f.name)
	case f.computed:
		return nil, denied("indexes of %s.%s are not needed: its series are found by their labels", f.schema, f.name)
	case f.table == nil:
		e := column.SQLErrorf(column.Invalid, "42809", "cannot create index on relation \"%s\"", f.name)
		e.Detail = "This operation is not supported for " + f.kind() + "s."
		return nil, e
	case n.Method != "" && n.Method != meta.IndexBTree:
		return nil, column.SQLErrorf(column.Unsupported, "0A000", "access method \"%s\" does not support unique indexes", n.Method)
	}
	c := &sql.Constraint{Pos: n.Pos, Kind: sql.ConUnique, Name: n.Name, NullsNotDistinct: n.NullsNotDistinct}
	var names []string
	for i := range n.Elems {
		e, err := indexElem(&n.Elems[i])
		if err != nil {
			return nil, err
		}
		if e.Class != "" {
			return nil, unsupported(n.Elems[i].Pos, "operator classes of unique indexes are not supported", "Leave it out: it says how an index is ordered, not what is equal.")
		}
		if f.table.Columns.Lookup(e.Column) < 0 {
			return nil, column.SQLErrorf(column.NotFound, "42703", "column \"%s\" does not exist", e.Column)
		}
		c.Columns = append(c.Columns, sql.Ident{Name: e.Column, Pos: n.Elems[i].Pos})
		names = append(names, e.Column)
	}
	if err := indexOptions(&plan.CreateIndex{Method: meta.IndexBTree}, n.Options); err != nil {
		return nil, err
	}
	if c.Name == "" {
		c.Name = d.freeName(f.schema, f.name, strings.Join(names, "_"), "idx")
	} else if d.hasName(f.schema, c.Name) {
		if n.IfNotExists {
			d.notice("42P07", "relation \"%s\" already exists, skipping", c.Name)
			return d.finish()
		}
		return nil, errDuplicate(c.Name)
	}
	a := &alteration{tableDefinition: tableDefinition{definition: d}, of: f, stmt: &sql.AlterTable{Pos: n.Pos}}
	a.table, a.id = d.change(f.table).now, f.table.ID
	if err := a.addKey(c); err != nil {
		return nil, err
	}
	a.table.Constraint(c.Name).Index = true
	if err := a.complete(); err != nil {
		return nil, err
	}
	return d.finish()
}

// keyNamed reports whether a table of a schema has a key of a name: its index has that name in PostgreSQL.
func (d *definition) keyNamed(schema, name string) bool {
	for _, t := range d.Catalog.Tables(d.Database.ID) {
		if t.Schema == schema && slices.ContainsFunc(t.Constraints, func(k meta.Constraint) bool { return k.IsKey() && k.Name == name }) {
			return true
		}
	}
	return false
}

// copyIndexes copies the keys and the indexes of a table to one that is made LIKE it. They get names of their own.
func (t *tableDefinition) copyIndexes(from *meta.Table, ids map[column.ID]column.ID) {
	for _, k := range from.Constraints {
		if !k.IsKey() {
			continue
		}
		k.Name, k.NotValid, k.Comment, k.Columns = "", false, "", slices.Clone(k.Columns)
		for i, id := range k.Columns {
			k.Columns[i] = ids[id]
		}
		t.table.Constraints = append(t.table.Constraints, k)
	}
	for _, x := range t.Catalog.Indexes(from.ID) {
		c := meta.CreateIndex{Method: x.Method, Columns: slices.Clone(x.Columns), Bits: x.Bits}
		var names []string
		for i := range c.Columns {
			names = append(names, from.Columns.Fields[from.Columns.Index(c.Columns[i].Column)].Name)
			c.Columns[i].Column = ids[c.Columns[i].Column]
		}
		c.Name = t.freeName(t.table.Schema, t.table.Name, strings.Join(names, "_"), "idx")
		t.taken[[2]string{t.table.Schema, c.Name}] = true
		t.indexes = append(t.indexes, c)
	}
}
