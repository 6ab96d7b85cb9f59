package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// change is what a transaction does, and what that means to the model.
type change struct {
	meta.Transaction
	gone map[string][]modelRow // rows of before that end, by table
	own  map[string][]modelRow // own rows that end
}

func (c *change) end(table *meta.Table, place, row int64) {
	at := slices.IndexFunc(c.Deletes, func(d meta.Deletes) bool { return d.Table.ID == table.ID })
	if at < 0 {
		at = len(c.Deletes)
		c.Deletes = append(c.Deletes, meta.Deletes{Table: table, Rows: &scan.RowSet{}})
	}
	c.Deletes[at].Rows.Add(place, row)
}

// end takes a row out of the model.
func (m *modelRows) end(s *column.Schema, r modelRow) error {
	if len(s.Key) > 0 {
		if m.byKey[r.key(s)] == nil {
			return fmt.Errorf("%v is not there", r)
		}
		delete(m.byKey, r.key(s))
		return nil
	}
	at := slices.IndexFunc(m.all, func(o modelRow) bool { return maps.Equal(o, r) })
	if at < 0 {
		return fmt.Errorf("%v is not there", r)
	}
	m.all = slices.Delete(slices.Clone(m.all), at, at+1)
	return nil
}

func (w *world) applyChange(c *change) error {
	end := func(rows map[string][]modelRow) error {
		for name, list := range rows {
			m := w.rows[name]
			for _, r := range list {
				if err := m.end(&w.tables[name].Columns, r); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
			w.rows[name] = m
		}
		return nil
	}
	if err := end(c.gone); err != nil {
		return err
	}
	w.apply(c.Rows)
	return end(c.own)
}

// addressed is a row and where it lies.
type addressed struct {
	cells      modelRow
	place, row int64
}

// addresses reads all rows of a table with their addresses.
func (w *world) addresses(s snapshot, table *meta.Table) ([]addressed, error) {
	morsels, closing, err := w.morsels(s, table, &scan.Request{Columns: allColumns(table), Time: scan.AllTime, Addresses: true})
	defer closing()
	if err != nil {
		return nil, err
	}
	var out []addressed
	for _, m := range morsels {
		r, err := m.Open(context.Background(), mem.NewPool("test", 0, nil))
		if err != nil {
			return nil, err
		}
		for {
			b, err := r.Next(context.Background())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, err
			}
			n := len(table.Columns.Fields)
			for i := range b.Len {
				a := addressed{modelRow{}, b.Columns[n].Int(i), b.Columns[n+1].Int(i)}
				for k, f := range table.Columns.Fields {
					if !b.Columns[k].IsNull(i) {
						a.cells[f.ID] = cellText(b.Columns[k], i)
					}
				}
				out = append(out, a)
			}
		}
		if err := r.Close(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// drawChange makes a transaction that ends some rows of a snapshot and writes others, of which some end with it.
func (w *world) drawChange(t *rapid.T, s snapshot, newest bool) *change {
	c := &change{gone: map[string][]modelRow{}, own: map[string][]modelRow{}}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(shapeNames()), 1, 2, rapid.ID).Draw(t, "tables") {
		table := w.tables[name]
		if len(table.Columns.Key) > 0 && !newest {
			continue // what was read may have been replaced since, which nobody refuses
		}
		rows, err := w.addresses(s, s.meta.TableByID(table.ID))
		if err != nil {
			t.Fatalf("read addresses of %s: %v", name, err)
		}
		every := rapid.SampledFrom([]int{1, 2, 5, 30}).Draw(t, "every")
		for i, r := range rows {
			if i%every == 0 {
				c.end(table, r.place, r.row)
				c.gone[name] = append(c.gone[name], r.cells)
			}
		}
		if rapid.Bool().Draw(t, "update") {
			c.Rows = append(c.Rows, drawRows(t, table))
		}
		if rapid.IntRange(0, 3).Draw(t, "own") > 0 || len(c.Rows) == 0 || c.Rows[len(c.Rows)-1].Table != table {
			continue
		}
		c.endOwn(&c.Rows[len(c.Rows)-1], name)
	}
	return c
}

// endOwn ends every second row of a batch, of those that no later one of the batch replaces.
func (c *change) endOwn(b *meta.Rows, name string) {
	schema := &b.Table.Columns
	last := map[string]int{}
	cells := make([]modelRow, b.Len)
	for i := range b.Len {
		cells[i] = modelRow{}
		for k, f := range schema.Fields {
			if !b.Columns[k].IsNull(i) {
				cells[i][f.ID] = cellText(b.Columns[k], i)
			}
		}
		key := fmt.Sprint(i)
		if len(schema.Key) > 0 {
			key = cells[i].key(schema)
		}
		last[key] = i
	}
	for _, i := range slices.Sorted(maps.Values(last)) {
		if i%2 == 0 {
			c.end(b.Table, scan.OwnRows, int64(i))
			c.own[name] = append(c.own[name], cells[i])
		}
	}
}

// commitChange commits a transaction. One whose rows were read a moment ago succeeds; another may meet a conflict.
func (w *world) commitChange(t *rapid.T, c *change, newest bool) {
	moving := w.catalog.Delayed() // a flush that nobody knows of yet
	_, err := w.shard.Commit(context.Background(), &c.Transaction, meta.Ack(rapid.IntRange(0, 2).Draw(t, "ack")))
	var sql *column.Error
	if (!newest || moving) && errors.As(err, &sql) && sql.SQLState == "40001" {
		return
	}
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
	if err := w.applyChange(c); err != nil {
		t.Fatalf("a commit ended a row that had ended: %v", err)
	}
}

// TestConflict: of two transactions that end one row the second fails, wherever the row is; so does one that comes after the row has moved.
func TestConflict(t *testing.T) {
	w := newWorld(t, newDisk(), "tagged", "tagged_unique")
	w.open(t)
	defer func() { w.abort(t) }()
	table := w.tables["tagged"]
	first := func() *meta.Transaction {
		t.Helper()
		rows, err := w.addresses(w.snapshot(), table)
		if err != nil {
			t.Fatal(err)
		}
		set := &scan.RowSet{}
		set.Add(rows[0].place, rows[0].row)
		return &meta.Transaction{Deletes: []meta.Deletes{{Table: table, Rows: set}}}
	}
	conflict := func(what string, d *meta.Transaction) {
		t.Helper()
		before := w.shard.Stats().Seq
		_, err := w.shard.Commit(ctx, d, meta.AckWAL)
		var sql *column.Error
		if !errors.As(err, &sql) || sql.SQLState != "40001" || column.ClassOf(err) != column.Conflict {
			t.Errorf("%s: %v", what, err)
		}
		if w.shard.Stats().Seq != before {
			t.Errorf("%s: something was written", what)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	w.write(t, numbered(table, 0, 10))
	d := first()
	_, err := w.shard.Commit(ctx, d, meta.AckWAL)
	must(err)
	conflict("a row of the head, twice", d)
	moved := first()
	must(w.shard.Flush(ctx))
	conflict("a row of the head that was flushed", moved)
	d = first()
	again := *d
	_, err = w.shard.Commit(ctx, d, meta.AckWAL)
	must(err)
	conflict("a row of a segment, twice", &again)
	must(w.shard.PublishDeletes(ctx))
	conflict("a row of a segment whose death is published", &again)
	if rows := w.shard.Stats().PendingDeletes; rows != 0 {
		t.Errorf("%d rows are pending", rows)
	}
	if s := w.catalog.Snapshot(); s.Manifest(table.ID).LiveRows() != 8 || s.DeletedSeq(1) != 3 || s.FlushedSeq(1) != 2 {
		t.Errorf("%d live rows, marks %+v", s.Manifest(table.ID).LiveRows(), s.Shard(1))
	}
}

// truncate empties a table.
func (w *world) truncate(t *rapid.T) {
	name := rapid.SampledFrom(shapeNames()).Draw(t, "truncated")
	id := w.tables[name].ID
	err := w.shard.Truncating(context.Background(), func(ctx context.Context, from meta.Seq) error {
		_, err := w.catalog.Propose(ctx, meta.Command{Truncate: &meta.Truncate{Table: id, From: from}})
		return err
	})
	if err != nil {
		t.Fatalf("truncate: %v", err)
	}
	w.tables[name] = w.catalog.Snapshot().TableByID(id)
	w.rows[name] = modelRows{}.clone()
}
