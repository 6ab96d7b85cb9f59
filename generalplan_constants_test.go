package aegis

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/query"
)

// TestConstantsOfParameters runs prepared and plain statements whose conditions compute with parameters, or list them, and holds the answers of the plans that
// serve all values against those of statements that were never asked before. What reads few rows is to show in what was read.
func TestConstantsOfParameters(t *testing.T) {
	ctx := context.Background()
	db, err := Open(ctx, memOptions(Options{FS: newDisk()}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(ctx) })
	for _, text := range []string{
		"CREATE TABLE m (ts timestamptz NOT NULL, host text, v bigint, s text, f double precision, n numeric, u uuid) WITH (time_column = ts, tags = (host))",
		`INSERT INTO m SELECT timestamptz '2026-01-01 00:00Z' + n * interval '1 minute', 'host_' || n % 20, n, 's' || n % 7, n / 2.0, n,
			('00000000-0000-0000-0000-0000000000' || lpad((n % 90 + 10)::text, 2, '0'))::uuid FROM generate_series(0, 3999) n`,
		"CREATE TABLE jobs (id bigint PRIMARY KEY, name text UNIQUE, owner text)",
		"INSERT INTO jobs SELECT n * 7919 % 100003, 'job ' || n, 'owner ' || n % 50 FROM generate_series(1, 9000) n",
		"CREATE INDEX ON jobs (owner)",
		"CREATE TABLE pairs (a text, b bigint, v bigint, PRIMARY KEY (a, b))",
		"INSERT INTO pairs SELECT 'a' || n % 10, n / 10, n FROM generate_series(0, 999) n",
	} {
		ask(t, db, text)
	}
	if err := db.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	ask(t, db, "INSERT INTO m VALUES ('2026-01-01 12:00Z', 'host_3', 9000, NULL, 'NaN', NULL, NULL), ('2026-01-05 12:00Z', 'host_4', 9001, 's1', '-0', 1, NULL)")
	ask(t, db, "INSERT INTO jobs VALUES (-1, 'job -1', NULL)")
	ask(t, db, "DELETE FROM jobs WHERE name = 'job 5'")
	p := func(list ...string) (out []*string) {
		for i := range list {
			if list[i] == "NULL" {
				out = append(out, nil)
			} else {
				out = append(out, &list[i])
			}
		}
		return out
	}
	many := func(text string, values ...[]*string) (out struct {
		text   string
		values [][]*string
	},
	) {
		out.text, out.values = text, values
		return out
	}
	shapes := []struct {
		text   string
		values [][]*string
	}{
		many("SELECT count(*), sum(v) FROM m WHERE host = concat('host_', $1)", p("3"), p("19"), p("x"), p("NULL")),
		many("SELECT count(*), sum(v) FROM m WHERE ts >= $1::timestamptz - interval '1 hour' AND ts < $1::timestamptz", p("2026-01-01 05:00Z"), p("infinity"), p("NULL"), p("2026-01-03 00:30Z")),
		many("SELECT host, last(v, ts) FROM m WHERE ts < date_trunc('hour', $1::timestamptz) GROUP BY host", p("2026-01-01 05:17Z"), p("2025-01-01"), p("2026-02-01")),
		many("SELECT v FROM m WHERE host IN ($1, $2, $3) AND v < 50", p("host_1", "host_2", "NULL"), p("host_1", "host_1", "no"), p("NULL", "NULL", "NULL")),
		many("SELECT v FROM m WHERE host NOT IN ($1, 'host_5') AND v < 30", p("host_1"), p("NULL")),
		many("SELECT v FROM m WHERE host IN (lower($1), lower($2)) AND v < 60", p("HOST_1", "host_2"), p("NULL", "HOST_7"), p("NULL", "NULL")),
		many("SELECT v FROM m WHERE v IN ($1, $2, 12)", p("3", "3999"), p("NULL", "-5"), p("9000", "12")),
		many("SELECT v FROM m WHERE s IN ($1, $2) AND v < 40", p("s1", "s6"), p("t", "NULL")),
		many("SELECT v FROM m WHERE s NOT IN ($1, $2) AND v < 20", p("s1", "s6"), p("t", "NULL")),
		many("SELECT v FROM m WHERE f IN ($1, $2)", p("1.5", "2"), p("NaN", "0"), p("NULL", "7")),
		many("SELECT v FROM m WHERE n IN ($1, 7.0, $2)", p("3.00", "5"), p("NULL", "1e3")),
		many("SELECT count(*) FROM m WHERE u IN ($1, $2)", p("00000000-0000-0000-0000-000000000012", "00000000-0000-0000-0000-000000000099"), p("NULL", "00000000-0000-0000-0000-000000000012")),
		many("SELECT v FROM m WHERE 3 IN ($1, v)", p("3"), p("4")),
		many("SELECT v FROM m WHERE v < 100 / $1 AND host = 'host_2'", p("3"), p("0"), p("-1")),
		many("SELECT v FROM m WHERE host = 'host_2' AND CASE WHEN $1 <> 0 THEN v < 100 / $1 ELSE v = 2 END", p("3"), p("0")),
		many("SELECT v FROM m WHERE ts > $1::timestamptz - $2::interval AND host = 'host_3'", p("2026-01-03 18:00Z", "1 day"), p("2026-01-01", "300000 years"), p("x", "1 day")),
		many("SELECT name FROM jobs WHERE id IN ($1, $2, $3)", p("7919", "15838", "-1"), p("39595", "5", "NULL"), p("7919", "7919", "7919")),
		many("SELECT name FROM jobs WHERE id = $1 + 1", p("7918"), p("9223372036854775807"), p("NULL")),
		many("SELECT name FROM jobs WHERE owner = concat('owner ', $1) AND id < 2000", p("3"), p("x")),
		many("SELECT v FROM pairs WHERE a IN ($1, $2) AND b IN ($3, 7)", p("a1", "a9", "99"), p("a1", "NULL", "7"), p("a1", "a1", "NULL")),
	}
	kept, alone := db.NewSession(""), db.NewSession("")
	alone.Tuning = query.Tuning{Plain: true, RulesOff: map[string]bool{"zone_maps": true, "index_conditions": true, "time_range": true, "series_conditions": true}}
	sorted := func(s *query.Session, text string, values []*string) ([]string, error) {
		rows, err := tryRun(s, query.Request{SQL: text, Params: values})
		slices.Sort(rows)
		return rows, err
	}
	for _, shape := range shapes {
		for round := range 3 {
			for _, values := range shape.values {
				got, err := sorted(kept, shape.text, values)
				want, wantErr := sorted(alone, shape.text+strings.Repeat(" ", 1+round), values)
				if !slices.Equal(got, want) || !sameError(err, wantErr) {
					t.Errorf("%s: %q, %v; want %q, %v", shape.text, got, err, want, wantErr)
				}
			}
		}
	}
	for _, text := range []string{
		"SELECT name FROM jobs WHERE id IN (7919, 15838, 55555555)",
		"SELECT v FROM pairs WHERE a IN ('a1', 'a2') AND b IN (5, 7)",
	} {
		if plan := strings.Join(ask(t, db, "EXPLAIN ANALYZE "+text), "\n"); !strings.Contains(plan, "rows 2 of segments") && !strings.Contains(plan, "rows 4 of segments") {
			t.Errorf("%s reads more than its keys:\n%s", text, plan)
		}
	}
}
