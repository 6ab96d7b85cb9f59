package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/machine"
	"github.com/automatanexus/aegis-db/bench/peer"
)

// loading is the part about writing: a fleet is sent as fast as a system takes it.
type loading struct {
	fleet       fleet
	connections int
	perBody     int
	budget      time.Duration // of sending, per system
	progress    io.Writer
}

// sizes says what is measured: what was measured otherwise does not count.
func (l loading) sizes() string {
	return fmt.Sprint(machine.Source(), l.fleet, l.connections, l.perBody, l.budget)
}

// loaded is what was measured of one system.
type loaded struct {
	peer.About
	Missing   string  `json:"missing,omitempty"` // why nothing was measured
	Rounds    int     `json:"rounds"`            // that were sent within the budget
	Samples   int64   `json:"samples"`
	Seconds   float64 `json:"seconds"`     // until the last sample was acknowledged
	CPU       float64 `json:"cpu_seconds"` // of the server in that time
	Settled   float64 `json:"settled_cpu_seconds"`
	First     float64 `json:"first_round_cpu_seconds"` // in which every series is new
	EmptyRSS  int64   `json:"empty_rss"`
	RSS       int64   `json:"rss"` // at rest, after the last sample
	PeakRSS   int64   `json:"peak_rss"`
	Stored    int64   `json:"stored_bytes"`
	Wire      int64   `json:"wire_bytes"`
	Pushbacks int     `json:"pushbacks"`
}

// rest is how long a server is left alone before its memory is read.
const rest = 10 * time.Second

func (l loading) run(ctx context.Context, start func(context.Context) (peer.Metrics, error), pause time.Duration) (*loaded, error) {
	s, err := start(ctx)
	if errors.Is(err, peer.ErrMissing) {
		return &loaded{Missing: err.Error()}, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { s.Close() }()
	out := &loaded{About: s.About()}
	empty, err := s.Usage()
	if err != nil {
		return nil, err
	}
	out.EmptyRSS = empty.RSS
	lanes := l.fleet.lanes(l.connections)
	if err := l.send(ctx, s, lanes, out); err != nil {
		return nil, fmt.Errorf("%s: loading: %w", out.Name, err)
	}
	time.Sleep(pause)
	at, err := s.Usage()
	if err != nil {
		return nil, err
	}
	out.RSS, out.PeakRSS = at.RSS, at.PeakRSS
	if n, err := s.Taken(ctx); err != nil || n != out.Samples {
		return nil, errors.Join(err, fmt.Errorf("%s holds %d samples, %d were sent", out.Name, n, out.Samples))
	}
	fmt.Fprintf(l.progress, "%s: settling\n", out.Name)
	if err := s.Settle(ctx); err != nil {
		return nil, err
	}
	if err := l.check(s, lanes, out.Rounds); err != nil {
		return nil, fmt.Errorf("%s: %w", out.Name, err)
	}
	at, err = s.Usage()
	if err != nil {
		return nil, err
	}
	out.Settled = (at.CPU - empty.CPU).Seconds()
	out.Stored, err = s.Stored(ctx)
	return out, err
}

// send sends round after round. No connection is ahead of the others by more than one.
func (l loading) send(ctx context.Context, s peer.Metrics, lanes []*lane, out *loaded) error {
	client := load.NewClient(s.Address(), len(lanes))
	defer client.Close()
	before, err := s.Usage()
	if err != nil {
		return err
	}
	writers := make([]load.BodyWriter, len(lanes))
	started, shown := time.Now(), time.Now()
	for round := range l.fleet.Rounds {
		var mu sync.Mutex
		var failed error
		var wg sync.WaitGroup
		for k, lane := range lanes {
			wg.Go(func() {
				err := lane.round(round, l.perBody, &writers[k], func(b load.Body) error {
					again, err := client.SendUntilTaken(ctx, b.Data)
					mu.Lock()
					defer mu.Unlock()
					out.Pushbacks += again
					out.Wire += int64(len(b.Data))
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
		out.Rounds++
		if round == 0 {
			now, err := s.Usage()
			if err != nil {
				return err
			}
			out.First = (now.CPU - before.CPU).Seconds()
		}
		if time.Since(shown) > 10*time.Second {
			shown = time.Now()
			fmt.Fprintf(l.progress, "%s: round %d of %d, %.0f samples/s\n", out.Name, out.Rounds, l.fleet.Rounds, float64(out.Samples)/time.Since(started).Seconds())
		}
		if time.Since(started) > l.budget {
			fmt.Fprintf(l.progress, "%s: the time is over after %d of %d rounds\n", out.Name, out.Rounds, l.fleet.Rounds)
			break
		}
	}
	out.Seconds = time.Since(started).Seconds()
	after, err := s.Usage()
	out.CPU = (after.CPU - before.CPU).Seconds()
	return err
}

// check asks for counts and sums of what was watched while it was made.
func (l loading) check(s peer.Metrics, lanes []*lane, rounds int) error {
	span := int64(rounds) * l.fleet.Interval / 1000
	at := fleetStart/1000 + span
	for _, lane := range lanes {
		for key, want := range lane.watch {
			for function, right := range map[string]float64{"count_over_time": float64(want.count), "sum_over_time": want.sum} {
				text := fmt.Sprintf("sum(%s(%s{pod=%q}[%ds]))", function, key.metric, podName(key.target, key.gen), span+60)
				got, err := ask(s.Address() + "/api/v1/query?" + url.Values{"query": {text}, "time": {strconv.FormatInt(at, 10)}, "nocache": {"1"}}.Encode())
				if err != nil {
					return err
				}
				if len(got) != 1 || relative(got[""][at*1000], right) > tolerance {
					return fmt.Errorf("%s is %v, not %v", text, got, right)
				}
			}
		}
	}
	return nil
}
