package aegis

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
)

// TestConcurrentMerge: writers of one field each write the same rows again and again, while the table is flushed, merged, and gets
// columns and tags. A reader sees every row once, with the newest value of each field that was acknowledged, and writes as a whole.
func TestConcurrentMerge(t *testing.T) {
	ctx := t.Context()
	db, err := Open(ctx, Options{
		Dir: "/data", FS: newDisk(), MemoryBytes: 256 << 20, CompactEvery: 2 * time.Millisecond, KeepRemoved: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	ask(t, db, `CREATE TABLE points (ts timestamptz, host text, f0 bigint, f1 bigint, f2 bigint)
		WITH (time_column = ts, tags = (host), unique_key = (host, ts), merge_fields = true)`)
	const writers, hosts, times = 3, 3, 4
	var acked [writers]atomic.Int64
	var group sync.WaitGroup
	stop := make(chan struct{})
	loop := func(what string, step func(i int) error) {
		group.Go(func() {
			for i := 1; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := step(i); err != nil {
					t.Errorf("%s: %v", what, err)
					return
				}
			}
		})
	}
	for w := range writers {
		loop("write", func(i int) error {
			var rows []string
			for n := range hosts * times {
				rows = append(rows, fmt.Sprintf("('2026-01-01 00:00:%02dZ', 'host_%d', %d)", n/hosts, n%hosts, i))
			}
			if _, err := read(ctx, db.NewSession(""), fmt.Sprintf("INSERT INTO points (ts, host, f%d) VALUES ", w)+strings.Join(rows, ", ")); err != nil {
				return err
			}
			acked[w].Store(int64(i))
			return nil
		})
	}
	for range 2 {
		loop("read", func(i int) error {
			w := i % writers
			before := acked[w].Load()
			got, err := read(ctx, db.NewSession(""), fmt.Sprintf("SELECT count(*), count(f%[1]d), min(f%[1]d), max(f%[1]d) FROM points", w))
			if err != nil || before == 0 {
				return err
			}
			if r := got[0]; r[0] != int64(hosts*times) || r[0] != r[1] || r[2] != r[3] || r[2].(int64) < before {
				return fmt.Errorf("%w: field %d: %v after %d writes", errWrong, w, r, before)
			}
			return nil
		})
	}
	loop("flush", func(int) error {
		time.Sleep(time.Millisecond)
		return db.Flush(ctx)
	})
	loop("grow", func(i int) error {
		time.Sleep(20 * time.Millisecond)
		if i > 20 {
			return nil
		}
		return addColumns(ctx, db, "points", i%2 == 0, column.Field{Name: fmt.Sprint("more_", i), Type: column.T(column.Text)})
	})
	time.Sleep(budget(2 * time.Second))
	close(stop)
	group.Wait()
	if _, failed := db.compactor.Stats(); failed > 0 {
		t.Errorf("%d merges failed", failed)
	}
	if err := db.Close(context.WithoutCancel(ctx)); err != nil {
		t.Error(err)
	}
}
