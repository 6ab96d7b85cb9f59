package gc_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/column/vfs/faultfs"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/tiering/gc"
	"github.com/automatanexus/aegis-db/tiering/segments"
	"github.com/automatanexus/aegis-db/tiering/tieringtest"
)

var ctx = context.Background()

type fixture struct {
	*tieringtest.Store
	cache     *segments.Cache
	now       time.Time
	collector *gc.Collector
}

func setup(t testing.TB, keep time.Duration) *fixture {
	f := &fixture{Store: tieringtest.New(t), now: time.Unix(1000, 0)}
	f.cache = segments.NewCache(segments.Options{Files: f.Files, Bytes: 1 << 20})
	t.Cleanup(f.cache.Close)
	f.collector = gc.New(gc.Options{
		Catalog: f.Catalog, Files: f.Files, Segments: f.cache, Keep: keep, Now: func() time.Time { return f.now },
	})
	return f
}

func rows(n int) []tieringtest.Row {
	out := make([]tieringtest.Row, n)
	for i := range out {
		out[i] = tieringtest.Row{Host: "a", At: int64(i), N: int64(i)}
	}
	return out
}

// collect runs the collector and checks what is left.
func (f *fixture) collect(t testing.TB, files, garbage int) {
	t.Helper()
	if err := f.collector.Run(ctx); err != nil {
		t.Fatal(err)
	}
	f.expect(t, files, garbage)
}

func (f *fixture) expect(t testing.TB, files, garbage int) {
	t.Helper()
	if names, g := f.Names(), f.Catalog.Snapshot().Garbage(); len(names) != files || len(g) != garbage {
		t.Fatalf("files %v, garbage %v", names, g)
	}
}

// TestHeldSnapshot: files stay while a snapshot that names them is open, however long ago they were replaced.
func TestHeldSnapshot(t *testing.T) {
	f := setup(t, 0)
	table := f.Table(t, "tagged")
	s := f.Segment(t, table, rows(5))
	_, releaseOld := f.Catalog.Acquire()
	f.Delete(t, table, s.ID, 1)
	_, releaseMiddle := f.Catalog.Acquire()
	f.Delete(t, table, s.ID, 2) // replaces the first vector
	f.Drop(t, table)
	f.now = f.now.Add(time.Hour)
	f.collect(t, 4, 3) // two vectors and the segment with two files
	_, releaseNew := f.Catalog.Acquire()
	releaseOld()
	f.collect(t, 4, 3)
	releaseMiddle()
	f.collect(t, 0, 0) // the new one names none of them
	releaseNew()
	f.collect(t, 0, 0)
}

// TestKeep: files stay for readers without a snapshot, counted from when they were first met as garbage.
func TestKeep(t *testing.T) {
	f := setup(t, time.Minute)
	table := f.Table(t, "tagged")
	s := f.Segment(t, table, rows(5))
	f.Delete(t, table, s.ID, 1)
	f.Delete(t, table, s.ID, 2)
	f.now = f.now.Add(time.Hour)
	f.collect(t, 4, 1)
	f.now = f.now.Add(59 * time.Second)
	f.Drop(t, table)
	f.collect(t, 4, 3)
	f.now = f.now.Add(time.Second)
	f.collect(t, 3, 2)
	f.now = f.now.Add(time.Minute)
	f.collect(t, 0, 0)
}

