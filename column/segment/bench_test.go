package segment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/vfs"
)

// The integer workload: hosts that report ten random walks between 0 and 100 every ten seconds.
const (
	walkHosts  = 100
	walkRows   = 8640 // a day
	walkFields = 10
)

func walkSchema(notNull bool) *column.Schema {
	s := &column.Schema{Version: 1, Time: 1, Tags: []column.ID{2}, Key: []column.ID{2, 1}, Partition: 86400e9}
	s.Fields = append(s.Fields,
		column.Field{ID: 1, Name: "time", Type: column.T(column.TimestampNS), NotNull: true},
		column.Field{ID: 2, Name: "host", Type: column.T(column.Text)})
	for i := range walkFields {
		s.Fields = append(s.Fields, column.Field{ID: column.ID(3 + i), Name: fmt.Sprintf("f%d", i), Type: column.T(column.Int64), NotNull: notNull})
	}
	return s
}

// walks makes a host's columns and adds up its values.
func walks(r *rand.Rand) (columns []*column.Vector, total int64) {
	columns = make([]*column.Vector, 2+walkFields)
	times := make([]int64, walkRows)
	for i := range times {
		times[i] = 1_700_000_000e9 + int64(i)*10e9
	}
	columns[0] = column.NewInts(column.T(column.TimestampNS), times, nil)
	for f := range walkFields {
		v := make([]int64, walkRows)
		x := int64(r.IntN(101))
		for i := range v {
			x = min(100, max(0, x+int64(r.IntN(3))-1))
			v[i] = x
			total += x
		}
		columns[2+f] = column.NewInts(column.T(column.Int64), v, nil)
	}
	return columns, total
}

func writeWalks(b testing.TB, files Files, level uint8, hosts [][]*column.Vector) Info {
	w, err := NewWriter(context.Background(), files, Options{Table: 1, Segment: 1, Schema: walkSchema(false), Level: level})
	if err != nil {
		b.Fatal(err)
	}
	for i, columns := range hosts {
		if err := w.AppendRun(key.AppendBytes(nil, fmt.Appendf(nil, "host_%03d", i)), columns, walkRows); err != nil {
			b.Fatal(err)
		}
	}
	info, err := w.Finish()
	if err != nil {
		b.Fatal(err)
	}
	return info
}

func makeWalks() (hosts [][]*column.Vector, total int64) {
	r := rand.New(rand.NewPCG(1, 2))
	for range walkHosts {
		h, t := walks(r)
		hosts = append(hosts, h)
		total += t
	}
	return hosts, total
}

func BenchmarkWrite(b *testing.B) {
	hosts, _ := makeWalks()
	for level := range uint8(2) {
		b.Run(fmt.Sprintf("level=%d", level), func(b *testing.B) {
			var info Info
			for range b.N {
				info = writeWalks(b, NewLocalFiles(vfs.OS(), b.TempDir()), level, hosts)
			}
			rows := float64(walkHosts * walkRows)
			if info.Rows != walkHosts*walkRows {
				b.Fatal(info)
			}
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(info.DataBytes+info.SidecarBytes)/(rows*walkFields), "bytes/value")
		})
	}
}

func openWalks(b *testing.B, level uint8) (*Reader, int64) {
	return openWalksWith(b, level, ReadOptions{})
}

func openWalksWith(b testing.TB, level uint8, o ReadOptions) (*Reader, int64) {
	hosts, total := makeWalks()
	files := NewLocalFiles(vfs.OS(), b.TempDir())
	info := writeWalks(b, files, level, hosts)
	r, err := Open(context.Background(), files, info.Ref(1, 1), o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = r.Close() })
	if timed, ok := b.(*testing.B); ok {
		timed.ResetTimer()
	}
	return r, total
}

func sumScan(b testing.TB, r *Reader, req *scan.Request) (rows, total int64) {
	return sumView(b, r, req, View{})
}

