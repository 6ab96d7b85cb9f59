package aegis

import (
	"context"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/query"
)

// TestHeldOnDisk: one partition of a window, the steps of WITH RECURSIVE and right sides that are computed once need not fit into memory. Rows are
// several times the budget.
func TestHeldOnDisk(t *testing.T) {
	db := bigOnDisk(t, Options{MemoryBytes: 256 << 20, QueryBytes: 16 << 20}, 10)
	ctx := context.Background()
	before := db.Stats().MemoryUsed
	for _, c := range []struct{ text, want string }{
		{
			`SELECT count(*), sum(n)::bigint, sum(r)::bigint, sum(d)::bigint, max(l), sum(t), sum(k)::bigint, min(a)::bigint, max(a)::bigint, sum(f)::bigint FROM (SELECT row_number() OVER (ORDER BY i) AS n, rank() OVER (ORDER BY i / 10) AS r,
			dense_rank() OVER (ORDER BY i / 10) AS d, i - lag(i, 3) OVER (ORDER BY i) AS l, ntile(4) OVER (ORDER BY i) AS t, count(*) OVER (ORDER BY i / 10) AS k,
			sum(i) OVER () AS a, i - first_value(i) OVER (ORDER BY i ROWS BETWEEN 5 PRECEDING AND CURRENT ROW) AS f
			FROM (SELECT i, repeat('x', 100) AS s FROM generate_series(0, 299999) AS i) AS x) AS y`,
			"300000|45000150000|44998800000|4500150000|3|750000|45001500000|44999850000|44999850000|1499985",
		},
		{
			"SELECT count(*), max(n), count(DISTINCT s) FROM (SELECT s, row_number() OVER (PARTITION BY i * 0 ORDER BY i DESC) AS n FROM (SELECT i, repeat('x', 100) || i % 5 AS s FROM generate_series(1, 200000) AS i) AS x) AS y",
			"200000|200000|5",
		},
		{
			"WITH RECURSIVE r AS (SELECT i AS i, 1 AS n, repeat('x', 200) || i AS s FROM generate_series(1, 100000) AS i UNION ALL SELECT i, n + 1, s FROM r WHERE n < 3) SELECT count(*), sum(n), count(s) FROM r",
			"300000|600000|300000",
		},
	} {
		for _, tuning := range []query.Tuning{{}, {HeldBytes: 1}, {HeldBytes: 500_000, Workers: 4}} {
			s := db.NewSession("")
			s.Tuning = tuning
			written := db.Stats().TempWritten
			rows, err := read(ctx, s, c.text)
			if err != nil {
				t.Errorf("%+v: %.60s: %v", tuning, c.text, err)
				continue
			}
			if got := rows[0].text(); got != c.want {
				t.Errorf("%+v: %.60s: %s, want %s", tuning, c.text, got, c.want)
			}
			if db.Stats().TempWritten == written {
				t.Errorf("%+v: %.60s: nothing was written", tuning, c.text)
			}
		}
	}
	for until := time.Now().Add(time.Minute); db.Stats().TempFiles > 0 && time.Now().Before(until); {
		time.Sleep(10 * time.Millisecond) // large files are removed beside what follows
	}
	if s := db.Stats(); s.Admission.Running != 0 || s.TempFiles != 0 || s.MemoryUsed > before+s.Pages.Bytes {
		t.Errorf("something is left: %+v", s)
	}
}
