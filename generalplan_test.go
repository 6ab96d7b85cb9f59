package aegis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query"
)

// TestGeneralPlans asks questions of one shape with many values, so that all but the first two are answered by the shape's general
// plan, and holds each answer against that of the same question where nothing is kept.
func TestGeneralPlans(t *testing.T) {
	ctx := context.Background()
	db, err := Open(ctx, memOptions(Options{FS: newDisk()}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(ctx) })
	ask(t, db, "CREATE TABLE m (ts timestamptz NOT NULL, host text, v bigint, s text, f double precision, n numeric) WITH (time_column = ts, tags = (host))")
	ask(t, db, "CREATE TABLE names (host text, title text)")
	ask(t, db, "INSERT INTO names VALUES ('a', 'first'), ('b', NULL), ('c', 'third')")
	insert := func(from, to int) {
		var rows []string
		for i := from; i < to; i++ {
			rows = append(rows, fmt.Sprintf("('2026-01-01 00:00Z'::timestamptz + interval '%d minutes', '%c', %d, 's%d', %d.5, %d.25)", i, 'a'+i%3, i, i%7, i, i))
		}
		ask(t, db, "INSERT INTO m VALUES "+strings.Join(rows, ", "))
	}
	insert(0, 300)
	if err := db.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	insert(300, 360) // these stay in the head
	shapes := []struct {
		text   string
		values [][]any
	}{
		{"SELECT count(*), sum(v) FROM m WHERE host = '%s' AND ts >= '%s' AND '%s' > ts", [][]any{
			{"a", "2026-01-01 01:00Z", "2026-01-01 02:00Z"},
			{"b", "2026-01-01 05:30Z", "2026-01-02 00:00Z"},
			{"zz", "2026-01-01", "2027-01-01"},
			{"c", "infinity", "-infinity"},
			{"a", "2026-01-01 01:00:00+02", "2026-01-01 04:59:59.999999Z"},
			{"", "nonsense", "2026-01-01"},
		}},
		{"SELECT v, ts FROM m WHERE ts BETWEEN '%s' AND '%s' ORDER BY ts", [][]any{{"2026-01-01 04:58Z", "2026-01-01 05:03Z"}, {"2026-01-01 05:03Z", "2026-01-01 04:58Z"}, {"2026-01-01 00:00Z", "2026-01-01 00:00Z"}}},
		{"SELECT host, last(v, ts) FROM m WHERE s = '%s' AND v < '%s' GROUP BY host ORDER BY host", [][]any{{"s1", 100}, {"s6", 1000}, {"s1", "1e3"}, {"x", -1}}},
		{"SELECT max(v) FROM m WHERE f > '%s' AND n <= '%s'", [][]any{{1, 20}, {"NaN", 3}, {"-inf", "1e400"}, {"355", "355.25"}}},
		{"SELECT v / (v - 7) FROM m WHERE host = '%s' AND ts = '%s'", [][]any{{"a", "2026-01-01 00:06Z"}, {"a", "2026-01-01 00:03Z"}, {"longer than a parameter", "2026-01-01"}, {"b", "2026-01-01 00:07Z"}}},
		{"SELECT m.v, x.title FROM m JOIN names x ON x.host = m.host WHERE m.host = '%s' AND m.ts < '%s' ORDER BY v", [][]any{{"a", "2026-01-01 00:10Z"}, {"b", "2026-01-01 00:10Z"}, {"d", "2026-01-01 00:10Z"}}},
		{"SELECT v FROM m WHERE host = '%s' OR s = '%s' ORDER BY v DESC LIMIT 3", [][]any{{"a", "s0"}, {"no", "s3"}}},
		{"SELECT count(*) FROM m WHERE (ts >= '%s') IS NOT FALSE AND lower(host) <> '%s'", [][]any{{"2026-01-01 03:00Z", "b"}, {"2026-01-01 05:00Z", "a"}}},
		{"SELECT host = '%s' AS same, count(*) FROM m GROUP BY host = '%[1]s' ORDER BY 2", [][]any{{"a"}, {"b"}}},
		{"SELECT ts > '%s' FROM m WHERE v = 3", [][]any{{"2026-01-01 00:01Z"}, {"yesterday"}, {"epoch"}}},
	}
	shapes = append(shapes, []struct {
		text   string
		values [][]any
	}{
		{"SELECT count(*), sum(v) FROM m WHERE host IN ('%s', '%s') AND ts >= '%s'", [][]any{{"a", "b", "2026-01-01 01:00Z"}, {"b", "zz", "2026-01-01 05:30Z"}, {"c", "a", "nonsense"}, {"c", "a", "2026-01-01"}}},
		{"SELECT v FROM m WHERE ts IN ('%s', '%s') AND s NOT IN ('%s', 's5')", [][]any{{"2026-01-01 01:00Z", "2026-01-01 05:55Z", "s2"}, {"2026-01-01 03:00+02", "x", "s1"}, {"2026-01-01 01:00Z", "2026-01-01 01:00Z", "s9"}}},
		{"SELECT v FROM m WHERE v IN ('%s', '%s') AND f IN ('%s')", [][]any{{7, 8, "7.5"}, {"7", "x", "7.5"}, {"8", "9999999999999999999", 8.5}, {8, 7, "8.5"}}},
		{"SELECT v FROM m WHERE n IN ('%s', '%s') AND position('%s' IN ('b s1 s3')) > 0", [][]any{{"7.25", "8.250", "s1"}, {"NaN", "8.25", "s3"}, {"7.250", "x", "b"}}},
		{"SELECT count(*) FROM m WHERE (host, s) IN (('%s', '%s')) OR host IN ('%[1]s')", [][]any{{"a", "s1"}, {"b", "s2"}, {"c", "s3"}}},
		{"SELECT CASE WHEN s IN ('%s', '%s') THEN 1 ELSE 2 END AS k, count(*) FROM m GROUP BY 1 ORDER BY 1", [][]any{{"s1", "s2"}, {"s3", "s9"}, {"s1", "s1"}}},
	}...)
	kept, alone := db.NewSession(""), db.NewSession("")
	alone.Tuning.Plain = true
	for _, shape := range shapes {
		for round := range 3 {
			for i, values := range shape.values {
				text := fmt.Sprintf(shape.text, values...)
				got, err := tryAsk(kept, text)
				// A comment of its own makes the text one that nobody has asked before.
				want, wantErr := tryAsk(alone, fmt.Sprintf("%s --%d.%d", text, round, i))
				if !slices.Equal(got, want) || !sameError(err, wantErr) {
					t.Errorf("%s: %q, %v; want %q, %v", text, got, err, want, wantErr)
				}
			}
		}
		if round := shape.text; t.Failed() {
			t.Fatalf("stopped at %s", round)
		}
	}
}

