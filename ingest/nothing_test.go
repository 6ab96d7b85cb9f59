package ingest

import (
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/meta"
)

// TestPassNothing refuses a commit that has a place in the log already. Nothing comes after it, and yet its log goes, also where the process
// ended before.
func TestPassNothing(t *testing.T) {
	for name, restart := range map[string]bool{"at once": false, "after a restart": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, memfs.New(), "tagged", "tagged_unique", "merging")
			w.open(t)
			defer func() { w.abort(t) }()
			w.write(t, numbered(w.tables["tagged"], 0, 10), unique(w.tables["tagged_unique"], 0, 4))
			pass := func() (flushed, log meta.Seq) {
				t.Helper()
				if err := w.shard.passNothing(ctx); err != nil {
					t.Fatal(err)
				}
				return w.catalog.Snapshot().FlushedSeq(w.shard.opts.Shard), w.shard.log.Stats().Seq
			}
			if flushed, _ := pass(); flushed != 0 {
				t.Fatalf("rows in memory were passed over: the mark is %d", flushed)
			}
			if err := w.shard.Flush(ctx); err != nil {
				t.Fatal(err)
			}
			w.catalog.Fail = func(c meta.Command) (error, bool) {
				return onlyIf(decides(c), column.Errorf(column.Conflict, "the table has changed")), false
			}
			if _, err := w.shard.Commit(ctx, &w.boundChange(t).Transaction, meta.AckWAL); err == nil {
				t.Fatal("it was not refused")
			}
			w.catalog.Fail = nil
			if restart {
				w.abort(t)
				w.open(t)
			}
			if flushed, log := w.catalog.Snapshot().FlushedSeq(w.shard.opts.Shard), w.shard.log.Stats().Seq; flushed >= log {
				t.Fatalf("the refused commit is not in the log: %d of %d", flushed, log)
			}
			if flushed, log := pass(); flushed != log {
				t.Errorf("commits up to %d of %d are passed over", flushed, log)
			}
			w.check(t, w.snapshot())
			w.write(t, numbered(w.tables["tagged"], 100, 10))
			if flushed, log := pass(); flushed != log-1 {
				t.Errorf("commits up to %d of %d are passed over", flushed, log)
			}
			w.abort(t)
			w.open(t)
			w.check(t, w.snapshot())
		})
	}
}
