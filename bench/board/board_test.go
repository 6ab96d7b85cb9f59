package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

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
	return contest{workload: w, clients: []int{1, 8}, rounds: 1, perCell: time.Millisecond, checks: 3, progress: io.Discard}
}

// TestSmallContest runs the real programs. Of the peers only DuckDB is required where peers are; VictoriaMetrics is held against
// the right answers wherever it is installed.
func TestSmallContest(t *testing.T) {
	required := os.Getenv("AEGIS_REQUIRE_REAL") != ""
	if testing.Short() && !required {
		t.Skip("needs foreign programs")
	}
	binary, err := server.Binary(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		start    func(ctx context.Context, dir string) (peer.System, error)
		kinds    int
		required bool
	}{
		{"Aegis", func(ctx context.Context, dir string) (peer.System, error) {
			return peer.StartAegis(ctx, binary, filepath.Join(dir, "data"))
		}, len(tsbs.Kinds), true},
		{"DuckDB", peer.StartDuckDB, len(tsbs.Kinds), required},
		{"VictoriaMetrics", func(ctx context.Context, dir string) (peer.System, error) {
			return peer.StartVictoria(ctx, "victoria-metrics", dir)
		}, 11, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s, err := small(t).run(context.Background(), func(ctx context.Context) (peer.System, error) { return c.start(ctx, dir) })
			if err != nil {
				t.Fatal(err)
			}
			if s.Missing != "" {
				if c.required {
					t.Fatal(s.Missing)
				}
				t.Skip(s.Missing)
			}
			if len(s.Cells) != 2*c.kinds || s.Version == "" || s.LoadSeconds <= 0 || s.StoredBytes < 1000 || s.QueriedRSS < 1<<20 {
				t.Errorf("%d cells; %+v", len(s.Cells), s)
			}
			for _, cell := range s.Cells {
				if len(cell.Rounds) != 1 || cell.Rounds[0].Answers < 5 || cell.Rounds[0].P50 <= 0 {
					t.Errorf("%s: %+v", cell.Kind, cell.Rounds)
				}
			}
		})
	}
}

// forger is a system that answers from the right answers, and changes one.
type forger struct {
	peer.System
	w     *tsbs.Workload
	wrong string
}

func (f *forger) Answer(_ context.Context, q tsbs.Query) (tsbs.Answer, error) {
	if q.Name == "lastpoint" {
		return nil, tsbs.ErrNotExpressible
	}
	a := f.w.Expect(q)
	if q.Name == f.wrong {
		a = a[1:]
	}
	return a, nil
}

func TestWrongAnswersAreFound(t *testing.T) {
	c := small(t)
	var out System
	if err := c.check(context.Background(), &forger{w: c.workload}, &out); err != nil || len(out.Cells) != 2*(len(tsbs.Kinds)-1) {
		t.Errorf("right answers: %v, %d cells", err, len(out.Cells))
	}
	if err := c.check(context.Background(), &forger{w: c.workload, wrong: "double-groupby-5"}, &out); err == nil {
		t.Error("a wrong answer is not noticed")
	}
}

func TestMissingSystemIsAResult(t *testing.T) {
	s, err := small(t).run(context.Background(), func(context.Context) (peer.System, error) {
		return nil, fmt.Errorf("X: %w: get it there", peer.ErrMissing)
	})
	if err != nil || s.Missing != "X: missing: get it there" {
		t.Errorf("%+v, %v", s, err)
	}
	broken := errors.New("broken")
	if _, err := small(t).run(context.Background(), func(context.Context) (peer.System, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("a start that fails gives %v", err)
	}
}

func TestStarts(t *testing.T) {
	t.Setenv("AEGIS_BIN", "/bin/true")
	for systems, want := range map[string]int{"aegis": 1, "aegis,duckdb": 2, "aegis,victoria,duckdb": 3, "duckdb": 0, "aegis,aegis": 0, "aegis,x": 0} {
		list, err := settings{systems: systems}.starts(t.TempDir())
		if len(list) != want || (err == nil) != (want > 0) {
			t.Errorf("%s: %d systems, %v", systems, len(list), err)
		}
	}
}
