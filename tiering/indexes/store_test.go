package indexes_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/rowindex"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/vfs/faultfs"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/tiering/indexes"
	"github.com/automatanexus/aegis-db/tiering/tieringtest"
)

var ctx = context.Background()

// fixture is a table of two segments, whose rows have n = 0, 1, 2…, the second going on where the first ends.
type fixture struct {
	*tieringtest.Store
	table *meta.Table
	store *indexes.Store
}

const rowsPerSegment = 3000

func setup(t testing.TB, change ...func(*indexes.Options)) *fixture {
	f := &fixture{Store: tieringtest.New(t)}
	f.table = f.Table(t, "plain")
	for s := range 2 {
		rows := make([]tieringtest.Row, rowsPerSegment)
		for i := range rows {
			rows[i] = tieringtest.Row{Host: "a", At: int64(i), N: int64(s*rowsPerSegment + i)}
		}
		f.Segment(t, f.table, rows)
	}
	f.open(t, change...)
	return f
}

func (f *fixture) open(t testing.TB, change ...func(*indexes.Options)) {
	o := indexes.Options{Catalog: f.Catalog, Files: f.Files}
	for _, c := range change {
		c(&o)
	}
	var err error
	if f.store, err = indexes.Open(ctx, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.store.Close)
}

func (f *fixture) create(t testing.TB, name, method string) *meta.Index {
	t.Helper()
	r := f.Do(t, meta.Command{CreateIndex: &meta.CreateIndex{Table: f.table.ID, Name: name, Method: method, Columns: []meta.IndexColumn{{Column: 3}}}})
	return f.index(meta.IndexID(r.ID))
}

func (f *fixture) index(id meta.IndexID) *meta.Index {
	list := f.Catalog.Snapshot().Indexes(f.table.ID)
	return list[slices.IndexFunc(list, func(x *meta.Index) bool { return x.ID == id })]
}

