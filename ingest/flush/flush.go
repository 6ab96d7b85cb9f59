// Package flush moves frozen generations of the head into segments: it writes the files, finds the rows of older segments that
// the new ones supersede, and publishes all of it with one conditional command to the catalog.
//
// It must not know the WAL, or when a flush is due: that is the shard's.
package flush

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/meta"
)

// Options says where rows go, and on whose behalf.
type Options struct {
	Files        segment.Files
	Catalog      meta.Catalog
	Shard        meta.ShardID
	Epoch        uint64
	SegmentBytes int64        // a segment ends at about this size
	Pool         *mem.Pool    // for what is buffered; nil = not accounted for
	Indexer      meta.Indexer // nil = there are no indexes
	Logger       *slog.Logger
	// Hold runs f while no commit can end rows. Everything that has ended before is durable.
	Hold func(ctx context.Context, f func(Ended) error) error
	// Moved is told where the rows have gone, before commits that end rows go on, and the last version in which they were in the head; 0 = the outcome is not
	// known. nil = nobody wants to know.
	Moved func(moves *Moves, before meta.Version)
}

// Ended is what has ended when commits are held.
type Ended struct {
	Pending map[meta.TableID]map[meta.SegmentID]*roaring.Bitmap // rows of segments that are in no deletion vector yet; not to be changed
	Seq     meta.Seq                                            // of the newest commit that ended rows of any kind
}

// ErrFenced says that another owner has the shard: this one must end.
var ErrFenced = column.Errorf(column.Conflict, "another owner has taken the shard")

// attempts bounds the retries after a compaction has replaced segments that the vectors were made for. Compaction of one partition
// takes longer than one of our attempts, so two in a row are rare.
const attempts = 20

// job is one flush.
type job struct {
	Options
	snap *head.Snapshot
	prev meta.Seq

	ids     []uint64 // reserved and not used
	tables  []*written
	vectors []file // of the present attempt
	// truncated tables were so while their rows were written: the segments are published nowhere.
	truncated []*written
	pages     *lastPages
}

// after is the seq that a table's rows to be flushed come after.
func (j *job) after(table *meta.Table) meta.Seq { return max(j.prev, table.From) }

// written is what a flush made of a table.
type written struct {
	table *meta.Table
	parts []partition
}

// partition is the segments of one time partition, all of level 0.
type partition struct {
	number   int64
	segments []meta.Segment
	// olds are the live segments that were looked at for rows that these supersede, with those found.
	olds map[meta.SegmentID]*roaring.Bitmap
	// dead are keys that ended: rows may be superseded outside of the times of the segments.
	dead bool
}

// file is one version of a deletion vector.
type file struct {
	table, segment, version uint64
}

// Run writes the rows of snap that the catalog does not have yet, and returns when it has them. On an error nothing is visible; files
// are removed where it is sure that nobody will name them, and left to the sweeper of orphans elsewhere. Commands are
// conditional, so it is safe to run again after any error.
func Run(ctx context.Context, o Options, snap *head.Snapshot) error {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	j := &job{Options: o, snap: snap, pages: newLastPages(o.Pool)}
	defer j.pages.clear()
	mark := o.Catalog.Snapshot().Shard(o.Shard)
	if mark.Epoch != o.Epoch {
		return ErrFenced
	}
	j.prev = mark.Seq
	if snap.Seq() <= j.prev {
		return nil
	}
	if err := j.write(ctx); err != nil {
		j.remove(ctx)
		return fmt.Errorf("flush: %w", err)
	}
	j.index(ctx)
	err := j.publish(ctx)
	if err == nil {
		j.removeSegments(ctx, j.truncated)
	}
	if err != nil && !errors.Is(err, errUnknown) {
		j.remove(ctx)
	}
	if err != nil {
		return fmt.Errorf("flush: publish: %w", err)
	}
	return nil
}

