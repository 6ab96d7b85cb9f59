package exec

import (
	"bytes"
	"cmp"
	"math"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/query/expr"
)

// rangeBound finds one end of all frames of mode RANGE: where values pass that of the row, with the offset added or taken away. Rows
// without a value stand together at one end of the partition; their frames end at their peers, and they are in no other row's.
func (r *windowRun) rangeBound(c *windowCall, k int, b *expr.FrameBound, out []int32) error {
	values, err := r.column(c.order(r, k))
	if err != nil {
		return err
	}
	desc := r.node.Order[0].Desc
	var compare func(row, of int32) int
	switch {
	case b.Limit != nil:
		limits, err := r.column(c.ends[k])
		if err != nil {
			return err
		}
		compare = comparePlaces(values, limits)
	case values.Type.Physical() == column.PhysFloat:
		compare = compareFloatPlaces(values.Floats, c.frame.offsets[k].Floats[0], (b.Kind == expr.Preceding) != desc)
	default:
		compare = compareIntPlaces(values.Ints, c.frame.offsets[k].Ints[0], (b.Kind == expr.Preceding) != desc)
	}
	negative := negativeOffset(c.frame.offsets[k])
	for p := range r.p.Bounds[1:] {
		lo, hi := r.p.Bounds[p], r.p.Bounds[p+1]
		first, end := lo, hi // of the rows with a value
		for ; first < hi && !values.Valid.Get(int(first)); first++ {
			out[first] = [...]int32{r.p.First[first], r.p.End[first]}[k]
		}
		for ; end > first && !values.Valid.Get(int(end-1)); end-- {
			out[end-1] = [...]int32{r.p.First[end-1], r.p.End[end-1]}[k]
		}
		if first < end && negative {
			return frameError(b, "22013", "invalid preceding or following size in window function")
		}
		walkPlaces(first, end, k, desc, compare, out, &r.p.Looks)
	}
	return r.p.Looks.Err()
}

// order is the column that holds the places of rows in the order of the window.
func (c *windowCall) order(r *windowRun, k int) int {
	if c.value[k] >= 0 {
		return c.value[k]
	}
	return r.in.plan.order[0]
}

// walkPlaces gives for each row in [first, end) the first row whose value is not before the limit of the row (k = 0), or is behind it (k = 1).
// Limits are in order as the rows are, so that none is searched for.
func walkPlaces(first, end int32, k int, desc bool, compare func(row, of int32) int, out []int32, looks *expr.Looks) {
	sign := 1
	if desc {
		sign = -1
	}
	at := first
	for i := first; i < end; i++ {
		if looks.Over() {
			return
		}
		for at < end && sign*compare(at, i) < k {
			at++
		}
		out[i] = at
	}
}

// comparePlaces compares the value of a row with the limit of another.
func comparePlaces(values, limits *column.Vector) func(row, of int32) int {
	if values.Type.Physical() == column.PhysInt {
		return func(row, of int32) int { return cmp.Compare(values.Ints[row], limits.Ints[of]) }
	}
	var a, b []byte
	last := int32(-1)
	return func(row, of int32) int {
		if of != last {
			b, last = key.AppendValue(b[:0], limits, int(of)), of
		}
		a = key.AppendValue(a[:0], values, int(row))
		return bytes.Compare(a, b)
	}
}

// compareIntPlaces adds the offset itself; a limit that integers do not reach is beyond all of them.
func compareIntPlaces(v []int64, offset int64, less bool) func(row, of int32) int {
	return func(row, of int32) int {
		limit, passed := v[of]+offset, -1
		if less {
			limit, passed = v[of]-offset, 1
		}
		if less && limit > v[of] || !less && limit < v[of] {
			return passed
		}
		return cmp.Compare(v[row], limit)
	}
}

// compareFloatPlaces holds NaN for equal to itself and greater than all else. An infinity from which the same is taken away could be anywhere.
func compareFloatPlaces(v []float64, offset float64, less bool) func(row, of int32) int {
	if less {
		offset = -offset
	}
	return func(row, of int32) int {
		switch x, base := v[row], v[of]; {
		case x != x && base != base:
			return 0
		case x != x:
			return 1
		case base != base:
			return -1
		case math.IsInf(offset, 1) && math.IsInf(base, -1) || math.IsInf(offset, -1) && math.IsInf(base, 1):
			return 0
		default:
			return cmp.Compare(x, base+offset)
		}
	}
}

// negativeOffset reports an offset that goes the wrong way, or nowhere.
func negativeOffset(v *column.Vector) bool {
	switch v.Type.Physical() {
	case column.PhysInt:
		return v.Ints[0] < 0
	case column.PhysFloat:
		return !(v.Floats[0] >= 0)
	}
	zero := column.NewBuilder(v.Type, 1)
	if v.Type.Physical() == column.PhysInterval {
		zero.AppendInterval(column.Interval{})
	} else {
		zero.AppendString("0")
		if bytes.Equal(v.Bytes(0), []byte("NaN")) {
			return true
		}
	}
	return bytes.Compare(key.AppendValue(nil, v, 0), key.AppendValue(nil, zero.Finish(), 0)) < 0
}
