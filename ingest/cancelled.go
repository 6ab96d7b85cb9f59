package ingest

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
)

// A commit can be given up until its record goes to the log: until then it asks now and then whether it is still wanted. From there on it is not asked any more;
// what is left is a sync of the log, and taking the rows into the head.

// rowsAtOnce is how many rows a commit works on before it asks again.
const rowsAtOnce = 1 << 14

// unwanted is the error of a commit that is not wanted any more, nil while it is.
func unwanted(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return column.Errorf(column.Cancelled, "write: %w", context.Cause(ctx))
}

// unwantedAt is unwanted for the row i of a loop, which asks for some of them.
func unwantedAt(ctx context.Context, i int) error {
	if i%rowsAtOnce != 0 {
		return nil
	}
	return unwanted(ctx)
}

// waitable is a lock that nobody has to wait for longer than his context lasts.
type waitable chan struct{}

func newWaitable() waitable { return make(waitable, 1) }

func (w waitable) lock(ctx context.Context) error {
	select {
	case w <- struct{}{}:
		return nil
	default:
	}
	select {
	case w <- struct{}{}:
		return nil
	case <-ctx.Done():
		return unwanted(ctx)
	}
}

func (w waitable) unlock() { <-w }
