package aegis

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	prometheus "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/ingest/remotewrite"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/promql"
)

// storeSeries stores samples by remote write.
func storeSeries(tb testing.TB, db *DB, list ...load.Series) {
	tb.Helper()
	sink, err := db.Samples("")
	if err != nil {
		tb.Fatal(err)
	}
	request := remotewrite.Request{Message: remotewrite.V1, Samples: sink, Ack: meta.AckNone}
	if _, err := remotewrite.New(remotewrite.Limits{}).Receive(tb.Context(), request, bytes.NewReader(load.Encode(list).Data)); err != nil {
		tb.Fatal(err)
	}
}

// oneSample is a series of a metric with one label and one sample.
func oneSample(metric, label, value string, t int64, v float64) load.Series {
	return load.Series{Labels: []load.Label{{Name: "__name__", Value: metric}, {Name: label, Value: value}}, Samples: []load.Sample{{T: t, V: v}}}
}

// evaluate runs an instant query, or a range query if step is not 0, and gives the result as text.
func evaluate(ctx context.Context, e *promql.Engine, text string, start, end time.Time, step time.Duration) (string, error) {
	q, err := e.Instant(ctx, "", text, start, nil)
	if step != 0 {
		q, err = e.Range(ctx, "", text, start, end, step, nil)
	}
	if err != nil {
		return "", err
	}
	defer q.Close()
	r := q.Exec(ctx)
	if r.Err != nil {
		return "", r.Err
	}
	return r.String(), nil
}

// at asks an instant query in seconds since 1970.
func at(t *testing.T, db *DB, seconds int64, text string) string {
	t.Helper()
	got, err := evaluate(t.Context(), db.PromQL(), text, time.Unix(seconds, 0), time.Time{}, 0)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return got
}

