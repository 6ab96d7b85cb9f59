package ingest

import (
	"context"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// transaction is a transaction under way: what it reads, and what it should read.
type transaction struct {
	w    *world // its own model
	base snapshot
	own  *Own
}

// over lays what the transaction has done over its snapshot.
func (tx *transaction) over(t *rapid.T) snapshot {
	s := tx.base
	var err error
	if s.head, err = tx.own.Over(context.Background(), s.head, s.meta); err != nil {
		t.Fatalf("lay over: %v", err)
	}
	s.rows, s.want = map[string]modelRows{}, map[string][]string{}
	for name, table := range tx.w.tables {
		s.rows[name] = tx.w.rows[name].clone()
		s.want[name] = tx.w.rows[name].list(&s.meta.TableByID(table.ID).Columns)
	}
	return s
}

// step inserts, ends, or does both to some rows of a table.
func (tx *transaction) step(t *rapid.T) {
	name := rapid.SampledFrom(shapeNames()).Draw(t, "table")
	table := tx.w.tables[name]
	rows, err := tx.w.addresses(tx.over(t), tx.base.meta.TableByID(table.ID))
	if err != nil {
		t.Fatalf("read addresses of %s: %v", name, err)
	}
	m := tx.w.rows[name]
	set := &scan.RowSet{}
	every := rapid.SampledFrom([]int{1, 2, 7, 1000}).Draw(t, "every")
	for i := rapid.IntRange(0, 2).Draw(t, "first"); i < len(rows); i += every {
		set.Add(rows[i].place, rows[i].row)
		if err := m.end(&table.Columns, rows[i].cells); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	tx.w.rows[name] = m
	if err := tx.own.Delete(table, set); err != nil {
		t.Fatalf("delete: %v", err)
	}
	if rapid.Bool().Draw(t, "insert") {
		b := drawRows(t, table)
		if err := tx.own.Insert(context.Background(), b); err != nil {
			t.Fatalf("insert: %v", err)
		}
		tx.w.apply([]meta.Rows{b})
	}
}

func (w *world) cloneRows() map[string]modelRows {
	out := map[string]modelRows{}
	for name, m := range w.rows {
		out[name] = m.clone()
	}
	return out
}

// TestOwnModel: a transaction sees what is committed with what it has done itself, statement by statement, back and forth between
// savepoints; statements that run on do not see what later ones do; and after the commit everybody sees it.
func TestOwnModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, newDisk(), shapeNames()...)
		w.open(t)
		defer func() { w.abort(t) }()
		pool := mem.NewPool("transactions", 0, nil)
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				b := []meta.Rows{drawRows(t, w.tables[rapid.SampledFrom(shapeNames()).Draw(t, "table")])}
				if _, err := w.shard.Write(context.Background(), b, meta.AckWAL); err != nil {
					t.Fatalf("write: %v", err)
				}
				w.apply(b)
			},
			"flush": func(t *rapid.T) {
				if err := w.shard.Flush(context.Background()); err != nil {
					t.Fatalf("flush: %v", err)
				}
			},
			"publish": func(t *rapid.T) {
				if err := w.shard.PublishDeletes(context.Background()); err != nil {
					t.Fatalf("publish: %v", err)
				}
			},
			"transaction": func(t *rapid.T) {
				mine := *w
				mine.rows = w.cloneRows()
				tx := &transaction{w: &mine, base: w.snapshot(), own: w.shard.NewOwn(pool)}
				w.catalog.Oldest = tx.base.meta.Version
				defer func() {
					w.catalog.Oldest = 0
					tx.own.Close()
					if pool.Used() != 0 {
						t.Fatalf("%d bytes are still reserved", pool.Used())
					}
				}()
				var running []snapshot
				var marks []OwnMark
				var models []map[string]modelRows
				for range rapid.IntRange(1, 8).Draw(t, "steps") {
					switch rapid.IntRange(0, 7).Draw(t, "step") {
					case 0:
						marks, models = append(marks, tx.own.Mark()), append(models, mine.cloneRows())
					case 1:
						if n := len(marks); n > 0 {
							at := rapid.IntRange(0, n-1).Draw(t, "mark")
							tx.own.Rewind(marks[at])
							mine.rows = models[at]
							marks, models = marks[:at], models[:at]
						}
					case 2:
						w.flushUnder(t)
					case 3: // as READ COMMITTED does for each statement
						tx.base = w.snapshot()
					default:
						running = append(running, tx.over(t))
						tx.step(t)
					}
				}
				for _, s := range append(running, tx.over(t)) {
					w.check(t, s)
					w.ask(t, s, rapid.SampledFrom(shapeNames()).Draw(t, "asked"))
				}
				w.check(t, w.snapshot())
				if rapid.IntRange(0, 3).Draw(t, "roll back") > 0 {
					w.commitOwn(t, tx)
				}
			},
		})
		w.check(t, w.snapshot())
	})
}

