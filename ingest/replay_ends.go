package ingest

import (
	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/ingest/wal"
	"github.com/automatanexus/aegis-db/meta"
)

// ends finds the rows that a record ends, as far as that is not done: deaths in segments are in deletion vectors up to the catalog's mark, and rows
// of the head that are flushed by now were dead when they were.
func (r *replayer) ends(rec *wal.Record) ([]head.Ends, error) {
	catalog := r.shard.opts.Catalog.Snapshot()
	var out []head.Ends
	for i := range rec.Ends {
		e := &rec.Ends[i]
		table := catalog.TableByID(e.Table)
		if table == nil {
			if e.Table >= catalog.NextTable() {
				return nil, unknownTable(e.Table)
			}
			continue
		}
		if rec.Seq <= table.From {
			continue
		}
		h := head.Ends{Table: e.Table, Own: e.Own}
		if rec.Seq > catalog.DeletedSeq(r.shard.opts.Shard) {
			h.Segments = segmentEnds(catalog.Manifest(e.Table), e)
		}
		var err error
		if h.Series, err = r.dying(e, table, catalog.FlushedSeq(r.shard.opts.Shard)); err != nil {
			return nil, err
		}
		if len(h.Segments) > 0 || len(h.Series) > 0 || h.Own != nil {
			out = append(out, h)
		}
	}
	return out, nil
}

// segmentEnds gives the rows of segments; those of segments that are gone went with all their rows.
func segmentEnds(m *meta.Manifest, e *wal.Ends) map[meta.SegmentID]*roaring.Bitmap {
	out := map[meta.SegmentID]*roaring.Bitmap{}
	for _, s := range e.Segments {
		if m.Segment(s.Segment) != nil {
			out[s.Segment] = s.Rows
		}
	}
	return out
}

// dying finds the rows of the head. Those that a truncation took are gone.
func (r *replayer) dying(e *wal.Ends, table *meta.Table, flushed meta.Seq) ([]head.Dying, error) {
	flushed = max(flushed, table.From)
	var out []head.Dying
	for i := range e.Series {
		s := &e.Series[i]
		var seqs, numbers []int64
		for k, seq := range s.Seqs {
			if seq > int64(flushed) {
				seqs, numbers = append(seqs, seq), append(numbers, s.Numbers[k])
			}
		}
		if len(seqs) == 0 {
			continue
		}
		key, err := r.keyOf(table.ID, s.Ref)
		if err != nil {
			return nil, err
		}
		found, missing, err := r.shard.head.Find(table.ID, key, seqs, numbers)
		if err != nil {
			return nil, err
		}
		if missing > 0 {
			return nil, column.Errorf(column.Corrupt, "%d rows of table %s end that were never written", missing, table.Name)
		}
		out = append(out, found...)
	}
	return out, nil
}

// keyOf gives the key of a series that the file defines.
func (r *replayer) keyOf(table meta.TableID, ref uint32) ([]byte, error) {
	t := r.tables[table]
	if t == nil || int(ref) >= len(t.refs) || t.refs[ref] == head.NoRef {
		return nil, undefined(table, ref)
	}
	r.renew(t, table)
	return t.dict.Keys().Key(t.refs[ref]), nil
}

// endsSize is about what the rows that a record ends take in memory.
func endsSize(rec *wal.Record) int64 {
	n := int64(0)
	for i := range rec.Ends {
		e := head.Ends{Segments: map[meta.SegmentID]*roaring.Bitmap{}, Own: rec.Ends[i].Own}
		for _, s := range rec.Ends[i].Segments {
			e.Segments[s.Segment] = s.Rows
		}
		n += e.Size()
		for _, s := range rec.Ends[i].Series {
			n += 512 + 8*int64(len(s.Seqs))
		}
	}
	return n
}

// foresee ends the rows that later records of the log end, before what is in the head is flushed in the middle of the replay: their places would
// not be known any more when those records come.
func (r *replayer) foresee() error {
	ahead := &replayer{shard: r.shard, ctx: r.ctx}
	o := r.log
	return wal.Ahead(o, r.seq, wal.Replay{File: ahead.file, Define: ahead.define, Commit: func(rec *wal.Record) error {
		return ahead.endAhead(rec, r.seq)
	}})
}

// endAhead ends the rows that are there: of records up to a seq.
func (r *replayer) endAhead(rec *wal.Record, upTo meta.Seq) error {
	if !r.counts(rec) {
		return nil
	}
	catalog := r.shard.opts.Catalog.Snapshot()
	for i := range rec.Ends {
		e := rec.Ends[i]
		table := catalog.TableByID(e.Table)
		if table == nil {
			continue
		}
		for k, s := range e.Series {
			n := 0
			for j, seq := range s.Seqs {
				if seq <= int64(upTo) {
					s.Seqs[n], s.Numbers[n] = seq, s.Numbers[j]
					n++
				}
			}
			s.Seqs, s.Numbers = s.Seqs[:n], s.Numbers[:n]
			e.Series[k] = s
		}
		dying, err := r.dying(&e, table, catalog.FlushedSeq(r.shard.opts.Shard))
		if err != nil {
			return err
		}
		r.shard.head.Settle(0, r.shard.head.End(rec.Seq, dying))
	}
	return nil
}
