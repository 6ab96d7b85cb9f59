package aegis

import (
	"os"
	"path/filepath"
	"testing"
)

// clone opens a copy of a folder as a crash would leave it.
func clone(t testing.TB, dir string) *DB {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return open(t, to)
}

// TestOwnRows: a transaction sees what it has written, whatever wrote it, and nobody else does before COMMIT.
func TestOwnRows(t *testing.T) {
	db := open(t, t.TempDir())
	s, other := blockSession(t, db), blockSession(t, db)
	must(t, other, "CREATE TABLE t (k bigint, v bigint)")
	must(t, other, "INSERT INTO t VALUES (1, 10), (2, 20), (3, 30)")
	if err := db.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	must(t, other, "INSERT INTO t VALUES (4, 40)")
	for _, isolation := range []string{"READ COMMITTED", "REPEATABLE READ"} {
		expect := func(sql string, want int64) {
			t.Helper()
			if got := must(t, s, sql); got != want {
				t.Errorf("%s: %s: %d, want %d", isolation, sql, got, want)
			}
		}
		must(t, s, "BEGIN ISOLATION LEVEL "+isolation)
		must(t, s, "INSERT INTO t VALUES (5, 50)")
		must(t, s, "UPDATE t SET v = v + 1 WHERE k IN (1, 4, 5)")
		expect("SELECT sum(v) FROM t", 10+20+30+40+50+3)
		must(t, s, "SAVEPOINT a")
		must(t, s, "DELETE FROM t WHERE k IN (2, 5)")
		must(t, s, "UPDATE t SET v = v * 100 WHERE k = 1")
		expect("SELECT sum(v) FROM t", 1100+30+41)
		must(t, s, "SAVEPOINT b")
		must(t, s, "DELETE FROM t")
		expect("SELECT count(*) FROM t", 0)
		must(t, s, "ROLLBACK TO b")
		expect("SELECT sum(v) FROM t", 1100+30+41)
		must(t, s, "ROLLBACK TO a")
		expect("SELECT sum(v) FROM t", 10+20+30+40+50+3)
		expect("UPDATE t SET v = v - 1 WHERE k IN (1, 4) RETURNING k", 1)
		if n := must(t, other, "SELECT sum(v) FROM t"); n != 100 {
			t.Errorf("others see %d", n)
		}
		must(t, s, "ROLLBACK")
		expect("SELECT sum(v) FROM t", 100)
	}
	must(t, s, "BEGIN")
	must(t, s, "INSERT INTO t VALUES (5, 50)")
	must(t, s, "DELETE FROM t WHERE k = 2")
	must(t, s, "UPDATE t SET v = 0 WHERE k = 5")
	must(t, s, "COMMIT")
	if n := must(t, other, "SELECT sum(v) FROM t"); n != 80 {
		t.Errorf("after COMMIT: %d", n)
	}
	if n := must(t, other, "SELECT count(*) FROM t"); n != 4 {
		t.Errorf("after COMMIT: %d rows", n)
	}
}

// TestRowsAndCatalog: rows and tables of one transaction come together or not at all, also over a restart.
func TestRowsAndCatalog(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	s, other := blockSession(t, db), blockSession(t, db)
	must(t, other, "CREATE TABLE old (k bigint, v bigint)")
	must(t, other, "INSERT INTO old VALUES (1, 1), (2, 2)")
	steps := func(end string) {
		must(t, s, "BEGIN")
		must(t, s, "INSERT INTO old VALUES (3, 3)")
		must(t, s, "CREATE TABLE new (k bigint, v bigint)")
		must(t, s, "CREATE TABLE brief (k bigint)")
		must(t, s, "INSERT INTO brief VALUES (1)")
		must(t, s, "INSERT INTO new SELECT k, v * 10 FROM old")
		must(t, s, "UPDATE old SET v = 0 WHERE k = 1")
		must(t, s, "DELETE FROM new WHERE k = 2")
		must(t, s, "DROP TABLE brief")
		if n := must(t, s, "SELECT sum(new.v) + sum(old.v) FROM new, old"); n != 3*40+2*5 {
			t.Errorf("inside: %d", n)
		}
		must(t, s, end)
	}
	steps("ROLLBACK")
	fails(t, other, "SELECT count(*) FROM new", "42P01")
	if n := must(t, other, "SELECT sum(v) FROM old"); n != 3 {
		t.Errorf("after ROLLBACK: %d", n)
	}
	steps("COMMIT")
	check := func(db *DB, when string) {
		t.Helper()
		q := db.NewSession("")
		if a, b := must(t, q, "SELECT sum(v) FROM new"), must(t, q, "SELECT sum(v) FROM old"); a != 40 || b != 5 {
			t.Errorf("%s: %d and %d", when, a, b)
		}
		fails(t, q, "SELECT count(*) FROM brief", "42P01")
	}
	check(db, "after COMMIT")

	must(t, s, "BEGIN")
	must(t, s, "CREATE TABLE clash (k bigint)")
	must(t, s, "INSERT INTO clash VALUES (1)")
	must(t, s, "UPDATE old SET v = 100")
	must(t, other, "CREATE TABLE clash (k text)")
	fails(t, s, "COMMIT", "42P07")
	check(db, "after a clash")
	must(t, other, "INSERT INTO clash VALUES ('x')")

	again := clone(t, dir)
	check(again, "after a replay")
	if err := again.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	check(again, "after a flush")
	if err := db.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	check(db, "flushed")
}
