package ingest

import (
	"context"
	"errors"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/ingest/wal"
	"github.com/automatanexus/aegis-db/meta"
)

// errChanged is what a commit fails with that ends rows which others have changed or moved since they were read.
var errChanged = column.SQLErrorf(column.Conflict, "40001", "could not serialize access due to concurrent update")

// Commit implements meta.Writer.
//
// A commit that ends rows finds them where their addresses say, by the newest catalog and head, while the gate keeps those places as they are. What
// is durable of it is one record, rows that come and rows that end together.
func (s *Shard) Commit(ctx context.Context, t *meta.Transaction, ack meta.Ack) (meta.Seq, error) {
	deletes, err := byTable(t)
	if err != nil {
		return 0, err
	}
	if len(t.Commands)+len(t.Written) > 0 {
		return s.commitBound(ctx, t, deletes)
	}
	if len(deletes) == 0 {
		return s.write(ctx, t.Rows, t.Again, ack)
	}
	release, err := s.holdRows(t.Rows, deletes)
	if err != nil {
		return 0, err
	}
	defer release()
	for {
		if err := unwanted(ctx); err != nil {
			return 0, err
		}
		checked, err := s.check(t.Rows)
		if err != nil {
			return 0, err
		}
		resolved, err := s.resolve(ctx, checked)
		if err != nil {
			return 0, err
		}
		seq, err := s.change(ctx, resolved, deletes, t.Again, nil, ack)
		if errors.Is(err, errRetired) {
			continue
		}
		if err != nil {
			return 0, err
		}
		return seq, s.acknowledge(seq, ack)
	}
}

// byTable gives the rows that a transaction ends, of each table once.
func byTable(t *meta.Transaction) ([]meta.Deletes, error) {
	own := map[meta.TableID]int64{}
	for i := range t.Rows {
		own[t.Rows[i].Table.ID] += int64(t.Rows[i].Len)
	}
	var out []meta.Deletes
	for _, d := range t.Deletes {
		if d.Rows.Len() == 0 {
			continue
		}
		if rows := d.Rows.Others[scan.OwnRows]; rows != nil && !rows.IsEmpty() && int64(rows.Maximum()) >= own[d.Table.ID] {
			return nil, column.Errorf(column.Internal, "table %q: own row %d of %d ends", d.Table.Name, rows.Maximum(), own[d.Table.ID])
		}
		at := slices.IndexFunc(out, func(o meta.Deletes) bool { return o.Table.ID == d.Table.ID })
		if at < 0 {
			out = append(out, d)
			continue
		}
		both := &scan.RowSet{}
		both.Union(out[at].Rows)
		both.Union(d.Rows)
		out[at].Rows = both
	}
	return out, nil
}

// change appends a commit that ends rows.
func (s *Shard) change(ctx context.Context, resolved []head.Batch, deletes []meta.Deletes, again []meta.Arbiter, bound *bound, ack meta.Ack) (meta.Seq, error) {
	if err := s.awaitOpen(ctx, resolved, deletes); err != nil {
		return 0, err
	}
	// Finding rows that have moved may take a while: it is done before the gate is taken, and again for what moves in between.
	if now, err := s.followDeletes(ctx, s.opts.Catalog.Snapshot(), bound, deletes); err == nil {
		deletes = now
	}
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.gate.RUnlock()
	catalog := s.opts.Catalog.Snapshot()
	deletes, err := s.followDeletes(ctx, catalog, bound, deletes)
	if err != nil {
		return 0, err
	}
	ends := make([]head.Ends, 0, len(deletes))
	for i := range deletes {
		d := &deletes[i]
		table := catalog.TableByID(d.Table.ID)
		if table == nil && bound != nil {
			table = bound.catalog.TableByID(d.Table.ID)
		}
		if table == nil {
			return 0, column.SQLErrorf(column.NotFound, "42P01", "table %q does not exist", d.Table.Name)
		}
		e, err := s.locate(ctx, catalog, bound, table, d.Rows)
		if err != nil {
			return 0, err
		}
		ends = append(ends, e)
	}
	p, err := newPrepared(ctx, resolved, ends)
	if err != nil {
		return 0, err
	}
	p.deletes, p.again, p.bound = deletes, again, bound
	if err := p.prepareEnds(ctx, s.head, catalog); err != nil {
		return 0, err
	}
	seq, err := s.append(ctx, p, ack)
	if err == nil {
		s.wakeDeletes()
	}
	return seq, err
}

