package aegis

import (
	"testing"
)

// TestKeysInBlocks: in a transaction a statement fails that brings a key which is there, among the transaction's rows or among those of others, and COMMIT
// where others have brought it since.
func TestKeysInBlocks(t *testing.T) {
	for _, flushed := range []bool{false, true} {
		db := open(t, t.TempDir())
		s, other := blockSession(t, db), blockSession(t, db)
		flush := func() {
			if flushed {
				if err := db.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		must(t, s, "CREATE TABLE t (k bigint PRIMARY KEY, u text UNIQUE, v bigint)")
		must(t, s, "INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2), (3, NULL, 3)")
		flush()
		for _, isolation := range []string{"READ COMMITTED", "REPEATABLE READ"} {
			must(t, s, "BEGIN ISOLATION LEVEL "+isolation)
			must(t, s, "SELECT count(*) FROM t")
			must(t, other, "INSERT INTO t VALUES (100, 'later', 0)")
			flush()
			must(t, s, "SAVEPOINT p")
			for _, wrong := range []string{
				"INSERT INTO t VALUES (10, 'x', 0), (1, 'y', 0)", "INSERT INTO t VALUES (11, 'a', 0)", "INSERT INTO t VALUES (12, 'q', 0), (12, 'r', 0)",
				"UPDATE t SET k = 2 WHERE k = 1", "UPDATE t SET u = 'b' WHERE k = 3", "INSERT INTO t VALUES (100, 'z', 0)", "INSERT INTO t VALUES (101, 'later', 0)",
			} {
				fails(t, s, wrong, "23505")
				must(t, s, "ROLLBACK TO p")
			}
			must(t, s, "INSERT INTO t VALUES (20, 'own', 0), (21, NULL, 0)")
			must(t, s, "SAVEPOINT q")
			for _, wrong := range []string{"INSERT INTO t VALUES (20, 'z', 0)", "INSERT INTO t VALUES (22, 'own', 0)", "UPDATE t SET k = 20 WHERE k = 21", "UPDATE t SET u = 'own' WHERE k = 3"} {
				fails(t, s, wrong, "23505")
				must(t, s, "ROLLBACK TO q")
			}
			flush()
			must(t, s, "UPDATE t SET v = v + 1")
			must(t, s, "UPDATE t SET k = k + 1000 WHERE k IN (1, 20)")
			must(t, s, "INSERT INTO t VALUES (1, 'c', 0), (20, 'd', 0), (23, NULL, 0)")
			must(t, s, "DELETE FROM t WHERE k = 2")
			must(t, s, "INSERT INTO t VALUES (2, 'b', 5)")
			must(t, s, "INSERT INTO t VALUES (2, 'again', 7), (24, 'e', 7) ON CONFLICT (k) DO UPDATE SET v = excluded.v")
			if n := must(t, s, "SELECT v FROM t WHERE k = 2"); n != 7 {
				t.Errorf("%d", n)
			}
			must(t, s, "ROLLBACK")
			must(t, other, "DELETE FROM t WHERE k = 100")
		}
		must(t, s, "BEGIN")
		must(t, s, "INSERT INTO t VALUES (50, 'mine', 0)")
		must(t, other, "INSERT INTO t VALUES (50, 'theirs', 0)")
		flush()
		fails(t, s, "COMMIT", "23505")
		must(t, s, "BEGIN")
		must(t, s, "TRUNCATE t")
		must(t, s, "INSERT INTO t VALUES (1, 'a', 1), (50, 'b', 0)")
		fails(t, s, "INSERT INTO t VALUES (51, 'a', 1)", "23505")
		must(t, s, "ROLLBACK")
		if n := must(t, other, "SELECT count(*) FROM t"); n != 4 {
			t.Errorf("%d rows", n)
		}
	}
}
