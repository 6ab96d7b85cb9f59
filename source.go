package aegis

import (
	"context"
	"iter"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/ingest"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/tiering/segments"
)

// morselRows is how many rows of a segment one worker takes at a time: enough that opening pages costs little beside
// decoding them, few enough that two workers end together.
const morselRows = 128 << 10

// tableSource reads a table as a snapshot sees it: the head's rows above the flushed mark, and the live rows of
// each segment that newer rows do not supersede.
type tableSource struct {
	snapshot *Snapshot
	table    *meta.Table
}

// Morsels implements scan.Source. Segments come first, in the manifest's order (by partition), the head last.
func (t *tableSource) Morsels(ctx context.Context, req *scan.Request) ([]scan.Morsel, scan.Stats, error) {
	var out []scan.Morsel
	var total scan.Stats
	s := t.snapshot
	req = t.withKeys(req)
	after := s.rowsAfter(t.table)
	mask := s.head.Mask(t.table, after)
	manifest := s.catalog.Manifest(t.table.ID)
	total.Segments = manifest.Len()
	total.SegmentsPruned = total.Segments
	asked := s.db.indexes.Scan(t.table.ID, req.Index)
	defer asked.Done(s.catalog)
	for record := range t.records(manifest, req.Time) {
		h, err := s.segment(ctx, t.table.ID, record)
		if err != nil {
			return nil, total, err
		}
		only, err := asked.Rows(ctx, record)
		if err != nil {
			return nil, total, err
		}
		if only, err = t.withKey(ctx, h.Reader, req, only); err != nil {
			return nil, total, err
		}
		view := segment.View{Schema: &t.table.Columns, Deleted: t.dead(record, h), Mask: mask, Only: only}
		morsels, stats, err := h.Reader.Morsels(ctx, req, view, morselRows)
		if err != nil {
			return nil, total, err
		}
		out = append(out, morsels...)
		add(&total, stats)
		if len(morsels) > 0 {
			total.SegmentsPruned--
		}
	}
	if !s.head.Holds(t.table.ID, after) {
		return out, total, nil
	}
	morsels, stats, err := s.head.Morsels(ctx, t.table, req, after, t.filler(manifest, req.Time))
	if err != nil {
		return nil, total, err
	}
	add(&total, stats)
	return append(out, morsels...), total, nil
}

// records lists the segments that may have rows in a range of times.
func (t *tableSource) records(manifest *meta.Manifest, times scan.TimeRange) iter.Seq[*meta.Segment] {
	if t.table.Columns.Time == 0 {
		return manifest.All()
	}
	return manifest.InTime(times.Min, times.Max)
}

// dead gives the rows of a segment that the snapshot does not see any more: those in its deletion vector, and those that have ended since.
func (t *tableSource) dead(record *meta.Segment, h *segments.Handle) *roaring.Bitmap {
	dead := h.Deleted
	switch ended := t.snapshot.head.Ended(t.table.ID, record.ID); {
	case ended == nil:
	case dead == nil:
		dead = ended
	default:
		dead = t.snapshot.db.unions.of(record, dead, ended)
	}
	switch own := t.snapshot.head.OwnEnded(t.table.ID, record.ID); {
	case own == nil:
		return dead
	case dead == nil:
		return own
	default:
		return roaring.Or(dead, own)
	}
}

// filler gives the head's rows what they lack from the rows of segments that they hide; nil where rows do not merge. Both are
// of the snapshot: the segments of its catalog version, with the deletion vectors of that version.
func (t *tableSource) filler(manifest *meta.Manifest, times scan.TimeRange) scan.Filler {
	if !t.table.Columns.Merge {
		return nil
	}
	var list []segment.Stored
	for record := range t.records(manifest, times) {
		list = append(list, segment.Stored{
			Times: scan.TimeRange{Min: record.MinTime, Max: record.MaxTime},
			Open: func(ctx context.Context) (*segment.Reader, *roaring.Bitmap, error) {
				h, err := t.snapshot.segment(ctx, t.table.ID, record)
				if err != nil {
					return nil, nil, err
				}
				return h.Reader, t.dead(record, h), nil
			},
		})
	}
	return segment.NewFiller(&t.table.Columns, list)
}

// openSegment opens a live segment for the shard, which looks keys up.
func (db *DB) openSegment(ctx context.Context, table meta.TableID, s *meta.Segment) (ingest.OpenedSegment, error) {
	h, err := db.segments.Acquire(ctx, table, s)
	if err != nil {
		return ingest.OpenedSegment{}, err
	}
	return ingest.OpenedSegment{Reader: h.Reader, Deleted: h.Deleted, Release: h.Release}, nil
}

func add(total *scan.Stats, s scan.Stats) {
	total.Series += s.Series
	total.SeriesPruned += s.SeriesPruned
	total.Pages += s.Pages
	total.PagesPruned += s.PagesPruned
	total.Rows += s.Rows
	total.Indexed += s.Indexed
	total.RowsSpared += s.RowsSpared
	total.HeadRows += s.HeadRows
}
