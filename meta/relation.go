package meta

import (
	"maps"
	"slices"

	"github.com/automatanexus/aegis-db/column"
)

// Relations are tables, views and sequences: they share ids and, within a schema, names.

// Relation finds the id of a relation by name, 0 if there is none.
func (s *Snapshot) Relation(db DatabaseID, schema, name string) TableID {
	return s.names[tableName{db, schema, name}]
}

// maxReserveTables bounds the ids of one reservation.
const maxReserveTables = 1 << 12

func (c *change) reserveTables(cmd *ReserveTables) (Result, bool, error) {
	if cmd.Count == 0 || cmd.Count > maxReserveTables {
		return Result{}, false, column.Errorf(column.Invalid, "%d ids cannot be reserved, only 1 to %d", cmd.Count, maxReserveTables)
	}
	id := c.nextTable
	c.nextTable += TableID(cmd.Count)
	return Result{ID: uint64(id)}, true, nil
}

// place finds a free name and an id for a new relation; where the name is taken it gives the id that has it instead. An id that was not reserved (0 is
// none) counts as reserved with all before it: private copies of the catalog know ids that others reserved.
func (c *change) place(db DatabaseID, schema, name string, id TableID) (_, existed TableID, err error) {
	if !c.hasDatabase(db) {
		return 0, 0, errNoDatabase(db)
	}
	if slices.Contains(reservedSchemas[:], schema) {
		return 0, 0, column.SQLErrorf(column.Invalid, stateReservedName, "schema %q is computed: no table can be made in it", schema)
	}
	at := tableName{db, schema, name}
	if old, ok := c.names[at]; ok {
		return 0, old, nil
	}
	if err := c.freeName(at); err != nil {
		return 0, 0, err
	}
	switch {
	case id == 0:
		id = c.nextTable
	case id > maxTableID:
		return 0, 0, column.Errorf(column.Limit, "relation %q has id %d, the greatest is %d", name, id, maxTableID)
	case c.tables[id] != nil || c.views[id] != nil || c.sequences[id] != nil:
		return 0, 0, column.Errorf(column.Conflict, "id %d of relation %q is taken", id, name)
	}
	c.nextTable = max(c.nextTable, id+1)
	c.names = withEntry(c.names, at, id)
	return id, 0, nil
}

// maxTableID leaves room for everything that is computed from ids.
const maxTableID = 1 << 40

func errExists(schema, name string) *column.Error {
	return column.SQLErrorf(column.Conflict, stateDuplicateTable, "relation %q already exists in schema %q", name, schema)
}

// rename moves a relation to another name.
func (c *change) rename(db DatabaseID, schema, name, toSchema, toName string) error {
	from, to := tableName{db, schema, name}, tableName{db, toSchema, toName}
	if from == to {
		return nil
	}
	for _, err := range []error{checkName("schema", toSchema), checkName("table", toName)} {
		if err != nil {
			return err
		}
	}
	if slices.Contains(reservedSchemas[:], toSchema) {
		return column.SQLErrorf(column.Invalid, stateReservedName, "schema %q is computed: no table can be put into it", toSchema)
	}
	if err := c.freeName(to); err != nil {
		return err
	}
	id := c.names[from]
	c.names = withEntry(withoutEntry(c.names, from), to, id)
	return nil
}

func (c *change) moveRelation(cmd *MoveRelation) (Result, bool, error) {
	if v := c.views[cmd.Relation]; v != nil {
		if err := c.rename(v.Database, v.Schema, v.Name, cmd.Schema, cmd.Name); err != nil {
			return Result{}, false, err
		}
		next := v.clone()
		next.Schema, next.Name, next.Created = cmd.Schema, cmd.Name, c.Version
		if cmd.Columns != nil && len(cmd.Columns) != len(next.Columns) {
			return Result{}, false, column.Errorf(column.Conflict, "view %q was changed meanwhile", v.Name)
		}
		for i, name := range cmd.Columns {
			next.Columns[i].Name = name
		}
		c.views = withEntry(c.views, v.ID, next)
		return Result{ID: uint64(v.ID)}, true, checkView(next)
	}
	s := c.sequences[cmd.Relation]
	if s == nil || cmd.Columns != nil {
		return Result{}, false, errNoTable(cmd.Relation)
	}
	next := *s
	next.Schema, next.Name = cmd.Schema, cmd.Name
	c.sequences = withEntry(c.sequences, s.ID, &next)
	return Result{ID: uint64(s.ID)}, true, c.rename(s.Database, s.Schema, s.Name, cmd.Schema, cmd.Name)
}

func (c *change) dropRelation(cmd *DropRelation) (Result, bool, error) {
	if v := c.views[cmd.Relation]; v != nil {
		c.views = withoutEntry(c.views, v.ID)
		c.names = withoutEntry(c.names, tableName{v.Database, v.Schema, v.Name})
		return Result{ID: uint64(v.ID)}, true, nil
	}
	if s := c.sequences[cmd.Relation]; s != nil {
		c.sequences = withoutEntry(c.sequences, s.ID)
		c.names = withoutEntry(c.names, tableName{s.Database, s.Schema, s.Name})
		return Result{ID: uint64(s.ID)}, true, nil
	}
	return Result{}, false, errNoTable(cmd.Relation)
}

// relationsOf lists the views and sequences of a database.
func (s *Snapshot) relationsOf(db DatabaseID) []TableID {
	var out []TableID
	for id, v := range s.views {
		if v.Database == db {
			out = append(out, id)
		}
	}
	for id, q := range s.sequences {
		if q.Database == db {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

func cloneComments(m map[column.ID]string) map[column.ID]string {
	if len(m) == 0 {
		return nil
	}
	return maps.Clone(m)
}
