package segment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

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
	hosts, total := makeWalks()
	files := NewLocalFiles(vfs.OS(), b.TempDir())
	info := writeWalks(b, files, level, hosts)
	r, err := Open(context.Background(), files, info.Ref(1, 1), ReadOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = r.Close() })
	b.ResetTimer()
	return r, total
}

func sumScan(b *testing.B, r *Reader, req *scan.Request) (rows, total int64) {
	ctx := context.Background()
	morsels, _, err := r.Morsels(ctx, req, View{}, 1<<17)
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
			rows += int64(batch.Len)
			for _, v := range batch.Columns {
				for _, x := range v.Ints {
					total += x
				}
			}
		}
		if err := rd.Close(); err != nil {
			b.Fatal(err)
		}
	}
	return rows, total
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
