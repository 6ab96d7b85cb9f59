package load

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Workload is what a fleet of scraped targets sends: a fixed set of series, each with a sample per interval.
type Workload struct {
	Series   int   // how many series there are
	Batch    int   // samples per body; Prometheus sends 2,000 by default
	Start    int64 // milliseconds since 1970 of the first sample
	Interval int64 // milliseconds between the samples of one series
	Seed     uint64
}

// seriesPerTarget is how many series one target shows: about what a node_exporter has.
const seriesPerTarget = 1000

// Labels are the ten labels, about 190 bytes of names and values, of series i. The mix is that of a Kubernetes scrape:
// most labels say which target it is and repeat in all of its series, two say which series of the target.
func (w *Workload) Labels(i int) []Label {
	target, metric := i/seriesPerTarget, i%seriesPerTarget
	return []Label{
		{"__name__", fmt.Sprintf("node_workload_bytes_total_%02d", metric%50)},
		{"cluster", "prod-eu-1"},
		{"container", "exporter"},
		{"device", fmt.Sprintf("nvme%03dn1", metric/50)},
		{"endpoint", "metrics"},
		{"instance", fmt.Sprintf("10.%d.%d.%d:9100", target>>16&255, target>>8&255, target&255)},
		{"job", "node-exporter"},
		{"namespace", "monitoring"},
		{"node", fmt.Sprintf("worker-%05d", target)},
		{"pod", fmt.Sprintf("node-exporter-%05d", target)},
	}
}

// LabelBytes is the size of names and values together of series i.
func (w *Workload) LabelBytes(i int) (n int) {
	for _, l := range w.Labels(i) {
		n += len(l.Name) + len(l.Value)
	}
	return n
}

// value is a counter that grows by whole steps of a size of the series' own, which is what most scraped series are.
func value(r *rand.Rand, last float64, series int) float64 {
	if series%7 == 0 {
		return math.Round(r.NormFloat64()*1000) / 100 // a gauge of two decimals
	}
	return last + float64(r.IntN(1+series%4096))
}

// Bodies encodes the samples of so many scrape rounds: all series once per round, in bodies of Batch samples.
func (w *Workload) Bodies(rounds int) []Body {
	r := rand.New(rand.NewPCG(w.Seed, 1))
	last := make([]float64, w.Series)
	labels := make([][]Label, w.Series)
	for i := range labels {
		labels[i] = w.Labels(i)
	}
	var bodies []Body
	batch := make([]Series, 0, w.Batch)
	samples := make([]Sample, w.Batch)
	for round := range rounds {
		for i := range w.Series {
			last[i] = value(r, last[i], i)
			at := len(batch)
			samples[at] = Sample{T: w.Start + int64(round)*w.Interval, V: last[i]}
			batch = append(batch, Series{Labels: labels[i], Samples: samples[at : at+1]})
			if len(batch) == w.Batch || i == w.Series-1 {
				bodies = append(bodies, Encode(batch))
				batch = batch[:0]
			}
		}
	}
	return bodies
}
