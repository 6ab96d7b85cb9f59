package ingest

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/meta"
)

// closing are the tables that take no rows for the moment, each with a channel that is closed when they do again. Guarded by Shard.mu.
type closing map[meta.TableID]chan struct{}

// Closing runs f while no rows are committed to a table, and none of it end: such commits wait, and are then held against the table's newest description. All that
// was committed before is visible to f. So a rule that f finds no row to break, and puts into the catalog, is broken by none. f must not commit rows of
// the table itself.
func (s *Shard) Closing(ctx context.Context, table meta.TableID, f func(context.Context) error) error {
	opened := make(chan struct{})
	for {
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			return errClosed
		}
		other := s.closing[table]
		if other == nil {
			break
		}
		s.mu.Unlock()
		if err := await(ctx, other); err != nil {
			return err
		}
	}
	if s.closing == nil {
		s.closing = closing{}
	}
	s.closing[table] = opened
	s.anyClosing.Store(true)
	last := s.visible.last()
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.closing, table)
		s.anyClosing.Store(len(s.closing) > 0)
		close(opened)
	}()
	if err := s.sync(last); err != nil {
		return err
	}
	return f(ctx)
}

// awaitOpen waits until tables take rows. Whoever waits must not hold the gate.
func (s *Shard) awaitOpen(ctx context.Context, batches []head.Batch, deletes []meta.Deletes) error {
	for s.anyClosing.Load() {
		s.mu.Lock()
		opened := s.closingLocked(batches, deletes)
		s.mu.Unlock()
		if opened == nil {
			return nil
		}
		if err := await(ctx, opened); err != nil {
			return err
		}
	}
	return nil
}

// closingLocked finds a table of a commit that takes no rows now; nil if there is none.
func (s *Shard) closingLocked(batches []head.Batch, deletes []meta.Deletes) chan struct{} {
	if len(s.closing) == 0 {
		return nil
	}
	for i := range batches {
		if opened := s.closing[batches[i].Table.ID]; opened != nil {
			return opened
		}
	}
	for i := range deletes {
		if opened := s.closing[deletes[i].Table.ID]; opened != nil {
			return opened
		}
	}
	return nil
}

func await(ctx context.Context, opened <-chan struct{}) error {
	select {
	case <-opened:
		return nil
	case <-ctx.Done():
		return column.Errorf(column.Cancelled, "wait for a table that is altered: %w", context.Cause(ctx))
	}
}
