package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/measure"
	"github.com/automatanexus/aegis-db/bench/peer"
	"github.com/automatanexus/aegis-db/bench/profile"
	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// contest is what every system goes through.
type contest struct {
	workload *tsbs.Workload
	clients  []int
	rounds   int
	perCell  time.Duration
	// perSystem is the time after which a system's queries are not measured again; 0 if there is none.
	perSystem time.Duration
	// slowest is how long one client may wait for a query that many are to ask at once, and after which no further answer is waited for.
	slowest  time.Duration
	checks   int // answers per kind of query that are held against the right ones
	profiled int // seconds for the profiles of each query of a system that has them
	progress io.Writer
}

// System is what was measured of one system, or of one more way to ask it.
type System struct {
	peer.About
	Of          string             `json:"of,omitempty"`      // the system that this is a further way to ask; it has nothing but Cells then
	Missing     string             `json:"missing,omitempty"` // why nothing was measured
	LoadSeconds float64            `json:"load_seconds"`      // until the last row was acknowledged
	LoadCPU     float64            `json:"load_cpu_seconds"`  // of the server in that time
	SettledCPU  float64            `json:"settled_cpu_seconds"`
	StoredBytes int64              `json:"stored_bytes"`
	LoadedRSS   int64              `json:"loaded_rss"`
	QueriedRSS  int64              `json:"queried_rss"`
	Cells       []*Cell            `json:"cells"` // queries that the system's language has, in the order of tsbs.Kinds
	Profiles    []*profile.Profile `json:"profiles,omitempty"`
}

// The numbers of a kind's queries: each range is used for one thing, so that nothing measured was asked before.
const (
	firstCheck   = 0
	firstWarmUp  = 1_000
	firstMeasure = 1_000_000
	firstProfile = 2_000_000
	perMeasure   = 10_000 // more than any system answers in a second
	warmUps      = 200
	perWay       = 100_000 // more than are measured in all rounds
)

// contender is a way to ask a running system, and where its figures go.
type contender struct {
	peer.Way
	*System
}

// run starts a system, loads it, checks its answers and measures it, in each of the ways in which it can be asked. A system that is not on this
// machine is a result, too.
func (c contest) run(ctx context.Context, start func(context.Context) (peer.System, error)) ([]*System, error) {
	s, err := start(ctx)
	if errors.Is(err, peer.ErrMissing) {
		fmt.Fprintln(c.progress, err)
		return []*System{{Missing: err.Error()}}, nil
	}
	if err != nil {
		return nil, err
	}
	defer s.Close()
	out := &System{About: s.About()}
	list := []contender{{s, out}}
	if p, ok := s.(peer.Polyglot); ok {
		columns, err := p.Columns(ctx)
		if err != nil {
			return nil, err
		}
		for _, column := range columns {
			about := peer.About{Name: column.Name, Version: out.Version, Asked: column.Asked}
			list = append(list, contender{column, &System{About: about, Of: out.Name}})
		}
	}
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"loading", func() error { return c.load(ctx, s, out) }},
		{"checking answers", func() error { return c.check(ctx, s, list) }},
		{"measuring", func() error { return c.measure(ctx, s, list) }},
		{"profiling", func() error { return c.profile(ctx, s, list) }},
	} {
		began := time.Now()
		fmt.Fprintf(c.progress, "%s %s: %s\n", out.Name, out.Version, step.name)
		if err := step.do(); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", out.Name, step.name, err)
		}
		fmt.Fprintf(c.progress, "%s: %s took %.0f s\n", out.Name, step.name, time.Since(began).Seconds())
	}
	u, err := load.ReadTree(s.PID())
	out.QueriedRSS = u.RSS
	var systems []*System
	for _, one := range list {
		systems = append(systems, one.System)
	}
	return systems, err
}

