package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/automatanexus/aegis-db/bench/load"
)

// kind is how the values of a series go on.
type kind uint8

const (
	counter kind = iota // whole steps
	seconds             // a counter of seconds, with three decimals
	gauge               // a walk of whole steps
	ratio               // a walk of two decimals
	bucket              // a counter that grows more slowly the smaller its le is
	constant
)

// family is a metric of an exporter: a series for each combination of its labels' values.
type family struct {
	name   string
	kind   kind
	labels []dimension
}

type dimension struct {
	name   string
	values []string
}

func numbered(prefix string, n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprint(prefix, i))
	}
	return list
}

var (
	bounds   = []string{"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"}
	handlers = []string{"/", "/api/v1/items", "/api/v1/items/{id}", "/api/v1/login", "/api/v1/orders", "/healthz", "/metrics", "/static"}
)

// exported is what a pod of a cluster shows: its container, its runtime, and the service within.
var exported = []family{
	{"container_cpu_usage_seconds_total", seconds, []dimension{{"cpu", numbered("", 8)}}},
	{"container_memory_working_set_bytes", gauge, nil},
	{"container_network_receive_bytes_total", counter, []dimension{{"interface", numbered("eth", 2)}}},
	{"container_network_transmit_bytes_total", counter, []dimension{{"interface", numbered("eth", 2)}}},
	{"container_fs_writes_total", counter, []dimension{{"device", numbered("/dev/nvme", 4)}}},
	{"http_requests_total", counter, []dimension{{"code", []string{"200", "304", "400", "404", "500"}}, {"handler", handlers}, {"method", []string{"DELETE", "GET", "POST", "PUT"}}}},
	{"http_request_duration_seconds_bucket", bucket, []dimension{{"handler", handlers}, {"le", bounds}}},
	{"http_request_duration_seconds_sum", seconds, []dimension{{"handler", handlers}}},
	{"http_request_duration_seconds_count", counter, []dimension{{"handler", handlers}}},
	{"go_memory_classes_bytes", gauge, []dimension{{"class", numbered("class-", 12)}}},
	{"go_goroutines", gauge, nil},
	{"go_gc_duration_seconds", ratio, []dimension{{"quantile", []string{"0", "0.25", "0.5", "0.75", "1"}}}},
	{"process_cpu_seconds_total", seconds, nil},
	{"process_resident_memory_bytes", gauge, nil},
	{"process_start_time_seconds", constant, nil},
	{"kube_pod_status_phase", constant, []dimension{{"phase", []string{"Failed", "Pending", "Running", "Succeeded", "Unknown"}}}},
	{"grpc_server_handled_total", counter, []dimension{{"grpc_code", []string{"Aborted", "Canceled", "Internal", "OK", "Unavailable"}}, {"grpc_method", numbered("Method", 10)}}},
	{"cache_hits_total", counter, []dimension{{"cache", numbered("cache-", 10)}}},
	{"cache_misses_total", counter, []dimension{{"cache", numbered("cache-", 10)}}},
	{"queue_length", gauge, []dimension{{"queue", numbered("queue-", 20)}}},
	{"db_pool_connections", gauge, []dimension{{"pool", numbered("pool-", 10)}, {"state", []string{"busy", "idle", "max", "waiting"}}}},
	{"sensor_temperature_celsius", ratio, []dimension{{"sensor", numbered("sensor-", 8)}}},
}

// shape is a series of a target without what says which target it is.
type shape struct {
	name   string
	kind   kind
	labels []load.Label
	pace   float64 // how fast it grows or walks, 0 = not at all
}

// shapes are the first n series of targets. Where the families are not enough they come again under other names, as other services
// have them.
func shapes(families []family, n int) (list []shape) {
	for round := 0; len(list) < n; round++ {
		for _, f := range families {
			name := f.name
			if round > 0 {
				name = fmt.Sprintf("service%d_%s", round, f.name)
			}
			list = f.append(list, name)
		}
	}
	return list[:n]
}

func (f family) append(list []shape, name string) []shape {
	combinations := 1
	for _, d := range f.labels {
		combinations *= len(d.values)
	}
	for c := range combinations {
		s := shape{name: name, kind: f.kind}
		rest := c
		for i := len(f.labels) - 1; i >= 0; i-- {
			d := f.labels[i]
			s.labels = append(s.labels, load.Label{Name: d.name, Value: d.values[rest%len(d.values)]})
			rest /= len(d.values)
		}
		s.pace = float64(1+c%7) * math.Pow(2, float64(c%5))
		if f.kind == bucket {
			s.pace = float64(1 + c%len(bounds))
		} else if c%10 == 3 { // much of what is exported never happens
			s.pace = 0
		}
		list = append(list, s)
	}
	return list
}

// next is the value after another one.
func (s *shape) next(r *rand.Rand, last float64) float64 {
	if s.pace == 0 || s.kind == constant {
		return last
	}
	switch s.kind {
	case counter, bucket:
		return last + float64(r.IntN(int(s.pace)*4+1))
	case seconds:
		return math.Round((last+r.Float64()*s.pace)*1000) / 1000
	case gauge:
		return math.Max(0, last+math.Round(r.NormFloat64()*s.pace*10))
	}
	return math.Round((last+r.NormFloat64()*s.pace/10)*100) / 100
}

// first is the value that a series begins with.
func (s *shape) first(r *rand.Rand) float64 {
	switch s.kind {
	case counter, bucket, seconds:
		return 0
	case constant:
		return float64(r.IntN(2))
	}
	return float64(r.IntN(10_000))
}

// set is the label set of a series of a target, sorted.
func (s *shape) set(target []load.Label) []load.Label {
	list := slices.Concat([]load.Label{{Name: "__name__", Value: s.name}}, target, s.labels)
	slices.SortFunc(list, func(a, b load.Label) int { return strings.Compare(a.Name, b.Name) })
	return list
}
