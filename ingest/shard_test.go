package ingest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/meta"
)

var ctx = context.Background()

func (w *world) write(t *testing.T, batches ...meta.Rows) {
	t.Helper()
	if _, err := w.shard.Write(ctx, batches, meta.AckWAL); err != nil {
		t.Fatal(err)
	}
	w.apply(batches)
}

func TestRefusals(t *testing.T) {
	w := newWorld(t, memfs.New(), "tagged", "wide_key")
	w.opts.SeriesLimit, w.opts.RowBytes, w.opts.InflightBytes = 4, 100, 64<<10
	w.open(t)
	defer func() { w.abort(t) }()
	tagged, wide := w.tables["tagged"], w.tables["wide_key"]
	w.write(t, numbered(tagged, 0, 3))

	bad := numbered(tagged, 0, 2)
	bad.Columns[0] = column.NewNull(bad.Columns[0].Type, 2)
	mistyped := numbered(tagged, 0, 2)
	mistyped.Columns[2] = column.NewStrings("a", "b")
	crowd := numbered(tagged, 0, 5)
	crowd.Columns[1] = column.NewStrings("a", "b", "c", "d", "e")
	long := meta.Rows{Table: wide, Len: 2, Columns: []*column.Vector{
		column.NewInts(column.T(column.Timestamp), []int64{1, 2}, nil), column.NewStrings("a", strings.Repeat("x", 101)), column.NewNull(column.T(column.Float64), 2),
	}}
	for _, c := range []struct {
		name  string
		rows  meta.Rows
		class column.Class
		state string
		says  string
	}{
		{"time is NULL", bad, column.Invalid, "23502", `"ts"`},
		{"wrong type", mistyped, column.Invalid, "42804", `"n"`},
		{"too many series", crowd, column.Limit, "54000", "tagged"},
		{"long row", long, column.Limit, "54000", "row 2"},
		{"too much at once", numbered(tagged, 0, 5000), column.Limit, "54000", "one transaction"},
		{"no such table", meta.Rows{Table: &meta.Table{ID: 999, Name: "gone"}, Len: 1}, column.NotFound, "42P01", "gone"},
	} {
		_, err := w.shard.Write(ctx, []meta.Rows{numbered(tagged, 900, 1), c.rows}, meta.AckWAL)
		var e *column.Error
		if !errors.As(err, &e) || e.Class != c.class || e.SQLState != c.state || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
		if after := RetryAfter(err); (after > 0) != (c.class == column.Overloaded) {
			t.Errorf("%s: retry after %v", c.name, after)
		}
	}
	others := w.opts.InflightBytes - 100
	if err := w.shard.inflight.Grow(others); err != nil {
		t.Fatal(err)
	}
	_, err := w.shard.Write(ctx, []meta.Rows{numbered(tagged, 900, 10)}, meta.AckWAL)
	if !errors.Is(err, column.Overloaded) || RetryAfter(err) <= 0 || !strings.Contains(err.Error(), "too many writes") {
		t.Errorf("beside the writes of others: %v", err)
	}
	w.shard.inflight.Shrink(others)
	if used := w.shard.Stats().InflightBytes; used != 0 {
		t.Errorf("%d bytes are still in flight", used)
	}
	w.check(t, w.snapshot()) // a refused call left nothing of its other batch
}

// TestBudgets fills head and WAL: writes are pushed back with a pause, and go on after a flush.
func TestBudgets(t *testing.T) {
	for _, budget := range []string{"head", "wal"} {
		w := newWorld(t, memfs.New(), "tagged")
		if budget == "head" {
			w.opts.HeadBytes = 64 << 10
		} else {
			w.opts.WALBytes = 64 << 10
		}
		w.open(t)
		var err error
		n := 0
		for ; n < 1000 && err == nil; n++ {
			rows := []meta.Rows{numbered(w.tables["tagged"], n*100, 100)}
			if _, err = w.shard.Write(ctx, rows, meta.AckNone); err == nil {
				w.apply(rows)
			}
		}
		if !errors.Is(err, column.Overloaded) || RetryAfter(err) != flushPause || n < 5 {
			t.Fatalf("%s, write %d: %v", budget, n, err)
		}
		if err := w.shard.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		w.write(t, numbered(w.tables["tagged"], 500_000, 100))
		w.check(t, w.snapshot())
		w.abort(t)
	}
}

