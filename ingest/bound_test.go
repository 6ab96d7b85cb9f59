package ingest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/meta"
)

// boundChange is a transaction that gives a table a column, writes rows, and ends rows in the head and in a segment.
func (w *world) boundChange(t *testing.T) *change {
	t.Helper()
	c := &change{gone: map[string][]modelRow{}, own: map[string][]modelRow{}}
	c.Rows = []meta.Rows{numbered(w.tables["tagged"], 500, 3), unique(w.tables["tagged_unique"], 9, 2)}
	s := w.snapshot()
	table := w.tables["tagged"]
	rows, err := w.addresses(s, table)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(rows); i += 2 {
		c.end(table, rows[i].place, rows[i].row)
		c.gone["tagged"] = append(c.gone["tagged"], rows[i].cells)
	}
	merging := w.tables["merging"]
	c.Commands = []meta.Command{{AddColumns: &meta.AddColumns{
		Table: merging.ID, From: merging.Columns.Version, Columns: []column.Field{{Name: "more", Type: column.T(column.Text)}},
	}}}
	return c
}

// decides reports the command that decides over a commit.
func decides(c meta.Command) bool {
	return c.Batch != nil && c.Batch.Commands[len(c.Batch.Commands)-1].Decided != nil
}

// TestLostDecision loses the answer to the command that decides over rows and catalog together, in all the ways in which that can happen. Rows and catalog are
// changed both or not at all: for those who read on, and after a restart.
func TestLostDecision(t *testing.T) {
	lost := column.Errorf(column.Overloaded, "no answer in time")
	for _, c := range []struct {
		name    string
		applied bool // what becomes of the command
		told    bool // the client is told so
		later   bool // it is applied when nobody waits for it any more
		fail    func(w *world) func(meta.Command) (error, bool)
	}{
		{name: "it is applied", applied: true, told: true, fail: func(*world) func(meta.Command) (error, bool) {
			return func(c meta.Command) (error, bool) { return onlyIf(decides(c), lost), true }
		}},
		{name: "it is not applied", told: true, fail: func(*world) func(meta.Command) (error, bool) {
			return func(c meta.Command) (error, bool) { return onlyIf(decides(c), lost), false }
		}},
		{name: "it is applied late", applied: true, told: true, fail: func(w *world) func(meta.Command) (error, bool) {
			w.catalog.Delay = true
			return func(c meta.Command) (error, bool) { return onlyIf(decides(c), lost), false }
		}},
		{name: "the catalog is gone", fail: func(*world) func(meta.Command) (error, bool) {
			return func(meta.Command) (error, bool) { return lost, false }
		}},
		{name: "the catalog is gone after it is applied", applied: true, fail: func(*world) func(meta.Command) (error, bool) {
			return func(c meta.Command) (error, bool) { return lost, decides(c) }
		}},
		{name: "the catalog is gone before it is applied", applied: true, later: true, fail: func(w *world) func(meta.Command) (error, bool) {
			return func(meta.Command) (error, bool) { return lost, false }
		}},
	} {
		// What comes first when the catalog answers again.
		for _, then := range []string{"it is read", "it is flushed", "the process ends"} {
			restart := then == "the process ends"
			t.Run(c.name+", "+then, func(t *testing.T) {
				w := newWorld(t, memfs.New(), "tagged", "tagged_unique", "merging")
				w.opts.DecideWait = 50 * time.Millisecond
				w.open(t)
				w.write(t, numbered(w.tables["tagged"], 0, 10), unique(w.tables["tagged_unique"], 0, 4))
				if err := w.shard.Flush(ctx); err != nil {
					t.Fatal(err)
				}
				w.write(t, numbered(w.tables["tagged"], 100, 10))
				change := w.boundChange(t)
				var late meta.Command
				fail := c.fail(w)
				w.catalog.Fail = func(cmd meta.Command) (error, bool) {
					if decides(cmd) {
						late = cmd
					}
					return fail(cmd)
				}
				_, err := w.shard.Commit(ctx, &change.Transaction, meta.AckWAL)
				if (err == nil) != (c.applied && c.told) {
					t.Fatalf("commit: %v", err)
				}
				moves := w.shard.Flush(ctx)
				if !c.told && moves == nil {
					t.Fatal("rows that a transaction in doubt may have ended have moved")
				}
				w.catalog.Fail, w.catalog.Delay = nil, false
				if c.later {
					if _, err := w.catalog.Propose(context.Background(), late); err != nil {
						t.Fatal(err)
					}
				}
				if c.applied {
					if err := w.applyChange(change); err != nil {
						t.Fatal(err)
					}
				}
				switch then {
				case "it is read":
					w.shard.Settle()
				case "it is flushed":
					if err := w.shard.Flush(ctx); err != nil {
						t.Fatal(err)
					}
				default:
					w.abort(t)
					w.open(t)
				}
				defer func() { w.abort(t) }()
				w.check(t, w.snapshot())
				if got := w.catalog.Snapshot().TableByID(w.tables["merging"].ID).Columns.Lookup("more") >= 0; got != c.applied {
					t.Errorf("the catalog is changed: %v", got)
				}
				_, err = w.shard.Write(ctx, []meta.Rows{numbered(w.tables["tagged"], 900, 1)}, meta.AckWAL)
				if (err == nil) != (c.told || restart) {
					t.Errorf("write afterwards: %v", err)
				}
				if err == nil {
					w.apply([]meta.Rows{numbered(w.tables["tagged"], 900, 1)})
				}
				if err := errors.Join(w.shard.Flush(ctx), w.shard.PublishDeletes(ctx)); err != nil {
					t.Fatal(err)
				}
				w.check(t, w.snapshot())
				if !restart && !c.told {
					w.abort(t)
					w.open(t)
					w.check(t, w.snapshot())
				}
			})
		}
	}
}

func onlyIf(yes bool, err error) error {
	if yes {
		return err
	}
	return nil
}
