package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/machine"
	"github.com/automatanexus/aegis-db/bench/measure"
	"github.com/automatanexus/aegis-db/bench/peer"
	"github.com/automatanexus/aegis-db/bench/profile"
)

// dashboards is the part about asking.
type dashboards struct {
	services services
	windows  []window
	clients  []int
	rounds   int
	perCell  time.Duration
	// limit is after how long a system's panels are not measured again; 0 if there is no such time.
	limit time.Duration
	// slowest is after how long no more is asked of a panel in a round, however few answers there were.
	slowest  time.Duration
	profiled int // seconds for the profiles of each query of a system that has them
	progress io.Writer
}

// sizes says what is measured: what was measured otherwise does not count.
func (d dashboards) sizes() string {
	return fmt.Sprint(machine.Source(), d.services, d.windows, d.clients, d.rounds, d.perCell, d.limit, d.slowest, d.profiled)
}

// cell is one panel in one window, asked by so many clients.
type cell struct {
	Panel   string           `json:"panel"`
	Window  string           `json:"window"`
	Clients int              `json:"clients"`
	Rounds  []measure.Timing `json:"rounds"`
}

func (c *cell) median() (median, low, high float64) {
	var list []float64
	for _, t := range c.Rounds {
		list = append(list, t.P50)
	}
	return measure.Spread(list)
}

func (c *cell) p99() float64 {
	var list []float64
	for _, t := range c.Rounds {
		list = append(list, t.P99)
	}
	median, _, _ := measure.Spread(list)
	return median
}

// asked is what was measured of one system.
type asked struct {
	peer.About
	Missing    string                `json:"missing,omitempty"`
	Samples    int64                 `json:"samples"`
	Loading    float64               `json:"load_seconds"`
	Stored     int64                 `json:"stored_bytes"`
	QueriedRSS int64                 `json:"queried_rss"`
	QueryCPU   float64               `json:"query_cpu_seconds"`
	Cells      []*cell               `json:"cells"`
	Profiles   []*profile.Profile    `json:"profiles,omitempty"`
	Deviations map[string]*deviation `json:"deviations,omitempty"` // by panel and window
	Answers    map[string]matrix     `json:"-"`
}

// scrapesAtOnce are sent as one message of a series: what an agent sends that catches up. More than an hour at once would be older than
// what Prometheus takes.
const scrapesAtOnce = 30

// checks is how many windows of each panel are compared.
const checks = 2

