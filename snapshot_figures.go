package aegis

import (
	"context"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/catalog"
)

// storedRows is how many rows of a table's segments the snapshot sees, but for those that the head supersedes.
func (s *Snapshot) storedRows(t meta.TableID) int64 {
	return s.catalog.Manifest(t).LiveRows() - s.head.EndedRows(t, s.catalog.DeletedSeq(shardID))
}

// rowsAfter is the seq after which the head's rows of a table are shown: those before are in segments, or gone.
func (s *Snapshot) rowsAfter(t *meta.Table) meta.Seq { return max(s.after, t.From) }

// Stored gives the figures of a table: rows and bytes of its segments, and the rows in memory that are in none.
func (s *Snapshot) Stored(ctx context.Context, t *meta.Table) (catalog.Figures, error) {
	m := s.catalog.Manifest(t.ID)
	ended := s.head.EndedRows(t.ID, s.catalog.DeletedSeq(shardID))
	f := catalog.Figures{Rows: m.LiveRows() - ended, DeadRows: ended, Segments: m.Len()}
	for segment := range m.All() {
		f.Bytes += segment.DataBytes
		f.Sidecars += segment.SidecarBytes
		if d := segment.Deleted; d != nil {
			f.DeadRows += d.Rows
			f.Sidecars += d.Bytes
		}
	}
	for _, x := range s.catalog.Indexes(t.ID) {
		f.Sidecars += s.db.indexes.Figures(s.catalog, x).Bytes
	}
	_, head, err := s.head.Morsels(ctx, t, &scan.Request{Time: scan.AllTime}, s.rowsAfter(t), nil)
	f.Rows += head.HeadRows
	return f, err
}

// Indexed gives the figures of an index.
func (s *Snapshot) Indexed(x *meta.Index) catalog.IndexFigures {
	m, f := s.catalog.Manifest(x.Table), s.db.indexes.Figures(s.catalog, x)
	out := catalog.IndexFigures{
		Segments: m.Len(), Built: f.Segments, Done: f.Rows, Bytes: f.Bytes, Scans: f.Scans, Named: f.Named, Building: f.Building,
	}
	for segment := range m.All() {
		out.Rows += segment.Rows
	}
	return out
}
