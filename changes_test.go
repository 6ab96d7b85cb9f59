package aegis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/automatanexus/aegis-db/column"
)

// TestUpdatesAtTheSameTime: statements that change the same rows are run again until each has counted what the others made, while rows move from the head to
// segments and segments are merged.
func TestUpdatesAtTheSameTime(t *testing.T) {
	const workers, rounds = 4, 25
	for _, options := range []string{"", " WITH (unique_key = (id))"} {
		db := open(t, t.TempDir())
		ask(t, db, `CREATE TABLE counter (id bigint NOT NULL, n bigint)`+options)
		ask(t, db, `INSERT INTO counter VALUES (1, 0), (2, 0), (3, 0)`)
		stop := make(chan struct{})
		var moving sync.WaitGroup
		moving.Add(1)
		go func() {
			defer moving.Done()
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := db.Flush(context.Background()); err != nil {
					t.Error(err)
				}
				if err := db.Compact(context.Background()); err != nil {
					t.Error(err)
				}
			}
		}()
		var failed sync.Map
		var group sync.WaitGroup
		for w := range workers {
			group.Add(1)
			go func() {
				defer group.Done()
				s := db.NewSession("")
				for i := range rounds {
					text := fmt.Sprintf(`UPDATE counter SET n = n + 1 WHERE id = %d`, 1+(w+i)%3)
					switch i % 3 {
					case 1:
						text = fmt.Sprintf(`MERGE INTO counter USING (SELECT %d AS id) s ON s.id = counter.id WHEN MATCHED THEN UPDATE SET n = n + 1`, 1+(w+i)%3)
					case 2:
						if options != "" {
							text = fmt.Sprintf(`INSERT INTO counter VALUES (%d, 1) ON CONFLICT (id) DO UPDATE SET n = counter.n + 1`, 1+(w+i)%3)
						}
					}
					if _, err := tryAsk(s, text); err != nil {
						failed.Store(fmt.Sprintf("%d/%d", w, i), err)
					}
				}
			}()
		}
		group.Wait()
		close(stop)
		moving.Wait()
		lost := 0
		failed.Range(func(_, err any) bool {
			lost++
			if lost == 1 {
				t.Logf("for example %v", err)
			}
			return true
		})
		got := strings.Join(ask(t, db, `SELECT count(*), sum(n) FROM counter`), "")
		if want := fmt.Sprintf("3|%d", workers*rounds-lost); got != want {
			t.Errorf("%q: counted %s, want %s", options, got, want)
		}
		if lost > 0 {
			t.Errorf("%q: %d of %d statements gave up", options, lost, workers*rounds)
		}
	}
}

// TestWhatCannotBeChanged: tables that somebody else fills are refused by name, whatever the statement.
func TestWhatCannotBeChanged(t *testing.T) {
	db := open(t, t.TempDir())
	storeSeries(t, db, oneSample("up", "job", "api", 1000, 1))
	s := db.NewSession("")
	for table, state := range map[string]string{
		"prometheus.samples": "42809", "metrics.up": "42809", "up": "42809", "pg_class": "42501", "pg_catalog.pg_type": "42501", "information_schema.tables": "42501",
		"nosuch": "42P01", "nosuch.up": "42P01",
	} {
		for _, text := range []string{
			"INSERT INTO %s DEFAULT VALUES", "UPDATE %s SET x = 1", "DELETE FROM %s", "DELETE FROM %s x USING pg_class y", "MERGE INTO %s x USING pg_class y ON true WHEN MATCHED THEN DELETE",
			"INSERT INTO %s DEFAULT VALUES ON CONFLICT DO NOTHING", "EXPLAIN DELETE FROM %s", "WITH x AS (DELETE FROM %s RETURNING 1) SELECT 1",
		} {
			text = fmt.Sprintf(text, table)
			_, err := tryAsk(s, text)
			var e *column.Error
			if !errors.As(err, &e) || e.SQLState != state || e.Position != strings.Index(text, table)+1 {
				t.Errorf("%s: %v, want %s at %d", text, err, state, strings.Index(text, table)+1)
			}
		}
	}
	if got := ask(t, db, "SELECT value FROM up"); got[0] != "1" {
		t.Errorf("the sample is %s now", got)
	}
}

// TestChangesOfMergingRows: where rows of one key are united, an UPDATE replaces what they are united to, NULLs included, and nothing older comes back.
func TestChangesOfMergingRows(t *testing.T) {
	for _, settle := range []bool{false, true} {
		db := open(t, t.TempDir())
		move := func() {
			if !settle {
				return
			}
			if err := errors.Join(db.Flush(t.Context()), db.Compact(t.Context())); err != nil {
				t.Fatal(err)
			}
		}
		check := func(want string) {
			t.Helper()
			if got := strings.Join(ask(t, db, `SELECT host, a, b FROM points ORDER BY host`), "; "); got != want {
				t.Errorf("settled %v: %s, want %s", settle, got, want)
			}
		}
		ask(t, db, `CREATE TABLE points (ts timestamptz, host text, a bigint, b bigint) WITH (time_column = ts, tags = (host), unique_key = (host, ts), merge_fields = true)`)
		ask(t, db, `INSERT INTO points (ts, host, a) VALUES ('2026-01-01', 'x', 1), ('2026-01-01', 'y', 2)`)
		move()
		ask(t, db, `INSERT INTO points (ts, host, b) VALUES ('2026-01-01', 'x', 10), ('2026-01-01', 'y', 20)`)
		check("x|1|10; y|2|20")
		ask(t, db, `UPDATE points SET a = NULL WHERE host = 'x'`)
		check("x||10; y|2|20")
		move()
		ask(t, db, `INSERT INTO points (ts, host, b) VALUES ('2026-01-01', 'x', 11)`)
		check("x||11; y|2|20")
		ask(t, db, `DELETE FROM points WHERE host = 'y'`)
		check("x||11")
		move()
		ask(t, db, `INSERT INTO points (ts, host, a) VALUES ('2026-01-01', 'y', 3)`)
		check("x||11; y|3|")
		move()
		check("x||11; y|3|")
		ask(t, db, `INSERT INTO points (ts, host, a, b) VALUES ('2026-01-01', 'y', 4, 4), ('2026-01-01', 'z', 5, NULL) ON CONFLICT (host, ts) DO UPDATE SET b = excluded.b`)
		check("x||11; y|3|4; z|5|")
	}
}

