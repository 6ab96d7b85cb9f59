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
