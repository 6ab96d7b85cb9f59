package aegis

import (
	"context"
	"fmt"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query"
)

// A snapshot that is open keeps what it names: files that compaction has replaced, and generations of the head that were flushed. Nobody waits for
// it: flushes, compactions and other readers go on. So what is kept grows with time, and is bounded: who holds the oldest snapshot when
// the bound is passed is ended.

// endHolder ends the session that has the oldest snapshot, if snapshots keep more than they may.
func (db *DB) endHolder(ctx context.Context) {
	var heads []*head.Snapshot
	var oldest *query.Holder
	db.engine.Holders(func(list []*query.Holder) {
		for _, h := range list {
			if s, ok := h.Snapshot.(*Snapshot); ok {
				heads = append(heads, s.head)
			}
		}
		if len(list) > 0 {
			oldest = list[0]
		}
	})
	if oldest == nil {
		return
	}
	o := &db.options
	why := tooMuch("memory with rows that were flushed since", db.shard.Retained(heads), o.HeldMemory)
	if why == "" {
		files, err := db.heldFiles(ctx)
		if err != nil {
			o.Logger.Warn("files that old snapshots keep could not be counted; will try again", "error", err)
			return
		}
		why = tooMuch("files that were replaced since", files, o.HeldFiles)
	}
	if why == "" {
		return
	}
	db.engine.Holders(func(list []*query.Holder) {
		if len(list) == 0 || list[0] != oldest { // it has ended by itself
			return
		}
		e := column.SQLErrorf(column.Cancelled, "72000", "snapshot too old")
		e.Detail = fmt.Sprintf("It was taken at %s and keeps %s.", oldest.Since.UTC().Format("2006-01-02 15:04:05 UTC"), why)
		e.Hint = "Read in shorter transactions, or raise the server's bounds for what snapshots keep."
		o.Logger.Warn("a session was ended: its snapshot is too old", "since", oldest.Since, "user", oldest.Session.User(), "keeps", why)
		oldest.Session.Terminate(e)
	})
}

// tooMuch says what is kept, if it is more than allowed; a bound below 0 is none.
func tooMuch(what string, bytes, bound int64) string {
	if bound < 0 || bytes <= bound {
		return ""
	}
	return fmt.Sprintf("%d MiB of %s, of %d MiB allowed", bytes>>20, what, bound>>20)
}

// heldFiles is how many bytes of replaced files are kept for snapshots that are open.
func (db *DB) heldFiles(ctx context.Context) (bytes int64, err error) {
	oldest := db.catalog.OldestHeld()
	held := map[string]bool{}
	for _, g := range db.catalog.Snapshot().Garbage() {
		if g.Removed > oldest {
			for _, name := range filesOf(g) {
				held[name] = true
			}
		}
	}
	if len(held) == 0 {
		return 0, nil
	}
	files, err := db.files.List(ctx, "segments/")
	for _, f := range files {
		if held[f.Name] {
			bytes += f.Size
		}
	}
	return bytes, err
}

func filesOf(g meta.Garbage) []string {
	table, id := uint64(g.Table), uint64(g.Segment)
	if g.Vector > 0 {
		return []string{segment.VectorName(table, id, g.Vector)}
	}
	return []string{segment.DataName(table, id), segment.SidecarName(table, id)}
}
