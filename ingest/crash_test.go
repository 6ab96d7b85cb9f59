package ingest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/column/vfs/faultfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/meta"
)

// numbered makes n rows of the table "tagged" that no other call makes: n is unique.
func numbered(t *meta.Table, from, n int) meta.Rows {
	ts, host, num := column.NewBuilder(t.Columns.Fields[0].Type, n), column.NewBuilder(column.T(column.Text), n), column.NewBuilder(column.T(column.Int64), n)
	for i := from; i < from+n; i++ {
		ts.AppendInt(int64(i * 7 % 120))
		host.AppendString(fmt.Sprint("host-", i%3))
		num.AppendInt(int64(i))
	}
	return meta.Rows{Table: t, Columns: []*column.Vector{ts.Finish(), host.Finish(), num.Finish()}, Len: n}
}

// unique makes n rows of the table "tagged_unique" whose keys repeat from call to call; v says which call it was.
func unique(t *meta.Table, call, n int) meta.Rows {
	var b []*column.Builder
	for _, f := range t.Columns.Fields {
		b = append(b, column.NewBuilder(f.Type, n))
	}
	for i := range n {
		b[0].AppendString("h")
		b[1].AppendInt(int64(i % 2))
		b[2].AppendInt(int64((i + call) * 13 % 150))
		b[3].AppendFloat(float64(call))
		b[4].AppendNull()
		b[5].AppendBool(true)
	}
	r := meta.Rows{Table: t, Len: n}
	for _, x := range b {
		r.Columns = append(r.Columns, x.Finish())
	}
	return r
}

// partial makes rows of the table "merging" whose keys repeat from call to call, each with one of its fields, and every second one with
// the tags that the table got later.
func partial(t *meta.Table, call int) meta.Rows {
	const n = 8
	r := meta.Rows{Table: t, Len: n}
	for _, f := range t.Columns.Fields {
		b := column.NewBuilder(f.Type, n)
		for i := range n {
			switch {
			case f.ID == t.Columns.Time:
				b.AppendInt(int64((i + call%2) * 10)) // of one partition: files cost operations
			case f.Name == "host":
				b.AppendString("h")
			case t.Columns.IsTag(f.ID) && i%2 == 1:
				b.AppendString("z")
			case t.Columns.IsTag(f.ID) || int(f.ID)%4 != (i+call)%4:
				b.AppendNull()
			case f.Type.Physical() == column.PhysInt:
				b.AppendInt(int64(call))
			case f.Type.Physical() == column.PhysFloat:
				b.AppendFloat(float64(call))
			case f.Type.Physical() == column.PhysBool:
				b.AppendBool(call%2 == 0)
			default:
				b.AppendString(fmt.Sprint("call ", call))
			}
		}
		r.Columns = append(r.Columns, b.Finish())
	}
	return r
}

// addZone gives the table "merging" a tag, unless it has it.
func (w *world) addZone(ctx context.Context) error {
	t := w.tables["merging"]
	if t.Columns.Version > 1 {
		return nil
	}
	add := meta.AddColumns{Table: t.ID, From: 1, Tags: true, Columns: []column.Field{{Name: "zone", Type: column.T(column.Text)}}}
	if _, err := w.catalog.Propose(ctx, meta.Command{AddColumns: &add}); err != nil {
		return err
	}
	w.tables["merging"] = w.catalog.Snapshot().TableByID(t.ID)
	return nil
}

// endSome makes a transaction that ends every third row of each table, and writes another.
func (w *world) endSome(call int) (*change, error) {
	c := &change{gone: map[string][]modelRow{}, own: map[string][]modelRow{}}
	s := w.snapshot()
	for name, table := range w.tables {
		rows, err := w.addresses(s, s.meta.TableByID(table.ID))
		if err != nil {
			return nil, err
		}
		for i := call % 3; i < len(rows); i += 3 {
			c.end(table, rows[i].place, rows[i].row)
			c.gone[name] = append(c.gone[name], rows[i].cells)
		}
	}
	c.Rows = []meta.Rows{numbered(w.tables["tagged"], 1000+call*10, 4), unique(w.tables["tagged_unique"], 100+call, 4)}
	for i := range c.Rows {
		c.endOwn(&c.Rows[i], c.Rows[i].Table.Name)
	}
	return c, nil
}

