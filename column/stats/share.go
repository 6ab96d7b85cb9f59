package stats

import (
	"bytes"
	"math"
	"sort"
	"strconv"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
)

// Shares are of all rows, NULLs included. Of what nothing is known about half a row is expected.

// part makes a share of a number of rows.
func (c *Column) part(rows float64) float64 {
	if c.Rows <= 0 {
		return 0
	}
	return min(1, max(rows, 0.5)/c.Rows)
}

// NullShare is the share of NULLs.
func (c *Column) NullShare() float64 { return c.part(c.Nulls) }

// Equal is the share of rows that have the value of row i of a vector of the column's type.
func (c *Column) Equal(v *column.Vector, i int) float64 {
	return c.part(c.equal(key.AppendValue(nil, v, i)))
}

func (c *Column) equal(k []byte) float64 {
	for i, have := range c.Common.keys {
		if bytes.Equal(have, k) {
			return c.Counts[i]
		}
	}
	if !c.spans(k) {
		return 0
	}
	n := c.inBucket(k)
	if len(c.Counts) > 0 {
		n = min(n, c.Counts[len(c.Counts)-1])
	}
	return n
}

// inBucket is how many rows have a value that is not common: its bucket's part of the rows, divided among the bucket's values. A value that
// is a bound several times has the buckets between for itself.
func (c *Column) inBucket(k []byte) float64 {
	n := c.Bounds.Len()
	first := sort.Search(n, func(i int) bool { return bytes.Compare(c.Bounds.keys[i], k) >= 0 })
	after := first
	for after < n && bytes.Equal(c.Bounds.keys[after], k) {
		after++
	}
	each := c.rest() / float64(max(n-1, 1))
	if same := after - first; same > 1 {
		return each * float64(same-1)
	}
	if d := c.Distinct() - float64(c.Common.Len()); d >= 1 && d <= float64(n) {
		return c.rest() / d
	}
	values := c.bucketValues()
	at := min(max(first-1, 0), len(values)-1)
	if at < 0 {
		return each
	}
	return each / max(values[at], 1)
}

// bucketValues is how many different values each bucket has. Nobody has counted them: of integers there are no more than lie between the bounds, and
// what all buckets have together is known.
func (c *Column) bucketValues() []float64 {
	n := c.Bounds.Len() - 1
	if n < 1 {
		return nil
	}
	d := c.Distinct()
	if d == 0 {
		d = c.Present() / 10 // between few values and a key
	}
	d = max(d-float64(c.Common.Len()), 1)
	rows := c.rest() / float64(n)
	out, sum := make([]float64, n), 0.0
	for i := range out {
		out[i] = rows
		if c.Type.Physical() == column.PhysInt {
			out[i] = min(rows, c.ordinal[i+1]-c.ordinal[i])
		}
		sum += out[i]
	}
	for i := range out {
		out[i] *= d / max(sum, 1e-9)
	}
	return out
}

// Values is about how many different values lie between two ends; 0 = nobody knows.
func (c *Column) Values(lo, hi Range) float64 {
	if c.Distinct() == 0 {
		return 0
	}
	from, to := []byte(nil), []byte(nil)
	first, last := 0.0, float64(max(c.Bounds.Len()-1, 0))
	if lo.Vector != nil {
		from = key.AppendValue(nil, lo.Vector, lo.Row)
		first = c.under(from, position(lo.Vector, lo.Row)) * last
	}
	end := last
	if hi.Vector != nil {
		to = key.AppendValue(nil, hi.Vector, hi.Row)
		end = c.under(to, position(hi.Vector, hi.Row)) * last
	}
	n := 0.0
	for _, k := range c.Common.keys {
		if (from == nil || bytes.Compare(k, from) >= 0) && (to == nil || bytes.Compare(k, to) <= 0) {
			n++
		}
	}
	for i, v := range c.bucketValues() {
		n += v * max(0, min(end, float64(i+1))-max(first, float64(i)))
	}
	return max(1, n)
}

// spans reports whether a value that is not common lies between the bounds. Cut texts may lie a little above the last one.
func (c *Column) spans(k []byte) bool {
	n := c.Bounds.Len()
	if n == 0 {
		return false
	}
	return bytes.Compare(c.Bounds.keys[0], k) <= 0 && (bytes.Compare(k, c.Bounds.keys[n-1]) <= 0 || c.longTexts())
}

func (c *Column) longTexts() bool {
	return c.Type.Physical() == column.PhysBytes && len(c.Bounds.keys[c.Bounds.Len()-1]) > textBound
}

