package aegis

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query"
)

// TestRewriteUnderWriters: rows that are inserted, updated and deleted while a column changes its type back and forth are neither lost nor
// changed; blocks that had begun before may fail with 40001, and do nothing then.
func TestRewriteUnderWriters(t *testing.T) {
	for _, shape := range []string{
		"CREATE TABLE w (client bigint, k bigint, v bigint)",
		"CREATE TABLE w (client bigint, k bigint, v bigint, ts timestamptz DEFAULT '2026-01-01') WITH (time_column = 'ts', tags = 'client')",
		"CREATE TABLE w (client bigint, k bigint, v bigint, PRIMARY KEY (client, k))",
	} {
		t.Run(shape, func(t *testing.T) {
			db := open(t, t.TempDir())
			ask(t, db, shape)
			ask(t, db, "CREATE INDEX w_v ON w (v)")
			const clients = 3
			rounds := 120
			if testing.Short() {
				rounds = 40
			}
			want := make([]map[int]int, clients)
			ended := make(chan struct{})
			var altering, writing sync.WaitGroup
			changes := 0
			var commits atomic.Int64
			altering.Go(func() {
				s := db.NewSession("")
				for _, alter := range []string{"ALTER v TYPE text", "ALTER v TYPE bigint USING v::bigint", "ADD COLUMN x bigint GENERATED ALWAYS AS (k + 1) STORED", "DROP COLUMN x"} {
					if _, err := tryAsk(s, "ALTER TABLE w "+alter); err != nil && !conflict(err) {
						t.Errorf("%s: %v", alter, err)
					}
				}
				for i := 0; ; i++ {
					// Where the type never rests, blocks are begun again and again, and show nothing new.
					for seen := commits.Load(); commits.Load() < seen+clients; {
						select {
						case <-ended:
							return
						case <-time.After(time.Millisecond):
						}
					}
					alter := []string{"ALTER v TYPE text", "ALTER v TYPE bigint USING v::bigint"}[i%2]
					for {
						_, err := tryAsk(s, "ALTER TABLE w "+alter)
						if err == nil {
							break
						}
						if !conflict(err) {
							t.Errorf("%s: %v", alter, err)
							return
						}
					}
					changes++
					if err := db.Compact(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
			for c := range clients {
				want[c] = map[int]int{}
				s := blockSession(t, db)
				writing.Go(func() {
					for i := range rounds {
						list := []string{fmt.Sprintf("INSERT INTO w (client, k, v) SELECT %d, %d, '%d'", c, i, 10*i)}
						next := map[int]int{i: 10 * i}
						if i%3 == 0 && i > 0 {
							list = append(list, fmt.Sprintf("UPDATE w SET v = '%d' WHERE client = %d AND k = %d", i, c, i-1))
							next[i-1] = i
						}
						if i%5 == 0 && i > 5 {
							list = append(list, fmt.Sprintf("DELETE FROM w WHERE client = %d AND k = %d", c, i-3))
							next[i-3] = -1
						}
						if c > 0 { // together
							list = append(append([]string{"BEGIN"}, list...), "COMMIT")
						}
						if err := persist(s, list, c > 0); err != nil {
							t.Errorf("client %d: %v", c, err)
							return
						}
						commits.Add(1)
						for k, v := range next {
							if _, was := want[c][k]; was || k == i {
								want[c][k] = v
							}
							if v < 0 {
								delete(want[c], k)
							}
						}
					}
				})
			}
			writing.Wait()
			close(ended)
			altering.Wait()
			if changes < 2 {
				t.Fatalf("%d changes of the type", changes)
			}
			for c := range clients {
				got := ask(t, db, fmt.Sprintf("SELECT k, v::text FROM w WHERE client = %d ORDER BY k", c))
				if len(got) != len(want[c]) {
					t.Errorf("client %d: %d rows, want %d", c, len(got), len(want[c]))
				}
				for k, v := range want[c] {
					if n := ask(t, db, fmt.Sprintf("SELECT count(*) FROM w WHERE client = %d AND k = %d AND v::text = '%d'", c, k, v))[0]; n != "1" {
						t.Fatalf("client %d: %s rows of %d with %d", c, n, k, v)
					}
				}
			}
			t.Logf("%d changes", changes)
		})
	}
}

func conflict(err error) bool {
	var e *column.Error
	return errors.As(err, &e) && (e.SQLState == "40001" || e.SQLState == "" && e.Class == column.Conflict)
}

// persist runs statements until they succeed, each by itself or as one transaction. A type may be another one from one attempt to the next.
func persist(s *query.Session, list []string, together bool) error {
	run := func(text string) error {
		_, err := tryAsk(s, text)
		return err
	}
	for i := 0; i < len(list); {
		err := run(list[i])
		var e *column.Error
		switch {
		case err == nil:
			i++
		case conflict(err), errors.As(err, &e) && (e.SQLState == "42804" || e.SQLState == "25P02"):
			if together {
				s.Fail()
				if i < len(list)-1 {
					_ = run("ROLLBACK")
				}
				i = 0
			}
			time.Sleep(time.Millisecond)
		default:
			return fmt.Errorf("%s: %w", list[i], err)
		}
	}
	return nil
}

// TestRewriteKeepsThePast: versions from before a type changed have the old column, and changes between versions are those of rows alone.
func TestRewriteKeepsThePast(t *testing.T) {
	db := open(t, t.TempDir(), func(o *Options) { o.CompactEvery, o.History = -1, time.Hour })
	ask(t, db, "CREATE TABLE h (k bigint, v text)")
	ask(t, db, "INSERT INTO h VALUES (1, '10'), (2, '20'), (3, '30')")
	ask(t, db, "DELETE FROM h WHERE k = 3")
	ask(t, db, "CREATE PIN before")
	ask(t, db, "ALTER TABLE h ALTER v TYPE bigint USING v::bigint + 1, ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY")
	ask(t, db, "INSERT INTO h (k, v) VALUES (4, 40)")
	ask(t, db, "CREATE PIN after")
	ask(t, db, "ALTER TABLE h ALTER v TYPE text USING 'x'")
	if err := db.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"SELECT k, v || '!' FROM h FOR VERSION AS OF 'before' ORDER BY k":        "1|10! 2|20!",
		"SELECT k, v * 2, n FROM h FOR VERSION AS OF 'after' ORDER BY k":         "1|22|1 2|42|2 4|80|3",
		"SELECT k, v, n FROM h ORDER BY k":                                       "1|x|1 2|x|2 4|x|3",
		"SELECT _change, k FROM table_changes('h', 'before', 'after')":           "insert|4",
		"SELECT count(*) FROM information_schema.columns WHERE table_name = 'h'": "3",
	} {
		rows, err := tryAsk(db.NewSession(""), query)
		if got := strings.Join(rows, " "); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", query, got, err, want)
		}
	}
}

// TestRewriteCrash: after a power cut at any operation on the disk a table whose rows were written anew is as it was before, or as it is behind it.
func TestRewriteCrash(t *testing.T) {
	steps := []string{
		"CREATE TABLE t (n bigint, v text, ts timestamptz) WITH (time_column = 'ts')",
		"INSERT INTO t SELECT g, g::text, '2026-01-01'::timestamptz + g * interval '12 h' FROM generate_series(1, 20) AS g",
		"DELETE FROM t WHERE n % 4 = 0", "ALTER TABLE t ALTER v TYPE bigint USING v::bigint * 2", "INSERT INTO t VALUES (21, 1, '2026-01-02')",
		"ALTER TABLE t ADD COLUMN id bigserial", "flush", "UPDATE t SET v = v + 1 WHERE n < 5", "compact",
		"ALTER TABLE t ALTER v TYPE text, ADD COLUMN twice bigint GENERATED ALWAYS AS (n * 2) STORED", "INSERT INTO t (n, v, ts) VALUES (22, 'x', '2026-01-03')", "compact",
	}
	powerCuts(t, steps, func(db *DB) string {
		var out []string
		for _, query := range []string{
			"SELECT count(*), sum(n), min(pg_typeof(v)::text), min(v), max(v) FROM t", "SELECT sum(id), count(DISTINCT id) FROM t", "SELECT sum(twice) FROM t",
		} {
			rows, err := tryAsk(db.NewSession(""), query)
			var e *column.Error
			if errors.As(err, &e) {
				rows, err = []string{e.SQLState}, nil
			}
			out = append(out, fmt.Sprint(rows, err))
		}
		return strings.Join(out, "\n")
	})
}