func (c contest) load(ctx context.Context, s peer.System, out *System) error {
	before, err := load.ReadTree(s.PID())
	if err != nil {
		return err
	}
	took, err := s.Load(ctx, c.workload)
	if err != nil {
		return err
	}
	loaded, err := load.ReadTree(s.PID())
	if err != nil {
		return err
	}
	if err := s.Settle(ctx); err != nil {
		return err
	}
	settled, err := load.ReadTree(s.PID())
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

// check holds answers against the right ones, and makes the lists of the queries that can be measured.
func (c contest) check(ctx context.Context, s peer.System, list []contender) error {
	for _, k := range tsbs.Kinds {
		for i := range c.checks {
			q := c.workload.Query(k, firstCheck+i)
			var want tsbs.Answer // the same for all ways, and much to compute
			for _, one := range list {
				if i > 0 && !one.has(k.Name) {
					continue
				}
				got, err := one.Answer(ctx, q)
				if errors.Is(err, tsbs.ErrNotExpressible) {
					continue
				}
				var problem string
				if err != nil {
					if problem, err = c.refused(ctx, s, one, k.Name, err); err != nil {
						return err
					}
				} else if want == nil {
					want = c.workload.Expect(q)
				}
				if err := q.Equal(got, want); err != nil && problem == "" {
					return fmt.Errorf("%s: %s, %v to %v, hosts %v: wrong answer: %w", one.Name, k.Name, q.From, q.To, q.Names, err)
				}
				if i > 0 {
					one.refuse(k.Name, problem)
					continue
				}
				for _, clients := range c.clients {
					if clients > 1 && c.workload.Large(q) {
						continue
					}
					one.Cells = append(one.Cells, &Cell{Kind: k.Name, Clients: clients, Problem: problem, kind: k})
				}
			}
		}
	}
	return nil
}

// refused tells a query that a system does not answer, because it would need too much memory or time, from a system that is broken.
func (c contest) refused(ctx context.Context, s peer.System, one contender, kind string, err error) (problem string, broken error) {
	err = fmt.Errorf("%s: %s: %w", one.Name, kind, err)
	if ctx.Err() != nil {
		return "", err
	}
	if _, dead := load.ReadUsage(s.PID()); dead != nil {
		return "", err
	}
	fmt.Fprintln(c.progress, err)
	return fmt.Sprintf("%.300v", err), nil
}

// refuse notes that a system does not answer a kind of query.
func (s *System) refuse(kind, problem string) {
	for _, cell := range s.Cells {
		if cell.Kind == kind && problem != "" {
			cell.Problem = problem
		}
	}
}

// measure asks everything once per round, so that a slow minute of the machine meets every query and no query alone. Once the time for a system is
// over, a query that was measured before is not measured again.
func (c contest) measure(ctx context.Context, s peer.System, list []contender) error {
	begun := time.Now()
	for round := range c.rounds {
		for way, one := range list {
			for i, cell := range one.Cells {
				if round > 0 && c.perSystem > 0 && time.Since(begun) > c.perSystem {
					return nil
				}
				if cell.Problem == "" && cell.Clients > 1 && one.alone(cell.Kind) > c.slowest {
					cell.Problem = fmt.Sprintf("not asked, because one client waits %.1f s", one.alone(cell.Kind).Seconds())
				}
				if cell.Problem != "" {
					continue
				}
				at := way*perWay + (round*len(c.clients)+i%len(c.clients))*perMeasure
				warmUp := firstWarmUp + (way*len(tsbs.Kinds)*c.rounds*len(c.clients)+round*len(one.Cells)+i)*warmUps
				if err := c.measureCell(ctx, one, cell, warmUp, firstMeasure+at); err != nil {
					if cell.Problem, err = c.refused(ctx, s, one, fmt.Sprintf("%s, clients %d", cell.Kind, cell.Clients), err); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// profile takes profiles of what one client asks, of a system that has them.
func (c contest) profile(ctx context.Context, s peer.System, list []contender) error {
	p, has := s.(peer.Profiled)
	if !has || c.profiled == 0 {
		return nil
	}
	next := firstProfile
	const atOnce, askedAtOnce = 100, 50 * time.Millisecond
	for _, one := range list {
		if one.Of != "" && one.Name != promQL {
			continue // the report compares no peer with it
		}
		for _, cell := range one.Cells {
			if cell.Clients > 1 || cell.Problem != "" {
				continue
			}
			taken, err := profile.Take(ctx, p.ProfilesAt(), cell.Kind, c.profiled, func(ctx context.Context) (int, error) {
				took, err := one.Time(ctx, c.queries(cell.kind, next, atOnce), 1, peer.Budget{Least: 1, Time: askedAtOnce})
				next += atOnce
				return len(took), err
			})
			if err != nil {
				return fmt.Errorf("%s: %w", one.Name, err)
			}
			one.Profiles = append(one.Profiles, taken)
		}
	}
	return nil
}

// has says whether there is a cell of a kind, measured or not.
func (s *System) has(kind string) bool {
	return slices.ContainsFunc(s.Cells, func(c *Cell) bool { return c.Kind == kind })
}

// alone is how long one client waits for a query; 0 if that is not known.
func (s *System) alone(kind string) time.Duration {
	cell := s.cell(kind, 1)
	if cell == nil {
		return 0
	}
	median, _, _ := cell.Median()
	return time.Duration(median * float64(time.Millisecond))
}

// measureCell asks one query for a while, after it was asked without being measured. Where one client has just been kept waiting for longer than
// everything is measured, this was warming up enough.
func (c contest) measureCell(ctx context.Context, one contender, cell *Cell, warmUp, first int) error {
	if cell.Clients == 1 || one.alone(cell.Kind) <= c.perCell {
		warm := c.queries(cell.kind, warmUp, warmUps)
		if _, err := one.Time(ctx, warm, cell.Clients, peer.Budget{Time: c.perCell / 5, Least: 1}); err != nil {
			return err
		}
	}
	budget := peer.Budget{Time: c.perCell, Least: max(5, cell.Clients), Most: max(c.slowest, c.perCell)}
	took, err := one.Time(ctx, c.queries(cell.kind, first, perMeasure), cell.Clients, budget)
	if err != nil {
		return err
	}
	cell.Rounds = append(cell.Rounds, measure.NewTiming(took))
	return nil
}

func (c contest) queries(k tsbs.Kind, first, n int) []tsbs.Query {
	list := make([]tsbs.Query, n)
	for i := range list {
		list[i] = c.workload.Query(k, first+i)
	}
	return list
}
