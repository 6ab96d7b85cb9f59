package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/ingest/flush"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/ingest/ingesttest"
	"github.com/automatanexus/aegis-db/meta"
)

// The shapes of tables whose rows take different ways through the head.
var shapes = map[string]column.Schema{
	"tagged_unique": {
		Fields: []column.Field{
			{ID: 1, Name: "host", Type: column.T(column.Text)},
			{ID: 2, Name: "cpu", Type: column.T(column.Int32)},
			{ID: 3, Name: "ts", Type: column.T(column.TimestampTZ), NotNull: true},
			{ID: 4, Name: "v", Type: column.T(column.Float64)},
			{ID: 5, Name: "note", Type: column.T(column.Text)},
			{ID: 6, Name: "ok", Type: column.T(column.Bool)},
		},
		Tags: []column.ID{1, 2}, Time: 3, Key: []column.ID{1, 2, 3}, Partition: 100,
	},
	"tagged": {
		Fields: []column.Field{
			{ID: 1, Name: "ts", Type: column.T(column.TimestampNS), NotNull: true},
			{ID: 2, Name: "host", Type: column.T(column.Text)},
			{ID: 3, Name: "n", Type: column.T(column.Int64)},
		},
		Tags: []column.ID{2}, Time: 1, Partition: 50,
	},
	"wide_key": {
		Fields: []column.Field{
			{ID: 1, Name: "ts", Type: column.T(column.Timestamp), NotNull: true},
			{ID: 2, Name: "name", Type: column.T(column.Text), NotNull: true},
			{ID: 3, Name: "v", Type: column.T(column.Float64)},
		},
		Time: 1, Key: []column.ID{1, 2}, Partition: 100,
	},
	"plain": {
		Fields: []column.Field{{ID: 1, Name: "a", Type: column.T(column.Int64)}, {ID: 2, Name: "b", Type: column.T(column.Text)}},
	},
	"settings": {
		Fields: []column.Field{{ID: 1, Name: "name", Type: column.T(column.Text), NotNull: true}, {ID: 2, Name: "v", Type: column.T(column.Int64)}},
		Key:    []column.ID{1},
	},
	"merging": {
		Fields: []column.Field{
			{ID: 1, Name: "host", Type: column.T(column.Text)},
			{ID: 2, Name: "ts", Type: column.T(column.TimestampNS), NotNull: true},
			{ID: 3, Name: "v", Type: column.T(column.Float64)},
			{ID: 4, Name: "note", Type: column.T(column.Text)},
			{ID: 5, Name: "n", Type: column.T(column.Int64)},
			{ID: 6, Name: "ok", Type: column.T(column.Bool)},
		},
		Tags: []column.ID{1}, Time: 2, Key: []column.ID{1, 2}, Merge: true, Partition: 100,
	},
	"merging_wide": {
		Fields: []column.Field{
			{ID: 1, Name: "name", Type: column.T(column.Text), NotNull: true},
			{ID: 2, Name: "ts", Type: column.T(column.Timestamp), NotNull: true},
			{ID: 3, Name: "v", Type: column.T(column.Float64)},
			{ID: 4, Name: "note", Type: column.T(column.Text)},
		},
		Time: 2, Key: []column.ID{1, 2}, Merge: true, Partition: 100,
	},
	"merging_states": {
		Fields: []column.Field{
			{ID: 1, Name: "host", Type: column.T(column.Text)}, {ID: 2, Name: "v", Type: column.T(column.Int64)}, {ID: 3, Name: "note", Type: column.T(column.Text)},
		},
		Tags: []column.ID{1}, Key: []column.ID{1}, Merge: true,
	},
}

