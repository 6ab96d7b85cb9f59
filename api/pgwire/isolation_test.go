package pgwire_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/automatanexus/aegis-db/api/pgwire"
)

// levels are the isolation levels, weakest first. SERIALIZABLE is snapshot isolation.
var levels = []string{"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"}

// A scenario is the steps of several sessions, each "session: statement -> answer". The answer is the first column's values, a SQLSTATE, or nothing where it
// does not matter. After "|" it is that of REPEATABLE READ and above, where that is another.
var scenarios = map[string]string{
	"dirty write": `
		1: UPDATE t SET v = 11 WHERE id = 1
		2: UPDATE t SET v = 12 WHERE id = 1
		1: UPDATE t SET v = 21 WHERE id = 2
		1: COMMIT
		3: SELECT v FROM t ORDER BY id -> 11,21
		2: UPDATE t SET v = 22 WHERE id = 2 -> 40001|
		2: COMMIT -> |40001
		3: SELECT v FROM t ORDER BY id -> 11,21`,
	"aborted read": `
		1: UPDATE t SET v = 101 WHERE id = 1
		2: SELECT v FROM t ORDER BY id -> 10,20
		1: ROLLBACK
		2: SELECT v FROM t ORDER BY id -> 10,20`,
	"intermediate read": `
		1: UPDATE t SET v = 101 WHERE id = 1
		2: SELECT v FROM t ORDER BY id -> 10,20
		1: UPDATE t SET v = 11 WHERE id = 1
		1: COMMIT
		2: SELECT v FROM t ORDER BY id -> 11,20|10,20`,
	"circular information": `
		1: UPDATE t SET v = 11 WHERE id = 1
		2: UPDATE t SET v = 22 WHERE id = 2
		1: SELECT v FROM t WHERE id = 2 -> 20
		2: SELECT v FROM t WHERE id = 1 -> 10
		1: COMMIT
		2: COMMIT
		3: SELECT v FROM t ORDER BY id -> 11,22`,
	"observed transaction vanishes": `
		1: UPDATE t SET v = 11 WHERE id = 1
		1: UPDATE t SET v = 19 WHERE id = 2
		2: UPDATE t SET v = 12 WHERE id = 1
		1: COMMIT
		4: SELECT v FROM t WHERE id = 1 -> 11
		2: UPDATE t SET v = 18 WHERE id = 2 -> 40001|
		4: SELECT v FROM t WHERE id = 2 -> 19
		2: COMMIT -> |40001
		4: SELECT v FROM t ORDER BY id -> 11,19`,
	"phantom": `
		1: SELECT count(*) FROM t WHERE v > 15 -> 1
		3: INSERT INTO t VALUES (3, 30)
		1: SELECT count(*) FROM t WHERE v > 15 -> 2|1
		1: SELECT max(id) FROM t -> 3|2`,
	"lost update": `
		1: SELECT v FROM t WHERE id = 1 -> 10
		2: SELECT v FROM t WHERE id = 1 -> 10
		1: UPDATE t SET v = 11 WHERE id = 1
		2: UPDATE t SET v = 11 WHERE id = 1
		1: COMMIT
		2: COMMIT -> 40001
		3: SELECT v FROM t WHERE id = 1 -> 11`,
	"two rows of one": `
		1: UPDATE t SET v = 11 WHERE id = 1
		3: UPDATE t SET v = 12 WHERE id = 1
		1: SELECT v FROM t WHERE id = 1 -> 40001|11
		1: ROLLBACK
		1: SELECT v FROM t WHERE id = 1 -> 12`,
	"update of what a snapshot does not see": `
		1: SELECT v FROM t WHERE id = 1 -> 10
		3: UPDATE t SET v = v + 5 WHERE id = 1
		1: UPDATE t SET v = v + 1 WHERE id = 1
		1: COMMIT -> |40001
		3: SELECT v FROM t WHERE id = 1 -> 16|15`,
	"read skew": `
		1: SELECT v FROM t WHERE id = 1 -> 10
		3: UPDATE t SET v = v + 100
		1: SELECT v FROM t WHERE id = 2 -> 120|20`,
	"write skew, which snapshots allow": `
		1: SELECT sum(v) FROM t -> 30
		2: SELECT sum(v) FROM t -> 30
		1: UPDATE t SET v = -10 WHERE id = 1
		2: UPDATE t SET v = -10 WHERE id = 2
		1: COMMIT
		2: COMMIT
		3: SELECT sum(v) FROM t -> -20`,
	"deleted and updated": `
		1: DELETE FROM t WHERE id = 1
		2: UPDATE t SET v = 0 WHERE id = 1
		2: SELECT sum(v) FROM t -> 20
		1: SELECT sum(v) FROM t -> 20
		2: COMMIT
		1: COMMIT -> 40001
		3: SELECT v FROM t ORDER BY id -> 0,20`,
	"own writes and savepoints": `
		1: INSERT INTO t VALUES (3, 30)
		1: SAVEPOINT a
		1: UPDATE t SET v = v * 2
		1: SELECT v FROM t ORDER BY id -> 20,40,60
		1: SAVEPOINT b
		1: DELETE FROM t WHERE id <> 2
		1: SELECT v FROM t ORDER BY id -> 40
		1: SELECT 1/0 -> 22012
		1: SELECT 1 -> 25P02
		1: ROLLBACK TO b
		1: SELECT v FROM t ORDER BY id -> 20,40,60
		1: ROLLBACK TO a
		1: RELEASE a
		2: SELECT v FROM t ORDER BY id -> 10,20
		1: COMMIT
		3: SELECT v FROM t ORDER BY id -> 10,20,30`,
	"nothing of a COMMIT that fails": `
		1: INSERT INTO u VALUES (1)
		1: CREATE TABLE made (n bigint)
		1: INSERT INTO made VALUES (1)
		1: UPDATE t SET v = 0
		3: UPDATE t SET v = 1 WHERE id = 2
		1: COMMIT -> 40001
		3: SELECT count(*) FROM u -> 0
		3: SELECT count(*) FROM made -> 42P01
		3: SELECT v FROM t ORDER BY id -> 10,1`,
	"read only": `
		1: SET TRANSACTION READ ONLY
		1: UPDATE t SET v = 0 -> 25006
		1: ROLLBACK
		1: BEGIN READ ONLY
		1: CREATE TABLE x (n int) -> 25006`,
}

