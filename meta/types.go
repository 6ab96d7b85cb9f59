package meta

import (
	"github.com/automatanexus/aegis-db/column"
)

// Version numbers the catalog's states: each command that changes something makes the next one.
type Version uint64

// Ids name things for all time; names may change. 0 names nothing.
type (
	DatabaseID uint64
	TableID    uint64
	SegmentID  uint64
	ShardID    uint32
)

// Seq is the number a shard's WAL gives a commit: the only thing that orders writes. The first is 1.
type Seq uint64

// Names every catalog has from its first command on.
const (
	DefaultDatabase  = "default"    // where names resolve unless a request says otherwise
	PublicSchema     = "public"     // where CREATE TABLE puts tables
	PrometheusSchema = "prometheus" // holds the table of all metrics
	SamplesTable     = "samples"
	MetadataTable    = "metadata"
	MetricsSchema    = "metrics" // logical: a table per metric, computed from samples
)

// Database is a tenant.
type Database struct {
	ID      DatabaseID `json:"id"`
	Name    string     `json:"name"`
	Comment string     `json:"comment,omitempty"`
}

// Table is a table's description at one catalog version. Immutable.
type Table struct {
	ID       TableID       `json:"id"`
	Database DatabaseID    `json:"database"`
	Schema   string        `json:"schema"` // the SQL namespace, such as "public"
	Name     string        `json:"name"`
	Columns  column.Schema `json:"columns"`
	// NextColumn is the id the next added column gets: ids are never used twice.
	NextColumn column.ID `json:"next_column"`
	Created    Version   `json:"created"`
	// From, if not 0, says that the rows of commits up to it are gone: the table was truncated.
	From Seq `json:"from,omitempty"`
	// Constraints are kept here; whoever writes rows enforces them.
	Constraints []Constraint `json:"constraints,omitempty"`
	// Retention is for how long rows are kept, in microseconds of the time column; 0 = for ever.
	Retention      int64                `json:"retention,omitempty"`
	Comment        string               `json:"comment,omitempty"`
	ColumnComments map[column.ID]string `json:"column_comments,omitempty"`
	// History is how long the table's past is kept, in microseconds; 0 = as long as everybody's, negative = not at all.
	History int64 `json:"history,omitempty"`
}

// ConstraintKind is a kind of constraint; NOT NULL is a column's.
type ConstraintKind string

// The kinds.
const (
	CheckConstraint   ConstraintKind = "check"
	PrimaryConstraint ConstraintKind = "primary key"
	UniqueConstraint  ConstraintKind = "unique"
	ForeignConstraint ConstraintKind = "foreign key"
	// NotNullConstraint is a NOT NULL that rows written from now on satisfy while it is not known of the others; it has one column and goes when
	// the column becomes NOT NULL.
	NotNullConstraint ConstraintKind = "not null"
)

// Constraint is a rule that rows of a table satisfy. Its name is unique in the table.
type Constraint struct {
	Name string         `json:"name"`
	Kind ConstraintKind `json:"kind"`
	// Columns are those of a key, in order, or those that a check reads.
	Columns []column.ID `json:"columns,omitempty"`
	// Index says of a unique constraint that it is a unique index: no constraint to those who ask for constraints.
	Index bool `json:"index,omitempty"`
	// NullsNotDistinct says of a unique constraint that NULLs are equal to each other.
	NullsNotDistinct bool `json:"nulls_not_distinct,omitempty"`
	// Text is the SQL expression of a check.
	Text string `json:"text,omitempty"`
	// NotValid says that rows that were there before it may break it.
	NotValid bool   `json:"not_valid,omitempty"`
	Comment  string `json:"comment,omitempty"`
}

// IsKey reports a constraint that says that no two rows have the same of some columns.
func (k *Constraint) IsKey() bool { return k.Kind == PrimaryConstraint || k.Kind == UniqueConstraint }

