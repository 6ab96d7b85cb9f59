// Package mem accounts for memory: a tree of pools (server → query → operator; head; caches), each with a limit,
// so that too much work is refused with a clear error before the machine runs out. It counts what owners tell it;
// it allocates nothing itself.
package mem

import (
	"strconv"
	"sync/atomic"

	"github.com/automatanexus/aegis-db/column"
)

// Pool is one node of the tree. Safe for concurrent use.
type Pool struct {
	name   string
	limit  int64 // bytes; 0 = only the parents' limits
	parent *Pool
	used   atomic.Int64
	peak   atomic.Int64
	floor  atomic.Int64            // see Guarantee
	give   func(bytes int64) int64 // see OnFull
}

// NewPool makes a pool with a limit in bytes (0 = none of its own) under parent (nil = a root).
func NewPool(name string, limit int64, parent *Pool) *Pool {
	return &Pool{name: name, limit: limit, parent: parent}
}

// OnFull names somebody who can do with less (a cache): before a reservation that passes the pool's limit is refused, he is
// asked for what is missing, gives what he can back to the pool, and says how much that was. He may be asked on any goroutine
// that reserves. Call it before others use the pool.
func (p *Pool) OnFull(give func(bytes int64) int64) { p.give = give }

// Grow reserves n bytes here and in every ancestor, or nothing at all and an error of class column.Limit that
// names the pool that is full and its limit.
func (p *Pool) Grow(n int64) error {
	for {
		full, missing := p.reserve(n)
		if full == nil {
			return nil
		}
		if full.give == nil || full.give(missing) == 0 {
			return &column.Error{
				Class: column.Limit, SQLState: "53200",
				Message: "out of memory: " + full.name + " would need more than its limit of " + bytesText(full.limit),
				Hint:    "Ask for less at once, or raise the limit.",
			}
		}
	}
}

// Guarantee reserves n bytes in every ancestor at once, so that the first n bytes that are reserved here never fail for them. It takes the
// place of an earlier guarantee, and is for a time when nobody else uses the pool; Close ends it.
func (p *Pool) Guarantee(n int64) error {
	used := p.used.Load()
	if p.parent != nil {
		if more := max(used, n) - p.share(used); more < 0 {
			p.parent.Shrink(-more)
		} else if err := p.parent.Grow(more); err != nil {
			return err
		}
	}
	p.floor.Store(n)
	return nil
}

// share is what a pool takes of its parent when it uses so much itself.
func (p *Pool) share(used int64) int64 { return max(used, p.floor.Load()) }

// reserve is one attempt; it gives the pool that is full and by how many bytes.
//
// What a pool takes of its parent is a function of what it uses, and each change hands the difference on. All of them add up whatever the
// order of concurrent changes; so an attempt that fails is taken all the way up first and then taken back as a whole.
func (p *Pool) reserve(n int64) (full *Pool, missing int64) {
	more := n
	for q := p; q != nil && more != 0; q = q.parent {
		used := q.used.Add(more)
		if q.limit > 0 && used > q.limit && full == nil {
			full, missing = q, used-q.limit
		}
		for full == nil {
			peak := q.peak.Load()
			if used <= peak || q.peak.CompareAndSwap(peak, used) {
				break
			}
		}
		more = q.share(used) - q.share(used-more)
	}
	if full != nil {
		p.Shrink(n)
	}
	return full, missing
}

// Shrink gives n bytes back, here and in every ancestor.
func (p *Pool) Shrink(n int64) {
	for q := p; q != nil && n != 0; q = q.parent {
		used := q.used.Add(-n)
		n = q.share(used+n) - q.share(used)
	}
}

// Used is what is reserved now, in bytes, children included.
func (p *Pool) Used() int64 { return p.used.Load() }

// Peak is the most that was ever reserved, in bytes.
func (p *Pool) Peak() int64 { return p.peak.Load() }

// Limit is the pool's own limit in bytes; 0 = none.
func (p *Pool) Limit() int64 { return p.limit }

// Close gives back whatever is still reserved here, the guarantee too, for an owner that ends by an error path.
func (p *Pool) Close() {
	p.Shrink(p.used.Load())
	if floor := p.floor.Swap(0); floor > 0 && p.parent != nil {
		p.parent.Shrink(floor)
	}
}

func bytesText(n int64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return strconv.FormatInt(n, 10) + " bytes"
	}
	i := -1
	for n >= 1024 && i < len(units)-1 {
		n /= 1024
		i++
	}
	return strconv.FormatInt(n, 10) + " " + units[i:i+1] + "iB"
}
