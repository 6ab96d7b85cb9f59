package aegis

import (
	"testing"
)

// TestReplacedAndDeleted: in a table whose rows replace each other an UPDATE does not put back a row that others have replaced, or deleted, since it was read.
func TestReplacedAndDeleted(t *testing.T) {
	for _, theirs := range [][]string{
		{"INSERT INTO r VALUES ('a', '2026-01-01', 2)", "DELETE FROM r WHERE k = 'a'"},
		{"INSERT INTO r VALUES ('a', '2026-01-01', 2)"},
		{"DELETE FROM r WHERE k = 'a'"},
		{"UPDATE r SET n = 2 WHERE k = 'a'", "DELETE FROM r WHERE k = 'a'"},
		{"INSERT INTO r VALUES ('a', '2026-01-01', 2) ON CONFLICT (k, ts) DO UPDATE SET n = 7", "DELETE FROM r"},
	} {
		for _, begin := range []string{"BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ"} {
			for _, mine := range []string{
				"UPDATE r SET n = 9 WHERE k = 'a'", "INSERT INTO r VALUES ('a', '2026-01-01', 2) ON CONFLICT (k, ts) DO UPDATE SET n = 9", "UPDATE r SET n = 9",
			} {
				for flushes := range 8 {
					db := open(t, "/data", func(o *Options) { o.FS = newDisk() })
					flush := func(at int) {
						if flushes&at != 0 {
							if err := db.Flush(t.Context()); err != nil {
								t.Fatal(err)
							}
						}
					}
					s, other := blockSession(t, db), blockSession(t, db)
					must(t, s, replacing)
					must(t, s, "INSERT INTO r VALUES ('a', '2026-01-01', 1), ('b', '2026-01-01', 1)")
					flush(1)
					must(t, s, begin)
					must(t, s, mine)
					for i, text := range theirs {
						must(t, other, text)
						if i == 0 {
							flush(2)
						}
					}
					flush(4)
					want := must(t, other, "SELECT coalesce(sum(n), 0) FROM r WHERE k = 'a'")
					if _, err := tryAsk(s, "COMMIT"); !conflict(err) {
						t.Errorf("%s; %s; %q, %d: COMMIT: %v", begin, mine, theirs, flushes, err)
					} else if got := must(t, other, "SELECT coalesce(sum(n), 0) FROM r WHERE k = 'a'"); got != want {
						t.Errorf("%s; %s; %q, %d: %d, want %d", begin, mine, theirs, flushes, got, want)
					}
				}
			}
		}
	}
}
