package ingest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/meta"
)

// How unique constraints are held: one commit at a time of a table looks its tuples up among the rows of the commit itself, of the head (also those
// that are not visible yet) and of the live segments, and is appended before the next one looks. So the lock of a table, and not that
// of all commits, is held while pages are read. A row that is dead, or that the commit itself ends, is in nobody's way.

// uniqueTable is what a shard keeps of a table with unique constraints.
type uniqueTable struct {
	mu       waitable // held from the look-up to the append
	segments map[string]*segmentKeys
}

// uniqueTables finds them by table.
type uniqueTables struct {
	mu    sync.Mutex
	known map[meta.TableID]*uniqueTable
}

func (u *uniqueTables) of(id meta.TableID) *uniqueTable {
	u.mu.Lock()
	defer u.mu.Unlock()
	t := u.known[id]
	if t == nil {
		if u.known == nil {
			u.known = map[meta.TableID]*uniqueTable{}
		}
		t = &uniqueTable{mu: newWaitable(), segments: map[string]*segmentKeys{}}
		u.known[id] = t
	}
	return t
}

// forget drops what is kept of tables that the catalog no longer has.
func (u *uniqueTables) forget(gone func(meta.TableID) bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for id, t := range u.known {
		if gone(id) {
			delete(u.known, id)
			_ = t.mu.lock(context.Background()) // which never ends
			for _, s := range t.segments {
				s.release()
			}
			t.mu.unlock()
		}
	}
}

// admit looks the rows of a commit up and keeps the tables locked until release is called, which is after they were appended. It is nothing
// for tables without unique constraints.
func (s *Shard) admit(ctx context.Context, p *prepared) (release func(), err error) {
	var locked []*uniqueTable
	unclaim := func() {
		for i := range p.batches {
			for _, k := range p.batches[i].Keys {
				k.Unclaim()
			}
		}
		for _, t := range locked {
			t.mu.unlock()
		}
	}
	release = func() {
		claimed := 0
		for i := range p.batches {
			for _, k := range p.batches[i].Keys {
				claimed += k.Claimed()
			}
		}
		if claimed < rowsAtOnce {
			unclaim()
			return
		}
		go unclaim() // who was cancelled does not wait for it; who writes to the tables does
	}
	catalog := s.catalogFor(p)
	order := make([]int, 0, len(p.batches))
	for i := range p.batches {
		p.batches[i].Keys = nil
		if t := catalog.TableByID(p.batches[i].Table.ID); t != nil && (len(uniques(t)) > 0 || p.decidedRows(t) != nil) {
			order = append(order, i)
		}
	}
	if p.bound != nil && len(p.bound.written) > 0 {
		return s.admitAll(ctx, p, order, &locked, release)
	}
	// One order of locks for all. A table whose rows come in several batches is locked once.
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p.batches[a].Table.ID, p.batches[b].Table.ID) })
	for len(order) > 0 {
		id := p.batches[order[0]].Table.ID
		n := 1
		for n < len(order) && p.batches[order[n]].Table.ID == id {
			n++
		}
		table := s.unique.of(id)
		err := table.mu.lock(ctx)
		if err != nil {
			release()
			return nil, err
		}
		locked = append(locked, table)
		err = s.admitTable(ctx, table, p, order[:n])
		if err == nil {
			err = s.standKeys(ctx, table, p, order[:n])
		}
		if err != nil {
			release()
			return nil, s.changedFirst(p, err)
		}
		order = order[n:]
	}
	return release, nil
}

// changedFirst is what a commit fails with whose rows have clashed: if rows that it ends have ended meanwhile, that is why.
func (s *Shard) changedFirst(p *prepared, err error) error {
	for i := range p.ends {
		if s.head.Dead(&p.ends[i]) && column.ClassOf(err) != column.Cancelled {
			return errChanged
		}
	}
	return err
}

// admitted reports whether a batch was held against the constraints that its table has now.
func admitted(b *head.Batch, newest *meta.Table) bool {
	if newest == nil {
		return true // its rows go nowhere
	}
	return slices.EqualFunc(uniques(newest), b.Keys, func(u uniqueKey, k *head.BatchKeys) bool {
		return u.distinct == k.Distinct && slices.Equal(u.columns, k.Columns)
	})
}

// admitTable looks the rows of one table up, which lie in some of the batches.
func (s *Shard) admitTable(ctx context.Context, table *uniqueTable, p *prepared, batches []int) error {
	// Constraints of before the lock may be gone, and others there: the newest count.
	first := &p.batches[batches[0]]
	newest := s.catalogFor(p).TableByID(first.Table.ID)
	if newest == nil {
		return nil // its rows go nowhere
	}
	ended := p.ended(newest.ID)
	for _, u := range uniques(newest) {
		parts := make([]*tuples, len(batches))
		for k, i := range batches {
			var err error
			if parts[k], err = tuplesOf(ctx, &p.batches[i], u.columns, u.distinct); err != nil {
				return err
			}
			p.batches[i].Keys = append(p.batches[i].Keys, &parts[k].BatchKeys)
		}
		clash, own, err := s.clash(ctx, table, newest, &u, joinTuples(parts), ended)
		if err != nil {
			return err
		}
		if clash < 0 {
			continue
		}
		again := p.again
		if own {
			again = nil
		}
		for _, i := range batches {
			b := &p.batches[i]
			if clash < b.Rows {
				return duplicate(b, &u, clash, again)
			}
			clash -= b.Rows
		}
	}
	return nil
}

