package flush

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
)

// Publish puts the rows of segments that have ended into deletion vectors, without any rows. The caller holds commits that end rows. After an
// error the rows are pending as before, and it is safe to call it again.
func Publish(ctx context.Context, o Options, e Ended) error {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	j := &job{Options: o, pages: newLastPages(o.Pool)}
	defer j.pages.clear()
	for range attempts {
		err := j.publishDeletes(ctx, e)
		if err == nil {
			return nil
		}
		if !errors.Is(err, errUnknown) {
			j.removeVectors(ctx)
		}
		if !errors.Is(err, errMoved) {
			return fmt.Errorf("publish rows that ended: %w", err)
		}
	}
	return column.Errorf(column.Overloaded, "segments changed under %d attempts in a row", attempts)
}

func (j *job) publishDeletes(ctx context.Context, e Ended) error {
	now, release := j.Catalog.Acquire()
	defer release()
	mark := now.Shard(j.Shard)
	if mark.Epoch != j.Epoch {
		return ErrFenced
	}
	edits, err := j.edits(ctx, now, e)
	if err != nil {
		return err
	}
	_, err = j.Catalog.Propose(ctx, meta.Command{Commit: &meta.Commit{
		Edits: edits, Flushed: j.marks(mark.Seq, e), PrevFlushed: mark.Seq,
	}})
	if err == nil {
		return nil
	}
	after := j.Catalog.Snapshot().Shard(j.Shard)
	switch {
	case !refused(err):
		if after.Epoch == j.Epoch && after.DeletedSeq() >= e.Seq {
			return nil // only the answer was lost
		}
		return fmt.Errorf("%w: %w", errUnknown, err)
	case after.Epoch != j.Epoch:
		return ErrFenced
	case after.Seq == mark.Seq && errors.Is(err, column.Conflict):
		return errMoved
	}
	return err
}
