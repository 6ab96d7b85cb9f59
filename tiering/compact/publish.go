package compact

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/meta"
)

// attempts bounds how often deletes may slip in between the look at the inputs' deletion vectors and the command. With a Publish that keeps
// them out it happens never, elsewhere seldom twice.
const attempts = 20

// errMoved says that an input is not there any more, or that nobody knows where its rows went: the merge has to start over.
var errMoved = column.Errorf(column.Conflict, "the segments changed while they were merged")

// vector names the file of a deletion vector.
type vector struct {
	segment meta.SegmentID
	version uint64
}

// publish replaces the inputs by the outputs in one command. Rows that died in the inputs since the merge began are dead in the outputs.
func (m *merger) publish(ctx context.Context) error {
	for try := 1; ; try++ {
		err := m.c.options.Publish(ctx, m.replace)
		if errors.Is(err, errMoved) || !errors.Is(err, column.Conflict) || try == attempts {
			return err
		}
		m.removeVectors(context.WithoutCancel(ctx))
	}
}

func (m *merger) replace(ctx context.Context) error {
	catalog, release := m.c.options.Catalog.Acquire()
	defer release()
	edit := meta.Edit{Table: m.job.table, Add: m.out, Rewrite: true}
	if catalog.TableByID(m.job.table) != nil {
		late, err := m.late(ctx, catalog, &edit)
		if err != nil {
			return err
		}
		if edit.Add, err = m.bury(ctx, late); err != nil {
			return err
		}
	} // else the edit is void, and the outputs are garbage at once
	// Before the command, as who commits after it may ask at once.
	forget := m.c.moves.add(m, catalog.Version)
	_, err := m.c.options.Catalog.Propose(ctx, meta.Command{Commit: &meta.Commit{Edits: []meta.Edit{edit}}})
	if err != nil && (refused(err) || !m.c.applied(&edit)) {
		forget()
		m.unknown = !refused(err)
		return err
	}
	// What the late deletes left nothing of was not published.
	for _, s := range m.out {
		if !names(edit.Add, s.ID) {
			m.c.removeFiles(context.WithoutCancel(ctx), m.job.table, s.ID)
		}
	}
	return nil
}

// late finds the rows of each input that died since the merge began, and says in the edit what is removed.
func (m *merger) late(ctx context.Context, catalog *meta.Snapshot, edit *meta.Edit) ([]*roaring.Bitmap, error) {
	manifest := catalog.Manifest(m.job.table)
	late, some := make([]*roaring.Bitmap, len(m.job.inputs)), false
	for i, s := range m.job.inputs {
		now := manifest.Segment(s.ID)
		if now == nil {
			return nil, errMoved
		}
		at := meta.SegmentAt{ID: s.ID}
		if now.Deleted != nil {
			at.Vector = now.Deleted.Version
		}
		edit.Remove = append(edit.Remove, at)
		if now.Deleted == nil || s.Deleted != nil && s.Deleted.Version == now.Deleted.Version {
			continue
		}
		h, err := m.c.options.Segments.Acquire(ctx, m.job.table, now)
		if err != nil {
			return nil, err
		}
		late[i] = h.Deleted.Clone()
		h.Release()
		if before := m.route.before[i]; before != nil {
			late[i].AndNot(before)
		}
		some = true
	}
	if some && m.route.lost {
		return nil, errMoved
	}
	return late, nil
}

// bury writes deletion vectors for the outputs, of the rows that died late, and gives the records to add. An output without live rows is
// left out.
func (m *merger) bury(ctx context.Context, late []*roaring.Bitmap) ([]meta.Segment, error) {
	if !some(late) {
		return m.out, nil
	}
	add := make([]meta.Segment, 0, len(m.out))
	for i, dead := range m.route.follow(late) {
		s := m.out[i]
		if dead == nil {
			add = append(add, s)
			continue
		}
		if dead.GetCardinality() == uint64(s.Rows) {
			continue
		}
		r, err := m.c.options.Catalog.Propose(ctx, meta.Command{ReserveIDs: &meta.ReserveIDs{Count: 1}})
		if err != nil {
			return nil, err
		}
		m.vectors = append(m.vectors, vector{s.ID, r.ID})
		info, err := segment.WriteVector(ctx, m.c.options.Files, uint64(m.job.table), uint64(s.ID), r.ID, dead)
		if err != nil {
			return nil, fmt.Errorf("segment %d: write deletion vector: %w", s.ID, err)
		}
		s.Deleted = &meta.DeletionVector{Version: r.ID, Rows: info.Rows, Bytes: info.Bytes, Sum: info.Sum}
		add = append(add, s)
	}
	return add, nil
}

func some(sets []*roaring.Bitmap) bool {
	for _, s := range sets {
		if s != nil && !s.IsEmpty() {
			return true
		}
	}
	return false
}

func names(list []meta.Segment, id meta.SegmentID) bool {
	for i := range list {
		if list[i].ID == id {
			return true
		}
	}
	return false
}

// applied reports whether the catalog has made the edit: the answer was late, the command was not.
func (c *Compactor) applied(e *meta.Edit) bool {
	m := c.options.Catalog.Snapshot().Manifest(e.Table)
	if len(e.Add) == 0 {
		return m.Segment(e.Remove[0].ID) == nil
	}
	return m.Segment(e.Add[0].ID) != nil
}

// removeVectors drops deletion vectors that were written and not published.
func (m *merger) removeVectors(ctx context.Context) {
	for _, v := range m.vectors {
		m.c.removeFile(ctx, segment.VectorName(uint64(m.job.table), uint64(v.segment), v.version))
	}
	m.vectors = nil
}

// removeFiles drops the files of a segment that was never published.
func (c *Compactor) removeFiles(ctx context.Context, table meta.TableID, id meta.SegmentID) {
	if c.options.Indexer != nil {
		c.options.Indexer.Discard(ctx, table, id)
	}
	c.removeFile(ctx, segment.DataName(uint64(table), uint64(id)))
	c.removeFile(ctx, segment.SidecarName(uint64(table), uint64(id)))
}

func (c *Compactor) removeFile(ctx context.Context, name string) {
	if err := c.options.Files.Remove(ctx, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.options.Logger.Warn("an unpublished file could not be removed; the next start will", "file", name, "error", err)
	}
}
