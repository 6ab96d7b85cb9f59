package aegis

import (
	"context"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/catalog"
)

// Stored gives the figures of a table: rows and bytes of its segments, and the rows in memory that are in none.
func (s *Snapshot) Stored(ctx context.Context, t *meta.Table) (catalog.Figures, error) {
	m := s.catalog.Manifest(t.ID)
	f := catalog.Figures{Rows: m.LiveRows(), Segments: m.Len()}
	for segment := range m.All() {
		f.Bytes += segment.DataBytes
		f.Sidecars += segment.SidecarBytes
		if d := segment.Deleted; d != nil {
			f.DeadRows += d.Rows
			f.Sidecars += d.Bytes
		}
	}
	_, head, err := s.head.Morsels(ctx, t, &scan.Request{Time: scan.AllTime}, s.after, nil)
	f.Rows += head.HeadRows
	return f, err
}
