package lineproto

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/automatanexus/aegis-db/ingest"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/meta"
)

// cpuLines is the cpu measurement of the Time Series Benchmark Suite: ten tags, ten integer fields, a line per host and step.
func cpuLines(hosts, steps int, start int64) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{"user", "system", "idle", "nice", "iowait", "irq", "softirq", "steal", "guest", "guest_nice"}
	var b strings.Builder
	for step := range steps {
		for host := range hosts {
			fmt.Fprintf(&b, "cpu,hostname=host_%d,region=eu-west-1,datacenter=eu-west-1b,rack=%d,os=Ubuntu16.10,arch=x64,team=SF,service=%d,service_version=1,service_environment=production ",
				host, host%100, host%20)
			for i, n := range names {
				if i > 0 {
					b.WriteByte(',')
				}
				fmt.Fprintf(&b, "usage_%s=%di", n, random.IntN(101))
			}
			fmt.Fprintf(&b, " %d\n", start+int64(step)*10_000_000_000)
		}
	}
	return []byte(b.String())
}

// dictSink resolves series with the head's dictionary, as ingest.Points does, and drops the rows.
type dictSink struct {
	head   *head.Head
	values int
}

func (k *dictSink) Lookup(t meta.TableID, hashes []ingest.SeriesHash, refs []uint32) (uint64, int) {
	return k.head.Dict(t).Epoch(), k.head.Dict(t).Resolve(hashes, refs)
}

func (k *dictSink) Define(t meta.TableID, _ uint64, hash ingest.SeriesHash, key []byte) (uint32, error) {
	return k.head.Dict(t).Define(hash, key, 0)
}

func (k *dictSink) Write(_ context.Context, batches []ingest.PointBatch, _ meta.Ack) (meta.Seq, error) {
	for i := range batches {
		k.values += batches[i].Rows * (len(batches[i].Columns) - 1)
	}
	return 1, nil
}

func BenchmarkReceive(b *testing.B) {
	const hosts, steps = 400, 10
	body := cpuLines(hosts, steps, 1_700_000_000_000_000_000)
	body = append(body, 0)[:len(body)] // room for the newline
	h := newHouse(b, Limits{})
	k := &dictSink{head: head.New(head.Options{})}
	h.target.Sink = k
	run := func() {
		report, err := h.r.Receive(context.Background(), h.target, Request{Body: body, Precision: Nanosecond, Now: noon})
		if err != nil || report.Stored != hosts*steps || report.Values != hosts*steps*10 {
			b.Fatal(report, err)
		}
	}
	run()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	before := cpuTime(b)
	for b.Loop() {
		run()
	}
	used := (cpuTime(b) - before).Seconds()
	b.ReportMetric(float64(b.N)*hosts*steps/used, "lines/cpu-s")
	b.ReportMetric(float64(b.N)*hosts*steps*10/used, "values/cpu-s")
}

// cpuTime is what the process has used of all processors: on a busy machine the clock says little.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
