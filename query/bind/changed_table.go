package bind

import (
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// computedSchema holds the metrics: tables that are views of the samples.
const computedSchema = "metrics"

// changedTable is the table that a statement changes.
type changedTable struct {
	rel    plan.Relation
	table  *meta.Table
	schema *column.Schema
	name   string // as errors call it
}

// changedTable finds the table that a statement changes; what is how it says so. Queries of WITH are none.
func (b *binder) changedTable(n sql.Name, what string) (*changedTable, error) {
	rel, err := b.Resolver.Resolve(b.ctx, n.Schema, n.Name)
	if err != nil {
		return nil, place(err, n.Pos)
	}
	if strings.HasPrefix(rel.Name(), computedSchema+".") {
		e := errorAt(n.Pos, "42809", "cannot %s \"%s\": it is computed from the samples of a metric", what, rel.Name())
		e.Hint = "Send samples by remote write, OTLP or line protocol."
		return nil, e
	}
	if _, ok := rel.(plan.View); ok {
		e := errorAt(n.Pos, "0A000", "cannot %s view \"%s\": rows are not written through views", what, n.Name)
		e.Hint = "Change the tables that it reads."
		return nil, e
	}
	if _, system := rel.(numbered); system {
		e := errorAt(n.Pos, "42501", "cannot %s \"%s\": the database itself fills it", what, rel.Name())
		e.Class = column.Denied
		return nil, e
	}
	stored, ok := rel.(plan.Stored)
	if !ok || stored.Table() == nil {
		e := errorAt(n.Pos, "42809", "cannot %s %s: it is not a table of rows of its own", what, rel.Name())
		e.Class = column.Denied
		return nil, e
	}
	return &changedTable{rel: rel, table: stored.Table(), schema: rel.Schema(), name: n.Name}, nil
}

// field finds a column that a statement gives values to.
func (t *changedTable) field(c sql.Ident) (int, error) {
	i := t.schema.Lookup(c.Name)
	if i < 0 {
		return 0, errorAt(c.Pos, "42703", "column \"%s\" of relation \"%s\" does not exist", c.Name, t.name)
	}
	return i, nil
}

// source is the table as an item that names can mean, its fields being columns from place first on.
func (t *changedTable) source(schema string, alias *sql.Alias, first int) *source {
	src := &source{schema: schema, name: t.name, rel: t.rel}
	if alias != nil {
		src.schema, src.name, src.alias = "", alias.Name, true
	}
	for i, f := range t.schema.Fields {
		src.fields = append(src.fields, binding{name: f.Name, e: &expr.Column{Index: first + i, Name: f.Name, T: f.Type}})
	}
	return src
}

// target makes the item of the table that is changed, whose columns are its fields and the two of its address.
func (f *fromClause) target(t *changedTable, schema string, alias *sql.Alias) *item {
	rel := plan.Addressed(t.rel)
	all := make([]int, len(rel.Columns()))
	for i := range all {
		all[i] = i
	}
	src := t.source(schema, alias, f.width)
	it := &item{node: newScan(rel, all), first: f.width, sources: []*source{src}, fields: src.fields}
	f.width += len(all)
	f.all = append(f.all, src)
	return it
}

// address gives the two columns that say where a row of a target lies, whose first field is column first.
func (t *changedTable) address(first int) []expr.Expr {
	bigint := column.T(column.Int64)
	n := first + len(t.schema.Fields)
	return []expr.Expr{&expr.Column{Index: n, Name: "(place)", T: bigint}, &expr.Column{Index: n + 1, Name: "(row)", T: bigint}}
}
