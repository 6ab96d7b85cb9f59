package ingest

import (
	"context"
	"errors"
	"slices"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/ingest/flush"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/meta"
)

// A transaction may bring more rows than memory holds. What is over a bound is written as segments while it goes on, which nothing names but the transaction
// itself: its statements read them as segments of their tables, and its commit adds them to the tables by the command that it is bound to. If it does not commit
// their files are removed, and if the process ends before, they are orphans that the next start removes.

// ownSegments are the segments that a transaction has written.
type ownSegments struct {
	list  []ownSegment // as they were written
	files []ownSegment // all there ever were, also those that a rewind has taken back
	since map[meta.TableID]meta.Seq
	keys  map[meta.TableID]*uniqueTable // what is kept of them to look tuples up

	// The catalog with them, of the last base that was asked for.
	base, made *meta.Snapshot
}

type ownSegment struct {
	table  *meta.Table
	record meta.Segment
}

func (w *ownSegments) add(table *meta.Table, records []meta.Segment) {
	for _, r := range records {
		w.list = append(w.list, ownSegment{table, r})
		w.files = append(w.files, ownSegment{table, r})
	}
	w.base, w.made = nil, nil
}

func (w *ownSegments) rewind(n int) {
	if n < len(w.list) {
		w.list = w.list[:n:n]
		w.base, w.made = nil, nil
		w.forgetKeys()
	}
}

func (w *ownSegments) forgetKeys() {
	for _, t := range w.keys {
		for _, k := range t.segments {
			k.release()
		}
	}
	w.keys = nil
}

func (w *ownSegments) has(id meta.SegmentID) bool { return w.find(id) != nil }

func (w *ownSegments) find(id meta.SegmentID) *meta.Segment {
	// Their ids ascend, as they are reserved one after the other; after a rewind too.
	at, found := slices.BinarySearchFunc(w.list, id, func(s ownSegment, id meta.SegmentID) int { return int(int64(s.record.ID) - int64(id)) })
	if !found {
		return nil
	}
	return &w.list[at].record
}

// tables gives the tables as they were when their rows were written.
func (w *ownSegments) tables() (out []*meta.Table) {
	for i := range w.list {
		if t := w.list[i].table; len(out) == 0 || out[len(out)-1] != t {
			out = append(out, t)
		}
	}
	return out
}

// byTable gives the segments of each table.
func (w *ownSegments) byTable() (out []meta.Written) {
	for i := range w.list {
		s := &w.list[i]
		at := slices.IndexFunc(out, func(o meta.Written) bool { return o.Table.ID == s.table.ID })
		if at < 0 {
			at = len(out)
			out = append(out, meta.Written{Table: s.table, Since: w.since[s.table.ID]})
		}
		out[at].Segments = append(out[at].Segments, s.record)
	}
	return out
}

// of lists the segments of a table.
func (w *ownSegments) of(table meta.TableID) (out []*meta.Segment) {
	for i := range w.list {
		if w.list[i].table.ID == table {
			out = append(out, &w.list[i].record)
		}
	}
	return out
}

// Catalog gives a catalog with the segments that the transaction has written.
func (o *Own) Catalog(base *meta.Snapshot) (*meta.Snapshot, error) {
	w := &o.written
	if len(w.list) == 0 {
		return base, nil
	}
	if w.base != base {
		made, err := base.WithWritten(w.byTable())
		if err != nil {
			return nil, err
		}
		w.base, w.made = base, made
	}
	return w.made, nil
}

// Large reports whether the transaction holds so much that rows of it should go to segments.
func (o *Own) Large() bool {
	bound := o.shard.opts.OwnBytes
	if o.pool != nil && o.pool.Limit() > 0 {
		bound = min(bound, o.pool.Limit()/2)
	}
	return o.reserved >= bound
}

// Write writes the rows that came since a mark as segments, of tables that take it and have many; not of those in kept. Rows that nobody has looked up yet in unique
// constraints are looked up before. No mark after that one can be rewound to. An error leaves everything as it was.
func (o *Own) Write(ctx context.Context, since OwnMark, kept []meta.TableID, again []meta.Arbiter) error {
	var tables []*meta.Table
	for i := since.batches; i < len(o.batches); i++ {
		t := o.batches[i].rows.Table
		if !slices.ContainsFunc(tables, func(other *meta.Table) bool { return other.ID == t.ID }) && !slices.Contains(kept, t.ID) && o.writable(t, since) {
			tables = append(tables, t)
		}
	}
	if len(tables) == 0 {
		return nil
	}
	if o.looked < len(o.batches) {
		o.forgetKeys()
		if err := o.Unique(ctx, OwnMark{batches: o.looked}, again); err != nil {
			return err
		}
	}
	options := o.shard.flushOptions()
	out := make([][]meta.Segment, len(tables))
	for i, t := range tables {
		var err error
		if out[i], err = flush.WriteOwn(ctx, options, o.head.Alone(), t, head.FromRow(o.rowsBefore(t.ID, since))); err != nil {
			for k := range i {
				flush.Remove(context.WithoutCancel(ctx), options, tables[k], out[k])
			}
			return err
		}
	}
	for i, t := range tables {
		o.leave(t, since)
		o.written.add(t, out[i])
	}
	return nil
}