// Segment is the catalog's record of one segment: what is needed to decide whether to open it. Everything else
// is in the sidecar. Records are immutable; a new deletion vector makes a new record of the same id.
type Segment struct {
	ID        SegmentID `json:"id"`
	Partition int64     `json:"partition"`
	Rows      int64     `json:"rows"`
	// MinTime and MaxTime bound the time column, in its unit; both 0 for tables without one.
	MinTime int64 `json:"min_time"`
	MaxTime int64 `json:"max_time"`
	// MinSeq and MaxSeq bound the commits whose rows are in it.
	MinSeq        Seq    `json:"min_seq"`
	MaxSeq        Seq    `json:"max_seq"`
	DataBytes     int64  `json:"data_bytes"`    // the Parquet file
	SidecarBytes  int64  `json:"sidecar_bytes"` // its index
	SidecarSum    uint32 `json:"sidecar_sum"`   // CRC32C of the whole sidecar, which checks the Parquet file's ranges in turn
	SchemaVersion uint32 `json:"schema_version"`
	Level         uint8  `json:"level"`         // 0 = flushed, 1… = merged so many times
	Key           uint32 `json:"key,omitempty"` // encryption key id; 0 = plain
	// Deleted, if not nil, is the deletion vector in force.
	Deleted *DeletionVector `json:"deleted,omitempty"`
	Added   Version         `json:"added"`
	// Rewritten says that its rows were in other segments before.
	Rewritten bool `json:"rewritten,omitempty"`
	// Home is the table that the segment was written for, in whose folder its files are; 0 = the one whose manifest this is. Clones have it.
	Home TableID `json:"home,omitempty"`
}

// FilesOf is the table in whose folder the files of a segment of a table are.
func (s *Segment) FilesOf(table TableID) TableID {
	if s.Home != 0 {
		return s.Home
	}
	return table
}

// DeletionVector names the file that holds the roaring bitmap of a segment's dead rows.
type DeletionVector struct {
	Version uint64 `json:"version"` // counts up per segment; a command is conditional on it
	Rows    int64  `json:"rows"`
	Bytes   int64  `json:"bytes"`
	Sum     uint32 `json:"sum"` // CRC32C of the file
}

// LiveRows is the number of rows a reader sees.
func (s *Segment) LiveRows() int64 {
	if s.Deleted == nil {
		return s.Rows
	}
	return s.Rows - s.Deleted.Rows
}

// Flushed says how much of a shard's commits is in segments: their rows up to Seq, and, of their deletes, those of rows of segments up to
// Deletes, which are in deletion vectors.
type Flushed struct {
	Shard ShardID `json:"shard"`
	Epoch uint64  `json:"epoch"`
	Seq   Seq     `json:"seq"`
	// Deletes is only set where it is above Seq: a flush brings both to one place, deletes that are published alone run ahead.
	Deletes Seq `json:"deletes,omitempty"`
}

// Constraint finds a constraint by name, nil if there is none.
func (t *Table) Constraint(name string) *Constraint {
	for i := range t.Constraints {
		if t.Constraints[i].Name == name {
			return &t.Constraints[i]
		}
	}
	return nil
}

// DeletedSeq is the seq up to which deletes of rows of segments are in deletion vectors.
func (f Flushed) DeletedSeq() Seq { return max(f.Seq, f.Deletes) }

// Demands reports whether rows that are written now must have a value in a column, though others may have none.
func (t *Table) Demands(id column.ID) bool {
	for i := range t.Constraints {
		if k := &t.Constraints[i]; k.Kind == NotNullConstraint && k.Columns[0] == id {
			return true
		}
	}
	return false
}

// Garbage is a segment or deletion vector no manifest names any more: its files may go once no snapshot older
// than Removed is open.
type Garbage struct {
	Table   TableID   `json:"table"`
	Segment SegmentID `json:"segment"`
	// Vector is the deletion vector's version; 0 = the segment itself, with its sidecar.
	Vector  uint64  `json:"vector,omitempty"`
	Removed Version `json:"removed"`
}
