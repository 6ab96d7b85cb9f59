package aegis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// deadQueries read all rows of a table %s, each in another way: by runs, by rows, by what is compacted first, with what must not be computed of a dead row.
var deadQueries = []string{
	"SELECT count(*), count(n), sum(small), sum(n), sum(v), sum(d), avg(n), avg(v), min(n), max(n), min(v), max(v), min(d), max(tag), sum(far) FROM %s",
	"SELECT host, count(*), sum(n), sum(v), max(small), array_agg(id) FROM %s GROUP BY host", "SELECT tag, count(*), sum(small), avg(v) FROM %s GROUP BY tag",
	"SELECT small, sum(v) FILTER (WHERE n > 0), count(*) FILTER (WHERE ok) FROM %s GROUP BY small", "SELECT sum(100 / (id - 500)), sum(n * 2) FROM %s",
	"SELECT count(*), sum(v) FROM %s WHERE n > 10 AND tag <> 'b'", "SELECT count(*) FROM %s WHERE 10 / (id - 500) >= 0", "SELECT count(DISTINCT tag), count(DISTINCT n), string_agg(DISTINCT tag, ',') FROM %s",
	"SELECT time_bucket('1 hour', ts), count(*), max(v), last(n, ts) FROM %s GROUP BY 1", "SELECT host, last(v, ts), max(ts) FROM %s GROUP BY host", "SELECT id, tag, v, d FROM %s WHERE small = 3",
	"SELECT time_bucket('1 hour', ts), sum(n) FROM %s GROUP BY 1 ORDER BY 1 DESC LIMIT 3", "SELECT a.tag, count(*) FROM %[1]s a JOIN %[1]s b ON a.id = b.id + 1 GROUP BY a.tag",
	"SELECT id FROM %s ORDER BY v DESC, id LIMIT 20", "SELECT stddev(small), bool_and(ok), bit_or(small), corr(v, small) FROM %s WHERE ts > '2026-01-01 06:00'", "SELECT host, tag, sum(n) FROM %s GROUP BY ROLLUP (host, tag)",
}

// TestDeadRowsChangeNoAnswer: a table of which rows were deleted answers like one that never had them: where they are in deletion vectors and where they are
// pending, scattered and next to each other, and where a group has none left. Among the dead are rows that divide by zero, and whose sum is none.
func TestDeadRowsChangeNoAnswer(t *testing.T) {
	ctx := context.Background()
	db := open(t, t.TempDir())
	const rows = `SELECT g AS id, '2026-01-01'::timestamptz + g * interval '10 seconds' AS ts, 'host-' || g / 700 AS host, g % 90 AS small, nullif(g::bigint * 7919 % 1000003, 3) AS n,
		(g % 1000) / 8.0::double precision AS v, (g % 977) / 100.0 AS d, substr('abc', g % 3 + 1, 1) AS tag, g % 7 > 0 AS ok, g::double precision AS far
		FROM generate_series(1, 9000) g WHERE g <> 500`
	const columns = "(id integer, ts timestamptz NOT NULL, host text, small integer, n bigint, v double precision, d numeric(10,2), tag text, ok boolean, far double precision)"
	const spoiled = "SELECT 500, ('2026-01-01 01:00:00.' || g)::timestamptz, 'host-0', 2147483647, 9223372036854775807, 1.7e308, 99999999, 'zzz', NULL, 1.7e308 FROM generate_series(1, 2) g"
	for option, with := range map[string]string{"plain": "", "tagged": " WITH (time_column = ts, tags = (host), partition_interval = '30 days')"} {
		for way, dead := range map[string]string{
			"one": "false", "scattered": "id % 100 = 7 OR host = 'host-3'", "many": "id * 7 % 5 = 0", "ranges": "id BETWEEN 1000 AND 3500 OR id BETWEEN 3600 AND 3603 OR id > 8000", "nearly all": "id % 61 > 0",
		} {
			t.Run(option+"/"+way, func(t *testing.T) {
				for _, name := range []string{"whole", "rest"} {
					ask(t, db, "DROP TABLE IF EXISTS "+name)
				}
				for _, name := range []string{"whole", "rest"} {
					ask(t, db, "CREATE TABLE "+name+" "+columns+with)
				}
				ask(t, db, "INSERT INTO whole "+rows)
				ask(t, db, "INSERT INTO whole "+spoiled)
				ask(t, db, "INSERT INTO rest SELECT * FROM ("+rows+") s WHERE NOT ("+dead+")")
				if err := errors.Join(db.Flush(ctx), db.Compact(ctx)); err != nil {
					t.Fatal(err)
				}
				ask(t, db, "DELETE FROM whole WHERE id = 500 OR "+dead)
				compareAnswers(t, db, "pending")
				if err := db.shard.PublishDeletes(ctx); err != nil {
					t.Fatal(err)
				}
				compareAnswers(t, db, "published")
			})
		}
	}
}

func compareAnswers(t *testing.T, db *DB, when string) {
	t.Helper()
	for _, q := range deadQueries {
		got, want := ask(t, db, fmt.Sprintf(q, "whole")), ask(t, db, fmt.Sprintf(q, "rest"))
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %s\n%s", when, q, firstDifference(strings.Join(got, "\n"), strings.Join(want, "\n")))
		}
	}
}

// BenchmarkDeadRows reads tables of which rows are dead, anywhere.
func BenchmarkDeadRows(b *testing.B) {
	const rows = 2_000_000
	db := open(b, b.TempDir())
	for _, share := range []int{0, 1, 20} {
		ask(b, db, fmt.Sprintf("CREATE TABLE dead_%d (grp integer NOT NULL, n bigint NOT NULL, v double precision NOT NULL, tag text NOT NULL)", share))
		ask(b, db, fmt.Sprintf(`INSERT INTO dead_%d SELECT ((g * 2654435761) %% 1000003 %% 100)::integer, g::bigint * 7919 %% 100000007, (g::bigint * 7919 %% 1000003) / 8.0::double precision,
			'tag-' || g %% 1000 FROM generate_series(1, %d) g`, share, rows))
		if err := errors.Join(db.Flush(context.Background()), db.Compact(context.Background())); err != nil {
			b.Fatal(err)
		}
		ask(b, db, fmt.Sprintf("DELETE FROM dead_%d WHERE grp < %d", share, share))
	}
	if err := db.shard.PublishDeletes(context.Background()); err != nil {
		b.Fatal(err)
	}
	for _, q := range []struct{ name, sql string }{
		{"count", "SELECT count(*) FROM dead_%d"},
		{"sum of bytes", "SELECT sum(grp) FROM dead_%d"},
		{"sum of integers", "SELECT sum(n) FROM dead_%d"},
		{"sum of doubles", "SELECT sum(v) FROM dead_%d"},
		{"by group", "SELECT grp, count(*), sum(n), avg(v) FROM dead_%d GROUP BY grp"},
		{"filtered", "SELECT sum(v) FROM dead_%d WHERE n > 50000000"},
	} {
		for _, share := range []int{0, 1, 20} {
			b.Run(fmt.Sprintf("%s/%d %%", q.name, share), func(b *testing.B) {
				text := fmt.Sprintf(q.sql, share)
				ask(b, db, text)
				began := time.Now()
				for b.Loop() {
					ask(b, db, text)
				}
				b.ReportMetric(float64(time.Since(began).Nanoseconds())/float64(b.N)/rows, "ns/row")
			})
		}
	}
}