// index builds what stands beside the new segments.
func (j *job) index(ctx context.Context) {
	if j.Indexer == nil {
		return
	}
	for _, w := range j.tables {
		for _, p := range w.parts {
			j.Indexer.Index(ctx, w.table, p.segments)
		}
	}
}

// errUnknown says that a command may or may not be applied, now or later: its files stay.
var errUnknown = errors.New("the outcome is not known")

// publish proposes the command until it holds. What takes long, finding the rows that are superseded, is done before commits that end rows
// are held; what has ended meanwhile is then added to it.
func (j *job) publish(ctx context.Context) error {
	for range attempts {
		held, release := j.Catalog.Acquire()
		err := j.supersede(ctx, held)
		release()
		if err != nil {
			return err
		}
		err = j.Hold(ctx, func(e Ended) error { return j.propose(ctx, e) })
		if !errors.Is(err, errMoved) {
			return err
		}
		j.removeVectors(ctx)
	}
	return column.Errorf(column.Overloaded, "segments changed under %d attempts in a row", attempts)
}

// errMoved says that segments are not those any more that rows were looked for in.
var errMoved = column.Errorf(column.Conflict, "segments changed")

// propose makes the command for the newest manifests and proposes it. errMoved asks for another attempt.
func (j *job) propose(ctx context.Context, e Ended) error {
	now, release := j.Catalog.Acquire()
	j.truncated = nil
	edits, err := j.edits(ctx, now, e)
	release()
	if err != nil {
		return err
	}
	done, err := j.Catalog.Propose(ctx, meta.Command{Commit: &meta.Commit{
		Edits:       edits,
		Flushed:     j.marks(j.snap.Seq(), e),
		PrevFlushed: j.prev,
	}})
	if err == nil {
		j.moved(done.Version - 1)
		return nil
	}
	mark := j.Catalog.Snapshot().Shard(j.Shard)
	switch {
	case !refused(err):
		j.moved(0) // or it will be, or never: who asks looks into the catalog
		if mark.Epoch == j.Epoch && mark.Seq == j.snap.Seq() {
			return nil // only the answer was lost
		}
		return fmt.Errorf("%w: %w", errUnknown, err)
	case mark.Epoch != j.Epoch:
		return ErrFenced
	case mark.Seq >= j.snap.Seq():
		j.remove(ctx) // an earlier flush of the same rows was applied after all
		return nil
	case mark.Seq != j.prev || !errors.Is(err, column.Conflict):
		return err
	}
	return errMoved
}

// moved tells where the rows are.
func (j *job) moved(before meta.Version) {
	if j.Moved != nil {
		j.Moved(j.moves(), before)
	}
}

// marks says how far rows are flushed, and that everything that has ended is in deletion vectors.
func (o *Options) marks(flushed meta.Seq, e Ended) *meta.Flushed {
	f := &meta.Flushed{Shard: o.Shard, Epoch: o.Epoch, Seq: flushed}
	if e.Seq > flushed {
		f.Deletes = e.Seq
	}
	return f
}

// refused reports errors that the state machine gave: the command was not applied and will not be.
func refused(err error) bool {
	switch column.ClassOf(err) {
	case column.Conflict, column.Invalid, column.NotFound, column.Limit, column.Unsupported:
		return true
	}
	return false
}

// Unsure reports whether a command may be applied although a call failed.
func Unsure(err error) bool { return err != nil && !refused(err) }

