package aegis

import (
	"context"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/query"
)

// lastRowShapes are the ways in which people ask for the last row of each series.
func lastRowShapes() map[string]string {
	var last, plain, from []string
	for _, f := range tsbsFields {
		last = append(last, "last("+f+", time)")
		plain = append(plain, f)
		from = append(from, "c."+f)
	}
	fields := strings.Join(plain, ", ")
	return map[string]string{
		"aggregate":   "SELECT max(time), hostname, " + strings.Join(last, ", ") + " FROM cpu GROUP BY hostname",
		"distinct on": "SELECT DISTINCT ON (hostname) time, hostname, " + fields + " FROM cpu ORDER BY hostname, time DESC",
		"row_number":  "SELECT time, hostname, " + fields + " FROM (SELECT *, row_number() OVER (PARTITION BY hostname ORDER BY time DESC) AS n FROM cpu) x WHERE n = 1",
		"join":        "SELECT c.time, hostname, " + strings.Join(from, ", ") + " FROM cpu c JOIN (SELECT hostname, max(time) AS time FROM cpu GROUP BY hostname) m USING (hostname, time)",
		"lateral":     "SELECT l.time, h.hostname, l.* FROM (SELECT DISTINCT hostname FROM cpu) h CROSS JOIN LATERAL (SELECT " + fields + ", time FROM cpu c WHERE c.hostname = h.hostname ORDER BY c.time DESC LIMIT 1) l",
		"one":         "SELECT * FROM cpu WHERE hostname = 'host_7' ORDER BY time DESC LIMIT 1",
		"newest":      "SELECT max(time) FROM cpu",
		"one field":   "SELECT hostname, last(usage_user, time) FROM cpu GROUP BY hostname",
	}
}

// BenchmarkLastRows asks for the last row of 400 series of a day.
func BenchmarkLastRows(b *testing.B) {
	d := newTSBS(b, 400, 8640)
	shapes := lastRowShapes()
	for _, name := range sortedKeys(shapes) {
		b.Run(name, func(b *testing.B) {
			s := d.db.NewSession("")
			for range 3 {
				drainQuery(b, s, shapes[name])
			}
			b.ReportAllocs()
			for b.Loop() {
				drainQuery(b, s, shapes[name])
			}
		})
	}
}

// TestLastRows asks for last rows in every way while rows come late, are ended, written anew and come into the head, and holds the answers against
// those of plans whose scans know nothing of ends. Each question is asked again, when its pages are kept.
func TestLastRows(t *testing.T) {
	d := newTSBS(t, 12, 300)
	shapes := lastRowShapes()
	plain := query.Tuning{RulesOff: map[string]bool{"series_ends": true}}
	check := func(when string) {
		t.Helper()
		for _, name := range sortedKeys(shapes) {
			want, err := answer(d.db, plain, shapes[name], false)
			if err != nil {
				t.Fatalf("%s: %s: %v", when, name, err)
			}
			for range 2 {
				if got, err := answer(d.db, query.Tuning{}, shapes[name], false); err != nil || got != want {
					t.Fatalf("%s: %s: %v\n%s", when, name, err, firstDifference(got, want))
				}
			}
		}
	}
	flush := func() {
		t.Helper()
		if err := d.db.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	check("at first")
	for _, step := range []struct{ when, text string }{
		{"late rows", "INSERT INTO cpu (time, TAGS, usage_user) SELECT time - interval '1 ms', TAGS, 1000 FROM cpu WHERE hostname IN ('host_1', 'host_2')"},
		{"last rows of some are gone", "DELETE FROM cpu WHERE hostname IN ('host_3', 'host_4') AND time > (SELECT max(time) - interval '25 s' FROM cpu)"},
		{"a whole series is gone", "DELETE FROM cpu WHERE hostname = 'host_5'"},
		{"last rows are written anew", "UPDATE cpu SET usage_user = 2000, usage_idle = NULL WHERE hostname = 'host_6' AND time = (SELECT max(time) FROM cpu)"},
		{"the head has the last rows of some", "INSERT INTO cpu (time, TAGS, usage_user) SELECT max(time) + interval '1 h', TAGS, 3000 FROM cpu WHERE hostname IN ('host_7', 'host_8') GROUP BY TAGS"},
		{"another day", "INSERT INTO cpu (time, TAGS, usage_user) SELECT max(time) + interval '2 days', TAGS, 4000 FROM cpu WHERE hostname <> 'host_9' GROUP BY TAGS"},
		{"last rows of that day are gone", "DELETE FROM cpu WHERE usage_user = 4000 AND hostname IN ('host_1', 'host_10')"},
	} {
		ask(t, d.db, strings.ReplaceAll(step.text, "TAGS", strings.Join(tsbsTags, ", ")))
		check(step.when)
		flush()
		check(step.when + ", flushed")
	}
	if err := d.db.Compact(context.Background()); err != nil {
		t.Fatal(err)
	}
	check("merged")
}
