package aegis

import (
	"fmt"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
)

// BenchmarkPromQL asks 1,000 series of an hour with a sample every 15 s, where they are in memory and where they are in a segment.
func BenchmarkPromQL(b *testing.B) {
	ctx := b.Context()
	db, err := Open(ctx, Options{Dir: b.TempDir(), MemoryBytes: 1 << 30, CompactEvery: -1})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close(ctx)
	start := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	writeRequests(b, db, start, 1000, 240, 15*time.Second)
	end := start.Add(time.Hour)
	for _, place := range []string{"head", "segment"} {
		for _, q := range []struct{ name, text string }{
			{"one series", `http_requests_total{instance="host-0007:9100",code="200"}`},
			{"sum by rate", `sum by (code) (rate(http_requests_total[5m]))`},
			{"one rate", `rate(http_requests_total{instance="host-0007:9100",code="200"}[5m])`},
		} {
			b.Run(place+"/instant/"+q.name, func(b *testing.B) {
				for b.Loop() {
					query, err := db.PromQL().Instant(ctx, "", q.text, end.Add(-time.Minute), nil)
					if err != nil {
						b.Fatal(err)
					}
					if r := query.Exec(ctx); r.Err != nil {
						b.Fatal(r.Err)
					}
					query.Close()
				}
			})
			b.Run(place+"/range/"+q.name, func(b *testing.B) {
				for b.Loop() {
					query, err := db.PromQL().Range(ctx, "", q.text, start, end, time.Minute, nil)
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
		if err := db.Flush(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

// writeRequests stores counters of so many series, five codes to a host.
func writeRequests(tb testing.TB, db *DB, start time.Time, series, samples int, step time.Duration) {
	tb.Helper()
	list := make([]load.Series, series)
	for i := range list {
		list[i].Labels = []load.Label{
			{Name: "__name__", Value: "http_requests_total"},
			{Name: "code", Value: fmt.Sprint(200 + 100*(i%5)%400)},
			{Name: "handler", Value: fmt.Sprintf("/api/v1/thing-%d", i%5)},
			{Name: "instance", Value: fmt.Sprintf("host-%04d:9100", i/5)},
			{Name: "job", Value: "api-server"},
			{Name: "zone", Value: fmt.Sprintf("zone-%d", i%3)},
		}
		for k := range samples {
			t := start.Add(time.Duration(k) * step).UnixMilli()
			list[i].Samples = append(list[i].Samples, load.Sample{T: t, V: float64(k*(i%17+1) + i)})
		}
	}
	storeSeries(tb, db, list...)
}
