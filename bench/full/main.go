// Command full measures all parts of the scoreboard, one program at a time, and writes the page that shows what is aimed at and what was reached. Each
// part is a command of its own with a time of its own, and writes its own report: one that fails, or takes too long, keeps no other one from being
// measured, and what was measured before stays.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/automatanexus/aegis-db/bench/machine"
	"github.com/automatanexus/aegis-db/bench/server"
)

// settings are the flags.
type settings struct {
	parts     string
	again     bool
	work, out string
	victoria, prometheus,
	questdb string
	short, page bool
}

func main() {
	var s settings
	flag.StringVar(&s.parts, "parts", "", "`parts` to measure; empty: all that were not measured at this commit. They are "+strings.Join(names(), ", "))
	flag.BoolVar(&s.again, "again", false, "measure parts that were measured at this commit, too")
	flag.StringVar(&s.work, "work", ".bench", "`folder` for data, programs, what the parts print, and what was measured of a part that ended too early")
	flag.StringVar(&s.out, "out", filepath.Join("bench", "results"), "`folder` of the reports")
	flag.StringVar(&s.victoria, "victoria", "", "`path` of the VictoriaMetrics binary; empty: that of PATH")
	flag.StringVar(&s.prometheus, "prometheus", "", "`path` of the Prometheus binary; empty: .tools/prometheus3, or that of PATH")
	flag.StringVar(&s.questdb, "questdb", "", "`path` of QuestDB's jar; empty: that of .tools/java")
	flag.BoolVar(&s.short, "short", false, "small sizes, to see that all parts work; nothing is written to the folder of reports")
	flag.BoolVar(&s.page, "page", false, "measure nothing, and write the page from the reports that are there")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := s.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "full:", err)
		os.Exit(1)
	}
}

// run measures the parts that are wanted and writes the page after each.
func (s settings) run(ctx context.Context) error {
	root, err := server.Root()
	if err != nil {
		return err
	}
	if s.work, err = filepath.Abs(s.work); err != nil {
		return err
	}
	if s.short {
		s.out = filepath.Join(s.work, "short-results")
	}
	if s.page {
		return writePage(s.out)
	}
	if s.prometheus == "" {
		if own := filepath.Join(root, ".tools", "prometheus3"); exists(own) {
			s.prometheus = own
		}
	}
	list, err := s.wanted(machine.Source())
	if err != nil {
		return err
	}
	if err := errors.Join(os.MkdirAll(s.work, 0o755), os.MkdirAll(s.out, 0o755)); err != nil {
		return err
	}
	var failed []error
	for i, p := range list {
		fmt.Fprintf(os.Stderr, "== %s: %s (%d of %d, at most %v; it prints to %s)\n", p.name, p.about, i+1, len(list), p.budget, s.log(p))
		begun := time.Now()
		err := s.measure(ctx, root, p)
		took := time.Since(begun).Round(time.Second)
		if err != nil {
			fmt.Fprintf(os.Stderr, "== %s: failed after %v: %v\n", p.name, took, err)
			failed = append(failed, fmt.Errorf("%s: %w", p.name, err))
		} else {
			fmt.Fprintf(os.Stderr, "== %s: measured in %v\n", p.name, took)
		}
		if ctx.Err() != nil {
			break
		}
		if err := writePage(s.out); err != nil {
			return err
		}
	}
	return errors.Join(errors.Join(failed...), writePage(s.out))
}

// wanted are the parts to measure.
func (s settings) wanted(commit string) (list []part, err error) {
	if s.parts == "" {
		for _, p := range parts {
			if done, err := os.ReadFile(s.done(p)); err == nil && string(done) == commit && !s.again {
				fmt.Fprintf(os.Stderr, "== %s: measured at %s already; -parts %s, or -again, measures it again\n", p.name, commit, p.name)
				continue
			}
			list = append(list, p)
		}
		return list, nil
	}
	for _, name := range strings.Split(s.parts, ",") {
		p, ok := named(name)
		if !ok {
			return nil, fmt.Errorf("no part is called %q; there are %s", name, strings.Join(names(), ", "))
		}
		list = append(list, p)
	}
	return list, nil
}

// exists says whether a file is there.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
