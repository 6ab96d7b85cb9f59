package bind

import (
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// Schemas and databases.

func (b *binder) createSchema(n *sql.CreateSchema) (plan.Statement, error) {
	d, err := b.defining("CREATE SCHEMA", n.Pos)
	if err != nil {
		return nil, err
	}
	name := n.Name
	if name == "" {
		name = n.Owner
	}
	if d.Catalog.HasSchema(d.Database.ID, name) {
		if n.IfNotExists {
			d.notice("42P06", "schema \"%s\" already exists, skipping", name)
			return d.finish()
		}
		return nil, column.SQLErrorf(column.Conflict, "42P06", "schema \"%s\" already exists", name)
	}
	if err := unreserved(name); err != nil {
		return nil, err
	}
	d.do(meta.Command{CreateSchema: &meta.CreateSchema{Database: d.Database.ID, Name: name, IfNotExists: n.IfNotExists}})
	return d.finish()
}

func unreserved(schema string) error {
	if !strings.HasPrefix(schema, "pg_") {
		return nil
	}
	e := column.SQLErrorf(column.Invalid, "42939", "unacceptable schema name \"%s\"", schema)
	e.Detail = "The prefix \"pg_\" is reserved for system schemas."
	return e
}

// databaseOptions are those of CREATE DATABASE whose values say what every database of Aegis is.
var databaseOptions = map[string][]string{
	"encoding": {"utf8", "utf-8", "unicode", "6", "default"}, "lc_collate": {"c", "posix", "c.utf-8", "c.utf8", "default"},
	"lc_ctype": {"c", "posix", "c.utf-8", "c.utf8", "default"}, "locale": {"c", "posix", "c.utf-8", "c.utf8", "default"},
	"template": {"template0", "template1", "default"}, "locale_provider": {"libc", "default"}, "tablespace": {"pg_default", "default"},
	"connection_limit": {"-1"}, "allow_connections": {"true", "on", "1", "yes"}, "is_template": {"false", "off", "0", "no"},
}

func (b *binder) createDatabase(n *sql.CreateDatabase) (plan.Statement, error) {
	d, err := b.defining("CREATE DATABASE", n.Pos)
	if err != nil {
		return nil, err
	}
	d.out.Alone = true
	for _, o := range n.Options {
		if o.Name == "owner" {
			continue // there is one kind of owner
		}
		values, known := databaseOptions[o.Name]
		if !known {
			return nil, errorAt(o.Pos, "42601", "option \"%s\" not recognized", o.Name)
		}
		if !containsFolded(values, o.Value.Text) {
			return nil, unsupported(o.Pos, o.Name+" "+o.Value.Text+" of a database is not supported", "Text is UTF-8 and ordered by its bytes; there are no limits or templates for databases.")
		}
	}
	if d.Catalog.Database(n.Name) != nil {
		return nil, column.SQLErrorf(column.Conflict, "42P04", "database \"%s\" already exists", n.Name)
	}
	d.do(meta.Command{CreateDatabase: &meta.CreateDatabase{Name: n.Name}})
	return d.finish()
}

func containsFolded(list []string, text string) bool {
	for _, s := range list {
		if strings.EqualFold(s, text) {
			return true
		}
	}
	return false
}

func (b *binder) dropDatabase(n *sql.Drop) (plan.Statement, error) {
	d, err := b.defining("DROP DATABASE", n.Pos)
	if err != nil {
		return nil, err
	}
	d.out.Alone = true
	name := n.Names[0].Name
	db := d.Catalog.Database(name)
	switch {
	case db == nil && n.IfExists:
		d.notice("00000", "database \"%s\" does not exist, skipping", name)
		return d.finish()
	case db == nil:
		return nil, column.SQLErrorf(column.NotFound, "3D000", "database \"%s\" does not exist", name)
	case db.ID == d.Database.ID:
		return nil, column.SQLErrorf(column.Invalid, "55006", "cannot drop the currently open database")
	}
	d.do(meta.Command{DropDatabase: &meta.DropDatabase{Database: db.ID}})
	return d.finish()
}

// comment is COMMENT ON.
func (b *binder) comment(n *sql.Comment) (plan.Statement, error) {
	d, err := b.defining("COMMENT", n.Pos)
	if err != nil {
		return nil, err
	}
	c := &meta.Comment{}
	if n.Text != nil {
		c.Text = *n.Text
	}
	switch n.Kind {
	case sql.ObjSchema:
		if !d.Catalog.HasSchema(d.Database.ID, n.Name.Name) {
			return nil, column.SQLErrorf(column.NotFound, "3F000", "schema \"%s\" does not exist", n.Name.Name)
		}
		c.Database, c.Schema = d.Database.ID, n.Name.Name
	case sql.ObjDatabase:
		db := d.Catalog.Database(n.Name.Name)
		if db == nil {
			return nil, column.SQLErrorf(column.NotFound, "3D000", "database \"%s\" does not exist", n.Name.Name)
		}
		c.Database = db.ID
	default:
		if err := d.commentRelation(n, c); err != nil {
			return nil, err
		}
	}
	d.do(meta.Command{Comment: c})
	return d.finish()
}

func (d *definition) commentRelation(n *sql.Comment, c *meta.Comment) error {
	f := d.find(n.Name)
	if f == nil {
		return d.missing("relation", n.Name)
	}
	if f.computed {
		return denied("%s.%s takes no comments: %s", f.schema, f.name, reservedSchemas[f.schema])
	}
	c.Relation = f.id
	kind := map[sql.ObjectKind]string{sql.ObjTable: "table", sql.ObjView: "view", sql.ObjSequence: "sequence", sql.ObjIndex: "index", sql.ObjMaterializedView: "materialized view"}[n.Kind]
	switch {
	case n.Kind == sql.ObjColumn:
		return commentColumn(n, c, f)
	case n.Kind == sql.ObjConstraint:
		if f.table == nil || f.table.Constraint(n.Column) == nil {
			return column.SQLErrorf(column.NotFound, "42704", "constraint \"%s\" for table \"%s\" does not exist", n.Column, f.name)
		}
		c.Constraint = n.Column
		return nil
	case f.kind() != kind:
		article := "a "
		if kind == "index" {
			article = "an "
		}
		return column.SQLErrorf(column.Invalid, "42809", "\"%s\" is not %s%s", f.name, article, kind)
	case f.index != nil:
		return unsupported(n.Pos, "comments on indexes are not supported", "Comment on their table.")
	}
	return nil
}

func commentColumn(n *sql.Comment, c *meta.Comment, f *found) error {
	switch {
	case f.table != nil:
		if i := f.table.Columns.Lookup(n.Column); i >= 0 {
			c.Column = f.table.Columns.Fields[i].ID
			return nil
		}
	case f.view != nil:
		for i, col := range f.view.Columns {
			if col.Name == n.Column {
				c.Column = column.ID(i + 1)
				return nil
			}
		}
	default:
		e := column.SQLErrorf(column.Invalid, "42809", "cannot set comment on relation \"%s\"", f.name)
		e.Detail = "This operation is not supported for " + f.kind() + "s."
		return e
	}
	return column.SQLErrorf(column.Invalid, "42703", "column \"%s\" of relation \"%s\" does not exist", n.Column, f.name)
}