// noise makes rows of the table "plain" that do not compress.
func noise(t *meta.Table, call, n int) meta.Rows {
	a, b := column.NewBuilder(column.T(column.Int64), n), column.NewBuilder(column.T(column.Text), n)
	for i := range n {
		x := uint64(call*n+i+1) * 0x9e3779b97f4a7c15
		a.AppendInt(int64(x))
		b.AppendString(fmt.Sprintf("%x-%x", x, x*x))
	}
	return meta.Rows{Table: t, Columns: []*column.Vector{a.Finish(), b.Finish()}, Len: n}
}

// TestReplayOverBudget opens with a head smaller than what the WAL holds.
func TestReplayOverBudget(t *testing.T) {
	w := newWorld(t, memfs.New(), "tagged", "tagged_unique", "plain")
	w.open(t)
	for i := range 40 {
		w.write(t, numbered(w.tables["tagged"], i*100, 10), unique(w.tables["tagged_unique"], i, 5), noise(w.tables["plain"], i, 50))
	}
	full := w.shard.Stats().HeadBytes
	w.abort(t)
	w.opts.HeadBytes = full / 2
	w.open(t)
	st := w.shard.Stats()
	if st.Flushes == 0 || st.HeadBytes > full/2 {
		t.Fatalf("%+v", st)
	}
	w.check(t, w.snapshot())
	w.abort(t)
}

// TestReplayOverBudgetWithDeletes: a flush in the middle of the replay takes rows that later records end.
func TestReplayOverBudgetWithDeletes(t *testing.T) {
	w := newWorld(t, memfs.New(), "tagged", "tagged_unique", "plain")
	w.open(t)
	w.write(t, numbered(w.tables["tagged"], 5000, 50), unique(w.tables["tagged_unique"], 77, 20))
	if err := w.shard.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		w.write(t, numbered(w.tables["tagged"], i*100, 10), unique(w.tables["tagged_unique"], i, 5), noise(w.tables["plain"], i, 50))
		if i%13 == 12 {
			w.end(t, i)
		}
	}
	full := w.shard.Stats().HeadBytes
	w.end(t, 40)
	w.abort(t)
	w.opts.HeadBytes = full / 3
	w.open(t)
	if st := w.shard.Stats(); st.Flushes < 2 {
		t.Fatalf("%+v", st)
	}
	w.check(t, w.snapshot())
	w.abort(t)
	w.opts.HeadBytes = 0
	w.open(t) // with what is left of the log
	w.check(t, w.snapshot())
	w.end(t, 41)
	w.check(t, w.snapshot())
	w.abort(t)
}

