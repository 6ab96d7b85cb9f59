package meta

import (
	"cmp"
	"slices"

	"github.com/automatanexus/aegis-db/column"
)

// IndexID names an index, or one making of its files, for all time.
type IndexID uint64

// Index is an index's description at one catalog version. Immutable. What it says of rows lies in files beside the segments; the catalog does
// not say which segments have theirs yet, as a segment without one is read as if there were no index.
type Index struct {
	ID    IndexID `json:"id"`
	Table TableID `json:"table"`
	Name  string  `json:"name"` // in its table's schema
	// File is in the names of the index's files: REINDEX gives another, so that no name is used twice.
	File   IndexID `json:"file"`
	Method string  `json:"method"`
	// Columns are what is indexed, in order.
	Columns []IndexColumn `json:"columns"`
	// Bits is how many bits a value has in a Bloom filter; 0 = the usual number, or another method.
	Bits    int     `json:"bits,omitempty"`
	Created Version `json:"created"`
}

// IndexColumn is one part of an index.
type IndexColumn struct {
	Column column.ID `json:"column"`
	Class  string    `json:"class,omitempty"` // the operator class; "" = the type's own
	// Desc and NullsFirst are kept for those who describe the index; what it finds does not depend on them.
	Desc       bool `json:"desc,omitempty"`
	NullsFirst bool `json:"nulls_first,omitempty"`
}

// The methods of indexes.
const (
	IndexBTree  = "btree"
	IndexBitmap = "bitmap"
	IndexGIN    = "gin"
	IndexBloom  = "bloom"
)

// ReserveIndexes hands out Count consecutive numbers of indexes, for commands that wait in a transaction: what they make must be told from
// what others make meanwhile.
type ReserveIndexes struct {
	Count uint64 `json:"count"`
}

// CreateIndex makes an index of a table.
type CreateIndex struct {
	ID          IndexID       `json:"id,omitempty"` // reserved before; 0 = the next
	Table       TableID       `json:"table"`
	Name        string        `json:"name"`
	Method      string        `json:"method"`
	Columns     []IndexColumn `json:"columns"`
	Bits        int           `json:"bits,omitempty"`
	IfNotExists bool          `json:"if_not_exists,omitempty"`
}

// DropIndex removes an index.
type DropIndex struct {
	Index IndexID `json:"index"`
}

// RenameIndex gives an index another name.
type RenameIndex struct {
	Index IndexID `json:"index"`
	Name  string  `json:"name"`
}

// RebuildIndex has all files of an index made anew, under another number.
type RebuildIndex struct {
	Index IndexID `json:"index"`
	File  IndexID `json:"file,omitempty"` // reserved before; 0 = the next
}

// stateNoIndex is the SQLSTATE of what names an index that is not there.
const stateNoIndex = "42704"

// maxIndexColumns is PostgreSQL's limit.
const maxIndexColumns = 32

// Index finds an index by its name in a schema, nil if there is none.
func (s *Snapshot) Index(db DatabaseID, schema, name string) *Index {
	return s.indexes[s.indexNames[tableName{db, schema, name}]]
}

// IndexByID finds an index, nil if there is none.
func (s *Snapshot) IndexByID(id IndexID) *Index { return s.indexes[id] }

// Indexes lists a table's indexes by id. The list is not to be changed.
func (s *Snapshot) Indexes(table TableID) []*Index { return s.tableIndexes[table] }

// NextIndex is the number that the next index, or the next making of one, gets.
func (s *Snapshot) NextIndex() IndexID { return max(s.nextIndex, 1) }

func (c *change) reserveIndexes(cmd *ReserveIndexes) (Result, bool, error) {
	if cmd.Count == 0 || cmd.Count > maxReserve {
		return Result{}, false, column.Errorf(column.Invalid, "%d numbers of indexes cannot be reserved, only 1 to %d", cmd.Count, maxReserve)
	}
	id := c.NextIndex()
	c.nextIndex = id + IndexID(cmd.Count)
	return Result{ID: uint64(id)}, true, nil
}

