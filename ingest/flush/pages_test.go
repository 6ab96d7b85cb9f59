package flush

import (
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/segment"
)

// TestLastPages: the newest page of each column is kept, within the budget and the pool.
func TestLastPages(t *testing.T) {
	pool := mem.NewPool("test", 100<<20, nil)
	p := newLastPages(pool)
	key := func(segmentID uint64, page uint32) segment.PageKey {
		return segment.PageKey{Table: 1, Segment: segmentID, Column: 2, Page: page}
	}
	vector := func() *column.Vector { return column.NewInts(column.T(column.Int64), []int64{1}, nil) }
	if p.Get(key(1, 0)) != nil {
		t.Error("a page is there before any was put")
	}
	first, second, other := vector(), vector(), vector()
	p.Put(key(1, 0), first, 10)
	p.Put(key(2, 0), other, 10)
	if p.Get(key(1, 0)) != first || p.Get(key(1, 1)) != nil || p.Get(key(2, 0)) != other {
		t.Error("not the pages that were put")
	}
	p.Put(key(1, 1), second, 30)
	if p.Get(key(1, 0)) != nil || p.Get(key(1, 1)) != second || p.Get(key(2, 0)) != other || pool.Used() != 40 {
		t.Errorf("a newer page does not replace the older: %d bytes", pool.Used())
	}
	p.Put(key(3, 0), first, pagesBytes-20)
	if p.Get(key(1, 1)) != nil || p.Get(key(3, 0)) != first || pool.Used() != pagesBytes-20 {
		t.Errorf("past the budget: %d bytes", pool.Used())
	}
	if err := pool.Grow(pool.Limit() - pool.Used()); err != nil {
		t.Fatal(err)
	}
	p.Put(key(4, 0), first, 10)
	if p.Get(key(4, 0)) != nil || p.Get(key(3, 0)) != first {
		t.Error("a page was kept that the pool has no room for, or another lost")
	}
	held := pool.Used()
	p.clear()
	if p.Get(key(3, 0)) != nil || pool.Used() != held-(pagesBytes-20) {
		t.Errorf("%d bytes are left", pool.Used())
	}
}
