package flush

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/meta"
)

// Rows that end while they are flushed are in the segments that are being written, and their deaths are newer than what the flush shows. So the
// segments come with deletion vectors: from then on nothing in the head names a row that has left it.

// withLate gives the segments of a table with deletion vectors for the rows that have ended since they were written.
func (j *job) withLate(ctx context.Context, w *written) ([]meta.Segment, error) {
	var out []meta.Segment
	for i := range w.parts {
		out = append(out, w.parts[i].segments...)
	}
	late, series := j.snap.Late(w.table.ID, j.after(w.table))
	if late.Len() == 0 {
		return out, nil
	}
	dead := map[meta.SegmentID]*roaring.Bitmap{}
	for i := range w.parts {
		if len(w.parts[i].segments) == 0 {
			continue
		}
		if err := j.lateRows(ctx, w.table, &w.parts[i], late, series, dead); err != nil {
			return nil, fmt.Errorf("rows that ended meanwhile: %w", err)
		}
	}
	for i := range out {
		rows := dead[out[i].ID]
		if rows == nil {
			continue
		}
		v, err := j.vector(ctx, w.table.ID, out[i].ID, nil, rows)
		if err != nil {
			return nil, err
		}
		out[i].Deleted = &v
	}
	return out, nil
}

// lateRows finds rows in the segments of a partition. Their order there is the one in which the head gives them: a row is found by its place
// among the rows of its series.
func (j *job) lateRows(ctx context.Context, table *meta.Table, p *partition, late *scan.RowSet, series map[string]struct{}, dead map[meta.SegmentID]*roaring.Bitmap) error {
	found := map[string][]int64{} // by series: places among its rows
	seen := map[string]int64{}
	req := &scan.Request{Time: timesOf(&table.Columns, p.number), Addresses: true}
	err := j.scan(ctx, j.snap.Only(series), table, req, nil, func(b *scan.Batch, runs head.Runs) error {
		places, rows := b.Columns[0].Ints, b.Columns[1].Ints
		for k, run := range runs.Runs {
			name := string(runs.Keys[k])
			for i := run.Start; i < run.Start+run.Len; i++ {
				if late.Contains(places[i], rows[i]) {
					found[name] = append(found[name], seen[name]+int64(i-run.Start))
				}
			}
			seen[name] += int64(run.Len)
		}
		return nil
	})
	if err != nil || len(found) == 0 {
		return err
	}
	// A series may go on in the next segment.
	before := map[string]int64{}
	for i := range p.segments {
		if err := j.placeLate(ctx, table, &p.segments[i], found, before, dead); err != nil {
			return err
		}
	}
	for name, rows := range found {
		if last := rows[len(rows)-1]; last >= before[name] {
			return fmt.Errorf("row %d of a series is in none of %d segments, which have %d", last, len(p.segments), before[name])
		}
	}
	return nil
}

// placeLate finds the rows that are in one segment. before counts the rows of each series in those before it.
func (j *job) placeLate(ctx context.Context, table *meta.Table, s *meta.Segment, found map[string][]int64, before map[string]int64, dead map[meta.SegmentID]*roaring.Bitmap) (err error) {
	r, err := j.reader(ctx, table, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for name, rows := range found {
		n, err := r.FindSeries([]byte(name))
		if err != nil {
			return err
		}
		if n < 0 {
			continue
		}
		at, err := r.Series(n)
		if err != nil {
			return err
		}
		lo, hi := before[name], before[name]+int64(at.Rows)
		before[name] = hi
		from, _ := slices.BinarySearch(rows, lo)
		for _, row := range rows[from:] {
			if row >= hi {
				break
			}
			if dead[s.ID] == nil {
				dead[s.ID] = roaring.New()
			}
			dead[s.ID].Add(at.First + uint32(row-lo))
		}
	}
	return nil
}