// sameError compares what clients see.
func sameError(a, b error) bool {
	var x, y *column.Error
	if errors.As(a, &x) != errors.As(b, &y) {
		return false
	}
	return x == nil || x.SQLState == y.SQLState && x.Message == y.Message && x.Position == y.Position
}

// TestGeneralPlansTakeParameters runs one statement with values of its parameters.
func TestGeneralPlansTakeParameters(t *testing.T) {
	ctx := context.Background()
	db, err := Open(ctx, memOptions(Options{FS: newDisk()}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(ctx) })
	ask(t, db, "CREATE TABLE m (ts timestamptz NOT NULL, host text, v bigint) WITH (time_column = ts, tags = (host))")
	ask(t, db, "INSERT INTO m VALUES ('2026-01-01 00:00Z', 'a', 1), ('2026-01-01 00:01Z', 'a', 2), ('2026-01-01 00:02Z', 'b', 4), ('2026-01-01 00:03Z', NULL, 8)")
	session := db.NewSession("")
	sum := func(text string, params ...*string) string {
		rows, err := tryRun(session, query.Request{SQL: text, Params: params})
		if err != nil {
			return err.Error()
		}
		return strings.Join(rows, "; ")
	}
	p := func(s string) *string { return &s }
	const text = "SELECT coalesce(sum(v)::bigint, 0) FROM m WHERE ts >= $1 AND host = $2 AND v < $3"
	for range 3 {
		for _, c := range []struct {
			want          string
			from, host, v *string
		}{
			{"3", p("2026-01-01 00:00Z"), p("a"), p("100")},
			{"2", p("2026-01-01 00:01Z"), p("a"), p("100")},
			{"4", p("2026-01-01 00:00Z"), p("b"), p("5")},
			{"0", nil, p("a"), p("100")},
			{"0", p("2026-01-01 00:00Z"), nil, p("100")},
			{"0", p("2026-01-01 00:00Z"), p("a"), nil},
			{"1", p("2026-01-01 00:00Z"), p("a"), p("2")},
		} {
			if got := sum(text, c.from, c.host, c.v); got != c.want {
				t.Errorf("%v: %s", c, got)
			}
		}
		if got := sum(text, p("2026-01-01 00:00Z"), p("a"), p("x")); !strings.Contains(got, `invalid input syntax for type bigint: "x"`) {
			t.Error(got)
		}
		if got := sum(text, p("x")); !strings.Contains(got, "has 3 parameters, but 1 values") {
			t.Error(got)
		}
		// What parameters make together is a constant, too, and decides which series are read.
		for host, want := range map[string]string{"A": "3", "B": "4", "C": "0", "": "0"} {
			for _, cond := range []string{"host = lower($1)", "host = '' || lower($1) AND host < 'z' || $1", "lower($1) || '' IN (host)", "host IN (lower($1), 'c')"} {
				if got := sum("SELECT coalesce(sum(v)::bigint, 0) FROM m WHERE "+cond, p(host)); got != want {
					t.Errorf("%s, %q: %s", cond, host, got)
				}
			}
			if got := sum("SELECT coalesce(sum(v)::bigint, 0) FROM m WHERE host = lower($1)", nil); got != "0" {
				t.Errorf("NULL: %s", got)
			}
		}
		for limit, want := range []string{"", "1", "1; 2"} {
			if got := sum("SELECT v FROM m ORDER BY v LIMIT $1", p(fmt.Sprint(limit))); got != want {
				t.Errorf("limit %d: %s", limit, got)
			}
		}
	}
	hits, _ := db.engine.PlanCache()
	if hits < 14 {
		t.Errorf("%d statements found their plan", hits)
	}
	if got := sum("SELECT $1 || $1, $2::int + 1", p("a"), p("1")); got != "aa|2" {
		t.Error(got)
	}
}

// TestGeneralPlanOfChangedTypes: a plan that was made anew because a column's type has changed takes values of the new type.
func TestGeneralPlanOfChangedTypes(t *testing.T) {
	db := open(t, t.TempDir())
	ask(t, db, "CREATE TABLE t (k bigint, n smallint, s varchar(3))")
	ask(t, db, "INSERT INTO t VALUES (1, 3, 'abc'), (2, 4, 'abd')")
	for _, alter := range []string{"ALTER n TYPE integer, ALTER s TYPE text", "ALTER n TYPE bigint", "RENAME COLUMN k TO j", "RENAME COLUMN j TO k"} {
		for range 3 {
			if got := ask(t, db, "SELECT count(*) FROM t WHERE n = '3' AND s < 'abd'"); got[0] != "1" {
				t.Errorf("%v", got)
			}
		}
		ask(t, db, "ALTER TABLE t "+alter)
	}
}
