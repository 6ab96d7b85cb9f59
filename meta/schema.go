package meta

import (
	"cmp"
	"slices"

	"github.com/automatanexus/aegis-db/column"
)

// Schema is a namespace of a database that CREATE SCHEMA made. Those that every database has (public, and what Aegis fills itself) have a record
// only where there is something to say about them.
type Schema struct {
	Database DatabaseID `json:"database"`
	Name     string     `json:"name"`
	Comment  string     `json:"comment,omitempty"`
	Made     bool       `json:"made,omitempty"` // by CREATE SCHEMA
}

type schemaName struct {
	database DatabaseID
	name     string
}

// CreateSchema makes a namespace.
type CreateSchema struct {
	Database    DatabaseID `json:"database"`
	Name        string     `json:"name"`
	IfNotExists bool       `json:"if_not_exists,omitempty"`
}

// DropSchema removes a namespace that has nothing in it when the command, or the batch it belongs to, has been applied.
type DropSchema struct {
	Database DatabaseID `json:"database"`
	Name     string     `json:"name"`
}

// DropDatabase removes a database with all that is in it; its segments become garbage.
type DropDatabase struct {
	Database DatabaseID `json:"database"`
}

// fixedSchemas are in every database.
var fixedSchemas = [...]string{PublicSchema, PrometheusSchema, MetricsSchema, "pg_catalog", "information_schema"}

// HasSchema reports whether a database has a namespace.
func (s *Snapshot) HasSchema(db DatabaseID, name string) bool {
	if slices.Contains(fixedSchemas[:], name) {
		return true
	}
	made := s.schemas[schemaName{db, name}]
	return made != nil && made.Made
}

// Schema gives what is recorded of a namespace, nil if there is nothing.
func (s *Snapshot) Schema(db DatabaseID, name string) *Schema { return s.schemas[schemaName{db, name}] }

// Schemas lists the namespaces of a database that were made in it, by name.
func (s *Snapshot) Schemas(db DatabaseID) []*Schema {
	var out []*Schema
	for _, n := range s.schemas {
		if n.Database == db && n.Made {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b *Schema) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func (c *change) createSchema(cmd *CreateSchema) (Result, bool, error) {
	if err := checkName("schema", cmd.Name); err != nil {
		return Result{}, false, err
	}
	if !c.hasDatabase(cmd.Database) {
		return Result{}, false, errNoDatabase(cmd.Database)
	}
	if c.HasSchema(cmd.Database, cmd.Name) {
		if cmd.IfNotExists {
			return Result{Existed: true}, false, nil
		}
		return Result{}, false, column.SQLErrorf(column.Conflict, stateDuplicateSchema, "schema \"%s\" already exists", cmd.Name)
	}
	c.schemas = withEntry(c.schemas, schemaName{cmd.Database, cmd.Name}, &Schema{Database: cmd.Database, Name: cmd.Name, Made: true})
	return Result{}, true, nil
}

func (c *change) dropSchema(cmd *DropSchema) (Result, bool, error) {
	name := schemaName{cmd.Database, cmd.Name}
	if made := c.schemas[name]; made == nil || !made.Made {
		return Result{}, false, column.SQLErrorf(column.NotFound, stateNoSchema, "schema \"%s\" does not exist", cmd.Name)
	}
	c.schemas = withoutEntry(c.schemas, name)
	return Result{}, true, nil
}

func (c *change) dropDatabase(cmd *DropDatabase) (Result, bool, error) {
	var db *Database
	for _, d := range c.databases {
		if d.ID == cmd.Database {
			db = d
		}
	}
	switch {
	case db == nil:
		return Result{}, false, errNoDatabase(cmd.Database)
	case db.Name == DefaultDatabase:
		return Result{}, false, column.SQLErrorf(column.Invalid, stateInUse, "database \"%s\" is where names resolve that say nothing else: it stays", db.Name)
	}
	for _, t := range c.Tables(db.ID) {
		if _, _, err := c.dropTable(&DropTable{Table: t.ID}); err != nil {
			return Result{}, false, err
		}
	}
	for _, id := range c.relationsOf(db.ID) {
		if _, _, err := c.dropRelation(&DropRelation{Relation: id}); err != nil {
			return Result{}, false, err
		}
	}
	for name := range c.schemas {
		if name.database == db.ID {
			c.schemas = withoutEntry(c.schemas, name)
		}
	}
	c.databases = withoutEntry(c.databases, db.Name)
	return Result{ID: uint64(db.ID)}, true, nil
}

func errNoDatabase(id DatabaseID) error {
	return column.SQLErrorf(column.NotFound, stateNoDatabase, "there is no database with id %d", id)
}

// allSchemas lists the records, for the encoder.
func (s *Snapshot) allSchemas() []*Schema {
	var out []*Schema
	for _, n := range s.schemas {
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b *Schema) int {
		return cmp.Or(cmp.Compare(a.Database, b.Database), cmp.Compare(a.Name, b.Name))
	})
	return out
}
