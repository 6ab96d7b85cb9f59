package aegis

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

// TestTableSample: how many rows chance takes, wherever they lie; that the same seed takes the same, and another others; and that blocks which
// are left out are not read.
func TestTableSample(t *testing.T) {
	db := open(t, t.TempDir())
	s := db.NewSession("")
	const rows = 200000
	for _, text := range []string{
		"CREATE TABLE plain (id bigint, v double precision)",
		"CREATE TABLE tagged (ts timestamptz NOT NULL, host text, id bigint, v double precision) WITH (time_column = ts, tags = (host))",
		fmt.Sprintf("INSERT INTO plain SELECT n, n FROM generate_series(1, %d) n", rows),
		fmt.Sprintf("INSERT INTO tagged SELECT timestamptz '2026-01-01 00:00Z' + n * interval '1 second', 'h' || n %% 7, n, n FROM generate_series(1, %d) n", rows),
	} {
		if _, err := tryAsk(s, text); err != nil {
			t.Fatal(err)
		}
	}
	for _, place := range []string{"head", "segments"} {
		for _, table := range []string{"plain", "tagged"} {
			t.Run(place+" "+table, func(t *testing.T) { samplesOf(t, db, table, rows) })
		}
		if err := db.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	plan, err := tryAsk(s, "EXPLAIN ANALYZE SELECT sum(v) FROM plain TABLESAMPLE SYSTEM (10) REPEATABLE (3)")
	if all := strings.Join(plan, "\n"); err != nil || !strings.Contains(all, "sampling: system (10) REPEATABLE (3)") {
		t.Errorf("error %v\n%s", err, all)
	}
	read := func(of string) (n int64) {
		rows, err := tryAsk(s, "EXPLAIN ANALYZE SELECT count(v) FROM plain "+of)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if _, rest, ok := strings.Cut(r, "done: rows "); ok {
				n, _ = strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			}
		}
		return n
	}
	if all, some := read("TABLESAMPLE BERNOULLI (10)"), read("TABLESAMPLE SYSTEM (10) REPEATABLE (3)"); all != rows || some == 0 || some > rows/3 {
		t.Errorf("of %d rows, BERNOULLI reads %d and SYSTEM %d", rows, all, some)
	}
}

func samplesOf(t *testing.T, db *DB, table string, rows float64) {
	s := db.NewSession("")
	ids := func(sample string) []string {
		out, err := tryAsk(s, "SELECT id FROM "+table+" TABLESAMPLE "+sample+" ORDER BY id")
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, p := range []float64{0.1, 10, 99} {
		for seed := range 2 {
			// Five standard deviations: a chance of one in a million, and none at all, as the seeds are what they are.
			got, sigma := float64(len(ids(fmt.Sprintf("BERNOULLI (%v) REPEATABLE (%d)", p, seed)))), math.Sqrt(rows*p/100*(1-p/100))
			if math.Abs(got-rows*p/100) > 5*sigma {
				t.Errorf("BERNOULLI (%v) with seed %d gives %v of %v rows", p, seed, got, rows)
			}
		}
	}
	same := func(a, b []string) bool { return strings.Join(a, " ") == strings.Join(b, " ") }
	for _, method := range []string{"BERNOULLI", "SYSTEM"} {
		first, again, other := ids(method+" (30) REPEATABLE (1)"), ids(method+" (30) REPEATABLE (1.0)"), ids(method+" (30) REPEATABLE (2)")
		if len(first) == 0 || len(first) == int(rows) || !same(first, again) || same(first, other) {
			t.Errorf("%s: %d rows, then %d, with another seed %d", method, len(first), len(again), len(other))
		}
		// What a smaller percentage takes, a greater takes too.
		more := map[string]bool{}
		for _, id := range ids(method + " (60) REPEATABLE (1)") {
			more[id] = true
		}
		for _, id := range first {
			if !more[id] {
				t.Fatalf("%s: row %s is in a sample of 30 %% and not in one of 60 %%", method, id)
			}
		}
		if method == "BERNOULLI" && same(ids("BERNOULLI (10)"), ids("BERNOULLI (10)")) {
			t.Error("two samples without a seed are the same")
		}
	}
	// Conditions and samples do not get into each other's way, and one sample is one sample to a whole statement.
	for _, text := range []string{
		"SELECT (SELECT count(*) FROM %[1]s TABLESAMPLE BERNOULLI (20) REPEATABLE (5) WHERE id <= 1000) = (SELECT count(*) FILTER (WHERE id <= 1000) FROM %[1]s TABLESAMPLE BERNOULLI (20) REPEATABLE (5))",
		"SELECT (SELECT count(*) FROM %[1]s a TABLESAMPLE SYSTEM (20) REPEATABLE (5) JOIN %[1]s b TABLESAMPLE SYSTEM (20) REPEATABLE (5) USING (id)) = (SELECT count(*) FROM %[1]s TABLESAMPLE SYSTEM (20) REPEATABLE (5))",
		"SELECT max(n) = min(n) FROM (VALUES (1), (2), (3)) v (x), LATERAL (SELECT count(*) + 0 * x AS n FROM %[1]s TABLESAMPLE BERNOULLI (1)) s",
	} {
		if got, err := tryAsk(s, fmt.Sprintf(text, table)); err != nil || got[0] != "t" && got[0] != "true" {
			t.Errorf("%s: %v, error %v", text, got, err)
		}
	}
}
