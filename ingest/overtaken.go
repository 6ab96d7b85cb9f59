package ingest

import (
	"bytes"
	"context"
	"slices"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/meta"
)

// Rows of a table with a unique_key replace each other, whoever writes them: nothing is looked up. But what ON CONFLICT and UPDATE write depends on the row of
// the key that they have seen, or that they have seen none. So their keys are looked up when they commit, one such commit of a table at a time: the newest row of a key
// must be one that the commit ends, or there must be none. Other writers are not kept waiting; a row that comes from one of them between the look-up
// and the append is noticed by the number of the table's rows.

// decidedRows gives the rows of a table's batches that depend on what was seen of their keys, nil if there are none: by their numbers among the commit's rows.
func (p *prepared) decidedRows(t *meta.Table) func(i int) bool {
	var spans [][2]int
	for _, a := range p.again {
		if a.Table == t.ID && t.Columns.Supersedes() && sameColumns(a.Columns, t.Columns.Key) {
			spans = append(spans, [2]int{a.From, a.To})
		}
	}
	if len(spans) == 0 {
		return nil
	}
	return func(i int) bool {
		return slices.ContainsFunc(spans, func(s [2]int) bool { return s[1] == 0 || s[0] <= i && i < s[1] })
	}
}

// standKeys refuses a commit whose keys others have written to since. Commits that are asked to are alone with the table.
func (s *Shard) standKeys(ctx context.Context, table *uniqueTable, p *prepared, batches []int) error {
	t := s.catalogFor(p).TableByID(p.batches[batches[0]].Table.ID)
	if t == nil {
		return nil // its rows go nowhere
	}
	decided := p.decidedRows(t)
	if decided == nil {
		return nil
	}
	if p.stood == nil {
		p.stood = map[meta.TableID]int64{}
	}
	p.stood[t.ID] = s.head.Rows(t.ID)
	parts := make([]*tuples, len(batches))
	for k, i := range batches {
		var err error
		if parts[k], err = tuplesOf(ctx, &p.batches[i], t.Columns.Key, false); err != nil {
			return err
		}
	}
	rows := joinTuples(parts)
	if rows.Lo == nil {
		return nil
	}
	l := keyLook{shard: s, table: t, rows: rows, ended: p.ended(t.ID), settled: make([]bool, len(rows.Hashes)), gone: make([]bool, len(rows.Hashes))}
	l.settleOwn(decided)
	if err := l.inHead(ctx); err != nil {
		return err
	}
	if err := l.inSegments(ctx, table); err != nil {
		return err
	}
	if l.overtaken {
		return errChanged
	}
	return nil
}

// keyLook looks for the newest rows of keys.
type keyLook struct {
	shard     *Shard
	table     *meta.Table
	rows      *tuples
	ended     *scan.RowSet
	settled   []bool // by row: it is known whether somebody has written its key
	gone      []bool // others have ended the newest row of its key: fine for who has seen that, and not for who ends an older one
	overtaken bool
}

// settleOwn passes over the rows that depend on nothing, and those whose key an earlier row of the commit has that depends on nothing: it has replaced what was there.
func (l *keyLook) settleOwn(decided func(int) bool) {
	blind := map[string]bool{}
	for i := range l.rows.Hashes {
		switch {
		case !decided(i):
			l.settled[i] = true
			blind[string(l.rows.tuple(i))] = true
		case len(blind) > 0 && blind[string(l.rows.tuple(i))]:
			l.settled[i] = true
		}
	}
}

// inHead settles the rows whose keys the head has: what it has is newer than what is stored.
func (l *keyLook) inHead(ctx context.Context) error {
	t := l.table
	endsInHead := l.endsInHead()
	var bad error
	err := l.shard.head.FindNewest(ctx, t, &l.rows.BatchKeys, func(i int, row head.KeyRow) (more bool) {
		if bad != nil || l.settled[i] {
			return false
		}
		var tuple []byte
		if tuple, bad = row.Tuple(&t.Columns, t.Columns.Key); bad != nil || !bytes.Equal(tuple, l.rows.tuple(i)) {
			return true
		}
		if t.From > 0 {
			var since bool
			if since, bad = row.Since(t.From); bad != nil || !since {
				return true
			}
		}
		switch mine := row.Among(l.ended); {
		case l.gone[i]:
			l.overtaken = l.overtaken || mine
		case !mine && row.Ended(nil):
			l.gone[i] = true
		default:
			l.settled[i] = true
			l.overtaken = l.overtaken || !mine
		}
		return !l.settled[i] && !l.overtaken && endsInHead
	})
	if err == nil {
		err = bad
	}
	return err
}

// endsInHead reports whether the commit ends rows of others that are in the head.
func (l *keyLook) endsInHead() bool {
	if l.ended == nil {
		return false
	}
	for place := range l.ended.Others {
		if place != scan.OwnRows {
			return true
		}
	}
	return false
}

// inSegments looks for the keys that the head does not have, and for rows that the commit ends of those whose newest row has ended.
func (l *keyLook) inSegments(ctx context.Context, table *uniqueTable) error {
	u := &uniqueKey{columns: l.table.Columns.Key}
	look := func(skip func(i int) bool, which rowsThatCount) error {
		at, err := l.shard.clashInSegments(ctx, table, l.table, u, l.rows, skip, l.ended, which)
		l.overtaken = l.overtaken || at >= 0
		return err
	}
	err := look(func(i int) bool { return l.settled[i] || l.gone[i] }, rowsOfOthers)
	if err == nil && l.ended != nil && len(l.ended.Segments) > 0 && slices.Contains(l.gone, true) {
		err = look(func(i int) bool { return !l.gone[i] }, rowsThatEnd)
	}
	return err
}

// stand reports whether the head has no more rows of tables than when their keys were looked up. The caller keeps commits out.
func (s *Shard) stand(p *prepared) bool {
	for id, rows := range p.stood {
		if s.head.Rows(id) != rows {
			return false
		}
	}
	return true
}
