package aegis

import (
	"errors"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query"
)

// blockSession is a session that takes BEGIN.
func blockSession(t testing.TB, db *DB) *query.Session {
	t.Helper()
	s := db.NewSession("")
	s.Blocks = true
	t.Cleanup(s.Close)
	return s
}

// fails runs a statement that must fail with a SQLSTATE.
func fails(t testing.TB, s *query.Session, sql, state string) {
	t.Helper()
	_, err := does(t, s, sql)
	s.Fail()
	var e *column.Error
	if !errors.As(err, &e) || e.SQLState != state && !(e.SQLState == "" && e.Class == column.Conflict && state == "40001") {
		t.Fatalf("%s: %v, want %s", sql, err, state)
	}
}

// TestTablesOfBlocks: what a block changes of the catalog is its own until COMMIT, and goes with ROLLBACK and ROLLBACK TO.
func TestTablesOfBlocks(t *testing.T) {
	db := open(t, t.TempDir())
	s, other := blockSession(t, db), blockSession(t, db)
	for _, isolation := range []string{"READ COMMITTED", "REPEATABLE READ"} {
		must(t, s, "BEGIN ISOLATION LEVEL "+isolation)
		must(t, s, "CREATE TABLE a (n bigint)")
		must(t, s, "SELECT count(*) FROM a")
		fails(t, other, "SELECT count(*) FROM a", "42P01")
		must(t, s, "SAVEPOINT one")
		must(t, s, "CREATE TABLE b (n bigint)")
		must(t, s, "DROP TABLE a")
		fails(t, s, "SELECT count(*) FROM a", "42P01")
		must(t, s, "ROLLBACK TO one")
		must(t, s, "SELECT count(*) FROM a")
		fails(t, s, "SELECT count(*) FROM b", "42P01")
		must(t, s, "ROLLBACK TO one")
		must(t, s, "CREATE TABLE b (n bigint)")
		must(t, s, "ROLLBACK")
		fails(t, s, "SELECT count(*) FROM a", "42P01")
		if n := len(db.Catalog().Tables(1)); n != 2 {
			t.Fatalf("%d tables after ROLLBACK", n)
		}
		must(t, s, "BEGIN ISOLATION LEVEL "+isolation)
		must(t, s, "CREATE TABLE a (n bigint)")
		must(t, s, "CREATE TABLE b (n bigint)")
		must(t, s, "DROP TABLE b")
		must(t, s, "COMMIT")
		must(t, other, "SELECT count(*) FROM a")
		fails(t, other, "SELECT count(*) FROM b", "42P01")
		must(t, s, "INSERT INTO a VALUES (1)")
		must(t, s, "DROP TABLE a")
	}
}

// TestClashesOfBlocks: of two transactions that change the same thing of the catalog, one commits and nothing of the other stays.
func TestClashesOfBlocks(t *testing.T) {
	db := open(t, t.TempDir())
	s, other := blockSession(t, db), blockSession(t, db)
	must(t, s, "BEGIN")
	must(t, s, "CREATE TABLE x (n bigint)")
	must(t, s, "CREATE TABLE y (n bigint)")
	must(t, other, "CREATE TABLE y (n text)")
	fails(t, s, "COMMIT", "42P07")
	fails(t, s, "SELECT count(*) FROM x", "42P01")

	must(t, s, "BEGIN")
	must(t, s, "CREATE TABLE x (n bigint)")
	must(t, other, "CREATE TABLE x (n text)")
	fails(t, s, "SELECT 1", "42P07") // whoever reads a new snapshot meets it sooner
	must(t, s, "ROLLBACK")

	must(t, s, "BEGIN")
	must(t, s, "DROP TABLE x, y")
	must(t, other, "DROP TABLE x")
	fails(t, s, "COMMIT", "42P01")
	must(t, other, "SELECT count(*) FROM y")
}

