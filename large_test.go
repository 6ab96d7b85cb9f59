package aegis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/vfs/faultfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/query/sql"
)

// smallTransactions is a database whose transactions hold next to nothing in memory.
func smallTransactions(t testing.TB, disk *memfs.FS) *DB {
	t.Helper()
	db, err := Open(t.Context(), memOptions(Options{FS: disk, TransactionBytes: 8 << 10}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	return db
}

// rowsOnDisk is how many rows of a table are in segments that the catalog has.
func rowsOnDisk(db *DB, name string) int64 {
	c := db.catalog.Snapshot()
	d := c.Database("default")
	return c.Manifest(c.Table(d.ID, "public", name).ID).LiveRows()
}

// TestLargeTransactions: rows that memory does not hold are seen by their transaction, can be changed and taken back, and come with COMMIT.
func TestLargeTransactions(t *testing.T) {
	for _, create := range []string{
		"CREATE TABLE t (k bigint PRIMARY KEY, v bigint, s text)",
		"CREATE TABLE t (k bigint, v bigint, s text)",
		"CREATE TABLE t (k bigint, v bigint, s text, UNIQUE (s, k))",
	} {
		db := smallTransactions(t, newDisk())
		s, other := blockSession(t, db), blockSession(t, db)
		must(t, s, create)
		expect := func(sql string, want int64) {
			t.Helper()
			if got := must(t, s, sql); got != want {
				t.Errorf("%s: %s: %d, want %d", create, sql, got, want)
			}
		}
		rows := func(lo, hi int) string {
			return fmt.Sprintf("INSERT INTO t SELECT (g * 7919) %% 1000003, g, 'text ' || g FROM generate_series(%d, %d) g", lo, hi)
		}
		must(t, s, rows(1, 20000)) // no block
		expect("SELECT count(*) FROM t", 20000)
		if n := rowsOnDisk(db, "t"); n < 10000 {
			t.Errorf("%s: %d rows went to disk", create, n)
		}
		must(t, s, "BEGIN")
		must(t, s, rows(20001, 30000))
		expect("SELECT sum(v) FROM t", 30000*30001/2)
		must(t, s, "SAVEPOINT a")
		must(t, s, rows(30001, 40000))
		must(t, s, "UPDATE t SET v = -v WHERE v > 15000")
		expect("SELECT sum(v) FROM t", 15000*15001-40000*40001/2)
		must(t, s, "DELETE FROM t WHERE v < 0")
		expect("SELECT count(*) FROM t", 15000)
		if n := must(t, other, "SELECT count(*) FROM t"); n != 20000 {
			t.Errorf("%s: others see %d rows", create, n)
		}
		must(t, s, "ROLLBACK TO a")
		expect("SELECT sum(v) FROM t", 30000*30001/2)
		must(t, s, "DELETE FROM t WHERE v % 2 = 0")
		must(t, s, "COMMIT")
		expect("SELECT sum(v) FROM t", 15000*15000)
		must(t, s, "BEGIN")
		must(t, s, rows(50001, 60000))
		must(t, s, "ROLLBACK")
		expect("SELECT sum(v) FROM t", 15000*15000)
		// An error in the last row leaves nothing.
		if _, err := textRowsOf(s, "INSERT INTO t SELECT g + 2000000, 1 / (80000 - g), 'x' FROM generate_series(60001, 80000) g"); sqlState(err) != "22012" {
			t.Errorf("%s: %v", create, err)
		}
		expect("SELECT sum(v) FROM t", 15000*15000)
		must(t, s, "CREATE TABLE other AS SELECT * FROM t")
		expect("SELECT sum(v) FROM other", 15000*15000)
		if _, err := textRowsOf(s, "CREATE TABLE bad AS SELECT 1 / (20000 - g) FROM generate_series(1, 20000) g"); sqlState(err) != "22012" {
			t.Errorf("CREATE TABLE AS: %v", err)
		}
		if _, err := textRowsOf(s, "SELECT * FROM bad"); sqlState(err) != "42P01" {
			t.Errorf("after a failed CREATE TABLE AS: %v", err)
		}
		must(t, s, "BEGIN")
		must(t, s, "CREATE TABLE mine AS SELECT g AS k FROM generate_series(1, 20000) g")
		must(t, s, "INSERT INTO mine SELECT k + 20000 FROM mine")
		expect("SELECT sum(k) FROM mine", 40000*40001/2)
		must(t, s, "COMMIT")
		expect("SELECT sum(k) FROM mine", 40000*40001/2)
		if err := strayFiles(db, db.options.FS); err != nil {
			t.Error(err)
		}
	}
}

// TestLargeTransactionsKeys: keys are held among rows that went to disk, those of the same statement, of the transaction, and what others commit meanwhile.
func TestLargeTransactionsKeys(t *testing.T) {
	for _, flush := range []bool{false, true} {
		db := smallTransactions(t, newDisk())
		s, other := blockSession(t, db), blockSession(t, db)
		must(t, s, "CREATE TABLE t (k bigint PRIMARY KEY, s text UNIQUE)")
		fails := func(sql, state string) {
			t.Helper()
			_, err := textRowsOf(s, sql)
			if sqlState(err) != state {
				t.Errorf("%s: %v, want %s", sql, err, state)
			}
			s.Fail()
		}
		must(t, s, "INSERT INTO t VALUES (5, 'five')")
		fails("INSERT INTO t SELECT g % 19999 + 10, 's' || g FROM generate_series(1, 20000) g", "23505")
		fails("INSERT INTO t SELECT g + 10, 's' || g % 19999 FROM generate_series(1, 20000) g", "23505")
		fails("INSERT INTO t SELECT g, 's' || g FROM generate_series(1, 20000) g", "23505")
		if n := must(t, s, "SELECT count(*) FROM t"); n != 1 {
			t.Fatalf("%d rows", n)
		}
		const load = "INSERT INTO t SELECT g, 's' || g FROM generate_series(10, 20000) g"
		must(t, s, "BEGIN")
		must(t, s, load)
		fails("INSERT INTO t VALUES (777, 'new')", "23505")
		must(t, s, "ROLLBACK")
		must(t, s, "BEGIN")
		must(t, s, load)
		must(t, s, "DELETE FROM t WHERE k IN (5, 777)")
		must(t, s, "INSERT INTO t VALUES (777, 'new'), (5, 's777')")
		must(t, other, "INSERT INTO t VALUES (-1, 's0')") // in nobody's way
		if flush {
			if err := db.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		must(t, s, "COMMIT")
		if n := must(t, s, "SELECT count(*) FROM t"); n != 20000-10+1+2 {
			t.Errorf("%d rows", n)
		}
		must(t, s, "DELETE FROM t")
		must(t, s, "BEGIN")
		must(t, s, load)
		must(t, other, "INSERT INTO t VALUES (12345, 'theirs')")
		if flush {
			if err := db.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		_, err := textRowsOf(s, "COMMIT")
		var e *column.Error
		if !errors.As(err, &e) || e.SQLState != "23505" || e.Detail != "Key (k)=(12345) already exists." {
			t.Errorf("COMMIT: %v", err)
		}
		if n := must(t, s, "SELECT count(*) FROM t"); n != 1 {
			t.Errorf("%d rows after a COMMIT that failed", n)
		}
		if err := strayFiles(db, db.options.FS); err != nil {
			t.Error(err)
		}
	}
}

// TestLargeCopy: a COPY comes as a whole, or not at all.
func TestLargeCopy(t *testing.T) {
	db := smallTransactions(t, newDisk())
	s := blockSession(t, db)
	must(t, s, "CREATE TABLE t (k bigint PRIMARY KEY, v bigint)")
	load := func(last int64) error {
		const text = "COPY t FROM STDIN"
		parsed, err := sql.ParseOne(text, sql.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s.Together()
		l, err := s.NewLoader(t.Context(), parsed.Stmt.(*sql.Copy), text)
		if err != nil {
			t.Fatal(err)
		}
		for lo := int64(0); lo < 20000 && err == nil; lo += 1000 {
			k, v := column.NewBuilder(column.T(column.Int64), 1000), column.NewBuilder(column.T(column.Int64), 1000)
			for i := lo; i < lo+1000; i++ {
				k.AppendInt(i)
				v.AppendInt(1)
			}
			if lo+1000 == 20000 {
				k.AppendInt(last)
				v.AppendInt(1)
			}
			kv := k.Finish()
			if err = l.Add(t.Context(), []*column.Vector{kv, v.Finish()}, kv.Len); err != nil {
				s.Fail()
			}
		}
		return errors.Join(err, s.EndTogether(t.Context()))
	}
	if err := load(5); sqlState(err) != "23505" {
		t.Errorf("a key that comes twice: %v", err)
	}
	if n := must(t, s, "SELECT count(*) FROM t"); n != 0 {
		t.Errorf("%d rows of a COPY that failed", n)
	}
	if err := load(20000); err != nil {
		t.Fatal(err)
	}
	if n := must(t, s, "SELECT count(*) FROM t"); n != 20001 || rowsOnDisk(db, "t") < 10000 {
		t.Errorf("%d rows, %d of them on disk", n, rowsOnDisk(db, "t"))
	}
	if err := strayFiles(db, db.options.FS); err != nil {
		t.Error(err)
	}
}

// TestLargeTransactionCrash: after a power cut at any operation on the disk a large transaction is there as a whole or not at all, and its files only if it is.
func TestLargeTransactionCrash(t *testing.T) {
	disk := newDisk()
	rng := rand.New(rand.NewPCG(course(t), 5))
	var all []*memfs.FS
	recording, committed := false, false
	var done []bool
	fsys := faultfs.New(disk, func(op faultfs.Op, _ string, _ int) error {
		if op.Changes() && recording {
			all = append(all, disk.CrashClone(rng))
			done = append(done, committed)
		}
		return nil
	})
	db, err := Open(t.Context(), memOptions(Options{FS: fsys, TransactionBytes: 8 << 10, Workers: 1}))
	if err != nil {
		t.Fatal(err)
	}
	s := blockSession(t, db)
	must(t, s, "CREATE TABLE t (k bigint PRIMARY KEY, v bigint)")
	must(t, s, "INSERT INTO t VALUES (0, 0)")
	recording = true
	must(t, s, "BEGIN")
	must(t, s, "INSERT INTO t SELECT g, g FROM generate_series(1, 3000) g")
	must(t, s, "DELETE FROM t WHERE k % 3 = 0")
	must(t, s, "INSERT INTO t VALUES (-1, 7)")
	must(t, s, "COMMIT")
	committed = true
	must(t, s, "INSERT INTO t VALUES (-2, 0)")
	if err := db.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	recording = false
	s.Close()
	if err := db.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("only %d operations", len(all))
	}
	seen := map[int64]bool{}
	for i, d := range all {
		db, err := Open(t.Context(), memOptions(Options{FS: d, TransactionBytes: 8 << 10}))
		if err != nil {
			t.Fatalf("operation %d: %v", i, err)
		}
		s := db.NewSession("")
		n := must(t, s, "SELECT count(*) FROM t WHERE k <> -2")
		if n != 1 && n != 2001 || done[i] && n != 2001 {
			t.Errorf("operation %d: %d rows (committed: %v)", i, n, done[i])
		}
		if n == 2001 {
			if sum := must(t, s, "SELECT sum(v) FROM t"); sum != 3000*3001/2-3*1000*1001/2+7 {
				t.Errorf("operation %d: sum %d", i, sum)
			}
		}
		seen[n] = true
		if err := strayFiles(db, d); err != nil {
			t.Errorf("operation %d: %v", i, err)
		}
		s.Close()
		if err := db.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if !seen[1] || !seen[2001] {
		t.Errorf("states seen: %v", seen)
	}
}
