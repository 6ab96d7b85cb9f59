package aegis

import (
	"testing"
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
