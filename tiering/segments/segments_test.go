package segments_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/tiering/pages"
	"github.com/automatanexus/aegis-db/tiering/segments"
	"github.com/automatanexus/aegis-db/tiering/tieringtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ctx = context.Background()

// watched counts the files that are open, and can make opening wait or fail.
type watched struct {
	segment.Files
	opened, open atomic.Int64
	wait         chan struct{} // if set, Open waits until it is closed
	entered      chan struct{} // told when Open waits
	err          error
}

func (w *watched) Open(ctx context.Context, name string) (segment.OpenFile, error) {
	if w.wait != nil {
		w.entered <- struct{}{}
		<-w.wait
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if w.err != nil {
		return nil, w.err
	}
	f, err := w.Files.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	w.opened.Add(1)
	w.open.Add(1)
	return &watchedFile{f, w}, nil
}

type watchedFile struct {
	segment.OpenFile
	w *watched
}

func (f *watchedFile) Close() error {
	f.w.open.Add(-1)
	return f.OpenFile.Close()
}

type fixture struct {
	*tieringtest.Store
	files *watched
	cache *segments.Cache
	table *meta.Table
}

func setup(t *testing.T, bytes int64) *fixture {
	f := &fixture{Store: tieringtest.New(t)}
	f.files = &watched{Files: f.Files}
	f.cache = segments.NewCache(segments.Options{Files: f.files, Bytes: bytes})
	f.table = f.Table(t, "tagged")
	t.Cleanup(func() {
		f.cache.Close()
		if n := f.files.open.Load(); n != 0 {
			t.Errorf("%d files are open", n)
		}
		if n, bytes := f.cache.Stats(); n != 0 || bytes != 0 {
			t.Errorf("%d segments, %d bytes are left", n, bytes)
		}
	})
	return f
}

func (f *fixture) segment(t *testing.T) *meta.Segment {
	return f.Segment(t, f.table, []tieringtest.Row{{Host: "a", At: 1, N: 1}, {Host: "b", At: 2, N: 2}, {Host: "b", At: 3, N: 2}})
}

func (f *fixture) acquire(t *testing.T, s *meta.Segment) *segments.Handle {
	t.Helper()
	h, err := f.cache.Acquire(ctx, f.table.ID, s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (f *fixture) stats(t *testing.T, open int, idle bool) {
	t.Helper()
	if n, bytes := f.cache.Stats(); n != open || (bytes > 0) != idle {
		t.Fatalf("%d segments open, %d bytes idle", n, bytes)
	}
}

// TestShared: a segment is opened once for all who hold it, and stays open as long as one does.
func TestShared(t *testing.T) {
	f := setup(t, 0) // keeps nothing idle
	s := f.segment(t)
	a, b := f.acquire(t, s), f.acquire(t, s)
	if a.Reader != b.Reader || a.Deleted != nil {
		t.Error("two readers of one segment")
	}
	f.stats(t, 1, false)
	a.Release()
	if n := f.files.open.Load(); n == 0 {
		t.Error("closed under a holder")
	}
	if n, err := b.Reader.FindSeries(key.AppendBytes(nil, []byte("b"))); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	b.Release()
	f.stats(t, 0, false)
	if n := f.files.open.Load(); n != 0 {
		t.Errorf("%d files stay open without room for them", n)
	}
}

// TestVectors: each version of a deletion vector is a state of its own.
func TestVectors(t *testing.T) {
	f := setup(t, 1<<20)
	s := f.segment(t)
	before := f.acquire(t, s)
	f.Delete(t, f.table, s.ID, 1)
	after := f.acquire(t, f.Segments(f.table)[0])
	if before.Deleted != nil || after.Deleted == nil || after.Deleted.GetCardinality() != 1 || !after.Deleted.Contains(1) {
		t.Errorf("deleted rows %v and %v", before.Deleted, after.Deleted)
	}
	f.stats(t, 2, false)
	before.Release()
	after.Release()
	f.stats(t, 2, true)
	f.cache.Forget(f.table.ID, s.ID)
	f.stats(t, 0, false)
}

// TestEviction: idle segments stay within the budget, the longest unused goes first; those in use do not count.
func TestEviction(t *testing.T) {
	f := setup(t, 1<<30)
	var list []*meta.Segment
	for range 4 {
		list = append(list, f.segment(t))
	}
	f.acquire(t, list[0]).Release()
	_, one := f.cache.Stats()
	f.cache.Close()
	f.cache = segments.NewCache(segments.Options{Files: f.files, Bytes: 2*one + one/2})
	for _, s := range list[:3] {
		f.acquire(t, s).Release()
	}
	f.stats(t, 2, true)
	opened := f.files.opened.Load()
	f.acquire(t, list[1]).Release()
	f.acquire(t, list[2]).Release()
	if f.files.opened.Load() != opened {
		t.Error("the newest were not kept")
	}
	f.acquire(t, list[1]).Release()
	f.acquire(t, list[3]).Release() // 2 goes: 1 was used after it
	opened = f.files.opened.Load()
	f.acquire(t, list[1]).Release()
	if f.files.opened.Load() != opened {
		t.Error("the one used last was not kept")
	}
	var held []*segments.Handle
	for _, s := range list {
		held = append(held, f.acquire(t, s))
	}
	f.stats(t, 4, false)
	f.cache.Forget(f.table.ID, list[0].ID) // in use: stays
	f.stats(t, 4, false)
	for _, h := range held {
		h.Release()
	}
	f.stats(t, 2, true)
}

// TestIdleLimit: however little they take, only so many stay open.
func TestIdleLimit(t *testing.T) {
	f := setup(t, 1<<30)
	f.cache = segments.NewCache(segments.Options{Files: f.files, Bytes: 1 << 30, Idle: 2})
	for range 5 {
		f.acquire(t, f.segment(t)).Release()
	}
	f.stats(t, 2, true)
}

// TestConcurrentOpens: whoever comes while a segment is being opened waits for that. The one who opens may go away.
func TestConcurrentOpens(t *testing.T) {
	f := setup(t, 1<<20)
	s := f.segment(t)
	f.files.wait, f.files.entered = make(chan struct{}), make(chan struct{}, 100)
	first, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	group.Go(func() {
		if h, err := f.cache.Acquire(first, f.table.ID, s); err == nil {
			h.Release() // in time after all
		} else if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	<-f.files.entered
	for range 8 {
		group.Go(func() {
			h, err := f.cache.Acquire(ctx, f.table.ID, s)
			if err != nil {
				t.Error(err)
				return
			}
			if h.Reader.Ref().Segment != uint64(s.ID) {
				t.Error("another segment")
			}
			h.Release()
		})
	}
	impatient, stop := context.WithTimeout(ctx, time.Millisecond)
	defer stop()
	if _, err := f.cache.Acquire(impatient, f.table.ID, s); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	cancel()
	close(f.files.wait)
	group.Wait()
	f.stats(t, 1, true)
	if n := f.files.opened.Load(); n > 2 { // the data and its index
		t.Errorf("%d files were opened", n)
	}
}

// TestFailure: an error reaches everybody who waits, and is not remembered.
func TestFailure(t *testing.T) {
	f := setup(t, 1<<20)
	s := f.segment(t)
	f.files.err = column.Errorf(column.Overloaded, "not now")
	if _, err := f.cache.Acquire(ctx, f.table.ID, s); !errors.Is(err, column.Overloaded) {
		t.Error(err)
	}
	f.stats(t, 0, false)
	f.files.err = nil
	f.acquire(t, s).Release()
	f.stats(t, 1, true)

	gone := *s
	gone.ID += 100
	if _, err := f.cache.Acquire(ctx, f.table.ID, &gone); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	// A vector that is not there closes the reader again.
	f.Delete(t, f.table, s.ID, 1)
	bad := *f.Segments(f.table)[0]
	bad.Deleted = &meta.DeletionVector{Version: 99, Rows: 1, Bytes: 10}
	open := f.files.open.Load()
	if _, err := f.cache.Acquire(ctx, f.table.ID, &bad); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if f.files.open.Load() != open {
		t.Error("a reader without its vector stays open")
	}
	f.stats(t, 1, true)
}

// TestForgetDropsPages: pages of a segment go with it, and only they.
func TestForgetDropsPages(t *testing.T) {
	f := setup(t, 1<<20)
	kept := pages.New(pages.Options{Bytes: 1 << 20})
	cache := segments.NewCache(segments.Options{Files: f.files, Bytes: 1 << 20, Pages: kept})
	defer cache.Close()
	a, b := f.segment(t), f.segment(t)
	for _, s := range []*meta.Segment{a, b} {
		h, err := cache.Acquire(ctx, f.table.ID, s)
		if err != nil {
			t.Fatal(err)
		}
		readAll(t, h.Reader)
		h.Release()
	}
	both := kept.Stats()
	cache.Forget(f.table.ID, a.ID)
	one := kept.Stats()
	if both.Pages == 0 || 2*one.Pages != both.Pages {
		t.Errorf("%d pages became %d", both.Pages, one.Pages)
	}
	cache.Forget(f.table.ID, b.ID)
	if left := kept.Stats(); left.Pages != 0 || left.Bytes != 0 {
		t.Errorf("%+v are left", left)
	}
}

// readAll reads every column of a segment.
func readAll(t *testing.T, r *segment.Reader) {
	t.Helper()
	req := &scan.Request{Time: scan.AllTime}
	for _, f := range r.Schema().Fields {
		req.Columns = append(req.Columns, f.ID)
	}
	morsels, _, err := r.Morsels(ctx, req, segment.View{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range morsels {
		rows, err := m.Open(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = rows.Next(ctx)
		}
		if !errors.Is(err, io.EOF) {
			t.Error(err)
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
}
