// Command metrics measures Aegis, VictoriaMetrics and Prometheus as stores of metrics, one after the other on this machine: loading a fleet
// of pods through remote write, and the queries of dashboards. Counts and sums are those that were sent, and answers are Prometheus'.
package main

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/automatanexus/aegis-db/bench/machine"
	"github.com/automatanexus/aegis-db/bench/peer"
	"github.com/automatanexus/aegis-db/bench/server"
)

type settings struct {
	parts, systems, victoria, prometheus, work, out string

	loading    loading
	dashboards dashboards
}

func main() {
	s := settings{}
	s.loading.progress, s.dashboards.progress = os.Stderr, os.Stderr
	f, q := &s.loading.fleet, &s.dashboards.services
	flag.StringVar(&s.parts, "parts", "loading,dashboards", "`parts` to measure")
	flag.StringVar(&s.systems, "systems", strings.Join(peer.MetricsNames, ","), "`systems` to measure")
	flag.StringVar(&s.victoria, "victoria", "victoria-metrics", "`path` or name of VictoriaMetrics")
	flag.StringVar(&s.prometheus, "prometheus", filepath.Join(".tools", "prometheus3"), "`path` or name of Prometheus")
	flag.StringVar(&s.work, "work", "", "`folder` for data and for what was measured already, from where a run that ended goes on; empty: a temporary one")
	flag.StringVar(&s.out, "out", filepath.Join("bench", "results"), "`folder` of the reports; empty: print only")
	flag.IntVar(&f.Series, "series", 1_000_000, "loading: active `series`")
	flag.IntVar(&f.PerTarget, "per-target", 500, "loading: `series` of a pod")
	flag.Int64Var(&f.Interval, "interval", 30_000, "loading: `milliseconds` between scrapes")
	flag.IntVar(&f.Rounds, "rounds", 120, "loading: `scrapes`")
	flag.IntVar(&f.ReplaceRounds, "replace", 20, "loading: after so many `scrapes` one of ten pods is replaced, and its series with it")
	flag.Uint64Var(&f.Seed, "seed", 1, "of values")
	flag.IntVar(&s.loading.connections, "connections", 4, "loading: at a time")
	flag.IntVar(&s.loading.perBody, "body", 2000, "loading: `samples` a body; Prometheus sends 2,000")
	flag.DurationVar(&s.loading.budget, "budget", 15*time.Minute, "loading: `time` for sending, per system")
	flag.IntVar(&q.Series, "asked-series", 10_000, "dashboards: `series`")
	flag.IntVar(&q.Scrapes, "asked-scrapes", 7*24*60, "dashboards: `scrapes`, one a minute")
	flag.IntVar(&s.dashboards.rounds, "query-rounds", 2, "dashboards: how often everything is asked")
	flag.DurationVar(&s.dashboards.perCell, "per-query", 500*time.Millisecond, "dashboards: `time` for each query, window and number of clients")
	flag.DurationVar(&s.dashboards.limit, "limit", 0, "dashboards: `time` after which a system's queries are not measured again; 0: none")
	flag.IntVar(&s.dashboards.profiled, "profile", 0, "dashboards: `seconds` for the profiles of each query of Aegis'; 0: none are taken")
	flag.DurationVar(&s.dashboards.slowest, "slowest", 5*time.Second, "dashboards: `time` after which no more is asked of a query, however few answers there were")
	flag.Parse()
	q.Interval, q.Seed = 60_000, f.Seed
	s.dashboards.windows, s.dashboards.clients = windows, []int{1, 4}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := s.measure(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "metrics:", err)
		os.Exit(1)
	}
}

