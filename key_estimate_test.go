package aegis

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestKeyEstimates: a join by all columns of a table's key is expected to find one row for each row of the other side, although the numbers of values of the columns,
// which depend on each other, have a far larger product; and some of them where some of the keys are asked for.
func TestKeyEstimates(t *testing.T) {
	db := open(t, t.TempDir())
	for _, text := range []string{
		"CREATE TABLE offers (part integer, supplier integer, cost integer, PRIMARY KEY (part, supplier))",
		"CREATE TABLE latest (part integer, supplier integer, ts timestamptz, cost integer) WITH (time_column = ts, tags = (part, supplier), unique_key = (part, supplier, ts))",
		"CREATE TABLE items (id integer, part integer, supplier integer)",
		"INSERT INTO offers SELECT g / 4, (g / 4 + g % 4 * 25) % 100, g % 10 FROM generate_series(0, 3999) g",
		"INSERT INTO latest SELECT part, supplier, '2026-01-01', cost FROM offers",
		"INSERT INTO items SELECT g, g % 4000 / 4, (g % 4000 / 4 + g % 4 * 25) % 100 FROM generate_series(0, 39999) g",
	} {
		ask(t, db, text)
	}
	if err := db.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	expected := regexp.MustCompile(`Join.*expected=(\d+)`)
	for q, want := range map[string]float64{
		"SELECT * FROM items i JOIN offers o ON o.part = i.part AND o.supplier = i.supplier":                                                                   40_000,
		"SELECT * FROM offers o JOIN items i ON i.supplier = o.supplier AND o.part = i.part":                                                                   40_000,
		"SELECT * FROM items i JOIN (SELECT supplier AS s, part + 0 AS x, part AS p FROM offers) o ON o.p = i.part AND o.s = i.supplier":                       40_000,
		"SELECT * FROM items i JOIN offers o ON o.part = i.part AND o.supplier = i.supplier WHERE o.cost = 3":                                                  4_000,
		"SELECT * FROM items i JOIN latest o ON o.part = i.part AND o.supplier = i.supplier AND o.ts = timestamptz '2026-01-01' + i.id * interval '0 seconds'": 40_000,
	} {
		plan := strings.Join(ask(t, db, "EXPLAIN "+q), "\n")
		m := expected.FindStringSubmatch(plan)
		if m == nil {
			t.Fatalf("%s: no estimate of a join in\n%s", q, plan)
		}
		got, err := strconv.ParseFloat(m[1], 64)
		if err != nil || got < want/2 || got > want*2 {
			t.Errorf("%s: %g rows are expected, %g come\n%s", q, got, want, plan)
		}
		rows, err := strconv.ParseFloat(ask(t, db, "SELECT count(*) FROM ("+q+") q")[0], 64)
		if err != nil || rows != want {
			t.Errorf("%s: %g rows, want %g", q, rows, want)
		}
	}
}
