package sql

import (
	"slices"
	"strings"
	"testing"
)

func TestShapes(t *testing.T) {
	for _, c := range []struct {
		text, shape string
		values      []string
	}{
		{`SELECT max(v) FROM m WHERE host = 'a' AND ts >= '2026-01-01'`, `SELECT max(v) FROM m WHERE host = $1 AND ts >= $2`, []string{"a", "2026-01-01"}},
		{`select 'x' < s, s <> 'it''s'`, `select 'x' < s, s <> $1`, []string{"it's"}},
		{`SELECT 1 WHERE t BETWEEN 'a' AND 'b' AND 'c' = u`, `SELECT 1 WHERE t BETWEEN $1 AND $2 AND 'c' = u`, []string{"a", "b"}},
		{`SELECT 1 WHERE a = 'x' OR b = 'x' OR c = E'\x79'`, `SELECT 1 WHERE a = $1 OR b = $1 OR c = $2`, []string{"x", "y"}},
		{`SELECT time_bucket('1 hour', ts), interval '1 day' FROM m WHERE ts < '2026-01-01'::date -- = 'no'`, `SELECT time_bucket('1 hour', ts), interval '1 day' FROM m WHERE ts < $1::date -- = 'no'`, []string{"2026-01-01"}},
		{`WITH x AS (SELECT 1) SELECT 'é' || s FROM x WHERE "sél" > 'ö' AND n IN ('a', 'b')`, `WITH x AS (SELECT 1) SELECT 'é' || s FROM x WHERE "sél" > $1 AND n IN ($2, $3)`, []string{"ö", "a", "b"}},
		{`SELECT 1 WHERE a IN ('x') AND b NOT IN('y' , 'x') AND c = 'z'`, `SELECT 1 WHERE a IN ($1) AND b NOT IN($2 , $1) AND c = $3`, []string{"x", "y", "z"}},
		{`SELECT 1 WHERE a IN ('x', 1) AND b IN ('y' || 'z') AND c IN (('a', 'b')) AND d = 'z'`, `SELECT 1 WHERE a IN ('x', 1) AND b IN ('y' || 'z') AND c IN (('a', 'b')) AND d = $1`, []string{"z"}},
		{`SELECT 1 WHERE position('a' IN 'b') > 0 AND a IN (SELECT 'x') AND b IN ('x' 'y')`, "", nil},
		{`SELECT 1 WHERE a = $1 AND b = 'x'`, "", nil},
		{`SELECT 'a'`, "", nil},
		{`INSERT INTO t SELECT 1 WHERE a = 'x'`, "", nil},
		{`SELECT a = 'x`, "", nil},
		{``, "", nil},
	} {
		s, ok := ShapeOf(c.text)
		if ok != (c.shape != "") || s.Text != c.shape || !slices.Equal(s.Values, c.values) {
			t.Errorf("%s: %v, %q, %q", c.text, ok, s.Text, s.Values)
		}
		// Whatever stands outside of strings is found at its place.
		for i, word := range []string{"WHERE", "AND 'c'", "OR c", "::date", "FROM x", "IN ("} {
			at := strings.Index(s.Text, word)
			if want := strings.Index(c.text, word); at >= 0 && s.Original(at) != want {
				t.Errorf("%s: word %d stands at %d, not at %d", c.text, i, want, s.Original(at))
			}
		}
	}
}
