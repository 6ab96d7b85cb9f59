package catalog

import (
	"strconv"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/sql"
)

// Views and sequences among the classes, and what is declared of columns.

func viewClass(d *meta.View) *class {
	return &class{oid: tableOID(d.ID), schema: d.Schema, name: d.Name, kind: "v", view: d}
}

func sequenceClass(q *meta.Sequence) *class {
	return &class{oid: tableOID(q.ID), schema: q.Schema, name: q.Name, kind: "S", sequence: q}
}

// relationClass gives a view or a sequence of the database; nil for anything else.
func (v *View) relationClass(id meta.TableID) *class {
	if d := v.Catalog.ViewByID(id); d != nil && d.Database == v.Database.ID {
		return viewClass(d)
	}
	if q := v.Catalog.SequenceByID(id); q != nil && q.Database == v.Database.ID {
		return sequenceClass(q)
	}
	return nil
}

// eachView gives the views, the system's own first.
func (v *View) eachView(yield func(*class) error) error {
	if err := eachShape("v", yield); err != nil {
		return err
	}
	for _, d := range v.Catalog.Views(v.Database.ID) {
		if err := yield(viewClass(d)); err != nil {
			return err
		}
	}
	return nil
}

// query is the text of a view.
func (c *class) query() any {
	if c.view == nil {
		return nil
	}
	return " " + c.view.Query + ";"
}

// checks counts the CHECK constraints.
func (c *class) checks() int {
	n := 0
	if c.table != nil && c.kind == "r" {
		for _, k := range c.table.Constraints {
			if k.Kind == meta.CheckConstraint {
				n++
			}
		}
	}
	return n
}

// field is the field of a table that an attribute is; nil if it is none.
func (a *attribute) field() *column.Field {
	if a.class.table == nil || a.class.kind != "r" {
		return nil
	}
	if i := a.class.table.Columns.Lookup(a.name); i >= 0 {
		return &a.class.table.Columns.Fields[i]
	}
	return nil
}

// expression is a column's default, or what generates it.
func (a *attribute) expression() string {
	f := a.field()
	switch {
	case f == nil:
		return ""
	case f.Generated != "":
		return f.Generated
	}
	return f.Default
}

func (a *attribute) identity() string {
	if f := a.field(); f != nil {
		return [...]string{"", "a", "d"}[f.Identity]
	}
	return ""
}

// parenthesized puts an operator's expression in parentheses, as PostgreSQL shows it.
func parenthesized(text string) string {
	e, err := sql.ParseExpr(text, sql.Options{})
	if err != nil {
		return text
	}
	switch e.(type) {
	case *sql.Literal, *sql.ColumnRef, *sql.FuncCall, *sql.Cast, *sql.Case:
		return text
	}
	return "(" + text + ")"
}

// expressionText shows an expression of the catalog, with names in the place of the numbers of relations.
func (v *View) expressionText(text string) string {
	if text == "" {
		return ""
	}
	e, err := sql.ParseExpr(text, sql.Options{})
	if err != nil {
		return text
	}
	sql.Walk(e, func(n sql.Node) bool {
		c, ok := n.(*sql.Cast)
		if !ok || c.Type.Name != "regclass" {
			return true
		}
		if l, ok := c.Expr.(*sql.Literal); ok {
			if oid, err := strconv.ParseInt(l.Text, 10, 64); err == nil {
				if name, ok := v.NameOf(tRegClass, oid); ok {
					l.Text = name
				}
			}
		}
		return true
	})
	return parenthesized(sql.Format(e))
}

// description is the comment on an object of a kind ("" = any), or on a column of one; nil if there is none.
func (v *View) description(oid int64, kind string, number int64) any {
	for _, d := range v.descriptions() {
		if d.oid == oid && d.number == number && (kind == "" || kind == d.kind) {
			return d.text
		}
	}
	return nil
}

// comment is a row of pg_description.
type comment struct {
	oid    int64
	kind   string // the catalog of the object
	number int64
	text   string
}

// descriptions lists the comments, those of databases included.
func (v *View) descriptions() []comment {
	var out []comment
	add := func(oid int64, kind string, number int64, text string) {
		if text != "" {
			out = append(out, comment{oid, kind, number, text})
		}
	}
	for _, t := range v.Catalog.Tables(v.Database.ID) {
		add(tableOID(t.ID), "pg_class", 0, t.Comment)
		for _, f := range t.Columns.Fields {
			add(tableOID(t.ID), "pg_class", int64(f.Place()), t.ColumnComments[f.ID])
		}
	}
	for _, d := range v.Catalog.Views(v.Database.ID) {
		add(tableOID(d.ID), "pg_class", 0, d.Comment)
		for i := range d.Columns {
			add(tableOID(d.ID), "pg_class", int64(i+1), d.ColumnComments[column.ID(i+1)])
		}
	}
	for _, q := range v.Catalog.Sequences(v.Database.ID) {
		add(tableOID(q.ID), "pg_class", 0, q.Comment)
	}
	for _, k := range v.constraints() {
		if c := k.table.Constraint(k.name); c != nil {
			add(k.constraint(), "pg_constraint", 0, c.Comment)
		}
	}
	for _, n := range v.namespaces() {
		if s := v.Catalog.Schema(v.Database.ID, n.name); s != nil {
			add(n.oid, "pg_namespace", 0, s.Comment)
		}
	}
	for _, d := range v.Catalog.Databases() {
		add(databaseOID(d), "pg_database", 0, d.Comment)
	}
	return out
}

