package main

import (
	"math"
	"slices"

	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// What is aimed at. Ratios are a peer's figure by Aegis's where less is better.
const (
	aimQuery      = 2    // against the best peer
	aimAll        = 5    // double-groupby-all, against the best peer
	aimPrometheus = 5    // PromQL against PromQL
	aimVictoria   = 2    // the same
	aimBytes      = 0.37 // bytes per value
	aimLoad       = 2    // times a peer's values per CPU-second
	aimFirst      = 0.3  // ms that single-groupby-1-1-1 may take one client over HTTP
)

// loadPeers are the systems whose loading is compared with.
var loadPeers = []string{"VictoriaMetrics", "QuestDB", "Prometheus"}

// aim is what the ratio of a query should at least be.
func aim(kind string) float64 {
	if kind == "double-groupby-all" {
		return aimAll
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
	Name    string    // of the best peer
	Sure    bool      // no round of the best peer says otherwise than the medians do
}

// promQL is the way of asking Aegis that is compared with Prometheus and VictoriaMetrics.
const promQL = "Aegis (PromQL)"

// aegis is the first system, asked in its first way.
func (r *report) aegis() *System { return r.Systems[0] }

// peers are the systems that Aegis is compared with.
func (r *report) peers() (list []*System) {
	for _, s := range r.Systems[1:] {
		if s.Of == "" {
			list = append(list, s)
		}
	}
	return list
}

// named is a system by its name; nil if it was not measured.
func (r *report) named(name string) *System {
	for _, s := range r.Systems {
		if s.Name == name && s.Missing == "" {
			return s
		}
	}
	return nil
}

// ratios compares Aegis with its peers.
func (r *report) ratios(clients int) (list []Ratio) {
	for _, k := range tsbs.Kinds {
		list = append(list, compareCells(k.Name, clients, r.aegis(), r.peers()))
	}
	return list
}

func compareCells(kind string, clients int, aegis *System, peers []*System) Ratio {
	ratio := Ratio{Kind: kind, Clients: clients, Aegis: aegis.cell(kind, clients), Best: math.NaN()}
	for _, s := range peers {
		cell, times := s.cell(kind, clients), math.NaN()
		if cell != nil && ratio.Aegis != nil {
			own, ownLow, ownHigh := ratio.Aegis.Median()
			median, low, high := cell.Median()
			times = median / own
			if !(times >= ratio.Best) { // a NaN is never the best
				ratio.Best, ratio.Name, ratio.Sure = times, s.Name, low > ownHigh || high < ownLow
			}
		}
		ratio.Peers, ratio.Times = append(ratio.Peers, cell), append(ratio.Times, times)
	}
	return ratio
}

// cell is a system's figures for a query; nil if it has none.
func (s *System) cell(kind string, clients int) *Cell {
	for _, c := range s.Cells {
		if c.Kind == kind && c.Clients == clients && len(c.Rounds) > 0 {
			return c
		}
	}
	return nil
}

// refuses says that a system that has such a query did not answer it.
func (s *System) refuses(kind string, clients int) bool {
	return slices.ContainsFunc(s.Cells, func(c *Cell) bool {
		return c.Kind == kind && c.Clients == clients && c.Problem != "" && len(c.Rounds) == 0
	})
}
