package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/automatanexus/aegis-db/bench/load"
)

// fleet is many pods that are scraped at an interval. Now and then some of them are replaced by others, whose series are new: that is
// what churn is in a cluster that is being rolled out.
type fleet struct {
	Series    int   `json:"series"`     // active ones
	PerTarget int   `json:"per_target"` // of a pod
	Interval  int64 `json:"interval_ms"`
	Rounds    int   `json:"rounds"`
	// Every how many rounds one of ten pods is replaced.
	ReplaceRounds int    `json:"replace_rounds"`
	Seed          uint64 `json:"seed"`
}

// fleetStart is the time of the first round: fixed, so that runs are alike.
const fleetStart = 1_760_000_000_000

func (f fleet) samples() int64 { return int64(f.Series) * int64(f.Rounds) }

func (f fleet) targets() int { return (f.Series + f.PerTarget - 1) / f.PerTarget }

// generation is how often a pod was replaced by a round.
func (f fleet) generation(target, round int) int {
	periods := round / f.ReplaceRounds // a replacement at the begin of each but the first
	first := target%10 + 1
	if periods < first {
		return 0
	}
	return (periods-first)/10 + 1
}

// distinct is how many series there are in all rounds.
func (f fleet) distinct() (n int) {
	for t := range f.targets() {
		n += (1 + f.generation(t, f.Rounds-1)) * min(f.PerTarget, f.Series-t*f.PerTarget)
	}
	return n
}

// lane is a contiguous part of a fleet's pods, written by one connection: a series' samples are sent in order, as Prometheus' shards do.
type lane struct {
	fleet
	from, to int // targets
	shapes   []shape
	labels   []load.Encoded
	values   []float64
	rand     *rand.Rand
	watch    map[watched]*sum
}

// watched is what is checked after loading: the samples of one metric of one pod.
type watched struct {
	metric string
	target int
	gen    int
}

type sum struct {
	count int64
	sum   float64
}

// watchedMetrics are checked, for the first pod of each lane.
var watchedMetrics = []string{"http_requests_total", "container_cpu_usage_seconds_total", "http_request_duration_seconds_bucket"}

func (f fleet) lanes(n int) (list []*lane) {
	made := shapes(exported, f.PerTarget)
	for k := range n {
		l := &lane{fleet: f, from: f.targets() * k / n, to: f.targets() * (k + 1) / n, shapes: made}
		l.rand = rand.New(rand.NewPCG(f.Seed, uint64(k)))
		size := max(0, min(f.Series, l.to*f.PerTarget)-l.from*f.PerTarget)
		l.labels, l.values = make([]load.Encoded, size), make([]float64, size)
		l.watch = map[watched]*sum{}
		list = append(list, l)
	}
	return list
}

// podLabels say which pod it is.
func podLabels(target, generation int) []load.Label {
	return []load.Label{
		{Name: "cluster", Value: "prod-eu-1"},
		{Name: "instance", Value: fmt.Sprintf("10.%d.%d.%d:8080", target>>12&255, target>>4&255, (target&15)<<4|generation&15)},
		{Name: "job", Value: fmt.Sprintf("service-%02d", target%40)},
		{Name: "namespace", Value: fmt.Sprintf("team-%02d", target%25)},
		{Name: "node", Value: fmt.Sprintf("worker-%04d", target%300)},
		{Name: "pod", Value: podName(target, generation)},
	}
}

func podName(target, generation int) string {
	return fmt.Sprintf("service-%02d-%08x-%05d", target%40, uint32(generation+1)*2654435761, target)
}

// round sends the samples of a round, as many a body as wanted.
func (l *lane) round(round, perBody int, w *load.BodyWriter, send func(load.Body) error) error {
	at := fleetStart + int64(round)*l.Interval
	for t := l.from; t < l.to; t++ {
		generation := l.generation(t, round)
		fresh := round == 0 || l.generation(t, round-1) != generation
		for k := range min(l.PerTarget, l.Series-t*l.PerTarget) {
			i := (t-l.from)*l.PerTarget + k
			s := &l.shapes[k]
			if fresh {
				l.labels[i] = load.EncodeLabels(s.set(podLabels(t, generation)))
				l.values[i] = s.first(l.rand)
			} else {
				l.values[i] = s.next(l.rand, l.values[i])
			}
			if t == l.from {
				l.note(watched{s.name, t, generation}, l.values[i])
			}
			w.Add(l.labels[i], load.Sample{T: at, V: l.values[i]})
			if w.Samples() == perBody {
				if err := send(w.Body()); err != nil {
					return err
				}
			}
		}
	}
	if w.Samples() > 0 {
		return send(w.Body())
	}
	return nil
}

func (l *lane) note(key watched, v float64) {
	for _, name := range watchedMetrics {
		if name != key.metric {
			continue
		}
		s := l.watch[key]
		if s == nil {
			s = &sum{}
			l.watch[key] = s
		}
		s.count++
		s.sum += v
	}
}
