package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// Most changes of a table leave what is stored as it is. Where values have to be computed for rows that are there, the column gets a new id, as if it were
// another one, and the rows are written anew under the new description: old versions of the table keep the old column.

// recompute has a column computed for the rows that are there.
func (a *alteration) recompute(c plan.Computed) {
	a.description().strict = true
	a.out.Rewrite = append(a.out.Rewrite, c)
}

// retype gives a column another type where its values have to be computed anew.
func (a *alteration) retype(n *sql.AlterAction, f *column.Field, t column.Type, mod column.Mod) error {
	s := &a.table.Columns
	what := ""
	switch {
	case s.Time == f.ID:
		what = "the time column"
	case s.IsTag(f.ID):
		what = "a tag"
	case slices.Contains(s.Key, f.ID):
		what = "part of the key"
	}
	if what != "" {
		return unsupported(n.Pos, "the type of column \""+f.Name+"\" cannot change to "+t.Format(mod)+": it is "+what+", by which the rows are stored", "Make a new table with CREATE TABLE AS.")
	}
	before := *f
	f.Type, f.Mod, f.Initial, f.Added = t, mod, "", 0
	f.Number = f.Place()
	f.ID = a.table.NextColumn
	a.table.NextColumn++
	if err := a.transform(n, &before, f); err != nil {
		return err
	}
	a.renumber(before.ID, f.ID)
	if f.NotNull {
		f.NotNull = false
		if err := a.demand(f); err != nil {
			return err
		}
	}
	if before.Default != "" {
		return a.keepDefault(f, &before)
	}
	return nil
}

// transform says how the values of a column become those of its new type.
func (a *alteration) transform(n *sql.AlterAction, before, f *column.Field) error {
	old := &a.of.table.Columns
	i := old.Index(before.ID)
	if i < 0 {
		return column.SQLErrorf(column.Unsupported, "0A000", "cannot alter type of column \"%s\" twice", f.Name)
	}
	var e expr.Expr = &expr.Column{Index: i, Name: before.Name, T: before.Type}
	if n.Expr != nil {
		var err error
		if e, err = a.rule(transformRule, a.of.name, old, 0, n.Expr); err != nil {
			return err
		}
	}
	e, err := a.valueRule(e, f)
	if err != nil {
		return err
	}
	a.recompute(plan.Computed{Column: f.ID, Value: e})
	return nil
}

// renumber has what names a column name it by its new id.
func (a *alteration) renumber(old, now column.ID) {
	for i := range a.table.Constraints {
		for k, id := range a.table.Constraints[i].Columns {
			if id == old {
				a.table.Constraints[i].Columns[k] = now
			}
		}
	}
	if text := a.table.ColumnComments[old]; text != "" {
		delete(a.table.ColumnComments, old)
		a.table.ColumnComments[now] = text
	}
	for _, q := range a.Catalog.Sequences(a.Database.ID) {
		if q.Table == a.of.id && q.Column == old {
			moved := *q
			moved.Column = now
			a.do(meta.Command{AlterSequence: &meta.AlterSequence{Sequence: moved, From: q.Changed}})
		}
	}
	a.retyped = append(a.retyped, [2]column.ID{old, now})
}

// rewriting completes an alteration that writes rows anew: constraints are held against the new values, indexes are of the new columns, and generated columns are
// computed last.
func (a *alteration) rewriting() error {
	s := &a.table.Columns
	for _, g := range a.generated {
		i := s.Lookup(g.column)
		if i < 0 || a.of.table.Columns.Index(s.Fields[i].ID) >= 0 {
			continue
		}
		n, err := parseRule(s.Fields[i].Generated)
		if err != nil {
			return err
		}
		e, err := a.rule(generatedRule, a.table.Name, s, 0, n)
		if err != nil {
			return err
		}
		if e, err = a.valueRule(e, &s.Fields[i]); err != nil {
			return err
		}
		a.recompute(plan.Computed{Column: s.Fields[i].ID, Value: e, Late: true})
	}
	if len(a.out.Rewrite) == 0 {
		return nil
	}
	a.out.Rewrite = slices.DeleteFunc(a.out.Rewrite, func(c plan.Computed) bool { return s.Index(c.Column) < 0 })
	a.out.Table = a.of.table
	for i := range a.table.Constraints {
		if err := a.holdRetyped(&a.table.Constraints[i]); err != nil {
			return err
		}
	}
	return nil
}

// holdRetyped asks the rows to satisfy a constraint that was there before, of a column whose values are computed anew.
func (a *alteration) holdRetyped(k *meta.Constraint) error {
	if k.NotValid || !slices.ContainsFunc(a.retyped, func(r [2]column.ID) bool { return slices.Contains(k.Columns, r[1]) }) {
		return nil
	}
	switch k.Kind {
	case meta.CheckConstraint:
		text, err := a.literalsOf(k.Text)
		if err != nil {
			return err
		}
		k.Text = text
		n, err := parseRule(text)
		if err != nil {
			return err
		}
		e, err := a.rule(checkRule, a.table.Name, &a.table.Columns, 0, n)
		if err != nil {
			return err
		}
		if _, err := a.condition(e, "CHECK"); err != nil {
			return err
		}
		a.hold(*k)
	case meta.PrimaryConstraint, meta.UniqueConstraint:
		k.NotValid = true
		a.holdKey(k)
	case meta.ForeignConstraint:
		return unsupported(-1, "the values of a column of foreign key \""+k.Name+"\" cannot be computed anew", "Drop the constraint first, and add it again.")
	}
	return nil
}

// reindex makes the indexes of retyped columns anew: with the columns that they were of they are gone.
func (a *alteration) reindex(d *plan.Define) error {
	for _, x := range a.Catalog.Indexes(a.of.id) {
		c := &meta.CreateIndex{Table: x.Table, Name: x.Name, Method: x.Method, Columns: slices.Clone(x.Columns), Bits: x.Bits}
		anew := false
		for _, r := range a.retyped {
			for i := range c.Columns {
				if c.Columns[i].Column == r[0] {
					c.Columns[i].Column, anew = r[1], true
				}
			}
		}
		if !anew {
			continue
		}
		if x.Method == meta.IndexGIN {
			return unsupported(-1, "index \""+x.Name+"\" is of the column's type", "Drop the index first, and make another one.")
		}
		d.Commands = append(d.Commands, meta.Command{CreateIndex: c})
	}
	return nil
}
