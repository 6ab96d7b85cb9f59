package bind

import (
	"slices"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
)

// object is something that others may depend on: a relation, a column of one (column is its id, or the place in a view), or a column's default.
type object struct {
	relation  meta.TableID
	column    column.ID
	isDefault bool
}

// dependent is an object and what it depends on.
type dependent struct {
	object
	on object
}

// describe names an object as PostgreSQL's messages do.
func (d *definition) describe(o object) string {
	c := d.Catalog
	if t := c.TableByID(o.relation); t != nil {
		table := "table " + d.shown(t.Schema, t.Name)
		if o.column == 0 {
			return table
		}
		name := "column " + quoted(t.Columns.Fields[t.Columns.Index(o.column)].Name) + " of " + table
		if o.isDefault {
			return "default value for " + name
		}
		return name
	}
	if v := c.ViewByID(o.relation); v != nil {
		view := "view " + d.shown(v.Schema, v.Name)
		if o.column != 0 && int(o.column) <= len(v.Columns) {
			return "column " + quoted(v.Columns[o.column-1].Name) + " of " + view
		}
		return view
	}
	if q := c.SequenceByID(o.relation); q != nil {
		return "sequence " + d.shown(q.Schema, q.Name)
	}
	return "an object"
}

// dependents lists what depends on an object directly, in the order of ids: what was made first comes first.
func (d *definition) dependents(o object) []object {
	var out []object
	if o.isDefault {
		return nil
	}
	for _, v := range d.Catalog.Views(d.Database.ID) {
		if v.ID != o.relation && slices.ContainsFunc(v.Uses, func(u meta.Use) bool { return usesObject(&u, o) }) {
			out = append(out, object{relation: v.ID})
		}
	}
	if q := d.Catalog.SequenceByID(o.relation); q != nil {
		out = append(out, d.takers(q)...)
	}
	if t := d.Catalog.TableByID(o.relation); t != nil {
		// A sequence goes with its column, and what takes its values elsewhere depends on it.
		for _, q := range d.Catalog.Sequences(d.Database.ID) {
			if q.Table != t.ID || o.column != 0 && q.Column != o.column {
				continue
			}
			for _, taker := range d.dependents(object{relation: q.ID}) {
				if taker.relation != t.ID || o.column != 0 && taker.column != o.column {
					out = append(out, taker)
				}
			}
		}
		if i := t.Columns.Index(o.column); i >= 0 {
			for _, f := range t.Columns.Fields {
				if f.Generated != "" && f.ID != o.column && reads(f.Generated, t.Columns.Fields[i].Name) {
					out = append(out, object{relation: t.ID, column: f.ID})
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b object) int { return int(int64(a.relation) - int64(b.relation)) })
	return slices.Compact(out)
}

func usesObject(u *meta.Use, o object) bool {
	if u.Relation != o.relation {
		return false
	}
	return o.column == 0 || slices.ContainsFunc(u.Columns, func(c meta.UseColumn) bool { return c.ID == o.column && c.Read })
}

// takers lists the defaults that take values of a sequence.
func (d *definition) takers(q *meta.Sequence) []object {
	var out []object
	for _, t := range d.Catalog.Tables(d.Database.ID) {
		for _, f := range t.Columns.Fields {
			if strings.Contains(f.Default, "nextval") && slices.Contains(usedSequences(f.Default), q.ID) {
				out = append(out, object{t.ID, f.ID, true})
			}
		}
	}
	return out
}

// reach lists, in the order they are found, what depends on objects that go, directly or not.
func (d *definition) reach(going []object) []dependent {
	var out []dependent
	gone := func(o object) bool {
		return slices.ContainsFunc(going, func(g object) bool { return covers(g, o) }) ||
			slices.ContainsFunc(out, func(x dependent) bool { return covers(x.object, o) })
	}
	var visit func(o object)
	visit = func(o object) {
		for _, by := range d.dependents(o) {
			if gone(by) {
				continue
			}
			out = append(out, dependent{by, o})
			visit(by)
		}
	}
	for _, o := range going {
		visit(o)
	}
	return out
}

// covers reports that o goes with g.
func covers(g, o object) bool {
	return g == o || g.relation == o.relation && (g.column == 0 || g.column == o.column && !g.isDefault)
}

// release drops what depends on objects that go, with CASCADE, or refuses.
func (d *definition) release(what string, going []object, cascade bool) error {
	list := d.reach(going)
	if len(list) == 0 {
		return nil
	}
	lines := make([]string, len(list))
	if !cascade {
		for i, x := range list {
			lines[i] = d.describe(x.object) + " depends on " + d.describe(x.on)
		}
		e := column.SQLErrorf(column.Invalid, "2BP01", "cannot drop %s because other objects depend on it", what)
		if len(going) > 1 {
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
	} else {
		d.notice("00000", "drop cascades to %s other objects", strconv.Itoa(len(list))).Detail = joinLines(lines)
	}
	for _, x := range list {
		d.remove(x.object)
	}
	return nil
}

// joinLines makes a detail of lines.
func joinLines(lines []string) string { return strings.Join(lines, "\n") }

// remove takes an object away.
func (d *definition) remove(o object) {
	switch t := d.Catalog.TableByID(o.relation); {
	case t == nil:
		d.do(meta.Command{DropRelation: &meta.DropRelation{Relation: o.relation}})
	case o.column == 0:
		d.changed = slices.DeleteFunc(d.changed, func(c *changedDescription) bool { return c.old.ID == t.ID })
		d.do(meta.Command{DropTable: &meta.DropTable{Table: t.ID}})
	case o.isDefault:
		now := d.change(t).now
		if i := now.Columns.Index(o.column); i >= 0 {
			now.Columns.Fields[i].Default = ""
		}
	default:
		d.change(t).dropColumn(o.column)
	}
}

// dropColumn takes a column out of a description, and what is about it only.
func (c *changedDescription) dropColumn(id column.ID) {
	s := &c.now.Columns
	if i := s.Index(id); i >= 0 {
		s.Fields = slices.Delete(s.Fields, i, i+1)
	}
	c.now.Constraints = slices.DeleteFunc(c.now.Constraints, func(k meta.Constraint) bool { return slices.Contains(k.Columns, id) })
	delete(c.now.ColumnComments, id)
}
