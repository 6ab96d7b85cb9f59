package aegis

import (
	"context"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/query"
)

// TestSharedOnDisk: what WITH computes once for several readers need not fit into memory. Half a million rows of a hundred letters are twice the budget.
func TestSharedOnDisk(t *testing.T) {
	db := manyRows(t, Options{MemoryBytes: 256 << 20, QueryBytes: 32 << 20}, 10)
	ctx := context.Background()
	for _, tuning := range []query.Tuning{{}, {HeldBytes: 1}, {HeldBytes: 1, Workers: 1}} {
		for _, c := range []struct{ text, want string }{
			{
				`WITH x AS MATERIALIZED (SELECT i, 'row ' || i || repeat('.', 100) AS s FROM generate_series(1, 500000) AS i)
				SELECT a.n, b.n, a.m, b.l FROM (SELECT count(*) AS n, max(s) AS m FROM x) AS a, (SELECT count(DISTINCT i) AS n, sum(length(s)) AS l FROM x) AS b`,
				`500000|500000|"row 99999` + strings.Repeat(".", 100) + `"|54888895`,
			},
			{
				"WITH x AS MATERIALIZED (SELECT i FROM generate_series(1, 3000) AS i) SELECT count(*) FROM x AS a JOIN x AS b ON a.i + 1 = b.i WHERE b.i < (SELECT max(i) FROM x)",
				"2998",
			},
		} {
			s := db.NewSession("")
			s.Tuning = tuning
			rows, err := read(ctx, s, c.text)
			if err != nil {
				t.Errorf("%+v: %.60s: %v", tuning, c.text, err)
				continue
			}
			if got := rows[0].text(); got != c.want {
				t.Errorf("%+v: %.60s: %s, want %s", tuning, c.text, got, c.want)
			}
		}
	}
	if s := db.Stats(); s.TempWritten == 0 || s.Admission.Running != 0 {
		t.Errorf("nothing was written, or something still runs: %+v", s)
	}
}
