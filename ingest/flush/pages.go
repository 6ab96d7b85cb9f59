package flush

import (
	"sync"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/segment"
)

// pagesBytes is where lastPages starts over: a page of each of 100 columns of 10 segments.
const pagesBytes = 64 << 20

// lastPages implements segment.PageCache with the newest page of each column of each segment. A flush looks series up in their
// order, many of which share a page: without this, each would decode it again.
type lastPages struct {
	pool *mem.Pool // nil = not accounted for

	mu    sync.Mutex
	pages map[segment.PageKey]lastPage // Page is 0 in the keys
	bytes int64
}

type lastPage struct {
	number uint32
	vector *column.Vector
	bytes  int64
}

func newLastPages(pool *mem.Pool) *lastPages {
	return &lastPages{pool: pool, pages: map[segment.PageKey]lastPage{}}
}

// Get implements segment.PageCache.
func (p *lastPages) Get(k segment.PageKey) *column.Vector {
	number := k.Page
	k.Page = 0
	p.mu.Lock()
	defer p.mu.Unlock()
	if have := p.pages[k]; have.number == number {
		return have.vector // nil if there is none
	}
	return nil
}

// Put implements segment.PageCache.
func (p *lastPages) Put(k segment.PageKey, v *column.Vector, bytes int64) {
	number := k.Page
	k.Page = 0
	p.mu.Lock()
	defer p.mu.Unlock()
	p.releaseLocked(p.pages[k].bytes)
	delete(p.pages, k)
	if p.bytes+bytes > pagesBytes {
		p.clearLocked()
	}
	if p.pool != nil && p.pool.Grow(bytes) != nil {
		return
	}
	p.bytes += bytes
	p.pages[k] = lastPage{number, v, bytes}
}

// clear gives all memory back.
func (p *lastPages) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clearLocked()
}

func (p *lastPages) clearLocked() {
	p.releaseLocked(p.bytes)
	clear(p.pages)
}

func (p *lastPages) releaseLocked(bytes int64) {
	p.bytes -= bytes
	if p.pool != nil {
		p.pool.Shrink(bytes)
	}
}
