package ingest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/ingest/flush"
	"github.com/automatanexus/aegis-db/meta"
)

// enter takes the gate for a commit that ends rows.
func (s *Shard) enter(ctx context.Context) error {
	for {
		s.gate.RLock()
		if !s.unsure.Load() {
			return nil
		}
		s.gate.RUnlock()
		if err := s.ascertain(ctx); err != nil {
			return err
		}
	}
}

// ascertain finds out what became of a command whose answer was lost: once a later one has been applied, it has been, or never will be.
func (s *Shard) ascertain(ctx context.Context) error {
	s.gate.Lock()
	defer s.gate.Unlock()
	return s.ascertainLocked(ctx)
}

func (s *Shard) ascertainLocked(ctx context.Context) error {
	if err := s.settleLocked(ctx); err != nil {
		return err
	}
	if !s.unsure.Load() {
		return nil
	}
	if _, err := s.opts.Catalog.Propose(ctx, meta.Command{ReserveIDs: &meta.ReserveIDs{Count: 1}}); err != nil {
		return refuse(briefPause, "the catalog is not sure about an earlier change: %w", err)
	}
	s.unsure.Store(false)
	s.leave()
	return nil
}

// hold runs f with the gate closed: f may change where rows lie, and is told what has ended. Then the head lets go of what the catalog has.
func (s *Shard) hold(ctx context.Context, f func(flush.Ended) error) error {
	s.gate.Lock()
	defer s.gate.Unlock()
	if err := s.ascertainLocked(ctx); err != nil {
		return err
	}
	_, last := s.head.PendingRows()
	if s.log != nil && last > 0 { // in the middle of the replay there is none, and all records are durable
		if err := s.sync(last); err != nil {
			return err
		}
	}
	err := f(flush.Ended{Pending: s.head.Pending(), Seq: last})
	if errors.Is(err, flush.ErrFenced) {
		return err
	}
	s.leave()
	if flush.Unsure(err) {
		s.unsure.Store(true)
	}
	return err
}

// leave forgets what is in segments. Also after an error: an earlier command whose answer was lost may have been applied.
func (s *Shard) leave() {
	catalog := s.opts.Catalog.Snapshot()
	flushed := catalog.FlushedSeq(s.opts.Shard)
	s.flushed.Store(uint64(flushed))
	s.head.Drop(flushed)
	s.head.Published(catalog.DeletedSeq(s.opts.Shard))
}

// Settled runs f while no commit can end rows of this shard, and after everything that has ended in segments is in their deletion vectors: whoever
// replaces segments, or rows of them, proposes his command in f. What f does must be short.
func (s *Shard) Settled(ctx context.Context, f func(context.Context) error) error {
	if s.isClosed() {
		return errClosed
	}
	return s.hold(ctx, func(e flush.Ended) error {
		if err := s.publish(ctx, e); err != nil {
			return err
		}
		return f(ctx)
	})
}

// Truncating runs f, which proposes to truncate tables up to from: the newest commit there is. Everything up to it is durable, nothing is flushed or ends
// meanwhile, and what comes meanwhile is newer.
func (s *Shard) Truncating(ctx context.Context, f func(ctx context.Context, from meta.Seq) error) error {
	return s.Settled(ctx, func(ctx context.Context) error {
		from := s.visible.last()
		if err := s.sync(from); err != nil { // or commits after a crash would get its number
			return err
		}
		return f(ctx, from)
	})
}

// PublishDeletes puts the rows of segments that have ended into deletion vectors.
func (s *Shard) PublishDeletes(ctx context.Context) error {
	if s.isClosed() {
		return errClosed
	}
	if rows, _ := s.head.PendingRows(); rows == 0 {
		return nil
	}
	return s.hold(ctx, func(e flush.Ended) error { return s.publish(ctx, e) })
}

func (s *Shard) publish(ctx context.Context, e flush.Ended) error {
	if len(e.Pending) == 0 {
		return nil
	}
	return flush.Publish(ctx, s.flushOptions(), e)
}

func (s *Shard) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// manyDeletes is how many rows that have ended make a publish due at once. Fewer wait for others.
const manyDeletes = 1 << 20

// wakeDeletes asks for a publish where there is much to publish.
func (s *Shard) wakeDeletes() {
	if rows, _ := s.head.PendingRows(); rows < manyDeletes {
		return
	}
	select {
	case s.kickEnd <- struct{}{}:
	default:
	}
}

// runDeletes publishes what has ended, some time after it has, so that commits in a row share the work.
func (s *Shard) runDeletes(ctx context.Context) {
	tick := time.NewTicker(s.opts.Tick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.kickEnd:
		}
		if err := s.PublishDeletes(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, errClosed) {
			s.opts.Logger.Error("deletes could not be published; they stay in the write-ahead log and the head", "error", err)
		}
	}
}

// deadRows keeps the deletion vectors that commits have looked at last. Safe for concurrent use.
type deadRows struct {
	mu   sync.Mutex
	kept map[meta.SegmentID]deadOf
}

type deadOf struct {
	version uint64
	rows    *roaring.Bitmap
}

// keptDead bounds the segments whose dead rows are kept.
const keptDead = 256

// of gives the dead rows of a segment. They are not to be changed.
func (d *deadRows) of(ctx context.Context, files segment.Files, table meta.TableID, s *meta.Segment) (*roaring.Bitmap, error) {
	if s.Deleted == nil {
		return roaring.New(), nil
	}
	d.mu.Lock()
	have, ok := d.kept[s.ID]
	d.mu.Unlock()
	if ok && have.version == s.Deleted.Version {
		return have.rows, nil
	}
	rows, err := flush.ReadVector(ctx, files, table, s)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kept == nil || len(d.kept) >= keptDead {
		d.kept = map[meta.SegmentID]deadOf{}
	}
	d.kept[s.ID] = deadOf{s.Deleted.Version, rows}
	return rows, nil
}
