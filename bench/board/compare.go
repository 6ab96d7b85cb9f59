package main

import (
	"math"
	"strings"

	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// What is aimed at. Ratios are a peer's figure by Aegis's where less is better.
const (
	aimQuery         = 1   // against the better peer
	aimDoubleGroupBy = 3   // against the better peer
	aimBytes         = 0.6 // bytes per value
	aimLoad          = 2   // times VictoriaMetrics' values per CPU-second
)

// aim is what the ratio of a query should at least be.
func aim(kind string) float64 {
	if strings.HasPrefix(kind, "double-groupby") {
		return aimDoubleGroupBy
	}
	return aimQuery
}

// Ratio compares Aegis with its peers in one query.
type Ratio struct {
	Kind    string
	Clients int
	Aegis   *Cell
	Peers   []*Cell   // nil where there is no figure
	Times   []float64 // each peer's median by Aegis's; NaN where there is no figure
	Best    float64   // the least of them; NaN if there is none
	Sure    bool      // no round of the best peer says otherwise than the medians do
}

// ratios compares the first system, which is Aegis, with the others.
func (r *report) ratios(clients int) (list []Ratio) {
	for _, k := range tsbs.Kinds {
		ratio := Ratio{Kind: k.Name, Clients: clients, Aegis: r.Systems[0].cell(k.Name, clients), Best: math.NaN()}
		own, ownLow, ownHigh := ratio.Aegis.Median()
		for _, s := range r.Systems[1:] {
			cell, times := s.cell(k.Name, clients), math.NaN()
			if cell != nil {
				median, low, high := cell.Median()
				times = median / own
				if !(times >= ratio.Best) { // a NaN is never the best
					ratio.Best, ratio.Sure = times, low > ownHigh || high < ownLow
				}
			}
			ratio.Peers, ratio.Times = append(ratio.Peers, cell), append(ratio.Times, times)
		}
		list = append(list, ratio)
	}
	return list
}

// cell is a system's figures for a query; nil if it has none.
func (s *System) cell(kind string, clients int) *Cell {
	for _, c := range s.Cells {
		if c.Kind == kind && c.Clients == clients {
			return c
		}
	}
	return nil
}
