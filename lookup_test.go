package aegis

import (
	"context"
	"strings"
	"testing"
)

// TestLookups: the newest row of each of a few hosts is looked up, however it is asked for, and not found by reading the table.
func TestLookups(t *testing.T) {
	db := open(t, t.TempDir())
	s := db.NewSession("")
	for _, text := range []string{
		"CREATE TABLE cpu (ts timestamptz NOT NULL, host text, usage double precision) WITH (time_column = ts, tags = (host))",
		"CREATE TABLE hosts (name text)",
		"INSERT INTO cpu SELECT timestamptz '2026-01-01 00:00Z' + n * interval '1 second', 'h' || n % 20, n FROM generate_series(1, 40000) n",
		"INSERT INTO hosts VALUES ('h3'), ('h7'), ('none')",
	} {
		if _, err := tryAsk(s, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"SELECT h.name, l.ts, l.usage FROM hosts h LEFT JOIN LATERAL (SELECT ts, usage FROM cpu WHERE host = h.name ORDER BY ts DESC LIMIT 1) l ON true ORDER BY 1",
		"SELECT h.name, last(c.ts, c.ts), last(c.usage, c.ts) FROM hosts h LEFT JOIN cpu c ON c.host = h.name GROUP BY h.name ORDER BY 1",
		"SELECT h.name, (SELECT max(ts) FROM cpu WHERE host = h.name), (SELECT last(usage, ts) FROM cpu WHERE host = h.name) FROM hosts h ORDER BY 1",
	} {
		rows, err := tryAsk(s, text)
		want := "h3|2026-01-01 11:06:23+00|39983\nh7|2026-01-01 11:06:27+00|39987\nnone||"
		if got := strings.Join(rows, "\n"); err != nil || got != want {
			t.Errorf("%s: error %v\n%s\nwant\n%s", text, err, got, want)
		}
		plan, err := tryAsk(s, "EXPLAIN ANALYZE "+text)
		if err != nil {
			t.Fatal(err)
		}
		if all := strings.Join(plan, "\n"); !strings.Contains(all, "only series of the join's 3 keys") && !strings.Contains(all, "of each series: the last 1") || strings.Contains(all, "series 20 of 20") {
			t.Errorf("%s reads what it need not:\n%s", text, all)
		}
	}
}