func (f *fixture) run(t testing.TB) {
	t.Helper()
	if err := f.store.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

// files counts the files of indexes on the disk.
func (f *fixture) files() int {
	n := 0
	for _, name := range f.Names() {
		if !strings.HasSuffix(name, ".parquet") && !strings.HasSuffix(name, ".idx") {
			n++
		}
	}
	return n
}

func (f *fixture) expect(t testing.TB, files int) {
	t.Helper()
	if n := f.files(); n != files {
		t.Fatalf("%d files of indexes, want %d: %v", n, files, f.Names())
	}
}

// equal is the condition n = v on an index.
func equal(x *meta.Index, v int64) scan.IndexCondition {
	keys := rowindex.Keys{Method: rowindex.MethodNamed(x.Method), Parts: []rowindex.Part{{Type: column.T(column.Int64)}}}
	var from []byte
	_ = keys.Each([]*column.Vector{column.NewInts(column.T(column.Int64), []int64{v}, nil)}, 0, func(k []byte) error { // of an integer nothing fails
		from = slices.Clone(k)
		return nil
	})
	return scan.IndexCondition{Index: uint64(x.File), All: [][]scan.KeyRange{{{From: from}}}}
}

func (f *fixture) find(t testing.TB, segment int, conds ...scan.IndexCondition) *roaring.Bitmap {
	t.Helper()
	s := f.store.Scan(f.table.ID, conds)
	rows, err := s.Rows(ctx, f.Segments(f.table)[segment])
	if err != nil {
		t.Fatal(err)
	}
	s.Done(f.Catalog.Snapshot())
	return rows
}

func TestBuildFindAndRemove(t *testing.T) {
	f := setup(t)
	x := f.create(t, "x", meta.IndexBTree)
	if rows := f.find(t, 0, equal(x, 5)); rows != nil {
		t.Fatalf("rows without a file: %v", rows)
	}
	f.run(t)
	f.expect(t, 2)
	if rows := f.find(t, 0, equal(x, 5)); rows == nil || rows.String() != "{5}" {
		t.Fatalf("%v", rows)
	}
	if rows := f.find(t, 1, equal(x, 5)); rows == nil || !rows.IsEmpty() {
		t.Fatalf("%v", rows)
	}
	every := scan.IndexCondition{Index: uint64(x.File), All: [][]scan.KeyRange{{{From: nil}}}}
	if rows := f.find(t, 0, every); rows != nil {
		t.Fatalf("an index that names all of %d rows is asked: %d", rowsPerSegment, rows.GetCardinality())
	}
	figures := f.store.Figures(f.Catalog.Snapshot(), x)
	if figures.Segments != 2 || figures.Rows != 2*rowsPerSegment || figures.Bytes == 0 || figures.Scans != 2 || figures.Named != 1 || figures.Building {
		t.Errorf("%+v", figures)
	}

	y := f.create(t, "y", meta.IndexBitmap)
	f.run(t)
	f.expect(t, 4)
	if rows := f.find(t, 0, equal(x, 7), equal(y, 8)); rows == nil || !rows.IsEmpty() {
		t.Errorf("rows with n = 7 and n = 8: %v", rows)
	}
	if rows := f.find(t, 0, equal(y, 8)); rows == nil || rows.String() != "{8}" {
		t.Errorf("rows with n = 8: %v", rows)
	}

	f.Do(t, meta.Command{RebuildIndex: &meta.RebuildIndex{Index: x.ID}})
	again := f.index(x.ID)
	if rows := f.find(t, 0, equal(again, 5)); rows != nil || again.File == x.File {
		t.Fatalf("files %d and %d, rows %v", x.File, again.File, rows)
	}
	f.run(t)
	f.expect(t, 4)
	if rows := f.find(t, 0, equal(again, 5)); rows == nil || rows.String() != "{5}" {
		t.Fatalf("%v", rows)
	}
	f.Do(t, meta.Command{DropIndex: &meta.DropIndex{Index: y.ID}})
	f.run(t)
	f.expect(t, 2)
	if err := f.store.Remove(ctx, f.table.ID, f.Segments(f.table)[0].ID); err != nil {
		t.Fatal(err)
	}
	f.expect(t, 1)
	if rows := f.find(t, 0, equal(again, 5)); rows != nil {
		t.Fatalf("%v of a file that is gone", rows)
	}
	f.Drop(t, f.table)
	f.run(t)
	f.expect(t, 0)
}

// TestFailedBuild fails every operation of a pass in turn: nothing half is left, what did not fail is built, and the next pass builds the rest.
func TestFailedBuild(t *testing.T) {
	for at := 1; ; at++ {
		f := setup(t)
		f.create(t, "x", meta.IndexBTree)
		f.create(t, "y", meta.IndexBitmap)
		before, disk := f.FS.Count(), errors.New("input/output error")
		failed := false
		f.FS.SetInjector(func(_ faultfs.Op, _ string, n int) error {
			if n == before+at {
				failed = true
				return disk
			}
			return nil
		})
		err := f.store.Run(ctx)
		f.FS.SetInjector(nil)
		if !failed {
			if at < 10 {
				t.Fatalf("a pass has only %d operations", at)
			}
			return
		}
		for _, name := range f.Names() {
			if err != nil && strings.HasSuffix(name, ".ix") && strings.Contains(name, "tmp") {
				t.Errorf("operation %d: %s is left", at, name)
			}
		}
		f.run(t)
		f.expect(t, 4)
		for _, x := range f.Catalog.Snapshot().Indexes(f.table.ID) {
			if rows := f.find(t, 1, equal(x, rowsPerSegment+9)); rows == nil || !rows.Contains(9) {
				t.Fatalf("operation %d (%v), index %s: %v", at, err, x.Name, rows)
			}
		}
	}
}

// TestIndexThatGoesMeanwhile drops an index, or the table, while a file of it is written.
func TestIndexThatGoesMeanwhile(t *testing.T) {
	for _, what := range []string{"index", "table"} {
		f := setup(t)
		x := f.create(t, "x", meta.IndexBTree)
		once := false
		f.FS.SetInjector(func(op faultfs.Op, _ string, _ int) error {
			if op == faultfs.OpCreate && !once {
				once = true
				if what == "index" {
					f.Do(t, meta.Command{DropIndex: &meta.DropIndex{Index: x.ID}})
				} else {
					f.Drop(t, f.table)
				}
			}
			return nil
		})
		f.run(t)
		f.FS.SetInjector(nil)
		f.expect(t, 0)
	}
}

func TestOpenSweeps(t *testing.T) {
	f := setup(t)
	x, y := f.create(t, "x", meta.IndexBTree), f.create(t, "y", meta.IndexBTree)
	f.run(t)
	f.Do(t, meta.Command{DropIndex: &meta.DropIndex{Index: y.ID}})
	f.expect(t, 4)
	f.open(t) // after a crash before the files went
	f.expect(t, 2)
	if rows := f.find(t, 1, equal(x, rowsPerSegment)); rows == nil || rows.String() != "{0}" {
		t.Fatalf("%v", rows)
	}
	// The files are newer than the catalog.
	old := tieringtest.New(t)
	if _, err := indexes.Open(ctx, indexes.Options{Catalog: old.Catalog, Files: f.Files}); !errors.Is(err, column.Corrupt) {
		t.Errorf("files that are newer than the catalog: %v", err)
	}
}

func TestDamagedFile(t *testing.T) {
	f := setup(t)
	x := f.create(t, "x", meta.IndexBTree)
	f.run(t)
	for _, name := range f.Names() {
		if !strings.HasSuffix(name, ".ix") {
			continue
		}
		file, err := f.Disk.Open("/" + name)
		if err != nil {
			t.Fatal(err)
		}
		size, err := file.Size()
		if err != nil {
			t.Fatal(err)
		}
		all := make([]byte, size)
		if _, err := file.ReadAt(all, 0); err != nil {
			t.Fatal(err)
		}
		all[size-9] ^= 0x40
		again, err := f.Disk.Create("/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := again.Write(all); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(file.Close(), again.Close()); err != nil {
			t.Fatal(err)
		}
	}
	_, err := f.store.Scan(f.table.ID, []scan.IndexCondition{equal(x, 5)}).Rows(ctx, f.Segments(f.table)[0])
	var e *column.Error
	if !errors.As(err, &e) || !errors.Is(err, column.Corrupt) || !strings.Contains(e.Hint, "REINDEX") {
		t.Fatalf("%v", err)
	}
	f.Do(t, meta.Command{RebuildIndex: &meta.RebuildIndex{Index: x.ID}})
	f.run(t)
	f.expect(t, 2)
	if rows := f.find(t, 0, equal(f.index(x.ID), 5)); rows == nil || rows.String() != "{5}" {
		t.Fatalf("%v", rows)
	}
}

// TestReadersGoOn removes files while many look in them, with next to no memory for those that nobody reads.
func TestReadersGoOn(t *testing.T) {
	f := setup(t, func(o *indexes.Options) { o.Bytes = 1 })
	x := f.create(t, "x", meta.IndexBTree)
	f.run(t)
	done := make(chan error)
	for w := range 4 {
		go func() {
			for i := range 300 {
				n := int64((w*300 + i) % rowsPerSegment)
				rows, err := f.store.Scan(f.table.ID, []scan.IndexCondition{equal(x, n)}).Rows(ctx, f.Segments(f.table)[0])
				if err == nil && rows != nil && !rows.Contains(uint32(n)) {
					err = errors.New(rows.String())
				}
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 20 {
		if err := f.store.Remove(ctx, f.table.ID, f.Segments(f.table)[0].ID); err != nil {
			t.Error(err)
		}
		f.run(t)
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	f.expect(t, 2)
}

// TestIndexBeforeSegmentsAreSeen: files of segments that are not published are built, and go with them.
func TestIndexBeforeSegmentsAreSeen(t *testing.T) {
	f := setup(t)
	f.create(t, "x", meta.IndexBTree)
	segment := f.Segments(f.table)[0]
	f.store.Index(ctx, f.table, []meta.Segment{*segment})
	f.expect(t, 1)
	f.store.Index(ctx, f.table, []meta.Segment{*segment})
	f.store.Discard(ctx, f.table.ID, segment.ID)
	f.expect(t, 0)
}
