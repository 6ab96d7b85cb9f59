package oracletest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	prometheus "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"

	"github.com/automatanexus/aegis-db/query/promql"
)

// both is Prometheus' engine, as its scripts are run with; on the way each query goes through our engine, once as it is written and once
// with what we evaluate ourselves.
type both struct {
	prometheus.QueryEngine
	t     testing.TB
	asked *atomic.Int64
}

func (b both) NewInstantQuery(ctx context.Context, q storage.Queryable, o prometheus.QueryOpts, text string, at time.Time) (prometheus.Query, error) {
	b.compare(ctx, text, func(ctx context.Context) (*promql.Query, error) {
		return q.(*database).db.PromQL().Instant(ctx, "", text, at, o)
	})
	return b.QueryEngine.NewInstantQuery(ctx, q, o, text, at)
}

func (b both) NewRangeQuery(ctx context.Context, q storage.Queryable, o prometheus.QueryOpts, text string, start, end time.Time, step time.Duration) (prometheus.Query, error) {
	b.compare(ctx, text, func(ctx context.Context) (*promql.Query, error) {
		return q.(*database).db.PromQL().Range(ctx, "", text, start, end, step, o)
	})
	return b.QueryEngine.NewRangeQuery(ctx, q, o, text, start, end, step)
}

func (b both) compare(ctx context.Context, text string, prepare func(context.Context) (*promql.Query, error)) {
	b.t.Helper()
	if difference := twice(ctx, prepare, false); difference != "" {
		b.t.Errorf("%s: %s", text, difference)
	}
	b.asked.Add(1)
}

// twice runs a query as it is written, and with what we evaluate ourselves, and says how the results differ. Prometheus hands the series of
// most operations on in an order of its own each time, and which of equal values topk takes, or how a sum is rounded, follows from that: unless
// the order is known, sets are compared, and another try is as good.
func twice(ctx context.Context, prepare func(context.Context) (*promql.Query, error), ordered bool) (difference string) {
	run := func(ctx context.Context) *prometheus.Result {
		q, err := prepare(ctx)
		if err != nil {
			return &prometheus.Result{Err: err}
		}
		return q.Exec(ctx)
	}
	for range 30 {
		want, got := run(promql.AsWritten(ctx)), run(ctx)
		if difference = differ(want, got, ordered); difference == "" || ordered {
			break
		}
	}
	return difference
}

// TestCorpusShapes runs the queries of Prometheus' scripts both ways.
func TestCorpusShapes(t *testing.T) {
	var asked atomic.Int64
	for _, file := range corpus(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		script, _, _ := withoutHistograms(t, string(text))
		t.Run(filepath.Base(file), func(t *testing.T) {
			engine := both{promqltest.NewTestEngine(t, false, 5*time.Minute, 50_000_000), t, &asked}
			promqltest.RunTestWithStorage(t, script, engine, func(t testing.TB) storage.Storage {
				return openWith(t, inBoth, promql.Limits{StartTimestamps: strings.Contains(file, "start_timestamp"), Experimental: true})
			})
		})
	}
	if asked.Load() < 1000 {
		t.Errorf("only %d queries were compared", asked.Load())
	}
}

// corners are queries that are drawn too seldom.
var corners = []string{
	`5 < b`, `5 > bool b`, `5 <= sum by (i) (b)`, `-3 >= max_over_time(b[5m])`, `b > 5`, `2 - b`, `2 ^ sum(a_total)`, `7 % count(b)`,
	`{__name__=~"a_total|b",j="1"} > ignoring (j, le) sum by (i) (b{i="2"})`, `{__name__=~"a_total|b",j="1"} * ignoring (j) sum by (i) (b)`, `b > on (i) sum by (i) (b)`, `b{j="1"} > on (i) sum by (i) (a_total)`,
	`a_total * on (i, j) b`, `a_total > on (i, j) group_left b`, `info > ignoring (v) group_right info`, `max by (i) (a_total * on (i) group_left (v) info{i!="3"})`, `max(b) - min(b)`, `sum(b) / count(b)`,
	`count({__name__=~"a_total|b"} * 2)`, `{__name__=~"a_total|b"} * 2`, `max(b * b)`, `min by (i) (b - on (i, j) a_total)`, `sum(sum by (i) (rate(a_total[1m])))`, `((sum((b))))`,
	`b{i="1"} or {__name__=~"a_total|b"} or info`, `info or b or a_total`, `b{i="1"} or on (i) b or on (i) a_total`, `b{i="2"} or on (i) ({__name__=~"a_total|b"} > 5) or on (i) b`,
	`(b > 8) or (b > 5) or a_total`, `(b > 8) or ignoring (j) (b > 5) or ignoring (j) {__name__=~"a_total|b"} or ignoring (j) info`, `b or on (i) (a_total or info) or info`,
	`sum by (i) (b) or sum by (j) (b) or max by (i) (a_total) or sum by (i, j) (rate(a_total[2m]))`,
}

