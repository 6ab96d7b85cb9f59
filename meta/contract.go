package meta

import (
	"context"
	"errors"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// Catalog is what the rest of the house sees of package meta's machinery. Safe for concurrent use.
type Catalog interface {
	// Snapshot gives the newest applied state. It is immutable and costs nothing to hold, but files it names may be
	// collected: readers of files use Acquire.
	Snapshot() *Snapshot
	// Acquire gives the newest applied state and keeps the files it names until release is called (once or more).
	Acquire() (s *Snapshot, release func())
	// OldestHeld is the version of the oldest acquired snapshot that was not released, or the newest version.
	OldestHeld() Version
	// Propose applies a command through Raft and gives the version it made. A condition that does not hold is an error of class
	// column.Conflict, and nothing changed. After errors of other classes than those a state
	// machine gives (Overloaded, a time-out; Cancelled; Internal) it may still be applied: read again before retrying,
	// and keep the files it names.
	Propose(ctx context.Context, c Command) (Result, error)
}

// Command is one change of the catalog; exactly one member is set, and the time.
type Command struct {
	CreateDatabase *CreateDatabase `json:"create_database,omitempty"`
	CreateTable    *CreateTable    `json:"create_table,omitempty"`
	DropTable      *DropTable      `json:"drop_table,omitempty"`
	AddColumns     *AddColumns     `json:"add_columns,omitempty"`
	OpenShard      *OpenShard      `json:"open_shard,omitempty"`
	ReserveIDs     *ReserveIDs     `json:"reserve_ids,omitempty"`
	Commit         *Commit         `json:"commit,omitempty"`
	Forget         *Forget         `json:"forget,omitempty"`
	CreateUser     *CreateUser     `json:"create_user,omitempty"`
	AlterUser      *AlterUser      `json:"alter_user,omitempty"`
	DropUser       *DropUser       `json:"drop_user,omitempty"`
	CreateIndex    *CreateIndex    `json:"create_index,omitempty"`
	DropIndex      *DropIndex      `json:"drop_index,omitempty"`
	RenameIndex    *RenameIndex    `json:"rename_index,omitempty"`
	RebuildIndex   *RebuildIndex   `json:"rebuild_index,omitempty"`
	ReserveIndexes *ReserveIndexes `json:"reserve_indexes,omitempty"`
	Batch          *Batch          `json:"batch,omitempty"`
	ReserveTables  *ReserveTables  `json:"reserve_tables,omitempty"`
	DropDatabase   *DropDatabase   `json:"drop_database,omitempty"`
	CreateSchema   *CreateSchema   `json:"create_schema,omitempty"`
	DropSchema     *DropSchema     `json:"drop_schema,omitempty"`
	AlterTable     *AlterTable     `json:"alter_table,omitempty"`
	CreateView     *CreateView     `json:"create_view,omitempty"`
	CreateSequence *CreateSequence `json:"create_sequence,omitempty"`
	AlterSequence  *AlterSequence  `json:"alter_sequence,omitempty"`
	TakeSequence   *TakeSequence   `json:"take_sequence,omitempty"`
	SetSequence    *SetSequence    `json:"set_sequence,omitempty"`
	MoveRelation   *MoveRelation   `json:"move_relation,omitempty"`
	DropRelation   *DropRelation   `json:"drop_relation,omitempty"`
	Comment        *Comment        `json:"comment,omitempty"`
	Truncate       *Truncate       `json:"truncate,omitempty"`
	Decided        *Decided        `json:"decided,omitempty"`

	Expire     *Expire     `json:"expire,omitempty"`
	CreatePin  *CreatePin  `json:"create_pin,omitempty"`
	DropPin    *DropPin    `json:"drop_pin,omitempty"`
	CloneTable *CloneTable `json:"clone_table,omitempty"`
	// At is the time of the command, in microseconds since 1970; 0 = nobody keeps the time, and no history.
	At int64 `json:"at,omitempty"`
}

// Batch applies several commands as one version, or none. Later members see what earlier ones made; those that name what the batch itself creates
// use ids that were reserved before (ReserveTables, ReserveIDs). A batch has no batch in it.
type Batch struct {
	Commands []Command `json:"commands"`
}

// Result is what a command made.
type Result struct {
	Version Version
	ID      uint64 // of what was created; first of what was reserved; the epoch of an opened shard
	Existed bool   // IfNotExists, and it did
	// Values are what TakeSequence took.
	Values SequenceValues
	// Members are the results of a batch's commands.
	Members []Result
}

// CreateDatabase makes a database.
type CreateDatabase struct {
	Name        string `json:"name"`
	IfNotExists bool   `json:"if_not_exists,omitempty"`
}

// CreateTable makes a table. Columns comes with ids; the catalog checks that they are distinct and sets the version to 1.
type CreateTable struct {
	Database    DatabaseID    `json:"database"`
	Schema      string        `json:"schema"`
	Name        string        `json:"name"`
	Columns     column.Schema `json:"columns"`
	IfNotExists bool          `json:"if_not_exists,omitempty"`
	// ID is one that was reserved; 0 = the next.
	ID             TableID              `json:"id,omitempty"`
	Constraints    []Constraint         `json:"constraints,omitempty"`
	Retention      int64                `json:"retention,omitempty"`
	History        int64                `json:"history,omitempty"`
	Comment        string               `json:"comment,omitempty"`
	ColumnComments map[column.ID]string `json:"column_comments,omitempty"`
}

// ReserveTables hands out Count consecutive ids of relations: tables, views and sequences share them.
type ReserveTables struct {
	Count uint64 `json:"count"`
}

// AlterTable gives a table another description, conditional on the schema version it was computed from. What is stored stays as it is,
// so the catalog takes only descriptions that it can be read under: columns keep their ids for ever, types become wider (column.Type.Widens), and
// the time column, the tags and the key stay. The partition length may change where no segment is.
type AlterTable struct {
	Table TableID `json:"table"`
	From  uint32  `json:"from"` // of Columns.Version
	// To is the description as a whole. Its ID, Database, Created, From and the versions in Columns are the catalog's to set. Ids of added columns begin
	// at the table's NextColumn; fields with an initial value get Added.
	To Table `json:"to"`
	// Strict says that rows made for older versions must not be written any more.
	Strict bool `json:"strict,omitempty"`
}

// Truncate ends all rows of a table that commits up to a seq have written; its segments become garbage. Whoever proposes it keeps commits and flushes
// away meanwhile that would bring such rows, and has made everything up to the seq durable: see ingest.Shard.Truncating.
type Truncate struct {
	Table TableID `json:"table"`
	From  Seq     `json:"from"`
}

// DropTable removes a table; its segments become garbage.
type DropTable struct {
	Table TableID `json:"table"`
}

// AddColumns appends nullable columns, conditional on the schema version they were computed from.
type AddColumns struct {
	Table   TableID        `json:"table"`
	From    uint32         `json:"from"`
	Columns []column.Field `json:"columns"` // ids are assigned by the catalog
	// Tags says that the columns are tags: they go to the end of the tags, and of the key where there is one. Rows
	// written before have NULL there, so no series changes its place.
	Tags bool `json:"tags,omitempty"`
}

// OpenShard gives the caller the next epoch of a shard and fences every owner before it.
type OpenShard struct {
	Shard ShardID `json:"shard"`
}

// ReserveIDs hands out Count consecutive segment ids.
type ReserveIDs struct {
	Count uint64 `json:"count"`
}

// Commit changes manifests, of any number of tables, atomically.
type Commit struct {
	Edits []Edit `json:"edits"`
	// Flushed, if set, moves the shard's marks forward; conditional on its epoch being the newest and on PrevFlushed, the mark of rows. That
	// of deletes stays where it is if the command names a lower one.
	Flushed     *Flushed `json:"flushed,omitempty"`
	PrevFlushed Seq      `json:"prev_flushed,omitempty"`
}

// Edit is the change of one table's manifest. It is conditional on everything it names: the table exists, each removed segment is live
// with the vector version given, each vector changes the version it was computed from.
// A table dropped meanwhile makes its edit void, not the command: its added segments are garbage at once.
type Edit struct {
	Table   TableID        `json:"table"`
	Add     []Segment      `json:"add,omitempty"`
	Remove  []SegmentAt    `json:"remove,omitempty"`
	Vectors []VectorChange `json:"vectors,omitempty"`
	// Rewrite says that the edit changes no rows: those that live in what is removed are those that live in what is added.
	Rewrite bool `json:"rewrite,omitempty"`
}

// SegmentAt is a segment with the deletion vector version that was seen (0 = none).
type SegmentAt struct {
	ID     SegmentID `json:"id"`
	Vector uint64    `json:"vector,omitempty"`
}

// VectorChange replaces a segment's deletion vector.
type VectorChange struct {
	SegmentAt
	New DeletionVector `json:"new"`
}

// Forget drops garbage records whose files are gone.
type Forget struct {
	Garbage []Garbage `json:"garbage"`
}

// Rows is a batch for one table: one vector per schema field, in schema order, all of Len rows. Types equal the
// fields' types.
type Rows struct {
	Table   *Table
	Columns []*column.Vector
	Len     int
}

// Deletes are rows of one table that end, by the addresses that a scan gave.
type Deletes struct {
	Table *Table
	Rows  *scan.RowSet
}

// Arbiter is a key of a table that an ON CONFLICT was decided by, or an UPDATE where rows replace each other; Columns are in any order. Rows From to To, without To, of the
// transaction's rows of the table were; To = 0: all. Rekeyed are those among them that were there and have got another key: that somebody has it is no news.
type Arbiter struct {
	Table    TableID
	Columns  []column.ID
	From, To int
	Rekeyed  *roaring.Bitmap // by their numbers in the batch; nil = none
}

// Transaction is what one commit does, visible as a whole or not at all. A row of Rows may end in it too: its address is scan.OwnRows and
// its number among the transaction's rows of its table, in the order of Rows.
type Transaction struct {
	Rows    []Rows
	Deletes []Deletes
	// Again are the keys by which rows were decided on a snapshot (ON CONFLICT): where somebody has written a row of such a key since, the commit
	// fails with 40001, as when rows that it ends have changed, and not with 23505.
	Again []Arbiter
	// Commands change the catalog with the rows, as one batch. Rows may be of tables that they make or alter.
	Commands []Command
	// Written are more rows, in segments; of each table once.
	Written []Written
}

// Written are rows of a table that are in segments which nothing names: the commit adds them to the table. They are in no order with the other rows of the
// transaction, so the table is one whose rows do not supersede each other. Deletes may end rows of them.
type Written struct {
	Table    *Table // as it was when they were written
	Segments []Segment
	// Since is the newest commit when the first of their keys were looked up: what came later has not been looked at. It is for tables with unique constraints.
	Since Seq
}

// ErrDoubt is in the error of a commit of which it is not known whether it counts: what it has written stays.
var ErrDoubt = errors.New("the outcome is not known")

// Ack says how durable a write is before it is acknowledged.
type Ack uint8

// The levels; the zero value is the default.
const (
	AckWAL    Ack = iota // fsynced in the WAL
	AckBuffer            // handed to the operating system
	AckNone              // in memory
)

// Indexer makes what stands beside segments before anybody sees them. Safe for concurrent use.
type Indexer interface {
	// Index builds the files of the table's indexes for segments that are written and not published. It gives no error: a segment without them is
	// read whole, and they are built later.
	Index(ctx context.Context, table *Table, segments []Segment)
	// Discard removes them, where a segment is not published after all.
	Discard(ctx context.Context, table TableID, segment SegmentID)
}

// Writer takes rows: all batches of one call become visible together, or none. The rows are checked against the newest
// schema; an error of class column.Overloaded asks the caller to come again.
type Writer interface {
	Write(ctx context.Context, batches []Rows, ack Ack) (Seq, error)
	// Commit does all of a transaction. An error of class column.Conflict with SQLSTATE 40001 says that somebody has changed or moved a row that it
	// ends since it was read: nothing was done, and the transaction may succeed from its start.
	Commit(ctx context.Context, t *Transaction, ack Ack) (Seq, error)
}
