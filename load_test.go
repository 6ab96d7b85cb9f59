package aegis

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/query"
)

// manyRows is a database in memory with a table of n rows of (k, g, v, s): k is each number once, g one of 1000 groups.
func manyRows(t testing.TB, o Options, n int) *DB {
	t.Helper()
	ctx := context.Background()
	o.FS = newDisk()
	limits := o
	o = memOptions(o)
	o.MemoryBytes, o.QueryBytes = limits.MemoryBytes, limits.QueryBytes
	o.TransactionBytes = 64 << 20 // the segments are those of flushes, however little memory statements have
	db, err := Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	fillBig(t, db, n)
	return db
}

// fillBig makes the table big with n rows, in segments.
func fillBig(t testing.TB, db *DB, n int) {
	t.Helper()
	run(t, db, "CREATE TABLE big (k bigint, g integer, v double precision, s text)")
	const step = 50_000
	for lo := 0; lo < n; lo += step {
		run(t, db, fmt.Sprintf(`INSERT INTO big SELECT (i::bigint * 7919) %% %d, i %% 1000, (i %% 97)::double precision / 4, 'text of row ' || i %% 5000
			FROM generate_series(%d, %d) AS i`, n, lo, min(lo+step, n)-1))
		if err := db.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

// run runs a statement and gives its rows as text.
func run(t testing.TB, db *DB, text string) string {
	t.Helper()
	rows, err := read(context.Background(), db.NewSession(""), text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var out []string
	for _, r := range rows {
		out = append(out, r.text())
	}
	return strings.Join(out, "\n")
}

// heavyQueries are statements whose rows do not fit into the memory of the tests below, and each gives one row, so that answers compare.
func heavyQueries() []string {
	return []string{
		"SELECT count(*), sum(k), max(v) FROM (SELECT k, v FROM big ORDER BY v, k DESC LIMIT 55000) AS x",
		"SELECT count(*), sum(n), max(k) FROM (SELECT k, count(*) AS n, max(s) FROM big GROUP BY k) AS x",
		"SELECT count(DISTINCT k), count(DISTINCT s), sum(DISTINCT g) FROM big",
		"SELECT count(*), sum(a.v + b.v) FROM big AS a JOIN big AS b ON a.k = b.k",
		"SELECT count(*), count(b.k) FROM big AS a LEFT JOIN big AS b ON a.k = b.k + 1000 AND b.g < 500",
		"SELECT count(*) FROM big AS a WHERE NOT EXISTS (SELECT 1 FROM big AS b WHERE b.k = a.k + 10)",
		"SELECT sum(k % 1000) FROM (SELECT k FROM big ORDER BY s, k LIMIT 50000) AS x",
	}
}

// TestManyHeavyQueries: a hundred statements that each want more memory than the server has wait, spill, and answer rightly; small ones pass
// them; nothing is left.
func TestManyHeavyQueries(t *testing.T) {
	n := 60_000
	if long {
		n = 600_000
	}
	db := manyRows(t, Options{MemoryBytes: 64 << 20, QueryBytes: 4 << 20, Workers: 2}, n)
	queries := heavyQueries()
	want := make([]string, len(queries))
	for i, q := range queries {
		want[i] = run(t, db, q)
	}
	spilledAlone := db.Stats().TempWritten
	if spilledAlone == 0 {
		t.Fatal("nothing was spilled")
	}
	var wg sync.WaitGroup
	var peak, slowest atomic.Int64
	done := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
				s := db.Stats()
				peak.Store(max(peak.Load(), s.MemoryUsed))
				if s.MemoryUsed > s.MemoryLimit {
					t.Errorf("%d bytes of %d are used", s.MemoryUsed, s.MemoryLimit)
				}
			}
		}
	})
	watch.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
				began := time.Now()
				if got := run(t, db, "SELECT 6 * 7"); got != "42" {
					t.Errorf("a small statement: %s", got)
				}
				slowest.Store(max(slowest.Load(), int64(time.Since(began))))
			}
		}
	})
	statements := 100
	if testing.Short() {
		statements = 30
	}
	for i := range statements {
		wg.Go(func() {
			s := db.NewSession("")
			rows, err := read(context.Background(), s, queries[i%len(queries)])
			if err != nil {
				t.Errorf("statement %d: %v", i, err)
				return
			}
			if got := rows[0].text(); got != want[i%len(queries)] {
				t.Errorf("%s\ngave %s, not %s", queries[i%len(queries)], got, want[i%len(queries)])
			}
		})
	}
	wg.Wait()
	close(done)
	watch.Wait()
	s := db.Stats()
	t.Logf("%d MiB at most of %d; %d MiB written; %d statements waited, %.1f s in all; the slowest small one took %v", peak.Load()>>20, s.MemoryLimit>>20,
		(s.TempWritten-spilledAlone)>>20, s.Admission.Queued, s.Admission.WaitedSeconds, time.Duration(slowest.Load()))
	if s.Admission.Queued == 0 || s.Admission.Running != 0 || s.Admission.Waiting != 0 || s.TempFiles != 0 || s.TempBytes != 0 {
		t.Errorf("%+v", s)
	}
	if slowest.Load() > int64(10*time.Second) {
		t.Errorf("a small statement took %v", time.Duration(slowest.Load()))
	}
}

// TestHeavyAnswersDoNotDependOnMemory runs the same with plenty of memory and with hardly any.
func TestHeavyAnswersDoNotDependOnMemory(t *testing.T) {
	db := manyRows(t, Options{MemoryBytes: 512 << 20}, 60_000)
	for _, q := range heavyQueries() {
		want := run(t, db, q)
		for _, tuning := range []query.Tuning{{HeldBytes: 1}, {HeldBytes: 1, Workers: 1}, {HeldBytes: 500_000, Workers: 4}} {
			s := db.NewSession("")
			s.Tuning = tuning
			before, began := db.Stats().TempWritten, time.Now()
			rows, err := read(context.Background(), s, q)
			if err != nil {
				t.Fatalf("%s: %v", q, err)
			}
			t.Logf("%v, %d KiB: %+v %s", time.Since(began), (db.Stats().TempWritten-before)>>10, tuning, q)
			if rows[0].text() != want {
				t.Errorf("%+v: %s\ngave %s, not %s", tuning, q, rows[0].text(), want)
			}
			if db.Stats().TempWritten == before {
				t.Errorf("%+v: %s: nothing was spilled", tuning, q)
			}
		}
	}
}