// drawn makes queries of the shapes that we evaluate ourselves, and of what may stand around them.
type drawn struct{ *rand.Rand }

func (d drawn) of(list ...string) string { return list[d.IntN(len(list))] }

func (d drawn) selector() string {
	return d.of(`a_total`, `b`, `a_total{i=~"[0-3]"}`, `b{j="1"}`, `{__name__=~"a_total|b"}`, `b{i!="2"}`, `h_bucket`, `none`, `{i="1"}`)
}

func (d drawn) offset() string { return d.of("", "", "", " offset 3m", " offset -90s", " offset 1h") }

func (d drawn) windows() string {
	length := d.of("15s", "1m", "2m30s", "5m", "20m", "1h", "7s", "1500ms")
	f := d.of("rate", "increase", "delta", "irate", "idelta", "deriv", "changes", "resets", "avg_over_time", "sum_over_time", "count_over_time", "min_over_time",
		"max_over_time", "last_over_time", "present_over_time", "stddev_over_time", "stdvar_over_time", "rate", "rate", "increase")
	arg := fmt.Sprintf("%s[%s]%s", d.selector(), length, d.offset())
	switch d.IntN(20) {
	case 0:
		return "quantile_over_time(" + d.of("0.5", "0", "1", "2", "-1") + ", " + arg + ")"
	case 1:
		return "predict_linear(" + arg + ", " + d.of("60", "-5.5") + ")"
	}
	return f + "(" + arg + ")"
}

func (d drawn) aggregated() string {
	inner := d.selector() + d.offset()
	if d.IntN(3) > 0 {
		inner = d.windows()
	}
	return d.of("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", "sum") + d.of("", " by (i)", " by (j, nothing)", " without (i)", " by (__name__)", " without ()", " by ()") + " (" + inner + ")"
}