func sumView(b testing.TB, r *Reader, req *scan.Request, view View) (rows, total int64) {
	ctx := context.Background()
	morsels, _, err := r.Morsels(ctx, req, view, 1<<17)
	if err != nil {
		b.Fatal(err)
	}
	for _, m := range morsels {
		rd, err := m.Open(ctx, nil)
		if err != nil {
			b.Fatal(err)
		}
		for {
			batch, err := rd.Next(ctx)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			rows += int64(batch.Rows())
			for lo, hi := batch.Living.Next(0, batch.Len); lo < hi; lo, hi = batch.Living.Next(hi, batch.Len) {
				for _, v := range batch.Columns {
					total += sumRows(v, lo, hi)
				}
			}
		}
		if err := rd.Close(); err != nil {
			b.Fatal(err)
		}
	}
	return rows, total
}

func sumRows(v *column.Vector, lo, hi int) (total int64) {
	switch v.Enc {
	case column.Flat:
		for _, x := range v.Ints[lo:hi] {
			total += x
		}
	case column.Narrow:
		for _, x := range v.Data[lo:hi] {
			total += int64(x)
		}
		total += v.Base * int64(hi-lo)
	default:
		f := column.Flatten(v.Slice(lo, hi))
		return sumRows(f, 0, f.Len)
	}
	return total
}