func (d dashboards) run(ctx context.Context, start func(context.Context) (peer.Metrics, error)) (*asked, error) {
	s, err := start(ctx)
	if errors.Is(err, peer.ErrMissing) {
		return &asked{Missing: err.Error()}, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { s.Close() }()
	out := &asked{About: s.About(), Answers: map[string]matrix{}}
	if err := d.load(ctx, s, out); err != nil {
		return nil, fmt.Errorf("%s: loading: %w", out.Name, err)
	}
	if n, err := s.Taken(ctx); err != nil || n != out.Samples {
		return nil, errors.Join(err, fmt.Errorf("%s holds %d samples, %d were sent", out.Name, n, out.Samples))
	}
	fmt.Fprintf(d.progress, "%s: settling\n", out.Name)
	if err := s.Settle(ctx); err != nil {
		return nil, err
	}
	if out.Stored, err = s.Stored(ctx); err != nil {
		return nil, err
	}
	for _, w := range d.windows {
		for _, p := range panels {
			for n := range checks {
				m, err := ask(s.Address() + p.path(w, d.services.end(), n))
				if err != nil {
					return nil, fmt.Errorf("%s: %s, %s: %w", out.Name, p.Name, w.Name, err)
				}
				out.Answers[answerKey(p, w, n)] = m
			}
		}
	}
	before, err := s.Usage()
	if err != nil {
		return nil, err
	}
	if err := d.measure(ctx, s, out); err != nil {
		return nil, err
	}
	after, err := s.Usage()
	if err != nil {
		return nil, err
	}
	out.QueriedRSS, out.QueryCPU = after.RSS, (after.CPU - before.CPU).Seconds()
	return out, d.profile(ctx, s, out)
}

func answerKey(p panel, w window, n int) string { return fmt.Sprintf("%s, %s, %d", p.Name, w.Name, n) }

// load sends all scrapes, each connection those of its instances.
func (d dashboards) load(ctx context.Context, s peer.Metrics, out *asked) error {
	const connections = 4
	client := load.NewClient(s.Address(), connections)
	defer client.Close()
	list := d.services.instances()
	writers := make([]load.BodyWriter, connections)
	started, shown := time.Now(), time.Now()
	for first := 0; first < d.services.Scrapes; first += scrapesAtOnce {
		var mu sync.Mutex
		var failed error
		var wg sync.WaitGroup
		for k := range connections {
			mine := list[len(list)*k/connections : len(list)*(k+1)/connections]
			wg.Go(func() {
				err := d.services.send(mine, first, min(scrapesAtOnce, d.services.Scrapes-first), &writers[k], func(b load.Body) error {
					_, err := client.SendUntilTaken(ctx, b.Data)
					mu.Lock()
					defer mu.Unlock()
					out.Samples += int64(b.Samples)
					return err
				})
				if err != nil {
					mu.Lock()
					defer mu.Unlock()
					failed = errors.Join(failed, err)
				}
			})
		}
		wg.Wait()
		if failed != nil {
			return failed
		}
		if time.Since(shown) > 10*time.Second {
			shown = time.Now()
			fmt.Fprintf(d.progress, "%s: scrape %d of %d\n", out.Name, first, d.services.Scrapes)
		}
	}
	out.Loading = time.Since(started).Seconds()
	return nil
}

// The numbers of requests: each range is used for one thing.
const (
	firstWarmUp  = 10
	warmUps      = 20
	firstMeasure = 1000
	firstProfile = 100_000
	perMeasure   = 500
)

// measure asks everything once per round, so that a slow minute of the machine meets every panel and no panel alone. Where one client was just kept
// waiting for longer than everything is measured, this was warming up enough for more clients.
func (d dashboards) measure(ctx context.Context, s peer.Metrics, out *asked) error {
	for _, w := range d.windows {
		for _, p := range panels {
			for _, clients := range d.clients {
				out.Cells = append(out.Cells, &cell{Panel: p.Name, Window: w.Name, Clients: clients})
			}
		}
	}
	begun := time.Now()
	for round := range d.rounds {
		fmt.Fprintf(d.progress, "%s: measuring, round %d of %d\n", out.Name, round+1, d.rounds)
		at := 0
		for _, w := range d.windows {
			for _, p := range panels {
				alone := 0.0
				for i, clients := range d.clients {
					if round > 0 && d.limit > 0 && time.Since(begun) > d.limit {
						return nil
					}
					if alone <= float64(d.perCell/time.Millisecond) {
						warm := d.paths(p, w, firstWarmUp+i*warmUps, warmUps)
						if _, err := peer.TimeGets(ctx, s.Address(), warm, clients, peer.Budget{Time: d.perCell / 5, Least: 1, Most: d.slowest}); err != nil {
							return fmt.Errorf("%s: %s, %s: %w", out.Name, p.Name, w.Name, err)
						}
					}
					paths := d.paths(p, w, firstMeasure+(round*len(d.clients)+i)*perMeasure, perMeasure)
					took, err := peer.TimeGets(ctx, s.Address(), paths, clients, peer.Budget{Time: d.perCell, Least: max(3, clients), Most: max(d.slowest, d.perCell)})
					if err != nil {
						return fmt.Errorf("%s: %s, %s: %w", out.Name, p.Name, w.Name, err)
					}
					timing := measure.NewTiming(took)
					out.Cells[at].Rounds = append(out.Cells[at].Rounds, timing)
					alone = timing.P50
					at++
				}
			}
		}
	}
	return nil
}

// profile takes profiles of what one client asks, of a system that has them.
func (d dashboards) profile(ctx context.Context, s peer.Metrics, out *asked) error {
	at, has := s.(peer.Profiled)
	if !has || d.profiled == 0 {
		return nil
	}
	fmt.Fprintf(d.progress, "%s: taking profiles\n", out.Name)
	const atOnce, askedAtOnce = 100, 100 * time.Millisecond
	for _, w := range d.windows {
		for _, p := range panels {
			next := firstProfile
			taken, err := profile.Take(ctx, at.ProfilesAt(), profileName(p.Name, w.Name), d.profiled, func(ctx context.Context) (int, error) {
				took, err := peer.TimeGets(ctx, s.Address(), d.paths(p, w, next, atOnce), 1, peer.Budget{Least: 1, Time: askedAtOnce})
				next += atOnce
				return len(took), err
			})
			if err != nil {
				return err
			}
			out.Profiles = append(out.Profiles, taken)
		}
	}
	return nil
}

// profileName says what a panel was asked for.
func profileName(panel, window string) string { return panel + ", " + window }

func (d dashboards) paths(p panel, w window, first, n int) (list []string) {
	for i := range n {
		list = append(list, p.path(w, d.services.end(), first+i))
	}
	return list
}

// compare holds the answers of a system against the right ones. Those that differ where they must not are an error.
func (d dashboards) compare(right, got *asked) error {
	got.Deviations = map[string]*deviation{}
	var wrong error
	for _, w := range d.windows {
		for _, p := range panels {
			for n := range checks {
				key := answerKey(p, w, n)
				by := deviate(right.Answers[key], got.Answers[key], p.Ties)
				got.Deviations[key] = by
				if !by.equal() && (got.Name == "Aegis" || p.Differs == "") {
					wrong = errors.Join(wrong, fmt.Errorf("%s: %s: %+v", got.Name, key, *by))
				}
			}
		}
	}
	return wrong
}
