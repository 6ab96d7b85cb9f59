package catalog

import (
	"context"
	"io"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/plan"
)

// pushed are the columns whose conditions reach the makers of rows, so that what nobody asks for is not made: a database may have thousands of
// metrics, and the columns of one are only known by looking at its series. To the engine these columns are tags.
var pushed = map[string][]string{
	"pg_catalog.pg_class":                  {"oid", "relname", "relnamespace"},
	"pg_catalog.pg_attribute":              {"attrelid"},
	"pg_catalog.pg_tables":                 {"schemaname", "tablename"},
	"pg_catalog.pg_type":                   {"oid", "typname"},
	"pg_catalog.pg_proc":                   {"oid", "proname"},
	"pg_catalog.pg_description":            {"objoid"},
	"pg_catalog.pg_index":                  {"indexrelid", "indrelid"},
	"pg_catalog.pg_constraint":             {"conrelid", "oid"},
	"information_schema.tables":            {"table_schema", "table_name"},
	"information_schema.columns":           {"table_schema", "table_name"},
	"pg_catalog.pg_stat_user_tables":       {"relid", "schemaname", "relname"},
	"pg_catalog.pg_stat_all_tables":        {"relid", "schemaname", "relname"},
	"pg_catalog.pg_stats":                  {"schemaname", "tablename"},
	"information_schema.table_constraints": {"table_schema", "table_name"},
}

// relation is a system relation under one view.
type relation struct {
	shape   *shape
	view    *View
	columns []plan.RelationColumn
}

// Find gives a system relation; nil if there is none of that name.
func (v *View) Find(schema, name string) plan.Relation {
	s := shapesByName()[schema+"."+name]
	if s == nil {
		s = ownShapes()[schema+"."+name]
	}
	if s == nil {
		return nil
	}
	v.hold(s.full())
	r := &relation{shape: s, view: v}
	for _, f := range s.stored.Fields {
		r.columns = append(r.columns, plan.RelationColumn{Name: f.Name, Type: f.Type, ID: f.ID, NotNull: f.NotNull, Tag: s.stored.IsTag(f.ID)})
	}
	return r
}

func (r *relation) Name() string                   { return r.shape.full() }
func (r *relation) Schema() *column.Schema         { return &r.shape.stored }
func (r *relation) Columns() []plan.RelationColumn { return r.columns }
func (r *relation) Series() []scan.SeriesFilter    { return nil }
func (r *relation) Source() scan.Source            { return r }

// OID is the relation's number, for tableoid.
func (r *relation) OID() int64 { return r.shape.oid }

// Rows is a guess: the numbers of tables, types and functions are all of this size.
func (r *relation) Rows() int64 { return 1000 }

// Morsels implements scan.Source: the rows are one part, made when it is opened.
func (r *relation) Morsels(_ context.Context, req *scan.Request) ([]scan.Morsel, scan.Stats, error) {
	return []scan.Morsel{&morsel{r, req}}, scan.Stats{}, nil
}

type morsel struct {
	relation *relation
	request  *scan.Request
}

func (m *morsel) Rows() int64 { return m.relation.Rows() }

