package ingest

import (
	"context"
	"errors"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/meta"
)

// Own is what a transaction has done so far: rows that it has written, and rows that it has ended, by address, of others and of its own. Its statements
// read it over their snapshots; when it commits, Transaction is what the writer takes. Nobody else sees anything of it, and nothing of it is durable.
//
// The rows are kept twice, as they came, for the commit, and as the head keeps rows, for reading. For one goroutine; what was laid over snapshots is
// for all.
type Own struct {
	shard    *Shard
	pool     *mem.Pool
	reserved int64
	head     *head.Own
	batches  []ownBatch
	bytes    int64 // of the batches
	keys     map[meta.TableID]*ownKeys
	keyed    int64 // reserved for keys
	looked   int   // how many of batches were looked up in unique constraints
	written  ownSegments
}

// ownBatch is rows of one call of Insert.
type ownBatch struct {
	rows     meta.Rows
	resolved head.Batch
}

// NewOwn begins an empty one, whose memory is reserved in pool until Close. pool may be nil.
func (s *Shard) NewOwn(pool *mem.Pool) *Own {
	return &Own{shard: s, pool: pool, head: head.NewOwn()}
}

// Empty reports whether there is nothing to commit.
func (o *Own) Empty() bool {
	return len(o.batches) == 0 && len(o.written.list) == 0 && !o.head.Ends()
}

// Rows is how many rows were inserted into a table and are in memory.
func (o *Own) Rows(table meta.TableID) (n int) {
	for i := range o.batches {
		if b := &o.batches[i].rows; b.Table.ID == table {
			n += b.Len
		}
	}
	return n
}

// Insert adds rows, which are checked against the schema that they come with. An error leaves everything as it was.
func (o *Own) Insert(ctx context.Context, rows meta.Rows) error {
	if rows.Len == 0 {
		return nil
	}
	checked, err := o.shard.checkRows(&rows, rows.Table, false)
	if err != nil {
		return err
	}
	size := int64(4 * rows.Len)
	for _, v := range rows.Columns {
		size += v.SizeBytes()
	}
	dict := o.head.Dict(rows.Table)
	refs, err := resolveRows(ctx, dict, &checked, o.shard.opts.SeriesLimit)
	if err != nil {
		return seriesError(err, rows.Table)
	}
	b := head.Batch{Table: rows.Table, Rows: rows.Len, Refs: refs, Dict: dict, Columns: checked.cols}
	if err := o.reserve(size + head.Estimate(&b)); err != nil {
		return err
	}
	if err := unwanted(ctx); err != nil {
		o.giveBack(size + head.Estimate(&b))
		return err
	}
	grown := o.head.Append(&b)
	o.bytes += size
	o.batches = append(o.batches, ownBatch{rows, b})
	o.giveBack(head.Estimate(&b) - grown)
	return nil
}

// Delete ends rows: of others by the addresses that a scan of the transaction gave, and own ones.
func (o *Own) Delete(table *meta.Table, rows *scan.RowSet) error {
	if rows.Len() == 0 {
		return nil
	}
	size := head.DeathBytes(rows)
	if err := o.reserve(size); err != nil {
		return err
	}
	grown, err := o.head.End(table, rows)
	o.giveBack(size - grown)
	return err
}

// OwnMark is a moment of a transaction.
type OwnMark struct {
	batches int
	written int
	head    head.OwnMark
}

// Mark gives the present moment.
func (o *Own) Mark() OwnMark { return OwnMark{len(o.batches), len(o.written.list), o.head.Mark()} }

// Rewind undoes everything since a moment. Snapshots that what was undone was laid over keep it.
func (o *Own) Rewind(m OwnMark) {
	if m.batches < len(o.batches) {
		o.forgetKeys()
	}
	o.looked = min(o.looked, m.batches)
	o.written.rewind(m.written)
	again := map[meta.TableID][]*head.Batch{}
	for i := m.batches; i < len(o.batches); i++ {
		again[o.batches[i].resolved.Table.ID] = nil
	}
	clear(o.batches[m.batches:])
	o.batches = o.batches[:m.batches]
	for i := range o.batches {
		b := &o.batches[i]
		if id := b.resolved.Table.ID; keyIn(again, id) {
			again[id] = append(again[id], &b.resolved)
		}
	}
	o.head.Rewind(m.head, again)
	o.recount()
}

