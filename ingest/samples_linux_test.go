package ingest

import (
	"context"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/ingest/ingesttest"
	"github.com/automatanexus/aegis-db/meta"
)

// seriesKey is a key as remote write makes them: a metric and some 190 bytes of labels.
func seriesKey(dst []byte, i int) []byte {
	dst = key.AppendBytes(dst, fmt.Appendf(nil, "node_metric_%d_seconds_total", i%500))
	return key.AppendBytes(dst, fmt.Appendf(nil, `{"cluster":"prod-eu-1","cpu":"%d","env":"production","instance":"10.0.%d.%d:9100","job":"node","mode":"idle","namespace":"monitoring","node":"worker-%04d","pod":"node-exporter-abcde","region":"eu-west-1"}`, i%8, i/65536%256, i/256%256, i/500))
}

func benchShard(b *testing.B, o Options) (*Shard, *Samples, Options) {
	b.Helper()
	catalog := ingesttest.NewCatalog()
	table, err := catalog.Create("samples", meta.SamplesSchema())
	if err != nil {
		b.Fatal(err)
	}
	o.FS, o.Dir, o.Shard, o.Catalog, o.Tick = vfs.OS(), b.TempDir(), 1, catalog, -1
	o.Files = segment.NewLocalFiles(o.FS, b.TempDir())
	o.HeadBytes, o.WALBytes = 8<<30, 64<<30
	s, err := Open(context.Background(), o)
	if err != nil {
		b.Fatal(err)
	}
	samples, err := s.Samples(table, 4)
	if err != nil {
		b.Fatal(err)
	}
	return s, samples, o
}

// cpuTime is what the process has used: on a busy machine, and with an fsync per batch, the clock on the wall says little.
func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// defineSeries makes series known.
func defineSeries(b *testing.B, samples *Samples, series int) ([]SeriesHash, []uint32) {
	b.Helper()
	hashes, refs := make([]SeriesHash, series), make([]uint32, series)
	epoch, _ := samples.Lookup(nil, nil)
	for i := range hashes {
		hashes[i] = SeriesHash{Hi: uint64(i) * 0x9e3779b97f4a7c15, Lo: uint64(i) * 0xbf58476d1ce4e5b9}
		var err error
		if refs[i], err = samples.Define(epoch, hashes[i], seriesKey(nil, i)); err != nil {
			b.Fatal(err)
		}
	}
	return hashes, refs
}

