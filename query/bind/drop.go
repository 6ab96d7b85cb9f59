package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// dropKinds are the kinds of relations as DROP names them.
var dropKinds = map[sql.ObjectKind]string{sql.ObjTable: "table", sql.ObjView: "view", sql.ObjSequence: "sequence", sql.ObjMaterializedView: "materialized view", sql.ObjIndex: "index"}

func (b *binder) drop(n *sql.Drop) (plan.Statement, error) {
	switch n.Kind {
	case sql.ObjSchema:
		return b.dropSchemas(n)
	case sql.ObjDatabase:
		return b.dropDatabase(n)
	case sql.ObjTable, sql.ObjView, sql.ObjSequence, sql.ObjMaterializedView:
		return b.dropRelations(n)
	}
	return nil, unsupported(n.Pos, "this kind of object cannot be dropped", "")
}

// dropRelations looks all names up before the first goes: a wrong name drops nothing.
func (b *binder) dropRelations(n *sql.Drop) (plan.Statement, error) {
	kind := dropKinds[n.Kind]
	d, err := b.defining("DROP "+map[sql.ObjectKind]string{
		sql.ObjTable: "TABLE", sql.ObjView: "VIEW", sql.ObjSequence: "SEQUENCE", sql.ObjMaterializedView: "MATERIALIZED VIEW",
	}[n.Kind], n.Pos)
	if err != nil {
		return nil, err
	}
	var going []object
	for _, name := range n.Names {
		f := d.find(name)
		if f == nil {
			if !n.IfExists {
				return nil, d.missing(kind, name)
			}
			d.skipping(kind, name)
			continue
		}
		if f.computed {
			return nil, denied("%s.%s cannot be dropped: %s", f.schema, f.name, reservedSchemas[f.schema])
		}
		if f.kind() != kind {
			e := column.SQLErrorf(column.Invalid, "42809", "\"%s\" is not a %s", f.name, kind)
			if kind == "index" {
				e.Message = "\"" + f.name + "\" is not an index"
			}
			e.Hint = "Use DROP " + map[string]string{"table": "TABLE", "view": "VIEW", "sequence": "SEQUENCE", "index": "INDEX"}[f.kind()] + " to remove a " + f.kind() + "."
			if f.kind() == "index" {
				e.Hint = "Use DROP INDEX to remove an index."
			}
			return nil, e
		}
		if f.sequence != nil && f.sequence.Table != 0 && f.sequence.Identity {
			t := d.Catalog.TableByID(f.sequence.Table)
			of := d.describe(object{relation: t.ID, column: f.sequence.Column})
			e := column.SQLErrorf(column.Invalid, "2BP01", "cannot drop %s because %s requires it", d.describe(object{relation: f.id}), of)
			e.Hint = "You can drop " + of + " instead."
			return nil, e
		}
		if o := (object{relation: f.id}); !slices.Contains(going, o) {
			going = append(going, o)
		}
	}
	return d.drop(going, n.Cascade)
}

// drop drops relations and what depends on them.
func (d *definition) drop(going []object, cascade bool) (plan.Statement, error) {
	if len(going) > 0 {
		if err := d.release(d.describe(going[0]), going, cascade); err != nil {
			return nil, err
		}
	}
	for _, o := range going {
		d.remove(o)
	}
	return d.finish()
}

func (b *binder) dropSchemas(n *sql.Drop) (plan.Statement, error) {
	d, err := b.defining("DROP SCHEMA", n.Pos)
	if err != nil {
		return nil, err
	}
	var going []object
	var schemas []string
	for _, name := range n.Names {
		switch _, reserved := reservedSchemas[name.Name]; {
		case !d.Catalog.HasSchema(d.Database.ID, name.Name):
			if !n.IfExists {
				return nil, column.SQLErrorf(column.NotFound, "3F000", "schema \"%s\" does not exist", name.Name)
			}
			d.notice("00000", "schema \"%s\" does not exist, skipping", name.Name)
			continue
		case reserved || name.Name == meta.PublicSchema:
			return nil, column.SQLErrorf(column.Invalid, "2BP01", "cannot drop schema %s because it is required by the database system", name.Name)
		}
		if !slices.Contains(schemas, name.Name) {
			schemas = append(schemas, name.Name)
			going = append(going, d.inSchema(name.Name)...)
		}
	}
	// What is in a schema depends on it: it goes with CASCADE only.
	list := d.reach(going)
	all := make([]dependent, 0, len(going)+len(list))
	for _, o := range going {
		all = append(all, dependent{object: o})
	}
	if err := d.releaseSchema(schemas, append(all, list...), n.Cascade); err != nil {
		return nil, err
	}
	for _, x := range list {
		d.remove(x.object)
	}
	for _, o := range going {
		d.remove(o)
	}
	for _, name := range schemas {
		d.do(meta.Command{DropSchema: &meta.DropSchema{Database: d.Database.ID, Name: name}})
	}
	return d.finish()
}

// inSchema lists the relations of a schema, but for the sequences that go with their tables.
func (d *definition) inSchema(schema string) []object {
	var out []object
	for _, t := range d.Catalog.Tables(d.Database.ID) {
		if t.Schema == schema {
			out = append(out, object{relation: t.ID})
		}
	}
	for _, v := range d.Catalog.Views(d.Database.ID) {
		if v.Schema == schema {
			out = append(out, object{relation: v.ID})
		}
	}
	for _, q := range d.Catalog.Sequences(d.Database.ID) {
		if q.Schema == schema && q.Table == 0 {
			out = append(out, object{relation: q.ID})
		}
	}
	slices.SortFunc(out, func(a, b object) int { return int(int64(a.relation) - int64(b.relation)) })
	return out
}

func (d *definition) releaseSchema(schemas []string, list []dependent, cascade bool) error {
	if len(list) == 0 {
		return nil
	}
	lines := make([]string, len(list))
	if !cascade {
		for i, x := range list {
			on := "schema " + quoted(d.schemaOf(x.object))
			if x.on != (object{}) {
				on = d.describe(x.on)
			}
			lines[i] = d.describe(x.object) + " depends on " + on
		}
		e := column.SQLErrorf(column.Invalid, "2BP01", "cannot drop schema %s because other objects depend on it", schemas[0])
		if len(schemas) > 1 {
			e.Message = "cannot drop desired object(s) because other objects depend on them"
		}
		e.Detail, e.Hint = joinLines(lines), "Use DROP ... CASCADE to drop the dependent objects too."
		return e
	}
	for i, x := range list {
		lines[i] = "drop cascades to " + d.describe(x.object)
	}
	if len(list) == 1 {
		d.notice("00000", "%s", lines[0])
		return nil
	}
	d.notice("00000", "drop cascades to %d other objects", len(list)).Detail = joinLines(lines)
	return nil
}

func (d *definition) schemaOf(o object) string {
	switch {
	case d.Catalog.TableByID(o.relation) != nil:
		return d.Catalog.TableByID(o.relation).Schema
	case d.Catalog.ViewByID(o.relation) != nil:
		return d.Catalog.ViewByID(o.relation).Schema
	}
	return d.Catalog.SequenceByID(o.relation).Schema
}
