package aegis

import (
	"context"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/meta"
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
	mask := s.head.Mask(t.table, s.after)
	manifest := s.catalog.Manifest(t.table.ID)
	total.Segments, total.SegmentsPruned = manifest.Len(), manifest.Len()
	records := manifest.All()
	if t.table.Columns.Time != 0 {
		records = manifest.InTime(req.Time.Min, req.Time.Max)
	}
	for record := range records {
		h, err := s.segment(ctx, t.table.ID, record)
		if err != nil {
			return nil, total, err
		}
		view := segment.View{Schema: &t.table.Columns, Deleted: h.Deleted, Mask: mask}
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
	morsels, stats, err := s.head.Morsels(ctx, t.table, req, s.after)
	if err != nil {
		return nil, total, err
	}
	add(&total, stats)
	return append(out, morsels...), total, nil
}

func add(total *scan.Stats, s scan.Stats) {
	total.Series += s.Series
	total.SeriesPruned += s.SeriesPruned
	total.Pages += s.Pages
	total.PagesPruned += s.PagesPruned
	total.Rows += s.Rows
	total.HeadRows += s.HeadRows
}