// scrape writes one sample of each series, 2,000 a commit: gauges that move a little, counters, constants, and jitter in time.
func scrape(b *testing.B, samples *Samples, epoch uint64, refs []uint32, round int) {
	b.Helper()
	const size = 2000
	times, values := make([]int64, size), make([]float64, size)
	for at := 0; at < len(refs); at += size {
		n := min(size, len(refs)-at)
		for i := range n {
			times[i] = int64(round)*15_000_000 + 1_700_000_000_000_000 + int64((round*7+at)%5)*1000
			switch x := uint64(at+i)*2654435761 + uint64(round)*40503; (at + i) % 4 {
			case 0:
				values[i] = float64((at + i) * 100)
			case 1:
				values[i] = float64(round*(1+i%50)) + float64(at)
			case 2:
				values[i] = 20 + float64(x%1000)/100
			default:
				values[i] = float64(x%64) / 4
			}
		}
		batch := &SampleBatch{Epoch: epoch, Refs: refs[at : at+n], Times: times[:n], Values: values[:n]}
		if _, err := samples.Write(context.Background(), batch, meta.AckNone); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkActiveSeries fills a head with 120 rows of each series, and then replays the WAL: memory per series, and what a replay needs.
func BenchmarkActiveSeries(b *testing.B) {
	const series, rounds = 100_000, 120
	for range b.N {
		before := heap()
		s, samples, o := benchShard(b, Options{SeriesLimit: 2 * series})
		_, refs := defineSeries(b, samples, series)
		epoch, _ := samples.Lookup(nil, nil)
		cpu := cpuTime(b)
		for round := range rounds {
			scrape(b, samples, epoch, refs, round)
		}
		b.ReportMetric(float64((cpuTime(b)-cpu).Nanoseconds())/series/rounds, "cpu-ns/sample")
		st := s.Stats()
		if st.HeadRows != series*rounds {
			b.Fatal(st.HeadRows)
		}
		steady := heap() - before
		b.ReportMetric(float64(steady)/series, "heapB/series")
		b.ReportMetric(float64(st.HeadBytes)/series, "countedB/series")
		b.ReportMetric(float64(st.WALBytes)/series/rounds, "walB/sample")
		if err := s.Abort(); err != nil {
			b.Fatal(err)
		}
		runtime.KeepAlive(s)
		s, samples = nil, nil
		before = heap()
		cpu = cpuTime(b)
		s, err := Open(context.Background(), o)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(series*rounds/(cpuTime(b)-cpu).Seconds(), "replayed-rows/cpu-s")
		b.ReportMetric(float64(heap()-before)/float64(steady), "replayed/steady-heap")
		if st := s.Stats(); st.HeadRows != series*rounds || st.Series != series {
			b.Fatal(st)
		}
		if cpu = cpuTime(b); s.Flush(context.Background()) != nil {
			b.Fatal("flush failed")
		}
		b.ReportMetric(float64((cpuTime(b)-cpu).Nanoseconds())/series/rounds, "flush-cpu-ns/sample")
		bytes := int64(0)
		for seg := range o.Catalog.Snapshot().Manifest(1).All() {
			bytes += seg.DataBytes + seg.SidecarBytes
		}
		b.ReportMetric(float64(bytes)/series/rounds, "segmentB/sample")
		if err := s.Abort(); err != nil {
			b.Fatal(err)
		}
	}
}

// heap is what is alive.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkSamples writes batches of 2,000 samples, one per series, with an fsync each: WAL and head without a decoder.
func BenchmarkSamples(b *testing.B) {
	for _, series := range []int{2_000, 100_000} {
		b.Run(fmt.Sprint(series), func(b *testing.B) {
			s, samples, _ := benchShard(b, Options{SeriesLimit: 2 * series})
			const size = 2000
			batches := series / size
			hashes, refs := defineSeries(b, samples, series)
			times, values := make([]int64, size), make([]float64, size)
			cpu := cpuTime(b)
			b.ResetTimer()
			for n := range b.N {
				at := n % batches * size
				epoch, missing := samples.Lookup(hashes[at:at+size], refs[at:at+size])
				if missing > 0 {
					b.Fatal(missing)
				}
				for i := range times {
					times[i] = int64(n/batches)*15_000_000 + 1_700_000_000_000_000 + int64(at%997)*1000
					values[i] = float64(n/batches*7 + i*13)
				}
				if _, err := samples.Write(context.Background(), &SampleBatch{Epoch: epoch, Refs: refs[at : at+size], Times: times, Values: values}, meta.AckWAL); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			b.ReportMetric(float64((cpuTime(b)-cpu).Nanoseconds())/float64(b.N)/size, "cpu-ns/sample")
			st := s.Stats()
			if want := int64(b.N) * size; st.HeadRows != want {
				b.Fatalf("%d rows in the head, want %d", st.HeadRows, want)
			}
			b.ReportMetric(float64(st.HeadBytes)/float64(series), "headB/series")
			b.ReportMetric(float64(st.WALBytes)/float64(b.N)/size, "walB/sample")
			runtime.KeepAlive(s)
			if err := s.Abort(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkWrite takes the way of SQL and line protocol: batches of 1,000 rows of ten fields, of 100 series.
func BenchmarkWrite(b *testing.B) {
	s, _, o := benchShard(b, Options{})
	schema := column.Schema{Tags: []column.ID{1, 2}, Time: 3, Key: []column.ID{1, 2, 3}, Partition: 3_600_000_000, Fields: []column.Field{
		{ID: 1, Name: "host", Type: column.T(column.Text)},
		{ID: 2, Name: "region", Type: column.T(column.Text)},
		{ID: 3, Name: "ts", Type: column.T(column.TimestampTZ), NotNull: true},
	}}
	for i := range 10 {
		schema.Fields = append(schema.Fields, column.Field{ID: column.ID(4 + i), Name: fmt.Sprint("f", i), Type: column.T(column.Int64)})
	}
	table, err := o.Catalog.(*ingesttest.Catalog).Create("cpu", schema)
	if err != nil {
		b.Fatal(err)
	}
	const size = 1000
	hosts, regions := make([]string, size), make([]string, size)
	for i := range size {
		hosts[i], regions[i] = fmt.Sprint("host_", i%100), "eu-west-1"
	}
	cpu := cpuTime(b)
	for n := range b.N {
		rows := meta.Rows{Table: table, Len: size, Columns: []*column.Vector{column.NewStrings(hosts...), column.NewStrings(regions...)}}
		for f := range 11 {
			ints := make([]int64, size)
			for i := range ints {
				ints[i] = int64(n*10+i/100)*10_000_000 + int64(f)
				if f > 0 {
					ints[i] = int64(uint64(n*size+i)*2654435761>>7) % 100
				}
			}
			rows.Columns = append(rows.Columns, column.NewInts(schema.Fields[2+f].Type, ints, nil))
		}
		if _, err := s.Write(context.Background(), []meta.Rows{rows}, meta.AckNone); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpuTime(b)-cpu).Nanoseconds())/float64(b.N)/size, "cpu-ns/row")
	if st := s.Stats(); st.HeadRows != int64(b.N)*size {
		b.Fatal(st.HeadRows)
	}
	if err := s.Abort(); err != nil {
		b.Fatal(err)
	}
}