// Range is one end of a range of values.
type Range struct {
	Vector *column.Vector // nil = no end
	Row    int
	Open   bool // the value itself is not in the range
}

// Between is the share of rows whose value lies between two ends.
func (c *Column) Between(lo, hi Range) float64 {
	n := c.Present()
	if hi.Vector != nil {
		n = c.below(hi, !hi.Open)
	}
	if lo.Vector != nil {
		n -= c.below(lo, lo.Open)
	}
	return c.part(n)
}

// below is how many rows have a value less than an end, or equal to it.
func (c *Column) below(end Range, equal bool) float64 {
	k := key.AppendValue(nil, end.Vector, end.Row)
	n := 0.0
	common := false
	for i, have := range c.Common.keys {
		d := bytes.Compare(have, k)
		common = common || d == 0
		if d < 0 || d == 0 && equal {
			n += c.Counts[i]
		}
	}
	n += c.rest() * c.under(k, position(end.Vector, end.Row))
	if equal && !common && n < c.Present() {
		n += c.equal(k)
	}
	return min(n, c.Present())
}

// under is the share of the values in buckets that are less than one, which is found on the line between two bounds.
func (c *Column) under(k []byte, at float64) float64 {
	n := c.Bounds.Len()
	first := sort.Search(n, func(i int) bool { return bytes.Compare(c.Bounds.keys[i], k) >= 0 })
	switch {
	case n == 0 || first == 0:
		return 0
	case first == n:
		return 1
	}
	lo, hi := c.ordinal[first-1], c.ordinal[first]
	inside := 0.5
	switch {
	case c.Type.Physical() == column.PhysBytes && c.Type.Kind != column.Numeric:
		inside = between(c.Bounds.keys[first-1], k, c.Bounds.keys[first])
	case hi > lo && !math.IsInf(hi-lo, 0):
		inside = min(1, max(0, (at-lo)/(hi-lo)))
	}
	return (float64(first-1) + inside) / float64(n-1)
}

// position is where a number lies on the line; 0 for texts, which are compared by their bytes.
func position(v *column.Vector, i int) float64 {
	if v.Enc == column.Scaled {
		return float64(v.Ints[i]) / math.Pow10(int(v.Scale))
	}
	switch v.Type.Physical() {
	case column.PhysInt:
		return float64(v.Int(i))
	case column.PhysFloat:
		return v.Float(i)
	case column.PhysBytes:
		if v.Type.Kind == column.Numeric {
			x, _ := strconv.ParseFloat(string(v.Bytes(i)), 64)
			return x
		}
	}
	return 0
}

// between says how far k lies on the way from one key to another, by the first bytes in which the two differ.
func between(lo, k, hi []byte) float64 {
	same := 0
	for same < len(lo) && same < len(hi) && lo[same] == hi[same] {
		same++
	}
	a, b, x := fraction(lo, same), fraction(hi, same), fraction(k, same)
	if b <= a {
		return 0.5
	}
	return min(1, max(0, (x-a)/(b-a)))
}

func fraction(k []byte, from int) float64 {
	out, unit := 0.0, 1.0
	for i := from; i < len(k) && i < from+8; i++ {
		unit /= 256
		out += float64(k[i]) * unit
	}
	return out
}

// Joined is how many pairs of rows of two columns are equal, of all pairs: values that are common on both sides are multiplied one by one, of the others each
// value of the side with fewer different ones is expected on the other side.
func Joined(a, b *Column, da, db float64) float64 {
	if a.Rows <= 0 || b.Rows <= 0 {
		return 0
	}
	matched, commonA, commonB := 0.0, 0.0, 0.0
	n := 0.0
	for i, k := range a.Common.keys {
		for j, other := range b.Common.keys {
			if bytes.Equal(k, other) {
				matched += a.Counts[i] / a.Rows * b.Counts[j] / b.Rows
				commonA += a.Counts[i] / a.Rows
				commonB += b.Counts[j] / b.Rows
				n++
			}
		}
	}
	restA, restB := max(0, a.Present()/a.Rows-commonA), max(0, b.Present()/b.Rows-commonB)
	return matched + restA*restB/max(da-n, db-n, 1)
}

// Behind is how many different values a column has, of which so many were found in so many draws, if all come about as often: d = M·(1 − e^(−n/M)), solved
// for M.
func Behind(d, n float64) float64 {
	if d >= n-0.5 { // no value came twice
		return math.Inf(1)
	}
	lo, hi := d, n*n
	for range 60 {
		m := (lo + hi) / 2
		if m*(1-math.Exp(-n/m)) < d {
			lo = m
		} else {
			hi = m
		}
	}
	return hi
}