// TestRemoveFails: what cannot be removed stays on the list, and files that are gone already are no failure.
func TestRemoveFails(t *testing.T) {
	for n := 1; n <= 5; n++ {
		f := setup(t, 0)
		table := f.Table(t, "tagged")
		f.Segment(t, table, rows(5))
		f.Segment(t, table, rows(5))
		f.Drop(t, table)
		removals := 0
		f.FS.SetInjector(func(op faultfs.Op, _ string, _ int) error {
			if op == faultfs.OpRemove {
				if removals++; removals == n {
					return faultfs.ErrInjected
				}
			}
			return nil
		})
		err := f.collector.Run(ctx)
		if (err != nil) != (n <= 4) {
			t.Fatalf("removal %d fails: %v", n, err)
		}
		if n <= 4 {
			f.expect(t, []int{2, 1}[1-n%2], 1) // of one segment: both files, or the sidecar
		}
		f.collect(t, 0, 0)
	}
	f := setup(t, 0)
	table := f.Table(t, "tagged")
	f.Segment(t, table, rows(5))
	f.Drop(t, table)
	f.Catalog.Propose1 = func(context.Context, meta.Command) (meta.Result, error) {
		return meta.Result{}, errors.New("no catalog")
	}
	if err := f.collector.Run(ctx); err == nil || !strings.Contains(err.Error(), "no catalog") {
		t.Fatal(err)
	}
	f.expect(t, 0, 1)
	f.Catalog.Propose1 = nil
	f.collect(t, 0, 0)
}

// TestSweep: only what the catalog does not know goes.
func TestSweep(t *testing.T) {
	f := setup(t, time.Hour)
	table := f.Table(t, "tagged")
	dropped := f.Table(t, "plain")
	s := f.Segment(t, table, rows(5))
	f.Delete(t, table, s.ID, 1)
	f.Delete(t, table, s.ID, 2)
	f.Segment(t, dropped, rows(3))
	f.Drop(t, dropped)
	want := f.Names()
	if len(want) != 6 {
		t.Fatal(want)
	}
	orphan := f.Do(t, meta.Command{ReserveIDs: &meta.ReserveIDs{Count: 3}}).ID
	stray := []string{
		fmt.Sprintf("/segments/%d/%d.parquet", table.ID, orphan), fmt.Sprintf("/segments/%d/%d.idx", table.ID, orphan+1),
		fmt.Sprintf("/segments/%d/%d.%d.dv", table.ID, s.ID, orphan+2), fmt.Sprintf("/segments/%d/%d.parquet", dropped.ID, orphan),
	}
	foreign := fmt.Sprintf("/segments/%d/notes.txt", table.ID)
	for _, name := range append(stray, foreign) {
		if err := vfs.WriteFileAtomic(f.Disk, name, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.collector.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	want = append(want, foreign[1:])
	slices.Sort(want)
	if got := f.Names(); !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
}

// TestSweepOldCatalog: a catalog that is older than the files must not decide about them.
func TestSweepOldCatalog(t *testing.T) {
	for _, name := range []string{"%d.parquet", "%d.idx", "1.%d.dv"} {
		f := setup(t, 0)
		next := f.Catalog.Snapshot().NextSegment()
		if err := f.Disk.MkdirAll("/segments/1"); err != nil {
			t.Fatal(err)
		}
		full := "/segments/1/" + fmt.Sprintf(name, next)
		if err := vfs.WriteFileAtomic(f.Disk, full, []byte("x")); err != nil {
			t.Fatal(err)
		}
		err := f.collector.Sweep(ctx)
		if !errors.Is(err, column.Corrupt) || !strings.Contains(err.Error(), full[1:]) {
			t.Errorf("%s: %v", full, err)
		}
		if n := len(f.Names()); n != 1 {
			t.Errorf("%d files", n)
		}
	}
}

// TestBackground: what Start began finds its work by itself, and closes idle readers of what it removes.
func TestBackground(t *testing.T) {
	f := setup(t, 0)
	table := f.Table(t, "tagged")
	s := f.Segment(t, table, rows(5))
	h, err := f.cache.Acquire(ctx, table.ID, s)
	if err != nil {
		t.Fatal(err)
	}
	h.Release()
	f.Drop(t, table)
	f.collector.Start(time.Millisecond)
	for began := time.Now(); len(f.Catalog.Snapshot().Garbage()) > 0; time.Sleep(time.Millisecond) {
		if time.Since(began) > 5*time.Second {
			t.Fatal("nothing is collected")
		}
	}
	f.collector.Stop()
	f.expect(t, 0, 0)
	if open, _ := f.cache.Stats(); open != 0 {
		t.Errorf("%d readers of removed files are open", open)
	}
}
