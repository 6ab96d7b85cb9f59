package bind_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/bind"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

var now = time.Date(2024, 5, 6, 7, 8, 9, 123456000, time.UTC)

// table is a relation without rows.
type table struct {
	name   string
	schema *column.Schema
}

func (t *table) Name() string                { return t.name }
func (t *table) Schema() *column.Schema      { return t.schema }
func (t *table) Series() []scan.SeriesFilter { return nil }

// Table makes it one that can be written to.
func (t *table) Table() *meta.Table {
	return &meta.Table{Schema: "public", Name: strings.TrimPrefix(t.Name(), "public."), Columns: *t.Schema()}
}
func (t *table) Source() scan.Source { return nil }
func (t *table) Rows() int64         { return 0 }

func (t *table) Columns() []plan.RelationColumn {
	var out []plan.RelationColumn
	for _, f := range t.schema.Fields {
		out = append(out, plan.RelationColumn{
			Name: f.Name, Type: f.Type, ID: f.ID, NotNull: f.NotNull, Tag: t.schema.IsTag(f.ID), Time: t.schema.Time == f.ID,
		})
	}
	return out
}

// catalog resolves the tables of the tests.
type catalog map[string]*table

func (c catalog) Resolve(_ context.Context, schema, name string) (plan.Relation, error) {
	if schema == "" {
		schema = "public"
	}
	if t, ok := c[schema+"."+name]; ok {
		return t, nil
	}
	return nil, column.SQLErrorf(column.NotFound, "42P01", "relation \"%s\" does not exist", name)
}

func testCatalog() catalog {
	cpu := &column.Schema{Tags: []column.ID{2, 3}, Time: 1, Partition: literal.MicrosPerDay}
	for i, f := range []struct {
		name string
		kind column.Kind
	}{
		{"ts", column.TimestampTZ},
		{"host", column.Text},
		{"region", column.Text},
		{"usage", column.Float64},
		{"n", column.Int32},
		{"big", column.Int64},
		{"ok", column.Bool},
		{"amount", column.Numeric},
		{"doc", column.JSON},
		{"at", column.TimestampNS},
		{"small", column.Int16},
	} {
		cpu.Fields = append(cpu.Fields, column.Field{ID: column.ID(i + 1), Name: f.name, Type: column.T(f.kind), NotNull: i == 0})
	}
	up := &column.Schema{Fields: []column.Field{{ID: 1, Name: "value", Type: column.T(column.Float64)}}}
	return catalog{"public.cpu": {"public.cpu", cpu}, "metrics.up": {"metrics.up", up}}
}

func options(loc *time.Location) bind.Options {
	return bind.Options{Resolver: testCatalog(), Location: loc, Now: now, Definitions: definitions()}
}

// definitions are a catalog with a database and nothing in it.
func definitions() *bind.Definitions {
	s, _, err := meta.NewSnapshot().Apply(meta.Command{CreateDatabase: &meta.CreateDatabase{Name: meta.DefaultDatabase}}, 0)
	if err != nil {
		panic(err)
	}
	next := meta.TableID(0)
	return &bind.Definitions{
		Catalog: s, Database: s.Database(meta.DefaultDatabase), Path: []string{"public", "metrics"}, User: "aegis",
		Creation: func(int) (string, error) { return meta.PublicSchema, nil },
		Reserve:  func(n int) (meta.TableID, error) { next += meta.TableID(n); return next, nil },
	}
}

func mustParse(t *testing.T, text string) (sql.Statement, error) {
	t.Helper()
	return sql.ParseOne(text, sql.Options{})
}

// showError writes an error as "ERROR state: message".
func showError(err error) string {
	var se *sql.Error
	if errors.As(err, &se) {
		return fmt.Sprintf("ERROR %s: %s", se.Code, se.Message)
	}
	var e *column.Error
	if errors.As(err, &e) {
		return fmt.Sprintf("ERROR %s: %s", e.SQLState, e.Message)
	}
	return "ERROR " + err.Error()
}

// evalText runs SELECT expression over no table and writes the value.
func evalText(t *testing.T, text string, opt bind.Options) string {
	t.Helper()
	st, err := mustParse(t, "SELECT "+text)
	if err != nil {
		return showError(err)
	}
	s, err := bind.Bind(context.Background(), st.Stmt, opt)
	if err != nil {
		return showError(err)
	}
	p, ok := s.(*plan.Query).Root.(*plan.Project)
	if !ok {
		t.Fatalf("%s: plan is %T", text, s.(*plan.Query).Root)
	}
	ctx := &expr.Context{Ctx: context.Background(), Now: opt.Now, Location: opt.Location}
	var out []string
	for _, e := range p.Exprs {
		v, err := expr.Eval(ctx, e, nil, 1)
		if err != nil {
			return showError(err)
		}
		if v.Type != e.Type() || v.Len != 1 {
			t.Fatalf("%s: %s of %d rows, want one of %s", text, v.Type, v.Len, e.Type())
		}
		if v.IsNull(0) {
			out = append(out, "NULL")
			continue
		}
		if s := v; s.Type.Physical() == column.PhysBytes && len(s.Bytes(0)) == 0 {
			out = append(out, "''")
			continue
		}
		out = append(out, strings.ReplaceAll(string(literal.Append(nil, v, 0, literal.Options{Location: opt.Location})), "\n", "\\n"))
	}
	return strings.Join(out, "|")
}
