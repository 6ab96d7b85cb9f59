package column

// ID names a column of one table for all time: in segments it is the Parquet field id, in the WAL and in cache
// keys it stands for the name, so a rename touches nothing that is stored. Ids start at 1; 0 names no column.
type ID uint32

// Field is one column of a table.
type Field struct {
	ID      ID
	Name    string
	Type    Type
	NotNull bool
	// Mod is the limit that the declaration sets to the type's values; whoever writes enforces it, whoever reads may ignore it.
	Mod Mod `json:",omitempty"`
	// Default is the SQL expression that gives the value where a row names none; "" = NULL. Generated is the one, over other columns of the
	// row, that always gives it. The engine evaluates both, before rows are written.
	Default   string   `json:",omitempty"`
	Generated string   `json:",omitempty"`
	Identity  Identity `json:",omitempty"`
	// Initial is the value of rows that were written under schemas before version Added, which the column came with. Whoever reads them puts it
	// in the place of what is not stored.
	Initial Datum  `json:",omitempty"`
	Added   uint32 `json:",omitempty"` // 0 = of no matter: Initial is NULL
	// Number is the column's number for clients where ID is not: a column that was written anew keeps it.
	Number ID `json:",omitempty"`
}

// Place is the column's number for clients, which it keeps as long as it lives.
func (f *Field) Place() ID {
	if f.Number != 0 {
		return f.Number
	}
	return f.ID
}

// Identity says that a column is numbered by a sequence of its own.
type Identity uint8

// The kinds of identity columns.
const (
	NoIdentity Identity = iota
	IdentityAlways
	IdentityByDefault
)

// Schema is what a table's rows look like and how they lie: the one description shared by head, WAL, segments and
// planner. It is immutable once published; a change makes a new Version.
type Schema struct {
	Version uint32
	// Strict is the version since which rows must satisfy more than before (a constraint, NOT NULL, a generated column): rows that were made for
	// an older one are not written.
	Strict uint32 `json:",omitempty"`
	Fields []Field
	// Tags say who is measured, in sort order. One distinct tuple of their values is a series. Empty: the table
	// has one series, with the empty tuple.
	Tags []ID
	// Time is the column that partitions act on; 0 = none, and the whole table is one partition.
	Time ID
	// Key, if not empty, makes rows unique, the highest seq winning. It holds every tag and the time column where
	// there are such, so that equal keys always meet in one series and one partition.
	Key []ID
	// Merge says that rows of equal key become one row whose fields are each the newest that is not NULL, instead of the newest
	// row as a whole: the rule of line protocol, whose points may name some of the fields only.
	Merge bool `json:",omitempty"` // absent from what was written before there were such tables
	// Enforced says that Key was declared as a primary key: whoever writes refuses a row while another one of its key is alive, as long as the
	// constraint is there. So rows never supersede each other, and Key is how they are sorted.
	Enforced bool `json:",omitempty"`
	// Partition is the length of a time partition in the time column's unit (> 0 if Time != 0).
	Partition int64
	// LabelSets says that the last tag is a JSON object of labels ({"job":"x",…}, keys sorted), whose members
	// postings and scans treat as tags of their own. Only Prometheus' table has it.
	LabelSets bool
}

// Index gives the position of a column in Fields, -1 if it is not there.
func (s *Schema) Index(id ID) int {
	for i := range s.Fields {
		if s.Fields[i].ID == id {
			return i
		}
	}
	return -1
}

// Lookup finds a column by name, -1 if it is not there.
func (s *Schema) Lookup(name string) int {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return i
		}
	}
	return -1
}

// IsTag reports whether a column is a tag.
func (s *Schema) IsTag(id ID) bool {
	for _, t := range s.Tags {
		if t == id {
			return true
		}
	}
	return false
}

// Supersedes reports whether a row takes the place of older ones of its key.
func (s *Schema) Supersedes() bool { return len(s.Key) > 0 && !s.Enforced }

// TagTypes gives the types of the tags: what package key needs to take a series' key apart.
func (s *Schema) TagTypes() []Type {
	types := make([]Type, len(s.Tags))
	for i, id := range s.Tags {
		types[i] = s.Fields[s.Index(id)].Type
	}
	return types
}

// Order lists the columns that order rows inside one series: the key's columns that are no tags (of a tagged
// table that is the time column), else the time column, else nothing: rows stay in the order they were written.
func (s *Schema) Order() []ID {
	var order []ID
	for _, id := range s.Key {
		if !s.IsTag(id) {
			order = append(order, id)
		}
	}
	if len(order) == 0 && s.Time != 0 {
		order = append(order, s.Time)
	}
	return order
}

// PartitionOf gives the partition number of a time: floor(t / Partition), 0 for tables without time.
func (s *Schema) PartitionOf(t int64) int64 {
	if s.Time == 0 {
		return 0
	}
	p := t / s.Partition
	if t%s.Partition < 0 {
		p--
	}
	return p
}
