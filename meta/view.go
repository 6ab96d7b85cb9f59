package meta

import (
	"cmp"
	"slices"

	"github.com/automatanexus/aegis-db/column"
)

// View is a named query. Immutable: a change makes another object.
type View struct {
	ID       TableID      `json:"id"`
	Database DatabaseID   `json:"database"`
	Schema   string       `json:"schema"`
	Name     string       `json:"name"`
	Columns  []ViewColumn `json:"columns"`
	// Query is SQL text. Names in it mean what they meant when it was written: Path is the search path of then, and Uses the relations that were found.
	Query   string   `json:"query"`
	Path    []string `json:"path,omitempty"`
	Uses    []Use    `json:"uses,omitempty"`
	Options []string `json:"options,omitempty"` // name=value
	Comment string   `json:"comment,omitempty"`
	// ColumnComments are by the column's place, counted from 1.
	ColumnComments map[column.ID]string `json:"column_comments,omitempty"`
	Created        Version              `json:"created"`
}

// ViewColumn is a column of a view.
type ViewColumn struct {
	Name string      `json:"name"`
	Type column.Type `json:"type"`
	Mod  column.Mod  `json:"mod,omitempty"`
}

// Use says what a name in a view's text means: a relation, and the columns that it had when the view was made.
type Use struct {
	Schema   string      `json:"schema,omitempty"` // as it is written; "" = the path was searched
	Name     string      `json:"name"`
	Relation TableID     `json:"relation"`
	Columns  []UseColumn `json:"columns"`
}

// UseColumn is a column of a relation that a view uses, under the name that the view knows. Of a view, the id is the column's place, from 1.
type UseColumn struct {
	ID   column.ID `json:"id"`
	Name string    `json:"name"`
	// Read says that the view needs it: a column that it merely could have read may go.
	Read bool `json:"read,omitempty"`
}

// CreateView makes a view, or gives one of its name another definition.
type CreateView struct {
	// View is without ID (0 = the next; or a reserved one) and Created.
	View View `json:"view"`
	// Replace names the view that this one takes the place of, and Replaced the version that it was made in, or ThisBatch: its condition.
	Replace  TableID `json:"replace,omitempty"`
	Replaced Version `json:"replaced,omitempty"`
}

// MoveRelation gives a view or a sequence another name, schema, or columns' names (AlterTable does it for tables).
type MoveRelation struct {
	Relation TableID  `json:"relation"`
	Schema   string   `json:"schema"`
	Name     string   `json:"name"`
	Columns  []string `json:"columns,omitempty"` // of a view; nil = as they are
}

// DropRelation removes a view or a sequence.
type DropRelation struct {
	Relation TableID `json:"relation"`
}

// View finds a view by name, nil if there is none.
func (s *Snapshot) View(db DatabaseID, schema, name string) *View {
	return s.views[s.names[tableName{db, schema, name}]]
}

// ViewByID finds a view, nil if there is none.
func (s *Snapshot) ViewByID(id TableID) *View { return s.views[id] }

// Views lists the views of a database by schema and name.
func (s *Snapshot) Views(db DatabaseID) []*View {
	var out []*View
	for _, v := range s.views {
		if v.Database == db {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b *View) int {
		return cmp.Or(cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Name, b.Name))
	})
	return out
}

func (v *View) clone() *View {
	out := *v
	out.Columns, out.Path, out.Options = slices.Clone(v.Columns), slices.Clone(v.Path), slices.Clone(v.Options)
	out.Uses = slices.Clone(v.Uses)
	for i := range out.Uses {
		out.Uses[i].Columns = slices.Clone(out.Uses[i].Columns)
	}
	out.ColumnComments = cloneComments(v.ColumnComments)
	return &out
}

func checkView(v *View) error {
	for _, err := range []error{checkName("schema", v.Schema), checkName("view", v.Name)} {
		if err != nil {
			return err
		}
	}
	if v.Query == "" || len(v.Columns) > maxColumns {
		return column.SQLErrorf(column.Invalid, stateInvalidTable, "view %q has no query, or too many columns", v.Name)
	}
	names := make(map[string]bool, len(v.Columns))
	for _, c := range v.Columns {
		switch err := checkName("column", c.Name); {
		case err != nil:
			return err
		case names[c.Name]:
			return column.SQLErrorf(column.Invalid, stateDuplicateColumn, "column \"%s\" specified more than once", c.Name)
		case !c.Type.Valid():
			return column.Errorf(column.Unsupported, "column %q has a type this version does not know: %s", c.Name, c.Type)
		}
		names[c.Name] = true
	}
	return nil
}

func (c *change) createView(cmd *CreateView) (Result, bool, error) {
	v := cmd.View.clone()
	if err := checkView(v); err != nil {
		return Result{}, false, err
	}
	v.Created = c.Version
	if cmd.Replace == 0 {
		id, existed, err := c.place(v.Database, v.Schema, v.Name, v.ID)
		if err != nil || existed != 0 {
			return Result{}, false, cmp.Or(err, error(errExists(v.Schema, v.Name)))
		}
		v.ID = id
		c.views = withEntry(c.views, id, v)
		return Result{ID: uint64(id)}, true, nil
	}
	old := c.views[cmd.Replace]
	if old == nil || !c.isVersion(old.Created, cmd.Replaced) {
		return Result{}, false, column.Errorf(column.Conflict, "view %q was changed meanwhile", v.Name)
	}
	if v.Database != old.Database || v.Schema != old.Schema || v.Name != old.Name {
		return Result{}, false, column.Errorf(column.Invalid, "a view is replaced under its own name")
	}
	v.ID, v.Comment, v.ColumnComments = old.ID, old.Comment, old.ColumnComments
	c.views = withEntry(c.views, v.ID, v)
	return Result{ID: uint64(v.ID)}, true, nil
}
