package ingest

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/ingest/wal"
	"github.com/automatanexus/aegis-db/meta"
)

// replayer puts the WAL's records into the head. It holds one record and the refs of one file: no more than steady state does.
type replayer struct {
	shard   *Shard
	ctx     context.Context
	log     wal.Options
	tables  map[meta.TableID]*replayed
	rows    int64
	skipped int64 // rows of tables that were dropped
	seq     meta.Seq
}

// replayed maps the refs of a file to those of a dictionary.
type replayed struct {
	dict *head.Dict
	refs []uint32
}

func (r *replayer) file(string) { r.tables = map[meta.TableID]*replayed{} }

func (r *replayer) define(table meta.TableID, ref uint32, encodedKey []byte) error {
	if r.shard.opts.Catalog.Snapshot().TableByID(table) == nil {
		return nil
	}
	// Logs of before tags could be added have complete keys.
	short, err := r.shard.shortKey(table, encodedKey)
	if err != nil {
		return err
	}
	t := r.tables[table]
	if t == nil {
		t = &replayed{dict: r.shard.head.Dict(table)}
		r.tables[table] = t
	}
	r.renew(t, table)
	for len(t.refs) <= int(ref) {
		t.refs = append(t.refs, head.NoRef)
	}
	t.refs[ref], err = t.dict.Intern(short, 0) // a limit that was lowered does not lose rows
	return err
}

// renew follows a table to a new dictionary, which a flush in the middle of the replay may have begun.
func (r *replayer) renew(t *replayed, table meta.TableID) {
	dict := r.shard.head.Dict(table)
	if dict == t.dict {
		return
	}
	keys := t.dict.Keys()
	for i, ref := range t.refs {
		if ref != head.NoRef {
			t.refs[i], _ = dict.Intern(keys.Key(ref), 0) // it was taken before: cannot fail
		}
	}
	t.dict = dict
}

func (r *replayer) commit(rec *wal.Record) error {
	if !r.counts(rec) {
		r.seq = rec.Seq
		return nil
	}
	batches, err := r.batches(rec)
	if err != nil {
		return err
	}
	estimate := endsSize(rec)
	for i := range batches {
		estimate += head.Estimate(&batches[i])
	}
	if err := r.shard.head.Reserve(estimate); err != nil {
		// The budget is smaller than what was left behind: make room.
		if err := r.makeRoom(estimate); err != nil {
			return err
		}
		if batches, err = r.batches(rec); err != nil {
			return err
		}
	}
	ends, err := r.ends(rec)
	if err != nil {
		return err
	}
	grown := r.shard.head.Append(rec.Seq, batches, ends)
	r.shard.head.Settle(estimate, grown)
	r.seq = rec.Seq
	return nil
}

// counts reports whether a record counts: what it is bound to may have been refused, or never have come.
func (r *replayer) counts(rec *wal.Record) bool {
	return !rec.Bound || r.shard.opts.Catalog.Snapshot().Counts(r.shard.opts.Shard, rec.Seq)
}

func (r *replayer) makeRoom(estimate int64) error {
	if err := r.foresee(); err != nil {
		return err
	}
	r.shard.head.Freeze(r.shard.dropped)
	if err := r.shard.flushFrozen(r.ctx); err != nil {
		return err
	}
	return r.shard.head.Reserve(estimate)
}

func (r *replayer) batches(rec *wal.Record) ([]head.Batch, error) {
	catalog := r.shard.opts.Catalog.Snapshot()
	var out []head.Batch
	for i := range rec.Tables {
		t := &rec.Tables[i]
		table := catalog.TableByID(t.Table)
		if table == nil {
			if t.Table >= catalog.NextTable() {
				return nil, unknownTable(t.Table)
			}
			r.skipped += int64(t.Rows)
			continue
		}
		if rec.Seq <= table.From {
			r.skipped += int64(t.Rows)
			continue
		}
		b, err := r.batch(t, table)
		if err != nil {
			return nil, err
		}
		r.rows += int64(t.Rows)
		out = append(out, b)
	}
	return out, nil
}

func (r *replayer) batch(t *wal.Table, table *meta.Table) (head.Batch, error) {
	known := r.tables[t.Table]
	if known == nil {
		known = &replayed{dict: r.shard.head.Dict(t.Table)}
	}
	r.renew(known, t.Table)
	b := head.Batch{Table: table, Rows: t.Rows, Refs: make([]uint32, len(t.Refs)), Dict: known.dict}
	for i, ref := range t.Refs {
		if int(ref) >= len(known.refs) || known.refs[ref] == head.NoRef {
			return b, undefined(t.Table, ref)
		}
		b.Refs[i] = known.refs[ref]
	}
	for _, c := range t.Columns {
		at := table.Columns.Index(c.ID)
		if at < 0 {
			continue
		}
		if to := table.Columns.Fields[at].Type; to != c.Vector.Type {
			if !c.Vector.Type.Widens(0, to, 0) {
				return b, mistyped(table, at, c.Vector.Type)
			}
			c.Vector = c.Vector.As(to) // the column's type has become wider since
		}
		b.Columns = append(b.Columns, head.Column{Field: table.Columns.Fields[at], Vector: c.Vector})
	}
	return b, addInitial(&b, t.SchemaVersion)
}

// addInitial gives rows of an older schema the initial values of the columns that have come since: to the head they are rows of now.
func addInitial(b *head.Batch, version uint32) error {
	for _, f := range b.Table.Columns.Fields {
		if f.Initial == "" || f.Added <= version {
			continue
		}
		v, err := f.InitialValues(b.Rows)
		if err != nil {
			return err
		}
		flat := column.NewBuilder(f.Type, b.Rows)
		flat.AppendVector(v, 0, b.Rows)
		b.Columns = append(b.Columns, head.Column{Field: f, Vector: flat.Finish()})
		if err := flat.Err(); err != nil {
			return err
		}
	}
	return nil
}
