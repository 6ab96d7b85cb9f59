package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// Definitions are what statements that define things are worked out against.
type Definitions struct {
	Catalog  *meta.Snapshot
	Database *meta.Database
	Path     []string                                 // the schemas that names without one are looked for in
	Creation func(pos int) (schema string, err error) // where new relations go
	Reserve  func(n int) (meta.TableID, error)        // gives ids of new relations
	User     string
}

// definition is a statement that changes the catalog being worked out.
type definition struct {
	*binder
	*Definitions
	out *plan.Define
	// Tables that the statement changes, as they will be, in the order they were first met.
	changed []*changedDescription
	taken   map[[2]string]bool // names that the statement gives away
}

type changedDescription struct {
	old, now *meta.Table
	strict   bool
}

func (b *binder) defining(tag string, pos int) (*definition, error) {
	if b.Definitions == nil {
		return nil, unsupported(pos, tag+" is not supported here", "Run it on a connection to a database.")
	}
	return &definition{binder: b, Definitions: b.Definitions, out: &plan.Define{Tag: tag}, taken: map[[2]string]bool{}}, nil
}

// notice tells the client something.
func (d *definition) notice(state, format string, args ...any) *plan.Notice {
	e := column.SQLErrorf(column.Invalid, state, format, args...)
	d.out.Notices = append(d.out.Notices, plan.Notice{Severity: "NOTICE", State: state, Message: e.Message})
	return &d.out.Notices[len(d.out.Notices)-1]
}

// do adds a command.
func (d *definition) do(c meta.Command) { d.out.Commands = append(d.out.Commands, c) }

// change gives a table's description to be changed.
func (d *definition) change(t *meta.Table) *changedDescription {
	for _, c := range d.changed {
		if c.old.ID == t.ID {
			return c
		}
	}
	c := &changedDescription{old: t, now: t.Clone()}
	d.changed = append(d.changed, c)
	return c
}

// finish adds the commands of the changed tables.
func (d *definition) finish() (plan.Statement, error) {
	for _, c := range d.changed {
		d.do(meta.Command{AlterTable: &meta.AlterTable{Table: c.old.ID, From: c.old.Columns.Version, To: *c.now, Strict: c.strict}})
	}
	return d.out, nil
}

// reservedSchemas are those that Aegis fills itself.
var reservedSchemas = map[string]string{
	meta.PrometheusSchema: "it holds what Prometheus writes", meta.MetricsSchema: "its tables are computed from the metrics that were written",
	"pg_catalog": "it shows what the database holds", "information_schema": "it shows what the database holds",
}

// creationSchema is where a new relation of a name goes.
func (d *definition) creationSchema(n sql.Name) (string, error) {
	schema := n.Schema
	if schema == "" {
		var err error
		if schema, err = d.Creation(n.Pos); err != nil {
			return "", err
		}
	}
	if why, ok := reservedSchemas[schema]; ok {
		return "", denied("schema \"%s\" takes no new tables: %s", schema, why)
	}
	if !d.Catalog.HasSchema(d.Database.ID, schema) {
		return "", errorAt(n.Pos, "3F000", "schema \"%s\" does not exist", schema)
	}
	return schema, nil
}

func denied(format string, args ...any) error {
	return column.SQLErrorf(column.Denied, "42501", format, args...)
}

// hasName reports whether a schema has a relation of a name, or will have.
func (d *definition) hasName(schema, name string) bool {
	return d.taken[[2]string{schema, name}] || d.Catalog.Relation(d.Database.ID, schema, name) != 0 || d.Catalog.Index(d.Database.ID, schema, name) != nil ||
		d.keyNamed(schema, name)
}

func errDuplicate(name string) error {
	return column.SQLErrorf(column.Conflict, "42P07", "relation \"%s\" already exists", name)
}

// found is a relation that a statement names.
type found struct {
	id           meta.TableID
	schema, name string
	table        *meta.Table
	view         *meta.View
	sequence     *meta.Sequence
	index        *meta.Index
	computed     bool // by Aegis itself
}

// kind is what it is called.
func (f *found) kind() string {
	switch {
	case f.table != nil:
		return "table"
	case f.view != nil:
		return "view"
	case f.sequence != nil:
		return "sequence"
	case f.index != nil:
		return "index"
	}
	return "table"
}

// find looks a relation up, along the path unless its schema is named; nil if there is none.
func (d *definition) find(n sql.Name) *found {
	if n.Schema != "" {
		return d.findIn(n.Schema, n.Name)
	}
	for _, schema := range d.Path {
		if f := d.findIn(schema, n.Name); f != nil {
			return f
		}
	}
	return nil
}

func (d *definition) findIn(schema, name string) *found {
	f := &found{schema: schema, name: name, id: d.Catalog.Relation(d.Database.ID, schema, name)}
	if f.id != 0 {
		f.table, f.view, f.sequence = d.Catalog.TableByID(f.id), d.Catalog.ViewByID(f.id), d.Catalog.SequenceByID(f.id)
		f.computed = schema == meta.PrometheusSchema
		return f
	}
	if f.index = d.Catalog.Index(d.Database.ID, schema, name); f.index != nil {
		return f
	}
	if _, ok := reservedSchemas[schema]; ok && schema != meta.PrometheusSchema {
		if _, err := d.Resolver.Resolve(d.ctx, schema, name); err == nil {
			f.computed = true
			return f
		}
	}
	return nil
}

// missing is the error of a relation that is not there.
func (d *definition) missing(kind string, n sql.Name) error {
	if n.Schema != "" && !d.Catalog.HasSchema(d.Database.ID, n.Schema) {
		return column.SQLErrorf(column.NotFound, "3F000", "schema \"%s\" does not exist", n.Schema)
	}
	return column.SQLErrorf(column.NotFound, "42P01", "%s \"%s\" does not exist", kind, written(n))
}

// skipping tells that IF EXISTS found nothing.
func (d *definition) skipping(kind string, n sql.Name) {
	if n.Schema != "" && !d.Catalog.HasSchema(d.Database.ID, n.Schema) {
		d.notice("00000", "schema \"%s\" does not exist, skipping", n.Schema)
		return
	}
	d.notice("00000", "%s \"%s\" does not exist, skipping", kind, n.Name)
}

func written(n sql.Name) string {
	if n.Schema != "" {
		return n.Schema + "." + n.Name
	}
	return n.Name
}

// shown writes a relation's name as messages have it: with its schema unless the path leads to it.
func (d *definition) shown(schema, name string) string {
	for _, in := range d.Path {
		if in == schema {
			return quoted(name)
		}
		if d.Catalog.Relation(d.Database.ID, in, name) != 0 {
			break
		}
	}
	return quoted(schema) + "." + quoted(name)
}

// quoted writes a name as an identifier.
func quoted(name string) string { return sql.Format(&sql.ColumnRef{Parts: []string{name}}) }

// freeName makes a name that no relation of a schema has: table_column_label, with a number where it is taken.
func (d *definition) freeName(schema, table, column, label string) string {
	for n := 0; ; n++ {
		name := objectName(table, column, numberedLabel(label, n))
		if !d.hasName(schema, name) {
			return name
		}
	}
}

// hasConstraint reports whether a list of constraints has a name.
func hasConstraint(list []meta.Constraint, name string) bool {
	return slices.ContainsFunc(list, func(c meta.Constraint) bool { return c.Name == name })
}