// Open makes the rows.
func (m *morsel) Open(ctx context.Context, pool *mem.Pool) (scan.Reader, error) {
	r := m.relation
	w := &rows{shape: r.shape, request: m.request, pool: pool, ctx: ctx}
	for _, id := range m.request.Columns {
		w.columns = append(w.columns, int(id)-1)
		w.builders = append(w.builders, column.NewBuilder(r.shape.columns[id-1].typ, 0))
	}
	if make := makers[r.shape.full()]; make != nil {
		if err := make(r.view, w); err != nil {
			w.Close()
			return nil, err
		}
	}
	if err := w.cut(); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// rows collects the rows of one reading, and reads them.
type rows struct {
	shape    *shape
	request  *scan.Request
	pool     *mem.Pool
	ctx      context.Context
	columns  []int
	builders []*column.Builder
	n        int // rows in the builders
	batches  []*scan.Batch
	held     int64
	given    int64
}

// maker makes the rows of one relation.
type maker func(v *View, w *rows) error

// makers are by full name; a relation without one has no rows here.
var makers = map[string]maker{}

// columns says what each column of a relation is for an object of type T. What is missing is NULL.
type columns[T any] map[string]func(v *View, t T) any

// register makes rows of a relation from the objects that each yields.
func register[T any](name string, each func(v *View, w *rows, yield func(T) error) error, get columns[T]) {
	makers[name] = func(v *View, w *rows) error {
		getters := make([]func(*View, T) any, len(w.columns))
		for i, c := range w.columns {
			getters[i] = get[w.shape.columns[c].name]
		}
		filters := make([]func(*View, T) any, len(w.request.Series))
		for i, f := range w.request.Series {
			filters[i] = get[w.shape.columns[f.Tag-1].name]
		}
		return each(v, w, func(t T) error {
			for i, f := range w.request.Series {
				if !passes(&f, filters[i](v, t)) {
					return nil
				}
			}
			for i, g := range getters {
				var value any
				if g != nil {
					value = g(v, t)
				}
				if err := appendValue(w.builders[i], value); err != nil {
					return err
				}
			}
			w.n++
			if w.n >= scan.BatchRows {
				return w.cut()
			}
			return nil
		})
	}
}

// passes asks a condition about a value in the form of tags.
func passes(f *scan.SeriesFilter, value any) bool {
	switch x := value.(type) {
	case nil:
		return f.Match(nil, true)
	case int64:
		return f.Match(key.AppendInt(nil, x)[1:], false)
	case string:
		return f.Match([]byte(x), false)
	}
	return true
}

// equal gives the only values a column can have in the rows that are asked for, in the form of tags; ok is false if it can have any.
func (w *rows) equal(name string) (values [][]byte, ok bool) {
	c := column.ID(w.shape.index(name) + 1)
	for _, f := range w.request.Series {
		if f.Tag == c && f.Equal != nil {
			return f.Equal, true
		}
	}
	return nil, false
}

// texts is equal for names.
func (w *rows) texts(name string) (values []string, ok bool) {
	list, ok := w.equal(name)
	for _, v := range list {
		values = append(values, string(v))
	}
	return values, ok
}

// numbers is equal for object numbers.
func (w *rows) numbers(name string) (values []int64, ok bool) {
	list, ok := w.equal(name)
	for _, v := range list {
		values = append(values, key.Int(v))
	}
	return values, ok
}

// wants reports whether a value of a column may be asked for.
func (w *rows) wants(name, value string) bool {
	list, ok := w.texts(name)
	return !ok || slices.Contains(list, value)
}

// cut makes a batch of the rows so far.
func (w *rows) cut() error {
	if err := w.ctx.Err(); err != nil {
		return context.Cause(w.ctx)
	}
	if w.n == 0 {
		return nil
	}
	b := &scan.Batch{Len: w.n}
	for _, x := range w.builders {
		b.Columns = append(b.Columns, x.Finish())
	}
	size := b.SizeBytes()
	if err := w.pool.Grow(size); err != nil {
		return err
	}
	w.held += size
	w.batches = append(w.batches, b)
	w.n = 0
	return nil
}

// Next implements scan.Reader.
func (w *rows) Next(ctx context.Context) (*scan.Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if len(w.batches) == 0 {
		return nil, io.EOF
	}
	b := w.batches[0]
	w.batches = w.batches[1:]
	w.given += int64(b.Len)
	return b, nil
}

// Close implements scan.Reader.
func (w *rows) Close() error {
	w.pool.Shrink(w.held)
	w.held = 0
	if c := w.request.Counters; c != nil {
		c.Rows.Add(w.given)
		w.given = 0
	}
	return nil
}
