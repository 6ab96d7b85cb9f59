package scan

import (
	"math"
	"sync/atomic"
)

// Bound is a limit that whoever reads learns while he reads: rows of a time before it are of no use to him any more. It only ever
// rises. A reader looks at it when it starts with a series, and may return such rows all the same. Safe for concurrent use.
type Bound struct{ from atomic.Int64 }

// NewBound makes one that excludes nothing.
func NewBound() *Bound {
	b := &Bound{}
	b.from.Store(math.MinInt64)
	return b
}

// Raise excludes the rows before t; a lower t than before changes nothing.
func (b *Bound) Raise(t int64) {
	for {
		now := b.from.Load()
		if t <= now || b.from.CompareAndSwap(now, t) {
			return
		}
	}
}

// Within is the part of a range that matters; all of it where b is nil.
func (b *Bound) Within(r TimeRange) TimeRange {
	if b == nil {
		return r
	}
	return TimeRange{max(r.Min, b.from.Load()), r.Max}
}
