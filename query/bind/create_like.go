package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/sql"
)

// likeOptions says which of the things that LIKE can copy it copies.
func likeOptions(l *sql.TableLike) map[string]bool {
	out := map[string]bool{}
	for _, o := range l.Options {
		list := []string{o.What}
		if o.What == "all" {
			list = []string{"comments", "compression", "constraints", "defaults", "generated", "identity", "indexes", "statistics", "storage"}
		}
		for _, what := range list {
			out[what] = !o.Excluding
		}
	}
	return out
}

// like copies columns of another table or view, and what belongs to them.
func (t *tableDefinition) like(l *sql.TableLike) error {
	f := t.find(l.Name)
	switch {
	case f == nil:
		return place(t.missing("relation", l.Name), l.Name.Pos)
	case f.view != nil:
		for _, c := range f.view.Columns {
			if err := t.copyField(l, column.Field{Name: c.Name, Type: c.Type, Mod: c.Mod}); err != nil {
				return err
			}
		}
		return nil
	case f.table == nil:
		e := errorAt(l.Name.Pos, "42809", "relation \"%s\" is invalid in LIKE clause", f.name)
		e.Detail = "This operation is not supported for " + f.kind() + "s."
		return e
	}
	with, from := likeOptions(l), f.table
	ids := map[column.ID]column.ID{}
	for _, of := range from.Columns.Fields {
		ids[of.ID] = t.nextColumn()
		field := of
		field.Initial, field.Added = "", 0
		if of.Identity != column.NoIdentity && !with["identity"] || of.Identity == column.NoIdentity && !with["defaults"] {
			field.Default, field.Identity = "", column.NoIdentity
		}
		if !with["generated"] {
			field.Generated = ""
		}
		if err := t.copyField(l, field); err != nil {
			return err
		}
		if err := t.copyIdentity(from, &of); err != nil {
			return err
		}
		if text := from.ColumnComments[of.ID]; text != "" && with["comments"] {
			if t.table.ColumnComments == nil {
				t.table.ColumnComments = map[column.ID]string{}
			}
			t.table.ColumnComments[ids[of.ID]] = text
		}
	}
	if with["constraints"] {
		t.copyChecks(from, ids, with["comments"])
	}
	if with["indexes"] {
		t.copyIndexes(from, ids)
	}
	if with["storage"] {
		t.copyLayout(from, ids)
	}
	return nil
}

func (t *tableDefinition) copyField(l *sql.TableLike, f column.Field) error {
	if t.table.Columns.Lookup(f.Name) >= 0 {
		return errorAt(l.Pos, "42701", "column \"%s\" specified more than once", f.Name)
	}
	f.ID, f.Number = t.nextColumn(), 0
	t.table.Columns.Fields = append(t.table.Columns.Fields, f)
	return nil
}

// copyIdentity gives a copied identity column a sequence of its own, like the one of the column that it is a copy of.
func (t *tableDefinition) copyIdentity(from *meta.Table, of *column.Field) error {
	f := &t.table.Columns.Fields[len(t.table.Columns.Fields)-1]
	if f.Identity == column.NoIdentity {
		return nil
	}
	for _, q := range t.Catalog.Sequences(t.Database.ID) {
		if q.Table != from.ID || q.Column != of.ID || !q.Identity {
			continue
		}
		if err := t.addSequence(f, 0, nil, true); err != nil {
			return err
		}
		own := &t.sequences[len(t.sequences)-1]
		own.Start, own.Increment, own.Min, own.Max, own.Cache, own.Cycle = q.Start, q.Increment, q.Min, q.Max, q.Cache, q.Cycle
		own.Last, own.Called = q.Start, false
	}
	return nil
}

func (t *tableDefinition) copyChecks(from *meta.Table, ids map[column.ID]column.ID, comments bool) {
	for _, c := range from.Constraints {
		if c.Kind != meta.CheckConstraint || hasConstraint(t.table.Constraints, c.Name) {
			continue
		}
		columns := slices.Clone(c.Columns)
		for i, id := range columns {
			columns[i] = ids[id]
		}
		c.Columns, c.NotValid = columns, false
		if !comments {
			c.Comment = ""
		}
		t.table.Constraints = append(t.table.Constraints, c)
	}
}

// copyLayout copies how a table's rows lie: what Aegis has in the place of PostgreSQL's storage.
func (t *tableDefinition) copyLayout(from *meta.Table, ids map[column.ID]column.ID) {
	s, of := &t.table.Columns, &from.Columns
	if s.Time == 0 && of.Time != 0 {
		s.Time, s.Partition = ids[of.Time], of.Partition
		t.table.Retention = from.Retention
	}
	if len(s.Tags) == 0 && !of.LabelSets {
		for _, id := range of.Tags {
			s.Tags = append(s.Tags, ids[id])
		}
	}
}
