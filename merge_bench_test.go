package aegis

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
)

// pointRows makes rows of 500 hosts at some times, each with some of the ten fields.
func pointRows(t *meta.Table, from, n, fields int) meta.Rows {
	const hosts = 500
	out := meta.Rows{Table: t, Len: hosts * n}
	names, times, values := column.NewBuilder(column.T(column.Text), 0), make([]int64, 0, out.Len), make([]int64, 0, out.Len)
	for h := range hosts {
		for i := range n {
			names.AppendString(fmt.Sprint("host_", h))
			times = append(times, base+int64(from+i)*10e6)
			values = append(values, int64(h*i%97))
		}
	}
	for i, f := range t.Columns.Fields {
		switch {
		case f.ID == t.Columns.Time:
			out.Columns = append(out.Columns, column.NewInts(f.Type, times, nil))
		case t.Columns.IsTag(f.ID):
			out.Columns = append(out.Columns, names.Finish())
		case i-2 < fields:
			out.Columns = append(out.Columns, column.NewInts(f.Type, values, nil))
		default:
			out.Columns = append(out.Columns, column.NewNull(f.Type, out.Len))
		}
	}
	return out
}

// BenchmarkMergeFields reads and then flushes 5,000 rows in the head, over 100,000 that are stored: what it costs that rows merge.
func BenchmarkMergeFields(b *testing.B) {
	for _, c := range []struct {
		name         string
		options      string
		from, fields int
	}{
		{"replace/new times/all fields", "", 200, 10},
		{"merge/new times/all fields", ", merge_fields = true", 200, 10},
		{"replace/new times/two fields", "", 200, 2},
		{"merge/new times/two fields", ", merge_fields = true", 200, 2},
		{"replace/old times/two fields", "", 100, 2},
		{"merge/old times/two fields", ", merge_fields = true", 100, 2},
	} {
		b.Run(c.name, func(b *testing.B) {
			ctx := context.Background()
			var scan, flush time.Duration
			for range b.N {
				b.StopTimer()
				db, err := Open(ctx, memOptions(Options{FS: newDisk()}))
				if err != nil {
					b.Fatal(err)
				}
				ask(b, db, `CREATE TABLE cpu (ts timestamptz, host text, f0 bigint, f1 bigint, f2 bigint, f3 bigint, f4 bigint, f5 bigint, f6 bigint, f7 bigint, f8 bigint, f9 bigint)
					WITH (time_column = ts, tags = (host), unique_key = (host, ts)`+c.options+`)`)
				table := findTable(db, "cpu")
				for _, rows := range []meta.Rows{pointRows(table, 0, 200, 10), pointRows(table, c.from, 10, c.fields)} {
					if err := db.Flush(ctx); err != nil {
						b.Fatal(err)
					}
					if _, err := db.shard.Write(ctx, []meta.Rows{rows}, meta.AckNone); err != nil {
						b.Fatal(err)
					}
				}
				b.StartTimer()
				began := time.Now()
				ask(b, db, "SELECT count(*), sum(f0), sum(f5), sum(f9) FROM cpu")
				scan += time.Since(began)
				began = time.Now()
				if err := db.Flush(ctx); err != nil {
					b.Fatal(err)
				}
				flush += time.Since(began)
				b.StopTimer()
				if err := db.Close(ctx); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(scan.Microseconds())/float64(b.N)/1000, "scan-ms")
			b.ReportMetric(float64(flush.Microseconds())/float64(b.N)/1000, "flush-ms")
		})
	}
}
