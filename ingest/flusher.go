package ingest

import (
	"context"
	"errors"
	"time"

	"github.com/automatanexus/aegis-db/ingest/flush"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/meta"
)

// wake asks the flusher to look now.
func (s *Shard) wake() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// run is the flusher.
func (s *Shard) run(ctx context.Context) {
	tick := time.NewTicker(s.opts.Tick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.kick:
		}
		s.syncBehind()
		s.settleMoves()
		if !s.due() {
			if err := s.passNothing(ctx); err != nil && ctx.Err() == nil {
				s.opts.Logger.Error("commits without effect could not be passed over; they stay in the write-ahead log", "error", err)
			}
			continue
		}
		if err := s.Flush(ctx); err != nil && ctx.Err() == nil {
			s.opts.Logger.Error("flush failed; rows stay in the write-ahead log and the head", "error", err)
		}
	}
}

// syncBehind makes durable what nobody waits for.
func (s *Shard) syncBehind() {
	if w := s.log.Stats(); w.Err == nil && w.Synced < w.Seq {
		if err := s.sync(w.Seq); err != nil {
			s.opts.Logger.Error("sync of the write-ahead log failed", "error", err)
		}
	}
}

// due reports whether size, age or pressure ask for a flush, unless the last one has failed a moment ago.
func (s *Shard) due() bool {
	now := s.opts.Now()
	s.statusMu.Lock()
	pause := now.Before(s.retryAt)
	s.statusMu.Unlock()
	if pause {
		return false
	}
	h := s.head.Stats()
	rows := false // or deletes
	for _, g := range h.Generations {
		if g.Last == 0 {
			continue // no commit
		}
		rows = true
		if g.Frozen || now.Sub(g.Oldest) >= s.opts.FlushAge {
			return true
		}
	}
	// A large WAL asks for it even without rows: an earlier flush may have failed to remove files.
	return rows && s.headPool.Used() >= s.opts.FlushBytes || s.log.Stats().Bytes >= s.opts.WALBytes/2
}

// flushRetry is the pause after a failed flush: long enough that a full disk is not hammered, short enough that space which came
// back is used before clients give up.
const flushRetry = 5 * time.Second

// Flush writes everything written before the call to segments and returns when the catalog has them. After an error everything is
// as before, and the flusher tries again.
func (s *Shard) Flush(ctx context.Context) error {
	s.flushMu.Lock()
	defer s.flushMu.Unlock()
	s.unique.forget(s.dropped)
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return errClosed
	}
	for _, table := range s.head.Freeze(s.dropped) {
		s.log.Forget(table)
	}
	s.mu.Unlock()
	err := s.flushFrozen(ctx)
	if err == nil && s.flushed.Load() > 0 {
		// Removing files may fail for now: the next flush tries again, and so does the next start.
		if err := s.log.Truncate(meta.Seq(s.flushed.Load())); err != nil {
			s.opts.Logger.Warn("write-ahead log files stay for now", "error", err)
		}
	}
	return err
}

// dropped reports that the catalog no longer has a table.
func (s *Shard) dropped(t meta.TableID) bool { return s.opts.Catalog.Snapshot().TableByID(t) == nil }

// flushFrozen writes the frozen generations and drops them.
func (s *Shard) flushFrozen(ctx context.Context) error {
	if err := s.ascertain(ctx); err != nil {
		return err
	}
	frozen := s.head.Frozen()
	if frozen.Seq() == 0 {
		return nil
	}
	err := s.writeOut(ctx, frozen)
	s.statusMu.Lock()
	defer s.statusMu.Unlock()
	s.lastErr = err
	if err != nil {
		s.failures.Add(1)
		s.retryAt = s.opts.Now().Add(flushRetry)
		return err
	}
	s.flushes.Add(1)
	return nil
}

// writeOut keeps the order that matters: rows are durable in the WAL before they are in segments, so that the catalog's mark never
// runs ahead of the WAL; and they leave the head only when the catalog has them.
func (s *Shard) writeOut(ctx context.Context, frozen *head.Snapshot) error {
	if s.log != nil { // in the middle of the replay there is none, and all records are durable
		if err := s.sync(frozen.Seq()); err != nil {
			return err
		}
	}
	err := flush.Run(ctx, s.flushOptions(), frozen)
	// When the head has given back the memory.
	defer s.settleMoves()
	if !errors.Is(err, flush.ErrFenced) { // a command before may have been applied after all, and then there was nothing to do
		s.gate.Lock()
		defer s.gate.Unlock()
		s.leave()
	}
	return err
}

func (s *Shard) flushOptions() flush.Options {
	return flush.Options{
		Files: s.opts.Files, Catalog: s.opts.Catalog, Shard: s.opts.Shard, Epoch: s.epoch,
		SegmentBytes: s.opts.SegmentBytes, Pool: s.opts.Pool, Logger: s.opts.Logger, Hold: s.hold, Indexer: s.opts.Indexer, Moved: s.moved.add,
	}
}
