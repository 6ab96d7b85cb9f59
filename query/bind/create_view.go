package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

func (b *binder) createView(n *sql.CreateView) (plan.Statement, error) {
	d, err := b.defining("CREATE VIEW", n.Pos)
	if err != nil {
		return nil, err
	}
	switch {
	case n.Materialized:
		return nil, unsupported(n.Pos, "materialized views are not supported", "CREATE TABLE AS keeps a query's rows; CREATE VIEW keeps its text.")
	case n.Temp:
		return nil, unsupported(n.Pos, "temporary views are not supported", "Create an ordinary view and drop it.")
	case n.Check != "":
		return nil, unsupported(n.Pos, "WITH CHECK OPTION is not supported", "Rows cannot be written through views: leave it out.")
	case len(n.Options) > 0:
		return nil, unsupported(n.Options[0].Pos, "options of views are not supported", "Leave WITH out.")
	}
	if err := viewParams(n.Query); err != nil {
		return nil, err
	}
	schema, err := d.creationSchema(n.Name)
	if err != nil {
		return nil, err
	}
	q := n.Query
	if n.Recursive {
		q = recursiveView(n)
	}
	if err := viewAnchors(q); err != nil {
		return nil, err
	}
	root, err := b.query(q)
	if err != nil {
		return nil, err
	}
	if err := noRecords(root.Columns()); err != nil {
		return nil, err
	}
	v := meta.View{Database: d.Database.ID, Schema: schema, Name: n.Name.Name, Path: d.Path, Query: sql.Format(q)}
	if v.Columns, err = viewColumns(n, plan.Describe(root)); err != nil {
		return nil, err
	}
	v.Uses = d.uses(q)
	return d.putView(n, v)
}

// viewAnchors refuses the rows of a table as a type, which a view would not keep up with when the table changes.
func viewAnchors(q *sql.Query) error {
	var err error
	sql.Walk(q, func(n sql.Node) bool {
		if c, ok := n.(*sql.FuncCall); ok && fn.PopulateFunction(c.Name.Name, nil) != nil && err == nil {
			err = unsupported(c.Pos, c.Name.Name+" is not supported in views", "List the columns: jsonb_to_record('{…}') AS r (a integer, b text).")
		}
		return err == nil
	})
	return err
}

// viewParams refuses parameters: a view is a text of its own.
func viewParams(q *sql.Query) error {
	var err error
	sql.Walk(q, func(n sql.Node) bool {
		if p, ok := n.(*sql.Param); ok && err == nil {
			err = errorAt(p.Pos, "42P02", "there is no parameter $%d", p.Index)
		}
		return err == nil
	})
	return err
}

// recursiveView writes CREATE RECURSIVE VIEW name (columns) AS query as PostgreSQL reads it.
func recursiveView(n *sql.CreateView) *sql.Query {
	s := &sql.Select{Pos: n.Pos, From: []sql.TableExpr{&sql.Table{Pos: n.Pos, Name: sql.Name{Pos: n.Name.Pos, Name: n.Name.Name}}}}
	for _, c := range n.Columns {
		s.Targets = append(s.Targets, sql.SelectItem{Expr: &sql.ColumnRef{Pos: c.Pos, Parts: []string{c.Name}}})
	}
	return &sql.Query{
		Pos: n.Query.Pos, Body: s,
		With: &sql.With{Recursive: true, CTEs: []*sql.CTE{{Pos: n.Pos, Name: n.Name.Name, Columns: n.Columns, Stmt: n.Query}}},
	}
}

func viewColumns(n *sql.CreateView, columns []plan.Column) ([]meta.ViewColumn, error) {
	if len(n.Columns) > len(columns) {
		return nil, column.SQLErrorf(column.Invalid, "42601", "CREATE VIEW specifies more column names than columns")
	}
	out := make([]meta.ViewColumn, len(columns))
	for i, c := range columns {
		name := c.Name
		if i < len(n.Columns) {
			name = n.Columns[i].Name
		}
		if slices.ContainsFunc(out[:i], func(o meta.ViewColumn) bool { return o.Name == name }) {
			return nil, column.SQLErrorf(column.Invalid, "42701", "column \"%s\" specified more than once", name)
		}
		out[i] = meta.ViewColumn{Name: name, Type: c.Type, Mod: c.Mod}
	}
	return out, nil
}

