package meta

import (
	"cmp"
	"slices"

	"github.com/automatanexus/aegis-db/column"
)

func (c *change) createDatabase(cmd *CreateDatabase) (Result, bool, error) {
	if err := checkName("database", cmd.Name); err != nil {
		return Result{}, false, err
	}
	if old := c.databases[cmd.Name]; old != nil {
		if cmd.IfNotExists {
			return Result{ID: uint64(old.ID), Existed: true}, false, nil
		}
		return Result{}, false, column.SQLErrorf(column.Conflict, stateDuplicateDatabase, "database %q already exists", cmd.Name)
	}
	d := &Database{ID: c.nextDatabase, Name: cmd.Name}
	c.nextDatabase++
	c.databases = withEntry(c.databases, d.Name, d)
	return Result{ID: uint64(d.ID)}, true, nil
}

func (c *change) createTable(cmd *CreateTable) (Result, bool, error) {
	if err := checkName("schema", cmd.Schema); err != nil {
		return Result{}, false, err
	}
	if err := checkName("table", cmd.Name); err != nil {
		return Result{}, false, err
	}
	columns := cloneSchema(&cmd.Columns)
	columns.Version = 1
	if i := columns.Index(columns.Time); i >= 0 {
		columns.Fields[i].NotNull = true // a row without time would belong to no partition
	}
	for i := range columns.Fields {
		columns.Fields[i].Initial, columns.Fields[i].Added = "", 0 // there are no rows
	}
	t := &Table{
		Database: cmd.Database, Schema: cmd.Schema, Name: cmd.Name, Columns: columns, Created: c.Version,
		Constraints: cloneConstraints(cmd.Constraints), Retention: cmd.Retention, History: cmd.History, Comment: cmd.Comment, ColumnComments: cloneComments(cmd.ColumnComments),
	}
	id, existed, err := c.place(cmd.Database, cmd.Schema, cmd.Name, cmd.ID)
	switch {
	case err != nil:
		return Result{}, false, err
	case cmd.IfNotExists && c.tables[existed] != nil:
		return Result{ID: uint64(existed), Existed: true}, false, nil
	case existed != 0:
		return Result{}, false, errExists(cmd.Schema, cmd.Name)
	}
	if err := checkTable(t); err != nil {
		return Result{}, false, err
	}
	t.ID, t.NextColumn = id, maxColumn(columns.Fields)+1
	c.tables = withEntry(c.tables, t.ID, t)
	return Result{ID: uint64(t.ID)}, true, nil
}

func (c *change) dropTable(cmd *DropTable) (Result, bool, error) {
	t := c.tables[cmd.Table]
	if t == nil {
		return Result{}, false, errNoTable(cmd.Table)
	}
	c.removeIndexes(t.ID, 0)
	c.tables = withoutEntry(c.tables, t.ID)
	if t.From > 0 && t.From == c.truncated {
		c.truncated = lastTruncated(c.tables)
	}
	c.names = withoutEntry(c.names, tableName{t.Database, t.Schema, t.Name})
	m := c.Manifest(t.ID)
	var gone []Garbage
	for s := range m.ids.all() {
		gone = appendGarbage(gone, t.ID, s, c.Version)
	}
	c.addGarbage(gone)
	c.manifests = c.manifests.edit(&byTable, nil, []*Manifest{m})
	c.dropOwned(t.ID, nil)
	return Result{ID: uint64(t.ID)}, true, nil
}

func (c *change) addColumns(cmd *AddColumns) (Result, bool, error) {
	t := c.tables[cmd.Table]
	if t == nil {
		return Result{}, false, errNoTable(cmd.Table)
	}
	if t.Columns.Version != cmd.From {
		return Result{}, false, column.Errorf(column.Conflict,
			"table %q has schema version %d, the change was computed from version %d", t.Name, t.Columns.Version, cmd.From)
	}
	if len(cmd.Columns) == 0 {
		return Result{}, false, column.Errorf(column.Invalid, "no column to add to table %q", t.Name)
	}
	if cmd.Tags && t.Columns.LabelSets {
		return Result{}, false, column.SQLErrorf(column.Invalid, stateInvalidTable,
			"table %q takes no more tags: its last one is the label set, which new labels go into", t.Name)
	}
	if cmd.Tags && t.Columns.Enforced {
		return Result{}, false, column.SQLErrorf(column.Invalid, stateInvalidTable,
			"table %q takes no more tags: they would have to be part of its primary key", t.Name)
	}
	next := *t
	next.Columns = cloneSchema(&t.Columns)
	next.Columns.Version++
	for _, f := range cmd.Columns {
		if err := next.addColumn(f, cmd.Tags); err != nil {
			return Result{}, false, err
		}
	}
	if err := CheckSchema(&next.Columns); err != nil {
		return Result{}, false, err
	}
	c.tables = withEntry(c.tables, t.ID, &next)
	return Result{ID: uint64(t.NextColumn)}, true, nil
}

// addColumn appends a column under the next id. A tag goes to the end of the tags and of the key: so the order of what is stored, where
// the tag is absent, stays the table's order.
func (t *Table) addColumn(f column.Field, tag bool) error {
	if f.NotNull {
		return column.SQLErrorf(column.Invalid, stateNotNull,
			"column %q of table %q cannot be added as NOT NULL: rows that exist have no value for it", f.Name, t.Name)
	}
	if f.ID != 0 && f.ID != t.NextColumn {
		return column.Errorf(column.Invalid, "ids of added columns are given by the catalog, column %q has id %d", f.Name, f.ID)
	}
	f.ID, f.Initial, f.Added = t.NextColumn, "", 0
	t.NextColumn++
	s := &t.Columns
	s.Fields = append(s.Fields, f)
	if tag {
		s.Tags = append(s.Tags, f.ID)
		if len(s.Key) > 0 {
			s.Key = append(s.Key, f.ID)
		}
	}
	return nil
}

func (c *change) hasDatabase(id DatabaseID) bool {
	for _, d := range c.databases {
		if d.ID == id {
			return true
		}
	}
	return false
}

func errNoTable(id TableID) error {
	return column.SQLErrorf(column.NotFound, stateNoTable, "there is no table with id %d", id)
}

func cloneSchema(s *column.Schema) column.Schema {
	out := *s
	out.Fields, out.Tags, out.Key = slices.Clone(s.Fields), slices.Clone(s.Tags), slices.Clone(s.Key)
	return out
}

func maxColumn(fields []column.Field) column.ID {
	return slices.MaxFunc(fields, func(a, b column.Field) int { return cmp.Compare(a.ID, b.ID) }).ID
}