// TestLostDeletes: a log that ends before deletes that are published is damaged; repaired, it goes on behind them.
func TestLostDeletes(t *testing.T) {
	w := newWorld(t, memfs.New(), "tagged")
	w.open(t)
	w.write(t, numbered(w.tables["tagged"], 0, 50))
	if err := w.shard.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	for call := range 3 {
		rows, err := w.addresses(w.snapshot(), w.tables["tagged"])
		if err != nil {
			t.Fatal(err)
		}
		set := &scan.RowSet{}
		set.Add(rows[call].place, rows[call].row)
		if _, err := w.shard.Commit(ctx, &meta.Transaction{Deletes: []meta.Deletes{{Table: w.tables["tagged"], Rows: set}}}, meta.AckWAL); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.shard.PublishDeletes(ctx); err != nil {
		t.Fatal(err)
	}
	w.abort(t)
	names, err := w.fs.List("/wal")
	if err != nil {
		t.Fatal(err)
	}
	last := "/wal/" + names[len(names)-1]
	info, err := w.fs.Stat(last)
	if err != nil {
		t.Fatal(err)
	}
	f, err := w.fs.OpenAppend(last)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(info.Size-3), f.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(ctx, w.opts); column.ClassOf(err) != column.Corrupt || !strings.Contains(err.Error(), "the catalog knows of commit 4") {
		t.Fatalf("%v", err)
	}
	for _, repair := range []bool{true, false} {
		w.opts.Repair = repair
		w.open(t)
		s := w.snapshot()
		got, err := w.read(s, w.tables["tagged"], &scan.Request{Columns: allColumns(w.tables["tagged"]), Time: scan.AllTime})
		if err != nil || len(got) != 47 || s.head.Seq() < s.meta.DeletedSeq(1) {
			t.Fatalf("repair %v: %d rows at %d, %v", repair, len(got), s.head.Seq(), err)
		}
		w.abort(t)
	}
	w.open(t)
	if seq, err := w.shard.Write(ctx, []meta.Rows{numbered(w.tables["tagged"], 100, 1)}, meta.AckWAL); err != nil || seq != 5 {
		t.Fatalf("commit %d, %v", seq, err)
	}
	w.abort(t)
}

// end commits endSome.
func (w *world) end(t *testing.T, call int) {
	t.Helper()
	c, err := w.endSome(call)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.shard.Commit(ctx, &c.Transaction, meta.AckWAL); err != nil {
		t.Fatal(err)
	}
	if err := w.applyChange(c); err != nil {
		t.Fatal(err)
	}
}

func TestDroppedTableAndNewColumn(t *testing.T) {
	w := newWorld(t, memfs.New(), "tagged", "plain")
	w.open(t)
	old := w.tables["tagged"]
	w.write(t, numbered(old, 0, 10), meta.Rows{Table: w.tables["plain"], Len: 1, Columns: []*column.Vector{column.NewInts(column.T(column.Int64), []int64{1}, nil), column.NewStrings("x")}})
	if _, err := w.catalog.Propose(ctx, meta.Command{DropTable: &meta.DropTable{Table: w.tables["plain"].ID}}); err != nil {
		t.Fatal(err)
	}
	delete(w.tables, "plain")
	add := meta.AddColumns{Table: old.ID, From: old.Columns.Version, Columns: []column.Field{{Name: "more", Type: column.T(column.Text)}}}
	if _, err := w.catalog.Propose(ctx, meta.Command{AddColumns: &add}); err != nil {
		t.Fatal(err)
	}
	table := w.catalog.Snapshot().TableByID(old.ID)
	late := numbered(old, 10, 2) // of a writer that does not know the new column yet
	if _, err := w.shard.Write(ctx, []meta.Rows{late}, meta.AckWAL); err != nil {
		t.Fatal(err)
	}
	fresh := numbered(table, 20, 2)
	fresh.Columns = append(fresh.Columns, column.NewStrings("a", "b"))
	if _, err := w.shard.Write(ctx, []meta.Rows{fresh}, meta.AckWAL); err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range 12 {
		want = append(want, rowText(numbered(old, i, 1).Columns, 0)+" NULL")
	}
	want = append(want, rowText(fresh.Columns, 0), rowText(fresh.Columns, 1))
	slices.Sort(want)
	for _, step := range []func(){
		func() {}, func() { w.abort(t); w.open(t) }, func() {
			if err := w.shard.Flush(ctx); err != nil {
				t.Fatal(err)
			}
		},
	} {
		step()
		got, err := w.read(w.snapshot(), table, &scan.Request{Columns: allColumns(table), Time: scan.AllTime})
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%v\n got %q\nwant %q", err, got, want)
		}
	}
	w.abort(t)
}

// TestConflictRetries: a compaction that wins the race for a manifest makes the flush look again, and no file of the lost attempt
// stays.
func TestConflictRetries(t *testing.T) {
	w := newWorld(t, memfs.New(), "tagged_unique")
	w.open(t)
	for call := range 3 {
		w.write(t, unique(w.tables["tagged_unique"], call, 20))
		times := 3
		w.catalog.Fail = func(c meta.Command) (error, bool) {
			if c.Commit == nil || times == 0 {
				return nil, false
			}
			times--
			return column.Errorf(column.Conflict, "a segment is not live any more"), false
		}
		if err := w.shard.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		w.check(t, w.snapshot())
	}
	named := map[string]bool{}
	vectors := 0
	for seg := range w.catalog.Snapshot().Manifest(w.tables["tagged_unique"].ID).All() {
		if seg.Deleted != nil {
			named[fmt.Sprintf("%d.%d.dv", seg.ID, seg.Deleted.Version)] = true
			vectors++
		}
	}
	for _, g := range w.catalog.Snapshot().Garbage() {
		named[fmt.Sprintf("%d.%d.dv", g.Segment, g.Vector)] = true
	}
	files, err := w.fs.List(fmt.Sprintf("/segments/segments/%d", w.tables["tagged_unique"].ID))
	if err != nil || vectors == 0 {
		t.Fatalf("%v, %d vectors", err, vectors)
	}
	for _, f := range files {
		if strings.HasSuffix(f, ".dv") && !named[f] {
			t.Errorf("%s is left over; named are %v", f, named)
		}
	}
	w.abort(t)
}

