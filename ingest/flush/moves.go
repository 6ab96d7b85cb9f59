package flush

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/meta"
)

// Moves knows where a flush took the rows of the head, for transactions that read them there and end them when they are in segments: they need not fail
// for a flush. Nothing is written down for it: the generations that were flushed say in which order their rows went, and the segments where each series begins. So
// it costs no flush anything, and keeps those generations in memory; the segments' files are there as long as a snapshot from before the
// flush is held.
type Moves struct {
	job *job
}

// moves says what publishing the job does to rows.
func (j *job) moves() *Moves {
	return &Moves{&job{
		Options: Options{Files: j.Files, Pool: j.Pool, Logger: j.Logger}, snap: j.snap, prev: j.prev,
		tables: slices.DeleteFunc(slices.Clone(j.tables), func(w *written) bool { return slices.Contains(j.truncated, w) }),
	}}
}

// Snapshot has the generations that were flushed.
func (m *Moves) Snapshot() *head.Snapshot { return m.job.snap }

// Follow gives sets of a table's rows by the addresses that they had when the flush was published. Rows that were dead by then, superseded or truncated, were not
// written: they are in no set any more.
func (m *Moves) Follow(ctx context.Context, table meta.TableID, sets []*scan.RowSet) ([]*scan.RowSet, error) {
	there := make([]*scan.RowSet, len(sets)) // the rows that were flushed
	out := make([]*scan.RowSet, len(sets))
	for i, s := range sets {
		there[i], out[i] = &scan.RowSet{}, &scan.RowSet{}
		rest := &scan.RowSet{Segments: s.Segments, Others: maps.Clone(s.Others)}
		for place, rows := range s.Others {
			if place != scan.OwnRows && m.job.snap.Has(-place) {
				there[i].Union(&scan.RowSet{Others: map[int64]*roaring64.Bitmap{place: rows}})
				delete(rest.Others, place)
			}
		}
		out[i].Union(rest)
	}
	for _, w := range m.job.tables {
		if w.table.ID != table {
			continue
		}
		series := map[string]struct{}{}
		for _, s := range there {
			m.job.snap.SeriesOf(table, s, series)
		}
		l := newLocator(m.job.following(), w.table, there, series)
		defer l.job.pages.clear()
		if err := l.locate(ctx, w.parts); err != nil {
			return nil, fmt.Errorf("rows that were flushed: %w", err)
		}
		for i, found := range l.found {
			out[i].Union(found)
		}
	}
	return out, nil
}

// following is the job with a cache of pages of its own.
func (j *job) following() *job {
	out := *j
	out.pages = newLastPages(j.Pool)
	return &out
}
