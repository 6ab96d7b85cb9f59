package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/measure"
	"github.com/automatanexus/aegis-db/bench/peer"
	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// contest is what every system goes through.
type contest struct {
	workload *tsbs.Workload
	clients  []int
	rounds   int
	perCell  time.Duration
	checks   int // answers per kind of query that are held against the right ones
	progress io.Writer
}

// System is what was measured of one system.
type System struct {
	peer.About
	Missing     string  `json:"missing,omitempty"` // why nothing was measured
	LoadSeconds float64 `json:"load_seconds"`      // until the last row was acknowledged
	LoadCPU     float64 `json:"load_cpu_seconds"`  // of the server in that time
	SettledCPU  float64 `json:"settled_cpu_seconds"`
	StoredBytes int64   `json:"stored_bytes"`
	LoadedRSS   int64   `json:"loaded_rss"`
	QueriedRSS  int64   `json:"queried_rss"`
	Cells       []*Cell `json:"cells"` // queries that the system's language has, in the order of tsbs.Kinds
}

// The numbers of a kind's queries: each range is used for one thing, so that nothing measured was asked before.
const (
	firstCheck   = 0
	firstWarmUp  = 1_000
	firstMeasure = 1_000_000
	perMeasure   = 10_000 // more than any system answers in a second
	warmUps      = 200
)

// run starts a system, loads it, checks its answers and measures it. A system that is not on this machine is a result, too.
func (c contest) run(ctx context.Context, start func(context.Context) (peer.System, error)) (*System, error) {
	s, err := start(ctx)
	if errors.Is(err, peer.ErrMissing) {
		fmt.Fprintln(c.progress, err)
		return &System{Missing: err.Error()}, nil
	}
	if err != nil {
		return nil, err
	}
	defer s.Close()
	out := &System{About: s.About()}
	for _, step := range []struct {
		name string
		do   func(context.Context, peer.System, *System) error
	}{{"loading", c.load}, {"checking answers", c.check}, {"measuring", c.measure}} {
		fmt.Fprintf(c.progress, "%s %s: %s\n", out.Name, out.Version, step.name)
		if err := step.do(ctx, s, out); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", out.Name, step.name, err)
		}
	}
	u, err := load.ReadUsage(s.PID())
	out.QueriedRSS = u.RSS
	return out, err
}

func (c contest) load(ctx context.Context, s peer.System, out *System) error {
	before, err := load.ReadUsage(s.PID())
	if err != nil {
		return err
	}
	took, err := s.Load(ctx, c.workload)
	if err != nil {
		return err
	}
	loaded, err := load.ReadUsage(s.PID())
	if err != nil {
		return err
	}
	if err := s.Settle(ctx); err != nil {
		return err
	}
	settled, err := load.ReadUsage(s.PID())
	if err != nil {
		return err
	}
	if n, err := s.Count(ctx, c.workload); err != nil || n != int64(c.workload.Values()) {
		return errors.Join(err, fmt.Errorf("%d values are stored, %d were sent", n, c.workload.Values()))
	}
	out.LoadSeconds = took.Seconds()
	out.LoadCPU, out.SettledCPU = (loaded.CPU - before.CPU).Seconds(), (settled.CPU - before.CPU).Seconds()
	out.LoadedRSS = settled.RSS
	out.StoredBytes, err = s.Stored(ctx)
	return err
}

// check holds answers against the right ones, and makes the list of the queries that can be measured.
func (c contest) check(ctx context.Context, s peer.System, out *System) error {
	for _, k := range tsbs.Kinds {
		expressible := true
		for i := range c.checks {
			q := c.workload.Query(k, firstCheck+i)
			got, err := s.Answer(ctx, q)
			if expressible = !errors.Is(err, tsbs.ErrNotExpressible); !expressible {
				break
			}
			if err != nil {
				return fmt.Errorf("%s: %w", k.Name, err)
			}
			if err := q.Equal(got, c.workload.Expect(q)); err != nil {
				return fmt.Errorf("%s, %v to %v, hosts %v: wrong answer: %w", k.Name, q.From, q.To, q.Names, err)
			}
		}
		if expressible {
			for _, clients := range c.clients {
				out.Cells = append(out.Cells, &Cell{Kind: k.Name, Clients: clients, kind: k})
			}
		}
	}
	return nil
}

// measure asks everything once per round, so that a slow minute of the machine meets every query and no query alone.
func (c contest) measure(ctx context.Context, s peer.System, out *System) error {
	for round := range c.rounds {
		for i, cell := range out.Cells {
			warm := c.queries(cell.kind, firstWarmUp+(round*len(out.Cells)+i)*warmUps, warmUps)
			if _, err := s.Time(ctx, warm, cell.Clients, peer.Budget{Time: c.perCell / 5, Least: cell.Clients}); err != nil {
				return fmt.Errorf("%s: %w", cell.Kind, err)
			}
			first := firstMeasure + (round*len(c.clients)+i%len(c.clients))*perMeasure
			took, err := s.Time(ctx, c.queries(cell.kind, first, perMeasure), cell.Clients, peer.Budget{Time: c.perCell, Least: max(5, cell.Clients)})
			if err != nil {
				return fmt.Errorf("%s: %w", cell.Kind, err)
			}
			cell.Rounds = append(cell.Rounds, measure.NewTiming(took))
		}
	}
	return nil
}

func (c contest) queries(k tsbs.Kind, first, n int) []tsbs.Query {
	list := make([]tsbs.Query, n)
	for i := range list {
		list[i] = c.workload.Query(k, first+i)
	}
	return list
}
