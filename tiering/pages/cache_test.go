package pages

import (
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/segment"
)

func key(segmentID uint64, page uint32) segment.PageKey {
	return segment.PageKey{Table: 1, Segment: segmentID, Column: 1, Page: page}
}

func vector(n int64) *column.Vector {
	return column.NewInts(column.T(column.Int64), []int64{n}, nil)
}

// model is S3-FIFO over slices, as the paper's pseudo code has it.
type model struct {
	limit                   int64
	probation, kept, ghosts []modelPage // the oldest first
}

type modelPage struct {
	key   segment.PageKey
	bytes int64
	uses  int
}

func total(list []modelPage) (n int64) {
	for _, p := range list {
		n += p.bytes
	}
	return n
}

func place(list []modelPage, k segment.PageKey) int {
	return slices.IndexFunc(list, func(p modelPage) bool { return p.key == k })
}

func (m *model) get(k segment.PageKey) bool {
	for _, list := range [][]modelPage{m.probation, m.kept} {
		if i := place(list, k); i >= 0 {
			list[i].uses = min(3, list[i].uses+1)
			return true
		}
	}
	return false
}

func (m *model) put(k segment.PageKey, bytes int64) {
	switch i := place(m.ghosts, k); {
	case bytes > m.limit/largeShare || place(m.probation, k) >= 0 || place(m.kept, k) >= 0:
	case i >= 0:
		m.ghosts = slices.Delete(m.ghosts, i, i+1)
		m.kept = append(m.kept, modelPage{key: k, bytes: bytes})
	default:
		m.probation = append(m.probation, modelPage{key: k, bytes: bytes})
	}
	for total(m.probation)+total(m.kept) > m.limit {
		m.evict()
	}
}

func (m *model) evict() {
	if len(m.probation) > 0 && (total(m.probation) > m.limit/10 || len(m.kept) == 0) {
		p := m.probation[0]
		m.probation = m.probation[1:]
		if p.uses > 1 {
			p.uses = 0
			m.kept = append(m.kept, p)
			return
		}
		p.uses = 0
		m.ghosts = append(m.ghosts, p)
		for total(m.ghosts) > m.limit {
			m.ghosts = m.ghosts[1:]
		}
		return
	}
	p := m.kept[0]
	m.kept = m.kept[1:]
	if p.uses > 0 {
		p.uses--
		m.kept = append(m.kept, p)
	}
}

func (m *model) forget(id uint64) {
	for _, list := range []*[]modelPage{&m.probation, &m.kept, &m.ghosts} {
		*list = slices.DeleteFunc(*list, func(p modelPage) bool { return p.key.Segment == id })
	}
}

func (m *model) release(bytes int64) {
	before := total(m.probation) + total(m.kept)
	for before-total(m.probation)-total(m.kept) < bytes && len(m.probation)+len(m.kept) > 0 {
		m.evict()
	}
}

// TestCacheFollowsItsModel: after any operations the cache holds what the model holds, and has reserved just that.
func TestCacheFollowsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(0, 40*entryBytes).Draw(t, "limit")
		pool := mem.NewPool("pages", 0, nil)
		c, m := New(Options{Bytes: limit, Pool: pool}), &model{limit: limit}
		hits, misses := int64(0), int64(0)
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			k := key(uint64(rapid.IntRange(1, 4).Draw(t, "segment")), uint32(rapid.IntRange(0, 12).Draw(t, "page")))
			switch rapid.SampledFrom([]string{"get", "get", "get", "put", "put", "put", "forget", "release"}).Draw(t, "do") {
			case "get":
				v, want := c.Get(k), m.get(k)
				if (v != nil) != want || v != nil && v.Ints[0] != int64(k.Segment)<<32|int64(k.Page) {
					t.Fatalf("%v: got %v, want it there: %t", k, v, want)
				}
				if want {
					hits++
				} else {
					misses++
				}
			case "put":
				n := rapid.Int64Range(0, 2*entryBytes).Draw(t, "bytes")
				c.Put(k, vector(int64(k.Segment)<<32|int64(k.Page)), n)
				m.put(k, n+entryBytes)
			case "forget":
				c.Forget(k.Table, k.Segment)
				m.forget(k.Segment)
			case "release":
				n := rapid.Int64Range(0, 5*entryBytes).Draw(t, "bytes")
				before := pool.Used()
				if freed := c.Release(n); before-freed != pool.Used() {
					t.Fatalf("%d bytes were given back, %d are said to be", before-pool.Used(), freed)
				}
				m.release(n)
			}
			want := Stats{Pages: len(m.probation) + len(m.kept), Bytes: total(m.probation) + total(m.kept), Hits: hits, Misses: misses}
			if got := c.Stats(); got != want || pool.Used() != want.Bytes || want.Bytes > limit {
				t.Fatalf("%+v, reserved %d, want %+v of %d", got, pool.Used(), want, limit)
			}
		}
		c.Release(limit)
		for id := range uint64(5) {
			c.Forget(1, id)
		}
		if s := &c.shards[0]; len(s.entries) != 0 || len(s.segments) != 0 || pool.Used() != 0 || s.ghosts.bytes != 0 {
			t.Fatalf("left: %d entries, %d segments, %d bytes", len(s.entries), len(s.segments), pool.Used())
		}
	})
}