func BenchmarkFullScan(b *testing.B) {
	for level := range uint8(2) {
		b.Run(fmt.Sprintf("level=%d", level), func(b *testing.B) {
			r, want := openWalks(b, level)
			req := &scan.Request{Time: scan.AllTime}
			for i := range walkFields {
				req.Columns = append(req.Columns, column.ID(3+i))
			}
			for range b.N {
				if rows, total := sumScan(b, r, req); total != want || rows != walkHosts*walkRows {
					b.Fatal(rows, total, want)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(walkHosts*walkRows*walkFields), "ns/value")
		})
	}
}

// BenchmarkDeadRows sums two columns of decoded pages where some rows, scattered, are dead: as bytes and as integers, where the dead rows are taken out
// and where they are left among the others.
func BenchmarkDeadRows(b *testing.B) {
	const all = walkHosts * walkRows
	r, _ := openWalksWith(b, 1, ReadOptions{Cache: &mapCache{}})
	for _, share := range []int{0, 1, 20} {
		view, dead := View{}, 0
		if share > 0 {
			view.Deleted = roaring.New()
			rng := rand.New(rand.NewPCG(1, 2))
			for i := range uint32(all) {
				if rng.IntN(100) < share {
					view.Deleted.Add(i)
					dead++
				}
			}
		}
		_, want := sumView(b, r, &scan.Request{Columns: []column.ID{3, 4}, Time: scan.AllTime}, view)
		for _, form := range []string{"bytes", "integers"} {
			for _, left := range []bool{false, true} {
				req := &scan.Request{Columns: []column.ID{3, 4}, Time: scan.AllTime, Dead: left}
				if form == "bytes" {
					req.Narrow = []bool{true, true}
				}
				b.Run(fmt.Sprintf("%s/left in=%v/%d %%", form, left, share), func(b *testing.B) {
					sumView(b, r, req, view)
					b.ResetTimer()
					for range b.N {
						if rows, total := sumView(b, r, req, view); rows != int64(all-dead) || total != want {
							b.Fatal(rows, total, want)
						}
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/all, "ns/row")
				})
			}
		}
	}
}

func BenchmarkOneSeriesOneHour(b *testing.B) {
	r, _ := openWalks(b, 0)
	start := int64(1_700_000_000e9)
	req := &scan.Request{
		Columns: []column.ID{1, 3}, Time: scan.TimeRange{Min: start + 7200e9, Max: start + 10800e9 - 1},
		Series: []scan.SeriesFilter{{Tag: 2, Equal: [][]byte{[]byte("host_042")}}},
	}
	for range b.N {
		if rows, _ := sumScan(b, r, req); rows != 360 {
			b.Fatal(rows)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	r, _ := openWalks(b, 0)
	for range b.N {
		again, err := Open(context.Background(), r.files, r.ref, ReadOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if again.SeriesCount() != walkHosts {
			b.Fatal(again.SeriesCount())
		}
		_ = again.Close()
	}
}

// The metrics workload: series of two hours each, 16 per instance, scraped every minute.
const (
	metricSeries = 20000
	metricRows   = 120
)

func writeMetrics(b testing.TB, files Files) Info {
	schema := &column.Schema{
		Version: 1, Time: 1, Tags: []column.ID{2, 3}, Key: []column.ID{2, 3, 1}, Partition: 86400e6, LabelSets: true,
		Fields: []column.Field{
			{ID: 1, Name: "ts", Type: column.T(column.TimestampTZ), NotNull: true},
			{ID: 2, Name: "metric", Type: column.T(column.Text)},
			{ID: 3, Name: "labels", Type: column.T(column.JSON)},
			{ID: 4, Name: "value", Type: column.T(column.Float64)},
		},
	}
	w, err := NewWriter(context.Background(), files, Options{Table: 1, Segment: 1, Schema: schema})
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	times, values := make([]int64, metricRows), make([]float64, metricRows)
	columns := []*column.Vector{column.NewInts(column.T(column.TimestampTZ), times, nil), nil, nil, column.NewFloats(column.T(column.Float64), values, nil)}
	for i := range metricSeries {
		labels := fmt.Appendf(nil, `{"cluster":"eu-west-1","container":"main","endpoint":"http","instance":"10.1.%05d:9100","job":"node","namespace":"production","pod":"web-%05d","region":"eu"}`, i%1250, i%1250)
		k := key.AppendBytes(key.AppendBytes(nil, fmt.Appendf(nil, "metric_%02d", i/1250)), labels)
		offset := int64(i%1250) * 13 % 60000
		counter := float64(r.IntN(1000))
		for j := range times {
			times[j] = 1_700_000_000e6 + (int64(j)*60000+offset)*1000
			counter += float64(r.IntN(20))
			values[j] = counter
		}
		if err := w.AppendRun(k, columns, metricRows); err != nil {
			b.Fatal(err)
		}
	}
	info, err := w.Finish()
	if err != nil {
		b.Fatal(err)
	}
	return info
}

func BenchmarkMetrics(b *testing.B) {
	files := NewLocalFiles(vfs.OS(), b.TempDir())
	rows := float64(metricSeries * metricRows)
	b.Run("write", func(b *testing.B) {
		var info Info
		for range b.N {
			info = writeMetrics(b, files)
		}
		if info.Series != metricSeries {
			b.Fatal(info)
		}
		b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		b.ReportMetric(float64(info.DataBytes)/rows, "data-bytes/row")
		b.ReportMetric(float64(info.SidecarBytes)/rows, "sidecar-bytes/row")
	})
	info := writeMetrics(b, files)
	r, err := Open(context.Background(), files, info.Ref(1, 1), ReadOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	b.Run("scan", func(b *testing.B) {
		for range b.N {
			if rows, _ := sumScan(b, r, &scan.Request{Columns: []column.ID{2, 1, 4}, Labels: []string{"instance"}, Time: scan.AllTime}); rows != metricSeries*metricRows {
				b.Fatal(rows)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
	})
	b.Run("one instance", func(b *testing.B) {
		req := &scan.Request{Columns: []column.ID{2, 1, 4}, Time: scan.AllTime, Series: []scan.SeriesFilter{{Tag: 3, Label: "instance", Equal: [][]byte{[]byte("10.1.00042:9100")}}}}
		for range b.N {
			if rows, _ := sumScan(b, r, req); rows != 16*metricRows {
				b.Fatal(rows)
			}
		}
	})
}