// takeIndexID gives the next number, or checks one that was reserved, in a state that may be older than the reservation.
func (c *change) takeIndexID(reserved IndexID) (IndexID, error) {
	id := reserved
	if id == 0 {
		id = c.NextIndex()
	}
	for _, x := range c.indexes {
		if x.ID == id || x.File == id {
			return 0, column.Errorf(column.Conflict, "the number %d is that of index \"%s\"", id, x.Name)
		}
	}
	c.nextIndex = max(c.NextIndex(), id+1)
	return id, nil
}

func (c *change) createIndex(cmd *CreateIndex) (Result, bool, error) {
	t := c.tables[cmd.Table]
	if t == nil {
		return Result{}, false, errNoTable(cmd.Table)
	}
	if err := checkName("index", cmd.Name); err != nil {
		return Result{}, false, err
	}
	name := tableName{t.Database, t.Schema, cmd.Name}
	if err := c.freeName(name); err != nil {
		if cmd.IfNotExists {
			return Result{ID: uint64(c.indexNames[name]), Existed: true}, false, nil
		}
		return Result{}, false, err
	}
	id, err := c.takeIndexID(cmd.ID)
	if err != nil {
		return Result{}, false, err
	}
	x := &Index{
		ID: id, Table: t.ID, Name: cmd.Name, File: id, Method: cmd.Method, Columns: slices.Clone(cmd.Columns), Bits: cmd.Bits, Created: c.Version,
	}
	if err := checkIndex(t, x); err != nil {
		return Result{}, false, err
	}
	c.putIndex(name, x)
	return Result{ID: uint64(id)}, true, nil
}

// freeName refuses a name that a table or an index has: they share theirs.
func (c *change) freeName(n tableName) error {
	if c.names[n] == 0 && c.indexNames[n] == 0 {
		return nil
	}
	return column.SQLErrorf(column.Conflict, stateDuplicateTable, "relation \"%s\" already exists", n.name)
}

// checkIndex compares an index's description with its table.
func checkIndex(t *Table, x *Index) error {
	switch x.Method {
	case IndexBTree, IndexBitmap, IndexGIN, IndexBloom:
	default:
		return column.SQLErrorf(column.Unsupported, stateNoIndex, "access method \"%s\" does not exist", x.Method)
	}
	if x.Bits < 0 || x.Bits > 64 || x.Bits != 0 && x.Method != IndexBloom {
		return column.Errorf(column.Invalid, "an index with %d bits a value", x.Bits)
	}
	if len(x.Columns) == 0 || len(x.Columns) > maxIndexColumns {
		return column.SQLErrorf(column.Limit, stateTooManyColumns, "cannot use more than %d columns in an index", maxIndexColumns)
	}
	for _, c := range x.Columns {
		if t.Columns.Index(c.Column) < 0 {
			return column.SQLErrorf(column.Invalid, stateNoColumn, "column %d of index \"%s\" is not a column of its table", c.Column, x.Name)
		}
	}
	return nil
}

// indexName is where an index is found by name.
func (c *change) indexName(x *Index) tableName {
	t := c.tables[x.Table]
	return tableName{t.Database, t.Schema, x.Name}
}

// putIndex adds an index, or replaces the one of its id.
func (c *change) putIndex(name tableName, x *Index) {
	c.indexes = withEntry(c.indexes, x.ID, x)
	c.indexNames = withEntry(c.indexNames, name, x.ID)
	list := slices.DeleteFunc(slices.Clone(c.tableIndexes[x.Table]), func(o *Index) bool { return o.ID == x.ID })
	list = append(list, x)
	slices.SortFunc(list, func(a, b *Index) int { return cmp.Compare(a.ID, b.ID) })
	c.tableIndexes = withEntry(c.tableIndexes, x.Table, list)
}

// removeIndex takes an index away. Its files are no garbage of the catalog's: whoever has them looks whether their index is still there.
func (c *change) removeIndex(x *Index) {
	c.indexNames = withoutEntry(c.indexNames, c.indexName(x))
	c.indexes = withoutEntry(c.indexes, x.ID)
	list := slices.DeleteFunc(slices.Clone(c.tableIndexes[x.Table]), func(o *Index) bool { return o.ID == x.ID })
	if len(list) == 0 {
		c.tableIndexes = withoutEntry(c.tableIndexes, x.Table)
		return
	}
	c.tableIndexes = withEntry(c.tableIndexes, x.Table, list)
}