// TestFieldsAreMetrics: numeric fields of tagged tables are metrics, before a flush and after it.
func TestFieldsAreMetrics(t *testing.T) {
	db := open(t, t.TempDir())
	for _, text := range []string{
		`CREATE TABLE cpu (ts timestamp_ns NOT NULL, host text, core bigint, ok boolean, usage double precision, temp smallint, note text) WITH (time_column = 'ts', tags = 'host, core, ok')`,
		`INSERT INTO cpu VALUES
			('1970-01-01 00:01:40', 'a', 1, true, 0.5, 30, 'x'), ('1970-01-01 00:01:40', 'b', 2, false, 0.75, NULL, 'y'),
			('1970-01-01 00:01:40', NULL, 3, NULL, 0.25, 7, 'z'), ('1970-01-01 00:01:50', 'a', 1, true, 1.5, NULL, 'x')`,
		`CREATE TABLE plain (ts timestamptz NOT NULL, v double precision) WITH (time_column = 'ts')`,
		`INSERT INTO plain VALUES ('1970-01-01 00:01:40', 1)`,
		`CREATE TABLE "m" (ts timestamptz NOT NULL, "day" text, "größe/kg" real) WITH (time_column = 'ts', tags = 'day')`,
		`INSERT INTO m VALUES ('1970-01-01 00:01:40', 'mon', 2.5)`,
	} {
		ask(t, db, text)
	}
	cases := []struct{ query, want string }{
		{`cpu_usage`, `{__name__="cpu_usage", core="3"} => 0.25 @[110000]
{__name__="cpu_usage", core="1", host="a", ok="true"} => 1.5 @[110000]
{__name__="cpu_usage", core="2", host="b", ok="false"} => 0.75 @[110000]`},
		{`cpu_temp`, `{__name__="cpu_temp", core="3"} => 7 @[110000]
{__name__="cpu_temp", core="1", host="a", ok="true"} => 30 @[110000]`},
		{`cpu_usage{host=""}`, `{__name__="cpu_usage", core="3"} => 0.25 @[110000]`},
		{`cpu_usage{core=~"1|2", ok="false"}`, `{__name__="cpu_usage", core="2", host="b", ok="false"} => 0.75 @[110000]`},
		{`cpu_usage{host!="a", core!="3"}`, `{__name__="cpu_usage", core="2", host="b", ok="false"} => 0.75 @[110000]`},
		{`cpu_usage{missing="x"}`, ``},
		{`sum(cpu_usage{missing=""})`, `{} => 2.5 @[110000]`},
		{`count_over_time(cpu_usage{host="a"}[1m])`, `{core="1", host="a", ok="true"} => 2 @[110000]`},
		{`count({host="a"})`, `{} => 2 @[110000]`},
		{`count({__name__=~"cpu.*"})`, `{} => 5 @[110000]`},
		{`cpu_note or plain_v or cpu_core or cpu_ts`, ``},
		{`{"m_größe/kg"}`, `{__name__="m_größe/kg", day="mon"} => 2.5 @[110000]`},
	}
	for _, where := range []string{"in memory", "in segments"} {
		for _, c := range cases {
			if got := at(t, db, 110, c.query); !sameLines(got, c.want) {
				t.Errorf("%s: %s:\n%s\nwant\n%s", where, c.query, got, c.want)
			}
		}
		if err := db.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// sameLines compares without regard to the order of lines.
func sameLines(a, b string) bool {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

// TestNamesClash: a field whose name Prometheus has too is found by its other name, and so are the fields of two tables with one name.
func TestNamesClash(t *testing.T) {
	db := open(t, t.TempDir())
	for _, text := range []string{
		`CREATE TABLE node (ts timestamptz NOT NULL, host text, load1 double precision, load5 double precision) WITH (time_column = 'ts', tags = 'host')`,
		`INSERT INTO node VALUES ('1970-01-01 00:01:40', 'a', 1, 5)`,
		`CREATE TABLE a (ts timestamptz NOT NULL, host text, b_c bigint) WITH (time_column = 'ts', tags = 'host')`,
		`CREATE TABLE a_b (ts timestamptz NOT NULL, host text, c bigint) WITH (time_column = 'ts', tags = 'host')`,
		`INSERT INTO a VALUES ('1970-01-01 00:01:40', 'a', 11)`,
		`INSERT INTO a_b VALUES ('1970-01-01 00:01:40', 'a', 22)`,
	} {
		ask(t, db, text)
	}
	expect := func(query, want string) {
		t.Helper()
		if got := at(t, db, 110, "sum by (__name__) ("+query+")"); !sameLines(got, want) {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	expect(`node_load1`, `{__name__="node_load1"} => 1 @[110000]`)
	expect(`{__name__="node:load1"}`, ``)
	storeSeries(t, db, oneSample("node_load1", "host", "a", 100_000, 77))
	expect(`node_load1`, `{__name__="node_load1"} => 77 @[110000]`)
	expect(`node:load1`, `{__name__="node:load1"} => 1 @[110000]`)
	expect(`node_load5`, `{__name__="node_load5"} => 5 @[110000]`)
	expect(`{__name__=~"node.load."}`, "{__name__=\"node_load1\"} => 77 @[110000]\n{__name__=\"node:load1\"} => 1 @[110000]\n{__name__=\"node_load5\"} => 5 @[110000]")
	expect(`a_b_c`, ``)
	expect(`{__name__=~"a.*c"}`, "{__name__=\"a:b_c\"} => 11 @[110000]\n{__name__=\"a_b:c\"} => 22 @[110000]")
	q, err := db.PromQL().Queryable("").Querier(math.MinInt64, math.MaxInt64)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	names, _, err := q.LabelValues(t.Context(), "__name__", nil)
	if want := []string{"a:b_c", "a_b:c", "node:load1", "node_load1", "node_load5"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("%q, %v, want %q", names, err, want)
	}
}

// TestMilliseconds: of the rows of one millisecond the last one is the sample, before 1970 too, wherever the rows are.
func TestMilliseconds(t *testing.T) {
	db := open(t, t.TempDir())
	ask(t, db, `CREATE TABLE w (ts timestamp_ns NOT NULL, host text, v bigint) WITH (time_column = 'ts', tags = 'host')`)
	ask(t, db, `INSERT INTO w VALUES ('1969-12-31 23:59:59.998000001', 'a', 1), ('1969-12-31 23:59:59.998999999', 'a', 2), ('1969-12-31 23:59:59.999', 'a', 3)`)
	if err := db.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask(t, db, `INSERT INTO w VALUES ('1969-12-31 23:59:59.998000002', 'a', 4), ('1969-12-31 23:59:59.9995', 'a', 5)`)
	if got, want := at(t, db, 0, `w_v[10s]`), "{__name__=\"w_v\", host=\"a\"} =>\n2 @[-2]\n5 @[-1]"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := at(t, db, 0, `count_over_time(w_v[1ms] offset 1ms)`); got != `{host="a"} => 1 @[0]` {
		t.Error(got)
	}
}

// TestRowsOutOfTime: a key that orders rows by another column than time is no obstacle.
func TestRowsOutOfTime(t *testing.T) {
	db := open(t, t.TempDir())
	ask(t, db, `CREATE TABLE w (ts timestamptz NOT NULL, host text, n bigint NOT NULL, v bigint) WITH (time_column = 'ts', tags = 'host', unique_key = 'host, n, ts')`)
	ask(t, db, `INSERT INTO w VALUES ('1970-01-01 00:00:30', 'a', 1, 3), ('1970-01-01 00:00:10', 'a', 2, 1), ('1970-01-01 00:00:20', 'a', 3, 2)`)
	want := "{__name__=\"w_v\", host=\"a\"} =>\n1 @[10000]\n2 @[20000]\n3 @[30000]"
	for range 2 {
		if got := at(t, db, 40, `w_v[1m]`); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if err := db.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPromQLLimits: each limit ends the query that meets it, with Prometheus' text where Prometheus has one.
func TestPromQLLimits(t *testing.T) {
	start := time.Unix(1_800_000_000, 0)
	cases := []struct {
		name   string
		change func(*Options)
		ctx    func(context.Context) (context.Context, context.CancelFunc)
		want   string
	}{
		{"samples", func(o *Options) { o.PromQL.Samples = 1000 }, nil, "query processing would load too many samples into memory in query execution"},
		{"time", func(o *Options) { o.PromQL.Timeout = time.Nanosecond }, nil, "query timed out in"},
		{"memory", func(o *Options) { o.QueryBytes = 1 << 20 }, nil, "out of memory: a PromQL query would need more than its limit"},
		{"cancel", nil, func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, cancel
		}, "query was canceled in"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			db := open(t, t.TempDir(), func(o *Options) {
				if c.change != nil {
					c.change(o)
				}
			})
			writeRequests(t, db, start, 500, 200, 15*time.Second)
			ctx, cancel := t.Context(), context.CancelFunc(func() {})
			if c.ctx != nil {
				ctx, cancel = c.ctx(ctx)
			}
			defer cancel()
			_, err := evaluate(ctx, db.PromQL(), `http_requests_total`, start, start.Add(50*time.Minute), time.Minute)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if n := db.PromQL().Running(); n != 0 {
				t.Errorf("%d queries still run", n)
			}
		})
	}
}

// TestPromQLQueue: no more queries run than may, those that wait end with their time, and those that run end with the database.
func TestPromQLQueue(t *testing.T) {
	db := open(t, t.TempDir(), func(o *Options) { o.PromQL.Concurrency = 1 })
	running, leave, err := db.PromQL().Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = evaluate(short, db.PromQL(), `up`, time.Unix(0, 0), time.Time{}, 0)
	if timedOut := prometheus.ErrQueryTimeout(""); !errors.As(err, &timedOut) || err.Error() != "query timed out in query queue" {
		t.Errorf("%v, want a time-out in the queue", err)
	}
	closed := make(chan error, 1)
	go func() { closed <- db.Close(context.Background()) }()
	<-running.Done()
	if cause := context.Cause(running); column.ClassOf(cause) != column.Overloaded {
		t.Errorf("it was ended by %v", cause)
	}
	leave()
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if _, _, err := db.PromQL().Enter(context.Background()); column.ClassOf(err) != column.Overloaded {
		t.Errorf("a closed engine says %v", err)
	}
}

// TestSelectMemory: what a query reads is given back when it ends.
func TestSelectMemory(t *testing.T) {
	db := open(t, t.TempDir())
	start := time.Unix(1_800_000_000, 0)
	writeRequests(t, db, start, 100, 100, 15*time.Second)
	before := db.pool.Used()
	q, err := db.PromQL().Queryable("").Querier(start.UnixMilli(), start.Add(time.Hour).UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	set := q.Select(t.Context(), true, nil)
	n, samples := 0, 0
	for ; set.Next(); n++ {
		for it := set.At().Iterator(nil); it.Next() != 0; samples++ {
		}
	}
	if set.Err() != nil || n != 100 || samples != 100*100 {
		t.Errorf("%d series, %d samples, %v", n, samples, set.Err())
	}
	if held := db.pool.Used() - before; held < int64(samples)*16 {
		t.Errorf("%d bytes are accounted for %d samples", held, samples)
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	if after := db.pool.Used(); after != before {
		t.Errorf("%d bytes are held after the query", after-before)
	}
}

// TestSeriesHaveNoSamples: a request for series alone opens no values.
func TestSeriesHaveNoSamples(t *testing.T) {
	db := open(t, t.TempDir())
	storeSeries(t, db, oneSample("m", "a", "x", 1000, 1), oneSample("m", "a", "y", 5000, 1), oneSample("n", "b", "z", 1000, 1))
	for range 2 {
		for _, c := range []struct {
			start, end int64
			want       string
		}{
			{0, 10_000, `[{__name__="m", a="x"} {__name__="m", a="y"}]`}, {4000, 10_000, `[{__name__="m", a="y"}]`}, {6000, 10_000, `[]`},
		} {
			q, err := db.PromQL().Queryable("").Querier(c.start, c.end)
			if err != nil {
				t.Fatal(err)
			}
			set := q.Select(t.Context(), true, &storage.SelectHints{Start: c.start, End: c.end, Func: "series"}, labels.MustNewMatcher(labels.MatchEqual, "__name__", "m"))
			got := []string{}
			for set.Next() {
				got = append(got, set.At().Labels().String())
			}
			if text := fmt.Sprint(got); text != c.want || set.Err() != nil {
				t.Errorf("[%d, %d]: %s %v, want %s", c.start, c.end, text, set.Err(), c.want)
			}
			if err := q.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := db.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
