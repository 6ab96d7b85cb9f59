// Package pages keeps decoded pages of segments in memory, within a budget, so that what is asked again and again is
// neither read nor unpacked again.
//
// It must not know segments' format, or who asks.
package pages

import (
	"hash/maphash"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/segment"
)

// Options configures a Cache.
type Options struct {
	// Bytes is how much the pages may take in all.
	Bytes int64
	// Pool is where their memory is reserved; may be nil. A page that the pool has no room for is not kept.
	Pool *mem.Pool
}

// A budget is divided among shards, each with a lock of its own. A shard must have room for many pages of the usual size
// (a quarter of a MiB), or chance decides what stays.
const (
	maxShards  = 16
	shardBytes = 64 << 20
)

// Cache implements segment.PageCache. Pages come and go by S3-FIFO (Yang et al., "FIFO queues are all you need for cache
// eviction", SOSP 2023), which reading much once does not disturb: what was met for the first time has a tenth of the budget
// to be asked for again in, and leaves behind only its name, by which it is known if it comes back soon.
// Safe for concurrent use.
type Cache struct {
	pool   *mem.Pool
	seed   maphash.Seed
	shards []shard
}

// New makes an empty cache.
func New(o Options) *Cache {
	n := min(maxShards, max(1, o.Bytes/shardBytes))
	c := &Cache{pool: o.Pool, seed: maphash.MakeSeed(), shards: make([]shard, n)}
	for i := range c.shards {
		c.shards[i].init(o.Bytes / n)
	}
	return c
}

func (c *Cache) shard(k segment.PageKey) *shard {
	return &c.shards[maphash.Comparable(c.seed, k)%uint64(len(c.shards))]
}

// Get implements segment.PageCache.
func (c *Cache) Get(k segment.PageKey) *column.Vector { return c.shard(k).get(k) }

// Put implements segment.PageCache.
func (c *Cache) Put(k segment.PageKey, v *column.Vector, bytes int64) {
	bytes += entryBytes
	s := c.shard(k)
	// Reserved before the shard is locked: a full pool asks for memory back, from this very shard perhaps.
	if !s.fits(bytes) || c.pool.Grow(bytes) != nil {
		return
	}
	c.pool.Shrink(s.put(k, v, bytes))
}

// Forget drops the pages of a segment that is removed.
func (c *Cache) Forget(table, segment uint64) {
	for i := range c.shards {
		c.pool.Shrink(c.shards[i].forget(segmentKey{table, segment}))
	}
}

// Release gives back about so many bytes, or all there are, and says how many: for somebody who needs them more.
func (c *Cache) Release(bytes int64) int64 {
	freed := int64(0)
	// Equal shares first, then whoever still has some.
	for _, share := range []int64{bytes / int64(len(c.shards)), bytes} {
		for i := range c.shards {
			if freed < bytes {
				n := c.shards[i].release(min(share+1, bytes-freed))
				c.pool.Shrink(n)
				freed += n
			}
		}
	}
	return freed
}

// Stats is what a cache holds, and what it was asked since it was made.
type Stats struct {
	Pages        int
	Bytes        int64
	Hits, Misses int64
}

// Stats measures; shards one after the other.
func (c *Cache) Stats() Stats {
	var out Stats
	for i := range c.shards {
		c.shards[i].count(&out)
	}
	return out
}