func (s settings) measure(ctx context.Context) error {
	if s.work == "" {
		dir, err := os.MkdirTemp("", "aegis-metrics")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		s.work = dir
	}
	if err := os.MkdirAll(s.work, 0o755); err != nil {
		return err
	}
	binary, err := server.Binary(s.work)
	if err != nil {
		return err
	}
	for _, part := range strings.Split(s.parts, ",") {
		switch part {
		case "loading":
			err = s.measureLoading(ctx, binary)
		case "dashboards":
			err = s.measureDashboards(ctx, binary)
		default:
			err = fmt.Errorf("-parts: %q is none of loading, dashboards", part)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// start starts a system on an empty folder.
func (s settings) start(name, binary string) func(context.Context) (peer.Metrics, error) {
	return func(ctx context.Context) (peer.Metrics, error) {
		dir := filepath.Join(s.work, "data-"+name)
		if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
			return nil, err
		}
		return peer.StartMetrics(ctx, name, map[string]string{"aegis": binary, "victoria": s.victoria, "prometheus": s.prometheus}[name], dir)
	}
}

// names are the systems that are wanted, Prometheus first where its answers are the right ones.
func (s settings) names() ([]string, error) {
	names := strings.Split(s.systems, ",")
	for _, name := range names {
		if !slices.Contains(peer.MetricsNames, name) {
			return nil, fmt.Errorf("-systems: %q is none of %s", name, strings.Join(peer.MetricsNames, ", "))
		}
	}
	return names, nil
}

func (s settings) measureLoading(ctx context.Context, binary string) error {
	names, err := s.names()
	if err != nil {
		return err
	}
	about := machine.Describe() // before anything runs
	var list []*loaded
	var failed error
	for _, name := range names {
		one, err := resume(s, "loading-"+name, s.loading.sizes(), func() (*loaded, error) { return s.loading.run(ctx, s.start(name, binary), rest) })
		if err != nil {
			if name == "aegis" || ctx.Err() != nil {
				return err
			}
			failed, one = errors.Join(failed, err), &loaded{About: peer.About{Name: shown[name]}, Missing: fmt.Sprintf("%s failed: %.300v", shown[name], err)}
		}
		list = append(list, one)
	}
	r := newLoadingReport(about, s.loading, list)
	return errors.Join(failed, write(s.out, "metrics-loading", r, r.markdown()))
}

func (s settings) measureDashboards(ctx context.Context, binary string) error {
	names, err := s.names()
	if err != nil {
		return err
	}
	// The right answers first.
	slices.SortFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	about := machine.Describe() // before anything runs
	var right *asked
	var list []*asked
	var failed error
	for _, name := range names {
		one, err := resume(s, "dashboards-"+name, s.dashboards.sizes(), func() (*asked, error) { return s.dashboards.run(ctx, s.start(name, binary)) })
		switch {
		case err != nil:
		case name == "prometheus" && one.Missing == "":
			right = one
		case right != nil && one.Missing == "":
			err = s.dashboards.compare(right, one)
		}
		if err != nil {
			if name == "aegis" || ctx.Err() != nil {
				return err
			}
			failed, one = errors.Join(failed, err), &asked{About: peer.About{Name: shown[name]}, Missing: fmt.Sprintf("%s failed: %.300v", shown[name], err)}
		}
		list = append(list, one)
	}
	slices.SortStableFunc(list, func(a, b *asked) int { return place(a.Name) - place(b.Name) })
	r := newDashboardsReport(about, s.dashboards, list)
	r.compared = right != nil
	return errors.Join(failed, write(s.out, "metrics-dashboards", r, r.markdown()))
}

// shown are the names of reports. A peer that fails, or answers wrongly, costs no other one its figures; the command ends with an error all the same.
var shown = map[string]string{"aegis": "Aegis", "victoria": "VictoriaMetrics", "prometheus": "Prometheus"}

func rank(name string) int { return slices.Index([]string{"prometheus", "aegis", "victoria"}, name) }

func place(name string) int {
	return slices.Index([]string{"Aegis", "VictoriaMetrics", "Prometheus", ""}, name)
}

// resume measures, or gives what was measured before with the same sizes; of a run that ended in the middle nothing is done twice.
func resume[T any](s settings, name, sizes string, measure func() (*T, error)) (*T, error) {
	path := filepath.Join(s.work, name+".gob")
	kept := struct {
		Sizes  string
		Result *T
	}{}
	if file, err := os.Open(path); err == nil {
		err := gob.NewDecoder(file).Decode(&kept)
		file.Close()
		if err == nil && kept.Sizes == sizes {
			fmt.Fprintf(os.Stderr, "%s: was measured before (%s)\n", name, path)
			return kept.Result, nil
		}
	}
	data := filepath.Join(s.work, "data-"+name[strings.LastIndexByte(name, '-')+1:])
	one, err := measure()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(data))
	}
	kept.Sizes, kept.Result = sizes, one
	var text bytes.Buffer
	if err := gob.NewEncoder(&text).Encode(kept); err != nil {
		return nil, err
	}
	return one, errors.Join(os.WriteFile(path, text.Bytes(), 0o644), os.RemoveAll(data))
}
