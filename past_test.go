package aegis

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	aegispromql "github.com/automatanexus/aegis-db/query/promql"
)

// TestPastRefused: what is wrong with a state of the past says so, where it stands.
func TestPastRefused(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	db := open(t, t.TempDir(), func(o *Options) {
		o.CompactEvery, o.KeepRemoved, o.Now = -1, time.Nanosecond, func() time.Time { return now }
	})
	s := db.NewSession("")
	s.Blocks = true
	defer s.Close()
	must(t, s, "CREATE TABLE t (n bigint)")
	must(t, s, "INSERT INTO t VALUES (1)")
	must(t, s, "CREATE PIN p")
	now = now.Add(2 * time.Hour)
	must(t, s, "INSERT INTO t VALUES (2)")
	must(t, s, "CREATE PIN q")
	now = now.Add(2 * time.Hour)
	if err := db.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		statement, state string
		position         int
	}{
		{"SELECT * FROM t FOR VERSION AS OF 3", "72000", 15},
		{"SELECT * FROM t FOR VERSION AS OF 1000000", "22023", 15},
		{"SELECT * FROM t FOR VERSION AS OF 0", "22023", 35},
		{"SELECT * FROM t FOR VERSION AS OF NULL", "22004", 35},
		{"SELECT * FROM t FOR VERSION AS OF 'nope'", "42704", 15},
		{"SELECT * FROM t FOR VERSION AS OF n", "42703", 35},
		{"SELECT * FROM t FOR VERSION AS OF (SELECT 1)", "0A000", 35},
		{"SELECT * FROM u FOR VERSION AS OF 'p'", "42P01", 15},
		{"SELECT * FROM t FOR SYSTEM_TIME AS OF '2025-01-01'", "72000", 15},
		{"SELECT * FROM t FOR SYSTEM_TIME AS OF '2036-01-01'", "22023", 39},
		{"SELECT * FROM t FOR SYSTEM_TIME AS OF 12", "42846", 0},
		{"SELECT * FROM table_changes('t')", "42883", 15},
		{"SELECT * FROM table_changes('t', 'p', 'q')", "72000", 15},
		{"SELECT * FROM table_changes('u', 'q')", "42P01", 15},
		{"CREATE PIN p", "42710", 0},
		{"CREATE PIN \"12\"", "42602", 12},
		{"DROP PIN nope", "42704", 0},
		{"CREATE TABLE t CLONE t", "42P07", 0},
		{"CREATE TABLE v CLONE u", "42P01", 22},
		{"CREATE TABLE prometheus.x CLONE t", "42501", 0},
		{"CREATE TABLE x CLONE prometheus.samples", "0A000", 22},
		{"UPDATE t FOR VERSION AS OF 'p' SET n = 1", "42601", 10},
	} {
		_, err := does(t, s, c.statement)
		var e *column.Error
		if !errors.As(err, &e) || e.SQLState != c.state || c.position != 0 && e.Position != c.position {
			t.Errorf("%s: %+v", c.statement, err)
		}
	}
	must(t, s, "CREATE PIN IF NOT EXISTS p")
	must(t, s, "DROP PIN IF EXISTS nope")
	must(t, s, "CREATE TABLE IF NOT EXISTS t CLONE t")
	must(t, s, "SET aegis.as_of = 'p'")
	if n := must(t, s, "SELECT count(*) FROM t"); n != 1 {
		t.Errorf("%d rows", n)
	}
	for _, statement := range []string{
		"INSERT INTO t VALUES (3)", "DELETE FROM t", "UPDATE t SET n = 2", "MERGE INTO t USING (SELECT 1) AS s ON true WHEN MATCHED THEN DELETE",
		"WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", "INSERT INTO t VALUES (1) RETURNING n", "CREATE TABLE x (n int)", "DROP TABLE t", "CREATE PIN r",
	} {
		var e *column.Error
		if _, err := does(t, s, statement); !errors.As(err, &e) || e.SQLState != "25006" {
			t.Errorf("%s in the past: %v", statement, err)
		}
	}
	must(t, s, "RESET aegis.as_of")
	must(t, s, "BEGIN")
	for _, statement := range []string{"CREATE PIN r", "DROP PIN p", "CREATE TABLE x CLONE t"} {
		var e *column.Error
		if _, err := does(t, s, statement); !errors.As(err, &e) || e.SQLState != "25001" && e.SQLState != "25P02" {
			t.Errorf("%s in a block: %v", statement, err)
		}
	}
	must(t, s, "ROLLBACK")
}

// TestPromQLPast: a query of PromQL reads what was there, although samples have come since.
func TestPromQLPast(t *testing.T) {
	db := open(t, t.TempDir(), func(o *Options) { o.CompactEvery, o.KeepRemoved = -1, time.Nanosecond })
	s := db.NewSession("")
	defer s.Close()
	row := func(at int64, v float64) modelRow { return modelRow{"up", `{"job":"x"}`, at, v} }
	write := func(at int64, v float64) {
		t.Helper()
		if err := writeSamples(db, []modelRow{row(at, v)}); err != nil {
			t.Fatal(err)
		}
	}
	write(base, 1)
	must(t, s, "CREATE PIN one")
	write(base, 7) // the same series and time
	write(base+1e6, 2)
	for as, want := range map[string]string{"": "2", "one": "1", fmt.Sprint(db.Catalog().Pin("one").Version): "1"} {
		ctx := aegispromql.WithAsOf(context.Background(), as)
		q, err := db.PromQL().Instant(ctx, "", "sum(up)", time.UnixMicro(base+2e6), nil)
		if err != nil {
			t.Fatal(err)
		}
		r := q.Exec(ctx)
		v, err := r.Vector()
		if err != nil || len(v) != 1 || fmt.Sprint(v[0].F) != want {
			t.Errorf("as of %q: %v %v", as, v, err)
		}
		q.Close()
	}
	for as, state := range map[string]string{"nope": "42704", "999999": "22023"} {
		ctx := aegispromql.WithAsOf(context.Background(), as)
		q, err := db.PromQL().Instant(ctx, "", "up", time.UnixMicro(base), nil)
		if err != nil {
			t.Fatal(err)
		}
		var e *column.Error
		if r := q.Exec(ctx); !errors.As(r.Err, &e) || e.SQLState != state {
			t.Errorf("as of %q: %v", as, r.Err)
		}
		q.Close()
	}
}
