package fn

import (
	"math"
	"strconv"

	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/lanes"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Order of float sums: Add takes rows as they come; AddRange keeps four partial sums, of every fourth row, and adds them as
// (0+1)+(2+3) to the group; Merge adds whole groups. The same batches in the same order give the same bits; other splits
// may differ in the last ones. Sums of real are kept in double precision and rounded once, at the end.

func addSums(r *Registry) {
	for _, t := range []column.Type{tInt2, tInt4} {
		r.aggregate(expr.Aggregate{Name: "sum", Args: types(t), Result: tInt8, Narrow: true, New: smallSum.state, Doc: "sum"})
	}
	r.aggregate(expr.Aggregate{Name: "sum", Args: types(tInt8), Result: tNumeric, Narrow: true, New: wideSum(false).state, Doc: "sum, exact"})
	for _, t := range []column.Type{tInt2, tInt4, tInt8} {
		r.aggregate(expr.Aggregate{Name: "avg", Args: types(t), Result: tNumeric, Narrow: true, New: wideSum(true).state, Doc: "mean"})
	}
	for _, t := range []column.Type{tFloat4, tFloat8} {
		r.aggregate(
			expr.Aggregate{Name: "sum", Args: types(t), Result: t, New: floatSum(t, false).state, Doc: "sum"},
			expr.Aggregate{Name: "avg", Args: types(t), Result: tFloat8, New: floatSum(tFloat8, true).state, Doc: "mean"},
		)
	}
	r.aggregate(
		expr.Aggregate{Name: "sum", Args: types(tNumeric), Result: tNumeric, Scaled: true, New: newNumericSum(false), Doc: "sum, exact"},
		expr.Aggregate{Name: "avg", Args: types(tNumeric), Result: tNumeric, Scaled: true, New: newNumericSum(true), Doc: "mean"},
		expr.Aggregate{Name: "sum", Args: types(tInterval), Result: tInterval, New: intervalSum(false).state, Doc: "sum"},
		expr.Aggregate{Name: "avg", Args: types(tInterval), Result: tInterval, New: intervalSum(true).state, Doc: "mean"},
	)
}

type sumCell struct{ sum, n int64 }

// smallSum sums smallint and integer: a run is far too short to overflow, groups are checked as they grow.
var smallSum = &fold[int64, sumCell]{
	result:   tInt8,
	anyOrder: true,
	values:   intsOf,
	groups: func(slots []sumCell, groups []uint32, v []int64, mask int) error {
		bad := int64(0)
		for i, g := range groups {
			c, x := &slots[g], v[i&mask]
			s := c.sum + x
			bad |= (c.sum ^ s) & (x ^ s)
			c.sum = s
			c.n++
		}
		if bad < 0 {
			return outOfRange(tInt8)
		}
		return nil
	},
	run: func(c *sumCell, v []int64) error {
		n := len(v)
		var s0, s1, s2, s3 int64
		for len(v) >= 4 {
			s0 += v[0]
			s1 += v[1]
			s2 += v[2]
			s3 += v[3]
			v = v[4:]
		}
		for _, x := range v {
			s0 += x
		}
		return c.add(s0+s1+s2+s3, int64(n))
	},
	runSome: func(c *sumCell, v []int64, some column.Bitmap, lo, hi int) error {
		sum, _ := sumSomeInts(v, some, lo, hi).int64()
		return c.add(sum, int64(some.CountRange(lo, hi)))
	},
	narrow: func(c *sumCell, base int64, v []byte) error {
		return c.add(base*int64(len(v))+int64(lanes.Sum(v)), int64(len(v)))
	},
	narrowSome: func(c *sumCell, base int64, v []byte, some column.Bitmap, lo, hi int) error {
		n := int64(some.CountRange(lo, hi))
		return c.add(base*n+int64(sumSomeBytes(v, some, lo, hi)), n)
	},
	one:   func(c *sumCell, x int64) error { return c.add(x, 1) },
	merge: func(c, o *sumCell) error { return c.add(o.sum, o.n) },
	finish: func(b *column.Builder, c *sumCell) error {
		if c.n == 0 {
			b.AppendNull()
		} else {
			b.AppendInt(c.sum)
		}
		return nil
	},
}

func (c *sumCell) add(x, n int64) error {
	s := c.sum + x
	if (c.sum^s)&(x^s) < 0 {
		return outOfRange(tInt8)
	}
	c.sum = s
	c.n += n
	return nil
}

type wideCell struct {
	sum int128
	n   int64
}

func wideSum(mean bool) *fold[int64, wideCell] {
	f := &fold[int64, wideCell]{
		result:   tNumeric,
		anyOrder: true,
		values:   intsOf,
		groups: func(slots []wideCell, groups []uint32, v []int64, mask int) error {
			for i, g := range groups {
				c := &slots[g]
				c.sum.add(v[i&mask])
				c.n++
			}
			return nil
		},
		run: func(c *wideCell, v []int64) error {
			c.sum.addAll(sumOf(v))
			c.n += int64(len(v))
			return nil
		},
		runSome: func(c *wideCell, v []int64, some column.Bitmap, lo, hi int) error {
			c.sum.addAll(sumSomeInts(v, some, lo, hi))
			c.n += int64(some.CountRange(lo, hi))
			return nil
		},
		narrow: func(c *wideCell, base int64, v []byte) error {
			c.sum.addAll(narrowSum(base, v))
			c.n += int64(len(v))
			return nil
		},
		narrowSome: func(c *wideCell, base int64, v []byte, some column.Bitmap, lo, hi int) error {
			n := some.CountRange(lo, hi)
			c.sum.addAll(timesCount(base, uint64(n)))
			c.sum.addAll(int128{lo: sumSomeBytes(v, some, lo, hi)})
			c.n += int64(n)
			return nil
		},
		one: func(c *wideCell, x int64) error {
			c.sum.add(x)
			c.n++
			return nil
		},
		merge: func(c, o *wideCell) error {
			c.sum.addAll(o.sum)
			c.n += o.n
			return nil
		},
		finish: func(b *column.Builder, c *wideCell) error {
			if sum, ok := c.sum.int64(); ok && c.n > 0 {
				var buf [48]byte
				if mean {
					b.AppendBytes(appendMean(buf[:0], sum, c.n))
				} else {
					b.AppendBytes(strconv.AppendInt(buf[:0], sum, 10))
				}
				return nil
			}
			return finishNumeric(b, c.sum.decimal(), c.n, mean)
		},
	}
	if !mean {
		f.whole = func(slots []wideCell) *column.Vector {
			return scaledSums(len(slots), func(i int) (int128, int32, bool) {
				if slots[i].n == 0 {
					return int128{}, -1, true
				}
				return slots[i].sum, 0, true
			})
		}
	}
	return f
}

func finishNumeric(b *column.Builder, sum *apd.Decimal, n int64, mean bool) error {
	if n == 0 {
		b.AppendNull()
		return nil
	}
	if mean {
		var err error
		if sum, err = divDecimals(sum, apd.New(n, 0)); err != nil {
			return err
		}
	}
	writeDecimal(b, sum)
	return nil
}

type floatCell struct {
	sum float64
	n   int64
}

// overflown is the error of finite values whose sum is not; nil if one of them is infinite or NaN.
func overflown(v ...float64) error {
	for _, x := range v {
		if x-x != 0 {
			return nil
		}
	}
	return outOfRange(tFloat8)
}

func floatSum(t column.Type, mean bool) *fold[float64, floatCell] {
	return &fold[float64, floatCell]{
		result: t,
		values: floatsOf,
		groups: func(slots []floatCell, groups []uint32, v []float64, mask int) error {
			for i, g := range groups {
				c := &slots[g]
				s := c.sum + v[i&mask]
				if s > math.MaxFloat64 || s < -math.MaxFloat64 {
					if err := overflown(c.sum, v[i&mask]); err != nil {
						return err
					}
				}
				c.sum = s
				c.n++
			}
			return nil
		},
		run: func(c *floatCell, v []float64) error {
			all, before := v, c.sum
			c.n += int64(len(v))
			var s0, s1, s2, s3 float64
			for len(v) >= 4 {
				s0 += v[0]
				s1 += v[1]
				s2 += v[2]
				s3 += v[3]
				v = v[4:]
			}
			for _, x := range v {
				s0 += x
			}
			c.sum += (s0 + s1) + (s2 + s3)
			if c.sum-c.sum != 0 && before-before == 0 {
				return overflown(all...)
			}
			return nil
		},
		runSome: func(c *floatCell, v []float64, some column.Bitmap, lo, hi int) error {
			before := c.sum
			c.n += int64(some.CountRange(lo, hi))
			c.sum += sumSomeFloats(v, some, lo, hi)
			if c.sum-c.sum != 0 && before-before == 0 {
				return overflown(column.AppendLiving(nil, v, some, lo, hi)...)
			}
			return nil
		},
		one: func(c *floatCell, x float64) error {
			before := c.sum
			c.sum += x
			c.n++
			if math.IsInf(c.sum, 0) {
				return overflown(before, x)
			}
			return nil
		},
		merge: func(c, o *floatCell) error {
			before := c.sum
			c.sum += o.sum
			c.n += o.n
			if math.IsInf(c.sum, 0) {
				return overflown(before, o.sum)
			}
			return nil
		},
		finish: func(b *column.Builder, c *floatCell) error {
			v := c.sum
			switch {
			case c.n == 0:
				b.AppendNull()
				return nil
			case mean:
				v /= float64(c.n)
			case t == tFloat4:
				v = float64(float32(v))
				if math.IsInf(v, 0) && !math.IsInf(c.sum, 0) {
					return outOfRange(t)
				}
			}
			b.AppendFloat(v)
			return nil
		},
	}
}

type intervalCell struct {
	sum column.Interval
	n   int64
}

func (c *intervalCell) add(v column.Interval, n int64) error {
	s, err := literal.Sum(c.sum, v)
	if err != nil {
		return err
	}
	c.sum = s
	c.n += n
	return nil
}

func intervalSum(mean bool) *fold[column.Interval, intervalCell] {
	return &fold[column.Interval, intervalCell]{
		result: tInterval,
		values: intervalsOf,
		one:    func(c *intervalCell, v column.Interval) error { return c.add(v, 1) },
		merge:  func(c, o *intervalCell) error { return c.add(o.sum, o.n) },
		finish: func(b *column.Builder, c *intervalCell) error {
			v := c.sum
			if c.n == 0 {
				b.AppendNull()
				return nil
			}
			if mean {
				var err error
				if v, err = literal.Divide(v, float64(c.n)); err != nil {
					return err
				}
			}
			b.AppendInterval(v)
			return nil
		},
	}
}
