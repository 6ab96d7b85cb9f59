package aegis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query"
)

// The cpu-only workload of the Time Series Benchmark Suite: hosts with ten tags, of which the first tells them apart, that
// report ten gauges every ten seconds. Its queries are the ones dashboards send.

const tsbsStep = int64(10e6) // microseconds

var tsbsFields = []string{
	"usage_user", "usage_system", "usage_idle", "usage_nice", "usage_iowait",
	"usage_irq", "usage_softirq", "usage_steal", "usage_guest", "usage_guest_nice",
}

var tsbsTags = []string{
	"hostname", "region", "datacenter", "rack", "os", "arch", "team", "service", "service_version", "service_environment",
}

// tsbs is the stored workload and the values it was made of.
type tsbs struct {
	db           *DB
	hosts, steps int
	values       [][]int8 // by field; host·steps + step in it
}

func (d *tsbs) value(field, host, step int) int64 { return int64(d.values[field][host*d.steps+step]) }

// newTSBS makes random walks between 0 and 100 and loads them in the order of time, as collectors would.
func newTSBS(t testing.TB, hosts, steps int) *tsbs {
	t.Helper()
	d := &tsbs{hosts: hosts, steps: steps}
	rng := rand.New(rand.NewPCG(1, 2))
	for range tsbsFields {
		walk := make([]int8, hosts*steps)
		for i := range walk {
			if i%steps == 0 {
				walk[i] = int8(rng.IntN(101))
				continue
			}
			walk[i] = int8(min(100, max(0, int(walk[i-1])+rng.IntN(5)-2)))
		}
		d.values = append(d.values, walk)
	}
	d.db = open(t, t.TempDir(), func(o *Options) { o.MemoryBytes = 4 << 30 })
	ask(t, d.db, fmt.Sprintf("CREATE TABLE cpu (time timestamptz, %s text, %s bigint) WITH (time_column = time, tags = (%s))",
		strings.Join(tsbsTags, " text, "), strings.Join(tsbsFields, " bigint, "), strings.Join(tsbsTags, ", ")))
	d.load(t)
	return d
}