func shapeNames() []string {
	var names []string
	for n := range shapes {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// world is a shard, what lies below it, and what should be in it.
type world struct {
	catalog *ingesttest.Catalog
	fs      vfs.FS
	files   segment.Files
	opts    Options
	shard   *Shard
	tables  map[string]*meta.Table
	older   map[string][]*meta.Table // descriptions that were the newest once
	rows    map[string]modelRows
}

// modelRow is a row's cells that are not NULL, as text.
type modelRow map[column.ID]string

// modelRows are a table's rows: by key where the table has one.
type modelRows struct {
	byKey map[string]modelRow
	all   []modelRow
}

func (m modelRows) clone() modelRows {
	out := modelRows{byKey: maps.Clone(m.byKey), all: slices.Clone(m.all)}
	if out.byKey == nil {
		out.byKey = map[string]modelRow{}
	}
	return out
}

// rows lists the rows in no order.
func (m modelRows) rows() []modelRow {
	return slices.AppendSeq(slices.Clone(m.all), maps.Values(m.byKey))
}

// list writes the rows as a schema has them, sorted.
func (m modelRows) list(s *column.Schema) []string {
	out := []string{}
	for _, r := range m.rows() {
		out = append(out, r.text(fieldIDs(s)))
	}
	slices.Sort(out)
	return out
}

func (r modelRow) text(ids []column.ID) string {
	cells := make([]string, len(ids))
	for i, id := range ids {
		cells[i] = "NULL"
		if c, ok := r[id]; ok {
			cells[i] = c
		}
	}
	return strings.Join(cells, " ")
}

func newDisk() vfs.FS { return memfs.New() }

func newWorld(tb rapid.TB, fsys vfs.FS, names ...string) *world {
	w := &world{catalog: ingesttest.NewCatalog(), fs: fsys, files: segment.NewLocalFiles(fsys, "/segments"), tables: map[string]*meta.Table{}, older: map[string][]*meta.Table{}, rows: map[string]modelRows{}}
	for _, name := range names {
		t, err := w.catalog.Create(name, shapes[name])
		if err != nil {
			tb.Fatalf("create %s: %v", name, err)
		}
		w.tables[name] = t
		w.rows[name] = modelRows{}.clone()
	}
	w.opts = Options{FS: fsys, Dir: "/wal", Shard: 1, Catalog: w.catalog, Files: w.files, Tick: -1, FileBytes: 4 << 10}
	return w
}

func (w *world) open(tb rapid.TB) {
	s, err := Open(context.Background(), w.opts)
	if err != nil {
		tb.Fatalf("open: %v", err)
	}
	w.shard = s
}

func (w *world) abort(tb rapid.TB) {
	if err := w.shard.Abort(); err != nil {
		tb.Fatalf("abort: %v", err)
	}
}

func cellText(v *column.Vector, i int) string {
	if v.IsNull(i) {
		return "NULL"
	}
	switch v.Type.Physical() {
	case column.PhysInt:
		return fmt.Sprint(v.Int(i))
	case column.PhysFloat:
		return fmt.Sprintf("%x", math.Float64bits(v.Float(i)))
	case column.PhysBool:
		return fmt.Sprint(v.Bool(i))
	default:
		return fmt.Sprintf("%q", v.Bytes(i))
	}
}

func rowText(columns []*column.Vector, i int) string {
	cells := make([]string, len(columns))
	for k, v := range columns {
		cells[k] = cellText(v, i)
	}
	return strings.Join(cells, " ")
}

// apply puts acknowledged rows into the model.
func (w *world) apply(batches []meta.Rows) {
	for _, b := range batches {
		m := w.rows[b.Table.Name]
		schema := &b.Table.Columns
		for i := range b.Len {
			row := modelRow{}
			for k, f := range schema.Fields {
				if v := b.Columns[k]; !v.IsNull(i) {
					row[f.ID] = cellText(v, i)
				}
			}
			if len(schema.Key) == 0 {
				m.all = append(m.all, row)
				continue
			}
			name := row.key(schema)
			if old := m.byKey[name]; schema.Merge && old != nil {
				merged := maps.Clone(old)
				maps.Copy(merged, row)
				row = merged
			}
			m.byKey[name] = row
		}
		w.rows[b.Table.Name] = m
	}
}

// key names a row; a tag that was added and is absent changes no name.
func (r modelRow) key(s *column.Schema) string {
	var k []string
	for _, id := range s.Key {
		if c, ok := r[id]; ok {
			k = append(k, fmt.Sprint(id, "=", c))
		}
	}
	return strings.Join(k, " ")
}

// drawRows makes rows from few values, so that series, times and keys meet again.
func drawRows(t *rapid.T, table *meta.Table) meta.Rows {
	n := rapid.IntRange(1, 12).Draw(t, "rows")
	if rapid.IntRange(0, 9).Draw(t, "large") == 0 {
		n = 300 // seals chunks
	}
	r := meta.Rows{Table: table, Len: n}
	seed := rapid.Uint64().Draw(t, "seed")
	next := func(mod uint64) uint64 {
		seed = seed*6364136223846793005 + 1442695040888963407
		return seed >> 33 % mod
	}
	base := int64(next(4)) * 60
	for _, f := range table.Columns.Fields {
		b := column.NewBuilder(f.Type, n)
		for i := range n {
			switch {
			case !f.NotNull && next(4) == 0:
				b.AppendNull()
			case f.ID == table.Columns.Time && n == 300:
				b.AppendInt(base + int64(i))
			case f.ID == table.Columns.Time:
				b.AppendInt(base + int64(next(40)) - 30)
			case f.Type.Physical() == column.PhysInt:
				b.AppendInt(int64(next(3)))
			case f.Type.Physical() == column.PhysFloat:
				b.AppendFloat([]float64{0, math.Copysign(0, -1), 1.5, math.NaN(), math.Inf(1)}[next(5)])
			case f.Type.Physical() == column.PhysBool:
				b.AppendBool(next(2) == 0)
			default:
				b.AppendString([]string{"a", "b", "", "a\x00c", "long text of some length"}[next(5)])
			}
		}
		r.Columns = append(r.Columns, b.Finish())
	}
	return r
}

// snapshot is what a query holds.
type snapshot struct {
	head *head.Snapshot
	meta *meta.Snapshot
	want map[string][]string
	rows map[string]modelRows
}

func (w *world) snapshot() snapshot {
	s := snapshot{want: map[string][]string{}, rows: map[string]modelRows{}}
	for s.meta == nil || s.head.Seq() < s.meta.DeletedSeq(1) {
		s.head = w.shard.Snapshot()
		s.meta = w.catalog.Snapshot()
	}
	for name, t := range w.tables {
		s.rows[name] = w.rows[name].clone()
		s.want[name] = w.rows[name].list(&s.meta.TableByID(t.ID).Columns)
	}
	return s
}

// read gives all rows of a table as a snapshot sees them: segments, with the head's mask over them, and the head.
func (w *world) read(s snapshot, table *meta.Table, req *scan.Request) ([]string, error) {
	morsels, closing, err := w.morsels(s, table, req)
	defer closing()
	if err != nil {
		return nil, err
	}
	return readMorsels(morsels)
}

func (w *world) morsels(s snapshot, table *meta.Table, req *scan.Request) (morsels []scan.Morsel, closing func(), err error) {
	ctx := context.Background()
	after := max(s.meta.FlushedSeq(1), table.From)
	mask := s.head.Mask(table, after)
	var stored []segment.Stored
	var opened []*segment.Reader
	closing = func() {
		for _, r := range opened {
			_ = r.Close() // it only read
		}
	}
	ended := int64(0)
	for seg := range s.meta.Manifest(table.ID).All() {
		ref := segment.Ref{Table: uint64(table.ID), Segment: uint64(seg.ID), Rows: seg.Rows, DataBytes: seg.DataBytes, SidecarBytes: seg.SidecarBytes, SidecarSum: seg.SidecarSum}
		r, err := segment.Open(ctx, w.files, ref, segment.ReadOptions{})
		if err != nil {
			return nil, closing, err
		}
		opened = append(opened, r)
		dead, err := flush.ReadVector(ctx, w.files, table.ID, seg)
		if err != nil {
			return nil, closing, err
		}
		before := dead.GetCardinality()
		if rows := s.head.Ended(table.ID, seg.ID); rows != nil {
			dead.Or(rows)
		}
		if rows := s.head.OwnEnded(table.ID, seg.ID); rows != nil {
			dead.Or(rows)
		}
		ended += int64(dead.GetCardinality() - before)
		ms, _, err := r.Morsels(ctx, req, segment.View{Schema: &table.Columns, Deleted: dead, Mask: mask}, 1000)
		if err != nil {
			return nil, closing, err
		}
		morsels = append(morsels, ms...)
		stored = append(stored, segment.Stored{
			Times: scan.TimeRange{Min: seg.MinTime, Max: seg.MaxTime},
			Open:  func(context.Context) (*segment.Reader, *roaring.Bitmap, error) { return r, dead, nil },
		})
	}
	if got := s.head.EndedRows(table.ID, s.meta.DeletedSeq(1)); got != ended {
		return nil, closing, fmt.Errorf("%d rows of segments are said to have ended, there are %d", got, ended)
	}
	ms, _, err := s.head.Morsels(ctx, table, req, after, segment.NewFiller(&table.Columns, stored))
	return append(morsels, ms...), closing, err
}

func readMorsels(morsels []scan.Morsel) ([]string, error) {
	out := []string{}
	pool := mem.NewPool("test", 0, nil)
	for _, m := range morsels {
		r, err := m.Open(context.Background(), pool)
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
			if b.Len == 0 {
				return nil, errors.New("an empty batch")
			}
			for i := range b.Len {
				out = append(out, rowText(b.Columns, i))
			}
		}
		if err := r.Close(); err != nil {
			return nil, err
		}
	}
	if pool.Used() != 0 {
		return nil, fmt.Errorf("%d bytes are still reserved", pool.Used())
	}
	slices.Sort(out)
	return out, nil
}

func allColumns(t *meta.Table) []column.ID { return fieldIDs(&t.Columns) }

func fieldIDs(s *column.Schema) []column.ID {
	ids := make([]column.ID, len(s.Fields))
	for i, f := range s.Fields {
		ids[i] = f.ID
	}
	return ids
}

func (w *world) check(tb rapid.TB, s snapshot) {
	tb.Helper()
	for name, newest := range w.tables {
		table := s.meta.TableByID(newest.ID)
		got, err := w.read(s, table, &scan.Request{Columns: allColumns(table), Time: scan.AllTime})
		if err != nil {
			tb.Fatalf("read %s: %v", name, err)
		}
		if !slices.Equal(got, s.want[name]) {
			tb.Fatalf("%s at seq %d, flushed %d:\n got %d rows %v\nwant %d rows %v", name, s.head.Seq(), s.meta.FlushedSeq(1), len(got), got, len(s.want[name]), s.want[name])
		}
	}
}

var errLost = column.Errorf(column.Overloaded, "no answer in time")

// TestModel runs any interleaving of writes by old and new descriptions of tables that get columns and tags, flushes, failures of
// the catalog and restarts, with snapshots held open, against rows in a map.
func TestModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, memfs.New(), shapeNames()...)
		w.opts.retire = rapid.SampledFrom([]int{0, 1}).Draw(t, "retire")
		w.opts.SegmentBytes = rapid.SampledFrom([]int64{0, 1}).Draw(t, "segment bytes")
		w.open(t)
		defer func() { w.abort(t) }()
		var held []snapshot
		check := func() {
			for _, s := range held {
				w.check(t, s)
			}
			w.check(t, w.snapshot())
		}
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				var batches []meta.Rows
				for range rapid.IntRange(1, 3).Draw(t, "batches") {
					batches = append(batches, drawRows(t, w.drawVersion(t, rapid.SampledFrom(shapeNames()).Draw(t, "table"))))
				}
				ack := meta.Ack(rapid.IntRange(0, 2).Draw(t, "ack"))
				if _, err := w.shard.Write(context.Background(), batches, ack); err != nil {
					t.Fatalf("write: %v", err)
				}
				w.apply(batches)
			},
			"change": func(t *rapid.T) { w.commitChange(t, w.drawChange(t, w.snapshot(), true), true) },
			"change what was read long ago": func(t *rapid.T) {
				if len(held) > 0 {
					w.commitChange(t, w.drawChange(t, held[rapid.IntRange(0, len(held)-1).Draw(t, "snapshot")], false), false)
				}
			},
			"truncate": func(t *rapid.T) { w.truncate(t) },
			"publish": func(t *rapid.T) {
				if err := w.shard.PublishDeletes(context.Background()); err != nil {
					t.Fatalf("publish: %v", err)
				}
			},
			"grow": func(t *rapid.T) { w.grow(t, rapid.SampledFrom(shapeNames()).Draw(t, "table")) },
			"ask": func(t *rapid.T) {
				for _, s := range append(slices.Clone(held), w.snapshot()) {
					w.ask(t, s, rapid.SampledFrom(shapeNames()).Draw(t, "table"))
				}
			},
			"flush": func(t *rapid.T) {
				if err := w.shard.Flush(context.Background()); err != nil {
					t.Fatalf("flush: %v", err)
				}
			},
			"flush while rows change": func(t *rapid.T) {
				changed := false
				w.catalog.Before = func(meta.Command) {
					if changed || !w.shard.gate.TryLock() {
						return // what runs holds commits that end rows
					}
					w.shard.gate.Unlock()
					changed = true
					w.commitChange(t, w.drawChange(t, w.snapshot(), true), true)
					if rapid.IntRange(0, 3).Draw(t, "truncate") == 0 {
						w.truncate(t)
					}
					if len(held) > 0 && rapid.Bool().Draw(t, "old") {
						w.commitChange(t, w.drawChange(t, held[0], false), false)
					}
				}
				err := w.shard.Flush(context.Background())
				w.catalog.Before = nil
				if err != nil {
					t.Fatalf("flush: %v", err)
				}
			},
			"flush fails": func(t *rapid.T) {
				late := rapid.Bool().Draw(t, "late")
				w.catalog.Delay = rapid.Bool().Draw(t, "delayed")
				w.catalog.Fail = func(c meta.Command) (error, bool) {
					if c.Commit != nil {
						return errLost, late
					}
					return nil, false
				}
				run := w.shard.Flush
				if rapid.Bool().Draw(t, "publish") {
					run = w.shard.PublishDeletes
				}
				err := run(context.Background())
				w.catalog.Fail = nil
				if err != nil && late {
					t.Fatalf("flush whose answer was lost: %v", err)
				}
			},
			"hold": func(t *rapid.T) {
				if len(held) < 4 {
					held = append(held, w.snapshot())
				}
			},
			"release": func(t *rapid.T) {
				if len(held) > 0 {
					held = held[1:]
				}
			},
			"restart": func(t *rapid.T) {
				if rapid.Bool().Draw(t, "close") {
					if err := w.shard.Close(context.Background()); err != nil {
						t.Fatalf("close: %v", err)
					}
				} else {
					w.abort(t)
				}
				w.open(t)
			},
			"check": func(t *rapid.T) { check() },
		})
		check()
	})
}
