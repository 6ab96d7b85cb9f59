package ingest

import (
	"context"
	"slices"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// A transaction's rows are held against unique constraints by the statement that brings them, so that it fails as PostgreSQL's does, and again when they are
// committed: others may have committed rows meanwhile.

// ownKeys are the tuples of a transaction's own rows of a table, by unique constraint.
type ownKeys struct {
	uniques []uniqueKey
	rows    []map[string]uint64 // by constraint: the newest own row of a tuple
	seen    int                 // batches of the transaction that were looked at
	count   uint64              // rows of the table in them
}

// keyBytes is about what a tuple takes in a map, beside its bytes.
const keyBytes = 64

// Unique looks up the rows that came since a mark: among the transaction's other rows, and among those that are committed, by whomever and whenever. again are
// the keys of which a row that is there is a conflict, not an error. An error of memory or of the disk leaves everything as it was, too.
func (o *Own) Unique(ctx context.Context, since OwnMark, again []meta.Arbiter) error {
	for i := since.batches; i < len(o.batches); i++ {
		t := o.batches[i].rows.Table
		if len(uniques(t)) == 0 || slices.ContainsFunc(o.batches[since.batches:i], func(b ownBatch) bool { return b.rows.Table.ID == t.ID }) {
			continue
		}
		newest := t
		for _, b := range o.batches[i:] {
			if b.rows.Table.ID == t.ID {
				newest = b.rows.Table
			}
		}
		o.lookedSince(t.ID)
		if err := o.uniqueOwn(ctx, newest, since, again); err != nil {
			return err
		}
		if err := o.uniqueWritten(ctx, newest, since); err != nil {
			return err
		}
		if err := o.uniqueCommitted(ctx, newest, since, again); err != nil {
			return err
		}
	}
	if since.batches <= o.looked {
		o.looked = len(o.batches)
	}
	return nil
}

// uniqueOwn looks among the transaction's own rows.
func (o *Own) uniqueOwn(ctx context.Context, t *meta.Table, since OwnMark, again []meta.Arbiter) error {
	k := o.keys[t.ID]
	if list := uniques(t); k == nil || !slices.EqualFunc(k.uniques, list, sameUnique) {
		k = &ownKeys{uniques: list, rows: make([]map[string]uint64, len(list))}
		for i := range k.rows {
			k.rows[i] = map[string]uint64{}
		}
		if o.keys == nil {
			o.keys = map[meta.TableID]*ownKeys{}
		}
		o.keys[t.ID] = k
	}
	ended := o.head.Ended(t.ID).Others[scan.OwnRows]
	for ; k.seen < len(o.batches); k.seen++ {
		b := &o.batches[k.seen].resolved
		if b.Table.ID != t.ID {
			continue
		}
		for i := range k.uniques {
			if err := o.uniqueBatch(ctx, k, i, k.seen, ended, k.seen >= since.batches, again); err != nil {
				return err
			}
		}
		k.count += uint64(b.Rows)
	}
	return nil
}

func sameUnique(a, b uniqueKey) bool {
	return a.name == b.name && a.distinct == b.distinct && slices.Equal(a.columns, b.columns)
}

// uniqueBatch looks one batch up by one constraint, and remembers its tuples.
func (o *Own) uniqueBatch(ctx context.Context, k *ownKeys, which, batch int, ended *roaring64.Bitmap, isNew bool, again []meta.Arbiter) error {
	b, u := &o.batches[batch].resolved, &k.uniques[which]
	tuples, err := tuplesOf(ctx, b, u.columns, u.distinct)
	if err != nil {
		return err
	}
	for i := range b.Rows {
		row := k.count + uint64(i)
		if err := unwantedAt(ctx, i); err != nil {
			return err
		}
		if tuples.Free != nil && tuples.Free[i] || ended != nil && ended.Contains(row) {
			continue
		}
		tuple := tuples.tuple(i)
		if other, there := k.rows[which][string(tuple)]; isNew && there && (ended == nil || !ended.Contains(other)) {
			return duplicate(b, u, i, again)
		}
		if err := o.reserve(int64(len(tuple)) + keyBytes); err != nil {
			return err
		}
		o.keyed += int64(len(tuple)) + keyBytes
		k.rows[which][string(tuple)] = row
	}
	return nil
}

// uniqueCommitted looks among the rows that are committed and that the transaction has not ended.
func (o *Own) uniqueCommitted(ctx context.Context, t *meta.Table, since OwnMark, again []meta.Arbiter) error {
	s := o.shard
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.gate.RUnlock()
	catalog := s.opts.Catalog.Snapshot()
	if t = catalog.TableByID(t.ID); t == nil {
		return nil // the transaction has made it
	}
	followed, err := s.follow(ctx, t.ID, []*scan.RowSet{o.withoutWritten(o.head.Ended(t.ID).Without(scan.OwnRows))}, s.standing(catalog))
	if err != nil {
		return err
	}
	table := s.unique.of(t.ID)
	if err := table.mu.lock(ctx); err != nil {
		return err
	}
	defer table.mu.unlock()
	for i := since.batches; i < len(o.batches); i++ {
		b := &o.batches[i].resolved
		if b.Table.ID != t.ID {
			continue
		}
		for _, u := range uniques(t) {
			tuples, err := tuplesOf(ctx, b, u.columns, u.distinct)
			if err != nil {
				return err
			}
			clash, _, err := s.clash(ctx, table, t, &u, tuples, followed[0])
			tuples.Unclaim()
			if err != nil {
				return err
			}
			if clash >= 0 {
				if err := s.unchanged(ctx, catalog, t, followed[0]); err != nil {
					return err // what has the key may be what others have made of a row that the transaction ends
				}
				return duplicate(b, &u, clash, again)
			}
		}
	}
	return nil
}

// unchanged refuses rows of a set that others have ended.
func (s *Shard) unchanged(ctx context.Context, catalog *meta.Snapshot, t *meta.Table, set *scan.RowSet) error {
	ends, err := s.locate(ctx, catalog, nil, t, set)
	if err == nil && s.head.Dead(&ends) {
		err = errChanged
	}
	for i := range ends.Series {
		if err != nil || t.From == 0 {
			break
		}
		var seqs []int64
		if seqs, _, err = ends.Series[i].Known(); err == nil && slices.Min(seqs) <= int64(t.From) {
			err = errChanged // truncated
		}
	}
	return err
}

// forgetKeys drops what is remembered of tuples: the next statement looks at all own rows again.
func (o *Own) forgetKeys() {
	o.giveBack(o.keyed)
	o.keys, o.keyed = nil, 0
}
