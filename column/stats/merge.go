package stats

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/automatanexus/aegis-db/column"
)

// Merge describes the rows of several descriptions of one type together. nil if there are none.
func Merge(parts []*Column) *Column {
	parts = slices.DeleteFunc(slices.Clone(parts), func(c *Column) bool { return c == nil || c.Rows <= 0 })
	if len(parts) == 0 {
		return nil
	}
	if len(parts) == 1 {
		return parts[0]
	}
	out := &Column{Type: parts[0].Type}
	bytesOf, least, most := 0.0, 0.0, 0.0
	for _, p := range parts {
		out.Rows += p.Rows
		out.Nulls += p.Nulls
		bytesOf += p.Width * p.Present()
		if p.Sketch != nil {
			if out.Sketch == nil {
				out.Sketch = &Sketch{}
			}
			out.Sketch.Union(p.Sketch)
		}
		least, most = max(least, p.Distinct()), most+p.Distinct()
	}
	if n := out.Present(); n > 0 {
		out.Width = bytesOf / n
	}
	if out.Sketch != nil {
		// Where parts were counted exactly the sketches of those with few values say no more than they do.
		if d := out.Sketch.Count(); d < least || d > most {
			out.Exact = min(max(d, least), most)
		}
	}
	out.mergeValues(parts)
	return out
}

// value is a value of one of several descriptions.
type value struct {
	of    *column.Vector
	row   int32
	key   []byte
	count float64
}

// mergeValues finds the common values of all parts, and the bounds of what is left.
func (c *Column) mergeValues(parts []*Column) {
	common := commonOf(parts)
	kept := common[:min(len(common), commonValues)]
	c.Common, c.Counts = collect(c.Type, kept), nil
	names := map[string]bool{}
	for _, v := range kept {
		c.Counts = append(c.Counts, v.count)
		names[string(v.key)] = true
	}
	var points []value
	for _, p := range parts {
		points = p.points(points, names)
	}
	slices.SortFunc(points, func(a, b value) int { return bytes.Compare(a.key, b.key) })
	c.setBounds(collect(c.Type, quantiles(points)))
}

// commonOf adds up the common values of all parts. Where one is not common it comes as often as others that are not.
func commonOf(parts []*Column) []value {
	at := map[string]int{}
	var list []value
	for _, p := range parts {
		for i, k := range p.Common.keys {
			if _, ok := at[string(k)]; !ok {
				at[string(k)] = len(list)
				list = append(list, value{p.Common.Vector, int32(i), k, 0})
			}
		}
	}
	for i := range list {
		for _, p := range parts {
			list[i].count += p.equal(list[i].key)
		}
	}
	slices.SortStableFunc(list, func(a, b value) int { return cmp.Compare(b.count, a.count) })
	return list
}

// points puts the rows of a description on its values, but for those that have names: half the rows of a bucket on each of its bounds.
func (c *Column) points(dst []value, names map[string]bool) []value {
	for i, k := range c.Common.keys {
		if !names[string(k)] {
			dst = append(dst, value{c.Common.Vector, int32(i), k, c.Counts[i]})
		}
	}
	rest := c.rest()
	for k := range names {
		if rest > 0 && !c.isCommon(k) {
			rest = max(0, rest-c.equal([]byte(k)))
		}
	}
	n := c.Bounds.Len()
	for i, k := range c.Bounds.keys {
		share := 1 / float64(max(n-1, 1))
		if n > 1 && (i == 0 || i == n-1) {
			share /= 2
		}
		dst = append(dst, value{c.Bounds.Vector, int32(i), k, rest * share})
	}
	return dst
}

func (c *Column) isCommon(k string) bool {
	return slices.ContainsFunc(c.Common.keys, func(have []byte) bool { return string(have) == k })
}

// quantiles chooses bounds so that equally many rows lie between each two of them.
func quantiles(points []value) []value {
	if len(points) < 2 {
		return points
	}
	total := 0.0
	for _, p := range points {
		total += p.count
	}
	n := min(buckets, len(points)-1)
	out := []value{points[0]}
	sum, next := 0.0, 1
	for _, p := range points {
		sum += p.count
		for next < n && sum >= total*float64(next)/float64(n) {
			out = append(out, p)
			next++
		}
	}
	return append(out, points[len(points)-1])
}

// collect copies values into a vector of their own.
func collect(t column.Type, list []value) Values {
	if len(list) == 0 {
		return Values{}
	}
	b := column.NewBuilder(t, len(list))
	keys := make([][]byte, len(list))
	for i, v := range list {
		b.AppendVector(v.of, int(v.row), int(v.row)+1)
		keys[i] = v.key
	}
	return Values{Vector: b.Finish(), keys: keys}
}

// Of describes so many rows that are like those that were described: a part of them has ended.
func (c *Column) Of(rows float64) *Column {
	if rows >= c.Rows || c.Rows <= 0 {
		return c
	}
	out := *c
	share := rows / c.Rows
	out.Rows, out.Nulls = rows, c.Nulls*share
	out.Counts = make([]float64, len(c.Counts))
	for i, n := range c.Counts {
		out.Counts[i] = n * share
	}
	return &out
}
