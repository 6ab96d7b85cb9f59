package head

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/meta"
)

// BenchmarkAppend appends rows of ten walks in the order of time, a row of each series after the other, as agents send them: of few series what was
// written last is in the caches, of many it is not. What it reports is CPU time: other programs do not disturb it as much.
func BenchmarkAppend(b *testing.B) {
	const fields, batchRows = 10, 5000
	for _, kind := range []column.Kind{column.Int64, column.Float64} {
		for _, series := range []int{100, 4000, 40_000} {
			b.Run(fmt.Sprintf("%s/series=%d", column.T(kind), series), func(b *testing.B) {
				table := benchTable(kind, fields)
				batches := max(160_000/series, 4) * series / batchRows
				var h *Head
				values, spent := 0, int64(0)
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				rng := rand.New(rand.NewPCG(1, 2))
				last := make([]int64, series*fields)
				for n := 0; b.Loop(); n++ {
					b.StopTimer()
					if n%batches == 0 {
						h = newHead(0)
					}
					batch := benchBatch(b, h, table, rng, last, n%batches*batchRows, batchRows)
					b.StartTimer()
					before := threadNanos(b)
					h.Append(meta.Seq(n%batches+1), []Batch{batch}, nil)
					spent += threadNanos(b) - before
					values += batchRows * fields
				}
				b.ReportMetric(float64(spent)/float64(values), "cpu-ns/value")
			})
		}
	}
}

func threadNanos(b *testing.B) int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return t.Nano()
}

func benchTable(kind column.Kind, fields int) *meta.Table {
	t := &meta.Table{ID: 9, Database: 1, Name: "cpu", Columns: column.Schema{
		Version: 1, Fields: []column.Field{{ID: 1, Name: "host", Type: column.T(column.Text)}, {ID: 2, Name: "time", Type: column.T(column.TimestampNS), NotNull: true}},
		Tags: []column.ID{1}, Key: []column.ID{1}, Time: 2, Partition: 24 * 3600 * 1e9,
	}}
	for i := range fields {
		t.Columns.Fields = append(t.Columns.Fields, column.Field{ID: column.ID(3 + i), Name: fmt.Sprint("f", i), Type: column.T(kind)})
	}
	return t
}

func benchBatch(b *testing.B, h *Head, table *meta.Table, rng *rand.Rand, last []int64, first, rows int) Batch {
	fields := len(table.Columns.Fields) - 2
	series := len(last) / fields
	batch := Batch{Table: table, Rows: rows, Dict: h.Dict(table.ID), Columns: make([]Column, fields+1)}
	times := make([]int64, rows)
	columns := make([]*column.Builder, fields)
	for k := range columns {
		columns[k] = column.NewBuilder(table.Columns.Fields[2+k].Type, rows)
	}
	for i := range rows {
		at := (first + i) % series
		ref, err := batch.Dict.Intern(key.AppendBytes(nil, fmt.Append(nil, "host_", at)), 0)
		if err != nil {
			b.Fatal(err)
		}
		batch.Refs = append(batch.Refs, ref)
		times[i] = int64((first+i)/series) * 10e9
		for k, c := range columns {
			v := &last[at*fields+k]
			*v = min(max(*v+int64(rng.NormFloat64()), 0), 100)
			if c.Type().Kind == column.Int64 {
				c.AppendInt(*v)
			} else {
				c.AppendFloat(float64(*v))
			}
		}
	}
	batch.Columns[0] = Column{table.Columns.Fields[1], column.NewInts(table.Columns.Fields[1].Type, times, nil)}
	for k, c := range columns {
		batch.Columns[1+k] = Column{table.Columns.Fields[2+k], c.Finish()}
	}
	return batch
}
