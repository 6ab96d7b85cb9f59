package aegis

import (
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/meta"
)

// TestOvertakenBlocks: a block whose rows others have changed since it changed them fails with 40001, never with 23505, whatever its next statement is.
func TestOvertakenBlocks(t *testing.T) {
	for _, theirs := range [][]string{
		{"UPDATE t SET v = 2 WHERE k = 5"},
		{"DELETE FROM t WHERE k = 5", "INSERT INTO t VALUES (5, 5)"},
		{"TRUNCATE t", "INSERT INTO t VALUES (5, 5)"},
	} {
		for _, mine := range []string{"UPDATE t SET v = 3 WHERE k = 5", "UPDATE t SET v = v + 1", "INSERT INTO t VALUES (5, 6) ON CONFLICT (k) DO UPDATE SET v = 7", "SELECT sum(v) FROM t WHERE k = 5", "DELETE FROM t WHERE k = 5"} {
			for flushes := range 4 {
				db := open(t, t.TempDir())
				flush := func(at int) {
					if flushes&at != 0 {
						if err := db.Flush(t.Context()); err != nil {
							t.Fatal(err)
						}
					}
				}
				s, other := blockSession(t, db), blockSession(t, db)
				must(t, s, "CREATE TABLE t (k bigint PRIMARY KEY, v bigint)")
				must(t, s, "INSERT INTO t VALUES (4, 0), (5, 0)")
				flush(1)
				must(t, s, "BEGIN")
				must(t, s, "SAVEPOINT p")
				must(t, s, "UPDATE t SET v = 1 WHERE k = 5")
				for _, text := range theirs {
					must(t, other, text)
				}
				flush(2)
				if rows, err := tryAsk(s, mine); !conflict(err) {
					t.Errorf("%q, %s, %d: %v, %v", theirs, mine, flushes, rows, err)
				}
				s.Fail()
				must(t, s, "ROLLBACK TO p")
				if want := must(t, other, "SELECT sum(v) FROM t"); must(t, s, "SELECT sum(v) FROM t") != want {
					t.Errorf("%q, %s, %d: not %d behind ROLLBACK TO", theirs, mine, flushes, want)
				}
				must(t, s, "UPDATE t SET v = 8 WHERE k = 5")
				must(t, s, "UPDATE t SET v = v + 1 WHERE k = 5")
				must(t, s, "COMMIT")
				if got := must(t, other, "SELECT v FROM t WHERE k = 5"); got != 9 {
					t.Errorf("%q, %s, %d: %d", theirs, mine, flushes, got)
				}
			}
		}
	}
}

// TestAlteredUnderBlock: a block whose own rows lack a column that others have written anew, or dropped, fails at its next statement: it would see NULL there, and
// commit it where it changes such rows.
func TestAlteredUnderBlock(t *testing.T) {
	for _, theirs := range []string{"ALTER TABLE t ALTER v TYPE text", "ALTER TABLE t DROP COLUMN v", "ALTER TABLE t ADD CHECK (v > 0)"} {
		for _, mine := range []string{"UPDATE t SET k = 6 WHERE k = 5", "SELECT count(*) FROM t WHERE k = 5", "INSERT INTO t (k) VALUES (7)"} {
			db := open(t, t.TempDir())
			s, other := blockSession(t, db), blockSession(t, db)
			must(t, s, "CREATE TABLE t (k bigint PRIMARY KEY, v bigint)")
			must(t, s, "BEGIN")
			must(t, s, "SAVEPOINT p")
			must(t, s, "INSERT INTO t VALUES (5, 90)")
			must(t, other, theirs)
			fails(t, s, mine, "40001")
			must(t, s, "ROLLBACK TO p")
			must(t, s, "INSERT INTO t (k) VALUES (5)")
			must(t, other, "ALTER TABLE t ADD COLUMN w bigint DEFAULT 4")
			if n := must(t, s, "SELECT w FROM t WHERE k = 5"); n != 4 {
				t.Errorf("%s: the new column of an own row is %d", theirs, n)
			}
			must(t, s, "COMMIT")
			if n := must(t, other, "SELECT sum(w) FROM t WHERE k = 5"); n != 4 {
				t.Errorf("%s: %d", theirs, n)
			}
		}
	}
}

// TestTruncatedUnderFlush: a block whose rows were being flushed when the table was truncated fails with 40001: they were written to files that nobody names.
func TestTruncatedUnderFlush(t *testing.T) {
	watched := &watchedCatalog{}
	db := open(t, t.TempDir(), func(o *Options) {
		o.watch = func(c meta.Catalog) meta.Catalog { watched.Catalog = c; return watched }
	})
	s, other := blockSession(t, db), blockSession(t, db)
	must(t, s, "CREATE TABLE t (k bigint PRIMARY KEY, v bigint)")
	must(t, s, "INSERT INTO t VALUES (5, 90)")
	must(t, s, "BEGIN")
	must(t, s, "UPDATE t SET v = 1")
	truncated := false
	watched.watch(func(callers string) {
		if !truncated && strings.Contains(callers, "/flush.Run") && strings.Contains(callers, "publish\n") {
			truncated = true
			must(t, other, "TRUNCATE t")
		}
	}, nil)
	if err := db.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	watched.watch(nil, nil)
	if !truncated {
		t.Fatal("nothing was truncated")
	}
	fails(t, s, "COMMIT", "40001")
	if n := must(t, other, "SELECT count(*) FROM t"); n != 0 {
		t.Errorf("%d rows", n)
	}
}
