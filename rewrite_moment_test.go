package aegis

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query"
)

// watchedCatalog calls a function each time that the shard looks at the catalog, before the look and behind it.
type watchedCatalog struct {
	meta.Catalog
	mu            sync.Mutex
	before, after func(caller string)
}

func (w *watchedCatalog) watch(before, after func(caller string)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.before, w.after = before, after
}

// around calls what is set for a look, with the names of the functions that look.
func (w *watchedCatalog) around(look func()) {
	w.mu.Lock()
	before, after := w.before, w.after
	w.mu.Unlock()
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	var callers strings.Builder
	for f, more := frames.Next(); ; f, more = frames.Next() {
		callers.WriteString(f.Function + "\n")
		if !more {
			break
		}
	}
	if before != nil {
		before(callers.String())
	}
	look()
	if after != nil {
		after(callers.String())
	}
}

func (w *watchedCatalog) Snapshot() (s *meta.Snapshot) {
	w.around(func() { s = w.Catalog.Snapshot() })
	return s
}

func (w *watchedCatalog) Acquire() (s *meta.Snapshot, release func()) {
	w.around(func() { s, release = w.Catalog.Acquire() })
	return s, release
}

// pausedRewrite is a table whose rows are written anew, as they are, up to the command that replaces the segments.
type pausedRewrite struct {
	ready, proceed chan struct{}
	done           chan error
}

func startRewrite(db *DB, name string) *pausedRewrite {
	r := &pausedRewrite{ready: make(chan struct{}), proceed: make(chan struct{}), done: make(chan error, 1)}
	catalog := db.catalog.Snapshot()
	table := catalog.Table(catalog.Database(meta.DefaultDatabase).ID, meta.PublicSchema, name)
	go func() {
		r.done <- store{db}.Rewrite(context.Background(), query.Rewriting{
			From: table, To: table,
			Compute: func(columns []*column.Vector, _ int) ([]*column.Vector, error) {
				out := slices.Clone(columns)
				for i, f := range table.Columns.Fields {
					if table.Columns.IsTag(f.ID) {
						out[i] = nil
					}
				}
				return out, nil
			},
			Commands: func(edit meta.Edit) ([]meta.Command, error) {
				close(r.ready)
				<-r.proceed
				return []meta.Command{{Commit: &meta.Commit{Edits: []meta.Edit{edit}}}}, nil
			},
		})
	}()
	return r
}

// publish lets the command come, and waits for it. It must have to wait for the statement that calls this.
func (r *pausedRewrite) publish(t *testing.T) {
	close(r.proceed)
	select {
	case err := <-r.done:
		t.Errorf("segments were replaced in the middle of a statement that looks at their rows: %v", err)
		r.done <- err
	case <-time.After(200 * time.Millisecond): // a busy machine may see less, and never fails for it
	}
}

// TestRewriteBetweenLooks: rows that are written anew take their new places at no moment at which a statement of a block looks them up by their keys, or a commit
// by where they lie.
func TestRewriteBetweenLooks(t *testing.T) {
	for _, shape := range []string{
		"CREATE TABLE w (client bigint, k bigint, v bigint, PRIMARY KEY (client, k))",
		"CREATE TABLE w (client bigint, k bigint, v bigint, ts timestamptz DEFAULT '2026-01-01') WITH (time_column = 'ts', tags = 'client', unique_key = 'client, ts')",
	} {
		for _, change := range []string{"UPDATE w SET v = 6 WHERE client = 2", "DELETE FROM w WHERE client = 2"} {
			for _, moment := range []string{"uniqueCommitted", "change"} {
				if moment == "uniqueCommitted" && (strings.HasPrefix(change, "DELETE") || !strings.Contains(shape, "PRIMARY")) {
					continue
				}
				t.Run(fmt.Sprint(moment, " ", change, " ", shape), func(t *testing.T) { rewriteBetweenLooks(t, shape, change, moment) })
			}
		}
	}
}

func rewriteBetweenLooks(t *testing.T, shape, change, moment string) {
	watched := &watchedCatalog{}
	db := open(t, t.TempDir(), func(o *Options) {
		o.watch = func(c meta.Catalog) meta.Catalog { watched.Catalog = c; return watched }
	})
	s := blockSession(t, db)
	must(t, s, shape)
	must(t, s, "INSERT INTO w (client, k, v) VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3)")
	if err := db.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	var rewrite *pausedRewrite
	looks := 0
	inside := func(callers string) bool { return strings.Contains(callers, "."+moment+"\n") }
	list := []string{"BEGIN", change, "COMMIT"}
	if moment == "uniqueCommitted" {
		rewrite = startRewrite(db, "w")
		<-rewrite.ready
		watched.watch(func(callers string) {
			if inside(callers) {
				if looks++; looks == 2 { // the first look was at the rows that the block ends
					rewrite.publish(t)
				}
			}
		}, nil)
	} else {
		list = []string{change}
		watched.watch(func(callers string) {
			if inside(callers) {
				if looks++; looks == 1 { // it has seen the table open, and does not hold its rows yet
					rewrite = startRewrite(db, "w")
					<-rewrite.ready
				}
			}
		}, func(callers string) {
			if inside(callers) && looks == 2 {
				looks++
				rewrite.publish(t)
			}
		})
	}
	again := false
	for _, text := range list {
		_, err := tryAsk(s, text)
		again = again || err != nil
		if err != nil && (!conflict(err) || text != "COMMIT") {
			t.Errorf("%s: %v", text, err)
		}
	}
	watched.watch(nil, nil)
	if looks < 2 {
		t.Fatalf("%d looks", looks)
	}
	if err := <-rewrite.done; err != nil {
		t.Fatal(err)
	}
	if again {
		if err := persist(s, list, true); err != nil {
			t.Error(err)
		}
	}
	want := "1|1|1 2|2|6 3|3|3"
	if strings.HasPrefix(change, "DELETE") {
		want = "1|1|1 3|3|3"
	}
	if got := strings.Join(ask(t, db, "SELECT client, k, v FROM w ORDER BY k"), " "); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
