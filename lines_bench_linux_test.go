package aegis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/automatanexus/aegis-db/ingest/lineproto"
)

var cpuFields = []string{
	"usage_user", "usage_system", "usage_idle", "usage_nice", "usage_iowait",
	"usage_irq", "usage_softirq", "usage_steal", "usage_guest", "usage_guest_nice",
}

// cpuBodies is the cpu measurement of the Time Series Benchmark Suite in line protocol, ten tags and ten fields a line: so many steps of ten seconds per body.
func cpuBodies(hosts, steps, bodies int) [][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	walk := make([]int, hosts*len(cpuFields))
	out := make([][]byte, bodies)
	at := int64(1_767_225_600_000_000_000)
	for i := range out {
		var b []byte
		for range steps {
			for host := range hosts {
				b = fmt.Appendf(b, "cpu,hostname=host_%d,region=eu-west-1,datacenter=eu-west-1b,rack=%d,os=Ubuntu16.10,arch=x64,team=SF,"+
					"service=%d,service_version=1,service_environment=production", host, host%100, host%20)
				for f, name := range cpuFields {
					v := &walk[host*len(cpuFields)+f]
					*v = min(100, max(0, *v+random.IntN(5)-2))
					b = fmt.Appendf(b, "%c%s=%di", " ,"[min(f, 1)], name, *v)
				}
				b = fmt.Appendf(b, " %d\n", at)
			}
			at += int64(10 * time.Second)
		}
		out[i] = append(b, 0)[:len(b)] // room for the newline that the decoder adds
	}
	return out
}

// BenchmarkLines is what line protocol costs from its text to the log and the head, per second of processor time. Of few hosts what is appended to is in
// the caches, of many it is not.
func BenchmarkLines(b *testing.B) {
	b.Run("hosts=400", func(b *testing.B) { benchmarkLines(b, 400, 5, 100) })
	b.Run("hosts=4000", func(b *testing.B) { benchmarkLines(b, 4000, 1, 150) })
}

func benchmarkLines(b *testing.B, hosts, steps, bodies int) {
	ctx := context.Background()
	all := cpuBodies(hosts, steps, bodies)
	var used time.Duration
	for b.Loop() {
		b.StopTimer()
		db := open(b, b.TempDir(), func(o *Options) { o.MemoryBytes = 4 << 30 })
		target, err := db.Lines("")
		if err != nil {
			b.Fatal(err)
		}
		r := lineproto.New(lineproto.Limits{})
		b.StartTimer()
		before := processTime(b)
		for _, body := range all {
			report, err := r.Receive(ctx, target, lineproto.Request{Body: body, Precision: lineproto.Nanosecond, Now: time.Now()})
			if err != nil || report.Values != hosts*steps*len(cpuFields) {
				b.Fatal(report, err)
			}
		}
		used += processTime(b) - before
		b.StopTimer()
		if err := db.Close(ctx); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	rows := float64(b.N * hosts * steps * bodies)
	b.ReportMetric(rows/used.Seconds(), "lines/cpu-s")
	b.ReportMetric(rows*float64(len(cpuFields))/used.Seconds(), "values/cpu-s")
}

// processTime is what this process has used of all processors: on a busy machine the clock says little.
func processTime(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
