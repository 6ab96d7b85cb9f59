package flush

import (
	"context"
	"errors"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/meta"
)

// older is a live segment that may hold rows that the flushed ones supersede.
type older struct {
	record *meta.Segment
	reader *segment.Reader
	dead   *roaring.Bitmap
	found  bool
}

// supersede finds the rows of live segments whose keys the flushed rows of a partition have, and writes deletion vectors for them. In
// the usual case, new times only, no segment is opened; where one is, a series is skipped by its range of times.
func (j *job) supersede(ctx context.Context, held *meta.Snapshot, table *meta.Table, p *partition) (_ []meta.VectorChange, err error) {
	rows := bounds(p)
	var olds []*older
	defer func() {
		for _, o := range olds {
			err = errors.Join(err, o.reader.Close())
		}
	}()
	for s := range held.Manifest(table.ID).InPartition(p.number) {
		if len(p.segments) == 0 || !rows.Overlaps(s.MinTime, s.MaxTime) {
			continue
		}
		o, err := j.open(ctx, table, s)
		if err != nil {
			return nil, err
		}
		olds = append(olds, o)
	}
	if len(olds) == 0 {
		return nil, nil
	}
	if err := j.find(ctx, table, p, olds); err != nil {
		return nil, err
	}
	var out []meta.VectorChange
	for _, o := range olds {
		if !o.found {
			continue
		}
		change, err := j.vector(ctx, table, o)
		if err != nil {
			return nil, err
		}
		out = append(out, change)
	}
	return out, nil
}

func bounds(p *partition) scan.TimeRange {
	r := scan.TimeRange{Min: scan.AllTime.Max, Max: scan.AllTime.Min}
	for _, s := range p.segments {
		r = scan.TimeRange{Min: min(r.Min, s.MinTime), Max: max(r.Max, s.MaxTime)}
	}
	return r
}

func (j *job) open(ctx context.Context, table *meta.Table, s *meta.Segment) (*older, error) {
	o := &older{record: s, dead: roaring.New()}
	var err error
	if d := s.Deleted; d != nil {
		info := segment.VectorInfo{Rows: d.Rows, Bytes: d.Bytes, Sum: d.Sum}
		if o.dead, err = segment.ReadVector(ctx, j.Files, uint64(table.ID), uint64(s.ID), d.Version, info); err != nil {
			return nil, fmt.Errorf("segment %d: %w", s.ID, err)
		}
	}
	o.reader, err = segment.Open(ctx, j.Files, segment.Ref{
		Table: uint64(table.ID), Segment: uint64(s.ID), Rows: s.Rows,
		DataBytes: s.DataBytes, SidecarBytes: s.SidecarBytes, SidecarSum: s.SidecarSum,
	}, segment.ReadOptions{Cache: j.pages})
	if err != nil {
		return nil, fmt.Errorf("segment %d: %w", s.ID, err)
	}
	return o, nil
}

// find marks the superseded rows of the older segments.
func (j *job) find(ctx context.Context, table *meta.Table, p *partition, olds []*older) error {
	schema := &table.Columns
	req := &scan.Request{Columns: schema.Order(), Time: timesOf(schema, p.number)}
	timed := len(req.Columns) > 0 && req.Columns[0] == schema.Time
	return j.scan(ctx, table, req, nil, func(b *scan.Batch, runs head.Runs) error {
		for k, run := range runs.Runs {
			lo, hi := int(run.Start), int(run.Start+run.Len)
			times := scan.AllTime
			if timed {
				times = scan.TimeRange{Min: b.Columns[0].Int(lo), Max: b.Columns[0].Int(hi - 1)}
			}
			var keys [][]byte // made for the first segment that needs them
			for _, o := range olds {
				if timed && !times.Overlaps(o.record.MinTime, o.record.MaxTime) {
					continue
				}
				there, err := o.has(runs.Keys[k], times, timed)
				if err != nil {
					return err
				}
				if !there {
					continue
				}
				if keys == nil {
					keys = orderKeys(b, lo, hi)
				}
				if err := o.mark(ctx, runs.Keys[k], keys); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// has reports whether a series has rows in the segment, at times that overlap.
func (o *older) has(series []byte, times scan.TimeRange, timed bool) (bool, error) {
	i, err := o.reader.FindSeries(series)
	if err != nil || i < 0 {
		return false, o.wrap(err)
	}
	if !timed {
		return true, nil
	}
	s, err := o.reader.Series(i)
	return times.Overlaps(s.Min, s.Max), o.wrap(err)
}

func (o *older) mark(ctx context.Context, series []byte, keys [][]byte) error {
	rows, err := o.reader.FindRows(ctx, series, keys)
	for _, r := range rows {
		o.found = o.dead.CheckedAdd(r) || o.found
	}
	return o.wrap(err)
}

func (o *older) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("segment %d: %w", o.record.ID, err)
}

// orderKeys encodes rows [lo, hi) of a batch of order columns. They ascend, as the rows do.
func orderKeys(b *scan.Batch, lo, hi int) [][]byte {
	keys := make([][]byte, 0, hi-lo)
	var arena []byte
	for i := lo; i < hi; i++ {
		from := len(arena)
		for _, v := range b.Columns {
			arena = key.AppendValue(arena, v, i)
		}
		keys = append(keys, arena[from:len(arena):len(arena)])
	}
	return keys
}

// vector writes the next version of a segment's deletion vector.
func (j *job) vector(ctx context.Context, table *meta.Table, o *older) (meta.VectorChange, error) {
	// A reserved id, greater than all before: so two writers who start from the same version never write the same file.
	version, err := j.id(ctx)
	if err != nil {
		return meta.VectorChange{}, err
	}
	t, s := uint64(table.ID), uint64(o.record.ID)
	j.vectors = append(j.vectors, file{t, s, version})
	info, err := segment.WriteVector(ctx, j.Files, t, s, version, o.dead)
	if err != nil {
		return meta.VectorChange{}, fmt.Errorf("segment %d: write deletion vector: %w", s, err)
	}
	at := meta.SegmentAt{ID: o.record.ID}
	if o.record.Deleted != nil {
		at.Vector = o.record.Deleted.Version
	}
	return meta.VectorChange{SegmentAt: at, New: meta.DeletionVector{Version: version, Rows: info.Rows, Bytes: info.Bytes, Sum: info.Sum}}, nil
}
