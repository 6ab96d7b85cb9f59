// Command board is the scoreboard: it gives the same workload and the same queries to Aegis and to the systems it is compared
// with, one after the other on this machine, checks every system's answers against the right ones, and prints and draws how
// they compare. A wrong answer ends it with an error, and nothing is written.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/automatanexus/aegis-db/bench/machine"
	"github.com/automatanexus/aegis-db/bench/peer"
	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// start2025 is where the data begins. The past is the same every day; a start today would cut partitions anew.
var start2025 = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)

// settings are the flags.
type settings struct {
	hosts, days int
	seed        uint64
	systems     string
	programs
	rounds    int
	checks    int
	perCell   time.Duration
	perSystem time.Duration
	slowest   time.Duration
	profiled  int
	name, out string
	keep, dir string
	bench     string
	resilient bool
}

func main() {
	var s settings
	flag.IntVar(&s.hosts, "hosts", 400, "`number` of hosts")
	flag.IntVar(&s.days, "days", 1, "`days` of data, a row every 10 s")
	flag.Uint64Var(&s.seed, "seed", 1, "`seed` of data and queries")
	flag.StringVar(&s.systems, "systems", "aegis,victoria,duckdb", "`list` of systems to measure, in this order, of "+strings.Join(systemNames, ", "))
	flag.StringVar(&s.victoria, "victoria", "victoria-metrics", "`path` of the VictoriaMetrics binary")
	flag.StringVar(&s.prometheus, "prometheus", "prometheus", "`path` of the Prometheus binary")
	flag.StringVar(&s.questdb, "questdb", "", "`path` of QuestDB's jar; empty: the one of .tools/java")
	flag.IntVar(&s.rounds, "rounds", 3, "`times` that everything is asked")
	flag.IntVar(&s.checks, "checks", 3, "`answers` per query that are held against the right ones")
	flag.DurationVar(&s.perCell, "time", time.Second, "`time` for each query at each number of clients in each round")
	flag.DurationVar(&s.perSystem, "limit", 0, "`time` after which a system's queries are not measured again; 0: none")
	flag.DurationVar(&s.slowest, "slowest", 10*time.Second, "`time` that one client may wait for a query that many are to ask at once, and after which no further answer is waited for")
	flag.IntVar(&s.profiled, "profile", 0, "`seconds` for the profiles of each query of Aegis'; 0: none are taken")
	flag.StringVar(&s.name, "name", "tsbs", "`name` of the report's files")
	flag.StringVar(&s.out, "out", filepath.Join("bench", "results"), "`folder` of the report; empty: print only")
	flag.StringVar(&s.keep, "keep", "", "`folder` that keeps the systems that were measured until the report is written, so that a rerun goes on; empty: none")
	flag.BoolVar(&s.resilient, "resilient", false, "report the others when a peer fails or answers wrongly; it ends with an error all the same")
	flag.StringVar(&s.dir, "dir", "", "`folder` for the data of all systems, empty for the usual one for such files; each system's is removed after it")
	flag.StringVar(&s.bench, "bench", "", "`file` to add the figures of Aegis to, as Go benchmarks")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := s.measure(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "board:", err)
		os.Exit(1)
	}
}

func (s settings) measure(ctx context.Context) error {
	parent := s.dir
	if parent != "" { // the systems run in folders of their own
		var err error
		if parent, err = filepath.Abs(parent); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp(parent, "aegis-board")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil { // PostgreSQL's user must pass
		return err
	}
	starts, err := s.starts(dir)
	if err != nil {
		return err
	}
	w, err := tsbs.New(tsbs.Config{Hosts: s.hosts, Start: start2025, Span: time.Duration(s.days) * 24 * time.Hour, Seed: s.seed})
	if err != nil {
		return err
	}
	r := report{name: s.name, Machine: machine.Describe(), Hosts: w.Hosts, Days: s.days, Values: w.Values(), Rounds: s.rounds, PerCell: s.perCell.String(), Slowest: s.slowest.String()}
	if s.perSystem > 0 {
		r.Limit = s.perSystem.String()
	}
	c := contest{
		workload: w, clients: []int{1, 8}, rounds: s.rounds, perCell: s.perCell, perSystem: s.perSystem, slowest: s.slowest, checks: s.checks, profiled: s.profiled, progress: os.Stderr,
	}
	debug.SetMemoryLimit(memoryLimit)
	var failed []error
	for i, name := range strings.Split(s.systems, ",") {
		systems, err := s.kept(name, machine.Source(), func() ([]*System, error) { return c.run(ctx, starts[i]) })
		switch {
		case err == nil:
		case i == 0 || !s.resilient || ctx.Err() != nil:
			return err
		default:
			fmt.Fprintln(os.Stderr, err)
			failed = append(failed, err)
			systems = []*System{{About: peer.About{Name: systemTitles[name]}, Missing: fmt.Sprintf("%s failed: %.300v", systemTitles[name], err)}}
		}
		r.Systems = append(r.Systems, systems...)
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	text := r.markdown()
	fmt.Print(text)
	if s.bench != "" {
		if err := appendBenchmarks(s.bench, r.Systems[0]); err != nil {
			return err
		}
	}
	if s.out != "" {
		if err := r.write(s.out, text); err != nil {
			return err
		}
	}
	if s.keep == "" || len(failed) > 0 {
		return errors.Join(failed...)
	}
	return os.RemoveAll(s.keep)
}

// memoryLimit keeps answers of millions of rows, which are garbage a moment later, from taking the memory of the systems that are measured.
const memoryLimit = 6 << 30