func (d drawn) query(depth int) string {
	inner := d.of(d.windows(), d.aggregated(), d.aggregated())
	if depth <= 0 {
		return inner
	}
	switch d.IntN(11) {
	case 8: // joins: with what an instance is, which changes once, and among what is there twice
		return d.of("", "sum by (v) ", "count by (j) ", "stddev ") + "(" + d.of(d.windows(), d.selector()+d.offset()) + " " +
			d.of("* on (i) group_left (v)", "* on (i) group_left", "+ on (i, j) group_left (v)", "> on (i) group_left (v)", "/ ignoring (j, v, le) group_left", "* on (i)", "== bool on (i) group_left ()") +
			" " + d.of("info", "info", "last_over_time(info[10m])", "max by (i, v) (info)", "sum by (i) (b)", "(info)") + ")"
	case 9:
		return d.of("info", "sum by (i) (info)", "max without (v) (info)") + " " + d.of("* on (i) group_right (v)", "- on (i) group_right ()", "< on (i) group_right (v)", "* on (i) group_right (j)") + " " +
			d.of(d.windows(), d.aggregated(), d.selector())
	case 10:
		return d.aggregated() + " " + d.of("+", "/", "* on (i)", "> on (i)", "<= bool", "% ignoring (j)", "^", "atan2", "- on ()") + " " + d.aggregated()
	case 0:
		return d.of("abs", "ceil", "timestamp", "absent", "scalar", "sort", "-", "exp", "absent") + "(" + d.query(depth-1) + ")"
	case 1:
		return "(" + d.query(depth-1) + ") " + d.of("+", "*", "/", ">", "> bool", "and", "or", "unless", "* on (i)", "/ ignoring (j)") + " (" + d.query(depth-1) + ")"
	case 2:
		if d.IntN(3) == 0 {
			return d.of("100 - ", "2 / ", "5 < ", "1 >= bool ") + d.query(depth-1)
		}
		return d.query(depth-1) + d.of(" * 2", " > 0", " / 3", " ^ 2", " != bool 1", " % 7") + d.of("", "", " - (1)")
	case 3:
		return d.of("max_over_time", "sum_over_time", "rate", "count_over_time", "absent_over_time", "deriv") + "((" + d.query(depth-1) + ")[" + d.of("5m:1m", "10m:37s", "3m:", "1h:7m") + "]" + d.offset() + ")"
	case 4:
		if d.IntN(3) == 0 {
			return d.of("topk(2, ", "bottomk by (j) (1, ", "limitk(2, ", "topk without (i) (3, ", "topk(50, ", "bottomk(3, ") + inner + ")" // whose order is known
		}
		return d.of("quantile(0.3, ", "quantile by (i) (1, ", "quantile(1.5, ", "sum(", "avg by (i) (", "count(", "count_values(\"v\", ") + d.query(depth-1) + ")"
	case 5:
		return d.of(`histogram_quantile(0.9, `, `histogram_quantile(1, `, `histogram_quantile(0, `, `histogram_quantile(2, `) +
			d.of(`sum by (le, i) (rate(h_bucket[`+d.of("1m", "5m")+`]`+d.offset()+`)))`, `h_bucket)`, `rate(h_bucket[5m]))`, `b)`, `sum by (le) (h_bucket))`, `delta({__name__=~"h_bucket|b"}[5m]))`)
	case 6:
		return `label_replace(` + d.query(depth-1) + `, "i", "x$1", "i", "(.*)")`
	case 7:
		return "sum(rate(a_total[5m] @ 1000)) + " + d.query(depth-1)
	}
	return inner
}

