package fn

import (
	"math"
	"unsafe"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Aggregates of pairs (Y, X): correlation, covariance and the least-squares line. Pairs with a NULL do not count.

func addRegressions(r *Registry) {
	for _, f := range []struct {
		name, doc string
		result    func(c *pairCell) (float64, bool)
	}{
		{"corr", "correlation coefficient", func(c *pairCell) (float64, bool) {
			return c.sxy / math.Sqrt(c.sxx*c.syy), c.n >= 1 && c.sxx != 0 && c.syy != 0
		}},
		{"covar_pop", "covariance of the population", func(c *pairCell) (float64, bool) { return c.sxy / c.n, c.n >= 1 }},
		{"covar_samp", "covariance of a sample", func(c *pairCell) (float64, bool) { return c.sxy / (c.n - 1), c.n >= 2 }},
		{"regr_avgx", "mean of the X", func(c *pairCell) (float64, bool) { return c.sx / c.n, c.n >= 1 }},
		{"regr_avgy", "mean of the Y", func(c *pairCell) (float64, bool) { return c.sy / c.n, c.n >= 1 }},
		{"regr_sxx", "sum of squares of the X' distance from their mean", func(c *pairCell) (float64, bool) { return c.sxx, c.n >= 1 }},
		{"regr_syy", "sum of squares of the Y's distance from their mean", func(c *pairCell) (float64, bool) { return c.syy, c.n >= 1 }},
		{"regr_sxy", "sum of products of both distances", func(c *pairCell) (float64, bool) { return c.sxy, c.n >= 1 }},
		{"regr_slope", "slope of the least-squares line", func(c *pairCell) (float64, bool) { return c.sxy / c.sxx, c.n >= 1 && c.sxx != 0 }},
		{"regr_intercept", "Y of the least-squares line at X = 0", func(c *pairCell) (float64, bool) {
			return (c.sy - c.sx*c.sxy/c.sxx) / c.n, c.n >= 1 && c.sxx != 0
		}},
		{"regr_r2", "square of the correlation coefficient", func(c *pairCell) (float64, bool) {
			if c.syy == 0 {
				return 1, c.n >= 1 && c.sxx != 0
			}
			return c.sxy * c.sxy / (c.sxx * c.syy), c.n >= 1 && c.sxx != 0
		}},
	} {
		finish := func(b *column.Builder, c *pairCell) error {
			if v, ok := f.result(c); ok {
				b.AppendFloat(v)
			} else {
				b.AppendNull()
			}
			return nil
		}
		r.aggregate(expr.Aggregate{Name: f.name, Args: types(tFloat8, tFloat8), Result: tFloat8, New: func() expr.State { return &pairState{result: tFloat8, finish: finish} }, Doc: f.doc})
	}
	count := func(b *column.Builder, c *pairCell) error {
		b.AppendInt(int64(c.n))
		return nil
	}
	r.aggregate(expr.Aggregate{Name: "regr_count", Args: types(tFloat8, tFloat8), Result: tInt8, New: func() expr.State { return &pairState{result: tInt8, finish: count} }, Doc: "number of pairs without NULL"})
}

// pairCell keeps sums, and sums of squares about the mean by the update of Youngs and Cramer, as momentCell does.
type pairCell struct{ n, sx, sxx, sy, syy, sxy float64 }

func (c *pairCell) add(y, x float64) error {
	before := *c
	c.n++
	c.sx += x
	c.sy += y
	if before.n == 0 {
		if x-x != 0 {
			c.sxx, c.sxy = math.NaN(), math.NaN()
		}
		if y-y != 0 {
			c.syy, c.sxy = math.NaN(), math.NaN()
		}
		return nil
	}
	dx, dy, scale := x*c.n-c.sx, y*c.n-c.sy, 1/(c.n*before.n)
	c.sxx += dx * dx * scale
	c.syy += dy * dy * scale
	c.sxy += dx * dy * scale
	return c.overflown(math.IsInf(before.sx, 0) || math.IsInf(x, 0), math.IsInf(before.sy, 0) || math.IsInf(y, 0))
}

// overflown turns infinite sums into NaN, or into an error if no value was infinite.
func (c *pairCell) overflown(x, y bool) error {
	for _, s := range []struct {
		sum *float64
		by  bool
	}{{&c.sxx, x}, {&c.syy, y}, {&c.sxy, x || y}} {
		if !math.IsInf(*s.sum, 0) {
			continue
		}
		if !s.by {
			return outOfRange(tFloat8)
		}
		*s.sum = math.NaN()
	}
	return nil
}

func (c *pairCell) merge(o *pairCell) error {
	switch {
	case o.n == 0:
		return nil
	case c.n == 0:
		*c = *o
		return nil
	}
	before := *c
	n := c.n + o.n
	dx, dy := c.sx/c.n-o.sx/o.n, c.sy/c.n-o.sy/o.n
	c.sxx += o.sxx + c.n*o.n*dx*dx/n
	c.syy += o.syy + c.n*o.n*dy*dy/n
	c.sxy += o.sxy + c.n*o.n*dx*dy/n
	c.n, c.sx, c.sy = n, c.sx+o.sx, c.sy+o.sy
	return c.overflown(math.IsInf(before.sx, 0) || math.IsInf(o.sx, 0), math.IsInf(before.sy, 0) || math.IsInf(o.sy, 0))
}

type pairState struct {
	result column.Type
	finish func(b *column.Builder, c *pairCell) error
	slots  []pairCell
}

func (s *pairState) Grow(n int) { s.slots = grown(s.slots, n) }

func (s *pairState) Add(groups []uint32, args []*column.Vector, n int) error {
	return s.pairs(func(i int) uint32 { return groups[i] }, args, 0, n)
}

func (s *pairState) AddRange(g uint32, args []*column.Vector, lo, hi int, _ bool) error {
	return s.pairs(func(int) uint32 { return g }, args, lo, hi)
}

func (s *pairState) pairs(group func(i int) uint32, args []*column.Vector, lo, hi int) error {
	validY, noneY := present(args[0])
	validX, noneX := present(args[1])
	if noneY || noneX {
		return nil
	}
	y, maskY := floatsOf(args[0])
	x, maskX := floatsOf(args[1])
	for i := lo; i < hi; i++ {
		if validY.Get(i) && validX.Get(i) {
			if err := s.slots[group(i)].add(y[i&maskY], x[i&maskX]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *pairState) Merge(other expr.State, from, into []uint32) error {
	for i, g := range into {
		if err := s.Take(g, other, from[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *pairState) Finish(n int) (*column.Vector, error) {
	return finishSlots(s.result, s.slots, n, s.finish)
}

func (s *pairState) SizeBytes() int64 { return int64(cap(s.slots)) * int64(unsafe.Sizeof(pairCell{})) }

func (s *pairState) Result(b *column.Builder, g uint32) error { return s.finish(b, &s.slots[g]) }

func (s *pairState) Clear(g uint32) { s.slots[g] = pairCell{} }

func (s *pairState) Take(g uint32, other expr.State, i uint32) error {
	o, ok := other.(*pairState)
	if !ok {
		return mismatched(s, other)
	}
	return s.slots[g].merge(&o.slots[i])
}
