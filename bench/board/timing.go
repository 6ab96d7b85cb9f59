package main

import (
	"github.com/automatanexus/aegis-db/bench/measure"
	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// Cell is one query at one number of clients.
type Cell struct {
	Kind    string           `json:"query"`
	Clients int              `json:"clients"`
	Rounds  []measure.Timing `json:"rounds"`
	Problem string           `json:"problem,omitempty"` // why there are no rounds, or no more
	kind    tsbs.Kind
}

// Median is the median of the rounds' medians, with the least and the greatest of them.
func (c *Cell) Median() (median, low, high float64) {
	return measure.Spread(c.each(func(t measure.Timing) float64 { return t.P50 }))
}

// P99 is the median of the rounds' 99th percentiles.
func (c *Cell) P99() float64 {
	median, _, _ := measure.Spread(c.each(func(t measure.Timing) float64 { return t.P99 }))
	return median
}

func (c *Cell) each(of func(measure.Timing) float64) (list []float64) {
	for _, t := range c.Rounds {
		list = append(list, of(t))
	}
	return list
}