// recount gives back the memory of what has gone.
func (o *Own) recount() {
	o.bytes = 0
	for i := range o.batches {
		b := &o.batches[i].rows
		o.bytes += int64(4 * b.Len)
		for _, v := range b.Columns {
			o.bytes += v.SizeBytes()
		}
	}
	o.giveBack(o.reserved - o.keyed - o.bytes - o.head.Bytes())
}

func keyIn[K comparable, V any](m map[K]V, k K) bool {
	_, ok := m[k]
	return ok
}

// Over lays what was done so far over a snapshot of the head, which the catalog's fits; see aegis.Snapshot.With. Rows that have ended and have moved by then are
// followed.
func (o *Own) Over(ctx context.Context, s *head.Snapshot, catalog *meta.Snapshot) (*head.Snapshot, error) {
	if err := o.readable(catalog); err != nil {
		return nil, err
	}
	flushed := catalog.FlushedSeq(o.shard.opts.Shard)
	now := standing{
		generation: func(number int64) bool { return s.Shows(number, flushed) },
		segment: func(table meta.TableID, id meta.SegmentID) bool {
			return catalog.Manifest(table).Segment(id) != nil || o.written.has(id)
		},
	}
	out, err := s.With(o.head, flushed, now.segment)
	if errors.Is(err, head.ErrGone) {
		if err = o.move(ctx, now); err == nil {
			out, err = s.With(o.head, flushed, now.segment)
		}
	}
	if errors.Is(err, head.ErrGone) {
		err = errChanged
	}
	if err != nil {
		return nil, err
	}
	return out, o.notOvertaken(ctx, out, catalog)
}

// readable refuses to show rows whose table others have altered so that it cannot take them any more: under its new description values would be missing, and what
// the transaction made of such rows would be committed without them.
func (o *Own) readable(catalog *meta.Snapshot) error {
	tables := o.written.tables()
	for i := range o.batches {
		tables = append(tables, o.batches[i].rows.Table)
	}
	for _, made := range tables {
		if now := catalog.TableByID(made.ID); now != nil && made.Columns.Version < now.Columns.Version {
			if err := takes(now, made); err != nil {
				return err
			}
		}
	}
	return nil
}

// notOvertaken refuses to show a transaction whose rows others have ended: they would come twice, as the transaction has changed them and as the others have.
func (o *Own) notOvertaken(ctx context.Context, s *head.Snapshot, catalog *meta.Snapshot) error {
	vector := func(table meta.TableID, id meta.SegmentID) (*roaring.Bitmap, error) {
		if o.written.has(id) {
			return nil, nil
		}
		return o.shard.dead.of(ctx, o.shard.opts.Files, table, catalog.Manifest(table).Segment(id))
	}
	from := func(id meta.TableID) meta.Seq {
		if t := catalog.TableByID(id); t != nil {
			return t.From
		}
		return 0
	}
	overtaken, err := s.Overtaken(vector, from)
	if err == nil && overtaken {
		err = errChanged
	}
	return err
}

// move follows the rows that have ended to where they stand.
func (o *Own) move(ctx context.Context, now standing) error {
	follow := func(table *meta.Table, sets []*scan.RowSet) ([]*scan.RowSet, error) {
		return o.shard.follow(ctx, table.ID, sets, now)
	}
	err := o.head.Move(follow)
	if !errors.Is(err, errChanged) {
		return err
	}
	// A flush says where rows have gone after the catalog knows it, and before it lets go of the gate.
	if err := o.shard.enter(ctx); err != nil {
		return err
	}
	o.shard.gate.RUnlock()
	return o.head.Move(follow)
}

