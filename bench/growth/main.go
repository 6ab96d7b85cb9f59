// Command growth measures what grows with the data: the export of Parquet beside DuckDB's COPY, starting and replaying a log, memory per
// idle series, and what the same queries cost when there is ten times as much. It talks to servers from outside, as users do.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/automatanexus/aegis-db/bench/machine"
	"github.com/automatanexus/aegis-db/bench/measure"
	"github.com/automatanexus/aegis-db/bench/server"
)

// settings are the sizes.
type settings struct {
	parts     string
	work, out string

	hosts   int // of export and queries
	days    int // of queries: one day is compared with so many
	rounds  int
	perCell time.Duration
	series  int   // idle ones
	wal     int64 // bytes of log to replay

	binary   string
	progress io.Writer
}

// part makes figures; each stands alone.
type part struct {
	name string
	run  func(settings, context.Context) ([]figure, error)
}

// parts in the order of the report.
var parts = []part{{"export", settings.export}, {"replay", settings.replay}, {"series", settings.idle}, {"queries", settings.queries}}

// figure is one measured number.
type figure struct {
	Part  string  `json:"part"`
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Aim   float64 `json:"aim,omitempty"` // 0 = none; a value that is no less meets it
	Note  string  `json:"note,omitempty"`
}

func main() {
	s := settings{progress: os.Stderr}
	flag.StringVar(&s.parts, "parts", "export,replay,series,queries", "`parts` to measure")
	flag.StringVar(&s.work, "work", "", "`folder` for data and for what was measured already, from where a run that ended goes on; empty: a temporary one")
	flag.StringVar(&s.out, "out", filepath.Join("bench", "results"), "`folder` of the report; empty: print only")
	flag.IntVar(&s.hosts, "hosts", 100, "export and queries: `hosts`, with a row every 10 s")
	flag.IntVar(&s.days, "days", 10, "queries: `days` that one is compared with")
	flag.IntVar(&s.rounds, "rounds", 3, "how often everything is done")
	flag.DurationVar(&s.perCell, "per-query", time.Second, "queries: `time` for each, per round")
	flag.IntVar(&s.series, "series", 1_000_000, "series: idle `series`")
	flag.Int64Var(&s.wal, "wal", 1<<30, "replay: `bytes` of log")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := s.measure(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(1)
	}
}

func (s settings) measure(ctx context.Context) (err error) {
	if s.work == "" {
		if s.work, err = os.MkdirTemp("", "aegis-growth"); err != nil {
			return err
		}
		defer os.RemoveAll(s.work)
	}
	if err := os.MkdirAll(s.work, 0o755); err != nil {
		return err
	}
	if s.binary, err = server.Binary(s.work); err != nil {
		return err
	}
	about := machine.Describe() // before anything runs
	wanted := strings.Split(s.parts, ",")
	var all []figure
	for _, p := range parts {
		for i, name := range wanted {
			if name != p.name {
				continue
			}
			wanted[i] = ""
			list, err := s.resume(ctx, p)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			all = append(all, list...)
		}
	}
	if rest := strings.Trim(strings.Join(wanted, ","), ","); rest != "" {
		return fmt.Errorf("-parts: no part is called %s", rest)
	}
	return s.report(about, all)
}

// resume measures a part, or gives what was measured before with the same sizes.
func (s settings) resume(ctx context.Context, p part) ([]figure, error) {
	path := filepath.Join(s.work, p.name+".json")
	kept := struct {
		Sizes   string
		Figures []figure
	}{}
	sizes := fmt.Sprint(machine.Source(), s.hosts, s.days, s.rounds, s.perCell, s.series, s.wal)
	if text, err := os.ReadFile(path); err == nil && json.Unmarshal(text, &kept) == nil && kept.Sizes == sizes {
		fmt.Fprintf(s.progress, "%s: was measured before (%s)\n", p.name, path)
		return kept.Figures, nil
	}
	fmt.Fprintf(s.progress, "measuring: %s\n", p.name)
	s.work = filepath.Join(s.work, p.name)
	if err := errors.Join(os.RemoveAll(s.work), os.MkdirAll(s.work, 0o755)); err != nil {
		return nil, err
	}
	list, err := p.run(s, ctx)
	if err = errors.Join(err, os.RemoveAll(s.work)); err != nil {
		return nil, err
	}
	for i := range list {
		list[i].Part = p.name
	}
	kept.Sizes, kept.Figures = sizes, list
	text, err := json.Marshal(kept)
	if err != nil {
		return nil, err
	}
	return list, os.WriteFile(path, text, 0o644)
}

// report prints what was measured and writes it down.
func (s settings) report(about machine.Machine, list []figure) error {
	var b strings.Builder
	b.WriteString("# Files and growth\n\nWritten by `go run ./bench/growth`; what each figure means is in [bench/README.md](../README.md#growth).\n\n")
	fmt.Fprintf(&b, "%s\n\n| part | figure | measured | unit | |\n|---|---|---:|---|---|\n", about)
	var aims []measure.Aim
	for _, f := range list {
		note := f.Note
		if f.Aim != 0 {
			aims = append(aims, measure.Aim{What: f.Part + ": " + f.Name, Aim: fmt.Sprintf("≥ %v", f.Aim), Figure: number(f.Value), Met: f.Value >= f.Aim})
		}
		if f.Aim != 0 {
			note = strings.TrimSuffix(fmt.Sprintf("aim ≥ %v: %s; %s", f.Aim, map[bool]string{true: "met", false: "**missed**"}[f.Value >= f.Aim], f.Note), "; ")
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", f.Part, f.Name, number(f.Value), f.Unit, note)
	}
	fmt.Print(b.String())
	if s.out == "" {
		return nil
	}
	text, err := json.MarshalIndent(struct {
		machine.Machine
		Aims    []measure.Aim `json:"aims"`
		Figures []figure      `json:"figures"`
	}{about, aims, list}, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(s.out, 0o755), os.WriteFile(filepath.Join(s.out, "growth.json"), append(text, '\n'), 0o644),
		os.WriteFile(filepath.Join(s.out, "growth.md"), []byte(b.String()), 0o644))
}
