package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/automatanexus/aegis-db/bench/measure"
	"github.com/automatanexus/aegis-db/bench/peer"
)

// contest is what every system goes through.
type contest struct {
	rows     int // of a table
	large    int // rows of the large table; 0 = none
	rounds   int
	calls    int // statements of one row that a round has
	files    map[order][]string
	hurried  bool // nobody reads the figures: what follows from changes need not be over before the next
	progress io.Writer
}

// result is what was measured of one system.
type result struct {
	peer.About
	Missing string    `json:"missing,omitempty"` // why nothing was measured
	Figures []*figure `json:"figures"`
	answers []answer
}

// figure is something measured, once in each round.
type figure struct {
	Group  string    `json:"group"`
	Name   string    `json:"name"`
	Unit   unit      `json:"unit"`
	Rounds []float64 `json:"rounds"`
}

// unit of a figure. Of times and bytes less is better, of rates more.
type unit string

const (
	milliseconds unit = "ms"
	seconds      unit = "s"
	rowsASecond  unit = "rows/s"
	megabytes    unit = "MB"
)

// session is one system on its way through the contest.
type session struct {
	contest
	system
	out *result
}

// steps are the measurements in their order: tables are changed more and more.
var steps = []struct {
	name string
	do   func(*session, context.Context) error
}{
	{"loading", (*session).loads},
	{"looking up", (*session).lookUps},
	{"changing rows", (*session).points},
	{"upserting", (*session).upserts},
	{"merging", (*session).merges},
	{"changing ranges", (*session).ranges},
	{"reading over dead rows", (*session).scans},
	{"deleting from a large table", (*session).deletesLarge},
}

// run starts a system in a folder, measures it, and removes the folder. One that is not on this machine is a result, too.
func (c contest) run(ctx context.Context, start start, dir string) (*result, error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	s, err := start(ctx, dir)
	if errors.Is(err, peer.ErrMissing) {
		fmt.Fprintln(c.progress, err)
		return &result{Missing: err.Error()}, nil
	}
	if err != nil {
		return nil, err
	}
	defer s.Close()
	run := &session{contest: c, system: s, out: &result{About: s.About()}}
	for _, step := range steps {
		started := time.Now()
		if err := step.do(run, ctx); err != nil {
			return run.out, fmt.Errorf("%s: %s: %w", run.out.Name, step.name, err)
		}
		fmt.Fprintf(c.progress, "%s %s: %s took %.1f s\n", run.out.Name, run.out.Version, step.name, time.Since(started).Seconds())
	}
	return run.out, nil
}

// Settle waits for what follows from changes.
func (s *session) Settle(ctx context.Context, tables ...string) error {
	if s.hurried {
		return s.Published(ctx)
	}
	return s.system.Settle(ctx, tables...)
}

func (s *session) add(group, name string, u unit, rounds ...float64) {
	s.out.Figures = append(s.out.Figures, &figure{group, name, u, rounds})
}

// addTimings adds the median and the 99th percentile of statements of one row.
func (s *session) addTimings(group, name string, rounds [][]time.Duration) {
	var p50, p99 []float64
	for _, took := range rounds {
		t := measure.NewTiming(took)
		p50, p99 = append(p50, t.P50), append(p99, t.P99)
	}
	s.add(group, name+", median", milliseconds, p50...)
	s.add(group, name+", 99th percentile", milliseconds, p99...)
}

// exec runs statements for their effect.
func (s *session) exec(ctx context.Context, statements ...string) error {
	for _, sql := range statements {
		if _, err := s.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%.200s: %w", sql, err)
		}
	}
	return nil
}

// timed runs a statement in each round and adds what it took, and what the system wrote in that time.
func (s *session) timed(ctx context.Context, group, name string, statement func(round int) string) error {
	var took, wrote []float64
	for round := range s.rounds {
		before, err := s.Written()
		if err != nil {
			return err
		}
		t, err := s.Exec(ctx, statement(round))
		if err != nil {
			return fmt.Errorf("%.200s: %w", statement(round), err)
		}
		if err := s.Published(ctx); err != nil {
			return err
		}
		after, err := s.Written()
		if err != nil {
			return err
		}
		took, wrote = append(took, ms(t)), append(wrote, float64(after-before)/1e6)
	}
	s.add(group, name, milliseconds, took...)
	s.add(group, name+", written", megabytes, wrote...)
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
