package catalog

import (
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/setting"
)

// class is a relation: a table, the index of its unique key, a metric or a system relation.
type class struct {
	oid          int64
	schema, name string
	kind         string      // r table, v view, i index
	table        *meta.Table // of tables and indexes
	view         *meta.View
	sequence     *meta.Sequence
	columns      []column.ID // of indexes
	index        *meta.Index // of those that CREATE INDEX made
	shape        *shape      // of system relations
	metric       bool
}

// attribute is a column of a class.
type attribute struct {
	class   *class
	number  int
	name    string
	typ     column.Type
	mod     column.Mod
	notNull bool
}

// each gives the classes that a reading asks for, by its conditions on number, name and schema, whose columns are named. "" = there is none.
func (v *View) eachClass(w *rows, oid, name, schema string, yield func(*class) error) error {
	numbers, some := w.numbers(oid)
	for _, s := range shapes() {
		if err := yield(s.class()); err != nil {
			return err
		}
	}
	for _, t := range v.Catalog.Tables(v.Database.ID) {
		for _, c := range v.classesOf(t) {
			if err := yield(c); err != nil {
				return err
			}
		}
	}
	for _, d := range v.Catalog.Views(v.Database.ID) {
		if err := yield(viewClass(d)); err != nil {
			return err
		}
	}
	for _, q := range v.Catalog.Sequences(v.Database.ID) {
		if err := yield(sequenceClass(q)); err != nil {
			return err
		}
	}
	// Metrics are only looked for where they can be meant.
	if some && !anyMetric(numbers) || schema != "" && !v.wantsMetrics(w, schema) {
		return nil
	}
	if names, ok := w.texts(name); ok && name != "" {
		for _, n := range names {
			if v.has(meta.MetricsSchema, n) {
				if err := yield(v.metricClass(n)); err != nil {
					return err
				}
			}
		}
		return nil
	}
	o, err := v.load()
	if err != nil {
		return err
	}
	if some {
		for _, n := range numbers {
			if m := o.byOID[n]; m != "" {
				if err := yield(v.metricClass(m)); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for _, m := range o.metrics {
		if err := yield(v.metricClass(m)); err != nil {
			return err
		}
	}
	return nil
}

func anyMetric(numbers []int64) bool {
	for _, n := range numbers {
		if n >= oidMetricsLow {
			return true
		}
	}
	return false
}

// wantsMetrics reports whether a condition on the schema, by name or number, leaves the metrics in.
func (v *View) wantsMetrics(w *rows, schema string) bool {
	if w.shape.columns[w.shape.index(schema)].typ.IsOID() {
		numbers, ok := w.numbers(schema)
		if !ok {
			return true
		}
		for _, n := range numbers {
			if n == oidMetrics {
				return true
			}
		}
		return false
	}
	return w.wants(schema, meta.MetricsSchema)
}

func (s *shape) class() *class {
	return &class{oid: s.oid, schema: s.schema, name: s.name, kind: s.kind, shape: s}
}

func (v *View) metricClass(name string) *class {
	c := &class{schema: meta.MetricsSchema, name: name, kind: "r", metric: true}
	if o, err := v.load(); err == nil {
		c.oid = o.metricOID[name]
	}
	return c
}

// classesOf gives a table and its indexes.
func (v *View) classesOf(t *meta.Table) []*class {
	out := []*class{{oid: tableOID(t.ID), schema: t.Schema, name: t.Name, kind: "r", table: t}}
	for _, x := range v.indexesOf(t) {
		out = append(out, x.class())
	}
	return out
}

// keyName names a unique key as PostgreSQL names constraints.
func keyName(t *meta.Table) string {
	names := make([]string, len(t.Columns.Key))
	for i, id := range t.Columns.Key {
		names[i] = t.Columns.Fields[t.Columns.Index(id)].Name
	}
	middle := strings.Join(names, "_")
	// Too long a name loses from its longer part first.
	room := 63 - len("__key")
	table := t.Name
	for len(table)+len(middle) > room {
		if len(table) > len(middle) {
			table = table[:len(table)-1]
		} else {
			middle = middle[:len(middle)-1]
		}
	}
	return table + "_" + middle + "_key"
}

// classOf finds a class by its number; nil if there is none.
func (v *View) classOf(oid int64) *class {
	switch {
	case oid >= oidMetricsLow:
		o, err := v.load()
		if err != nil || o.byOID[oid] == "" {
			return nil
		}
		return v.metricClass(o.byOID[oid])
	case oid >= oidIndexes && oid < oidOthers:
		x := v.Catalog.IndexByID(meta.IndexID(oid - oidIndexes))
		if x == nil {
			return nil
		}
		if t := v.Catalog.TableByID(x.Table); t.Database == v.Database.ID {
			return madeIndex(t, x).class()
		}
		return nil
	case oid >= oidTables && oid < oidIndexes:
		id := meta.TableID((oid-oidTables)/16 + 1)
		if c := v.relationClass(id); c != nil && c.oid == oid {
			return c
		}
		t := v.Catalog.TableByID(id)
		if t == nil || t.Database != v.Database.ID {
			return nil
		}
		for _, c := range v.classesOf(t) {
			if c.oid == oid {
				return c
			}
		}
		return nil
	case oid >= oidOthers:
		for _, k := range v.keys() {
			if k.index() == oid {
				return &class{oid: oid, schema: k.table.Schema, name: k.name, kind: "i", table: k.table, columns: k.columns}
			}
		}
		return nil
	}
	for _, s := range shapes() {
		if s.oid == oid {
			return s.class()
		}
	}
	return nil
}

// classNamed finds a class by its name; nil if there is none.
func (v *View) classNamed(schema, name string) *class {
	switch schema {
	case Schema, InformationSchema:
		if s := shapesByName()[schema+"."+name]; s != nil {
			return s.class()
		}
		return nil
	case meta.MetricsSchema:
		if v.has(schema, name) {
			return v.metricClass(name)
		}
		return nil
	}
	if t := v.Catalog.Table(v.Database.ID, schema, name); t != nil {
		return v.classesOf(t)[0]
	}
	if c := v.relationClass(v.Catalog.Relation(v.Database.ID, schema, name)); c != nil {
		return c
	}
	for _, t := range v.Catalog.Tables(v.Database.ID) {
		for _, c := range v.classesOf(t)[1:] {
			if c.schema == schema && c.name == name {
				return c
			}
		}
	}
	return nil
}

// attributes lists the columns of a class.
func (v *View) attributes(c *class) ([]*attribute, error) {
	var out []*attribute
	add := func(number int, name string, t column.Type, mod column.Mod, notNull bool) {
		out = append(out, &attribute{c, number, name, t, mod, notNull})
	}
	switch {
	case c.shape != nil:
		for i, f := range c.shape.columns {
			add(i+1, f.name, f.typ, 0, f.notNull)
		}
	case c.view != nil:
		for i, f := range c.view.Columns {
			add(i+1, f.Name, f.Type, f.Mod, false)
		}
	case c.sequence != nil:
		for i, f := range sequenceSchema.Fields {
			add(i+1, f.Name, f.Type, 0, true)
		}
	case c.metric:
		r, err := v.Store.Resolve(v.Ctx, c.schema, c.name)
		if err != nil {
			if column.ClassOf(err) == column.NotFound {
				return nil, nil // its last series has gone
			}
			return nil, err
		}
		for i, f := range r.Columns() {
			add(i+1, f.Name, f.Type, 0, f.NotNull)
		}
	case c.kind == "i":
		for i, id := range c.columns {
			f := c.table.Columns.Fields[c.table.Columns.Index(id)]
			add(i+1, f.Name, f.Type, f.Mod, false)
		}
	default:
		for _, f := range c.table.Columns.Fields {
			add(int(f.Place()), f.Name, f.Type, f.Mod, f.NotNull)
		}
	}
	return out, nil
}

// figures are what a class takes; zero for what is computed.
func (v *View) figures(c *class) Figures {
	if c.index != nil {
		x := v.Store.Indexed(c.index)
		return Figures{Rows: x.Done, Bytes: x.Bytes, Segments: x.Built}
	}
	if c.table == nil {
		return Figures{}
	}
	f, err := v.Store.Stored(v.Ctx, c.table)
	if err != nil {
		return Figures{Rows: -1}
	}
	return f
}

const block = 8192

func init() {
	register("pg_catalog.pg_class", func(v *View, w *rows, yield func(*class) error) error {
		return v.eachClass(w, "oid", "relname", "relnamespace", yield)
	}, columns[*class]{
		"oid": func(_ *View, c *class) any { return c.oid }, "relname": func(_ *View, c *class) any { return c.name },
		"relnamespace": func(_ *View, c *class) any { return namespaceOID(c.schema) },
		"reltype":      func(_ *View, c *class) any { return c.rowType() },
		"reloftype":    fixed[*class](0), "relowner": fixed[*class](oidOwner),
		"relam": func(_ *View, c *class) any {
			switch c.kind {
			case "r":
				return oidHeapAM
			case "i":
				if c.index != nil {
					return methodOIDs[c.index.Method]
				}
				return methodOIDs[meta.IndexBTree]
			}
			return 0
		},
		"relfilenode": func(_ *View, c *class) any { return c.stored(c.oid) }, "reltablespace": fixed[*class](0),
		"relpages": func(v *View, c *class) any {
			f := v.figures(c)
			return min((f.Bytes+f.Sidecars+block-1)/block, 1<<31-1)
		},
		"reltuples": func(v *View, c *class) any {
			if c.table == nil {
				return -1.0
			}
			return float64(float32(v.figures(c).Rows))
		},
		"relallvisible": fixed[*class](0), "reltoastrelid": fixed[*class](0),
		"relhasindex": func(v *View, c *class) any { return c.kind == "r" && c.table != nil && len(v.indexesOf(c.table)) > 0 },
		"relisshared": fixed[*class](false), "relpersistence": fixed[*class]("p"), "relkind": func(_ *View, c *class) any { return c.kind },
		"relnatts": func(v *View, c *class) any {
			list, _ := v.attributes(c)
			return len(list)
		},
		"relchecks": func(_ *View, c *class) any { return c.checks() }, "relhasrules": func(_ *View, c *class) any { return c.kind == "v" },
		"relhastriggers": fixed[*class](false), "relhassubclass": fixed[*class](false), "relrowsecurity": fixed[*class](false),
		"relforcerowsecurity": fixed[*class](false), "relispopulated": fixed[*class](true),
		"relreplident": func(_ *View, c *class) any {
			if c.kind == "r" {
				return "d"
			}
			return "n"
		},
		"relispartition": fixed[*class](false), "relrewrite": fixed[*class](0), "relfrozenxid": fixed[*class](0), "relminmxid": fixed[*class](0),
		"reloptions": func(_ *View, c *class) any {
			if c.kind != "r" || c.table == nil {
				return nil
			}
			return tableOptions(c.table)
		},
	})
	register("pg_catalog.pg_attribute", func(v *View, w *rows, yield func(*attribute) error) error {
		return v.eachClass(w, "attrelid", "", "", func(c *class) error {
			if numbers, some := w.numbers("attrelid"); some && !contains(numbers, c.oid) {
				return nil
			}
			list, err := v.attributes(c)
			if err != nil {
				return err
			}
			for _, a := range list {
				if err := yield(a); err != nil {
					return err
				}
			}
			return nil
		})
	}, columns[*attribute]{
		"attrelid": func(_ *View, a *attribute) any { return a.class.oid }, "attname": func(_ *View, a *attribute) any { return a.name },
		"atttypid": func(_ *View, a *attribute) any { return int64(a.typ.OID()) }, "attstattarget": fixed[*attribute](-1),
		"attlen": func(_ *View, a *attribute) any { return factsOf(a.typ).length }, "attnum": func(_ *View, a *attribute) any { return a.number },
		"attndims": func(_ *View, a *attribute) any {
			if a.typ.IsArray() {
				return 1
			}
			return 0
		},
		"attcacheoff": fixed[*attribute](-1), "atttypmod": func(_ *View, a *attribute) any { return int64(a.mod) - 1 },
		"attbyval": func(_ *View, a *attribute) any { return factsOf(a.typ).byValue }, "attalign": func(_ *View, a *attribute) any { return factsOf(a.typ).align },
		"attstorage": func(_ *View, a *attribute) any { return factsOf(a.typ).storage }, "attcompression": fixed[*attribute](""),
		"attnotnull": func(_ *View, a *attribute) any { return a.notNull }, "atthasdef": func(_ *View, a *attribute) any { return a.expression() != "" },
		"atthasmissing": func(_ *View, a *attribute) any { f := a.field(); return f != nil && f.Initial != "" },
		"attidentity":   func(_ *View, a *attribute) any { return a.identity() }, "attgenerated": func(_ *View, a *attribute) any {
			if f := a.field(); f != nil && f.Generated != "" {
				return "s"
			}
			return ""
		}, "attisdropped": fixed[*attribute](false), "attislocal": fixed[*attribute](true),
		"attinhcount": fixed[*attribute](0), "attcollation": func(_ *View, a *attribute) any { return factsOf(a.typ).collation },
	})
	register("pg_catalog.pg_namespace", eachOf((*View).namespaces), columns[namespace]{
		"oid": func(_ *View, n namespace) any { return n.oid }, "nspname": func(_ *View, n namespace) any { return n.name },
		"nspowner": fixed[namespace](oidOwner),
	})
	register("pg_catalog.pg_tables", func(v *View, w *rows, yield func(*class) error) error {
		return v.eachClass(w, "", "tablename", "schemaname", onlyKind("r", yield))
	}, columns[*class]{
		"schemaname": func(_ *View, c *class) any { return c.schema }, "tablename": func(_ *View, c *class) any { return c.name },
		"tableowner": fixed[*class](owner), "tablespace": fixed[*class](nil),
		"hasindexes": func(v *View, c *class) any { return c.table != nil && len(v.indexesOf(c.table)) > 0 },
		"hasrules":   fixed[*class](false), "hastriggers": fixed[*class](false), "rowsecurity": fixed[*class](false),
	})
	register("pg_catalog.pg_views", func(v *View, w *rows, yield func(*class) error) error {
		return v.eachView(yield)
	}, columns[*class]{
		"schemaname": func(_ *View, c *class) any { return c.schema }, "viewname": func(_ *View, c *class) any { return c.name }, "viewowner": fixed[*class](owner),
		"definition": func(_ *View, c *class) any { return c.query() },
	})
}

// eachShape gives the system relations of a kind.
func eachShape(kind string, yield func(*class) error) error {
	for _, s := range shapes() {
		if s.kind == kind {
			if err := yield(s.class()); err != nil {
				return err
			}
		}
	}
	return nil
}

func onlyKind(kind string, yield func(*class) error) func(*class) error {
	return func(c *class) error {
		if c.kind != kind {
			return nil
		}
		return yield(c)
	}
}

// rowType is the number of the type of a class's rows; metrics have none.
func (c *class) rowType() int64 {
	switch {
	case c.shape != nil:
		return c.shape.rowType
	case c.table != nil && c.kind == "r", c.view != nil:
		return c.oid + rowTypeOffset
	}
	return 0
}

// stored gives v for what has files.
func (c *class) stored(v int64) int64 {
	if c.table == nil {
		return 0
	}
	return v
}

// fixed is a getter of one value.
func fixed[T any](value any) func(*View, T) any { return func(*View, T) any { return value } }

// eachOf makes the each of a list.
func eachOf[T any](list func(*View) []T) func(*View, *rows, func(T) error) error {
	return func(v *View, _ *rows, yield func(T) error) error {
		for _, t := range list(v) {
			if err := yield(t); err != nil {
				return err
			}
		}
		return nil
	}
}

func contains(list []int64, n int64) bool {
	for _, x := range list {
		if x == n {
			return true
		}
	}
	return false
}

// tableOptions are what stands behind WITH in CREATE TABLE, as reloptions has it.
func tableOptions(t *meta.Table) []string {
	s := &t.Columns
	names := func(ids []column.ID) string {
		out := make([]string, len(ids))
		for i, id := range ids {
			out[i] = setting.QuoteIdent(s.Fields[s.Index(id)].Name)
		}
		return "(" + strings.Join(out, ", ") + ")"
	}
	var out []string
	if s.Time != 0 {
		out = append(out, "time_column="+setting.QuoteIdent(s.Fields[s.Index(s.Time)].Name))
	}
	if len(s.Tags) > 0 {
		out = append(out, "tags="+names(s.Tags))
	}
	if s.Supersedes() {
		out = append(out, "unique_key="+names(s.Key))
	}
	if s.Merge {
		out = append(out, "merge_fields=true")
	}
	if t.Retention > 0 {
		out = append(out, "retention="+span(t.Retention))
	}
	if t.History != 0 {
		out = append(out, "history="+span(max(t.History, 0)))
	}
	return out
}

// span writes microseconds as an interval.
func span(micros int64) string {
	iv := column.Interval{Days: int32(micros / literal.MicrosPerDay), Micros: micros % literal.MicrosPerDay}
	v := &column.Vector{Type: column.T(column.IntervalKind), Len: 1, Intervals: []column.Interval{iv}}
	return string(literal.Append(nil, v, 0, literal.Options{}))
}

// noFacts describes a type that pg_type does not list.
var noFacts = &typeFacts{length: -1, align: "i", storage: "x"}

func factsOf(t column.Type) *typeFacts {
	if f := typesByOID()[int64(t.OID())]; f != nil {
		return f
	}
	return noFacts
}