// putView makes a view, or replaces the one of its name.
func (d *definition) putView(n *sql.CreateView, v meta.View) (plan.Statement, error) {
	c := &meta.CreateView{View: v}
	old := d.findIn(v.Schema, v.Name)
	switch {
	case old == nil:
	case !n.Replace:
		return nil, errDuplicate(v.Name)
	case old.view == nil:
		return nil, column.SQLErrorf(column.Invalid, "42809", "\"%s\" is not a view", v.Name)
	default:
		if err := replaceable(old.view, &v); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(v.Uses, func(u meta.Use) bool { return d.readsView(u.Relation, old.id) }) {
			return nil, column.SQLErrorf(column.Invalid, "42P17", "infinite recursion detected in rules for relation \"%s\"", v.Name)
		}
		c.Replace, c.Replaced = old.id, old.view.Created
	}
	d.do(meta.Command{CreateView: c})
	return d.finish()
}

// readsView reports whether a relation is a view or reads it.
func (d *definition) readsView(relation, view meta.TableID) bool {
	if relation == view {
		return true
	}
	v := d.Catalog.ViewByID(relation)
	return v != nil && slices.ContainsFunc(v.Uses, func(u meta.Use) bool { return d.readsView(u.Relation, view) })
}

// replaceable compares the columns of a view with those that it is to get.
func replaceable(old, now *meta.View) error {
	if len(now.Columns) < len(old.Columns) {
		return column.SQLErrorf(column.Invalid, "42P16", "cannot drop columns from view")
	}
	for i, c := range old.Columns {
		to := now.Columns[i]
		if c.Name != to.Name {
			e := column.SQLErrorf(column.Invalid, "42P16", "cannot change name of view column \"%s\" to \"%s\"", c.Name, to.Name)
			e.Hint = "Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead."
			return e
		}
		if c.Type != to.Type || c.Mod != to.Mod {
			return column.SQLErrorf(column.Invalid, "42P16", "cannot change data type of view column \"%s\" from %s to %s", c.Name, c.Type.Format(c.Mod), to.Type.Format(to.Mod))
		}
	}
	return nil
}

// uses lists the relations that a query names, as they are now. A column counts as read where its name stands anywhere in the query, or all of them do.
func (d *definition) uses(q *sql.Query) []meta.Use {
	names, all := namesIn(q)
	var out []meta.Use
	hidden := map[string]bool{}
	sql.Walk(q, func(n sql.Node) bool {
		if c, ok := n.(*sql.CTE); ok {
			hidden[c.Name] = true
		}
		return true
	})
	sql.Walk(q, func(n sql.Node) bool {
		t, ok := n.(*sql.Table)
		if !ok || slices.ContainsFunc(out, func(u meta.Use) bool { return u.Schema == t.Name.Schema && u.Name == t.Name.Name }) {
			return true
		}
		f := d.find(t.Name)
		if f == nil || f.id == 0 {
			return true // it is computed, or one of WITH
		}
		u := meta.Use{Schema: t.Name.Schema, Name: t.Name.Name, Relation: f.id}
		whole := all || names[t.Name.Name] || t.Alias != nil && (len(t.Alias.Columns) > 0 || names[t.Alias.Name])
		add := func(id column.ID, name string) {
			u.Columns = append(u.Columns, meta.UseColumn{ID: id, Name: name, Read: whole || names[name]})
		}
		if f.table != nil {
			for _, c := range f.table.Columns.Fields {
				add(c.ID, c.Name)
			}
		}
		if f.view != nil {
			for i, c := range f.view.Columns {
				add(column.ID(i+1), c.Name)
			}
		}
		out = append(out, u)
		return true
	})
	// What a query of WITH hides everywhere is not used, unless it also stands with its schema. Where it is hidden in a part only, one name too many does
	// no harm: it keeps a relation from being dropped.
	return slices.DeleteFunc(out, func(u meta.Use) bool { return u.Schema == "" && hidden[u.Name] && topLevel(q, u.Name) })
}

// topLevel reports a name of the outermost WITH, which hides it in the whole query.
func topLevel(q *sql.Query, name string) bool {
	return q.With != nil && slices.ContainsFunc(q.With.CTEs, func(c *sql.CTE) bool { return c.Name == name })
}

// namesIn lists the names of columns in a query; all says that it may read any: by *, NATURAL JOIN or a row as a whole.
func namesIn(q *sql.Query) (names map[string]bool, all bool) {
	names = map[string]bool{}
	sql.Walk(q, func(n sql.Node) bool {
		switch n := n.(type) {
		case *sql.ColumnRef:
			names[n.Parts[len(n.Parts)-1]] = true
		case *sql.Star:
			all = true
		case *sql.Join:
			all = all || n.Natural
			for _, c := range n.Using {
				names[c.Name] = true
			}
		}
		return true
	})
	return names, all
}