// removeIndexes takes away a table's indexes that are over a column, all of them for column 0. Call it while the table is there.
func (c *change) removeIndexes(table TableID, over column.ID) {
	for _, x := range c.tableIndexes[table] {
		if over == 0 || slices.ContainsFunc(x.Columns, func(p IndexColumn) bool { return p.Column == over }) {
			c.removeIndex(x)
		}
	}
}

// renamedTable moves the names of a table's indexes after it, where its schema has changed.
func (c *change) renamedTable(old, next *Table) {
	for _, x := range c.tableIndexes[next.ID] {
		c.indexNames = withoutEntry(c.indexNames, tableName{old.Database, old.Schema, x.Name})
		c.indexNames = withEntry(c.indexNames, tableName{next.Database, next.Schema, x.Name}, x.ID)
	}
}

func (c *change) dropIndex(cmd *DropIndex) (Result, bool, error) {
	x := c.indexes[cmd.Index]
	if x == nil {
		return Result{}, false, errNoIndex(cmd.Index)
	}
	c.removeIndex(x)
	return Result{ID: uint64(x.ID)}, true, nil
}

func (c *change) renameIndex(cmd *RenameIndex) (Result, bool, error) {
	x := c.indexes[cmd.Index]
	if x == nil {
		return Result{}, false, errNoIndex(cmd.Index)
	}
	if err := checkName("index", cmd.Name); err != nil {
		return Result{}, false, err
	}
	old := c.indexName(x)
	name := old
	name.name = cmd.Name
	if err := c.freeName(name); err != nil {
		return Result{}, false, err
	}
	next := *x
	next.Name = cmd.Name
	c.indexNames = withoutEntry(c.indexNames, old)
	c.putIndex(name, &next)
	return Result{ID: uint64(x.ID)}, true, nil
}

func (c *change) rebuildIndex(cmd *RebuildIndex) (Result, bool, error) {
	x := c.indexes[cmd.Index]
	if x == nil {
		return Result{}, false, errNoIndex(cmd.Index)
	}
	file, err := c.takeIndexID(cmd.File)
	if err != nil {
		return Result{}, false, err
	}
	if file < x.File {
		return Result{}, false, column.Errorf(column.Conflict, "index \"%s\" is being made anew already", x.Name)
	}
	next := *x
	next.File = file
	c.putIndex(c.indexName(x), &next)
	return Result{ID: uint64(x.ID)}, true, nil
}

func errNoIndex(id IndexID) error {
	return column.SQLErrorf(column.NotFound, stateNoIndex, "there is no index with id %d", id)
}

// allIndexes lists the indexes of all tables by id.
func (s *Snapshot) allIndexes() []*Index {
	out := make([]*Index, 0, len(s.indexes))
	for _, x := range s.indexes {
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b *Index) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// fromIndexes takes in the indexes of a stored snapshot, whose tables are there.
func (s *Snapshot) fromIndexes(next IndexID, list []*Index) error {
	c := change{Snapshot: *s}
	c.nextIndex = next
	files := map[IndexID]bool{}
	for _, x := range list {
		if x == nil || x.ID == 0 || x.ID >= next || x.File < x.ID || x.File >= next || c.indexes[x.ID] != nil || files[x.File] || c.tables[x.Table] == nil {
			return column.Errorf(column.Corrupt, "the list of indexes holds an impossible entry")
		}
		files[x.File] = true
		name := c.indexName(x)
		if c.freeName(name) != nil {
			return column.Errorf(column.Corrupt, "there are two relations of the name %q", x.Name)
		}
		if err := checkIndex(c.tables[x.Table], x); err != nil {
			return column.Errorf(classOfSchema(err), "index %q: %w", x.Name, err)
		}
		c.putIndex(name, x)
	}
	*s = c.Snapshot
	return nil
}
