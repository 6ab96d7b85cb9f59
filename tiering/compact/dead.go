package compact

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
)

// dropDead takes segments without a live row out of the manifests: whoever deletes a whole partition pays for no rewriting. No delete can
// slip in, as there is nothing left to delete.
func (c *Compactor) dropDead(ctx context.Context) error {
	var edits []meta.Edit
	n := 0
	catalog := c.options.Catalog.Snapshot()
	for _, d := range catalog.Databases() {
		for _, t := range catalog.Tables(d.ID) {
			edit := meta.Edit{Table: t.ID, Rewrite: true}
			for s := range catalog.Manifest(t.ID).All() {
				if s.LiveRows() == 0 {
					edit.Remove = append(edit.Remove, meta.SegmentAt{ID: s.ID, Vector: s.Deleted.Version})
				}
			}
			if len(edit.Remove) > 0 {
				n += len(edit.Remove)
				edits = append(edits, edit)
			}
		}
	}
	if n == 0 {
		return nil
	}
	_, err := c.options.Catalog.Propose(ctx, meta.Command{Commit: &meta.Commit{Edits: edits}})
	if err == nil {
		c.options.Logger.Info("dropped segments without live rows", "segments", n)
	}
	if column.ClassOf(err) == column.Conflict {
		return nil // somebody changed one of them: the next pass looks again
	}
	return err
}

// quiet remembers the deletion vectors that segments had at the last pass: where rows still die one by one, a rewrite for each would
// be the work of thousands.
type quiet struct {
	before, now map[meta.SegmentID]uint64
}

// next begins a pass.
func (q *quiet) next() { q.before, q.now = q.now, map[meta.SegmentID]uint64{} }

// is reports whether a segment has the deletion vector that it had a pass ago.
func (q *quiet) is(s *meta.Segment) bool {
	if q.now != nil {
		q.now[s.ID] = s.Deleted.Version
	}
	return q.before[s.ID] == s.Deleted.Version
}
