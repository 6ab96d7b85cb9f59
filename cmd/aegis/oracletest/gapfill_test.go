//go:build linux

package oracletest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// gapfilled asks PostgreSQL for what time_bucket_gapfill gives: groups crossed with a series, joined with the groups' buckets. How many of a
// group's buckets have been seen numbers the stretches that locf fills with their first row; from behind likewise for interpolate.
const gapfilled = `
WITH g AS (SELECT %[1]s, date_bin('%[2]s', ts, '2000-01-03 00:00Z') AS b, avg(q) AS v, count(*) AS n FROM t WHERE ts >= '%[3]s' AND ts < '%[4]s' GROUP BY 1, 2, 3),
k AS (SELECT DISTINCT k1, k2 FROM g),
s AS (SELECT generate_series(date_bin('%[2]s', '%[3]s'::timestamptz, '2000-01-03 00:00Z'), '%[4]s'::timestamptz - interval '1 microsecond', '%[2]s') AS b),
j AS (SELECT k.k1, k.k2, s.b, g.v, g.n FROM k CROSS JOIN s LEFT JOIN g ON g.k1 IS NOT DISTINCT FROM k.k1 AND g.k2 IS NOT DISTINCT FROM k.k2 AND g.b = s.b),
o AS (SELECT *, count(n) OVER (PARTITION BY k1, k2 ORDER BY b) AS before, count(n) OVER (PARTITION BY k1, k2 ORDER BY b DESC) AS behind FROM j),
e AS (SELECT *, first_value(v) OVER p AS v0, first_value(b) OVER p AS b0, first_value(v) OVER q AS v1, first_value(b) OVER q AS b1 FROM o
	WINDOW p AS (PARTITION BY k1, k2, before ORDER BY b), q AS (PARTITION BY k1, k2, behind ORDER BY b DESC))
SELECT k1, k2, b, v, n, CASE WHEN before > 0 THEN v0 END AS held,
	CASE WHEN n IS NOT NULL THEN v WHEN before > 0 AND behind > 0 THEN
		(v0 * (extract(epoch FROM b1 - b) * 1e6)::float8 + v1 * (extract(epoch FROM b - b0) * 1e6)::float8) / (extract(epoch FROM b1 - b0) * 1e6)::float8 END AS line
FROM e`

func gapfills(t *testing.T, s *sides) {
	r := rand.New(rand.NewPCG(8, 15))
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	for range 25 {
		keys := pick("host AS k1, region AS k2", "host AS k1, slot AS k2", "1 AS k1, 2 AS k2", "host AS k1, 0 AS k2")
		width := pick("6 hours", "1 day", "50 minutes", "7 hours")
		from := fmt.Sprintf("2026-01-0%d %02d:00:00+00", 1+r.IntN(3), r.IntN(24))
		to := fmt.Sprintf("2026-01-0%d %02d:30:00+00", 4+r.IntN(2), r.IntN(24))
		want := askPostgres(s.postgres, fmt.Sprintf(gapfilled, keys, width, from, to))
		if want.state != "" || len(want.rows) == 0 {
			t.Fatalf("PostgreSQL: %s, %d rows", want.message, len(want.rows))
		}
		// The ends as conditions or as arguments.
		call, where := "time_bucket_gapfill('"+width+"', ts)", "ts >= '"+from+"' AND '"+to+"' > ts"
		if r.IntN(2) == 0 {
			call = "time_bucket_gapfill('" + width + "', ts, '" + from + "', '" + to + "')"
		}
		text := "SELECT " + keys + ", " + call + " AS b, avg(q) AS v, count(*) AS n, locf(avg(q)) AS held, interpolate(avg(q)) AS line FROM t WHERE " + where + " GROUP BY " +
			strings.Join([]string{"1", "2", "3"}, ", ")
		for _, v := range s.variants {
			if why := (comparison{near: true}).differ(want, askAegis(v.session, text)); why != "" {
				t.Fatalf("%s\n    %s (%s)", text, why, v.name)
			}
		}
	}
}

// gapfillEdges are calls whose answers are known, and those that are refused.
func gapfillEdges(t *testing.T, s *sides) {
	session := s.variants[1].session
	for text, want := range map[string]string{
		"SELECT time_bucket_gapfill('1 day', ts) AS at, count(*) FROM t WHERE ts >= '2030-01-01' AND ts < '2030-01-03' GROUP BY at":                                                                                  "[[2030-01-01 00:00:00+00 ∅] [2030-01-02 00:00:00+00 ∅]]",
		"SELECT time_bucket_gapfill('1 month', ts) AS at, count(*) > 0 FROM t WHERE ts > '2025-12-31 23:59' AND ts <= '2026-03-01 00:00' GROUP BY at":                                                                "[[2025-12-01 00:00:00+00 ∅] [2026-01-01 00:00:00+00 t] [2026-02-01 00:00:00+00 ∅] [2026-03-01 00:00:00+00 ∅]]",
		"SELECT time_bucket_gapfill(2, k, 0, 7) AS at, count(*), locf(count(*), -1) FROM u WHERE k > 1 GROUP BY at":                                                                                                  "[[0 ∅ -1] [2 3 3] [4 ∅ 3] [6 ∅ 3]]",
		"SELECT time_bucket_gapfill(1, k, 1, 5) AS at, max(x) AS m, locf(max(x)), locf(max(x), treat_null_as_missing => true), interpolate(sum(k)) FROM (VALUES (1, 2.5), (2, NULL), (4, 7)) AS w(k, x) GROUP BY at": "[[1 2.5 2.5 2.5 1] [2 ∅ ∅ 2.5 2] [3 ∅ ∅ 2.5 3] [4 7 7 7 4]]",
		"SELECT time_bucket_gapfill('1 day', ts, 'Europe/Berlin', '2026-03-28 00:00+01', '2026-03-31 00:00+02') AS at, count(*) FROM t WHERE ts > '2026-03-01' GROUP BY at":                                          "[[2026-03-27 23:00:00+00 ∅] [2026-03-28 23:00:00+00 ∅] [2026-03-29 22:00:00+00 ∅]]",
		"SELECT time_bucket_gapfill('1 day', ts) AS at, count(*) FROM t WHERE ts >= '2026-01-01' GROUP BY at":                                                                                                        "22023",

		"SELECT time_bucket_gapfill('1 day', ts) AS at FROM t":                                                            "0A000",
		"SELECT date_trunc('day', time_bucket_gapfill('1 day', ts, '2026-01-01', '2026-01-02')) AS at FROM t GROUP BY at": "0A000",

		"SELECT locf(q) FROM t": "0A000",
		"SELECT host, interpolate(max(host)) FROM t GROUP BY host":                                      "42883",
		"SELECT count(*) FROM t WHERE locf(q) > 1":                                                      "42803",
		"SELECT time_bucket_gapfill('0 days', ts, '2026-01-01', '2026-01-02') AS at FROM t GROUP BY at": "22023",
	} {
		o := askAegis(session, text)
		got := o.state
		if o.state == "" {
			got = fmt.Sprint(sorted(o.rows))
		}
		if got != want {
			t.Errorf("%s\n    gives %s (%s), want %s", text, got, o.message, want)
		}
	}
}
