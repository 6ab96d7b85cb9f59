//go:build linux

package oracletest

import (
	"testing"

	"github.com/automatanexus/aegis-db/query"
)

// none is a parameter that is NULL.
const none = "\x00"

// parameters compares statements with parameters in text form, whose types follow from their places.
func parameters(t *testing.T, s *sides) {
	for _, c := range []struct {
		text   string
		params []string
	}{
		{"SELECT $1", []string{"x"}},
		{"SELECT $1::integer + 1, $2::text || 'x'", []string{"41", "a"}},
		{"SELECT $1 + 1", []string{"41"}},
		{"SELECT $1 + 1", []string{"4x"}},
		{"SELECT $1 + 1.5", []string{"41"}},
		{"SELECT $1 || 'x', length($2)", []string{"a", "äöü"}},
		{"SELECT $1::integer IS NULL, $1::integer", []string{none}},
		{"SELECT id FROM t WHERE id = $1", []string{"7"}},
		{"SELECT count(*) FROM t TABLESAMPLE BERNOULLI ($1) REPEATABLE ($2)", []string{"100", "1.5"}},
		{"SELECT count(*) FROM t TABLESAMPLE SYSTEM ($1)", []string{"0"}},
		{"SELECT count(*) FROM t TABLESAMPLE SYSTEM ($1)", []string{none}},
		{"SELECT count(*) FROM e TABLESAMPLE BERNOULLI ($1)", []string{"-3"}},
		{"SELECT count(*) FROM t TABLESAMPLE BERNOULLI ($1) REPEATABLE ($2)", []string{"50", none}},
		{"SELECT id FROM t WHERE id = $1", []string{none}},
		{"SELECT id FROM t WHERE id = $1", []string{"x"}},
		{"SELECT id FROM t WHERE host = $1 AND ts >= $2 AND ts < $3", []string{"a", "2026-01-02", "2026-01-03 12:00+00"}},
		{"SELECT id FROM t WHERE host IN ($1, $2) AND slot = $3", []string{"a", "b", "2"}},
		{"SELECT id FROM t WHERE f8 > $1", []string{"NaN"}},
		{"SELECT id FROM t WHERE f8 >= $1", []string{"1e15"}},
		{"SELECT id FROM t WHERE nu = $1", []string{"1.50"}},
		{"SELECT id FROM t WHERE tx LIKE $1", []string{"a%"}},
		{"SELECT id FROM t WHERE d = $1", []string{"2026-12-31"}},
		{"SELECT id FROM t WHERE b = $1", []string{"yes"}},
		{"SELECT id FROM t WHERE $1", []string{"true"}},
		{"SELECT id FROM t WHERE id BETWEEN $1 AND $2", []string{"3", "5"}},
		{"SELECT id FROM t ORDER BY id LIMIT $1 OFFSET $2", []string{"3", "2"}},
		{"SELECT id FROM t ORDER BY id LIMIT $1", []string{"-1"}},
		{"SELECT id FROM t ORDER BY id LIMIT $1", []string{"x"}},
		{"SELECT date_trunc($1, ts) AS x, count(*) FROM t GROUP BY x", []string{"day"}},
		{"SELECT date_bin($1, ts, $2) AS x, count(*) FROM t GROUP BY x", []string{"1 day", "2026-01-01 06:00+00"}},
		{"SELECT ts + $1 FROM t", []string{"1 month"}},
		{"SELECT CASE WHEN id > $1 THEN $2 ELSE 'x' END FROM t", []string{"10", "y"}},
		{"SELECT COALESCE(i4, $1), GREATEST(i2, $2), NULLIF(tx, $3) FROM t", []string{"5", "6", "abc"}},
		{"SELECT sum(i4 % $1) FROM t GROUP BY host HAVING count(*) > $2", []string{"7", "10"}},
		{"SELECT $2, $1", []string{"a", "b"}},
		{"SELECT a.id, b.v FROM t a JOIN u b ON a.slot = b.k AND b.v > $1 WHERE a.host = $2 AND a.id + b.k > $3", []string{"one", "a", "5"}},
		{"SELECT a.k, s.x FROM u a LEFT JOIN (SELECT k, $1 AS x FROM u WHERE v = $2) s USING (k)", []string{"p", "two"}},
		{"WITH w AS (SELECT $1::integer AS k) SELECT v FROM u WHERE k IN (SELECT k FROM w) AND v <> $2", []string{"2", "two"}},
		{"SELECT v FROM u WHERE EXISTS (SELECT 1 FROM t WHERE t.slot = u.k AND t.host = $1) AND x > $2", []string{"a", "0"}},
		{"SELECT v FROM u WHERE k = (SELECT max(slot) FROM t WHERE host = $1)", []string{"b"}},
		{"SELECT v FROM u WHERE k > (SELECT min(k) FROM u WHERE v = $1) + $2", []string{"one", "0"}},
		{"SELECT k FROM u UNION ALL SELECT $1 ORDER BY k", []string{"77"}},
		{"SELECT $1 UNION ALL SELECT k FROM u", []string{"x"}},
		{"SELECT $1 UNION SELECT $2", []string{"a", "b"}},
		{"SELECT g FROM generate_series($1, 10, $2) g", []string{"4", "3"}},
		{"SELECT g FROM generate_series($1::timestamptz, $2, $3) g", []string{"2026-01-01 00:00+00", "2026-01-02 00:00+00", "8 hours"}},
		{"SELECT g FROM generate_series($1, 10) g", []string{"x"}},
		{"SELECT v FROM (VALUES (1, $1), (2, $2)) AS y(k, v)", []string{"a", "b"}},
		{"SELECT $1::date, $2::interval, $3::timestamptz, $4::boolean, $5::numeric, $6::bytea", []string{"2026-01-01", "1 day 2 hours", "2026-01-01 00:00+00", "f", "1.500", `\x00ff`}},
		{"SELECT $1::date", []string{"2026-02-30"}},
		{"SELECT 1", []string{"surplus"}},
		{"SELECT $1, $2", []string{"too few"}},
		{"VALUES ($1, 1), ('b', $2)", []string{"a", "2"}},
	} {
		values, pointers := make([][]byte, len(c.params)), make([]*string, len(c.params))
		for i, p := range c.params {
			if p != none {
				values[i], pointers[i] = []byte(p), &c.params[i]
			}
		}
		want := askPostgresWith(s.postgres, c.text, values)
		for _, v := range s.variants {
			got := askWith(v.session, query.Request{SQL: c.text, Params: pointers})
			compare := comparison{ordered: orderBy.MatchString(c.text)}
			// Values are read before the statement runs in one, and while it is planned in the other: places differ.
			want.position = 0
			if want.state != "" && got.state == want.state {
				continue
			}
			if why := compare.differ(want, got); why != "" {
				t.Errorf("%s %q\n    %s (%s)", c.text, c.params, why, v.name)
				break
			}
		}
	}
}