// TestUsersOfBlocks: users are of the catalog too.
func TestUsersOfBlocks(t *testing.T) {
	db := open(t, t.TempDir())
	s := blockSession(t, db)
	must(t, s, "BEGIN")
	must(t, s, "CREATE USER root SUPERUSER PASSWORD 'x'")
	must(t, s, "CREATE USER bob PASSWORD 'y'")
	must(t, s, "ROLLBACK")
	if db.Catalog().HasUsers() {
		t.Fatal("users are left")
	}
	must(t, s, "BEGIN")
	must(t, s, "CREATE USER root SUPERUSER PASSWORD 'x'")
	must(t, s, "CREATE USER bob PASSWORD 'y'")
	must(t, s, "COMMIT")
	if db.Catalog().User("bob") == nil {
		t.Fatal("no bob")
	}
}

// TestKeysOfBlocks: rows of a table with a key that the same transaction makes, or that gets one of its columns there, are held against the key at COMMIT.
func TestKeysOfBlocks(t *testing.T) {
	db := open(t, t.TempDir())
	s := blockSession(t, db)
	must(t, s, "CREATE TABLE old (k bigint PRIMARY KEY)")
	must(t, s, "INSERT INTO old VALUES (1)")
	must(t, s, "BEGIN")
	must(t, s, "CREATE TABLE new (k bigint PRIMARY KEY, v bigint)")
	must(t, s, "INSERT INTO new VALUES (1, 1), (2, 2)")
	must(t, s, "ALTER TABLE old ADD COLUMN v bigint DEFAULT 7")
	must(t, s, "INSERT INTO old VALUES (2)")
	must(t, s, "COMMIT")
	fails(t, s, "INSERT INTO new VALUES (2, 3)", "23505")
	fails(t, s, "INSERT INTO old VALUES (2)", "23505")
	if n := must(t, s, "SELECT sum(new.v + old.v) FROM new JOIN old USING (k)"); n != 17 {
		t.Errorf("%d", n)
	}
}

// TestRowsBeforeDefinitions: a transaction may change a table after it has written rows of it.
func TestRowsBeforeDefinitions(t *testing.T) {
	db := open(t, t.TempDir())
	s, other := blockSession(t, db), blockSession(t, db)
	must(t, s, "CREATE TABLE old (k bigint, v smallint, gone text)")
	must(t, s, "INSERT INTO old VALUES (1, 1, 'a')")
	must(t, s, "BEGIN")
	must(t, s, "CREATE TABLE new (k bigint, v smallint, gone text)")
	for _, table := range []string{"old", "new"} {
		must(t, s, "INSERT INTO "+table+" VALUES (2, 2, 'b')")
		must(t, s, "ALTER TABLE "+table+" DROP COLUMN gone, ALTER v TYPE bigint, ADD COLUMN more bigint DEFAULT 5, ADD CHECK (v < 100) NOT VALID")
		must(t, s, "INSERT INTO "+table+" VALUES (3, 10000000000 % 7, 6)")
	}
	must(t, s, "ALTER TABLE new ADD CHECK (k > 0), ALTER v SET NOT NULL")
	must(t, s, "INSERT INTO new VALUES (4, 4, 7)")
	must(t, s, "COMMIT")
	for table, want := range map[string]int64{"old": 5 + 5 + 6, "new": 5 + 6 + 7} {
		if n := must(t, other, "SELECT sum(more) FROM "+table); n != want {
			t.Errorf("%s: %d, want %d", table, n, want)
		}
	}
	must(t, s, "BEGIN")
	must(t, s, "INSERT INTO old VALUES (5, 5, 5)")
	must(t, other, "ALTER TABLE old DROP COLUMN more")
	fails(t, s, "ALTER TABLE old ADD COLUMN again text", "40001") // the column that others dropped took a value with it
	must(t, s, "ROLLBACK")
}

// TestSameTextAgain: a definition means the same when its text is run again, whatever its names have come to mean.
func TestSameTextAgain(t *testing.T) {
	db := open(t, t.TempDir())
	for range 3 {
		ask(t, db, "CREATE SEQUENCE numbers START 5")
		ask(t, db, "CREATE TABLE t (k bigint DEFAULT nextval('numbers'), v bigint, CHECK (t.v > 0))")
		ask(t, db, "ALTER TABLE t ADD CHECK (t.k < 100)")
		if got := ask(t, db, "INSERT INTO t (v) VALUES (1) RETURNING k"); got[0] != "5" {
			t.Errorf("k is %s", got)
		}
		ask(t, db, "DROP TABLE t")
		ask(t, db, "DROP SEQUENCE numbers")
	}
}
