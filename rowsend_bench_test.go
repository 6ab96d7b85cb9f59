package aegis

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// BenchmarkRowsEnd ends rows of a table of four million: commits of 1 % of them by address, in segments and in the head, the publish after it, commits of one row, and
// scans of two columns with none, 1 % and 20 % of the rows dead, pending and published.
func BenchmarkRowsEnd(b *testing.B) {
	const rows, batch = 4_000_000, 200_000
	ctx := context.Background()
	db, err := Open(ctx, Options{Dir: b.TempDir(), CompactEvery: -1, MemoryBytes: 4 << 30, HeadBytes: 2 << 30, FlushAge: 10 * time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close(ctx) })
	if _, err := read(ctx, db.NewSession(""), "CREATE TABLE events (ts timestamptz NOT NULL, host text, v double precision, n bigint) WITH (time_column = ts, tags = (host))"); err != nil {
		b.Fatal(err)
	}
	table := findTable(db, "events")
	fill := func(from int) {
		for lo := 0; lo < rows; lo += batch {
			cols := make([]*column.Builder, 4)
			for i, f := range table.Columns.Fields {
				cols[i] = column.NewBuilder(f.Type, batch)
			}
			for i := lo; i < lo+batch; i++ {
				cols[0].AppendInt(base + int64(from+i/100)*1_000_000)
				cols[1].AppendString([]string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}[i%10])
				cols[2].AppendFloat(float64(i % 1000))
				cols[3].AppendInt(int64(i))
			}
			r := meta.Rows{Table: table, Len: batch}
			for _, c := range cols {
				r.Columns = append(r.Columns, c.Finish())
			}
			if _, err := db.shard.Write(ctx, []meta.Rows{r}, meta.AckNone); err != nil {
				b.Fatal(err)
			}
		}
	}
	scanAll := func(addresses bool, each func(*scan.Batch)) int {
		snap, err := db.Snapshot("")
		if err != nil {
			b.Fatal(err)
		}
		defer snap.Close()
		pool := mem.NewPool("bench", 0, db.pool)
		defer pool.Close()
		req := &scan.Request{Time: scan.AllTime, Columns: []column.ID{3, 4}, Addresses: addresses}
		morsels, _, err := (&tableSource{snapshot: snap, table: table}).Morsels(ctx, req)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for _, m := range morsels {
			r, err := m.Open(ctx, pool)
			if err != nil {
				b.Fatal(err)
			}
			for {
				batch, err := r.Next(ctx)
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					b.Fatal(err)
				}
				n += batch.Len
				if each != nil {
					each(batch)
				}
			}
			_ = r.Close()
		}
		return n
	}
	scans := func(name string) {
		b.Run("scan/"+name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				n = scanAll(false, nil)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
			b.ReportMetric(float64(n), "rows")
		})
	}
	pick := func(every int64) *scan.RowSet {
		set := &scan.RowSet{}
		scanAll(true, func(batch *scan.Batch) {
			for i := range batch.Len {
				if batch.Columns[1].Int(i)%every == 0 {
					set.Add(batch.Columns[2].Int(i), batch.Columns[3].Int(i))
				}
			}
		})
		return set
	}
	end := func(what string, set *scan.RowSet) {
		began := time.Now()
		if _, err := db.shard.Commit(ctx, &meta.Transaction{Deletes: []meta.Deletes{{Table: table, Rows: set}}}, meta.AckWAL); err != nil {
			b.Fatal(err)
		}
		b.Logf("%s: %d rows end in %v", what, set.Len(), time.Since(began))
	}
	publish := func() {
		began := time.Now()
		if err := db.shard.PublishDeletes(ctx); err != nil {
			b.Fatal(err)
		}
		b.Logf("publish: %v", time.Since(began))
	}
	fill(0)
	scans("head")
	end("head", pick(100))
	scans("head, 1 % dead")
	if err := db.Flush(ctx); err != nil {
		b.Fatal(err)
	}
	scans("segments")
	set := pick(99)
	end("segments", set)
	scans("segments, 1 % pending")
	publish()
	scans("segments, 1 % dead")
	end("segments", pick(5))
	scans("segments, 20 % pending")
	publish()
	scans("segments, 20 % dead")
	b.Run("commit of one row", func(b *testing.B) {
		place, row := int64(0), int64(0)
		scanAll(true, func(batch *scan.Batch) {
			if place == 0 {
				place = batch.Columns[2].Int(0)
			}
		})
		alive := map[int64]bool{}
		scanAll(true, func(batch *scan.Batch) {
			for i := range batch.Len {
				if batch.Columns[2].Int(i) == place {
					alive[batch.Columns[3].Int(i)] = true
				}
			}
		})
		for b.Loop() {
			for !alive[row] {
				row++
			}
			set := &scan.RowSet{}
			set.Add(place, row)
			row++
			if _, err := db.shard.Commit(ctx, &meta.Transaction{Deletes: []meta.Deletes{{Table: table, Rows: set}}}, meta.AckNone); err != nil {
				b.Fatal(err)
			}
		}
	})
}
