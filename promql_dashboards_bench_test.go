package aegis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/query/promql"
)

// writeServices stores what instances of a service show: counters by code and handler, buckets, gauges, a scrape a minute.
func writeServices(b *testing.B, db *DB, instances, scrapes int) (end time.Time) {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 1))
	const start = int64(1_760_000_000_000)
	for i := range instances {
		var list []load.Series
		add := func(name string, labels ...load.Label) {
			s := load.Series{Labels: append([]load.Label{{Name: "__name__", Value: name}}, labels...)}
			v := 0.0
			for k := range scrapes {
				v += float64(r.IntN(50))
				if r.IntN(5000) == 0 {
					v = 0
				}
				s.Samples = append(s.Samples, load.Sample{T: start + int64(k)*60_000 + int64(i)*391, V: v})
			}
			list = append(list, s)
		}
		instance := load.Label{Name: "instance", Value: fmt.Sprintf("10.1.0.%d:8080", i)}
		job := load.Label{Name: "job", Value: fmt.Sprintf("service-%d", i%10)}
		add("build_info", instance, job, load.Label{Name: "version", Value: fmt.Sprint(i % 4)})
		for h := range 5 {
			handler := load.Label{Name: "handler", Value: fmt.Sprint("/", h)}
			for _, code := range []string{"200", "404", "500", "503"} {
				add("http_requests_total", load.Label{Name: "code", Value: code}, handler, instance, job)
			}
			for _, le := range []string{"+Inf", "0.005", "0.05", "0.1", "0.5", "1", "2.5", "5"} {
				add("http_request_duration_seconds_bucket", handler, instance, job, load.Label{Name: "le", Value: le})
			}
		}
		for q := range 6 {
			add("queue_length", instance, job, load.Label{Name: "queue", Value: fmt.Sprint(q)})
		}
		storeSeries(b, db, list...)
	}
	if err := db.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	return time.UnixMilli(start + int64(scrapes)*60_000)
}

// BenchmarkDashboards asks what dashboards ask, as the engine evaluates it that we have for it and as Prometheus' does.
func BenchmarkDashboards(b *testing.B) {
	db, err := Open(context.Background(), Options{Dir: "data", FS: memfs.New(), MemoryBytes: 2 << 30, CompactEvery: -1})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close(context.Background())
	end := writeServices(b, db, 100, 26*60)
	for _, q := range []struct{ name, text string }{
		{"rate", `rate(http_requests_total{instance="10.1.0.7:8080"}[5m])`},
		{"sum", `sum by (code) (rate(http_requests_total[5m]))`},
		{"histogram", `histogram_quantile(0.99, sum by (le, handler) (rate(http_request_duration_seconds_bucket[5m])))`},
		{"topk", `topk(5, rate(http_requests_total{code="200"}[5m]))`},
		{"join", `sum by (version) (rate(http_requests_total[5m]) * on (instance) group_left (version) build_info)`},
		{"avg", `avg by (job) (avg_over_time(queue_length[5m]))`},
		{"subquery", `max_over_time(sum by (job) (rate(http_requests_total[5m]))[30m:1m])`},
	} {
		for _, w := range []struct {
			name       string
			span, step time.Duration
		}{{"1h", time.Hour, 15 * time.Second}, {"24h", 24 * time.Hour, 5 * time.Minute}} {
			for _, how := range []string{"ours", "prometheus"} {
				b.Run(q.name+"/"+w.name+"/"+how, func(b *testing.B) {
					ctx := context.Background()
					if how == "prometheus" {
						ctx = promql.AsWritten(ctx)
					}
					b.ReportAllocs()
					for b.Loop() {
						query, err := db.PromQL().Range(ctx, "", q.text, end.Add(-w.span), end, w.step, nil)
						if err != nil {
							b.Fatal(err)
						}
						if r := query.Exec(ctx); r.Err != nil {
							b.Fatal(r.Err)
						}
						query.Close()
					}
				})
			}
		}
	}
}
