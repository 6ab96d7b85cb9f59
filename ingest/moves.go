package ingest

import (
	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// followMoves gives the rows that end by the addresses that they have in the newest catalog: a merge may have moved them since they were
// read. The set itself stays as it is.
func (s *Shard) followMoves(catalog *meta.Snapshot, d *meta.Deletes) (*scan.RowSet, error) {
	m := catalog.Manifest(d.Table.ID)
	gone := false
	for id := range d.Rows.Segments {
		gone = gone || m.Segment(meta.SegmentID(id)) == nil
	}
	if !gone {
		return d.Rows, nil
	}
	if s.opts.Moved == nil {
		return nil, errChanged
	}
	out := &scan.RowSet{}
	out.Union(&scan.RowSet{Others: d.Rows.Others})
	for id, rows := range d.Rows.Segments {
		now := map[meta.SegmentID]*roaring.Bitmap{meta.SegmentID(id): rows}
		if m.Segment(meta.SegmentID(id)) == nil {
			var ok bool
			if now, ok = s.opts.Moved(d.Table.ID, meta.SegmentID(id), rows); !ok {
				return nil, errChanged
			}
		}
		for to, moved := range now {
			out.Union(&scan.RowSet{Segments: map[uint64]*roaring.Bitmap{uint64(to): moved}})
		}
	}
	return out, nil
}
