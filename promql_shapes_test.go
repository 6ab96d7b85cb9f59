package aegis

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/query/promql"
)

// TestShapesOfTables: what is evaluated over slices answers as Prometheus' engine does where metrics are fields of tables, too: integers, NULLs,
// times in nanoseconds with several in one millisecond, rows whose order is not that of time, in memory and in segments.
func TestShapesOfTables(t *testing.T) {
	db := open(t, t.TempDir())
	r := rand.New(rand.NewPCG(5, 1))
	for _, create := range []string{
		`CREATE TABLE fine (ts timestamp_ns NOT NULL, host text, v double precision, n bigint, s smallint) WITH (time_column = 'ts', tags = 'host')`,
		`CREATE TABLE keyed (id bigint NOT NULL, ts timestamptz NOT NULL, host text, v real, PRIMARY KEY (host, id)) WITH (time_column = 'ts', tags = 'host')`,
	} {
		ask(t, db, create)
	}
	for part := range 3 {
		var fine, keyed []string
		for k := range 300 {
			at := time.UnixMilli(int64(part)*2_000_000 + int64(k)*10_000).UTC()
			host := fmt.Sprint("h", k%4)
			v := fmt.Sprint(r.IntN(1000))
			if r.IntN(12) == 0 {
				v = "NULL"
			}
			stamp := at.Format("2006-01-02 15:04:05.000") + fmt.Sprintf("%06d", r.IntN(1_000_000))
			fine = append(fine, fmt.Sprintf("('%s', '%s', %s, %d, %d)", stamp, host, v, r.IntN(1<<30), r.IntN(100)))
			if r.IntN(6) == 0 { // another in the same millisecond
				fine = append(fine, fmt.Sprintf("('%s', '%s', %d, NULL, %d)", stamp[:len(stamp)-6]+"999999", host, r.IntN(1000), r.IntN(100)))
			}
			keyed = append(keyed, fmt.Sprintf("(%d, '%s', '%s', %s)", r.IntN(1<<40)*3+part, at.Format(time.RFC3339Nano), host, v))
		}
		ask(t, db, "INSERT INTO fine VALUES "+strings.Join(fine, ", "))
		ask(t, db, "INSERT INTO keyed VALUES "+strings.Join(keyed, ", "))
		if part < 2 {
			if err := db.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	answers := 0
	for _, metric := range []string{"fine_v", "fine_n", "fine_s", "keyed_v"} {
		for _, text := range []string{
			`rate(%s[2m])`, `increase(%s[10m] offset 1m)`, `delta(%s[90s])`, `sum(%s)`, `avg by (host) (%s)`, `count(count_over_time(%s[40s]))`, `sum by (host) (rate(%s[5m]))`,
			`last_over_time(%s[1m])`, `max_over_time(%s[17s])`, `deriv(%s[3m])`, `changes(%s[5m])`, `%[1]s * on (host) %[1]s`, `max(%s * 2)`, `max(avg_over_time(%s[1m])) - min(%[1]s)`, `max_over_time(sum(rate(%s[2m]))[10m:1m])`,
			`quantile_over_time(0.5, %s[2m])`, `sum({__name__=~"fine_.*|%s"}) by (__name__)`,
		} {
			text = strings.NewReplacer("%[1]s", metric, "%s", metric).Replace(text)
			for _, step := range []time.Duration{0, 13 * time.Second, 4 * time.Minute} {
				start := time.UnixMilli(r.Int64N(6_000_000) - 500_000)
				end := start.Add(time.Duration(r.Int64N(int64(time.Hour))))
				want, wrong := evaluate(promql.AsWritten(t.Context()), db.PromQL(), text, start, end, step)
				got, err := evaluate(t.Context(), db.PromQL(), text, start, end, step)
				if (err == nil) != (wrong == nil) || got != want {
					t.Errorf("%s from %v to %v by %v: %v, %.500s\nPrometheus' engine: %v, %.500s", text, start.UnixMilli(), end.UnixMilli(), step, err, got, wrong, want)
				}
				if len(got) > 0 {
					answers++
				}
			}
		}
	}
	if answers < 100 {
		t.Errorf("only %d answers have something in them", answers)
	}
}