// locate finds the rows of a table that end, and refuses those that are not where they were read or have ended already.
func (s *Shard) locate(ctx context.Context, catalog *meta.Snapshot, bound *bound, table *meta.Table, set *scan.RowSet) (head.Ends, error) {
	e := head.Ends{Table: table.ID}
	manifest := catalog.Manifest(table.ID)
	for id, rows := range set.Segments {
		if rows.IsEmpty() {
			continue
		}
		record := manifest.Segment(meta.SegmentID(id))
		if record == nil {
			record = bound.segment(meta.SegmentID(id))
		}
		if record == nil {
			return e, errChanged
		}
		if int64(rows.Maximum()) >= record.Rows {
			return e, column.Errorf(column.Internal, "table %q: row %d of %d of segment %d ends", table.Name, rows.Maximum(), record.Rows, id)
		}
		dead, err := s.dead.of(ctx, s.opts.Files, table.ID, record)
		if err != nil {
			return e, err
		}
		if dead.Intersects(rows) {
			return e, errChanged
		}
		if e.Segments == nil {
			e.Segments = map[meta.SegmentID]*roaring.Bitmap{}
		}
		e.Segments[record.ID] = rows
	}
	if rows := set.Others[scan.OwnRows]; rows != nil && !rows.IsEmpty() {
		e.Own = narrow(rows)
	}
	var err error
	if e.Series, err = s.head.Locate(table.ID, set, catalog.FlushedSeq(s.opts.Shard)); errors.Is(err, head.ErrGone) {
		err = errChanged
	}
	return e, err
}

// narrow is a set of small numbers in half the width.
func narrow(rows *roaring64.Bitmap) *roaring.Bitmap {
	out := roaring.New()
	for it := rows.Iterator(); it.HasNext(); {
		out.Add(uint32(it.Next()))
	}
	return out
}

// prepareEnds names the rows that end for the log: those of the head by the present dictionaries.
func (p *prepared) prepareEnds(ctx context.Context, h *head.Head, catalog *meta.Snapshot) error {
	p.dicts = map[meta.TableID]*head.Dict{}
	for i := range p.ends {
		e := &p.ends[i]
		out := wal.Ends{Table: e.Table, Own: e.Own}
		for id, rows := range e.Segments {
			out.Segments = append(out.Segments, wal.SegmentEnds{Segment: id, Rows: rows})
		}
		slices.SortFunc(out.Segments, func(a, b wal.SegmentEnds) int {
			if a.Segment < b.Segment {
				return -1
			}
			return 1
		})
		dict := h.Dict(e.Table)
		p.dicts[e.Table] = dict
		body := wal.Body{Table: e.Table}
		for k := range e.Series {
			if err := unwanted(ctx); err != nil {
				return err
			}
			d := &e.Series[k]
			s, err := seriesEnds(d, dict)
			if err != nil {
				return err
			}
			if slices.Min(s.Seqs) <= int64(catalog.TableByID(e.Table).From) {
				return errChanged // truncated
			}
			out.Series = append(out.Series, s)
			body.Refs = append(body.Refs, s.Ref)
		}
		var err error
		if body.Rows, err = wal.EncodeEnds(nil, &out); err != nil {
			return err
		}
		keys := dict.Keys()
		body.Key = keys.Key
		p.dying = append(p.dying, body)
	}
	return nil
}

func seriesEnds(d *head.Dying, dict *head.Dict) (wal.SeriesEnds, error) {
	own, ref := d.Dict()
	if own != dict {
		var err error
		if ref, err = dict.Intern(own.Keys().Key(ref), 0); err != nil { // rows of it are there: no limit keeps it out
			return wal.SeriesEnds{}, err
		}
	}
	seqs, numbers, err := d.Known()
	return wal.SeriesEnds{Ref: ref, Seqs: seqs, Numbers: numbers}, err
}
