package aegis

import (
	"strings"
	"testing"
)

// TestWithOnce: a query of WITH whose groups are read several times is computed once where one of its readers reads all of them, and answers what it
// does where each reader computes it; also where its rows do not fit into memory.
func TestWithOnce(t *testing.T) {
	const rows = 60_000
	readers := []struct {
		text string
		once bool
	}{
		{"SELECT count(*), max(g), sum(n) FROM w WHERE n = (SELECT max(n) FROM w)", true},
		{"SELECT count(*), sum(a.n), (SELECT sum(n) FROM w) FROM w AS a JOIN w AS b ON a.g = b.g WHERE b.n > (SELECT avg(n) FROM w)", true},
		{"SELECT (SELECT min(n) FROM w), (SELECT max(n) FROM w), (SELECT count(*) FROM w WHERE g < 100)", true},
		{"SELECT count(*), sum(w.n - t.n) FROM w, (SELECT min(n) AS n FROM w) AS t", true},
		{"SELECT sum(n) FROM w AS a WHERE g IN (SELECT g FROM w WHERE n > 100)", false},
		{"SELECT max(n) FROM w", false},
		{"SELECT count(*) FROM w AS a JOIN w AS b ON a.g = b.g WHERE a.n > (SELECT max(n) FROM w WHERE g < 50)", false},
	}
	groups := []string{
		"SELECT g, sum(k) AS n FROM big GROUP BY g",
		"SELECT s AS g, count(DISTINCT k) AS n FROM (SELECT g AS s, k FROM big) AS x GROUP BY s",
		"SELECT k % 20011 AS g, max(v) AS n FROM big GROUP BY 1",
	}
	db := manyRows(t, Options{MemoryBytes: 64 << 20, QueryBytes: 4 << 20, Workers: 2}, rows)
	for _, g := range groups {
		for _, r := range readers {
			want := run(t, db, "WITH w AS NOT MATERIALIZED ("+g+") "+r.text)
			text := "WITH w AS (" + g + ") " + r.text
			if got := run(t, db, text); got != want {
				t.Errorf("%s\ngives %s, not %s", text, got, want)
			}
			if once := strings.Contains(run(t, db, "EXPLAIN "+text), "Shared w"); once != r.once {
				t.Errorf("%s\ncomputed once: %v, not %v", text, once, r.once)
			}
		}
	}
}