// fewest is the share of what a transaction holds that rows of a table must have to be worth segments of their own.
const fewest = 8

// writable reports whether the rows of a table that came since a mark can go to segments, and are worth it.
func (o *Own) writable(t *meta.Table, since OwnMark) bool {
	if t.Columns.Supersedes() || o.rowsBefore(t.ID, since) > 0 && o.head.OwnDied(t.ID) {
		return false
	}
	size := int64(0)
	for _, b := range o.batches[since.batches:] {
		if b.rows.Table.ID != t.ID {
			continue
		}
		if b.rows.Table.Columns.Version != t.Columns.Version {
			return false
		}
		for _, v := range b.rows.Columns {
			size += v.SizeBytes()
		}
	}
	return size >= o.reserved/fewest
}

func (o *Own) rowsBefore(table meta.TableID, m OwnMark) (n int) {
	for i := range o.batches[:m.batches] {
		if b := &o.batches[i].rows; b.Table.ID == table {
			n += b.Len
		}
	}
	return n
}

// leave lets go of the rows of a table that came since a mark.
func (o *Own) leave(t *meta.Table, since OwnMark) {
	var kept []*head.Batch
	for i := range o.batches[:since.batches] {
		if b := &o.batches[i].resolved; b.Table.ID == t.ID {
			kept = append(kept, b)
		}
	}
	rest := append([]ownBatch(nil), o.batches[:since.batches]...)
	for _, b := range o.batches[since.batches:] {
		if b.rows.Table.ID != t.ID {
			rest = append(rest, b)
		}
	}
	o.batches = rest
	o.forgetKeys()
	o.looked = len(o.batches)
	o.head.Leave(t.ID, kept)
	o.recount()
}

// Committed says what became of the commit: if it was not refused for sure, the files of its segments stay.
func (o *Own) Committed(err error) {
	if refusedForSure(err) {
		return
	}
	w := &o.written
	w.files = slices.DeleteFunc(w.files, func(s ownSegment) bool { return w.has(s.record.ID) })
}

// removeWritten removes the segments, if they are still the transaction's.
func (o *Own) removeWritten() {
	w := &o.written
	w.forgetKeys()
	for _, s := range w.files {
		if o.shard.opts.Forget != nil {
			o.shard.opts.Forget(s.table.ID, s.record.ID)
		}
		flush.Remove(context.Background(), o.shard.flushOptions(), s.table, []meta.Segment{s.record})
	}
	*w = ownSegments{}
}

// lookedSince notes the newest commit before the first tuples of a table are looked up.
func (o *Own) lookedSince(table meta.TableID) {
	w := &o.written
	if _, known := w.since[table]; known {
		return
	}
	if w.since == nil {
		w.since = map[meta.TableID]meta.Seq{}
	}
	w.since[table] = o.shard.visible.last()
}

// uniqueWritten looks the rows that came since a mark up among those that the transaction has written to segments.
func (o *Own) uniqueWritten(ctx context.Context, t *meta.Table, since OwnMark) error {
	records := o.written.of(t.ID)
	if len(records) == 0 {
		return nil
	}
	if o.written.keys == nil {
		o.written.keys = map[meta.TableID]*uniqueTable{}
	}
	table := o.written.keys[t.ID]
	if table == nil {
		table = &uniqueTable{segments: map[string]*segmentKeys{}}
		o.written.keys[t.ID] = table
	}
	ended := o.head.Ended(t.ID)
	for i := since.batches; i < len(o.batches); i++ {
		b := &o.batches[i].resolved
		if b.Table.ID != t.ID {
			continue
		}
		for _, u := range uniques(t) {
			rows, err := tuplesOf(ctx, b, u.columns, u.distinct)
			if err != nil {
				return err
			}
			if rows.Lo == nil {
				continue
			}
			at, err := o.shard.clashIn(ctx, table, t, &u, rows, ended, records)
			if err != nil {
				return err
			}
			if at >= 0 {
				return duplicate(b, &u, at, nil)
			}
		}
	}
	return nil
}

// clashIn gives the first row whose tuple a live row of some segments has, -1 if there is none. Rows of ended are none.
func (s *Shard) clashIn(
	ctx context.Context, table *uniqueTable, t *meta.Table, u *uniqueKey, rows *tuples, ended *scan.RowSet, records []*meta.Segment,
) (int, error) {
	l := newSegmentLookup(s, table, t, u, rows, nil, ended, rowsOfOthers)
	clash := -1
	for _, record := range records {
		at, err := l.look(ctx, record)
		if err != nil {
			return -1, err
		}
		clash = first(clash, at)
	}
	return clash, nil
}

// withoutWritten gives a set of rows without those of the transaction's own segments.
func (o *Own) withoutWritten(set *scan.RowSet) *scan.RowSet {
	if len(o.written.list) == 0 || len(set.Segments) == 0 {
		return set
	}
	out := &scan.RowSet{}
	out.Union(&scan.RowSet{Others: set.Others})
	for id, rows := range set.Segments {
		if !o.written.has(meta.SegmentID(id)) {
			out.AddSegment(id, rows)
		}
	}
	return out
}

func refusedForSure(err error) bool {
	return err != nil && !errors.Is(err, meta.ErrDoubt)
}