// script is what the crash tests do: writes to three tables, one of which gets a tag, changes of rows, flushes, a restart. It returns at the first error; what
// was acknowledged is in w.rows, and maybe is the write that was under way.
func (w *world) script(ctx context.Context) (maybe *change, err error) {
	if w.shard, err = Open(ctx, w.opts); err != nil {
		return nil, err
	}
	defer func() { _ = w.shard.Abort() }() // after a failure there is nothing more to lose
	for call := range 6 {
		if call == 3 {
			if err := w.addZone(ctx); err != nil {
				return nil, err
			}
		}
		batch := []meta.Rows{numbered(w.tables["tagged"], call*10, 10), unique(w.tables["tagged_unique"], call, 6), partial(w.tables["merging"], call)}
		if _, err := w.shard.Write(ctx, batch, meta.AckWAL); err != nil {
			return &change{Transaction: meta.Transaction{Rows: batch}}, err
		}
		w.apply(batch)
		if call != 1 {
			c, err := w.endSome(call)
			if err != nil {
				return nil, err
			}
			if _, err := w.shard.Commit(ctx, &c.Transaction, meta.AckWAL); err != nil {
				return c, err
			}
			if err := w.applyChange(c); err != nil {
				return nil, err
			}
		}
		if call == 2 || call == 5 {
			if err := w.shard.PublishDeletes(ctx); err != nil {
				return nil, err
			}
		}
		if call == 1 || call == 4 {
			if err := w.shard.Flush(ctx); err != nil {
				return nil, err
			}
		}
		if call == 3 {
			if err := w.shard.Abort(); err != nil {
				return nil, err
			}
			again, err := Open(ctx, w.opts)
			if err != nil {
				return nil, err
			}
			w.shard = again
		}
	}
	return nil, nil
}

// verify opens what is left, and finds every acknowledged row once, and the rows of the write under way all or not at all.
func (w *world) verify(t *testing.T, maybe *change, where string) {
	t.Helper()
	s, err := Open(context.Background(), w.opts)
	if err != nil {
		t.Fatalf("%s: reopen: %v", where, err)
	}
	w.shard = s
	without, with := map[string]modelRows{}, w.rows
	for name, m := range w.rows {
		without[name] = m.clone()
	}
	if maybe != nil {
		if err := w.applyChange(maybe); err != nil {
			t.Fatalf("%s: %v", where, err)
		}
	}
	snap := w.snapshot()
	var seen []bool
	for name, newest := range w.tables {
		table := snap.meta.TableByID(newest.ID)
		got, err := w.read(snap, table, &scan.Request{Columns: allColumns(table), Time: scan.AllTime})
		if err != nil {
			t.Fatalf("%s: read %s: %v", where, name, err)
		}
		before, now := without[name].list(&table.Columns), with[name].list(&table.Columns)
		a, b := slices.Equal(got, before), slices.Equal(got, now)
		if !a && !b {
			t.Fatalf("%s: %s has\n%v, want\n%v or\n%v", where, name, got, before, now)
		}
		if !(a && b) {
			seen = append(seen, b)
		}
	}
	if len(slices.Compact(seen)) > 1 {
		t.Fatalf("%s: one table has the rows of the last commit, the other does not", where)
	}
	if err := s.Flush(context.Background()); err != nil {
		t.Fatalf("%s: flush after recovery: %v", where, err)
	}
	if err := s.Abort(); err != nil {
		t.Fatalf("%s: %v", where, err)
	}
}

func crashWorld(t *testing.T, fsys *faultfs.FS) *world {
	w := newWorld(t, fsys, "tagged", "tagged_unique", "merging")
	w.opts.FileBytes = 2 << 10
	return w
}

// TestCrashAnywhere cuts the power at every operation on the disk in turn.
func TestCrashAnywhere(t *testing.T) {
	t.Parallel()

	count := faultfs.New(memfs.New(), nil)
	if _, err := crashWorld(t, count).script(ctx); err != nil {
		t.Fatal(err)
	}
	total := count.Count()
	if total < 100 {
		t.Fatalf("the script has only %d operations", total)
	}
	for n := 1; n <= total; n++ {
		disk := memfs.New()
		w := crashWorld(t, faultfs.New(disk, faultfs.FailFrom(n)))
		maybe, err := w.script(ctx)
		if err == nil {
			continue // what fails late, such as removing a file, does not show
		}
		for seed := range uint64(1) {
			after := disk.CrashClone(rand.New(rand.NewPCG(uint64(n), seed)))
			v := *w
			v.rows = map[string]modelRows{}
			for name, m := range w.rows {
				v.rows[name] = m.clone()
			}
			v.fs, v.files = after, segment.NewLocalFiles(after, "/segments")
			v.opts.FS, v.opts.Files = after, v.files
			v.catalog = w.catalog.Clone()
			v.opts.Catalog = v.catalog
			v.verify(t, maybe, fmt.Sprintf("crash at operation %d of %d, seed %d (%v)", n, total, seed, err))
		}
	}
}

