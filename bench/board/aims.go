package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/automatanexus/aegis-db/bench/measure"
	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// aims are the aims of this report, with what was measured of them.
func (r *report) aims() (list []measure.Aim) {
	list = append(list, r.queryAim(fmt.Sprintf("every query, against the best peer (%d hosts)", r.Hosts), aimQuery, func(kind string) bool { return kind != "double-groupby-all" }))
	list = append(list, r.queryAim(fmt.Sprintf("double-groupby-all, against the best peer (%d hosts)", r.Hosts), aimAll, func(kind string) bool { return kind == "double-groupby-all" }))
	if first := r.aegis().cell(tsbs.Kinds[0].Name, 1); first != nil {
		median, low, high := first.Median()
		list = append(list, measure.Aim{
			What: fmt.Sprintf("%s, client side over HTTP (%d hosts)", first.Kind, r.Hosts), Aim: fmt.Sprintf("≤ %v ms", aimFirst),
			Figure: fmt.Sprintf("%s ms (%s–%s)", measure.Digits(median), measure.Digits(low), measure.Digits(high)), Met: median <= aimFirst,
		})
	}
	if own := r.named(promQL); own != nil {
		for name, aim := range map[string]float64{"Prometheus": aimPrometheus, "VictoriaMetrics": aimVictoria} {
			if s := r.named(name); s != nil {
				list = append(list, r.promAim(own, s, aim))
			}
		}
	}
	for _, name := range loadPeers {
		if s := r.named(name); s != nil && r.aegis().LoadCPU > 0 {
			times := s.LoadCPU / r.aegis().LoadCPU
			list = append(list, measure.Aim{
				What: fmt.Sprintf("load, values per CPU-second, against %s (%d hosts)", name, r.Hosts), Aim: fmt.Sprintf("≥ %v", aimLoad),
				Figure: measure.Ratio(times), Met: times >= aimLoad,
			})
		}
	}
	bytes := float64(r.aegis().StoredBytes) / float64(r.Values)
	list = append(list, measure.Aim{
		What: fmt.Sprintf("bytes per value (%d hosts)", r.Hosts), Aim: fmt.Sprintf("≤ %v", aimBytes), Figure: fmt.Sprintf("%.3f", bytes), Met: bytes <= aimBytes,
	})
	slices.SortStableFunc(list, func(a, b measure.Aim) int { return strings.Compare(a.What, b.What) })
	return list
}

// queryAim is the aim of some kinds of queries, with one and with many clients.
func (r *report) queryAim(what string, aim float64, of func(kind string) bool) measure.Aim {
	a := measure.Aim{What: what, Aim: fmt.Sprintf("≥ %v", aim)}
	least, compared, reached := math.Inf(1), 0, 0
	for _, clients := range r.clients() {
		for _, c := range r.ratios(clients) {
			if of(c.Kind) && r.aegis().refuses(c.Kind, clients) {
				compared, least = compared+1, 0
				a.Behind = append(a.Behind, fmt.Sprintf("%s, clients %d: no answer (**behind**)", c.Kind, clients))
			}
			if !of(c.Kind) || math.IsNaN(c.Best) {
				continue
			}
			compared, least = compared+1, min(least, c.Best)
			if c.Best >= aim {
				reached++
				continue
			}
			own, _, _ := c.Aegis.Median()
			text := fmt.Sprintf("%s, clients %d: %s is %s of Aegis' %s ms", c.Kind, clients, c.Name, measure.Ratio(c.Best), measure.Digits(own))
			if c.Best < 1 {
				text += " (**behind**)"
			}
			a.Behind = append(a.Behind, text)
		}
	}
	if compared == 0 {
		a.Figure = "no peer"
		return a
	}
	a.Figure, a.Met = fmt.Sprintf("%d of %d, the least %s", reached, compared, ratio(least)), reached == compared
	return a
}

// promAim compares PromQL with PromQL.
func (r *report) promAim(own, peer *System, aim float64) measure.Aim {
	a := measure.Aim{What: fmt.Sprintf("PromQL range queries, against %s (%d hosts)", peer.Name, r.Hosts), Aim: fmt.Sprintf("≥ %v", aim)}
	least, logs, figures, compared, reached := math.Inf(1), 0.0, 0, 0, 0
	for _, cell := range own.Cells {
		if own.refuses(cell.Kind, cell.Clients) {
			compared, least = compared+1, 0
			a.Behind = append(a.Behind, fmt.Sprintf("%s, clients %d: no answer (**behind**)", cell.Kind, cell.Clients))
			continue
		}
		times := compareCells(cell.Kind, cell.Clients, own, []*System{peer}).Times[0]
		if math.IsNaN(times) {
			continue
		}
		figures, compared, least, logs = figures+1, compared+1, min(least, times), logs+math.Log(times)
		if times >= aim {
			reached++
			continue
		}
		text := fmt.Sprintf("%s, clients %d: %s", cell.Kind, cell.Clients, measure.Ratio(times))
		if times < 1 {
			text += " (**behind**)"
		}
		a.Behind = append(a.Behind, text)
	}
	if figures == 0 {
		a.Figure = "no figures"
		return a
	}
	a.Figure = fmt.Sprintf("%d of %d, the least %s, geometric mean %s", reached, compared, ratio(least), measure.Ratio(math.Exp(logs/float64(figures))))
	a.Met = reached == compared
	return a
}

// ratio writes a ratio; what is not answered is none.
func ratio(least float64) string {
	if least == 0 {
		return "no answer"
	}
	return measure.Ratio(least)
}
