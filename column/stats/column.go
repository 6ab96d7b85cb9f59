// Package stats describes the values of columns for the optimizer: how many there are, how many different ones, which come often, and how the
// others are spread. Descriptions of parts are merged into one of the whole, which costs no more however many rows they describe.
//
// It must not know where descriptions are kept, nor what conditions look like.
package stats

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
)

// How much a description keeps. A sample of 1,024 values says nothing of finer buckets.
const (
	commonValues = 16
	buckets      = 64
)

// textBound is how much of a text a bound keeps. Texts that are longer do not stand among the common values.
const textBound = 64

// Column describes the values of a column. It is not changed once it is made.
type Column struct {
	Type    column.Type
	Rows    float64 // NULLs included
	Nulls   float64
	Width   float64 // bytes of a value that is not NULL, on the average
	Exact   float64 // how many different values there are, where that is known; else 0
	Sketch  *Sketch // nil = values were not counted
	Common  Values  // those that come most often, the most frequent first
	Counts  []float64
	Bounds  Values    // of buckets of equally many rows, with all values that are neither NULL nor common: from the least to the greatest
	ordinal []float64 // where each bound lies on a line
}

// Values are some values of a column, none NULL, and their keys.
type Values struct {
	Vector *column.Vector // flat; nil where there are none
	keys   [][]byte
}

// NewValues makes values of a flat vector without NULLs.
func NewValues(v *column.Vector) Values {
	if v == nil || v.Len == 0 {
		return Values{}
	}
	out := Values{Vector: v, keys: make([][]byte, v.Len)}
	for i := range out.keys {
		out.keys[i] = key.AppendValue(nil, v, i)
	}
	return out
}

// Len is how many there are.
func (v Values) Len() int { return len(v.keys) }

// Ordered reports whether values of a type are described one by one: those that have an order, and are small.
func Ordered(t column.Type) bool {
	switch t.Physical() {
	case column.PhysBool, column.PhysInt, column.PhysFloat:
		return true
	case column.PhysBytes:
		return t.Bytewise() || t.Kind == column.Numeric || t.Kind == column.BpChar
	}
	return false
}

// Present is how many rows are not NULL.
func (c *Column) Present() float64 { return max(c.Rows-c.Nulls, 0) }

// rest is how many rows are neither NULL nor common.
func (c *Column) rest() float64 {
	r := c.Present()
	for _, n := range c.Counts {
		r -= n
	}
	return max(r, 0)
}

// Distinct is about how many different values there are; NULL does not count. 0 = nobody knows.
func (c *Column) Distinct() float64 {
	d := c.Exact
	if d == 0 && c.Sketch != nil {
		d = math.Round(c.Sketch.Count())
	}
	if d == 0 && c.Bounds.Len() == 0 {
		d = float64(c.Common.Len())
	}
	if d == 0 {
		return 0
	}
	return max(1, float64(c.Common.Len()), min(d, c.Present()))
}

// Of describes rows by a sample of their values: a flat vector without NULLs, whose order says nothing. exact and sketch say how many different values
// the rows have, as far as that is known.
func Of(sample *column.Vector, rows, nulls, width, exact float64, sketch *Sketch) *Column {
	c := &Column{Type: sample.Type, Rows: rows, Nulls: nulls, Width: width, Exact: exact, Sketch: sketch}
	if sample.Len == 0 || !Ordered(sample.Type) {
		return c
	}
	sample, order, same := sorted(sample)
	runs := runsOf(order, same)
	d := max(exact, float64(len(runs)))
	if exact == 0 && sketch != nil {
		d = max(d, sketch.Count())
	}
	weight := c.Present() / float64(sample.Len)
	common := mostCommon(sample, order, runs, d, float64(sample.Len) >= c.Present())
	rows32 := make([]int32, len(common))
	for i, r := range common {
		rows32[i] = order[r.from]
		c.Counts = append(c.Counts, float64(r.count)*weight)
	}
	c.Common = NewValues(gather(sample, rows32))
	for _, r := range common {
		for i := r.from; i < r.from+r.count; i++ {
			order[i] = -1
		}
	}
	order = slices.DeleteFunc(order, func(i int32) bool { return i < 0 })
	c.setBounds(NewValues(gather(sample, evenly(order))))
	return c
}

// setBounds takes bounds, which must ascend.
func (c *Column) setBounds(v Values) {
	c.Bounds = v
	if v.Len() == 0 {
		return
	}
	c.ordinal = make([]float64, v.Len())
	for i := range c.ordinal {
		c.ordinal[i] = position(v.Vector, i)
	}
}

// Kept makes a description of what was stored of one; bounds may have been put into another order by how they were stored.
func Kept(c Column, bounds *column.Vector) *Column {
	if v := NewValues(bounds); v.Len() > 0 {
		order := make([]int32, v.Len())
		for i := range order {
			order[i] = int32(i)
		}
		slices.SortFunc(order, func(a, b int32) int { return bytes.Compare(v.keys[a], v.keys[b]) })
		c.setBounds(NewValues(column.Gather(bounds, order)))
	}
	return &c
}

