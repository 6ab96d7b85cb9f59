package aegis

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/query"
)

// TestFlushUnderBlock: a block goes on, and commits, although the rows that it has read, updated and deleted have left the head and have been
// merged since; what others have changed is a conflict as ever.
func TestFlushUnderBlock(t *testing.T) {
	for _, shape := range []string{
		"CREATE TABLE f (k bigint, v bigint)",
		"CREATE TABLE f (k bigint PRIMARY KEY, v bigint)",
		"CREATE TABLE f (k bigint, ts timestamptz DEFAULT '2026-01-01', host text DEFAULT 'a', v bigint) WITH (time_column = 'ts', tags = 'host')",
		"CREATE TABLE f (k bigint, v bigint, ts timestamptz DEFAULT '2026-01-01') WITH (time_column = 'ts', tags = 'k', unique_key = 'k, ts')",
	} {
		for _, level := range []string{"READ COMMITTED", "REPEATABLE READ"} {
			t.Run(level+" "+shape, func(t *testing.T) {
				db := open(t, t.TempDir(), func(o *Options) { o.CompactEvery, o.KeepRemoved, o.History = -1, time.Nanosecond, -1 })
				s, other := blockSession(t, db), blockSession(t, db)
				settle := func() {
					t.Helper()
					if err := db.Flush(t.Context()); err != nil {
						t.Fatal(err)
					}
					if err := db.Compact(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				expect := func(s *query.Session, sql string, want int64) {
					t.Helper()
					if got := must(t, s, sql); got != want {
						t.Errorf("%s: %d, want %d", sql, got, want)
					}
				}
				must(t, other, shape)
				must(t, other, "INSERT INTO f (k, v) SELECT g, g FROM generate_series(1, 1000) AS g")
				must(t, s, "BEGIN ISOLATION LEVEL "+level)
				expect(s, "SELECT sum(v) FROM f", 500500)
				must(t, s, "UPDATE f SET v = -v WHERE k <= 10")
				settle()
				expect(s, "SELECT sum(v) FROM f", 500500-110)
				must(t, s, "SAVEPOINT a")
				must(t, s, "DELETE FROM f WHERE k BETWEEN 6 AND 20")
				must(t, other, "INSERT INTO f (k, v) SELECT g, g FROM generate_series(2001, 3000) AS g")
				settle()
				must(t, other, "DELETE FROM f WHERE k = 2500")
				must(t, other, "INSERT INTO f (k, v) SELECT g, g FROM generate_series(3001, 4000) AS g")
				settle()
				settle()
				if n := db.Stats().Compactions; n == 0 {
					t.Fatal("nothing was merged")
				}
				own := int64(500500 - 110 + 40 - (11+20)*5)
				if level == "READ COMMITTED" {
					own += 2500500 + 3500500 - 2500
				}
				expect(s, "SELECT sum(v) FROM f", own)
				must(t, s, "ROLLBACK TO a")
				must(t, s, "DELETE FROM f WHERE k BETWEEN 11 AND 20")
				must(t, s, "COMMIT")
				want := int64(500500 - 110 - (11+20)*5 + 2500500 + 3500500 - 2500)
				expect(other, "SELECT sum(v) FROM f", want)
				expect(other, "SELECT count(*) FROM f WHERE k <= 20", 10)
				settle()
				expect(other, "SELECT sum(v) FROM f", want)

				must(t, other, "UPDATE f SET v = 0 WHERE k <= 2")
				must(t, s, "BEGIN ISOLATION LEVEL "+level)
				must(t, s, "UPDATE f SET v = 1 WHERE k = 1")
				must(t, other, "DELETE FROM f WHERE k = 1")
				settle()
				fails(t, s, "COMMIT", "40001")
				expect(other, "SELECT sum(v) FROM f WHERE k <= 2", 0)
			})
		}
	}
}

// TestFlushWhileBlocks: blocks that change rows of their own meet no conflict, whatever is flushed and merged under them.
func TestFlushWhileBlocks(t *testing.T) {
	db := open(t, t.TempDir(), func(o *Options) { o.CompactEvery, o.KeepRemoved, o.History = -1, time.Nanosecond, -1 })
	must(t, blockSession(t, db), "CREATE TABLE f (client bigint, k bigint, v bigint)")
	const clients, rounds = 4, 40
	ended := make(chan struct{})
	var flusher, working sync.WaitGroup
	flusher.Go(func() {
		for {
			select {
			case <-ended:
				return
			default:
			}
			if err := db.Flush(t.Context()); err != nil {
				t.Error(err)
			}
			if err := db.Compact(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	for c := range clients {
		s := blockSession(t, db)
		level := []string{"READ COMMITTED", "REPEATABLE READ"}[c%2]
		working.Go(func() {
			must(t, s, fmt.Sprintf("INSERT INTO f SELECT %d, g, 0 FROM generate_series(1, 20) AS g", c))
			for i := range rounds {
				must(t, s, "BEGIN ISOLATION LEVEL "+level)
				must(t, s, fmt.Sprintf("UPDATE f SET v = v + 1 WHERE client = %d AND k %% 2 = %d", c, i%2))
				must(t, s, fmt.Sprintf("UPDATE f SET v = v + 1 WHERE client = %d", c))
				if n := must(t, s, fmt.Sprintf("SELECT sum(v) FROM f WHERE client = %d", c)); n != int64(30*(i+1)) {
					t.Errorf("%s, round %d: %d", level, i, n)
				}
				must(t, s, "COMMIT")
			}
		})
	}
	working.Wait()
	close(ended)
	flusher.Wait()
	if n := must(t, blockSession(t, db), "SELECT sum(v) FROM f"); n != clients*rounds*30 {
		t.Errorf("%d in the end", n)
	}
}