// TestExplainChanges: EXPLAIN shows what is changed and how rows are found, ANALYZE does it.
func TestExplainChanges(t *testing.T) {
	db := open(t, t.TempDir())
	ask(t, db, `CREATE TABLE e (ts timestamptz NOT NULL, host text, n bigint) WITH (time_column = ts, tags = (host), unique_key = (host, ts))`)
	ask(t, db, `INSERT INTO e SELECT '2026-01-01'::timestamptz + g * interval '1 hour', 'h' || g % 10, g FROM generate_series(1, 1000) g`)
	if err := db.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text string
		want []string
	}{
		{`EXPLAIN UPDATE e SET n = 1 WHERE host = 'h1'`, []string{"Update on public.e", "per series: host = 'h1'"}},
		{`EXPLAIN ANALYZE UPDATE e SET n = -1 WHERE host = 'h1' RETURNING n`, []string{"Update on public.e", "returning: n", "changed: 100 rows", "series 42 of 420", "Rules: "}},
		{`EXPLAIN ANALYZE DELETE FROM e USING (VALUES ('h2'), ('h3')) AS x(h) WHERE x.h = e.host`, []string{"Delete on public.e", "changed: 200 rows", "only series of the join's 2 keys"}},
		{`EXPLAIN INSERT INTO e VALUES ('2026-01-01', 'h4', 1) ON CONFLICT (host, ts) DO NOTHING`, []string{"Insert on public.e", "on conflict (host, ts): nothing"}},
		{
			`EXPLAIN ANALYZE INSERT INTO e VALUES ('2026-01-01 05:00Z', 'h5', 1) ON CONFLICT (host, ts) DO UPDATE SET n = excluded.n`,
			[]string{"changed: 1 rows", "only the time of the join's keys", "only series of the join's 1 keys", "Rows of proposed"},
		},
		{`EXPLAIN (ANALYZE, FORMAT JSON) WITH d AS (DELETE FROM e WHERE n > 990 RETURNING n) SELECT count(*) FROM d`, []string{`"changes_in_with"`, `"parameter": "WITH d"`, "Delete on public.e"}},
		{`EXPLAIN MERGE INTO e USING (SELECT 'h1' AS h) s ON s.h = e.host WHEN MATCHED THEN DELETE`, []string{"Merge on public.e"}},
	} {
		got := strings.Join(ask(t, db, c.text), "\n")
		for _, part := range c.want {
			if !strings.Contains(got, part) {
				t.Errorf("%s: no %q in\n%s", c.text, part, got)
			}
		}
	}
	got := strings.Join(ask(t, db, `SELECT count(*), count(*) FILTER (WHERE n = -1), max(n) FROM e`), "")
	if got != "793|100|990" {
		t.Errorf("what ANALYZE has left: %s", got)
	}
}

// TestChangeIsOneCommit: an UPDATE that does not fit into memory changes nothing and leaves no memory behind; a DELETE of as many rows holds their addresses only.
func TestChangeIsOneCommit(t *testing.T) {
	db := open(t, t.TempDir(), func(o *Options) { o.QueryBytes = 6 << 20 })
	ask(t, db, `CREATE TABLE n (i bigint, s text)`)
	for range 6 {
		ask(t, db, `INSERT INTO n SELECT g, 'some text' FROM generate_series(1, 50000) AS g`)
	}
	if err := db.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask(t, db, `SELECT max(i), max(s) FROM n`) // pages are kept decoded
	before := db.Stats().MemoryUsed
	_, err := tryAsk(db.NewSession(""), `UPDATE n SET s = repeat(s, 10)`)
	var e *column.Error
	if !errors.As(err, &e) || e.SQLState != "53200" || !strings.Contains(e.Hint, "in parts") {
		t.Errorf("error %v, want 53200 with a hint", err)
	}
	if after := db.Stats().MemoryUsed; after > before+1<<20 {
		t.Errorf("%d bytes are held after the refusal, %d before", after, before)
	}
	if got := ask(t, db, `SELECT count(*), count(*) FILTER (WHERE s = 'some text') FROM n`); got[0] != "300000|300000" {
		t.Errorf("the table holds %s", got[0])
	}
	ask(t, db, `DELETE FROM n WHERE i > 10`)
	if got := ask(t, db, `SELECT count(*), max(i) FROM n`); got[0] != "60|10" {
		t.Errorf("the table holds %s", got[0])
	}
}
