package meta

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
)

// batch applies the members one after the other; the change is thrown away with the first that fails.
func (c *change) batch(cmd *Batch) (Result, bool, error) {
	out := Result{Members: make([]Result, len(cmd.Commands))}
	any := false
	for i := range cmd.Commands {
		m := &cmd.Commands[i]
		if m.Batch != nil || m.members() != 1 {
			return Result{}, false, column.Errorf(column.Invalid, "member %d of a batch is not one command", i+1)
		}
		r, changed, err := c.apply(*m)
		if err != nil {
			return Result{}, false, err
		}
		r.Version = c.Version
		out.Members[i] = r
		any = any || changed
	}
	return out, any, nil
}

// ThisBatch stands in a command's condition for the version that the batch makes which the command is in: an earlier member has made what this one
// changes. Whoever makes the batch cannot know its version.
const ThisBatch Version = 1 << 63

// isVersion checks a condition on the version of what a command changes.
func (c *change) isVersion(have, want Version) bool {
	return have == want || want == ThisBatch && have == c.Version
}

// checkReferences refuses a state in which something names what is not there: it is asked when a command, or the last of a batch, was applied, so that
// members of a batch may come in any order. Commands that cannot break a reference are not looked at.
func (c *change) checkReferences(cmd Command) error {
	if !cmd.touchesReferences() {
		return nil
	}
	for _, t := range c.tables {
		if !c.HasSchema(t.Database, t.Schema) {
			return errSchema(t.Schema, t.Name)
		}
	}
	for _, v := range c.views {
		if !c.HasSchema(v.Database, v.Schema) {
			return errSchema(v.Schema, v.Name)
		}
		for i := range v.Uses {
			if err := c.checkUse(v, &v.Uses[i]); err != nil {
				return err
			}
		}
	}
	for _, q := range c.sequences {
		if !c.HasSchema(q.Database, q.Schema) {
			return errSchema(q.Schema, q.Name)
		}
		if q.Table == 0 {
			continue
		}
		if t := c.tables[q.Table]; t == nil || t.Columns.Index(q.Column) < 0 {
			return dependent("sequence %s belongs to a column that would be gone", q.Name)
		}
	}
	return nil
}

func (cmd *Command) touchesReferences() bool {
	if cmd.Batch != nil {
		return slices.ContainsFunc(cmd.Batch.Commands, func(m Command) bool { return m.touchesReferences() })
	}
	return cmd.CreateTable != nil || cmd.DropTable != nil || cmd.AlterTable != nil || cmd.CreateView != nil || cmd.MoveRelation != nil ||
		cmd.DropRelation != nil || cmd.CloneTable != nil || cmd.CreateSequence != nil || cmd.AlterSequence != nil || cmd.DropSchema != nil
}

func (c *change) checkUse(v *View, u *Use) error {
	if t := c.tables[u.Relation]; t != nil {
		for _, col := range u.Columns {
			if col.Read && t.Columns.Index(col.ID) < 0 {
				return dependent("view %s depends on column %s of table %s", v.Name, col.Name, t.Name)
			}
		}
		return nil
	}
	used := c.views[u.Relation]
	if used == nil && c.sequences[u.Relation] != nil {
		return nil
	}
	if used == nil {
		return dependent("view %s depends on %s", v.Name, u.Name)
	}
	for _, col := range u.Columns {
		if int(col.ID) > len(used.Columns) {
			return dependent("view %s depends on column %s of view %s", v.Name, col.Name, used.Name)
		}
	}
	return nil
}

// dependent is a change that came between what it was computed from and now: whoever looks again finds the dependency.
func dependent(format string, args ...any) error {
	return column.SQLErrorf(column.Conflict, stateDependent, format, args...)
}

func errSchema(schema, relation string) error {
	e := column.SQLErrorf(column.NotFound, stateNoSchema, "schema \"%s\" does not exist", schema)
	e.Detail = "Relation \"" + relation + "\" would be in it."
	return e
}