func (w *world) commitOwn(t *rapid.T, tx *transaction) {
	c, err := tx.own.Transaction()
	if err != nil {
		t.Fatalf("transaction: %v", err)
	}
	if (len(c.Rows)+len(c.Deletes) == 0) != tx.own.Empty() && tx.own.Empty() {
		t.Fatal("it is empty, and there is something to commit")
	}
	if rapid.Bool().Draw(t, "flush before") {
		w.flushUnder(t)
	}
	if _, err := w.shard.Commit(context.Background(), c, meta.AckWAL); err != nil {
		t.Fatalf("commit: %v", err)
	}
	w.rows = tx.w.rows
}

// flushUnder flushes while a transaction is under way, perhaps after a flush whose outcome is not known.
func (w *world) flushUnder(t *rapid.T) {
	if rapid.IntRange(0, 3).Draw(t, "lost") == 0 {
		late := rapid.Bool().Draw(t, "late")
		w.catalog.Fail = func(c meta.Command) (error, bool) {
			if c.Commit != nil {
				return errLost, late
			}
			return nil, false
		}
		_ = w.shard.Flush(context.Background())
		w.catalog.Fail = nil
	}
	if err := w.shard.Flush(context.Background()); err != nil {
		t.Fatalf("flush: %v", err)
	}
}

// TestOwnMemory: what a transaction holds is reserved, refused past the limit, and goes with what is undone.
func TestOwnMemory(t *testing.T) {
	w := newWorld(t, newDisk(), "tagged")
	w.open(t)
	defer func() { w.abort(t) }()
	pool := mem.NewPool("a transaction", 256<<10, nil)
	own := w.shard.NewOwn(pool)
	mark := own.Mark()
	inserted := 0
	for ; ; inserted++ {
		if err := own.Insert(context.Background(), numbered(w.tables["tagged"], 100*inserted, 100)); err != nil {
			if column.ClassOf(err) != column.Limit {
				t.Fatal(err)
			}
			break
		}
	}
	if inserted < 3 || pool.Used() == 0 {
		t.Fatalf("%d batches in %d bytes", inserted, pool.Used())
	}
	tx, err := own.Transaction()
	if err != nil || len(tx.Rows) != 1 || tx.Rows[0].Len != 100*inserted {
		t.Fatalf("%v, %v", fmt.Sprint(len(tx.Rows)), err)
	}
	full := pool.Used()
	own.Rewind(mark)
	if !own.Empty() || pool.Used() > full/10 {
		t.Errorf("%d of %d bytes are left of nothing", pool.Used(), full)
	}
	if err := own.Insert(context.Background(), numbered(w.tables["tagged"], 0, 100)); err != nil {
		t.Errorf("after going back: %v", err)
	}
	own.Close()
	if pool.Used() != 0 {
		t.Errorf("%d bytes are still reserved", pool.Used())
	}
}
