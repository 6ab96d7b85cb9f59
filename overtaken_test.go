package aegis

import (
	"fmt"
	"sync"
	"testing"
)

const replacing = "CREATE TABLE r (k text, ts timestamptz, n bigint) WITH (time_column = ts, tags = k, unique_key = (k, ts))"

// TestUpsertsTogether: of many who write one new key of a table whose rows replace each other, by ON CONFLICT, each sees the others, wherever the row is.
func TestUpsertsTogether(t *testing.T) {
	db := open(t, t.TempDir())
	ask(t, db, replacing)
	const clients, keys = 6, 25
	var working, flushing sync.WaitGroup
	ended := make(chan struct{})
	flushing.Go(func() {
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
	var mu sync.Mutex
	first := map[int]int{}
	for c := range clients {
		s := blockSession(t, db)
		working.Go(func() {
			for k := range keys {
				value := fmt.Sprintf("VALUES ('k%d', '2026-01-01', 1)", k)
				upsert := "INSERT INTO r " + value + " ON CONFLICT (k, ts) DO UPDATE SET n = r.n + 1"
				list := []string{upsert}
				if c%2 == 1 {
					list = []string{"BEGIN", upsert, "COMMIT"}
				}
				if err := persist(s, list, c%2 == 1); err != nil {
					t.Error(err)
				}
				for {
					rows, err := tryAsk(s, fmt.Sprintf("INSERT INTO r VALUES ('once%d', '2026-01-01', %d) ON CONFLICT DO NOTHING RETURNING n", k, c))
					if conflict(err) {
						continue
					}
					if err != nil {
						t.Error(err)
					}
					if len(rows) == 1 {
						mu.Lock()
						first[k]++
						mu.Unlock()
					}
					break
				}
				if err := persist(s, []string{fmt.Sprintf("UPDATE r SET n = n + 100 WHERE k = 'k%d'", k)}, false); err != nil {
					t.Error(err)
				}
			}
		})
	}
	working.Wait()
	close(ended)
	flushing.Wait()
	if got, want := ask(t, db, "SELECT count(*), min(n), max(n) FROM r WHERE k LIKE 'k%'")[0], fmt.Sprintf("%d|%d|%d", keys, 101*clients, 101*clients); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for k := range keys {
		if first[k] != 1 {
			t.Errorf("key %d was inserted %d times", k, first[k])
		}
	}
}

// TestUpdatesNoticeWrites: an UPDATE whose row another has replaced meanwhile, by a plain INSERT, is refused; what does not depend on the row is not.
func TestUpdatesNoticeWrites(t *testing.T) {
	for name, c := range map[string]struct {
		mine, theirs []string
		state        string
		want         string
	}{
		"replaced":              {[]string{"UPDATE r SET n = n + 1 WHERE k = 'a'"}, []string{"INSERT INTO r VALUES ('a', '2026-01-01', 50)"}, "40001", "a=50 b=2"},
		"another":               {[]string{"UPDATE r SET n = n + 1 WHERE k = 'a'"}, []string{"INSERT INTO r VALUES ('b', '2026-01-01', 50)"}, "", "a=2 b=50"},
		"a new key":             {[]string{"INSERT INTO r VALUES ('c', '2026-01-01', 1) ON CONFLICT (k, ts) DO UPDATE SET n = r.n + 1"}, []string{"INSERT INTO r VALUES ('c', '2026-01-01', 50)"}, "40001", "a=1 b=2 c=50"},
		"moved onto another":    {[]string{"UPDATE r SET k = 'b' WHERE k = 'a'"}, nil, "", "b=1"},
		"own rows":              {[]string{"INSERT INTO r VALUES ('a', '2026-01-01', 7)", "UPDATE r SET n = n + 1 WHERE k = 'a'"}, nil, "", "a=8 b=2"},
		"own rows, decided":     {[]string{"INSERT INTO r VALUES ('a', '2026-01-01', 7)", "INSERT INTO r VALUES ('a', '2026-01-01', 1) ON CONFLICT (k, ts) DO UPDATE SET n = r.n + 1"}, []string{"INSERT INTO r VALUES ('a', '2026-01-01', 50)"}, "", "a=8 b=2"},
		"blind":                 {[]string{"UPDATE r SET n = 5 WHERE k = 'b'", "INSERT INTO r VALUES ('a', '2026-01-01', 7)"}, []string{"INSERT INTO r VALUES ('a', '2026-01-01', 50)"}, "", "a=7 b=5"},
		"deleted and made anew": {[]string{"DELETE FROM r WHERE k = 'a'", "INSERT INTO r VALUES ('a', '2026-01-01', 9) ON CONFLICT DO NOTHING"}, nil, "", "a=9 b=2"},
	} {
		for _, flushed := range []string{"", "before", "between", "after"} {
			t.Run(name+" flushed "+flushed, func(t *testing.T) {
				db := open(t, t.TempDir())
				ask(t, db, replacing)
				ask(t, db, "INSERT INTO r VALUES ('a', '2026-01-01', 1), ('b', '2026-01-01', 2)")
				settle := func(when string) {
					if flushed == when {
						if err := db.Flush(t.Context()); err != nil {
							t.Fatal(err)
						}
					}
				}
				settle("before")
				s := blockSession(t, db)
				must(t, s, "BEGIN")
				for _, text := range c.mine {
					must(t, s, text)
				}
				settle("between")
				for _, text := range c.theirs {
					ask(t, db, text)
				}
				settle("after")
				if c.state != "" {
					fails(t, s, "COMMIT", c.state)
				} else {
					must(t, s, "COMMIT")
				}
				if got := ask(t, db, "SELECT string_agg(k || '=' || n, ' ' ORDER BY k) FROM r")[0]; got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
			})
		}
	}
}
