package flush

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

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
	l := newLocator(j, w.table, []*scan.RowSet{late}, series)
	if err := l.locate(ctx, w.parts); err != nil {
		return nil, fmt.Errorf("rows that ended meanwhile: %w", err)
	}
	for i := range out {
		rows := l.found[0].Segments[uint64(out[i].ID)]
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

// locator finds rows of the head in the segments that they were written to.
type locator struct {
	job    *job
	table  *meta.Table
	sets   []*scan.RowSet // the rows that are looked for
	all    *scan.RowSet   // of all sets
	series map[string]struct{}
	found  []*scan.RowSet // of each set
}

func newLocator(j *job, table *meta.Table, sets []*scan.RowSet, series map[string]struct{}) *locator {
	l := &locator{job: j, table: table, sets: sets, all: sets[0], series: series, found: make([]*scan.RowSet, len(sets))}
	if len(sets) > 1 {
		l.all = &scan.RowSet{}
		for _, s := range sets {
			l.all.Union(s)
		}
	}
	for i := range l.found {
		l.found[i] = &scan.RowSet{}
	}
	return l
}

// locate looks in the segments of some partitions.
func (l *locator) locate(ctx context.Context, parts []partition) error {
	for i := range parts {
		if len(parts[i].segments) == 0 {
			continue
		}
		if err := l.inPartition(ctx, &parts[i]); err != nil {
			return err
		}
	}
	return nil
}

// located is a row that was looked for: its place among the rows of its series, and of which set it is.
type located struct {
	place int64
	set   int
}

// inPartition finds rows in the segments of a partition. Their order there is the one in which the head gives them: a row is found by its place
// among the rows of its series.
func (l *locator) inPartition(ctx context.Context, p *partition) error {
	found := map[string][]located{} // by series
	seen := map[string]int64{}
	req := &scan.Request{Time: timesOf(&l.table.Columns, p.number), Addresses: true}
	err := l.job.scan(ctx, l.job.snap.Only(l.series), l.table, req, nil, func(b *scan.Batch, runs head.Runs) error {
		places, rows := b.Columns[0].Ints, b.Columns[1].Ints
		for k, run := range runs.Runs {
			name := string(runs.Keys[k])
			for i := run.Start; i < run.Start+run.Len; i++ {
				if l.all.Contains(places[i], rows[i]) {
					found[name] = l.append(found[name], seen[name]+int64(i-run.Start), places[i], rows[i])
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
		if err := l.inSegment(ctx, &p.segments[i], found, before); err != nil {
			return err
		}
	}
	for name, rows := range found {
		if last := rows[len(rows)-1].place; last >= before[name] {
			return fmt.Errorf("row %d of a series is in none of %d segments, which have %d", last, len(p.segments), before[name])
		}
	}
	return nil
}

func (l *locator) append(dst []located, at, place, row int64) []located {
	if len(l.sets) == 1 {
		return append(dst, located{place: at})
	}
	for i, s := range l.sets {
		if s.Contains(place, row) {
			dst = append(dst, located{at, i})
		}
	}
	return dst
}

// inSegment finds the rows that are in one segment. before counts the rows of each series in those before it.
func (l *locator) inSegment(ctx context.Context, s *meta.Segment, found map[string][]located, before map[string]int64) (err error) {
	r, err := l.job.reader(ctx, l.table, s)
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
		from, _ := slices.BinarySearchFunc(rows, lo, func(r located, lo int64) int { return cmp.Compare(r.place, lo) })
		for _, row := range rows[from:] {
			if row.place >= hi {
				break
			}
			l.found[row.set].Add(int64(s.ID), int64(at.First)+row.place-lo)
		}
	}
	return nil
}
