package peer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// prometheus is Prometheus as a system of the scoreboard, which is written to as a receiver of remote write.
type prometheus struct {
	*receiver
	prom
}

// prometheusFlags are for queries over all of the data, which the defaults refuse.
var prometheusFlags = append([]string{"--query.max-samples=2000000000", "--query.timeout=10m"}, receiverFlags...)

// prometheusWindow is how late a sample may be. Samples are sent in order, so that nothing comes of it but safety.
const prometheusWindow = "storage: {tsdb: {out_of_order_time_window: 1h}}\n"

// StartPrometheus starts Prometheus on an empty folder; binary is its path or name.
func StartPrometheus(ctx context.Context, binary, dir string) (System, error) {
	r, err := newReceiver(ctx, binary, dir, prometheusWindow, prometheusFlags)
	if err != nil {
		return nil, err
	}
	return &prometheus{receiver: r, prom: prom{url: r.url, http: r.http, expr: tsbs.Query.PromQL}}, nil
}

func (p *prometheus) About() About {
	return About{
		Name: "Prometheus", Version: p.version, Settings: strings.Join(prometheusFlags, " ") + "; " + strings.TrimSpace(prometheusWindow),
		Loaded: fmt.Sprintf("remote write 1.0, bodies of up to %d hosts and %d times, %d connections, all series in order of time; "+
			"acknowledged once it is in the log, which is not synced", hostsPerBody, stepsPerBody, writers),
		Asked: askedPromQL,
	}
}

const (
	// stepsPerBody is how many samples of a series a body has. One, as from a scrape, would cost more in labels than in samples.
	stepsPerBody = 12
	hostsPerBody = 100
)

// Load sends the hosts in groups, of which some go at once. All wait for each other after stepsPerBody, so that no series is far behind another.
func (p *prometheus) Load(ctx context.Context, w *tsbs.Workload) (time.Duration, error) {
	client := load.NewClient(p.Address(), writers)
	defer client.Close()
	size := min(hostsPerBody, (w.Hosts+writers-1)/writers)
	var groups [][]load.Series
	for first := 0; first < w.Hosts; first += size {
		groups = append(groups, seriesOf(w, first, min(first+size, w.Hosts)))
	}
	started := time.Now()
	for step := 0; step < w.Steps; step += stepsPerBody {
		next := make(chan int, len(groups))
		for g := range groups {
			next <- g
		}
		close(next)
		ctx, cancel := context.WithCancelCause(ctx)
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				for g := range next {
					if ctx.Err() != nil {
						return
					}
					body := samplesOf(w, groups[g], g*size, step, min(step+stepsPerBody, w.Steps))
					if err := client.Send(ctx, body.Data); err != nil {
						cancel(fmt.Errorf("steps from %d on: %w", step, err))
						return
					}
				}
			})
		}
		wg.Wait()
		err := context.Cause(ctx)
		cancel(nil)
		if err != nil {
			return 0, err
		}
	}
	return time.Since(started), nil
}

// seriesOf are the series of some hosts, host by host, each with room for the samples of a body.
func seriesOf(w *tsbs.Workload, first, end int) (list []load.Series) {
	for h := first; h < end; h++ {
		host := w.Host(h)
		for _, field := range tsbs.Fields {
			labels := []load.Label{{Name: "__name__", Value: "cpu_" + field}}
			for i, tag := range tsbs.Tags {
				labels = append(labels, load.Label{Name: tag, Value: host[i]})
			}
			slices.SortFunc(labels, func(a, b load.Label) int { return strings.Compare(a.Name, b.Name) })
			list = append(list, load.Series{Labels: labels, Samples: make([]load.Sample, 0, stepsPerBody)})
		}
	}
	return list
}

// samplesOf encodes the samples of series in some steps; the first series is the first field of a host.
func samplesOf(w *tsbs.Workload, series []load.Series, host, step, end int) load.Body {
	for i := range series {
		samples := series[i].Samples[:0]
		for s := step; s < end; s++ {
			samples = append(samples, load.Sample{T: w.Time(s).UnixMilli(), V: w.Value(host+i/len(tsbs.Fields), s, i%len(tsbs.Fields))})
		}
		series[i].Samples = samples
	}
	return load.Encode(series)
}
