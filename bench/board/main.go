// Command board is the scoreboard: it gives the same workload and the same queries to Aegis and to the systems it is compared
// with, one after the other on this machine, checks every system's answers against the right ones, and prints and draws how
// they compare. A wrong answer ends it with an error, and nothing is written.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/bench/machine"
	"github.com/automatanexus/aegis-db/bench/peer"
	"github.com/automatanexus/aegis-db/bench/server"
	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// start2025 is where the data begins. The past is the same every day; a start today would cut partitions anew.
var start2025 = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)

// settings are the flags.
type settings struct {
	hosts, days int
	seed        uint64
	systems     string
	victoria    string
	rounds      int
	perCell     time.Duration
	out         string
	bench       string
}

func main() {
	var s settings
	flag.IntVar(&s.hosts, "hosts", 400, "`number` of hosts")
	flag.IntVar(&s.days, "days", 1, "`days` of data, a row every 10 s")
	flag.Uint64Var(&s.seed, "seed", 1, "`seed` of data and queries")
	flag.StringVar(&s.systems, "systems", "aegis,victoria,duckdb", "`list` of systems to measure, in this order")
	flag.StringVar(&s.victoria, "victoria", "victoria-metrics", "`path` of the VictoriaMetrics binary")
	flag.IntVar(&s.rounds, "rounds", 3, "`times` that everything is asked")
	flag.DurationVar(&s.perCell, "time", time.Second, "`time` for each query at each number of clients in each round")
	flag.StringVar(&s.out, "out", filepath.Join("bench", "results"), "`folder` of the report; empty: print only")
	flag.StringVar(&s.bench, "bench", "", "`file` to add the figures of Aegis to, as Go benchmarks")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := s.measure(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "board:", err)
		os.Exit(1)
	}
}

func (s settings) measure(ctx context.Context) error {
	w, err := tsbs.New(tsbs.Config{Hosts: s.hosts, Start: start2025, Span: time.Duration(s.days) * 24 * time.Hour, Seed: s.seed})
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "aegis-board")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r := report{Machine: machine.Describe(), Hosts: w.Hosts, Days: s.days, Values: w.Values(), Rounds: s.rounds, PerCell: s.perCell.String()}
	starts, err := s.starts(dir)
	if err != nil {
		return err
	}
	for _, start := range starts {
		c := contest{workload: w, clients: []int{1, 8}, rounds: s.rounds, perCell: s.perCell, checks: 3, progress: os.Stderr}
		result, err := c.run(ctx, start)
		if err != nil {
			return err
		}
		r.Systems = append(r.Systems, result)
	}
	text := r.markdown()
	fmt.Print(text)
	if s.bench != "" {
		if err := appendBenchmarks(s.bench, r.Systems[0]); err != nil {
			return err
		}
	}
	if s.out == "" {
		return nil
	}
	return r.write(s.out, text)
}

// starts are the functions that start the chosen systems, each in a folder of its own.
func (s settings) starts(dir string) (list []func(context.Context) (peer.System, error), err error) {
	binary, err := server.Binary(dir)
	if err != nil {
		return nil, err
	}
	names := strings.Split(s.systems, ",")
	if names[0] != "aegis" || len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(names) {
		return nil, fmt.Errorf("-systems %s: give aegis first, because all others are compared with it, and each system once", s.systems)
	}
	for _, name := range names {
		folder := filepath.Join(dir, name)
		if err := os.Mkdir(folder, 0o755); err != nil {
			return nil, err
		}
		switch name {
		case "aegis":
			folder = filepath.Join(folder, "data")
			list = append(list, func(ctx context.Context) (peer.System, error) { return peer.StartAegis(ctx, binary, folder) })
		case "victoria":
			list = append(list, func(ctx context.Context) (peer.System, error) { return peer.StartVictoria(ctx, s.victoria, folder) })
		case "duckdb":
			list = append(list, func(ctx context.Context) (peer.System, error) { return peer.StartDuckDB(ctx, folder) })
		default:
			return nil, fmt.Errorf("-systems: %q is none of aegis, victoria, duckdb", name)
		}
	}
	return list, nil
}