// fill appends series of all sorts: counters with resets, gauges with NaN and infinities, gaps, stale markers, buckets.
func fill(t *testing.T, d *database, r *rand.Rand) {
	t.Helper()
	for part := range 2 {
		app := d.AppenderV2(t.Context())
		add := func(set labels.Labels, at int64, v float64) {
			if _, err := app.Append(0, set, 0, at, v, nil, nil, storage.AppendV2Options{}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 7 {
			for j := range 3 {
				for _, name := range []string{"a_total", "b", "h_bucket", "info"} {
					set := labels.FromStrings("__name__", name, "i", fmt.Sprint(i), "j", fmt.Sprint(j))
					if name == "h_bucket" {
						set = labels.FromStrings("__name__", name, "i", fmt.Sprint(i), "le", []string{"0.1", "1", "+Inf"}[j])
					}
					if name == "info" {
						// What is said of an instance changes in the middle, and of one it is said twice.
						if j > 1 || j == 1 && i != 3 {
							continue
						}
						set = labels.FromStrings("__name__", name, "i", fmt.Sprint(i), "v", fmt.Sprint(part+3*j))
					}
					v := 0.0
					for k := range int64(200) {
						at := int64(part)*3_000_000 + k*15_000 + int64(i)*777
						if r.IntN(50) == 0 {
							continue
						}
						switch {
						case name == "b" && r.IntN(30) == 0:
							v = []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, 0, math.Copysign(0, -1)}[r.IntN(7)]
						case name == "b":
							v = math.Round(r.NormFloat64()*1e6) / 1e3
						case r.IntN(40) == 0:
							v = float64(r.IntN(3)) // it began anew
						default:
							v += r.Float64() * 10
						}
						if r.IntN(60) == 0 {
							add(set, at, math.Float64frombits(value.StaleNaN))
							continue
						}
						add(set, at, v)
					}
				}
			}
		}
		if err := app.Commit(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestShapes: what we evaluate ourselves is bit for bit what Prometheus' engine gives over the same samples, in the same order, with the
// same warnings and errors.
func TestShapes(t *testing.T) {
	for _, p := range []place{inHead, inSegments, inBoth} {
		t.Run(p.String(), func(t *testing.T) { compareShapes(t, p) })
	}
}

func compareShapes(t *testing.T, p place) {
	const queries = 1000
	d := openWith(t, p, promql.Limits{Experimental: true})
	defer d.Close()
	r := rand.New(rand.NewPCG(11, uint64(p)))
	fill(t, d, r)
	draw := drawn{r}
	failed, filled := 0, 0
	for n := range queries {
		depth := draw.IntN(3)
		text := draw.query(depth)
		if n < 8*len(corners) {
			depth, text = 1, corners[n/8]
		}
		start := time.UnixMilli(draw.Int64N(6_500_000) - 200_000)
		length := time.Duration(draw.Int64N(int64(2 * time.Hour)))
		step := []time.Duration{15 * time.Second, time.Minute, 37 * time.Second, 5 * time.Minute, 1001 * time.Millisecond}[draw.IntN(5)]
		if step < 15*time.Second {
			length /= 20
		}
		prepare := func(ctx context.Context) (*promql.Query, error) {
			if n%4 == 0 {
				return d.db.PromQL().Instant(ctx, "", text, start, nil)
			}
			return d.db.PromQL().Range(ctx, "", text, start, start.Add(length), step, nil)
		}
		if q, err := prepare(t.Context()); err == nil {
			if r := q.Exec(t.Context()); r.Err == nil && r.Value.String() != "" {
				filled++
			}
		}
		difference := twice(t.Context(), prepare, depth == 0)
		if difference != "" {
			t.Errorf("%s from %d for %v by %v (%d): %s", text, start.UnixMilli(), length, step, n%4, difference)
			if failed++; failed > 10 {
				t.FailNow()
			}
		}
	}
	if filled < queries/3 {
		t.Errorf("only %d of %d answers have something in them", filled, queries)
	}
}

// differ says how two results differ; "" = not at all.
func differ(want, got *prometheus.Result, ordered bool) string {
	if (want.Err == nil) != (got.Err == nil) {
		return fmt.Sprintf("error %v, Prometheus' is %v", got.Err, want.Err)
	}
	if want.Err != nil {
		a, _, _ := strings.Cut(want.Err.Error(), "{")
		b, _, _ := strings.Cut(got.Err.Error(), "{")
		if a != b {
			return fmt.Sprintf("error %v, Prometheus' is %v", got.Err, want.Err)
		}
		return ""
	}
	a, b := lines(want.Value), lines(got.Value)
	if !ordered {
		slices.Sort(a)
		slices.Sort(b)
	}
	if !slices.Equal(a, b) {
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				return fmt.Sprintf("line %d of %d is\n%.300s, Prometheus' is\n%.300s", i, len(a), b[i], a[i])
			}
		}
		return fmt.Sprintf("%d lines, Prometheus has %d", len(b), len(a))
	}
	if x, y := texts(want.Warnings.AsErrors()), texts(got.Warnings.AsErrors()); !slices.Equal(x, y) {
		return fmt.Sprintf("warnings %q, Prometheus' are %q", y, x)
	}
	return ""
}

func texts(list []error) (out []string) {
	for _, err := range list {
		out = append(out, err.Error())
	}
	slices.Sort(out)
	return out
}

// lines are the points of a value, with the bits of their floats.
func lines(v parser.Value) (out []string) {
	switch v := v.(type) {
	case prometheus.Matrix:
		for _, s := range v {
			for _, p := range s.Floats {
				out = append(out, fmt.Sprintf("%s %d %x %v", s.Metric, p.T, bits(p.F), p.F))
			}
		}
	case prometheus.Vector:
		for _, s := range v {
			out = append(out, fmt.Sprintf("%s %d %x %v", s.Metric, s.T, bits(s.F), s.F))
		}
	case prometheus.Scalar:
		out = append(out, fmt.Sprintf("%d %x", v.T, bits(v.V)))
	}
	return out
}

// bits are those of a float; of NaN, whose bits no answer shows, those of one.
func bits(f float64) uint64 {
	if math.IsNaN(f) {
		return math.Float64bits(math.NaN())
	}
	return math.Float64bits(f)
}
