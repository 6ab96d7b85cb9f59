package main

import (
	"slices"
	"time"

	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// Cell is one query at one number of clients.
type Cell struct {
	Kind    string   `json:"query"`
	Clients int      `json:"clients"`
	Rounds  []Timing `json:"rounds"`
	kind    tsbs.Kind
}

// Timing is what the answers of one round took, in milliseconds.
type Timing struct {
	Answers int     `json:"answers"`
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"` // of fewer than 100 answers it is the slowest
}

// newTiming sums up what answers took; there is at least one.
func newTiming(took []time.Duration) Timing {
	took = slices.Sorted(slices.Values(took))
	at := func(share float64) float64 {
		return float64(took[int(share*float64(len(took)-1)+0.5)]) / float64(time.Millisecond)
	}
	t := Timing{Answers: len(took), P50: at(0.5), P99: at(0.99)}
	if len(took) < 100 {
		t.P99 = at(1)
	}
	return t
}

// Median is the median of the rounds' medians, with the least and the greatest of them.
func (c *Cell) Median() (median, low, high float64) {
	return spread(c.Rounds, func(t Timing) float64 { return t.P50 })
}

// P99 is the median of the rounds' 99th percentiles.
func (c *Cell) P99() float64 {
	median, _, _ := spread(c.Rounds, func(t Timing) float64 { return t.P99 })
	return median
}

func spread(rounds []Timing, of func(Timing) float64) (median, low, high float64) {
	var list []float64
	for _, t := range rounds {
		list = append(list, of(t))
	}
	slices.Sort(list)
	return (list[(len(list)-1)/2] + list[len(list)/2]) / 2, list[0], list[len(list)-1]
}
