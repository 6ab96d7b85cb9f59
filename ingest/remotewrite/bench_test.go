package remotewrite

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/automatanexus/aegis-db/ingest/head"
)

const benchSeries = 2000

// benchLabels gives the labels of 2,000 series as an exporter in a cluster has them, with a value for each.
func benchLabels() (pairs [][]string, values []float64) {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range benchSeries {
		pairs = append(pairs, []string{
			"__name__", fmt.Sprintf("node_cpu_%d_seconds_total", i%40), "cluster", "eu-west-1", "container", "node-exporter",
			"cpu", fmt.Sprint(i % 64), "endpoint", "metrics", "instance", fmt.Sprintf("10.0.%d.%d:9100", i/64, random.IntN(256)),
			"job", "node-exporter", "mode", "idle", "namespace", "monitoring", "pod", fmt.Sprintf("node-exporter-%05x", random.IntN(1<<20)),
		})
		values = append(values, float64(random.IntN(1000)))
	}
	return pairs, values
}

func BenchmarkReceive(b *testing.B) {
	pairs, values := benchLabels()
	var all [][]byte
	for i, p := range pairs {
		all = append(all, cat(labelFields(p...), sampleField(values[i], 1_700_000_000_000+int64(i))))
	}
	benchReceive(b, V1, request1(all...), values)
}

// BenchmarkReceiveV2 is BenchmarkReceive in the other message, with and without metadata, as Prometheus sends it.
func BenchmarkReceiveV2(b *testing.B) {
	pairs, values := benchLabels()
	for _, described := range []bool{false, true} {
		b.Run(fmt.Sprintf("described=%v", described), func(b *testing.B) {
			t := newSymbolTable()
			for i, p := range pairs {
				var m []byte
				if described {
					m = t.metadata(1, "seconds", "Seconds the CPUs spent in each mode, for metric "+p[1])
				}
				t.add(t.refs(p...), sample2Field(values[i], 1_700_000_000_000+int64(i), 0), m)
			}
			benchReceive(b, V2, t.request(), values)
		})
	}
}

func benchReceive(b *testing.B, m Message, raw []byte, values []float64) {
	b.Helper()
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	body := pack(raw)
	k := &dictSink{dict: head.New(head.Options{}).Dict(1)}
	r := New(Limits{})
	in := bytes.NewReader(nil)
	to := Request{Message: m, Samples: k, Metadata: &describer{}}
	run := func() {
		in.Reset(body)
		if _, err := r.Receive(context.Background(), to, in); err != nil {
			b.Fatal(err)
		}
	}
	run()
	k.sum, k.rows = 0, 0
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		run()
	}
	b.StopTimer()
	if k.rows != b.N*benchSeries || k.sum != float64(b.N)*sum {
		b.Fatalf("%d rows, sum %v; want %d, %v", k.rows, k.sum, b.N*benchSeries, float64(b.N)*sum)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*benchSeries), "ns/series")
	b.ReportMetric(float64(len(raw))/benchSeries, "B/series")
}