func TestFencing(t *testing.T) {
	w := newWorld(t, memfs.New(), "tagged")
	w.open(t)
	w.write(t, numbered(w.tables["tagged"], 0, 10))
	if _, err := w.catalog.Propose(ctx, meta.Command{OpenShard: &meta.OpenShard{Shard: 1}}); err != nil {
		t.Fatal(err)
	}
	if err := w.shard.Flush(ctx); !errors.Is(err, column.Conflict) {
		t.Fatalf("flush of a fenced owner: %v", err)
	}
	if n := w.catalog.Snapshot().Manifest(w.tables["tagged"].ID).Len(); n != 0 {
		t.Fatalf("%d segments of a fenced owner", n)
	}
	w.abort(t)
	w.open(t)
	w.check(t, w.snapshot())
	if err := w.shard.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := w.shard.Write(ctx, []meta.Rows{numbered(w.tables["tagged"], 0, 1)}, meta.AckWAL); !errors.Is(err, column.Overloaded) {
		t.Fatalf("write to a closed shard: %v", err)
	}
}

func TestFlusherByAgeAndSize(t *testing.T) {
	for _, by := range []string{"age", "size"} {
		w := newWorld(t, memfs.New(), "tagged")
		w.opts.Tick = 5 * time.Millisecond
		if by == "age" {
			w.opts.FlushAge = time.Millisecond
		} else {
			w.opts.FlushBytes = 1
		}
		w.open(t)
		w.write(t, numbered(w.tables["tagged"], 0, 100))
		for deadline := time.Now().Add(5 * time.Second); w.shard.Stats().Flushed == 0; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("no flush by %s: %+v", by, w.shard.Stats())
			}
		}
		w.check(t, w.snapshot())
		w.abort(t)
	}
}