// load writes ten minutes of all hosts at a time.
func (d *tsbs) load(t testing.TB) {
	ctx := context.Background()
	table := findTable(d.db, "cpu")
	const part = 60
	for from := 0; from < d.steps; from += part {
		to := min(from+part, d.steps)
		builders := make([]*column.Builder, len(table.Columns.Fields))
		for i, f := range table.Columns.Fields {
			builders[i] = column.NewBuilder(f.Type, (to-from)*d.hosts)
		}
		for step := from; step < to; step++ {
			for host := range d.hosts {
				builders[0].AppendInt(base + int64(step)*tsbsStep)
				for k, tag := range tsbsTags {
					builders[1+k].AppendString(tsbsTag(tag, host))
				}
				for k := range tsbsFields {
					builders[1+len(tsbsTags)+k].AppendInt(d.value(k, host, step))
				}
			}
		}
		rows := meta.Rows{Table: table, Len: (to - from) * d.hosts}
		for _, b := range builders {
			rows.Columns = append(rows.Columns, b.Finish())
		}
		if _, err := d.db.shard.Write(ctx, []meta.Rows{rows}, meta.AckWAL); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.db.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if err := d.db.Compact(ctx); err != nil {
		t.Fatal(err)
	}
}

func tsbsTag(tag string, host int) string {
	switch tag {
	case "hostname":
		return tsbsHost(host)
	case "rack", "service", "service_version":
		return fmt.Sprint(host * 7 % 20)
	}
	return fmt.Sprintf("%s-%d", tag, host%4)
}

func tsbsHost(host int) string { return fmt.Sprintf("host_%d", host) }

// tsbsQuery is a statement with its answer, as answer gives it.
type tsbsQuery struct {
	text    string
	want    []string
	ordered bool
}

// tsbsShapes are the queries by their names in the suite; each draws its hosts and its window.
var tsbsShapes = []struct {
	name string
	make func(d *tsbs, rng *rand.Rand) tsbsQuery
}{
	{"single-groupby-1-1-1", func(d *tsbs, rng *rand.Rand) tsbsQuery { return d.maxima(rng, 1, 1, 1, 6) }},
	{"single-groupby-1-1-12", func(d *tsbs, rng *rand.Rand) tsbsQuery { return d.maxima(rng, 1, 1, 12, 6) }},
	{"single-groupby-1-8-1", func(d *tsbs, rng *rand.Rand) tsbsQuery { return d.maxima(rng, 1, 8, 1, 6) }},
	{"single-groupby-5-1-1", func(d *tsbs, rng *rand.Rand) tsbsQuery { return d.maxima(rng, 5, 1, 1, 6) }},
	{"single-groupby-5-1-12", func(d *tsbs, rng *rand.Rand) tsbsQuery { return d.maxima(rng, 5, 1, 12, 6) }},
	{"single-groupby-5-8-1", func(d *tsbs, rng *rand.Rand) tsbsQuery { return d.maxima(rng, 5, 8, 1, 6) }},
	{"cpu-max-all-1", func(d *tsbs, rng *rand.Rand) tsbsQuery { return d.maxima(rng, 10, 1, 8, 360) }},
	{"cpu-max-all-8", func(d *tsbs, rng *rand.Rand) tsbsQuery { return d.maxima(rng, 10, 8, 8, 360) }},
	{"double-groupby-1", func(d *tsbs, rng *rand.Rand) tsbsQuery { return d.means(rng, 1) }},
	{"double-groupby-5", func(d *tsbs, rng *rand.Rand) tsbsQuery { return d.means(rng, 5) }},
	{"double-groupby-all", func(d *tsbs, rng *rand.Rand) tsbsQuery { return d.means(rng, 10) }},
	{"groupby-orderby-limit", func(d *tsbs, rng *rand.Rand) tsbsQuery { return d.newestMinutes(rng) }},
	{"lastpoint", func(d *tsbs, _ *rand.Rand) tsbsQuery { return d.lastPoints() }},
	{"high-cpu-1", func(d *tsbs, rng *rand.Rand) tsbsQuery { return d.high(rng, true) }},
	{"high-cpu-all", func(d *tsbs, rng *rand.Rand) tsbsQuery { return d.high(rng, false) }},
	{"newest-of-host", func(d *tsbs, rng *rand.Rand) tsbsQuery { return d.newest(rng) }},
	{"sum-of-all", func(d *tsbs, _ *rand.Rand) tsbsQuery { return d.sums() }},
}

// window draws so many hours of the stored ones, as steps.
func (d *tsbs) window(rng *rand.Rand, hours int) (from, to int) {
	n := min(hours*360, d.steps)
	from = rng.IntN(d.steps - n + 1)
	return from, from + n
}

func (d *tsbs) between(from, to int) string {
	at := func(step int) string {
		return "'" + sqlText(column.T(column.TimestampTZ), base+int64(step)*tsbsStep)[1:]
	}
	return fmt.Sprintf("time >= %s AND time < %s", at(from), at(to))
}

// bucket is the start of the bucket of so many steps that a step falls into; base is at a full hour.
func bucket(step, width int) int64 { return base + int64(step/width*width)*tsbsStep }

// maxima is the greatest value of some fields per bucket, for some hosts.
func (d *tsbs) maxima(rng *rand.Rand, fields, hosts, hours, width int) tsbsQuery {
	from, to := d.window(rng, hours)
	chosen := rng.Perm(d.hosts)[:hosts]
	var names, calls []string
	for _, h := range chosen {
		names = append(names, "'"+tsbsHost(h)+"'")
	}
	for _, f := range tsbsFields[:fields] {
		calls = append(calls, "max("+f+")")
	}
	unit := map[int]string{6: "1 minute", 360: "1 hour"}[width]
	q := tsbsQuery{ordered: true, text: fmt.Sprintf(
		"SELECT time_bucket('%s', time) AS t, %s FROM cpu WHERE hostname IN (%s) AND %s GROUP BY t ORDER BY t",
		unit, strings.Join(calls, ", "), strings.Join(names, ", "), d.between(from, to))}
	for step := from; step < to; step = (step/width + 1) * width {
		row := modelRow{bucket(step, width)}
		for f := range fields {
			best := int64(-1)
			for _, h := range chosen {
				for s := step; s < min(to, (step/width+1)*width); s++ {
					best = max(best, d.value(f, h, s))
				}
			}
			row = append(row, best)
		}
		q.want = append(q.want, row.text())
	}
	return q
}

// means is the mean of some fields per host and hour, over half a day.
func (d *tsbs) means(rng *rand.Rand, fields int) tsbsQuery {
	from, to := d.window(rng, 12)
	var calls []string
	for _, f := range tsbsFields[:fields] {
		calls = append(calls, "avg("+f+")")
	}
	q := tsbsQuery{text: fmt.Sprintf(
		"SELECT time_bucket('1 hour', time) AS t, hostname, %s FROM cpu WHERE %s GROUP BY t, hostname",
		strings.Join(calls, ", "), d.between(from, to))}
	for host := range d.hosts {
		for step := from; step < to; step = (step/360 + 1) * 360 {
			end := min(to, (step/360+1)*360)
			row := modelRow{bucket(step, 360), tsbsHost(host)}
			for f := range fields {
				sum := int64(0)
				for s := step; s < end; s++ {
					sum += d.value(f, host, s)
				}
				row = append(row, meanText(sum, int64(end-step)))
			}
			q.want = append(q.want, row.text())
		}
	}
	slices.Sort(q.want)
	return q
}

// meanText is the quotient of two integers with as many digits as PostgreSQL gives it.
func meanText(sum, n int64) string {
	digits := 16
	if sum <= n { // the quotient's first digit may stand behind the point
		digits = 20
	}
	return big.NewRat(sum, n).FloatString(digits)
}

// newestMinutes is the greatest value over all hosts in each of the last five minutes before a time.
func (d *tsbs) newestMinutes(rng *rand.Rand) tsbsQuery {
	_, to := d.window(rng, 1)
	q := tsbsQuery{ordered: true, text: fmt.Sprintf(
		"SELECT time_bucket('1 minute', time) AS t, max(usage_user) FROM cpu WHERE %s GROUP BY t ORDER BY t DESC LIMIT 5",
		strings.SplitN(d.between(0, to), " AND ", 2)[1])}
	for end := to; len(q.want) < 5; {
		step := (end - 1) / 6 * 6
		best := int64(-1)
		for h := range d.hosts {
			for s := step; s < end; s++ {
				best = max(best, d.value(0, h, s))
			}
		}
		q.want = append(q.want, modelRow{bucket(step, 6), best}.text())
		end = step
	}
	return q
}

// lastPoints is the newest value of every host.
func (d *tsbs) lastPoints() tsbsQuery {
	q := tsbsQuery{text: "SELECT hostname, last(usage_user, time), max(time) FROM cpu GROUP BY hostname"}
	for h := range d.hosts {
		q.want = append(q.want, modelRow{tsbsHost(h), d.value(0, h, d.steps-1), base + int64(d.steps-1)*tsbsStep}.text())
	}
	slices.Sort(q.want)
	return q
}

// high is the rows of half a day whose first field is above 90, of one host or of all.
func (d *tsbs) high(rng *rand.Rand, one bool) tsbsQuery {
	from, to := d.window(rng, 12)
	lo, hi, where := 0, d.hosts, ""
	if one {
		lo = rng.IntN(d.hosts)
		hi, where = lo+1, " AND hostname = '"+tsbsHost(lo)+"'"
	}
	q := tsbsQuery{text: "SELECT * FROM cpu WHERE usage_user > 90.0 AND " + d.between(from, to) + where}
	for h := lo; h < hi; h++ {
		for s := from; s < to; s++ {
			if d.value(0, h, s) > 90 {
				q.want = append(q.want, d.row(h, s))
			}
		}
	}
	slices.Sort(q.want)
	return q
}

func (d *tsbs) row(host, step int) string {
	row := modelRow{base + int64(step)*tsbsStep}
	for _, tag := range tsbsTags {
		row = append(row, tsbsTag(tag, host))
	}
	for f := range tsbsFields {
		row = append(row, d.value(f, host, step))
	}
	return row.text()
}

// newest is the last row of one host.
func (d *tsbs) newest(rng *rand.Rand) tsbsQuery {
	h := rng.IntN(d.hosts)
	return tsbsQuery{
		text:    "SELECT * FROM cpu WHERE hostname = '" + tsbsHost(h) + "' ORDER BY time DESC LIMIT 1",
		want:    []string{d.row(h, d.steps-1)},
		ordered: true,
	}
}

// sums is one number per field over everything.
func (d *tsbs) sums() tsbsQuery {
	var calls []string
	row := modelRow{int64(d.hosts * d.steps)}
	for f, name := range tsbsFields {
		calls = append(calls, "sum("+name+")")
		sum := int64(0)
		for _, v := range d.values[f] {
			sum += int64(v)
		}
		row = append(row, fmt.Sprint(sum))
	}
	return tsbsQuery{text: "SELECT count(*), " + strings.Join(calls, ", ") + " FROM cpu", want: []string{row.text()}}
}

// check compares a query's answer with the one made of the generator's values.
func (q *tsbsQuery) check(t testing.TB, d *tsbs, tuning query.Tuning) {
	t.Helper()
	got, err := answer(d.db, tuning, q.text, q.ordered)
	if err != nil {
		t.Fatalf("%s: %v", q.text, err)
	}
	if want := strings.Join(q.want, "\n"); got != want {
		t.Fatalf("%s\n%s", q.text, firstDifference(got, want))
	}
}

// BenchmarkTSBS runs the queries over 400 hosts and a day, eight draws of each, one after the other. Answers are checked
// first, which also warms the caches.
func BenchmarkTSBS(b *testing.B) {
	d := newTSBS(b, 400, 8640)
	for _, shape := range tsbsShapes {
		b.Run(shape.name, func(b *testing.B) {
			rng := rand.New(rand.NewPCG(3, 4))
			var queries []tsbsQuery
			for range 8 {
				queries = append(queries, shape.make(d, rng))
				queries[len(queries)-1].check(b, d, query.Tuning{})
			}
			s := d.db.NewSession("")
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				drainQuery(b, s, queries[n%len(queries)].text)
				n++
			}
		})
	}
}

// drainQuery runs a statement and pulls its batches.
func drainQuery(t testing.TB, s *query.Session, text string) {
	r, err := s.Run(context.Background(), query.Request{SQL: text})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer r.Close()
	for {
		if _, err := r.Next(); err != nil {
			if !errors.Is(err, io.EOF) {
				t.Fatalf("%s: %v", text, err)
			}
			return
		}
	}
}

// TestTSBS holds the queries over a small set against the generator's values, however they are run.
func TestTSBS(t *testing.T) {
	d := newTSBS(t, 12, 1000)
	ways := tunings()
	for i, shape := range tsbsShapes {
		rng := rand.New(rand.NewPCG(uint64(i), 1))
		q := shape.make(d, rng)
		for _, w := range sortedKeys(ways) {
			if ways[w].BatchRows != 1 { // these take their time
				q.check(t, d, ways[w])
			}
		}
	}
}