// Transaction is what there is to commit: of each table's rows one batch, and the addresses of the rows that end. In tables whose rows do not supersede
// others, own rows that have ended are left out.
func (o *Own) Transaction() (*meta.Transaction, error) {
	t := &meta.Transaction{}
	var order []*meta.Table
	rows := map[meta.TableID][]*meta.Rows{}
	for i := range o.batches {
		b := &o.batches[i].rows
		if rows[b.Table.ID] == nil {
			order = append(order, b.Table)
		}
		rows[b.Table.ID] = append(rows[b.Table.ID], b)
	}
	for _, table := range order {
		list := rows[table.ID]
		ended := o.head.Ended(table.ID)
		var dead func(row int) bool
		if own := ended.Others[scan.OwnRows]; own != nil && !own.IsEmpty() {
			dead = func(row int) bool { return own.Contains(uint64(row)) }
			if !table.Columns.Supersedes() {
				ended = ended.Without(scan.OwnRows)
			}
		}
		if table.Columns.Supersedes() {
			dead = nil
		}
		out, err := joinRows(list, dead)
		if err != nil {
			return nil, err
		}
		t.Rows = append(t.Rows, out...)
		t.Deletes = appendEnded(t.Deletes, table, ended)
	}
	for _, table := range o.head.Tables() {
		if rows[table.ID] == nil {
			t.Deletes = appendEnded(t.Deletes, table, o.head.Ended(table.ID))
		}
	}
	t.Written = o.written.byTable()
	return t, nil
}

func appendEnded(dst []meta.Deletes, table *meta.Table, rows *scan.RowSet) []meta.Deletes {
	if rows.Len() == 0 {
		return dst
	}
	return append(dst, meta.Deletes{Table: table, Rows: rows})
}

// joinRows makes one batch of those that are of one version of a table, which follow each other. dead, if not nil, says which rows are left out.
func joinRows(list []*meta.Rows, dead func(row int) bool) ([]meta.Rows, error) {
	var out []meta.Rows
	first := 0 // number of the row that the present batch begins with
	for lo := 0; lo < len(list); {
		hi, n := lo+1, list[lo].Len
		for hi < len(list) && list[hi].Table.Columns.Version == list[lo].Table.Columns.Version {
			n += list[hi].Len
			hi++
		}
		joined := meta.Rows{Table: list[lo].Table, Len: n, Columns: make([]*column.Vector, len(list[lo].Columns))}
		for k := range joined.Columns {
			parts := make([]*column.Vector, 0, hi-lo)
			for _, b := range list[lo:hi] {
				parts = append(parts, b.Columns[k])
			}
			var err error
			if joined.Columns[k] = parts[0]; len(parts) > 1 {
				if joined.Columns[k], err = column.Concat(parts[0].Type, parts...); err != nil {
					return nil, err
				}
			}
		}
		if dead != nil {
			joined = without(joined, func(i int) bool { return dead(first + i) })
		}
		if joined.Len > 0 {
			out = append(out, joined)
		}
		first += n
		lo = hi
	}
	return out, nil
}

// without leaves rows of a batch out.
func without(b meta.Rows, dead func(row int) bool) meta.Rows {
	kept := make([]int32, 0, b.Len)
	for i := range b.Len {
		if !dead(i) {
			kept = append(kept, int32(i))
		}
	}
	if len(kept) == b.Len {
		return b
	}
	out := meta.Rows{Table: b.Table, Len: len(kept), Columns: slices.Clone(b.Columns)}
	for k, v := range out.Columns {
		out.Columns[k] = column.Gather(v, kept)
	}
	return out
}

func (o *Own) reserve(n int64) error {
	if o.pool != nil {
		if err := o.pool.Grow(n); err != nil {
			return err
		}
	}
	o.reserved += n
	return nil
}

func (o *Own) giveBack(n int64) {
	n = min(n, o.reserved)
	if n < 0 {
		// More than was expected: take it where it is to be had, since it is there already.
		if o.pool != nil && o.pool.Grow(-n) != nil {
			return
		}
	} else if o.pool != nil {
		o.pool.Shrink(n)
	}
	o.reserved -= n
}

// Close gives the memory back. What was laid over snapshots may still be read.
func (o *Own) Close() {
	if o.pool != nil {
		o.pool.Shrink(o.reserved)
	}
	o.reserved, o.batches, o.head, o.keys, o.keyed, o.looked = 0, nil, head.NewOwn(), nil, 0, 0
	o.removeWritten()
}