// TestScanLeavesWhatIsHot: reading ten times the budget once does not push out what is asked for all the time.
func TestScanLeavesWhatIsHot(t *testing.T) {
	const page = 64 << 10
	c := New(Options{Bytes: 200 * page})
	read := func(k segment.PageKey) bool {
		if c.Get(k) != nil {
			return true
		}
		c.Put(k, vector(0), page-entryBytes)
		return false
	}
	for range 4 {
		for i := range uint32(100) {
			read(key(1, i))
		}
	}
	hot := 0
	for i := range uint32(2000) {
		read(key(2, i))
		if i%20 == 0 {
			hot += b2i(read(key(1, i/20)))
		}
	}
	if hot < 99 {
		t.Errorf("%d of 100 hot pages were there while a scan ran", hot)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestReleaseUnderPressure: a cache fills a pool that others need; they get their memory.
func TestReleaseUnderPressure(t *testing.T) {
	server := mem.NewPool("server", 4<<30, nil)
	c := New(Options{Bytes: 2 << 30, Pool: mem.NewPool("pages", 0, server)})
	server.OnFull(c.Release)
	if len(c.shards) != maxShards {
		t.Fatalf("%d shards", len(c.shards))
	}
	for i := range uint32(1000) {
		c.Put(key(uint64(i%7), i), vector(0), 1<<20)
	}
	before := c.Stats()
	query := mem.NewPool("query", 0, server)
	if err := query.Grow(3584 << 20); err != nil {
		t.Fatal(err)
	}
	if after := c.Stats(); after.Bytes > 512<<20 || after.Bytes < 400<<20 || server.Used() != query.Used()+after.Bytes {
		t.Errorf("%d of %d bytes are left beside the query's %d of %d", after.Bytes, before.Bytes, query.Used(), server.Used())
	}
	if err := query.Grow(1 << 30); err == nil || c.Stats().Bytes != 0 {
		t.Errorf("%v; %d bytes are left", err, c.Stats().Bytes)
	}
}

func TestCacheConcurrently(t *testing.T) {
	server := mem.NewPool("server", 48<<20, nil)
	pool := mem.NewPool("pages", 0, server)
	c := New(Options{Bytes: 128 << 20, Pool: pool})
	server.OnFull(c.Release)
	var wg sync.WaitGroup
	for w := range uint64(8) {
		wg.Go(func() {
			query := mem.NewPool("query", 0, server)
			for i := range uint32(3000) {
				k := key(w%3, i*7%400)
				if v := c.Get(k); v == nil {
					c.Put(k, vector(int64(k.Page)), 100<<10)
				} else if v.Ints[0] != int64(k.Page) {
					t.Errorf("%v gave page %d", k, v.Ints[0])
				}
				switch i % 100 {
				case 50:
					_ = query.Grow(4 << 20) // may well be refused
				case 99:
					query.Close()
				case 98:
					c.Forget(1, w%3)
				}
			}
			query.Close()
		})
	}
	wg.Wait()
	if s := c.Stats(); s.Bytes != pool.Used() || server.Used() != pool.Used() || s.Hits+s.Misses != 24000 {
		t.Errorf("%+v, reserved %d", s, pool.Used())
	}
}