// clash gives the first row whose tuple another live row has, or one before it, -1 if there is none; among says that it is one before it.
func (s *Shard) clash(ctx context.Context, table *uniqueTable, t *meta.Table, u *uniqueKey, rows *tuples, ended *scan.RowSet) (at int, among bool, err error) {
	if rows.Lo == nil {
		return -1, false, nil // each row has a NULL
	}
	var skip func(i int) bool
	if ended != nil && ended.Others[scan.OwnRows] != nil {
		own := ended.Others[scan.OwnRows]
		skip = func(i int) bool { return own.Contains(uint64(i)) }
	}
	own, err := rows.twice(ctx, skip)
	if err != nil {
		return -1, false, err
	}
	// What leaves the head meanwhile is in the catalog that is looked at after it.
	inHead, err := s.clashInHead(ctx, t, u, rows, skip, ended)
	if err != nil {
		return -1, false, err
	}
	inSegments, err := s.clashInSegments(ctx, table, t, u, rows, skip, ended, rowsOfOthers)
	at = first(first(own, inHead), inSegments)
	return at, at == own, err
}

// first is the lesser of two numbers of rows, of which -1 is none.
func first(a, b int) int {
	if a < 0 || b >= 0 && b < a {
		return b
	}
	return a
}

func (s *Shard) clashInHead(ctx context.Context, t *meta.Table, u *uniqueKey, rows *tuples, skip func(int) bool, ended *scan.RowSet) (int, error) {
	at := -1
	var bad error
	err := s.head.FindKeys(ctx, t, &rows.BatchKeys, !rows.joined, func(i int, row head.KeyRow) {
		if at >= 0 && at <= i || bad != nil || skip != nil && skip(i) || row.Ended(ended) {
			return
		}
		if t.From > 0 {
			var since bool
			if since, bad = row.Since(t.From); bad != nil || !since {
				return
			}
		}
		var tuple []byte
		if tuple, bad = row.Tuple(&t.Columns, u.columns); bytes.Equal(tuple, rows.tuple(i)) {
			at = i
		}
	})
	if err == nil {
		err = bad
	}
	return at, err
}

// duplicate is the error of a row whose tuple is taken. again are the keys of which a row that others have brought is a conflict.
func duplicate(b *head.Batch, u *uniqueKey, row int, again []meta.Arbiter) error {
	for _, a := range again {
		if a.Table == b.Table.ID && sameColumns(a.Columns, u.columns) && (a.Rekeyed == nil || !a.Rekeyed.Contains(uint32(row))) {
			return errChanged
		}
	}
	e := column.SQLErrorf(column.Invalid, "23505", "duplicate key value violates unique constraint \"%s\"", u.name)
	schema := &b.Table.Columns
	names, values := []byte("("), []byte("(")
	for i, id := range u.columns {
		if i > 0 {
			names, values = append(names, ", "...), append(values, ", "...)
		}
		names = append(names, schema.Fields[schema.Index(id)].Name...)
		values = appendText(values, b, id, row)
	}
	e.Detail = fmt.Sprintf("Key %s)=%s) already exists.", names, values)
	return e
}

func sameColumns(a, b []column.ID) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(id column.ID) bool { return !slices.Contains(b, id) })
}

// appendText appends a value as errors show it.
func appendText(dst []byte, b *head.Batch, id column.ID, row int) []byte {
	schema := &b.Table.Columns
	v := vectorOf(b, id)
	if tag := slices.Index(schema.Tags, id); tag >= 0 {
		s := series{keys: b.Dict.Keys(), types: schema.TagTypes(), ref: head.NoRef}
		if s.turn(b, row) == nil {
			v = tagVector(s.types[tag], s.parts[tag])
			row = 0
		}
	}
	if v == nil || v.IsNull(row) {
		return append(dst, "null"...)
	}
	return literal.Append(dst, v, row, literal.Options{})
}

// tagVector is an encoded tag as a vector of one row; nil where it is absent.
func tagVector(t column.Type, encoded []byte) *column.Vector {
	value, null, _, err := key.Next(encoded, t, nil)
	if err != nil || null {
		return nil
	}
	b := column.NewBuilder(t, 1)
	key.Put(b, value, false)
	return b.Finish()
}

// ended gives the rows of a table that the commit ends, nil if there are none.
func (p *prepared) ended(table meta.TableID) *scan.RowSet {
	for _, d := range p.deletes {
		if d.Table.ID == table {
			return d.Rows
		}
	}
	return nil
}

// ended reports whether a row of a segment has ended and no deletion vector says so yet.
func (s *Shard) ended(table meta.TableID, segment meta.SegmentID, row uint32) bool {
	return s.head.EndedRow(table, segment, row)
}
