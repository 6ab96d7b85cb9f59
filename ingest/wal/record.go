package wal

import (
	"encoding/binary"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
)

// Kind says what a record does.
type Kind uint8

// The kinds, as stored.
const (
	Insert Kind = 1 // rows of one table
	Change Kind = 2 // rows that end, and rows that come, of any number of tables, visible together
	Multi  Kind = 3 // rows of several tables, visible together
	Bound  Kind = 4 // as Change, if the catalog says that it counts
)

// Limits of what a record may say. They bound what a reader allocates for bytes it cannot trust.
const (
	MaxRows   = 1 << 24 // of one table in one record; 1,000 times the batches that clients send
	MaxKey    = 1 << 16 // bytes of one series key
	maxTables = 1 << 16
	maxWriter = 256 // bytes of a writer's name
)

// Record is one commit.
type Record struct {
	Kind  Kind
	Shard meta.ShardID
	Epoch uint64
	Seq   meta.Seq
	Time  int64 // of the commit, microseconds since 1970, UTC
	// Writer and Number, where a client gave them, name a write so that a repetition can be told from a new one.
	Writer string
	Number uint64
	Tables []Table
	Ends   []Ends // of a Change: of each table that it ends rows of
	Bound  bool   // for Append: whether it counts is for the catalog to decide
}

// Table is the rows of one table in a commit.
type Table struct {
	Database      meta.DatabaseID
	Table         meta.TableID
	SchemaVersion uint32
	Rows          int
	// Refs name the series of each row; one element stands for all rows. A ref is the caller's; what it means is
	// defined in each file that uses it.
	Refs    []uint32
	Columns []Column
}

// Column is one column that is not a tag: a flat vector of Rows rows. A column that is missing is NULL in every row.
type Column struct {
	ID     column.ID
	Vector *column.Vector
}

// SizeRows is the number of rows in all tables.
func (r *Record) SizeRows() int {
	n := 0
	for i := range r.Tables {
		n += r.Tables[i].Rows
	}
	return n
}

func (r *Record) appendHead(dst []byte, tables int) []byte {
	dst = append(dst, byte(r.Kind))
	dst = binary.AppendUvarint(dst, uint64(r.Shard))
	dst = binary.AppendUvarint(dst, r.Epoch)
	dst = binary.AppendUvarint(dst, uint64(r.Seq))
	dst = binary.AppendVarint(dst, r.Time)
	dst = binary.AppendUvarint(dst, uint64(len(r.Writer)))
	dst = append(dst, r.Writer...)
	dst = binary.AppendUvarint(dst, r.Number)
	return binary.AppendUvarint(dst, uint64(tables))
}

// cursor reads a record. The first thing that does not fit sets err, and everything after reads as zero.
type cursor struct {
	src  []byte
	size int
	err  error
}

func (c *cursor) at() int { return c.size - len(c.src) }

func (c *cursor) fail(what string) {
	if c.err == nil {
		c.err = column.Errorf(column.Corrupt, "wal record: %s at byte %d", what, c.at())
	}
	c.src = nil
}

func (c *cursor) byte(what string) byte {
	if len(c.src) == 0 {
		c.fail(what + " missing")
		return 0
	}
	b := c.src[0]
	c.src = c.src[1:]
	return b
}

func (c *cursor) uvarint(what string, limit uint64) uint64 {
	v, n := binary.Uvarint(c.src)
	if n <= 0 || v > limit {
		c.fail("bad " + what)
		return 0
	}
	c.src = c.src[n:]
	return v
}

func (c *cursor) varint(what string) int64 {
	v, n := binary.Varint(c.src)
	if n <= 0 {
		c.fail("bad " + what)
		return 0
	}
	c.src = c.src[n:]
	return v
}

func (c *cursor) bytes(what string, n uint64) []byte {
	if n > uint64(len(c.src)) {
		c.fail(what + " cut off")
		return nil
	}
	b := c.src[:n:n]
	c.src = c.src[n:]
	return b
}

// Decode reads a record. define is called for each series that the record defines, before it returns; the key is valid
// only during the call. The record owns its memory, except for Writer-sized trifles: src may be reused.
func Decode(src []byte, define func(table meta.TableID, ref uint32, key []byte) error) (*Record, error) {
	return decode(src, define, 0)
}

// decode leaves the rows of records up to skip unread, but not their definitions.
func decode(src []byte, define func(meta.TableID, uint32, []byte) error, skip meta.Seq) (*Record, error) {
	c := &cursor{src: src, size: len(src)}
	r := &Record{Kind: Kind(c.byte("kind"))}
	if c.err == nil && r.Kind != Insert && r.Kind != Multi && r.Kind != Change && r.Kind != Bound {
		return nil, column.Errorf(column.Corrupt, "wal record: kind %d", r.Kind)
	}
	r.Bound = r.Kind == Bound
	changes := r.Kind == Change || r.Bound
	const any64 = ^uint64(0)
	r.Shard = meta.ShardID(c.uvarint("shard", 1<<32-1))
	r.Epoch = c.uvarint("epoch", any64)
	r.Seq = meta.Seq(c.uvarint("seq", any64))
	if c.err == nil && r.Seq == 0 {
		c.fail("seq 0")
	}
	r.Time = c.varint("time")
	r.Writer = string(c.bytes("writer", c.uvarint("writer length", maxWriter)))
	r.Number = c.uvarint("number", any64)
	tables := c.uvarint("table count", maxTables)
	if c.err == nil && (tables == 0 && !changes || r.Kind == Insert && tables != 1) {
		c.fail("bad table count")
	}
	for i := uint64(0); i < tables && c.err == nil; i++ {
		t, err := c.table(define, r.Seq <= skip)
		if err != nil {
			return nil, err
		}
		r.Tables = append(r.Tables, t)
	}
	if changes && c.err == nil {
		if err := c.ends(r, define, r.Seq <= skip); err != nil {
			return nil, err
		}
	}
	if c.err == nil && len(c.src) > 0 {
		c.fail("bytes left over")
	}
	return r, c.err
}

// table reads the definitions and rows of one table.
func (c *cursor) table(define func(meta.TableID, uint32, []byte) error, skip bool) (Table, error) {
	var t Table
	t.Table = meta.TableID(c.uvarint("table", ^uint64(0)))
	if err := c.definitions(t.Table, define); err != nil {
		return t, err
	}
	body := c.bytes("rows", c.uvarint("rows length", uint64(len(c.src))))
	if c.err != nil || skip {
		return t, c.err
	}
	b := &cursor{src: body, size: len(body)}
	b.rows(&t)
	if b.err == nil && len(b.src) > 0 {
		b.fail("bytes left over")
	}
	return t, b.err
}
