package fn

import (
	"unsafe"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/query/expr"
)

// addHistograms adds histogram(value, low, high, n): how many values fall into each of n buckets of equal width, before the array those
// below low, behind it those from high on.
func addHistograms(r *Registry) {
	r.aggregate(expr.Aggregate{
		Name: "histogram", Args: types(tFloat8, tFloat8, tFloat8, tInt4), Result: column.ArrayOf(tInt4), Doc: "numbers of values below low, in n equal buckets up to high, and above",
		New: func() expr.State { return &histogramState{} },
	})
}

type histogramState struct {
	slots []histogramCell
	held  int64
}

type histogramCell struct {
	low, high float64
	counts    []int64 // n+2 of them; nil = no row yet
}

// maxBuckets bounds a histogram.
const maxBuckets = 1 << 20

func (s *histogramState) Grow(n int) { s.slots = grown(s.slots, n) }

func (s *histogramState) open(c *histogramCell, low, high float64, n int64) error {
	switch {
	case n < 1 || n > maxBuckets:
		return sqlError("22023", "number of buckets must be between 1 and %d", maxBuckets)
	case !(low < high):
		return sqlError("22023", "lower bound must be less than upper bound")
	}
	c.low, c.high, c.counts = low, high, make([]int64, n+2)
	s.held += 8 * (n + 2)
	return nil
}

func (s *histogramState) rows(group func(i int) uint32, args []*column.Vector, lo, hi int) error {
	values, vm := floatsOf(args[0])
	for i := lo; i < hi; i++ {
		if args[0].IsNull(i) {
			continue
		}
		if args[1].IsNull(i) || args[2].IsNull(i) || args[3].IsNull(i) {
			return sqlError("22004", "bounds and number of buckets must not be NULL")
		}
		c := &s.slots[group(i)]
		low, high, n := args[1].Float(i), args[2].Float(i), args[3].Int(i)
		if c.counts == nil {
			if err := s.open(c, low, high, n); err != nil {
				return err
			}
		} else if low != c.low || high != c.high || n+2 != int64(len(c.counts)) {
			return sqlError("22023", "bounds and number of buckets must be the same in all rows of a group")
		}
		c.counts[c.bucket(values[i&vm])]++
	}
	return nil
}

// bucket is the one a value falls into, as width_bucket numbers them; NaN is above all.
func (c *histogramCell) bucket(v float64) int {
	n := len(c.counts) - 2
	switch {
	case v < c.low:
		return 0
	case !(v < c.high):
		return n + 1
	}
	return min(int(float64(n)*((v-c.low)/(c.high-c.low)))+1, n)
}

func (s *histogramState) Add(groups []uint32, args []*column.Vector, n int) error {
	return s.rows(func(i int) uint32 { return groups[i] }, args, 0, n)
}

func (s *histogramState) AddRange(g uint32, args []*column.Vector, lo, hi int, _ bool) error {
	return s.rows(func(int) uint32 { return g }, args, lo, hi)
}

func (s *histogramState) Merge(other expr.State, from, into []uint32) error {
	o, ok := other.(*histogramState)
	if !ok {
		return column.Errorf(column.Internal, "fn: merging %T into histograms", other)
	}
	for i, g := range into {
		c, more := &s.slots[g], &o.slots[from[i]]
		if more.counts == nil {
			continue
		}
		if c.counts == nil {
			if err := s.open(c, more.low, more.high, int64(len(more.counts)-2)); err != nil {
				return err
			}
		}
		if c.low != more.low || c.high != more.high || len(c.counts) != len(more.counts) {
			return sqlError("22023", "bounds and number of buckets must be the same in all rows of a group")
		}
		for k, v := range more.counts {
			c.counts[k] += v
		}
	}
	return nil
}

func (s *histogramState) Finish(n int) (*column.Vector, error) {
	return finishSlots(column.ArrayOf(tInt4), s.slots, n, func(b *column.Builder, c *histogramCell) error {
		if c.counts == nil {
			b.AppendNull()
			return nil
		}
		for _, v := range c.counts {
			if v != int64(int32(v)) {
				return outOfRange(tInt4)
			}
		}
		b.AppendBytes(array.Append(nil, array.OneDim(len(c.counts)), column.NewInts(tInt4, c.counts, nil), 0))
		return nil
	})
}

func (s *histogramState) SizeBytes() int64 {
	return int64(cap(s.slots))*int64(unsafe.Sizeof(histogramCell{})) + s.held
}
