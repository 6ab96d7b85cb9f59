package aegis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// placedRow is a row and where it lies.
type placedRow struct {
	cells      modelRow
	place, row int64
}

// placedRows reads a table with the addresses of its rows, as a snapshot sees it.
func placedRows(ctx context.Context, db *DB, snap *Snapshot, t *meta.Table) ([]placedRow, error) {
	req := &scan.Request{Time: scan.AllTime, Addresses: true}
	for _, f := range t.Columns.Fields {
		req.Columns = append(req.Columns, f.ID)
	}
	morsels, _, err := (&tableSource{snapshot: snap, table: t}).Morsels(ctx, req)
	if err != nil {
		return nil, err
	}
	pool := mem.NewPool("test", 0, db.pool)
	defer pool.Close()
	var out []placedRow
	for _, m := range morsels {
		r, err := m.Open(ctx, pool)
		if err != nil {
			return nil, err
		}
		for {
			b, err := r.Next(ctx)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, errors.Join(err, r.Close())
			}
			n := len(t.Columns.Fields)
			for i := range b.Len {
				p := placedRow{make(modelRow, n), b.Columns[n].Int(i), b.Columns[n+1].Int(i)}
				for k := range n {
					p.cells[k] = cellOf(b.Columns[k], i)
				}
				out = append(out, p)
			}
		}
		if err := r.Close(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// end takes rows out of a model.
func (m *model) end(rows []modelRow) error {
	gone := map[string]int{}
	for _, r := range rows {
		gone[r.text()]++
	}
	left := make([]modelRow, 0, len(m.rows))
	for _, r := range m.rows {
		if gone[r.text()] > 0 {
			gone[r.text()]--
			continue
		}
		left = append(left, r)
	}
	if len(left)+len(rows) != len(m.rows) {
		return fmt.Errorf("%w: %d of %d rows that end are there", errWrong, len(m.rows)-len(left), len(rows))
	}
	m.rows = left
	if len(m.schema.Key) > 0 {
		m.keyed = map[string]int{}
		for i, r := range left {
			m.keyed[m.key(r)] = i
		}
	}
	return nil
}

// endEvery ends every n-th row of a table from the first-th on, and writes rows in the same commit. It gives the rows that ended.
func endEvery(ctx context.Context, db *DB, name string, first, n int, rows []modelRow) ([]modelRow, error) {
	snap, err := db.Snapshot("")
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	t := snap.catalog.TableByID(findTable(db, name).ID)
	placed, err := placedRows(ctx, db, snap, t)
	if err != nil {
		return nil, err
	}
	set := &scan.RowSet{}
	var gone []modelRow
	for i := first; i < len(placed); i += n {
		set.Add(placed[i].place, placed[i].row)
		gone = append(gone, placed[i].cells)
	}
	tx := &meta.Transaction{Deletes: []meta.Deletes{{Table: t, Rows: set}}}
	if len(rows) > 0 {
		tx.Rows = []meta.Rows{vectors(t, rows)}
	}
	_, err = db.shard.Commit(ctx, tx, meta.AckWAL)
	return gone, err
}

// change ends some rows of a table and writes others.
func (w *world) change(t *rapid.T, name string) {
	var rows []modelRow
	if rapid.Bool().Draw(t, "update") {
		rows = drawRows(t, w.table(name))
	}
	n := rapid.SampledFrom([]int{1, 2, 5, 50}).Draw(t, "every")
	gone, err := endEvery(context.Background(), w.db, name, rapid.IntRange(0, 3).Draw(t, "first"), n, rows)
	if err == nil {
		err = w.models[name].end(gone)
	}
	if err != nil {
		t.Fatalf("change %s: %v", name, err)
	}
	w.models[name].write(rows)
}

// truncate empties a table.
func (w *world) truncate(t *rapid.T, name string) {
	id := w.table(name).ID
	err := w.db.shard.Truncating(context.Background(), func(ctx context.Context, from meta.Seq) error {
		_, err := w.db.catalog.Propose(ctx, meta.Command{Truncate: &meta.Truncate{Table: id, From: from}})
		return err
	})
	if err != nil {
		t.Fatalf("truncate %s: %v", name, err)
	}
	w.adopt(name)
}

// TestTransfers: transactions move amounts between rows by ending two and writing two, while the table is flushed, merged and published. Every
// snapshot has all rows once and the sum that there always was; a transaction whose rows others have changed fails, and loses nothing.
func TestTransfers(t *testing.T) {
	for kind, options := range map[string]string{
		"plain": "", "tagged": "WITH (tags = (g))", "ordered": "WITH (time_column = ts, tags = (g), partition_interval = '1 minute')",
	} {
		t.Run(kind, func(t *testing.T) { transfers(t, options) })
	}
}

func transfers(t *testing.T, options string) {
	ctx := t.Context()
	const accounts, amount = 60, 1000
	db, err := Open(ctx, Options{
		Dir: "/data", FS: newDisk(), MemoryBytes: 256 << 20, CompactEvery: 5 * time.Millisecond, KeepRemoved: time.Millisecond, FlushAge: 40 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	ask(t, db, "CREATE TABLE accounts (id bigint NOT NULL, g text, ts timestamptz NOT NULL, n bigint) "+options)
	ask(t, db, fmt.Sprintf("INSERT INTO accounts SELECT i, (i %% 3)::text, timestamptz '2026-01-01' + i * interval '10 seconds', %d FROM generate_series(1, %d) AS i", amount, accounts))
	table := findTable(db, "accounts")
	read := func() ([]placedRow, *Snapshot, error) {
		snap, err := db.Snapshot("")
		if err != nil {
			return nil, nil, err
		}
		rows, err := placedRows(ctx, db, snap, table)
		if err != nil {
			return nil, snap, err
		}
		seen, sum := map[int64]bool{}, int64(0)
		for _, r := range rows {
			if seen[r.cells[0].(int64)] {
				return nil, snap, fmt.Errorf("%w: account %v is there twice", errWrong, r.cells[0])
			}
			seen[r.cells[0].(int64)] = true
			sum += r.cells[3].(int64)
		}
		if len(rows) != accounts || sum != accounts*amount {
			return nil, snap, fmt.Errorf("%w: %d accounts with %d in all", errWrong, len(rows), sum)
		}
		return rows, snap, nil
	}
	var done, conflicts atomic.Int64
	var group sync.WaitGroup
	stop := make(chan struct{})
	seed, loops := course(t), uint64(0)
	loop := func(what string, step func(rng *rand.Rand) error) {
		loops++
		rng := rand.New(rand.NewPCG(seed, loops))
		group.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := step(rng); err != nil {
					t.Errorf("%s: %v", what, err)
					return
				}
			}
		})
	}
	for range 3 {
		loop("transfer", func(rng *rand.Rand) error {
			rows, snap, err := read()
			if snap != nil {
				defer snap.Close()
			}
			if err != nil {
				return err
			}
			a := rng.IntN(len(rows))
			b := (a + 1 + rng.IntN(len(rows)-1)) % len(rows)
			set := &scan.RowSet{}
			var next []modelRow
			for _, r := range []placedRow{rows[a], rows[b]} {
				set.Add(r.place, r.row)
				next = append(next, append(modelRow(nil), r.cells...))
			}
			n := int64(rng.IntN(10))
			next[0][3], next[1][3] = next[0][3].(int64)-n, next[1][3].(int64)+n
			_, err = db.shard.Commit(ctx, &meta.Transaction{Rows: []meta.Rows{vectors(table, next)}, Deletes: []meta.Deletes{{Table: table, Rows: set}}}, meta.Ack(rng.IntN(3)))
			if column.ClassOf(err) == column.Conflict {
				conflicts.Add(1)
				return nil
			}
			done.Add(1)
			return err
		})
	}
	loop("read", func(*rand.Rand) error {
		_, snap, err := read()
		if snap != nil {
			snap.Close()
		}
		return err
	})
	loop("flush", func(rng *rand.Rand) error {
		time.Sleep(time.Duration(rng.IntN(20)) * time.Millisecond)
		if rng.IntN(2) == 0 {
			return db.shard.PublishDeletes(ctx)
		}
		return db.Flush(ctx)
	})
	time.Sleep(budget(2 * time.Second))
	close(stop)
	group.Wait()
	if done.Load() < 20 {
		t.Errorf("only %d transfers", done.Load())
	}
	merges, _ := db.compactor.Stats()
	t.Logf("%d transfers, %d conflicts, %d merges", done.Load(), conflicts.Load(), merges)
	if err := db.Close(ctx); err != nil {
		t.Fatal(err)
	}
}
