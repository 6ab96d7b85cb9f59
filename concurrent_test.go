package aegis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query"
)

// TestConcurrent writes, reads, flushes, merges, collects and drops at once. A reader always sees whole writes, all that were
// acknowledged before it began, and the newest row of each key once.
func TestConcurrent(t *testing.T) {
	ctx := context.Background()
	db, err := Open(ctx, Options{
		Dir: "/data", FS: newDisk(), MemoryBytes: 256 << 20, CompactEvery: 2 * time.Millisecond, KeepRemoved: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	ask(t, db, `CREATE TABLE log (ts timestamptz, writer integer, n bigint) WITH (time_column = ts, tags = (writer))`)
	ask(t, db, `CREATE TABLE latest (writer integer, slot integer, n bigint) WITH (tags = (writer), unique_key = (writer, slot))`)
	const writers, slots = 3, 4
	var acked [writers]atomic.Int64 // batches
	var group sync.WaitGroup
	stop := make(chan struct{})
	running := func() bool {
		select {
		case <-stop:
			return false
		default:
			return true
		}
	}
	fail := func(what string, err error) bool {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		return err != nil
	}
	// Each batch of a writer has slots rows in both tables.
	write := func(w int, batch int64) error {
		var log, latest []modelRow
		for s := range int64(slots) {
			log = append(log, modelRow{base + batch*3600e6, int64(w), batch})
			latest = append(latest, modelRow{int64(w), s, batch})
		}
		if _, err := read(ctx, db.NewSession(""), "INSERT INTO log VALUES "+values(findTable(db, "log"), log)); err != nil {
			return err
		}
		_, err := read(ctx, db.NewSession(""), "INSERT INTO latest VALUES "+values(findTable(db, "latest"), latest))
		return err
	}
	for w := range writers {
		group.Go(func() {
			for batch := int64(1); running(); batch++ {
				if fail("write", write(w, batch)) {
					return
				}
				acked[w].Store(batch)
			}
		})
	}
	for range 2 {
		group.Go(func() {
			for w := 0; running(); w = (w + 1) % writers {
				before := acked[w].Load()
				got, err := read(ctx, db.NewSession(""), fmt.Sprintf("SELECT count(*), max(n) FROM log WHERE writer = %d", w))
				if fail("read", err) {
					return
				}
				if n := got[0][0].(int64); n < before*slots || n%slots != 0 || n > 0 && got[0][1] != n/slots {
					t.Errorf("writer %d: %v rows up to %v, %d batches were acknowledged", w, n, got[0][1], before)
					return
				}
				got, err = read(ctx, db.NewSession(""), fmt.Sprintf("SELECT count(*), min(n), max(n) FROM latest WHERE writer = %d", w))
				if fail("read", err) {
					return
				}
				if n := got[0][0].(int64); before > 0 && (n != slots || got[0][1] != got[0][2] || got[0][1].(int64) < before) {
					t.Errorf("writer %d: %v after %d batches", w, got[0], before)
					return
				}
			}
		})
	}
	group.Go(func() {
		for running() && !fail("flush", db.Flush(ctx)) {
			time.Sleep(time.Millisecond)
		}
	})
	group.Go(func() {
		for i := 0; running(); i++ {
			name := fmt.Sprint("passing", i%2)
			for _, text := range []string{"CREATE TABLE " + name + " (a bigint)", "INSERT INTO " + name + " VALUES (1)", "DROP TABLE " + name} {
				if _, err := read(ctx, db.NewSession(""), text); fail("passing table", err) {
					return
				}
			}
		}
	})
	time.Sleep(budget(3 * time.Second))
	close(stop)
	group.Wait()
	if _, failed := db.compactor.Stats(); failed > 0 {
		t.Errorf("%d merges failed", failed)
	}
	t.Logf("%+v", db.Stats())
	if err := db.Close(ctx); err != nil {
		t.Error(err)
	}
}

// TestClosed: after Close, everything is an error that says so, and nothing panics.
func TestClosed(t *testing.T) {
	ctx := context.Background()
	db, err := Open(ctx, memOptions(Options{FS: newDisk()}))
	if err != nil {
		t.Fatal(err)
	}
	ask(t, db, "CREATE TABLE t (a bigint)")
	ask(t, db, "INSERT INTO t VALUES (1)")
	for range 2 {
		if err := db.Close(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{"INSERT INTO t VALUES (2)", "CREATE TABLE u (a bigint)", "DROP TABLE t"} {
		if _, err := read(ctx, db.NewSession(""), text); err == nil || clear(err) != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if rows, err := read(ctx, db.NewSession(""), "SELECT * FROM t"); clear(err) != nil || err == nil && len(rows) != 1 {
		t.Errorf("%v, %v", rows, err)
	}
	if err := db.Flush(ctx); err == nil {
		t.Error("a closed database was flushed")
	}
	if err := writeSamples(db, makeRows(rand.New(rand.NewPCG(1, 1)), findTable(db, samples), 1)); column.ClassOf(err) != column.Overloaded {
		t.Errorf("samples: %v", err)
	}
	_ = db.Compact(ctx)
	_ = db.Stats()
}

// TestCloseEndsStatements: a result that is being read ends with an error that says why, and Close does not wait for its reader
// to think of closing it.
func TestCloseEndsStatements(t *testing.T) {
	db, err := Open(t.Context(), memOptions(Options{FS: newDisk()}))
	if err != nil {
		t.Fatal(err)
	}
	ask(t, db, "CREATE TABLE t (n bigint)")
	ask(t, db, "INSERT INTO t VALUES (1), (2), (3)")
	result, err := db.Query(t.Context(), "SELECT n FROM t")
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	go func() { closed <- db.Close(context.Background()) }()
	for err == nil { // until Close has begun
		var other *query.Result
		if other, err = db.Query(t.Context(), "SELECT 1"); err == nil {
			other.Close()
		}
	}
	var e *column.Error
	if !errors.As(err, &e) || e.SQLState != "57P01" {
		t.Errorf("a statement during Close: %v", err)
	}
	if _, err := result.Next(); !errors.As(err, &e) || e.SQLState != "57P01" {
		t.Errorf("a result during Close: %v", err)
	}
	result.Close()
	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}
}

// TestCloseEndsWhatRuns: a statement that computes when the database is closed ends with that reason, although its session has closed another result, and is
// closed itself.
func TestCloseEndsWhatRuns(t *testing.T) {
	db, err := Open(t.Context(), memOptions(Options{FS: newDisk()}))
	if err != nil {
		t.Fatal(err)
	}
	session := db.NewSession("")
	first, err := session.Run(t.Context(), query.Request{SQL: "SELECT 1"})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := session.Run(context.Background(), query.Request{SQL: "SELECT count(*) FROM generate_series(1, 1000000000000)", Timeout: 5 * time.Minute})
		ended <- err
	}()
	for db.Stats().Admission.Running < 2 {
		time.Sleep(time.Millisecond)
	}
	first.Close()
	session.Close()
	closed := make(chan error, 1)
	go func() { closed <- db.Close(context.Background()) }()
	var e *column.Error
	if err := <-ended; !errors.As(err, &e) || e.SQLState != "57P01" {
		t.Errorf("a statement that runs during Close: %v", err)
	}
	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}
}