// edits makes the change of each table's manifest.
func (j *job) edits(ctx context.Context, now *meta.Snapshot, e Ended) ([]meta.Edit, error) {
	var out []meta.Edit
	flushed := map[meta.TableID]bool{}
	for _, w := range j.tables {
		flushed[w.table.ID] = true
		if t := now.TableByID(w.table.ID); t != nil && t.From != w.table.From {
			if t.From < j.snap.Seq() {
				return nil, column.Errorf(column.Internal, "table %d was truncated up to %d while rows up to %d are flushed", t.ID, t.From, j.snap.Seq())
			}
			j.truncated = append(j.truncated, w)
			continue // all the rows are gone
		}
		edit, err := j.edit(ctx, now, w, e.Pending[w.table.ID])
		if err != nil {
			return nil, fmt.Errorf("table %d: %w", w.table.ID, err)
		}
		if len(edit.Add)+len(edit.Vectors) > 0 {
			out = append(out, edit)
		}
	}
	for id, pending := range e.Pending {
		table := now.TableByID(id)
		if flushed[id] || table == nil {
			continue
		}
		vectors, err := j.changes(ctx, now, table, pending)
		if err != nil {
			return nil, fmt.Errorf("table %d: %w", id, err)
		}
		if len(vectors) > 0 {
			out = append(out, meta.Edit{Table: id, Vectors: vectors})
		}
	}
	return out, nil
}

// edit makes the change of a table that rows were written of.
func (j *job) edit(ctx context.Context, now *meta.Snapshot, w *written, pending map[meta.SegmentID]*roaring.Bitmap) (meta.Edit, error) {
	e := meta.Edit{Table: w.table.ID}
	added, err := j.withLate(ctx, w)
	if err != nil {
		return e, err
	}
	e.Add = added
	if now.TableByID(w.table.ID) == nil {
		return e, nil // the segments are garbage at once
	}
	ends := maps.Clone(pending)
	if ends == nil {
		ends = map[meta.SegmentID]*roaring.Bitmap{}
	}
	for i := range w.parts {
		p := &w.parts[i]
		if err := j.unmoved(now, w.table, p); err != nil {
			return e, err
		}
		for id, rows := range p.olds {
			if rows.IsEmpty() {
				continue
			}
			if have := ends[id]; have != nil {
				rows = roaring.Or(have, rows)
			}
			ends[id] = rows
		}
	}
	e.Vectors, err = j.changes(ctx, now, w.table, ends)
	return e, err
}

// id gives a reserved id. Ids are never used twice, also not by an attempt that failed, and so neither are names of files.
func (j *job) id(ctx context.Context) (uint64, error) {
	if len(j.ids) == 0 {
		const count = 16 // tables times partitions of most flushes
		got, err := j.Catalog.Propose(ctx, meta.Command{ReserveIDs: &meta.ReserveIDs{Count: count}})
		if err != nil {
			return 0, fmt.Errorf("reserve ids: %w", err)
		}
		for i := range uint64(count) {
			j.ids = append(j.ids, got.ID+i)
		}
	}
	id := j.ids[0]
	j.ids = j.ids[1:]
	return id, nil
}

// remove deletes all files; what cannot be deleted is an orphan.
func (j *job) remove(ctx context.Context) {
	j.removeSegments(ctx, j.tables)
	j.removeVectors(ctx)
}

func (j *job) removeSegments(ctx context.Context, tables []*written) {
	ctx = context.WithoutCancel(ctx)
	for _, w := range tables {
		for _, p := range w.parts {
			for _, s := range p.segments {
				if j.Indexer != nil {
					j.Indexer.Discard(ctx, w.table.ID, s.ID)
				}
				j.drop(ctx, segment.DataName(uint64(w.table.ID), uint64(s.ID)))
				j.drop(ctx, segment.SidecarName(uint64(w.table.ID), uint64(s.ID)))
			}
		}
	}
}

func (j *job) removeVectors(ctx context.Context) {
	for _, v := range j.vectors {
		j.drop(context.WithoutCancel(ctx), segment.VectorName(v.table, v.segment, v.version))
	}
	j.vectors = nil
}

func (j *job) drop(ctx context.Context, name string) {
	if err := j.Files.Remove(ctx, name); err != nil {
		j.Logger.Debug("a file of a failed flush is left to the sweeper", "file", name, "error", err)
	}
}
