package ingest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/meta"
)

// TestClosing: a table that is closed takes no rows, and has all of before; others go on. Rows that wait are taken when it opens, or given up with
// their writer, and a second one that closes it waits for the first.
func TestClosing(t *testing.T) {
	w := newWorld(t, memfs.New(), "tagged", "tagged_unique")
	w.open(t)
	defer func() { w.abort(t) }()
	tagged, wide := w.tables["tagged"], w.tables["tagged_unique"]
	w.write(t, numbered(tagged, 0, 3))
	waited, second := make(chan error, 2), make(chan error, 1)
	err := w.shard.Closing(ctx, tagged.ID, func(context.Context) error {
		w.check(t, w.snapshot())
		w.write(t, unique(wide, 0, 2))
		brief, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
		defer cancel()
		for _, write := range []func() error{
			func() error {
				_, err := w.shard.Write(brief, []meta.Rows{numbered(tagged, 5, 1)}, meta.AckWAL)
				return err
			},
			func() error { return w.shard.Closing(brief, tagged.ID, func(context.Context) error { return nil }) },
		} {
			if err := write(); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("while the table is closed: %v", err)
			}
		}
		go func() {
			_, err := w.shard.Write(ctx, []meta.Rows{unique(wide, 7, 1), numbered(tagged, 7, 1)}, meta.AckWAL)
			waited <- err
		}()
		go func() { second <- w.shard.Closing(ctx, tagged.ID, func(context.Context) error { return nil }) }()
		select {
		case err := <-waited:
			t.Errorf("rows were taken: %v", err)
		case err := <-second:
			t.Errorf("it was closed twice: %v", err)
		case <-time.After(30 * time.Millisecond):
		}
		w.check(t, w.snapshot())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(<-waited, <-second); err != nil {
		t.Fatal(err)
	}
	w.apply([]meta.Rows{unique(wide, 7, 1), numbered(tagged, 7, 1)})
	w.check(t, w.snapshot())
}
