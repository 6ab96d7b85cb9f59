package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/bench/measure"
	"github.com/automatanexus/aegis-db/bench/peer"
	"github.com/automatanexus/aegis-db/bench/server"
	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// small is the whole contest in seconds: every query's answers are checked, and everything is measured once.
func small(t *testing.T) contest {
	t.Helper()
	w, err := tsbs.New(tsbs.Config{Hosts: 8, Start: start2025, Span: time.Hour, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return contest{workload: w, clients: []int{1, 2}, rounds: 1, perCell: time.Millisecond, slowest: time.Minute, checks: 3, progress: io.Discard}
}

// TestSmallContest runs the real programs. A peer that the tests' installer gets is required where peers are; the others are held against the right
// answers wherever they are installed.
func TestSmallContest(t *testing.T) {
	required := os.Getenv("AEGIS_REQUIRE_REAL") != ""
	if testing.Short() && !required {
		t.Skip("needs foreign programs")
	}
	binary, err := server.Binary(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	const inPromQL = 11 // kinds
	for _, c := range []struct {
		name     string
		kinds    []int // of each way to ask it
		required bool
	}{
		{"aegis", []int{len(tsbs.Kinds), len(tsbs.Kinds), inPromQL}, true},
		{"victoria", []int{inPromQL}, required},
		{"prometheus", []int{inPromQL}, required},
		{"questdb", []int{len(tsbs.Kinds)}, required},
		{"duckdb", []int{len(tsbs.Kinds)}, required},
		{"clickhouse", []int{len(tsbs.Kinds)}, false},
		{"postgresql", []int{len(tsbs.Kinds)}, required},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if c.name == "postgresql" {
				dir = "" // its user cannot enter a test's
			}
			begin := programs{victoria: "victoria-metrics", prometheus: "prometheus"}.start(c.name, binary)
			systems, err := small(t).run(context.Background(), func(ctx context.Context) (peer.System, error) { return begin(ctx, dir) })
			if err != nil {
				t.Fatal(err)
			}
			if missing := systems[0].Missing; missing != "" {
				if c.required {
					t.Fatal(missing)
				}
				t.Skip(missing)
			}
			if s := systems[0]; s.Version == "" || s.LoadSeconds <= 0 || s.StoredBytes < 1000 || s.QueriedRSS < 1<<20 {
				t.Errorf("%+v", s)
			}
			if len(systems) != len(c.kinds) {
				t.Fatalf("%d ways to ask it", len(systems))
			}
			for i, kinds := range c.kinds {
				if len(systems[i].Cells) != 2*kinds {
					t.Errorf("%s: %d cells", systems[i].Name, len(systems[i].Cells))
				}
				for _, cell := range systems[i].Cells {
					if len(cell.Rounds) != 1 || cell.Rounds[0].Answers < 5 || cell.Rounds[0].P50 <= 0 {
						t.Errorf("%s, %s: %+v", systems[i].Name, cell.Kind, cell.Rounds)
					}
				}
			}
		})
	}
}

// forger is a system that answers from the right answers, and changes one.
type forger struct {
	peer.System
	w              *tsbs.Workload
	wrong, refused string
	pid            int
}

func (f *forger) PID() int { return f.pid }

func (f *forger) Time(_ context.Context, queries []tsbs.Query, _ int, _ peer.Budget) ([]time.Duration, error) {
	if queries[0].Name == f.refused {
		return nil, errors.New("too much")
	}
	return []time.Duration{time.Millisecond}, nil
}

func (f *forger) Answer(_ context.Context, q tsbs.Query) (tsbs.Answer, error) {
	if q.Name == "lastpoint" {
		return nil, tsbs.ErrNotExpressible
	}
	if q.Name == f.refused {
		return nil, errors.New("too much")
	}
	a := f.w.Expect(q)
	if q.Name == f.wrong {
		a = a[1:]
	}
	return a, nil
}

func TestWrongAnswersAreFound(t *testing.T) {
	c := small(t)
	right := []contender{{&forger{w: c.workload}, &System{}}}
	if err := c.check(context.Background(), &forger{}, right); err != nil || len(right[0].Cells) != 2*(len(tsbs.Kinds)-1) {
		t.Errorf("right answers: %v, %d cells", err, len(right[0].Cells))
	}
	for _, list := range [][]contender{
		{{&forger{w: c.workload, wrong: "double-groupby-5"}, &System{}}},
		{{&forger{w: c.workload}, &System{}}, {&forger{w: c.workload, wrong: "double-groupby-5"}, &System{}}},
	} {
		if err := c.check(context.Background(), &forger{}, list); err == nil {
			t.Error("a wrong answer is not noticed")
		}
	}
}

// TestRefusedQueries: what a system does not answer costs no other figure, and is shown; a system that is dead is an error.
func TestRefusedQueries(t *testing.T) {
	c := small(t)
	f := &forger{w: c.workload, refused: "cpu-max-all-8", pid: os.Getpid()}
	list := []contender{{f, &System{About: peer.About{Name: "Aegis"}}}}
	if err := errors.Join(c.check(context.Background(), f, list), c.measure(context.Background(), f, list)); err != nil {
		t.Fatal(err)
	}
	for _, cell := range list[0].Cells {
		if refused := cell.Kind == f.refused; refused != (cell.Problem != "") || refused == (len(cell.Rounds) > 0) {
			t.Errorf("%+v", cell)
		}
	}
	r := report{Systems: []*System{list[0].System, figures("B", 5)}}
	all := r.aims()
	i := slices.IndexFunc(all, func(a measure.Aim) bool { return strings.HasPrefix(a.What, "every query") })
	if a := all[i]; !strings.Contains(strings.Join(a.Behind, "\n"), "cpu-max-all-8, clients 2: no answer (**behind**)") || a.Met {
		t.Errorf("%+v", a)
	}
	if text := r.markdown(); !strings.Contains(text, "- Aegis, cpu-max-all-8, clients 1: Aegis: cpu-max-all-8: too much\n") {
		t.Errorf("%s", text)
	}
	f.pid = 1 << 30
	if err := c.check(context.Background(), f, []contender{{f, &System{}}}); err == nil {
		t.Error("a dead system only refuses")
	}
}

// TestLargeAnswers: what would not fit into memory is asked by one client only.
func TestLargeAnswers(t *testing.T) {
	w, err := tsbs.New(tsbs.Config{Hosts: 1001, Start: start2025, Span: time.Hour, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	c := small(t)
	c.workload, c.checks = w, 1
	list := []contender{{&forger{w: w}, &System{}}}
	if err := c.check(context.Background(), &forger{}, list); err != nil {
		t.Fatal(err)
	}
	clients := map[string]int{}
	for _, cell := range list[0].Cells {
		clients[cell.Kind]++
	}
	if clients["high-cpu-all"] != 1 || clients["high-cpu-1"] != 2 || clients["double-groupby-all"] != 2 {
		t.Errorf("%v", clients)
	}
}

// TestSlowQueries: where one client waits for long, many are not made to wait.
func TestSlowQueries(t *testing.T) {
	c := small(t)
	c.slowest = 10 * time.Second
	for ms, asked := range map[float64]bool{20_000: false, 9_000: true} {
		s := figures("X", ms)
		for _, cell := range s.Cells {
			cell.kind.Name = cell.Kind
			if cell.Clients > 1 {
				cell.Rounds = nil
			}
		}
		if err := c.measure(t.Context(), nil, []contender{{&forger{w: c.workload}, s}}); err != nil {
			t.Fatal(err)
		}
		r := report{Systems: []*System{figures("Aegis", 10), s}}
		if cell := r.ratios(8)[0].Peers[0]; (cell != nil) != asked {
			t.Errorf("one client waits %v ms: %+v", ms, cell)
		}
		if text := r.markdown(); strings.Contains(text, "- X, lastpoint, clients 8: not asked, because one client waits") == asked {
			t.Error(text)
		}
	}
}

// TestKept: what was measured before is not measured again, unless in another way.
func TestKept(t *testing.T) {
	s, measured := settings{keep: filepath.Join(t.TempDir(), "kept"), hosts: 5}, 0
	measure := func() ([]*System, error) {
		measured++
		return []*System{figures("X", 5)}, nil
	}
	for i, hosts := range []int{5, 5, 6} {
		s.hosts = hosts
		list, err := s.kept("x", "abc", measure)
		if err != nil || len(list) != 1 || list[0].Name != "X" || list[0].Cells[3].Rounds[0].P50 != 5.5 || measured != []int{1, 1, 2}[i] {
			t.Errorf("measured %d times; %+v, %v", measured, list, err)
		}
	}
	missing := func() ([]*System, error) { return []*System{{Missing: "X: missing"}}, nil }
	for range 2 {
		if list, err := s.kept("y", "abc", missing); err != nil || list[0].Missing == "" {
			t.Errorf("%+v, %v", list, err)
		}
	}
	if list, err := s.kept("y", "abc", measure); err != nil || list[0].Missing != "" {
		t.Errorf("that a system was missing is kept: %+v, %v", list[0], err)
	}
}

func TestMissingSystemIsAResult(t *testing.T) {
	s, err := small(t).run(context.Background(), func(context.Context) (peer.System, error) {
		return nil, fmt.Errorf("X: %w: get it there", peer.ErrMissing)
	})
	if err != nil || len(s) != 1 || s[0].Missing != "X: missing: get it there" {
		t.Errorf("%+v, %v", s, err)
	}
	broken := errors.New("broken")
	if _, err := small(t).run(context.Background(), func(context.Context) (peer.System, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("a start that fails gives %v", err)
	}
}

func TestStarts(t *testing.T) {
	t.Setenv("AEGIS_BIN", "/bin/true")
	for systems, want := range map[string]int{"aegis": 1, "aegis,duckdb": 2, "aegis,victoria,duckdb": 3, "aegis,postgresql,questdb,clickhouse,prometheus": 5, "duckdb": 0, "aegis,aegis": 0, "aegis,x": 0} {
		list, err := settings{systems: systems}.starts(t.TempDir())
		if len(list) != want || (err == nil) != (want > 0) {
			t.Errorf("%s: %d systems, %v", systems, len(list), err)
		}
	}
}
