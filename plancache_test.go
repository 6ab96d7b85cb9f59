package aegis

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/query"
)

// TestPlanCache asks texts again after everything that a plan could depend on has changed.
func TestPlanCache(t *testing.T) {
	ctx := context.Background()
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	db, err := Open(ctx, memOptions(Options{FS: newDisk(), Now: func() time.Time { return now }}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(ctx) })
	hits := func() int64 {
		n, _ := db.engine.PlanCache()
		return n
	}
	session := db.NewSession("")
	// expect asks a text three times: the first is not kept, the second is, the third finds it, if kept is true.
	expect := func(text string, kept bool, want ...string) {
		t.Helper()
		before := hits()
		for range 3 {
			got, err := tryAsk(session, text)
			if err != nil {
				got = []string{err.Error()}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", text, got, want)
			}
		}
		if found := hits() > before; found != kept {
			t.Errorf("%s: found among the kept plans: %v, want %v", text, found, kept)
		}
	}
	run := func(text string) {
		t.Helper()
		ask(t, db, text)
	}
	const sum = "SELECT sum(v) FROM m WHERE host = 'a'"
	expect(sum, false, `relation "m" does not exist`)
	run("CREATE TABLE m (ts timestamptz NOT NULL, host text, v bigint) WITH (time_column = ts, tags = (host))")
	expect(sum, true, "")
	run("INSERT INTO m VALUES ('2026-01-01 11:59:00Z', 'a', 1), ('2026-01-01 12:01:00Z', 'a', 2), ('2026-01-01 11:58:00Z', 'b', 10)")
	expect(sum, true, "3")
	if err := db.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	run("INSERT INTO m VALUES ('2026-01-01 12:02:00Z', 'a', 4)")
	expect(sum, true, "7")
	expect("SELECT x.v FROM m x JOIN m y ON x.ts = y.ts AND x.host = y.host WHERE x.host = 'b'", true, "10")
	expect("SELECT to_char(time_bucket('1 day', ts), 'YYYY-MM-DD HH24:MI') FROM m WHERE host = 'b'", true, "2026-01-01 00:00")

	// The moment.
	expect("SELECT count(*) FROM m WHERE ts < now()", false, "2")
	expect("SELECT count(*) FROM m WHERE ts < timestamptz 'NOW'", false, "2")
	expect("SELECT count(*) FROM m WHERE ts > (SELECT min(ts) FROM m)", false, "3")
	now = now.Add(90 * time.Second)
	expect("SELECT count(*) FROM m WHERE ts < now()", false, "3")
	expect("SELECT count(*) FROM m WHERE ts < timestamptz 'NOW'", false, "3")
	run("INSERT INTO m VALUES ('2025-01-01 12:02:00Z', 'c', 0)")
	expect("SELECT count(*) FROM m WHERE ts > (SELECT min(ts) FROM m)", false, "4")

	// The time zone.
	const hour = "SELECT count(*) FROM m WHERE ts >= '2026-01-01 12:01:00'"
	expect(hour, true, "2")
	if err := session.Set("timezone", "Europe/Berlin"); err != nil {
		t.Fatal(err)
	}
	expect(hour, true, "4")
	if err := session.Set("timezone", ""); err != nil {
		t.Fatal(err)
	}
	expect(hour, true, "2")

	// Parameters.
	for _, host := range []string{"a", "b", "a", "b", "a", "b", "nobody"} {
		r, err := session.Run(ctx, query.Request{SQL: "SELECT host FROM m WHERE host = $1 LIMIT 1", Params: []*string{&host}})
		if err != nil {
			t.Fatal(err)
		}
		if b, err := r.Next(); err == nil && string(b.Columns[0].Bytes(0)) != host || (err != nil) != (host == "nobody") {
			t.Errorf("asked for %s: %v", host, err)
		}
		r.Close()
	}

	// The table.
	run("DROP TABLE m")
	expect(sum, false, `relation "m" does not exist`)
	run("CREATE TABLE m (v numeric, host text)")
	run("INSERT INTO m VALUES (0.5, 'a'), (0.25, 'a')")
	expect(sum, true, "0.75")
	expect("SELECT * FROM m ORDER BY v", true, "0.25|a", "0.5|a")

	// The labels of a metric, and a table in front of it.
	sample := func(labels string) {
		t.Helper()
		if err := writeSamples(db, []modelRow{{"up", labels, now.UnixMicro(), 1.0}}); err != nil {
			t.Fatal(err)
		}
	}
	sample(`{"job":"x"}`)
	expect("SELECT * FROM up", true, "2026-01-01 12:01:30+00|1|x")
	now = now.Add(time.Second)
	sample(`{"env":"e"}`)
	expect("SELECT * FROM up ORDER BY ts", true, "2026-01-01 12:01:30+00|1||x", "2026-01-01 12:01:31+00|1|e|")
	run("CREATE TABLE up (a bigint)")
	expect("SELECT * FROM up", true)
}
