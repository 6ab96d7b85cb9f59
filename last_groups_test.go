package aegis

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/query"
)

// TestLastRowsAreGroups asks for the last rows of series by keys that tell them apart, do so in some segments only, or do not, and holds the answers
// against plans whose scans know nothing of ends and operators that group every row. EXPLAIN says where rows were not grouped.
func TestLastRowsAreGroups(t *testing.T) {
	db := open(t, t.TempDir())
	ask(t, db, "CREATE TABLE m (time timestamptz, host text, site int, kind text, n bigint, f float8, d numeric(10,2), s text, b boolean, at timestamptz) "+
		"WITH (time_column = time, tags = (host, site, kind))")
	rows := func(day, series int, host, kind string) string {
		return fmt.Sprintf("INSERT INTO m SELECT timestamptz '2026-01-%02d 00:00:00Z' + g * interval '1 min', %s, x, %s, x * 100 + g, (x + g) / 7.0, (x * g) / 3.0, "+
			"CASE WHEN g = 3 AND x %% 5 = 0 THEN NULL ELSE 'v' || (x + g) END, x %% 2 = 0, CASE WHEN x %% 3 > 0 THEN timestamptz '2026-01-01Z' + x * interval '1 s' END "+
			"FROM generate_series(1, %d) x, generate_series(1, 3) g", day, host, kind, series)
	}
	flush := func() {
		t.Helper()
		if err := db.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	const all = "max(time), min(host), last(n, time), last(f, time), last(d, time), last(s, time), last(b, time)"
	questions := []string{
		"SELECT host, " + all + " FROM m GROUP BY host",
		"SELECT site, " + all + " FROM m GROUP BY site",
		"SELECT kind, " + all + " FROM m GROUP BY kind",
		"SELECT host, kind, " + all + " FROM m GROUP BY kind, host",
		"SELECT kind, site, host, last(n, time) FROM m GROUP BY 1, 2, 3 HAVING last(n, time) % 2 = 0",
		"SELECT host, first(n, time), last(n, time) FROM m GROUP BY host",
		"SELECT host, last(n, at), max(time) FROM m GROUP BY host",
		"SELECT host, last(at, time), max(at) FROM m GROUP BY host",
		"SELECT host, last(n, time) FILTER (WHERE b), max(time) FROM m GROUP BY host",
		"SELECT upper(host), last(n, time) FROM m GROUP BY 1",
		"SELECT DISTINCT host FROM m",
		"SELECT count(*), sum(v), count(DISTINCT host) FROM (SELECT host, last(n, time) AS v FROM m GROUP BY host) x",
		"SELECT host, last(n, time) FROM m WHERE host > 'h2' GROUP BY host",
		"SELECT host, last(n, time) + 1 AS v FROM m GROUP BY host ORDER BY v DESC, host LIMIT 3",
		"SELECT host, last(s, time) FROM m WHERE n > 205 GROUP BY host",
		"SELECT a.host, a.v, b.v FROM (SELECT host, last(n, time) AS v FROM m GROUP BY host) a JOIN (SELECT host, last(s, time) AS v FROM m GROUP BY host) b USING (host)",
		"SELECT host, kind, last(n, time) FROM m GROUP BY GROUPING SETS ((host), (kind), ())",
	}
	check := func(when string, alone *bool) {
		t.Helper()
		plain := query.Tuning{Plain: true, RulesOff: map[string]bool{"series_ends": true}}
		for _, q := range questions {
			want, err := answer(db, plain, q, false)
			if err != nil {
				t.Fatalf("%s: %s: %v", when, q, err)
			}
			for _, way := range []query.Tuning{{}, {}, {Workers: 1}, {BatchRows: 3}, {HeldBytes: 1}} {
				if got, err := answer(db, way, q, false); err != nil || got != want {
					t.Fatalf("%s: %s: %v\n%s", when, q, err, firstDifference(got, want))
				}
			}
		}
		if alone == nil {
			return // it depends on what the table's head has
		}
		plan := strings.Join(ask(t, db, "EXPLAIN ANALYZE "+questions[0]), "\n")
		if got := strings.Contains(plan, "a row is a group"); got != *alone {
			t.Fatalf("%s: rows are groups: %v\n%s", when, got, plan)
		}
	}
	for _, step := range []struct {
		when, text string
		alone      bool
	}{
		{"each host is a series", rows(1, 40, "'h' || x", "'k' || x % 4"), true},
		{"a host has two series", rows(1, 3, "'h' || x", "'other'"), false},
		{"one has no host", "DELETE FROM m WHERE kind = 'other'; " + rows(1, 1, "NULL", "'none'"), false},
		{"another day", rows(2, 20, "'h' || x", "'k' || x % 4"), false},
		{"the first day is gone", "DELETE FROM m WHERE time < '2026-01-02Z'", true},
		{"last rows are gone", "DELETE FROM m WHERE site % 4 = 1 AND time > '2026-01-02 00:02:00Z'", true},
		{"all but one row of some are gone", "DELETE FROM m WHERE site % 4 = 2 AND time > '2026-01-02 00:01:00Z'", true},
	} {
		for _, text := range strings.Split(step.text, "; ") {
			ask(t, db, text)
		}
		check(step.when+", not flushed", nil)
		flush()
		if err := db.Compact(context.Background()); err != nil {
			t.Fatal(err)
		}
		check(step.when, &step.alone)
	}
}

// TestLastRowsOfManySeries has more series than a page of last rows, and than a batch: what was taken for the whole is grouped after all.
func TestLastRowsOfManySeries(t *testing.T) {
	db := open(t, t.TempDir())
	ask(t, db, "CREATE TABLE m (time timestamptz, host text, n bigint) WITH (time_column = time, tags = (host))")
	ask(t, db, "INSERT INTO m SELECT timestamptz '2026-01-01Z' + g * interval '1 min', 'h' || x, x * 10 + g FROM generate_series(1, 9000) x, generate_series(1, 2) g")
	if err := db.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	want := "9000|9000|" + fmt.Sprint(9000*9001/2*10+9000*2)
	for range 2 {
		got := ask(t, db, "SELECT count(*), count(DISTINCT host), sum(v) FROM (SELECT host, last(n, time) AS v FROM m GROUP BY host) x")
		if len(got) != 1 || got[0] != want {
			t.Fatalf("got %v, want %s", got, want)
		}
	}
}

// TestLastRowsCountPages holds what EXPLAIN says of a scan's pages, which is kept for the ends of all series, against what it said at first.
func TestLastRowsCountPages(t *testing.T) {
	d := newTSBS(t, 40, 3000)
	read := func(calls, where string) string {
		t.Helper()
		for _, line := range ask(t, d.db, "EXPLAIN ANALYZE SELECT hostname, "+calls+" FROM cpu "+where+" GROUP BY hostname") {
			if strings.Contains(line, "read: ") {
				return line
			}
		}
		t.Fatal("nothing is said of pages")
		return ""
	}
	const last, both = "last(usage_user, time), last(usage_idle, time)", "first(usage_user, time), last(usage_user, time)"
	some := "WHERE hostname IN ('host_3', 'host_7')"
	first := []string{read(last, ""), read(both, ""), read(last, some), read(both, some)}
	for range 2 {
		for i, got := range []string{read(last, ""), read(both, ""), read(last, some), read(both, some)} {
			if got != first[i] {
				t.Errorf("question %d: %s, at first %s", i, got, first[i])
			}
		}
	}
	if first[0] == first[2] {
		t.Errorf("all hosts and two read the same: %s", first[0])
	}
}
