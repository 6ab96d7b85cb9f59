package tsbs

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func workload(t *testing.T, hosts, hours int) *Workload {
	t.Helper()
	w, err := New(Config{Hosts: hosts, Start: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), Span: time.Duration(hours) * time.Hour, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func kind(t *testing.T, name string) Kind {
	t.Helper()
	i := slices.IndexFunc(Kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		t.Fatalf("no kind %s", name)
	}
	return Kinds[i]
}

func TestConfigIsChecked(t *testing.T) {
	full := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, bad := range []Config{
		{Start: full, Span: time.Hour},
		{Hosts: 1, Start: full},
		{Hosts: 1, Start: full, Span: 90 * time.Minute},
		{Hosts: 1, Start: full.Add(time.Minute), Span: time.Hour},
	} {
		if _, err := New(bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

// TestWalk: the same seed gives the same values, another one others; a value is a whole number of 0…100 and at most a few
// away from the one before, and nothing stands still.
func TestWalk(t *testing.T) {
	a, b := workload(t, 3, 2), workload(t, 3, 2)
	if !slices.Equal(a.values, b.values) || a.hosts[2] != b.hosts[2] {
		t.Error("the same seed gave other data")
	}
	c, err := New(Config{Hosts: 3, Start: a.Start, Span: a.Span, Seed: 2})
	if err != nil || slices.Equal(a.values, c.values) {
		t.Errorf("another seed gave the same data, %v", err)
	}
	if a.Rows() != 3*720 || a.Values() != 3*7200 || len(a.values) != a.Values() {
		t.Errorf("%d rows, %d values, %d kept", a.Rows(), a.Values(), len(a.values))
	}
	moved := 0
	for h := range a.Hosts {
		for step := 1; step < a.Steps; step++ {
			for f, v := range a.row(h, step) {
				d := v - a.row(h, step-1)[f]
				if v < 0 || v > 100 || d < -7 || d > 7 {
					t.Fatalf("host %d, step %d, field %d: %d after a step of %d", h, step, f, v, d)
				}
				if d != 0 {
					moved++
				}
			}
		}
	}
	if share := float64(moved) / float64(a.Values()); share < 0.4 || share > 0.8 {
		t.Errorf("%.0f %% of values differ from the one before", share*100)
	}
}

func TestEncoders(t *testing.T) {
	w := workload(t, 2, 1)
	lines := strings.Split(string(w.Lines().Append(nil, 2, 4)), "\n") // step 1 of both hosts
	if len(lines) != 3 || lines[2] != "" {
		t.Fatalf("lines %q", lines)
	}
	row, host := w.row(1, 1), w.Host(1)
	want := fmt.Sprintf("cpu,hostname=host_1,region=%s,", host[1])
	end := fmt.Sprintf(",usage_guest_nice=%di 1735689615000000000", row[9])
	if !strings.HasPrefix(lines[1], want) || !strings.HasSuffix(lines[1], end) || !strings.Contains(lines[1], fmt.Sprintf(" usage_user=%di,", row[0])) {
		t.Errorf("line %s", lines[1])
	}
	csv := strings.TrimSpace(string(w.CSV().Append(nil, 3, 4)))
	columns := strings.Split(csv, ",")
	if len(columns) != len(Tags)+len(Fields)+1 || columns[0] != "host_1" || columns[10] != strconv.Itoa(int(row[0])) || columns[20] != "2025-01-01 00:00:15" {
		t.Errorf("CSV %s", csv)
	}
}

var testDialect = Dialect{Bucket: func(unit string) string { return "trunc(" + unit + ")" }, LastRows: "last"}

func TestQueryTexts(t *testing.T) {
	w := workload(t, 20, 24)
	for _, c := range []struct{ kind, sql, metrics, prom string }{
		{
			"single-groupby-1-1-1",
			"SELECT trunc(minute) AS bucket, max(usage_user) FROM cpu WHERE hostname = 'H' AND time >= 'T' AND time < 'T' GROUP BY bucket ORDER BY bucket",
			"max(max_over_time(cpu_usage_user{hostname='H'}[1m])) by (__name__)",
			"max(max_over_time(cpu_usage_user{hostname='H'}[1m]))",
		},
		{
			"double-groupby-5",
			"SELECT trunc(hour) AS bucket, hostname, avg(usage_user), avg(usage_system), avg(usage_idle), avg(usage_nice), avg(usage_iowait) FROM cpu " +
				"WHERE time >= 'T' AND time < 'T' GROUP BY bucket, hostname ORDER BY bucket, hostname",
			"avg(avg_over_time({__name__=~'cpu_(usage_user|usage_system|usage_idle|usage_nice|usage_iowait)'}[1h])) by (__name__, hostname)",
			"label_replace(avg(avg_over_time(cpu_usage_user{}[1h])) by (hostname), 'field', 'usage_user', '', '') or " +
				"label_replace(avg(avg_over_time(cpu_usage_system{}[1h])) by (hostname), 'field', 'usage_system', '', '') or " +
				"label_replace(avg(avg_over_time(cpu_usage_idle{}[1h])) by (hostname), 'field', 'usage_idle', '', '') or " +
				"label_replace(avg(avg_over_time(cpu_usage_nice{}[1h])) by (hostname), 'field', 'usage_nice', '', '') or " +
				"label_replace(avg(avg_over_time(cpu_usage_iowait{}[1h])) by (hostname), 'field', 'usage_iowait', '', '')",
		},
		{"groupby-orderby-limit", "SELECT trunc(minute) AS bucket, max(usage_user) FROM cpu WHERE time < 'T' GROUP BY bucket ORDER BY bucket DESC LIMIT 5", "", ""},
		{"lastpoint", "last", "", ""},
		{
			"high-cpu-1",
			"SELECT time, " + strings.Join(Tags[:], ", ") + ", " + strings.Join(Fields[:], ", ") +
				" FROM cpu WHERE usage_user > 90.0 AND hostname = 'H' AND time >= 'T' AND time < 'T'",
			"", "",
		},
	} {
		q := w.Query(kind(t, c.kind), 0)
		mask := strings.NewReplacer(q.From.Format("2006-01-02 15:04:05"), "T", q.To.Format("2006-01-02 15:04:05"), "T")
		sql := mask.Replace(q.SQL(testDialect))
		for _, name := range q.Names {
			sql = strings.ReplaceAll(sql, "'"+name+"'", "'H'")
		}
		if sql != c.sql {
			t.Errorf("%s: %s", c.kind, sql)
		}
		for want, expression := range map[string]func() (Range, error){c.metrics: q.MetricsQL, c.prom: q.PromQL} {
			r, err := expression()
			for _, name := range q.Names {
				r.Expr = strings.ReplaceAll(r.Expr, "'"+name+"'", "'H'")
			}
			if r.Expr != want || (err == nil) != (want != "") {
				t.Errorf("%s: %s, %v", c.kind, r.Expr, err)
			}
		}
	}
	if q := w.Query(kind(t, "single-groupby-1-8-1"), 3); len(q.Names) != 8 || !strings.Contains(q.SQL(testDialect), "hostname IN ('"+q.Names[0]+"', '"+q.Names[1]) {
		t.Errorf("eight hosts: %s", q.SQL(testDialect))
	}
}

// TestParameters: the i-th query is always the same, others differ, and windows lie within the data at full buckets.
func TestParameters(t *testing.T) {
	w := workload(t, 50, 24)
	for _, k := range Kinds {
		seen := map[string]bool{}
		for i := range 100 {
			q, again := w.Query(k, i), w.Query(k, i)
			if q.SQL(testDialect) != again.SQL(testDialect) {
				t.Fatalf("%s: query %d differs from itself", k.Name, i)
			}
			seen[q.SQL(testDialect)] = true
			switch {
			case q.From.Before(w.Start) || q.To.After(w.Start.Add(w.Span)):
				t.Fatalf("%s: %v…%v is outside the data", k.Name, q.From, q.To)
			case k.Window > 0 && q.To.Sub(q.From) != k.Window:
				t.Fatalf("%s: %v…%v is no window of %v", k.Name, q.From, q.To, k.Window)
			case k.Window > 0 && k.Bucket > 0 && !q.From.Equal(q.From.Truncate(k.Bucket)):
				t.Fatalf("%s: %v cuts a bucket", k.Name, q.From)
			case k.Hosts > 0 && (len(q.Names) != k.Hosts || len(slices.Compact(slices.Sorted(slices.Values(q.Names)))) != k.Hosts):
				t.Fatalf("%s: hosts %v", k.Name, q.Names)
			}
		}
		// Only double-groupby (13 full hours to begin at) and lastpoint (no parameter) have fewer.
		if least := map[shape]int{avgByHost: 10, lastRows: 1}[k.shape]; least == 0 && len(seen) < 90 || len(seen) < least {
			t.Errorf("%s: only %d different queries among 100", k.Name, len(seen))
		}
	}
}

// TestExpect holds the expected answers against sums over every row of the workload, written as plainly as can be.
func TestExpect(t *testing.T) {
	w := workload(t, 9, 13)
	for _, k := range Kinds {
		for i := range 3 {
			q := w.Query(k, i)
			want := plainly(w, q)
			if err := q.Equal(w.Expect(q), want); err != nil {
				t.Errorf("%s: %v", q.SQL(testDialect), err)
			}
			if len(want) == 0 && k.shape != highRows {
				t.Errorf("%s: no rows are expected: nothing would be proven", k.Name)
			}
		}
	}
}

// plainly answers a query from a list of all rows.
func plainly(w *Workload, q Query) (answer Answer) {
	type group struct {
		at   int64
		host string
	}
	values := map[group][][]float64{}
	newest := map[string]Row{}
	for h := range w.Hosts {
		name := w.Host(h).Name()
		for step := range w.Steps {
			at := w.Time(step)
			asked := !at.Before(q.From) && at.Before(q.To) && (q.Names == nil || slices.Contains(q.Names, name))
			if !asked && step < w.Steps-1 {
				continue
			}
			row := Row{Time: at.Unix(), Tags: w.hosts[h][:]}
			for _, v := range w.row(h, step) {
				row.Values = append(row.Values, float64(v))
			}
			newest[name] = Row{Time: row.Time, Tags: row.Tags[:1], Values: row.Values}
			if !asked {
				continue
			}
			if q.shape == highRows && row.Values[0] > Threshold {
				answer = append(answer, row)
			}
			if q.Bucket > 0 {
				g := group{at: at.Truncate(q.Bucket).Unix()}
				if q.shape == avgByHost {
					g.host = name
				}
				values[g] = append(values[g], row.Values[:q.Fields])
			}
		}
	}
	for g, rows := range values {
		out := Row{Time: g.at, Values: make([]float64, q.Fields)}
		if g.host != "" {
			out.Tags = []string{g.host}
		}
		for f := range out.Values {
			sum, greatest := 0.0, math.Inf(-1)
			for _, r := range rows {
				sum, greatest = sum+r[f], max(greatest, r[f])
			}
			out.Values[f] = greatest
			if q.shape == avgByHost {
				out.Values[f] = sum / float64(len(rows))
			}
		}
		answer = append(answer, out)
	}
	if q.shape == lastRows {
		for _, row := range newest {
			answer = append(answer, row)
		}
	}
	slices.SortFunc(answer, compareRows)
	if q.shape == newestMaxima {
		slices.Reverse(answer)
		answer = answer[:5]
	}
	return answer
}

func TestEqualFindsDifferences(t *testing.T) {
	w := workload(t, 9, 13)
	for _, k := range Kinds {
		q := w.Query(k, 1)
		right := w.Expect(q)
		if len(right) < 2 {
			continue
		}
		for name, change := range map[string]func(Answer) Answer{
			"a row is missing": func(a Answer) Answer { return a[1:] },
			"a row too many":   func(a Answer) Answer { return append(a, a[0]) },
			"another time":     func(a Answer) Answer { a[1].Time++; return a },
			"another value": func(a Answer) Answer {
				a[1].Values = append([]float64{a[1].Values[0] + 0.001}, a[1].Values[1:]...)
				return a
			},
			"no number":   func(a Answer) Answer { a[1].Values = append([]float64{math.NaN()}, a[1].Values[1:]...); return a },
			"another tag": func(a Answer) Answer { a[1].Tags = append([]string{"x"}, a[1].Tags...); return a },
		} {
			if q.Equal(change(slices.Clone(right)), right) == nil {
				t.Errorf("%s: %s is not noticed", k.Name, name)
			}
		}
		turned := slices.Clone(right)
		slices.Reverse(turned)
		if same := q.Equal(turned, right) == nil; same == q.Ordered() {
			t.Errorf("%s: rows in another order are the same: %v", k.Name, same)
		}
	}
}

func TestReadRow(t *testing.T) {
	w := workload(t, 2, 1)
	q := w.Query(kind(t, "double-groupby-1"), 0)
	for _, at := range []string{"2025-01-01 00:00:00", "2025-01-01 00:00:00+00", "2025-01-01T00:00:00Z", "2025-01-01 00:00:00.000"} {
		row, err := q.ReadRow([]any{at, "host_1", json.Number("41.5")})
		if err != nil || row.equal(Row{w.Start.Unix(), []string{"host_1"}, []float64{41.5}}) != nil {
			t.Errorf("%s: %v, %v", at, row, err)
		}
	}
	if row, err := q.ReadRow([]any{"2025-01-01 00:00:00", "host_1", "41.5000"}); err != nil || row.Values[0] != 41.5 {
		t.Errorf("a number as text: %v, %v", row, err)
	}
	for _, bad := range [][]any{nil, {"x", "host_1", "1"}, {"2025-01-01 00:00:00", "host_1", nil}, {"2025-01-01 00:00:00", "host_1", "x"}, {"2025-01-01 00:00:00", "host_1", "1", "2"}} {
		if row, err := q.ReadRow(bad); err == nil {
			t.Errorf("%v gave %v", bad, row)
		}
	}
}

func TestReadSeries(t *testing.T) {
	w := workload(t, 9, 13)
	for _, name := range []string{"single-groupby-5-8-1", "double-groupby-5"} {
		q := w.Query(kind(t, name), 0)
		want := w.Expect(q)
		var series []Series
		for f := range q.Fields {
			byHost := map[string]*Series{}
			for _, row := range want {
				host := strings.Join(row.Tags, "")
				s := byHost[host]
				if s == nil {
					s = &Series{Labels: map[string]string{"__name__": "cpu_" + Fields[f], "hostname": host}}
					byHost[host] = s
				}
				s.Times, s.Values = append(s.Times, row.Time+int64(q.Bucket/time.Second)), append(s.Values, row.Values[f])
			}
			for _, s := range byHost {
				series = append(series, *s)
			}
		}
		got, err := q.ReadSeries(series)
		if err != nil || q.Equal(got, want) != nil {
			t.Errorf("%s: %v, %v", name, err, q.Equal(got, want))
		}
		if got, err := q.ReadSeries(series[1:]); err != nil || q.Equal(got, want) == nil {
			t.Errorf("%s: a series that is missing is not noticed, %v", name, err)
		}
		if _, err := q.ReadSeries([]Series{{Labels: map[string]string{"__name__": "cpu_x"}}}); err == nil {
			t.Errorf("%s: a strange series was taken", name)
		}
	}
}
