package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/automatanexus/aegis-db/bench/load"
)

// services are the instances that the dashboards show: each a service on a machine of its own, scraped at a moment of its own in every
// interval. Now and then one does not answer, which Prometheus says with up = 0 and stale markers, and now and then one starts anew, so that
// its counters do.
type services struct {
	Series   int    `json:"series"`
	Scrapes  int    `json:"scrapes"`
	Interval int64  `json:"interval_ms"`
	Seed     uint64 `json:"seed"`
}

// served is what an instance shows: 100 series.
var served = []family{
	{"up", constant, nil},
	{"build_info", constant, []dimension{{"version", []string{""}}}},
	{"node_load1", ratio, nil},
	{"node_memory_MemAvailable_bytes", gauge, nil},
	{"sensor_temperature_celsius", ratio, []dimension{{"sensor", numbered("sensor-", 4)}}},
	{"queue_length", gauge, []dimension{{"queue", numbered("queue-", 6)}}},
	{"node_cpu_seconds_total", seconds, []dimension{{"cpu", numbered("", 4)}, {"mode", []string{"idle", "iowait", "system", "user"}}}},
	{"http_requests_total", counter, []dimension{{"code", []string{"200", "404", "500", "503"}}, {"handler", handlers[:5]}}},
	{"http_request_duration_seconds_bucket", bucket, []dimension{{"handler", handlers[:5]}, {"le", []string{"0.005", "0.05", "0.1", "0.5", "1", "2.5", "5", "+Inf"}}}},
	{"http_request_duration_seconds_sum", seconds, []dimension{{"handler", handlers[:5]}}},
	{"http_request_duration_seconds_count", counter, []dimension{{"handler", handlers[:5]}}},
}

const seriesPerInstance = 100

// instance is one of them, at some scrape.
type instance struct {
	labels []load.Encoded
	shapes []shape
	values []float64
	offset int64 // of its scrapes
	rand   *rand.Rand
}

func (s services) end() int64 { return fleetStart + int64(s.Scrapes)*s.Interval }

func (s services) instances() (list []*instance) {
	made := shapes(served, seriesPerInstance)
	for n := range (s.Series + seriesPerInstance - 1) / seriesPerInstance {
		i := &instance{shapes: made[:min(seriesPerInstance, s.Series-n*seriesPerInstance)], rand: rand.New(rand.NewPCG(s.Seed, uint64(n)))}
		target := []load.Label{
			{Name: "instance", Value: fmt.Sprintf("10.1.%d.%d:8080", n>>8, n&255)}, {Name: "job", Value: fmt.Sprintf("service-%d", n%10)},
		}
		for k := range i.shapes {
			set := i.shapes[k].set(target)
			for at := range set {
				if set[at].Name == "version" {
					set[at].Value = fmt.Sprintf("1.%d.0", n%4)
				}
			}
			i.labels = append(i.labels, load.EncodeLabels(set))
		}
		i.offset = i.rand.Int64N(s.Interval)
		i.values = make([]float64, len(i.shapes))
		i.start()
		list = append(list, i)
	}
	return list
}

// start begins all values anew.
func (i *instance) start() {
	for k := range i.shapes {
		i.values[k] = i.shapes[k].first(i.rand)
	}
}

// stale is Prometheus' stale marker.
var stale = math.Float64frombits(0x7ff0000000000002)

// scrape is what the instance shows next, in out: one value a series.
func (i *instance) scrape(out []float64) {
	missed := i.rand.IntN(400) == 0
	if i.rand.IntN(4000) == 0 {
		i.start()
	}
	below := 0.0
	for k := range i.shapes {
		s := &i.shapes[k]
		switch {
		case s.kind == bucket:
			// Cumulative: a bucket holds those of the ones before.
			if s.labels[0].Value == "0.005" {
				below = 0
			}
			below += float64(i.rand.IntN(int(s.pace)*2 + 1))
			i.values[k] += below
		case s.name == "up" || s.name == "build_info":
			i.values[k] = 1
		default:
			i.values[k] = s.next(i.rand, i.values[k])
		}
		out[k] = i.values[k]
		if missed {
			out[k] = stale
			if s.name == "up" {
				out[k] = 0
			}
		}
	}
}

// send makes the bodies of some scrapes of some instances: a message a series with all of its samples.
func (s services) send(list []*instance, first, n int, w *load.BodyWriter, to func(load.Body) error) error {
	const perBody = 5000
	rows := make([]float64, n*seriesPerInstance)
	samples := make([]load.Sample, n)
	for _, i := range list {
		for r := range n {
			i.scrape(rows[r*seriesPerInstance:])
		}
		for k := range i.shapes {
			for r := range n {
				samples[r] = load.Sample{T: fleetStart + int64(first+r)*s.Interval + i.offset, V: rows[r*seriesPerInstance+k]}
			}
			w.Add(i.labels[k], samples...)
			if w.Samples() >= perBody {
				if err := to(w.Body()); err != nil {
					return err
				}
			}
		}
	}
	if w.Samples() > 0 {
		return to(w.Body())
	}
	return nil
}