// TestErrorAnywhere fails every operation on the disk in turn, once, as a full disk or a broken one does, and then restarts.
func TestErrorAnywhere(t *testing.T) {
	t.Parallel()

	var ops []faultfs.Op
	count := faultfs.New(memfs.New(), func(op faultfs.Op, _ string, _ int) error {
		ops = append(ops, op)
		return nil
	})
	if _, err := crashWorld(t, count).script(ctx); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= len(ops); n++ {
		faults := []error{faultfs.ErrNoSpace}
		if ops[n-1] == faultfs.OpWrite {
			faults = append(faults, &faultfs.PartialWrite{Bytes: 5, Err: faultfs.ErrNoSpace})
		}
		for _, fault := range faults {
			disk := faultfs.New(memfs.New(), faultfs.FailAt(n, fault))
			w := crashWorld(t, disk)
			maybe, err := w.script(ctx)
			disk.SetInjector(nil)
			w.verify(t, maybe, fmt.Sprintf("operation %d fails with %v (%v)", n, fault, err))
		}
	}
}

// TestFailedSyncPoisons: after a failed fsync no write succeeds, nothing unsynced is shown, and a restart heals.
func TestFailedSyncPoisons(t *testing.T) {
	disk := faultfs.New(memfs.New(), nil)
	w := crashWorld(t, disk)
	w.open(t)
	first := []meta.Rows{numbered(w.tables["tagged"], 0, 5)}
	if _, err := w.shard.Write(ctx, first, meta.AckWAL); err != nil {
		t.Fatal(err)
	}
	w.apply(first)
	failing := true
	disk.SetInjector(func(op faultfs.Op, _ string, _ int) error {
		if op == faultfs.OpSync && failing {
			failing = false // the next one would succeed, and prove nothing
			return faultfs.ErrInjected
		}
		return nil
	})
	lost := []meta.Rows{numbered(w.tables["tagged"], 100, 5)}
	if _, err := w.shard.Write(ctx, lost, meta.AckWAL); !errors.Is(err, faultfs.ErrInjected) {
		t.Fatalf("write over a failed sync: %v", err)
	}
	if _, err := w.shard.Write(ctx, lost, meta.AckNone); !errors.Is(err, faultfs.ErrInjected) {
		t.Fatalf("write to a poisoned log: %v", err)
	}
	if err := w.shard.Flush(ctx); !errors.Is(err, faultfs.ErrInjected) {
		t.Fatalf("flush of a poisoned log: %v", err)
	}
	w.check(t, w.snapshot())
	_ = w.shard.Abort() // reports the same failure
	w.verify(t, &change{Transaction: meta.Transaction{Rows: lost}}, "restart")
}

// TestFullDiskRecovers: flushes fail while the disk is full, rows stay readable and durable, and a flush succeeds once there is space.
func TestFullDiskRecovers(t *testing.T) {
	disk := faultfs.New(memfs.New(), nil)
	w := crashWorld(t, disk)
	w.open(t)
	rows := []meta.Rows{numbered(w.tables["tagged"], 0, 50), unique(w.tables["tagged_unique"], 0, 20)}
	if _, err := w.shard.Write(ctx, rows, meta.AckWAL); err != nil {
		t.Fatal(err)
	}
	w.apply(rows)
	disk.SetInjector(func(op faultfs.Op, name string, _ int) error {
		if op == faultfs.OpCreate || op == faultfs.OpWrite {
			return faultfs.ErrNoSpace
		}
		return nil
	})
	for range 3 {
		if err := w.shard.Flush(ctx); !errors.Is(err, faultfs.ErrNoSpace) {
			t.Fatalf("flush to a full disk: %v", err)
		}
		w.check(t, w.snapshot())
	}
	if st := w.shard.Stats(); st.FlushFailures != 3 || st.LastFlushError == nil {
		t.Fatalf("stats %+v", st)
	}
	disk.SetInjector(nil)
	if err := w.shard.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if st := w.shard.Stats(); st.HeadRows != 0 || st.LastFlushError != nil || st.Flushed != st.Seq {
		t.Fatalf("stats %+v", st)
	}
	w.check(t, w.snapshot())
	w.abort(t)
}
