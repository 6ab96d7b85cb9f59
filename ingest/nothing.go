package ingest

import (
	"context"

	"github.com/automatanexus/aegis-db/meta"
)

// passNothing moves the mark of what is flushed over commits at the end of the log that have brought nothing: what they were bound to was refused, or their
// tables are gone. No flush comes for them, so that without it their log would stay, and be read at each start, until others write.
func (s *Shard) passNothing(ctx context.Context) error {
	if s.nothingUpTo() <= meta.Seq(s.flushed.Load()) {
		return nil
	}
	s.flushMu.Lock()
	defer s.flushMu.Unlock()
	s.gate.Lock()
	defer s.gate.Unlock()
	seq := s.nothingUpTo()
	if seq <= meta.Seq(s.flushed.Load()) {
		return nil
	}
	if err := s.sync(seq); err != nil {
		return err
	}
	prev := s.opts.Catalog.Snapshot().FlushedSeq(s.opts.Shard)
	if seq <= prev {
		return nil
	}
	_, err := s.opts.Catalog.Propose(ctx, meta.Command{Commit: &meta.Commit{
		Flushed: &meta.Flushed{Shard: s.opts.Shard, Epoch: s.epoch, Seq: seq}, PrevFlushed: prev,
	}})
	s.leave()
	if err != nil {
		return err
	}
	return s.log.Truncate(seq)
}

// nothingUpTo is the newest commit if the head has none, else 0. A commit is in the log and in the head under one lock.
func (s *Shard) nothingUpTo() meta.Seq {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.doubt != nil {
		return 0
	}
	log := s.log.Stats()
	if log.Err != nil {
		return 0
	}
	if pending, _ := s.head.PendingRows(); pending > 0 {
		return 0
	}
	for _, g := range s.head.Stats().Generations {
		if g.Last > 0 {
			return 0
		}
	}
	s.visible.add(log.Seq, meta.AckNone) // snapshots must not be older than the mark
	return log.Seq
}
