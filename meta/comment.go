package meta

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
)

// Comment sets what is said about something; "" removes it. Of what it names, the first that is given counts: a relation (with Column, one of its
// columns; with Constraint, one of its constraints), a schema of a database, a database.
type Comment struct {
	Relation   TableID    `json:"relation,omitempty"`
	Column     column.ID  `json:"column,omitempty"` // of a view: the place, from 1
	Constraint string     `json:"constraint,omitempty"`
	Database   DatabaseID `json:"database,omitempty"`
	Schema     string     `json:"schema,omitempty"`
	Text       string     `json:"text,omitempty"`
}

func (c *change) comment(cmd *Comment) (Result, bool, error) {
	switch {
	case c.tables[cmd.Relation] != nil:
		return c.commentTable(c.tables[cmd.Relation], cmd)
	case c.views[cmd.Relation] != nil:
		v := c.views[cmd.Relation].clone()
		if cmd.Column == 0 {
			v.Comment = cmd.Text
		} else if v.ColumnComments = withComment(v.ColumnComments, cmd); int(cmd.Column) > len(v.Columns) {
			return Result{}, false, column.SQLErrorf(column.NotFound, stateNoColumn, "view %q has no column %d", v.Name, cmd.Column)
		}
		c.views = withEntry(c.views, v.ID, v)
	case c.sequences[cmd.Relation] != nil && cmd.Column == 0:
		q := *c.sequences[cmd.Relation]
		q.Comment = cmd.Text
		c.sequences = withEntry(c.sequences, q.ID, &q)
	case cmd.Relation != 0:
		return Result{}, false, errNoTable(cmd.Relation)
	case cmd.Schema != "":
		if !c.hasDatabase(cmd.Database) || !c.HasSchema(cmd.Database, cmd.Schema) {
			return Result{}, false, column.SQLErrorf(column.NotFound, stateNoSchema, "schema \"%s\" does not exist", cmd.Schema)
		}
		s := Schema{Database: cmd.Database, Name: cmd.Schema}
		name := schemaName{cmd.Database, cmd.Schema}
		if old := c.schemas[name]; old != nil {
			s = *old
		}
		s.Comment = cmd.Text
		if c.schemas = withEntry(c.schemas, name, &s); !s.Made && s.Comment == "" {
			c.schemas = withoutEntry(c.schemas, name)
		}
	default:
		for _, d := range c.databases {
			if d.ID == cmd.Database {
				next := *d
				next.Comment = cmd.Text
				c.databases = withEntry(c.databases, d.Name, &next)
				return Result{}, true, nil
			}
		}
		return Result{}, false, errNoDatabase(cmd.Database)
	}
	return Result{}, true, nil
}

// commentTable makes no new version of the schema: what was computed from it stays right.
func (c *change) commentTable(t *Table, cmd *Comment) (Result, bool, error) {
	next := *t
	switch {
	case cmd.Constraint != "":
		next.Constraints = slices.Clone(t.Constraints)
		of := next.Constraint(cmd.Constraint)
		if of == nil {
			return Result{}, false, column.SQLErrorf(column.NotFound, "42704", "constraint \"%s\" for table \"%s\" does not exist", cmd.Constraint, t.Name)
		}
		of.Comment = cmd.Text
	case cmd.Column == 0:
		next.Comment = cmd.Text
	case t.Columns.Index(cmd.Column) < 0:
		return Result{}, false, column.SQLErrorf(column.NotFound, stateNoColumn, "table %q has no column with id %d", t.Name, cmd.Column)
	default:
		next.ColumnComments = withComment(t.ColumnComments, cmd)
	}
	c.tables = withEntry(c.tables, t.ID, &next)
	return Result{}, true, nil
}

func withComment(m map[column.ID]string, cmd *Comment) map[column.ID]string {
	if cmd.Text != "" {
		return withEntry(m, cmd.Column, cmd.Text)
	}
	if m = withoutEntry(m, cmd.Column); len(m) == 0 {
		return nil
	}
	return m
}
