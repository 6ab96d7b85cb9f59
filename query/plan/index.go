package plan

import "github.com/automatanexus/aegis-db/meta"

// TableName is a written name of a table or an index; Schema "" = the search path.
type TableName struct {
	Schema, Name string
	Pos          int
}

// CreateIndex makes an index. What it is of is looked up when it runs.
type CreateIndex struct {
	Name        string // "" = one that is free
	Table       TableName
	Method      string
	Columns     []IndexElem
	Bits        int // of a Bloom filter, for each value; 0 = the usual number
	IfNotExists bool
}

// IndexElem is a column of an index as it was written.
type IndexElem struct {
	Column           string
	Class            string
	Desc, NullsFirst bool
	Ordered          bool // ASC, DESC or NULLS was written
}

// DropIndexes removes indexes.
type DropIndexes struct {
	Indexes  []TableName
	IfExists bool
}

// RenameIndex gives an index another name.
type RenameIndex struct {
	Index    TableName
	Name     string
	IfExists bool
}

// Reindex makes the files of indexes anew: of one index, or of all of a table, a schema or the database, as What says.
type Reindex struct {
	What string // "index", "table", "schema" or "database"
	Name TableName
}

func (*CreateIndex) statement() {}
func (*DropIndexes) statement() {}
func (*RenameIndex) statement() {}
func (*Reindex) statement()     {}

// Indexed is a relation that may have indexes.
type Indexed interface {
	// Indexes lists them. The list is not to be changed.
	Indexes() []*meta.Index
}
