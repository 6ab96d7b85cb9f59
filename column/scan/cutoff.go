package scan

import (
	"math"
	"sync/atomic"

	"github.com/automatanexus/aegis-db/column"
)

// Cutoff is a limit of a column's values that whoever reads learns while he reads: rows beyond it are of no use to him any more, as those are
// behind the first ones of an order. It only ever comes closer. The column is one of integers. Safe for concurrent use.
type Cutoff struct {
	Column column.ID
	// Desc says that the greatest values come first, NullsFirst that rows without one come before them.
	Desc, NullsFirst bool

	limit atomic.Int64
}

// NewCutoff makes one that excludes nothing but, where NULLs come last, these as soon as there is a limit.
func NewCutoff(c column.ID, desc, nullsFirst bool) *Cutoff {
	out := &Cutoff{Column: c, Desc: desc, NullsFirst: nullsFirst}
	out.limit.Store(math.MaxInt64)
	if desc {
		out.limit.Store(math.MinInt64)
	}
	return out
}

// Move excludes what is beyond v; one that is farther away than the last changes nothing.
func (c *Cutoff) Move(v int64) {
	for {
		now := c.limit.Load()
		if c.beyond(v, now) || v == now || c.limit.CompareAndSwap(now, v) {
			return
		}
	}
}

func (c *Cutoff) beyond(v, limit int64) bool {
	if c.Desc {
		return v < limit
	}
	return v > limit
}

// Set reports that there is a limit.
func (c *Cutoff) Set() bool {
	if c.Desc {
		return c.limit.Load() != math.MinInt64
	}
	return c.limit.Load() != math.MaxInt64
}

// Excludes reports that none of some rows can matter, whose values lie between least and greatest.
func (c *Cutoff) Excludes(least, greatest int64, nulls, values bool) bool {
	switch {
	case !c.Set() || nulls && c.NullsFirst:
		return false
	case !values:
		return true
	case c.Desc:
		return c.beyond(greatest, c.limit.Load())
	}
	return c.beyond(least, c.limit.Load())
}

// Rows appends the rows of a flat vector that are not excluded.
func (c *Cutoff) Rows(dst []int32, v *column.Vector) []int32 {
	limit, desc := c.limit.Load(), c.Desc
	for i, x := range v.Ints[:v.Len] {
		in := x <= limit
		if desc {
			in = x >= limit
		}
		if v.Valid != nil && !v.Valid.Get(i) {
			in = c.NullsFirst
		}
		if in {
			dst = append(dst, int32(i))
		}
	}
	return dst
}
