package ingest

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/meta"
)

// Rows that a transaction has written to segments were looked up when they came, a statement after the other. Its commit looks them up once more among what others
// have committed since, with their tables locked, and not at all where that is nothing.

// alteredLocked reports whether tables that a commit adds segments to take no rows now, or were altered by others. The caller holds mu.
func (s *Shard) alteredLocked(b *bound) bool {
	for _, w := range b.written {
		if s.closing[w.Table.ID] != nil || s.opts.Catalog.Snapshot().TableByID(w.Table.ID) != b.base.TableByID(w.Table.ID) {
			return true
		}
	}
	return false
}

// admitAll is admit for a commit that adds segments; order are its batches of tables with unique constraints.
func (s *Shard) admitAll(ctx context.Context, p *prepared, order []int, locked *[]*uniqueTable, release func()) (func(), error) {
	batches := map[meta.TableID][]int{}
	var ids []meta.TableID
	for _, i := range order {
		id := p.batches[i].Table.ID
		batches[id] = append(batches[id], i)
		ids = append(ids, id)
	}
	catalog := s.catalogFor(p)
	for _, w := range p.bound.written {
		if t := catalog.TableByID(w.Table.ID); t != nil && len(uniques(t)) > 0 {
			ids = append(ids, t.ID)
		}
	}
	slices.Sort(ids) // one order of locks for all
	for _, id := range slices.Compact(ids) {
		table := s.unique.of(id)
		err := table.mu.lock(ctx)
		if err == nil {
			*locked = append(*locked, table)
		}
		if list := batches[id]; err == nil && len(list) > 0 {
			if err = s.admitTable(ctx, table, p, list); err == nil {
				err = s.standKeys(ctx, table, p, list)
			}
		}
		for i := range p.bound.written {
			if w := &p.bound.written[i]; err == nil && w.Table.ID == id {
				err = s.admitWritten(ctx, table, catalog.TableByID(id), w, p.ended(id))
			}
		}
		if err != nil {
			release()
			return nil, s.changedFirst(p, err)
		}
	}
	return release, nil
}

// admitWritten looks up the rows of segments that a commit adds to a table, among what has been committed since they were looked up first.
func (s *Shard) admitWritten(ctx context.Context, table *uniqueTable, t *meta.Table, w *meta.Written, ended *scan.RowSet) error {
	if s.opts.Catalog.Snapshot().TableByID(t.ID) == nil {
		return nil // the commit makes it
	}
	later := writtenLookup{shard: s, table: table, t: t, ended: ended}
	later.inHead = s.head.Snapshot(s.visible.last()).Holds(t.ID, w.Since)
	catalog, release := s.opts.Catalog.Acquire()
	defer release()
	for record := range catalog.Manifest(t.ID).All() {
		if record.MaxSeq > w.Since {
			later.records = append(later.records, record)
		}
	}
	if !later.inHead && len(later.records) == 0 {
		return nil
	}
	for _, u := range uniques(t) {
		for i := range w.Segments {
			if err := later.segment(ctx, &u, &w.Segments[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// writtenLookup looks tuples of segments up that a commit adds.
type writtenLookup struct {
	shard   *Shard
	table   *uniqueTable
	t       *meta.Table
	ended   *scan.RowSet
	inHead  bool
	records []*meta.Segment // that have rows which came since
}

func (l *writtenLookup) segment(ctx context.Context, u *uniqueKey, record *meta.Segment) error {
	o, err := l.shard.openSegment(ctx, l.t.ID, record)
	if err != nil {
		return err
	}
	defer o.Release()
	rows := newWrittenTuples(u)
	err = o.Reader.EachKey(ctx, segment.KeyOf{Columns: u.columns, Schema: &l.t.Columns}, l.shard.opts.Pool, func(row uint32, tuple []byte, null bool) error {
		if null && u.distinct || l.ended != nil && l.ended.Contains(int64(record.ID), int64(row)) {
			return nil
		}
		rows.add(tuple)
		if len(rows.Hashes) < rowsAtOnce {
			return nil
		}
		full := rows
		rows = newWrittenTuples(u)
		return l.look(ctx, u, full)
	})
	if err != nil {
		return err
	}
	return l.look(ctx, u, rows)
}

func (l *writtenLookup) look(ctx context.Context, u *uniqueKey, rows *tuples) error {
	if err := unwanted(ctx); err != nil || len(rows.Hashes) == 0 {
		return err
	}
	at := -1
	var err error
	if l.inHead {
		if at, err = l.shard.clashInHead(ctx, l.t, u, rows, nil, l.ended); err != nil {
			return err
		}
	}
	stored, err := l.shard.clashIn(ctx, l.table, l.t, u, rows, l.ended, l.records)
	if err != nil {
		return err
	}
	if at = first(at, stored); at >= 0 {
		return duplicateTuple(l.t, u, rows.tuple(at))
	}
	return nil
}

// newWrittenTuples begins a list of tuples that are claimed by nobody.
func newWrittenTuples(u *uniqueKey) *tuples {
	return &tuples{BatchKeys: head.BatchKeys{Columns: u.columns, Distinct: u.distinct}, joined: true}
}

func (t *tuples) add(tuple []byte) {
	from := len(t.data)
	t.data = append(t.data, tuple...)
	t.ends = append(t.ends, len(t.data))
	t.Hashes = append(t.Hashes, key.Hash(tuple))
	if own := bytes.Clone(t.data[from:]); t.Lo == nil {
		t.Lo, t.Hi = own, own
	} else if bytes.Compare(own, t.Lo) < 0 {
		t.Lo = own
	} else if bytes.Compare(own, t.Hi) > 0 {
		t.Hi = own
	}
}

// duplicateTuple is the error of a tuple that is taken.
func duplicateTuple(t *meta.Table, u *uniqueKey, tuple []byte) error {
	e := column.SQLErrorf(column.Invalid, "23505", "duplicate key value violates unique constraint \"%s\"", u.name)
	names, values := []byte("("), []byte("(")
	for i, id := range u.columns {
		if i > 0 {
			names, values = append(names, ", "...), append(values, ", "...)
		}
		f := &t.Columns.Fields[t.Columns.Index(id)]
		names = append(names, f.Name...)
		_, _, rest, err := key.Next(tuple, f.Type, nil)
		if err != nil {
			return e
		}
		if v := tagVector(f.Type, tuple[:len(tuple)-len(rest)]); v == nil {
			values = append(values, "null"...)
		} else {
			values = literal.Append(values, v, 0, literal.Options{})
		}
		tuple = rest
	}
	e.Detail = fmt.Sprintf("Key %s)=%s) already exists.", names, values)
	return e
}