// sorted gives a sample and its rows in the order of their values, and how to tell equal ones. Numbers are moved: sorting references to them takes
// three times as long.
func sorted(v *column.Vector) (moved *column.Vector, order []int32, same func(a, b int32) bool) {
	order = make([]int32, v.Len)
	for i := range order {
		order[i] = int32(i)
	}
	switch v.Type.Physical() {
	case column.PhysInt:
		ints := slices.Clone(v.Ints[:v.Len])
		slices.Sort(ints)
		return column.NewInts(v.Type, ints, nil), order, func(a, b int32) bool { return ints[a] == ints[b] }
	case column.PhysFloat:
		floats := sortedFloats(v.Floats[:v.Len])
		return column.NewFloats(v.Type, floats, nil), order, func(a, b int32) bool {
			return floats[a] == floats[b] || floats[a] != floats[a] && floats[b] != floats[b]
		}
	}
	at := func(i int32) []byte { return v.Data[v.Offsets[i]:v.Offsets[i+1]] }
	if !v.Type.Bytewise() {
		keys := NewValues(v).keys
		at = func(i int32) []byte { return keys[i] }
	}
	slices.SortFunc(order, func(a, b int32) int { return bytes.Compare(at(a), at(b)) })
	return v, order, func(a, b int32) bool { return bytes.Equal(at(a), at(b)) }
}

// sortedFloats orders as PostgreSQL does: NaN is the greatest.
func sortedFloats(v []float64) []float64 {
	out := make([]float64, 0, len(v))
	nans := 0
	for _, x := range v {
		if x != x {
			nans++
			continue
		}
		out = append(out, x)
	}
	slices.Sort(out)
	for range nans {
		out = append(out, math.NaN())
	}
	return out
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// run is a stretch of equal values in a sorted sample.
type run struct{ from, count int }

func runsOf(order []int32, same func(a, b int32) bool) []run {
	var runs []run
	for i := range order {
		if i > 0 && same(order[i-1], order[i]) {
			runs[len(runs)-1].count++
			continue
		}
		runs = append(runs, run{i, 1})
	}
	return runs
}

// mostCommon chooses the values that come clearly more often than others do on the average: by more than chance explains, where the sample has only
// some of the rows. Few values are all kept.
func mostCommon(sample *column.Vector, order []int32, runs []run, distinct float64, whole bool) []run {
	few := len(runs) <= commonValues && (whole || distinct <= float64(len(runs))*1.05)
	out := slices.Clone(runs)
	if !few {
		out = slices.DeleteFunc(out, func(r run) bool { return r.count < 2 })
	}
	if sample.Type.Physical() == column.PhysBytes {
		out = slices.DeleteFunc(out, func(r run) bool {
			i := order[r.from]
			return sample.Offsets[i+1]-sample.Offsets[i] > textBound
		})
	}
	slices.SortStableFunc(out, func(a, b run) int { return cmp.Compare(b.count, a.count) })
	out = out[:min(len(out), commonValues)]
	if few {
		return out
	}
	left, others := float64(len(order)), distinct
	for i, r := range out {
		average := left / max(others, 1)
		enough := 1.25 * average
		if !whole {
			enough = average + 3*math.Sqrt(average) + 1
		}
		if float64(r.count) <= enough {
			return out[:i]
		}
		left, others = left-float64(r.count), others-1
	}
	return out
}

// evenly chooses the bounds of buckets from sorted rows: as many rows lie between each two.
func evenly(order []int32) []int32 {
	if len(order) < 2 {
		return order
	}
	n := min(buckets, len(order)-1)
	out := make([]int32, 0, n+1)
	for i := range n + 1 {
		out = append(out, order[i*(len(order)-1)/n])
	}
	return out
}

// gather takes rows of a vector; long texts are cut.
func gather(v *column.Vector, rows []int32) *column.Vector {
	if len(rows) == 0 {
		return nil
	}
	if v.Type.Physical() != column.PhysBytes {
		return column.Gather(v, rows)
	}
	b := column.NewBuilder(v.Type, len(rows))
	for _, i := range rows {
		x := v.Data[v.Offsets[i]:v.Offsets[i+1]]
		b.AppendBytes(cut(x, v.Type))
	}
	return b.Finish()
}

// cut shortens a text to what a bound keeps, between two characters. A number keeps its digits.
func cut(x []byte, t column.Type) []byte {
	if len(x) <= textBound || t.Kind == column.Numeric {
		return x
	}
	n := textBound
	for n > textBound-4 && x[n]&0xc0 == 0x80 {
		n--
	}
	return x[:n]
}

// OfBools describes booleans, which are counted.
func OfBools(values []bool, rows, nulls float64) *Column {
	counts := [2]float64{}
	for _, b := range values {
		counts[boolInt(b)]++
	}
	c := &Column{Type: column.T(column.Bool), Rows: rows, Nulls: nulls, Width: 1}
	first := counts[1] > counts[0]
	var list []bool
	for _, b := range []bool{first, !first} {
		if n := counts[boolInt(b)]; n > 0 {
			list, c.Counts = append(list, b), append(c.Counts, n)
		}
	}
	c.Common = NewValues(column.NewBools(list, nil))
	c.Exact = float64(len(list))
	return c
}

// Nulls describes rows that are all NULL.
func Nulls(t column.Type, rows float64) *Column { return &Column{Type: t, Rows: rows, Nulls: rows} }

// Constant describes rows that all have the value of a vector of one row.
func Constant(v *column.Vector, rows float64) *Column {
	c := &Column{Type: v.Type, Rows: rows, Exact: 1}
	if v.IsNull(0) {
		return Nulls(v.Type, rows)
	}
	if Ordered(v.Type) {
		c.Common, c.Counts = NewValues(v), []float64{rows}
	}
	return c
}
