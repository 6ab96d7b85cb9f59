package flush

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

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
	found  *roaring.Bitmap // superseded, and not dead yet
}

// supersede finds the rows of live segments whose keys the flushed rows have.
func (j *job) supersede(ctx context.Context, held *meta.Snapshot) error {
	for _, w := range j.tables {
		if !w.table.Columns.Supersedes() || held.TableByID(w.table.ID) == nil {
			continue
		}
		for i := range w.parts {
			if err := j.supersedePartition(ctx, held, w.table, &w.parts[i]); err != nil {
				return fmt.Errorf("table %d: find superseded rows: %w", w.table.ID, err)
			}
		}
	}
	return nil
}

// supersedePartition is for one partition. In the usual case, new times only, no segment is opened; where one is, a series is skipped by
// its range of times.
func (j *job) supersedePartition(ctx context.Context, held *meta.Snapshot, table *meta.Table, p *partition) (err error) {
	p.olds = map[meta.SegmentID]*roaring.Bitmap{}
	var olds []*older
	defer func() {
		for _, o := range olds {
			err = errors.Join(err, o.reader.Close())
		}
	}()
	for s := range p.older(held.Manifest(table.ID)) {
		o, err := j.open(ctx, table, s)
		if err != nil {
			return err
		}
		olds = append(olds, o)
		p.olds[s.ID] = o.found
	}
	if len(olds) == 0 {
		return nil
	}
	return j.find(ctx, table, p, olds)
}

// older lists the live segments of a partition that may have rows of the same keys.
func (p *partition) older(m *meta.Manifest) iter.Seq[*meta.Segment] {
	rows := bounds(p)
	return func(yield func(*meta.Segment) bool) {
		for s := range m.InPartition(p.number) {
			if (p.dead || len(p.segments) > 0 && rows.Overlaps(s.MinTime, s.MaxTime)) && !yield(s) {
				return
			}
		}
	}
}

// unmoved checks that the segments are still those that were looked at: a merge may have made others of them.
func (j *job) unmoved(now *meta.Snapshot, table *meta.Table, p *partition) error {
	m := now.Manifest(table.ID)
	for id, rows := range p.olds {
		if !rows.IsEmpty() && m.Segment(id) == nil {
			return errMoved
		}
	}
	if !table.Columns.Supersedes() {
		return nil
	}
	for s := range p.older(m) {
		if _, seen := p.olds[s.ID]; !seen {
			return errMoved
		}
	}
	return nil
}

// changes writes deletion vectors that have some rows more. Segments that are gone went with their table's rows.
func (j *job) changes(ctx context.Context, now *meta.Snapshot, table *meta.Table, ends map[meta.SegmentID]*roaring.Bitmap) ([]meta.VectorChange, error) {
	m := now.Manifest(table.ID)
	var out []meta.VectorChange
	for _, id := range slices.Sorted(maps.Keys(ends)) {
		record := m.Segment(id)
		if record == nil {
			continue
		}
		dead, err := ReadVector(ctx, j.Files, table.ID, record)
		if err != nil {
			return nil, err
		}
		before := dead.GetCardinality()
		if dead.Or(ends[id]); dead.GetCardinality() == before {
			continue
		}
		v, err := j.vector(ctx, record.FilesOf(table.ID), id, record.Deleted, dead)
		if err != nil {
			return nil, err
		}
		at := meta.SegmentAt{ID: id}
		if record.Deleted != nil {
			at.Vector = record.Deleted.Version
		}
		out = append(out, meta.VectorChange{SegmentAt: at, New: v})
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

// ReadVector reads the dead rows of a segment; the bitmap is the caller's.
func ReadVector(ctx context.Context, files segment.Files, table meta.TableID, s *meta.Segment) (*roaring.Bitmap, error) {
	d := s.Deleted
	if d == nil {
		return roaring.New(), nil
	}
	info := segment.VectorInfo{Rows: d.Rows, Bytes: d.Bytes, Sum: d.Sum}
	dead, err := segment.ReadVector(ctx, files, uint64(s.FilesOf(table)), uint64(s.ID), d.Version, info)
	if err != nil {
		return nil, fmt.Errorf("segment %d: %w", s.ID, err)
	}
	return dead, nil
}

func (j *job) open(ctx context.Context, table *meta.Table, s *meta.Segment) (*older, error) {
	o := &older{record: s, found: roaring.New()}
	var err error
	if o.dead, err = ReadVector(ctx, j.Files, table.ID, s); err != nil {
		return nil, err
	}
	o.reader, err = j.reader(ctx, table, s)
	return o, err
}

func (j *job) reader(ctx context.Context, table *meta.Table, s *meta.Segment) (*segment.Reader, error) {
	r, err := segment.Open(ctx, j.Files, segment.Ref{
		Table: uint64(s.FilesOf(table.ID)), Segment: uint64(s.ID), Rows: s.Rows,
		DataBytes: s.DataBytes, SidecarBytes: s.SidecarBytes, SidecarSum: s.SidecarSum,
	}, segment.ReadOptions{Cache: j.pages})
	if err != nil {
		return nil, fmt.Errorf("segment %d: %w", s.ID, err)
	}
	return r, nil
}

// find marks the superseded rows of the older segments.
func (j *job) find(ctx context.Context, table *meta.Table, p *partition, olds []*older) error {
	schema := &table.Columns
	req := &scan.Request{Columns: schema.Order(), Time: timesOf(schema, p.number)}
	timed := len(req.Columns) > 0 && req.Columns[0] == schema.Time
	// Rows that have ended supersede as the others do.
	return j.scan(ctx, j.snap.Ever(), table, req, nil, func(b *scan.Batch, runs head.Runs) error {
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
		if !o.dead.Contains(r) {
			o.found.Add(r)
		}
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

// vector writes a version of the deletion vector of a segment that has its files with a table.
func (j *job) vector(ctx context.Context, home meta.TableID, id meta.SegmentID, follows *meta.DeletionVector, dead *roaring.Bitmap) (meta.DeletionVector, error) {
	// A reserved id, greater than all before: so two writers who start from the same version never write the same file.
	version, err := j.version(ctx, follows)
	if err != nil {
		return meta.DeletionVector{}, err
	}
	t, s := uint64(home), uint64(id)
	j.vectors = append(j.vectors, file{t, s, version})
	info, err := segment.WriteVector(ctx, j.Files, t, s, version, dead)
	if err != nil {
		return meta.DeletionVector{}, fmt.Errorf("segment %d: write deletion vector: %w", s, err)
	}
	return meta.DeletionVector{Version: version, Rows: info.Rows, Bytes: info.Bytes, Sum: info.Sum}, nil
}

// version gives a reserved id above that of the vector which it follows: others who write vectors may have reserved later than this job has.
func (j *job) version(ctx context.Context, follows *meta.DeletionVector) (uint64, error) {
	for {
		id, err := j.id(ctx)
		if err != nil || follows == nil || id > follows.Version {
			return id, err
		}
	}
}