func TestSamplesPath(t *testing.T) {
	w := newWorld(t, vfs.FS(memfs.New()))
	table, err := w.catalog.Create("samples", meta.SamplesSchema())
	if err != nil {
		t.Fatal(err)
	}
	w.opts.retire, w.opts.SeriesLimit = 1, 3
	w.open(t)
	s, err := w.shard.Samples(table, 4)
	if err != nil {
		t.Fatal(err)
	}
	hashes, refs := []SeriesHash{{Hi: 1, Lo: 1}, {Hi: 2, Lo: 2}, {Hi: 3, Lo: 2}}, make([]uint32, 3)
	epoch, missing := s.Lookup(hashes, refs)
	if missing != 3 {
		t.Fatal(missing)
	}
	for i := range hashes {
		if refs[i], err = s.Define(epoch, hashes[i], seriesKey(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Define(epoch, SeriesHash{Hi: 9, Lo: 9}, seriesKey(nil, 9)); !errors.Is(err, column.Limit) || !strings.Contains(err.Error(), "samples") {
		t.Fatal(err)
	}
	valid := column.NewBitmap(3, true)
	valid.Clear(1)
	b := &SampleBatch{Epoch: epoch, Refs: refs, Times: []int64{10, 20, 30}, Values: []float64{1, 2, 3}, Valid: valid}
	if _, err := s.Write(ctx, b, meta.AckWAL); err != nil {
		t.Fatal(err)
	}
	if e, missing := s.Lookup(hashes, refs); e != epoch || missing != 0 {
		t.Fatal(e, missing)
	}
	want := []string{"10 3ff0000000000000", "20 NULL", "30 4008000000000000"}
	check := func() {
		t.Helper()
		got, err := w.read(w.snapshot(), table, &scan.Request{Columns: []column.ID{3, 4}, Time: scan.AllTime})
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%v: %q", err, got)
		}
	}
	check()
	flush := func() {
		t.Helper()
		if err := w.shard.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		check()
	}
	flush()
	b.Refs, b.Times, b.Values, b.Valid = refs[:1], []int64{40}, []float64{1}, nil
	want = append(want, "40 3ff0000000000000")
	if _, err := s.Write(ctx, b, meta.AckWAL); err != nil { // refs outlive a flush
		t.Fatal(err)
	}
	check()
	flush() // two of three series are gone: the dictionary ends
	if _, err := s.Write(ctx, b, meta.AckWAL); !errors.Is(err, ErrStale) {
		t.Fatal(err)
	}
	if _, err := s.Define(epoch, SeriesHash{Hi: 9, Lo: 9}, seriesKey(nil, 9)); !errors.Is(err, ErrStale) {
		t.Fatal(err)
	}
	if e, missing := s.Lookup(hashes, refs); e != epoch+1 || missing != 3 {
		t.Fatal(e, missing)
	}
	w.abort(t)
	w.open(t)
	check()
	w.abort(t)
}

// TestFarTimes flushes rows at both ends of time in one chunk: every partition between them is looked for.
func TestFarTimes(t *testing.T) {
	shape := shapes["tagged"]
	for _, length := range []int64{1, 50, math.MaxInt64} {
		w := newWorld(t, memfs.New())
		shape.Partition = length
		table, err := w.catalog.Create("far", shape)
		if err != nil {
			t.Fatal(err)
		}
		w.tables["far"], w.rows["far"] = table, modelRows{}.clone()
		w.open(t)
		times := []int64{math.MinInt64, math.MinInt64 + 1, -length, -1, 0, 1, length, math.MaxInt64 - 1, math.MaxInt64}
		rows := numbered(table, 0, len(times))
		rows.Columns[0] = column.NewInts(rows.Columns[0].Type, times, nil)
		rows.Columns[1] = column.NewConst(column.NewStrings("h"), 0, len(times))
		w.write(t, rows)
		if err := w.shard.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		if st := w.shard.Stats(); st.HeadRows != 0 {
			t.Fatalf("%+v", st)
		}
		w.check(t, w.snapshot())
		w.abort(t)
	}
}

// TestConcurrent runs writers, readers and flushes at once: each snapshot holds whole commits, and never fewer than one before.
func TestConcurrent(t *testing.T) {
	w := newWorld(t, memfs.New(), "tagged", "plain")
	w.opts.Tick, w.opts.FlushAge, w.opts.retire = time.Millisecond, 3*time.Millisecond, 1
	w.open(t)
	tagged, plain := w.tables["tagged"], w.tables["plain"]
	const writers, commits, size = 3, 40, 10
	var all, readers sync.WaitGroup
	stop := make(chan struct{})
	for k := range writers {
		all.Go(func() {
			for i := range commits {
				from := (k*commits + i) * size
				b := column.NewBuilder(column.T(column.Int64), size)
				for j := range size {
					b.AppendInt(int64(from + j))
				}
				other := meta.Rows{Table: plain, Len: size, Columns: []*column.Vector{b.Finish(), column.NewNull(column.T(column.Text), size)}}
				if _, err := w.shard.Write(ctx, []meta.Rows{numbered(tagged, from, size), other}, meta.Ack(i%3)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 2 {
		readers.Go(func() {
			last := 0
			for {
				s := w.snapshot()
				a, err := w.read(s, tagged, &scan.Request{Columns: []column.ID{3}, Time: scan.AllTime})
				b, err2 := w.read(s, plain, &scan.Request{Columns: []column.ID{1}, Time: scan.AllTime})
				if err != nil || err2 != nil || !slices.Equal(a, b) || len(a)%size != 0 || len(a) < last {
					t.Errorf("%v, %v: %d and %d rows after %d", err, err2, len(a), len(b), last)
				}
				last = len(a)
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	all.Wait()
	close(stop)
	readers.Wait()
	if err := w.shard.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	got, err := w.read(w.snapshot(), tagged, &scan.Request{Time: scan.AllTime, Columns: []column.ID{3}})
	if err != nil || len(got) != writers*commits*size || len(slices.Compact(got)) != len(got) {
		t.Fatalf("%v: %d rows", err, len(got))
	}
	if err := w.shard.Close(ctx); err != nil {
		t.Fatal(err)
	}
}

// TestCatalogWithoutItsEnd: rows of a table that the catalog never had are no rows of a dropped table.
func TestCatalogWithoutItsEnd(t *testing.T) {
	w := newWorld(t, memfs.New(), "tagged")
	w.open(t)
	shorter := w.catalog.Clone()
	late, err := w.catalog.Create("late", shapes["tagged"])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.shard.Write(ctx, []meta.Rows{numbered(late, 0, 3)}, meta.AckWAL); err != nil {
		t.Fatal(err)
	}
	w.abort(t)
	w.opts.Catalog = shorter
	if _, err := Open(ctx, w.opts); !errors.Is(err, column.Corrupt) || !strings.Contains(err.Error(), "never had") {
		t.Errorf("open with a catalog that lost its end: %v", err)
	}
}
