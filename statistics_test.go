package aegis

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var expectedRows = regexp.MustCompile(`expected=(\d+)`)

// expected is how many rows EXPLAIN says a query gives.
func expected(t testing.TB, db *DB, text string) float64 {
	t.Helper()
	for _, line := range ask(t, db, "EXPLAIN "+text) {
		if m := expectedRows.FindStringSubmatch(line); m != nil {
			n, err := strconv.ParseFloat(m[1], 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("EXPLAIN %s expects nothing", text)
	return 0
}

// quotients collects how far estimates are off: the greater of two numbers divided by the lesser.
type quotients struct {
	name string
	list []quotient
}

type quotient struct {
	q, expected, real float64
	text              string
}

func (c *quotients) add(t testing.TB, db *DB, text string) {
	t.Helper()
	real := count(t, db, "SELECT count(*) FROM ("+text+") AS q")
	e := expected(t, db, text)
	a, b := max(e, 1), max(real, 1)
	c.list = append(c.list, quotient{max(a/b, b/a), e, real, text})
}

func count(t testing.TB, db *DB, text string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(ask(t, db, text)[0], 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// check holds the median and the ninth of ten to bounds.
func (c *quotients) check(t *testing.T, median, most float64) {
	t.Helper()
	slices.SortFunc(c.list, func(a, b quotient) int {
		if a.q < b.q {
			return -1
		}
		return 1
	})
	n := len(c.list)
	m, p90 := c.list[n/2].q, c.list[n*9/10].q
	t.Logf("%s: %d estimates, off by %.2f in the median, %.2f in the ninth of ten, %.1f at most", c.name, n, m, p90, c.list[n-1].q)
	if m > median || p90 > most {
		t.Errorf("%s: off by %.2f in the median and %.2f in the ninth of ten, want %g and %g", c.name, m, p90, median, most)
		for _, q := range c.list[n*9/10:] {
			t.Logf("%8.0f expected, %8.0f real: %s", q.expected, q.real, q.text)
		}
	}
}

// skewedTables makes tables whose columns are skewed, depend on each other, lack values and stand in the order of their rows, in several segments.
func skewedTables(t *testing.T) *DB {
	t.Helper()
	ctx := context.Background()
	db, err := Open(ctx, memOptions(Options{FS: newDisk()}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(ctx) })
	ask(t, db, "CREATE TABLE facts (id bigint, zipf bigint, city text, state text, price numeric(12,2), weight double precision, day date, flag boolean, code varchar(20), own int, status smallint)")
	ask(t, db, "CREATE TABLE customers (own int, segment text, credit double precision)")
	for part := range 4 {
		ask(t, db, fmt.Sprintf(`INSERT INTO facts SELECT i, floor(exp(ln(20000) * random()))::bigint, 'city ' || c, 'state ' || c / 10,
			round((exp(6 * random()) * 3)::numeric, 2), CASE WHEN i %% 10 < 3 THEN NULL ELSE sqrt(-2 * ln(random() + 1e-9)) * cos(6.28318 * random()) END,
			date '2020-01-01' + (i / 100)::int, random() < 0.02, 'C-' || lpad((i %% 700)::text, 4, '0') || '-' || (i %% 3),
			(random() * random() * 3000)::int, (random() * 5)::smallint
			FROM (SELECT i, floor(300 * random() * random())::int AS c FROM generate_series(%d, %d) AS g(i)) AS s`, part*20_000, part*20_000+19_999))
		if part < 2 {
			ask(t, db, fmt.Sprintf("INSERT INTO customers SELECT i, 'segment ' || i %% 5, random() * 1000 FROM generate_series(%d, %d) AS g(i)", part*1500, part*1500+1499))
		}
		if err := db.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// TestEstimates compares estimates with what queries give: on average they are right, and seldom far off.
func TestEstimates(t *testing.T) {
	db := skewedTables(t)
	r := rand.New(rand.NewPCG(7, 7))
	zipf := func() int { return int(math.Exp(math.Log(20000) * r.Float64())) }
	price := func() float64 { return math.Exp(6*r.Float64()) * 3 }
	city := func() int { return int(300 * r.Float64() * r.Float64()) }
	day := func() string { return fmt.Sprintf("date '2020-01-01' + %d", r.IntN(800)) }
	single := []func() string{
		func() string { return fmt.Sprintf("zipf = %d", zipf()) },
		func() string { return fmt.Sprintf("zipf <> %d", zipf()) },
		func() string { return fmt.Sprintf("zipf < %d", zipf()) },
		func() string { a := zipf(); return fmt.Sprintf("zipf BETWEEN %d AND %d", a, a+zipf()/10) },
		func() string { return fmt.Sprintf("zipf IN (%d, %d, %d)", zipf(), zipf(), zipf()) },
		func() string { return fmt.Sprintf("city = 'city %d'", city()) },
		func() string { return fmt.Sprintf("city LIKE 'city %d%%'", 1+r.IntN(9)) },
		func() string { return fmt.Sprintf("city > 'city %d'", city()) },
		func() string { return fmt.Sprintf("state = 'state %d'", city()/10) },
		func() string { return fmt.Sprintf("price > %.2f", price()) },
		func() string { a := price(); return fmt.Sprintf("price >= %.2f AND price < %.2f", a, a*1.1) },
		func() string { return fmt.Sprintf("weight < %.3f", r.NormFloat64()) },
		func() string { return "weight IS NULL" },
		func() string { return "weight IS NOT NULL" },
		func() string { return "day = " + day() },
		func() string {
			d := r.IntN(790)
			return fmt.Sprintf("day BETWEEN date '2020-01-01' + %d AND date '2020-01-01' + %d", d, d+r.IntN(30))
		},
		func() string { return "day >= " + day() },
		func() string { return "flag" },
		func() string { return "NOT flag" },
		func() string { return fmt.Sprintf("code = 'C-%04d-%d'", r.IntN(700), r.IntN(3)) },
		func() string { return fmt.Sprintf("code LIKE 'C-%02d%%'", r.IntN(7)) },
		func() string { return fmt.Sprintf("id = %d", r.IntN(80_000)) },
		func() string { a := r.IntN(80_000); return fmt.Sprintf("id BETWEEN %d AND %d", a, a+r.IntN(2000)) },
		func() string { return fmt.Sprintf("id > %d", r.IntN(100_000)) },
		func() string { return fmt.Sprintf("status = %d OR status = %d", r.IntN(5), r.IntN(5)) },
		func() string { return fmt.Sprintf("zipf = %d OR zipf > %d", zipf(), zipf()) },
	}
	one := &quotients{name: "one condition"}
	for range 12 {
		for _, p := range single {
			one.add(t, db, "SELECT 1 FROM facts WHERE "+p())
		}
	}
	one.check(t, 1.3, 4)

	several := &quotients{name: "several conditions"}
	for range 120 {
		var conds []string
		for range 2 + r.IntN(2) {
			conds = append(conds, "("+single[r.IntN(len(single))]()+")")
		}
		several.add(t, db, "SELECT 1 FROM facts WHERE "+strings.Join(conds, " AND "))
	}
	for range 40 { // a city is in one state
		c := city()
		several.add(t, db, fmt.Sprintf("SELECT 1 FROM facts WHERE city = 'city %d' AND state = 'state %d'", c, c/10))
	}
	several.check(t, 2, 10)

	groups := &quotients{name: "groups"}
	for _, g := range []string{"zipf", "city", "state", "day", "flag", "code", "own", "status", "city, state", "flag, status", "day, status", "extract(year FROM day)", "own % 10", "id"} {
		groups.add(t, db, "SELECT "+g+" FROM facts GROUP BY "+strings.ReplaceAll(g, ", ", ", "))
		groups.add(t, db, "SELECT "+g+" FROM facts WHERE zipf < 50 GROUP BY "+g)
	}
	groups.check(t, 1.5, 5)

	joins := &quotients{name: "joins"}
	for _, from := range []string{
		"facts JOIN customers USING (own)", "facts JOIN customers USING (own) WHERE segment = 'segment 1'", "facts JOIN customers USING (own) WHERE credit < 100 AND price > 100",
		"facts JOIN (SELECT DISTINCT city FROM facts WHERE city LIKE 'city 1%') AS c USING (city)", "facts AS a JOIN facts AS b USING (id)",
		"facts AS a JOIN facts AS b ON a.zipf = b.zipf WHERE a.id < 200", "facts AS a JOIN facts AS b ON a.zipf = b.zipf WHERE a.id < 200 AND b.status = 1",
		"facts AS a JOIN facts AS b ON a.city = b.city WHERE a.id < 500", "facts AS a JOIN facts AS b ON a.city = b.city AND a.state = b.state WHERE a.id < 500",
		"facts AS a JOIN facts AS b ON a.own = b.own WHERE a.day = date '2020-01-05'", "customers LEFT JOIN facts USING (own)",
		"facts WHERE own IN (SELECT own FROM customers WHERE segment = 'segment 2')", "facts WHERE EXISTS (SELECT 1 FROM customers AS c WHERE c.own = facts.own AND credit < 50)",
	} {
		joins.add(t, db, "SELECT 1 FROM "+from)
	}
	joins.check(t, 2, 10)
}

// TestStatisticsAsTablesChange flushes, ends and merges rows, and asks after each what pg_stats says.
func TestStatisticsAsTablesChange(t *testing.T) {
	ctx := context.Background()
	db, err := Open(ctx, memOptions(Options{FS: newDisk()}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(ctx) })
	ask(t, db, "CREATE TABLE t (a int, b text, c timestamptz, d boolean, e numeric(8,2), f jsonb)")
	const stats = "SELECT attname, null_frac, avg_width, round(n_distinct::numeric, 1), most_common_vals, most_common_freqs, histogram_bounds IS NOT NULL FROM pg_stats WHERE schemaname = 'public' AND tablename = 't' ORDER BY 1"
	check := func(when, query string, want ...string) {
		t.Helper()
		if got := ask(t, db, query); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", when, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	fill := func(from, to int) {
		t.Helper()
		ask(t, db, fmt.Sprintf("INSERT INTO t SELECT i %% 2, CASE WHEN i %% 4 = 0 THEN NULL ELSE 'x, y' END, timestamptz '2026-01-01 00:00Z' + i * interval '1 s', i %% 4 < 3, 1.50, '{}' FROM generate_series(%d, %d) AS g(i)", from, to-1))
		if err := db.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	check("of nothing", stats)
	fill(0, 200)
	two := []string{
		"a|0|4|2.0|{0,1}|{0.5,0.5}|f", `b|0.25|5|1.0|{"x, y"}|{0.75}|f`, "c|0|8|-1.0|||t", "d|0|1|2.0|{t,f}|{0.75,0.25}|f", "e|0|5|1.0|{1.50}|{1}|f", "f|0|3|1.0|||f",
	}
	check("of one segment", stats, two...)
	fill(200, 400)
	check("of two segments", stats, two...)
	check("pg_class", "SELECT reltuples FROM pg_class WHERE relname = 't'", "400")
	ask(t, db, "DELETE FROM t WHERE a = 0")
	if err := db.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	ask(t, db, "ALTER TABLE t ADD COLUMN g int DEFAULT 7")
	check("of a later column", "SELECT n_distinct, most_common_vals FROM pg_stats WHERE tablename = 't' AND attname = 'g'", "1|{7}")
	for _, text := range []string{"ANALYZE", "ANALYZE t", "ANALYZE VERBOSE public.t, pg_class"} {
		ask(t, db, text)
	}
	for text, code := range map[string]string{"ANALYZE nothing": "42P01", "VACUUM t": "0A000"} {
		if got := stateOf(db, text); got != code {
			t.Errorf("%s: %s", text, got)
		}
	}
}
