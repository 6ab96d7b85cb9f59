package aegis

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// clockAt gives options whose clock stands where it was last set.
func clockAt(start time.Time) (now *atomic.Int64, with func(*Options)) {
	now = &atomic.Int64{}
	now.Store(start.UnixMicro())
	return now, func(o *Options) {
		o.Now = func() time.Time { return time.UnixMicro(now.Load()) }
		o.CompactEvery, o.KeepRemoved, o.History = -1, time.Nanosecond, time.Hour
	}
}

// TestRetention: rows that are older than their table keeps them go, a segment at a time, and those of other tables do not; the past and pins keep
// them for as long as they keep anything.
func TestRetention(t *testing.T) {
	day := 24 * time.Hour
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	now, with := clockAt(start.Add(10 * day))
	db := open(t, t.TempDir(), with)
	settle := func() {
		t.Helper()
		for range 2 {
			if err := db.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := db.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	expect := func(query, want string) {
		t.Helper()
		if got := strings.Join(ask(t, db, query), " "); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	for name, typ := range map[string]string{"kept": "timestamptz", "brief": "timestamptz", "nanos": "timestamp_ns", "plain": "timestamp", "keyed": "timestamptz"} {
		options, key := ", retention = '3 days'", ""
		if name == "kept" {
			options = ""
		}
		if name == "keyed" {
			key = ", PRIMARY KEY (n)"
		}
		ask(t, db, fmt.Sprintf("CREATE TABLE %s (n bigint, ts %s%s) WITH (time_column = ts%s)", name, typ, key, options))
		ask(t, db, fmt.Sprintf("INSERT INTO %s SELECT g, ('2026-03-01 00:00:00'::timestamp + g * interval '1 h')::%s FROM generate_series(0, 239) AS g", name, strings.ReplaceAll(typ, "timestamptz", "timestamptz")))
	}
	ask(t, db, "CREATE PIN before")
	writer, late := blockSession(t, db), blockSession(t, db)
	must(t, writer, "DELETE FROM brief WHERE n IN (1, 100, 200)")
	must(t, late, "BEGIN")
	must(t, late, "UPDATE plain SET n = -1 WHERE n = 5")
	settle()
	expect("SELECT count(*) FROM kept", "240")
	for _, name := range []string{"nanos", "plain", "keyed"} { // at midnight the border is between two partitions
		expect("SELECT count(*), min(n) FROM "+name, "72|168")
	}
	expect("SELECT count(*), min(n) FROM brief", "71|168")
	expect("SELECT count(*) FROM brief FOR VERSION AS OF 'before'", "240")
	expect("SELECT count(*) FROM table_changes('keyed', 'before', "+ask(t, db, "SELECT max(version) FROM aegis.versions")[0]+") WHERE _change = 'delete'", "168")
	fails(t, late, "COMMIT", "40001")
	ask(t, db, "INSERT INTO keyed VALUES (3, '2026-03-10')") // its key is free again
	if _, err := tryAsk(db.NewSession(""), "INSERT INTO keyed VALUES (200, '2026-03-10')"); err == nil {
		t.Error("the key of a row that is kept is free")
	}
	ask(t, db, "INSERT INTO brief VALUES (1000, '2026-01-01')") // late, and gone with the next flush
	settle()
	expect("SELECT count(*) FROM brief WHERE n = 1000", "0")

	now.Add((12 * time.Hour).Microseconds()) // in the middle of a partition: its rows are kept together
	settle()
	expect("SELECT count(*) FROM nanos", "72")
	ask(t, db, "ALTER TABLE nanos RESET (retention)")
	ask(t, db, "ALTER TABLE plain SET (retention = '1 day')")
	ask(t, db, "ALTER TABLE kept SET (retention = '1000000 days')")
	now.Add((12 * time.Hour).Microseconds())
	settle()
	expect("SELECT count(*), min(n) FROM brief", "47|192")
	expect("SELECT count(*) FROM nanos", "72")
	expect("SELECT count(*) FROM plain", "0")
	expect("SELECT count(*) FROM kept", "240")
	expect("SELECT count(*), sum(n) FROM plain FOR VERSION AS OF 'before'", "240|28680")
	expect("SELECT array_to_string(reloptions, ',') FROM pg_class WHERE relname = 'plain'", "time_column=ts,retention=1 day")

	ask(t, db, "ALTER TABLE prometheus.samples SET (retention = '15 days')")
	if _, err := tryAsk(db.NewSession(""), "ALTER TABLE prometheus.samples ADD COLUMN x int"); err == nil {
		t.Error("the table of samples got a column")
	}
	ask(t, db, "DROP PIN before")
	now.Add((2 * time.Hour).Microseconds())
	settle()
	now.Add((2 * time.Hour).Microseconds())
	settle()
	if n := len(db.Catalog().Garbage()); n != 0 {
		t.Errorf("%d files are left", n)
	}
	again := clone(t, db.options.Dir)
	if got := ask(t, again, "SELECT count(*) FROM brief")[0]; got != "47" {
		t.Errorf("%s rows after a restart", got)
	}
}

// TestHistoryOfTables: a table may keep its past for another time than others.
func TestHistoryOfTables(t *testing.T) {
	now, with := clockAt(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	db := open(t, t.TempDir(), with)
	ask(t, db, "CREATE TABLE usual (n bigint)")
	ask(t, db, "CREATE TABLE none (n bigint) WITH (history = '0')")
	ask(t, db, "CREATE TABLE long (n bigint) WITH (history = '7 days')")
	tables := []string{"usual", "none", "long"}
	for _, name := range tables {
		ask(t, db, "INSERT INTO "+name+" VALUES (1)")
	}
	if err := db.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	version := ask(t, db, "SELECT max(version) FROM aegis.versions")[0]
	for _, name := range tables {
		ask(t, db, "DELETE FROM "+name)
	}
	readable := func() (out string) {
		for range 2 {
			if err := db.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range tables {
			_, err := tryAsk(db.NewSession(""), "SELECT count(*) FROM "+name+" FOR VERSION AS OF "+version)
			if err == nil {
				out += name + " "
			}
		}
		return out
	}
	if err := db.shard.PublishDeletes(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		after time.Duration
		want  string
	}{{time.Second, "usual long "}, {2 * time.Hour, "long "}, {8 * 24 * time.Hour, ""}} {
		now.Add(step.after.Microseconds())
		if got := readable(); got != step.want {
			t.Errorf("after %v: %q, want %q", step.after, got, step.want)
		}
	}
	if got := ask(t, db, "SELECT relname, array_to_string(reloptions, ',') FROM pg_class WHERE relname IN ('none', 'long', 'usual') ORDER BY relname"); strings.Join(got, " ") != "long|history=7 days none|history=00:00:00 usual|" {
		t.Error(got)
	}
	ask(t, db, "ALTER TABLE none RESET (history)")
	if h := findTable(db, "none").History; h != 0 {
		t.Error(h)
	}
}
