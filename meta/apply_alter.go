package meta

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
)

func (c *change) alterTable(cmd *AlterTable) (Result, bool, error) {
	old := c.tables[cmd.Table]
	if old == nil {
		return Result{}, false, errNoTable(cmd.Table)
	}
	if old.Columns.Version != cmd.From {
		return Result{}, false, column.Errorf(column.Conflict,
			"table %q has schema version %d, the change was computed from version %d", old.Name, old.Columns.Version, cmd.From)
	}
	next := cmd.To.Clone()
	next.ID, next.Database, next.Created, next.From = old.ID, old.Database, old.Created, old.From
	s := &next.Columns
	s.Version, s.Strict = old.Columns.Version+1, old.Columns.Strict
	if cmd.Strict {
		s.Strict = s.Version
	}
	next.NextColumn = old.NextColumn
	for i := range s.Fields {
		if err := next.evolve(old, &s.Fields[i]); err != nil {
			return Result{}, false, err
		}
	}
	if err := c.checkEvolution(old, next); err != nil {
		return Result{}, false, err
	}
	if err := checkTable(next); err != nil {
		return Result{}, false, err
	}
	if err := c.rename(old.Database, old.Schema, old.Name, next.Schema, next.Name); err != nil {
		return Result{}, false, err
	}
	for i := range old.Columns.Fields {
		if id := old.Columns.Fields[i].ID; s.Index(id) < 0 {
			c.removeIndexes(old.ID, id)
		}
	}
	if old.Schema != next.Schema {
		for _, x := range c.tableIndexes[old.ID] {
			if err := c.freeName(tableName{old.Database, next.Schema, x.Name}); err != nil {
				return Result{}, false, err
			}
		}
		c.renamedTable(old, next)
	}
	c.tables = withEntry(c.tables, old.ID, next)
	c.dropOwned(old.ID, s)
	return Result{ID: uint64(old.ID)}, true, nil
}

// evolve checks one field against what is stored of it, and completes it.
func (t *Table) evolve(old *Table, f *column.Field) error {
	at := old.Columns.Index(f.ID)
	if at < 0 {
		if f.ID < old.NextColumn {
			return column.Errorf(column.Invalid, "column %q has id %d, which was given to another before", f.Name, f.ID)
		}
		t.NextColumn = max(t.NextColumn, f.ID+1)
		f.Added = 0
		if f.Initial != "" {
			f.Added = t.Columns.Version
		}
		return nil
	}
	was := &old.Columns.Fields[at]
	if f.Initial != was.Initial || f.Added != was.Added {
		return column.Errorf(column.Invalid, "the initial value of column %q cannot change: rows have it", f.Name)
	}
	if !was.Type.Widens(was.Mod, f.Type, f.Mod) {
		return column.SQLErrorf(column.Unsupported, stateUnsupported, "what is stored of column %q as %s does not read the same as %s",
			f.Name, was.Type.Format(was.Mod), f.Type.Format(f.Mod))
	}
	return nil
}

// checkEvolution refuses a description that what is stored does not fit.
func (c *change) checkEvolution(old, next *Table) error {
	a, b := &old.Columns, &next.Columns
	wrong := ""
	switch {
	case a.Time != b.Time:
		wrong = "time column"
	case !slices.Equal(a.Tags, b.Tags):
		wrong = "tags"
	case !slices.Equal(a.Key, b.Key) || a.Merge != b.Merge || a.Enforced != b.Enforced:
		wrong = "key"
	case a.LabelSets != b.LabelSets:
		wrong = "label sets"
	case a.Partition != b.Partition && c.Manifest(old.ID).Len() > 0:
		wrong = "partition length"
	default:
		return nil
	}
	return column.SQLErrorf(column.Unsupported, stateUnsupported, "the %s of table %q cannot change: its rows are stored by it", wrong, old.Name)
}

// Clone gives a description to be changed: nothing in it is shared.
func (t *Table) Clone() *Table {
	out := *t
	out.Columns = cloneSchema(&t.Columns)
	out.Constraints = cloneConstraints(t.Constraints)
	out.ColumnComments = cloneComments(t.ColumnComments)
	return &out
}

func cloneConstraints(list []Constraint) []Constraint {
	out := slices.Clone(list)
	for i := range out {
		out[i].Columns = slices.Clone(out[i].Columns)
	}
	return out
}

// checkTable says what is wrong with a description as a whole.
func checkTable(t *Table) error {
	if err := CheckSchema(&t.Columns); err != nil {
		return err
	}
	for i := range t.Columns.Fields {
		f := &t.Columns.Fields[i]
		if f.Identity > column.IdentityByDefault || f.Added > t.Columns.Version || (f.Added != 0) != (f.Initial != "") {
			return column.Errorf(column.Invalid, "column %q has an impossible description", f.Name)
		}
		if _, err := f.Initial.Vector(f.Type); err != nil {
			return column.Errorf(column.Invalid, "column %q: %w", f.Name, err)
		}
	}
	if t.Retention < 0 || t.Retention > 0 && t.Columns.Time == 0 {
		return column.SQLErrorf(column.Invalid, stateInvalidTable, "table %q cannot keep its rows for %d microseconds", t.Name, t.Retention)
	}
	for i := range t.Constraints {
		k := &t.Constraints[i]
		if err := checkName("constraint", k.Name); err != nil {
			return err
		}
		if t.Constraint(k.Name) != k {
			return column.SQLErrorf(column.Conflict, stateDuplicateObject, "constraint \"%s\" for relation \"%s\" already exists", k.Name, t.Name)
		}
		if !knownConstraint(k.Kind) {
			return column.Errorf(column.Unsupported, "constraint %q is of a kind this version does not know: %q", k.Name, k.Kind)
		}
		if k.Kind == NotNullConstraint && len(k.Columns) != 1 {
			return column.Errorf(column.Invalid, "constraint %q has %d columns, not one", k.Name, len(k.Columns))
		}
		for _, id := range k.Columns {
			if _, err := columnOf(&t.Columns, "constraint's", id); err != nil {
				return err
			}
		}
	}
	for id := range t.ColumnComments {
		if _, err := columnOf(&t.Columns, "comment's", id); err != nil {
			return err
		}
	}
	return nil
}

func knownConstraint(k ConstraintKind) bool {
	switch k {
	case CheckConstraint, PrimaryConstraint, UniqueConstraint, ForeignConstraint, NotNullConstraint:
		return true
	}
	return false
}
