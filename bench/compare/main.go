// Command compare says what a change did to speed: it builds two commits of this repository, runs the Go benchmarks of both and
// the scoreboard's queries against both, in turns, and prints each figure's difference. It ends with status 1 if one got slower
// by more than the limit and more than the figures vary by themselves.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"

	"github.com/automatanexus/aegis-db/bench/server"
)

// benchstat is the tool that decides what a difference is: golang.org/x/perf has no releases, so a commit is named.
const benchstat = "golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da"

// alpha is how unlikely a difference must be to count. A hundred figures are compared: at the usual 0.05 five of them would
// differ by chance. Five against five runs can just reach it.
const alpha = 0.01

// settings are the flags.
type settings struct {
	root       string // of the repository
	base, head string
	limit      float64
	count      int
	bench      string
	benchTime  string
	board      bool
	hosts      int
}

func main() {
	var s settings
	flag.StringVar(&s.base, "base", "", "`commit` to compare with; needed")
	flag.StringVar(&s.head, "head", "HEAD", "`commit` that is judged")
	flag.Float64Var(&s.limit, "limit", 10, "`percent` that a figure may get worse")
	flag.IntVar(&s.count, "count", 5, "`times` that everything runs for each commit")
	flag.StringVar(&s.bench, "bench", ".", "regular `expression` of the Go benchmarks to run; empty for none")
	flag.StringVar(&s.benchTime, "benchtime", "200ms", "`time` of each Go benchmark")
	flag.BoolVar(&s.board, "board", true, "run the scoreboard's load and queries")
	flag.IntVar(&s.hosts, "hosts", 100, "`hosts` of the scoreboard's data")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	worse, err := s.compare(ctx, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(2)
	}
	if len(worse) > 0 {
		os.Exit(1)
	}
}

// compare prints the differences and returns the figures that got worse.
func (s settings) compare(ctx context.Context, out, progress io.Writer) ([]worsening, error) {
	switch {
	case s.base == "":
		return nil, errors.New("say what to compare with: -base COMMIT")
	case s.count < 5:
		return nil, fmt.Errorf("-count %d: fewer than 5 runs cannot tell a difference from chance", s.count)
	}
	if s.root == "" {
		var err error
		if s.root, err = server.Root(); err != nil {
			return nil, err
		}
	}
	dir, err := os.MkdirTemp("", "aegis-compare")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	sides, err := s.prepare(ctx, dir, progress)
	if err != nil {
		return nil, err
	}
	for run := range s.count {
		fmt.Fprintf(progress, "run %d of %d\n", run+1, s.count)
		for i := range sides {
			// Who goes first changes with every run, so that what the first leaves behind (a warm machine, full
			// caches) is not charged to one of them.
			if err := s.runOnce(ctx, sides[(i+run)%len(sides)]); err != nil {
				return nil, err
			}
		}
	}
	return s.judge(ctx, sides, out)
}

// prepare builds both commits. The scoreboard's harness is that of this tree for both: the same questions must be asked.
func (s settings) prepare(ctx context.Context, dir string, progress io.Writer) (sides []*side, err error) {
	harness := ""
	if s.board {
		harness = filepath.Join(dir, "board")
		if err := goCommand(ctx, s.root, "build", "-o", harness, "./bench/board"); err != nil {
			return nil, err
		}
	}
	for _, c := range []struct{ name, ref string }{{"base", s.base}, {"head", s.head}} {
		fmt.Fprintf(progress, "building %s: %s\n", c.name, c.ref)
		side, err := newSide(ctx, s, c.ref, filepath.Join(dir, c.name))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.ref, err)
		}
		side.harness = harness
		sides = append(sides, side)
	}
	return sides, nil
}

// judge prints what benchstat says of the two sides, and what of it is too much.
func (s settings) judge(ctx context.Context, sides []*side, out io.Writer) ([]worsening, error) {
	statistics := func(format string) ([]byte, error) {
		return output(exec.CommandContext(ctx, "go", "run", benchstat, "-alpha", fmt.Sprint(alpha), "-format", format,
			"base="+sides[0].results, "head="+sides[1].results))
	}
	text, err := statistics("text")
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "%s\n", text)
	table, err := statistics("csv")
	if err != nil {
		return nil, err
	}
	worse, compared, err := readTable(table, s.limit)
	if err != nil {
		return nil, err
	}
	if compared == 0 {
		return nil, errors.New("the two commits have no figure in common: nothing was compared")
	}
	for _, w := range worse {
		fmt.Fprintf(out, "worse: %s\n", w)
	}
	fmt.Fprintf(out, "%d figures compared, %d worse by more than %v %% and beyond their spread\n", compared, len(worse), s.limit)
	return worse, nil
}
