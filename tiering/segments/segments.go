// Package segments opens the segments that a snapshot names, wherever they live, and keeps readers and deletion
// vectors open between queries within a memory budget. Everybody who reads segments (queries, compaction) gets them
// here.
//
// It must not know SQL, the head or who decides which segments exist.
package segments

import (
	"container/list"
	"context"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/meta"
)

// Options configures a Cache.
type Options struct {
	Files segment.Files
	// Bytes is how much memory idle readers and vectors may hold. Those in use are not limited by it.
	Bytes int64
	// Idle is how many segments stay open while nobody reads them, each with a file of the system's. Default 2,048.
	Idle  int
	Pages Pages // may be nil
}

// Pages keeps decoded pages (package pages does). Safe for concurrent use.
type Pages interface {
	segment.PageCache
	// Forget drops the pages of a segment that nobody will read any more.
	Forget(table, segment uint64)
}

// Cache opens segments once and shares them. Safe for concurrent use.
type Cache struct {
	options Options

	mu      sync.Mutex
	entries map[entryKey]*entry
	idle    *list.List // of *entry, the longest unused first
	bytes   int64      // of idle entries
}

type entryKey struct {
	table   meta.TableID // in whose folder the files are: clones share readers
	segment meta.SegmentID
	vector  uint64
}

// entry is an open segment with the deletion vector of one version.
type entry struct {
	key     entryKey
	ready   chan struct{} // closed when reader or err is set
	reader  *segment.Reader
	deleted *roaring.Bitmap
	err     error

	users int           // guarded by Cache.mu
	place *list.Element // in idle, while users is 0
	size  int64         // as counted in Cache.bytes
}

// NewCache makes an empty cache.
func NewCache(o Options) *Cache {
	if o.Idle == 0 {
		o.Idle = 2048
	}
	return &Cache{options: o, entries: map[entryKey]*entry{}, idle: list.New()}
}

// Handle is a segment that stays open until Release.
type Handle struct {
	Reader  *segment.Reader
	Deleted *roaring.Bitmap // nil = nothing deleted; not to be changed
	cache   *Cache
	entry   *entry
}

// Acquire opens the segment of a catalog record, or shares the open one.
func (c *Cache) Acquire(ctx context.Context, table meta.TableID, s *meta.Segment) (*Handle, error) {
	table = s.FilesOf(table)
	key := entryKey{table: table, segment: s.ID}
	if s.Deleted != nil {
		key.vector = s.Deleted.Version
	}
	c.mu.Lock()
	e, known := c.entries[key]
	if !known {
		e = &entry{key: key, ready: make(chan struct{})}
		c.entries[key] = e
	}
	e.users++
	if e.place != nil {
		c.idle.Remove(e.place)
		c.bytes -= e.size
		e.place = nil
	}
	c.mu.Unlock()
	if !known {
		// The others who wait for it must not fail because the first one went away.
		e.reader, e.deleted, e.err = c.open(context.WithoutCancel(ctx), table, s)
		close(e.ready)
	}
	select {
	case <-e.ready:
	case <-ctx.Done():
		c.release(e)
		return nil, context.Cause(ctx)
	}
	if e.err != nil {
		c.release(e)
		return nil, e.err
	}
	return &Handle{Reader: e.reader, Deleted: e.deleted, cache: c, entry: e}, nil
}

func (c *Cache) open(ctx context.Context, table meta.TableID, s *meta.Segment) (*segment.Reader, *roaring.Bitmap, error) {
	r, err := segment.Open(ctx, c.options.Files, Ref(table, s), segment.ReadOptions{Cache: c.options.Pages})
	if err != nil {
		return nil, nil, err
	}
	if s.Deleted == nil {
		return r, nil, nil
	}
	v := segment.VectorInfo{Rows: s.Deleted.Rows, Bytes: s.Deleted.Bytes, Sum: s.Deleted.Sum}
	deleted, err := segment.ReadVector(ctx, c.options.Files, uint64(table), uint64(s.ID), s.Deleted.Version, v)
	if err != nil {
		_ = r.Close() // nothing was written
		return nil, nil, err
	}
	return r, deleted, nil
}

// Ref names the files of a segment of a table for package segment.
func Ref(table meta.TableID, s *meta.Segment) segment.Ref {
	return segment.Ref{
		Table: uint64(s.FilesOf(table)), Segment: uint64(s.ID), Rows: s.Rows,
		DataBytes: s.DataBytes, SidecarBytes: s.SidecarBytes, SidecarSum: s.SidecarSum,
	}
}

// Release gives the segment back. The handle is of no use afterwards.
func (h *Handle) Release() { h.cache.release(h.entry) }

func (c *Cache) release(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.users--
	if e.users > 0 {
		return
	}
	if e.err != nil || e.reader == nil {
		// What failed to open is not remembered: the next one tries again.
		if c.entries[e.key] == e {
			delete(c.entries, e.key)
		}
		return
	}
	e.size = e.reader.SizeBytes()
	if e.deleted != nil {
		e.size += int64(e.deleted.GetSizeInBytes())
	}
	e.place = c.idle.PushBack(e)
	c.bytes += e.size
	for c.idle.Len() > 0 && (c.bytes > c.options.Bytes || c.idle.Len() > c.options.Idle) {
		c.dropLocked(c.idle.Front().Value.(*entry))
	}
}

func (c *Cache) dropLocked(e *entry) {
	c.idle.Remove(e.place)
	e.place = nil
	c.bytes -= e.size
	delete(c.entries, e.key)
	_ = e.reader.Close() // it only read
}

// Forget closes what is idle of a segment whose files are about to be removed, and drops its pages.
func (c *Cache) Forget(table meta.TableID, id meta.SegmentID) {
	if c.options.Pages != nil {
		defer c.options.Pages.Forget(uint64(table), uint64(id))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, e := range c.entries {
		if k.table == table && k.segment == id && e.place != nil {
			c.dropLocked(e)
		}
	}
}

// Close closes everything; nothing may be in use.
func (c *Cache) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.idle.Len() > 0 {
		c.dropLocked(c.idle.Front().Value.(*entry))
	}
}

// Stats reports the open segments and the bytes the idle ones hold.
func (c *Cache) Stats() (open int, idleBytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.entries), c.bytes
}
