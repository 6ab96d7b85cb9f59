package promql

import (
	"context"
	"math"
	"slices"
	"sort"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// topk and bottomk keep, at each step, some of the series of each group, and quantile is one value of them: which of equal values are kept, and in
// what order they come, follows from the heap that Prometheus' engine keeps them in.

// candidate is the value of a series at a step.
type candidate struct {
	value  float64
	series int32
}

// candidates are in the order of heaps: the one to be given up first is the first one.
type candidates struct {
	list     []candidate
	greatest bool // the greatest is given up first
}

func (c *candidates) Len() int      { return len(c.list) }
func (c *candidates) Swap(i, j int) { c.list[i], c.list[j] = c.list[j], c.list[i] }
func (c *candidates) Less(i, j int) bool {
	a, b := c.list[i].value, c.list[j].value
	switch {
	case math.IsNaN(a):
		return true
	case c.greatest:
		return a > b
	}
	return a < b
}

// offer is what container/heap does, without its interfaces.
func (c *candidates) offer(one candidate, k int) {
	if len(c.list) < k {
		c.list = append(c.list, one)
		for j := len(c.list) - 1; j > 0; {
			i := (j - 1) / 2
			if !c.Less(j, i) {
				break
			}
			c.Swap(i, j)
			j = i
		}
		return
	}
	first := c.list[0].value
	if better := first < one.value; c.greatest && !(first > one.value) || !c.greatest && !better {
		if !math.IsNaN(first) || math.IsNaN(one.value) {
			return
		}
	}
	c.list[0] = one
	for i := 0; ; {
		j := 2*i + 1
		if j >= len(c.list) {
			return
		}
		if j+1 < len(c.list) && c.Less(j+1, j) {
			j++
		}
		if !c.Less(j, i) {
			return
		}
		c.Swap(i, j)
		i = j
	}
}

// picks recognizes an aggregation that keeps some of its series, or a quantile, whose parameter is a number that Prometheus says nothing about.
func picks(n *parser.AggregateExpr) (parameter float64, ok bool) {
	v, isNumber := number(n.Param)
	switch n.Op {
	case parser.TOPK, parser.BOTTOMK:
		return v, isNumber && v >= 1 && v < math.MaxInt64
	case parser.QUANTILE:
		return v, isNumber && v >= 0 && v <= 1
	}
	return 0, false
}

// pickSteps is how many steps a worker takes at a time.
const pickSteps = 64

// candidateBytes is what a candidate takes.
const candidateBytes = 16

// pick evaluates topk, bottomk or quantile.
func (e *evaluation) pick(ctx context.Context) ([]series, error) {
	of, names := e.groups()
	quantile, k := e.over.Op == parser.QUANTILE, len(e.values)
	if !quantile {
		k = int(min(int64(e.parameter), int64(k)))
	}
	steps := len(e.times)
	blocks := (steps + pickSteps - 1) / pickSteps
	most := int64(min(k*len(names), len(e.values))) * int64(min(pickSteps, steps)) * int64(min(blocks, e.q.engine.options.Workers))
	if err := e.q.pool.Grow(candidateBytes * 2 * most); err != nil {
		return nil, err
	}
	var all []float64
	if quantile {
		if err := e.q.pool.Grow(8 * int64(steps*len(names))); err != nil {
			return nil, err
		}
		all = e.q.floats(steps * len(names))
	}
	var order []int32 // at the only step
	err := e.q.eachOf(ctx, blocks, 1, int64(steps*len(e.values)), func(b int) {
		from := b * pickSteps
		to := min(from+pickSteps, steps)
		heaps := e.offered(of, len(names), k, from, to)
		for g := range names {
			for i := range to - from {
				h := &heaps[g*(to-from)+i]
				if quantile {
					all[g*steps+from+i] = quantileOf(e.parameter, h)
					continue
				}
				if steps == 1 {
					sort.Sort(sort.Reverse(h))
				}
				for _, c := range h.list {
					e.values[c.series].values[from+i] = c.value
					if steps == 1 {
						order = append(order, c.series)
					}
				}
			}
		}
	})
	switch {
	case err != nil:
		return nil, err
	case quantile:
		return e.quantiles(names, all), nil
	case steps > 1:
		return e.values, nil
	}
	out := make([]series, len(order))
	for i, at := range order {
		out[i] = e.values[at]
	}
	return out, nil
}

// offered gives the heaps of all groups at some steps. What is in them is taken out of the series, unless a quantile is asked for.
func (e *evaluation) offered(of []int, groups, k, from, to int) []candidates {
	length, quantile := to-from, e.over.Op == parser.QUANTILE
	heaps := make([]candidates, groups*length)
	for i := range heaps {
		heaps[i].greatest = e.over.Op == parser.BOTTOMK
	}
	for i := range e.values {
		values, own := e.values[i].values[from:to], heaps[of[i]*length:][:length]
		for s, v := range values {
			switch {
			case isNothing(v):
			case quantile:
				own[s].list = append(own[s].list, candidate{value: v})
			default:
				own[s].offer(candidate{v, int32(i)}, k)
				values[s] = nothing
			}
		}
	}
	return heaps
}

func quantileOf(q float64, c *candidates) float64 {
	if len(c.list) == 0 {
		return nothing
	}
	sort.Sort(c)
	n := float64(len(c.list))
	rank := q * (n - 1)
	lower := math.Max(0, math.Floor(rank))
	upper := math.Min(n-1, lower+1)
	weight := rank - math.Floor(rank)
	return c.list[int(lower)].value*(1-weight) + c.list[int(upper)].value*weight
}

func (e *evaluation) quantiles(names []labels.Labels, all []float64) []series {
	var out []series
	steps := len(e.times)
	for g, name := range names {
		values := all[g*steps : (g+1)*steps : (g+1)*steps]
		if slices.ContainsFunc(values, func(v float64) bool { return !isNothing(v) }) {
			out = append(out, series{labels: name, samples: samples{times: e.times, values: values}})
		}
	}
	return out
}