var catalogNumbers = map[string]int64{"pg_class": 1259, "pg_constraint": 2606, "pg_namespace": 2615, "pg_database": 1262}

func init() {
	type d = comment
	shared := func(want bool) func(*View, *rows, func(d) error) error {
		return func(v *View, _ *rows, yield func(d) error) error {
			for _, c := range v.descriptions() {
				if (c.kind == "pg_database") == want {
					if err := yield(c); err != nil {
						return err
					}
				}
			}
			return nil
		}
	}
	get := columns[d]{
		"objoid": func(_ *View, c d) any { return c.oid }, "classoid": func(_ *View, c d) any { return catalogNumbers[c.kind] },
		"description": func(_ *View, c d) any { return c.text },
	}
	register("pg_catalog.pg_shdescription", shared(true), get)
	withNumber := columns[d]{"objsubid": func(_ *View, c d) any { return c.number }}
	for name, f := range get {
		withNumber[name] = f
	}
	register("pg_catalog.pg_description", shared(false), withNumber)
	registerDefaults()
	registerSequences()
}

// registerDefaults makes pg_attrdef.
func registerDefaults() {
	register("pg_catalog.pg_attrdef", func(v *View, w *rows, yield func(*attribute) error) error {
		for _, t := range v.Catalog.Tables(v.Database.ID) {
			list, err := v.attributes(v.classesOf(t)[0])
			if err != nil {
				return err
			}
			for _, a := range list {
				if a.expression() == "" {
					continue
				}
				if err := yield(a); err != nil {
					return err
				}
			}
		}
		return nil
	}, columns[*attribute]{
		"oid": func(_ *View, a *attribute) any {
			return hashOID("default", strconv.FormatInt(a.class.oid, 10), strconv.Itoa(a.number))
		},
		"adrelid": func(_ *View, a *attribute) any { return a.class.oid }, "adnum": func(_ *View, a *attribute) any { return a.number },
		"adbin": func(_ *View, a *attribute) any { return a.expression() },
	})
}

// registerSequences makes what tells of sequences.
func registerSequences() {
	type q = *meta.Sequence
	list := eachOf(func(v *View) []q { return v.Catalog.Sequences(v.Database.ID) })
	typeOf := func(_ *View, s q) any { return int64(column.T(s.Type).OID()) }
	register("pg_catalog.pg_sequence", list, columns[q]{
		"seqrelid": func(_ *View, s q) any { return tableOID(s.ID) }, "seqtypid": typeOf, "seqstart": func(_ *View, s q) any { return s.Start },
		"seqincrement": func(_ *View, s q) any { return s.Increment }, "seqmax": func(_ *View, s q) any { return s.Max },
		"seqmin": func(_ *View, s q) any { return s.Min }, "seqcache": func(_ *View, s q) any { return s.Cache }, "seqcycle": func(_ *View, s q) any { return s.Cycle },
	})
	register("pg_catalog.pg_sequences", list, columns[q]{
		"schemaname": func(_ *View, s q) any { return s.Schema }, "sequencename": func(_ *View, s q) any { return s.Name }, "sequenceowner": fixed[q](owner),
		"data_type": typeOf, "start_value": func(_ *View, s q) any { return s.Start }, "min_value": func(_ *View, s q) any { return s.Min },
		"max_value": func(_ *View, s q) any { return s.Max }, "increment_by": func(_ *View, s q) any { return s.Increment },
		"cycle": func(_ *View, s q) any { return s.Cycle }, "cache_size": func(_ *View, s q) any { return s.Cache },
		"last_value": func(v *View, s q) any {
			if last, called := v.Sequences.Stand(s); called {
				return last
			}
			return nil
		},
	})
	text := func(f func(s q) int64) func(*View, q) any {
		return func(_ *View, s q) any { return strconv.FormatInt(f(s), 10) }
	}
	register("information_schema.sequences", func(v *View, _ *rows, yield func(q) error) error {
		for _, s := range v.Catalog.Sequences(v.Database.ID) {
			if s.Identity {
				continue // they are inside of their columns
			}
			if err := yield(s); err != nil {
				return err
			}
		}
		return nil
	}, columns[q]{
		"sequence_catalog": func(v *View, _ q) any { return v.Database.Name }, "sequence_schema": func(_ *View, s q) any { return s.Schema },
		"sequence_name": func(_ *View, s q) any { return s.Name }, "data_type": func(_ *View, s q) any { return column.T(s.Type).String() },
		"numeric_precision": func(_ *View, s q) any { return binaryDigits[s.Type] }, "numeric_precision_radix": fixed[q](2), "numeric_scale": fixed[q](0),
		"start_value": text(func(s q) int64 { return s.Start }), "minimum_value": text(func(s q) int64 { return s.Min }),
		"maximum_value": text(func(s q) int64 { return s.Max }), "increment": text(func(s q) int64 { return s.Increment }),
		"cycle_option": func(_ *View, s q) any { return yesNo(s.Cycle) },
	})
}