// TestIsolation runs the scenarios at each level, with rows in memory and in segments.
func TestIsolation(t *testing.T) {
	addr, db := serve(t, pgwire.Options{})
	for name, steps := range scenarios {
		for i, level := range levels {
			t.Run(name+"/"+level, func(t *testing.T) {
				admin := connect(t, addr)
				for _, sql := range []string{
					"DROP TABLE IF EXISTS t, u, made", "CREATE TABLE t (id bigint, v bigint)", "CREATE TABLE u (n bigint)", "INSERT INTO t VALUES (1, 10), (2, 20)",
				} {
					exec(t, admin, sql)
				}
				if len(name)%2 == 0 {
					if err := db.Flush(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				sessions := map[string]*pgx.Conn{"3": admin}
				for line := range strings.SplitSeq(strings.TrimSpace(steps), "\n") {
					who, rest, _ := strings.Cut(strings.TrimSpace(line), ": ")
					sql, want, _ := strings.Cut(rest, " -> ")
					if weak, strong, two := strings.Cut(want, "|"); two {
						want = []string{weak, strong, strong}[i]
					}
					c := sessions[who]
					if c == nil {
						c = connect(t, addr)
						sessions[who] = c
						exec(t, c, "BEGIN ISOLATION LEVEL "+level)
					}
					if got := answer(t, c, sql); got != want {
						t.Fatalf("%s: %s, want %s", line, got, want)
					}
				}
			})
		}
	}
}

// answer gives the first column of a statement's rows, or its SQLSTATE.
func answer(t *testing.T, c *pgx.Conn, sql string) string {
	t.Helper()
	results, err := c.PgConn().Exec(t.Context(), sql).ReadAll()
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return refused.Code
	}
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range results {
		for _, row := range r.Rows {
			out = append(out, string(row[0]))
		}
	}
	return strings.Join(out, ",")
}

// TestRetries: what drivers offer for 40001 comes to an end under contention, and nothing is lost.
func TestRetries(t *testing.T) {
	addr, db := serve(t, pgwire.Options{})
	exec(t, connect(t, addr), "CREATE TABLE counter (id bigint, n bigint)")
	exec(t, connect(t, addr), "INSERT INTO counter VALUES (1, 0), (2, 0)")
	const clients, each = 4, 15
	errs := make(chan error, clients)
	for i := range clients {
		c := connect(t, addr)
		go func() { errs <- increment(c, each, levels[i%len(levels)]) }()
	}
	stop := make(chan struct{})
	flushed := make(chan error, 1)
	go func() { // rows move meanwhile
		for {
			select {
			case <-stop:
				flushed <- nil
				return
			default:
			}
			if err := errors.Join(db.Flush(context.Background()), db.Compact(context.Background())); err != nil {
				flushed <- err
				return
			}
		}
	}()
	for range clients {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	close(stop)
	if err := <-flushed; err != nil {
		t.Error(err)
	}
	if got := answer(t, connect(t, addr), "SELECT n FROM counter ORDER BY id"); got != fmt.Sprintf("%d,%d", clients*each, -clients*each) {
		t.Errorf("the counters are %s", got)
	}
}

// increment reads and writes both counters, again when it is told to.
func increment(c *pgx.Conn, times int, level string) error {
	ctx := context.Background()
	for range times {
		for {
			err := pgx.BeginTxFunc(ctx, c, pgx.TxOptions{IsoLevel: pgx.TxIsoLevel(strings.ToLower(level))}, func(tx pgx.Tx) error {
				var n int64
				if err := tx.QueryRow(ctx, "SELECT n FROM counter WHERE id = 1").Scan(&n); err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, "UPDATE counter SET n = n + 1 WHERE id = 1"); err != nil {
					return err
				}
				_, err := tx.Exec(ctx, "UPDATE counter SET n = n - 1 WHERE id = 2")
				return err
			})
			var refused *pgconn.PgError
			if errors.As(err, &refused) && refused.Code == "40001" {
				continue
			}
			if err != nil {
				return err
			}
			break
		}
	}
	return nil
}
