package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/automatanexus/aegis-db/bench/machine"
	"github.com/automatanexus/aegis-db/bench/tail"
)

// part is a measurement that stands alone.
type part struct {
	name, about string
	budget      time.Duration
	program     string // the package under bench that is its command
	args        func(s settings, work string) []string
	small       []string // further arguments that make it small
	picture     bool     // whether it draws one
}

const everybody = "aegis,victoria,prometheus,questdb,duckdb,clickhouse,postgresql"

// parts are all, in the order in which they are measured: those that are asked about most first.
var parts = []part{
	tsbs(400, 40*time.Minute, "-checks", "3", "-time", "400ms", "-limit", "90s", "-slowest", "4s"),
	{
		name: "clickbench", about: "ClickBench's 43 queries on 10,000,000 rows, hot and cold", budget: 75 * time.Minute, program: "suites", picture: true,
		args: func(s settings, work string) []string {
			return []string{"-suite", "clickbench", "-scale", "10000000", "-cold", "1", "-profile", "2", "-work", work, "-out", s.out}
		},
		small: []string{"-scale", "20000", "-cold", "0"},
	},
	{
		name: "tpch", about: "TPC-H's 22 queries at scale 1", budget: 30 * time.Minute, program: "suites", picture: true,
		args: func(s settings, work string) []string {
			return []string{"-suite", "tpch", "-scale", "1", "-profile", "2", "-work", work, "-out", s.out}
		},
		small: []string{"-scale", "0.01"},
	},
	tsbs(100, 20*time.Minute, "-checks", "3", "-time", "250ms", "-limit", "1m", "-slowest", "4s"),
	metrics("metrics-loading", "loading", 40*time.Minute, []string{"-budget", "5m"}, "-series", "2000", "-rounds", "20"),
	metrics("metrics-dashboards", "dashboards", 40*time.Minute, []string{"-per-query", "200ms", "-slowest", "1s", "-limit", "2m", "-profile", "1"},
		"-asked-series", "500", "-asked-scrapes", "1500", "-query-rounds", "1", "-per-query", "10ms"),
	{
		name: "growth", about: "Parquet, starting, memory per series, queries as the data grows", budget: 25 * time.Minute, program: "growth",
		args: func(s settings, work string) []string {
			return []string{"-per-query", "400ms", "-work", work, "-out", s.out}
		},
		small: []string{"-hosts", "5", "-days", "2", "-rounds", "1", "-per-query", "10ms", "-series", "2000", "-wal", "1000000"},
	},
	tsbs(4000, 70*time.Minute, "-checks", "1", "-time", "400ms", "-limit", "1m", "-slowest", "3s"),
}

// tsbs is the part of the Time Series Benchmark Suite with so many hosts.
func tsbs(hosts int, budget time.Duration, more ...string) part {
	name := fmt.Sprintf("tsbs-%d", hosts)
	return part{
		name: name, about: fmt.Sprintf("TSBS cpu-only, %d hosts", hosts), budget: budget, program: "board", picture: true,
		args: func(s settings, work string) []string {
			args := []string{
				"-hosts", fmt.Sprint(hosts), "-systems", everybody, "-name", name, "-resilient",
				"-keep", filepath.Join(work, "measured"), "-dir", work, "-out", s.out, "-profile", "2",
			}
			return append(append(args, more...), s.programs("victoria", "prometheus", "questdb")...)
		},
		small: []string{"-hosts", "5", "-time", "5ms", "-rounds", "1"},
	}
}

// metrics is a part of the command of that name.
func metrics(name, which string, budget time.Duration, whole []string, small ...string) part {
	return part{
		name: name, about: "metrics through remote write: " + which, budget: budget, program: "metrics",
		args: func(s settings, work string) []string {
			args := append([]string{"-parts", which, "-work", work, "-out", s.out}, whole...)
			return append(args, s.programs("victoria", "prometheus")...)
		},
		small: small,
	}
}

// programs are the flags for the paths that were given.
func (s settings) programs(which ...string) (args []string) {
	paths := map[string]string{"victoria": s.victoria, "prometheus": s.prometheus, "questdb": s.questdb}
	for _, name := range which {
		if paths[name] != "" {
			args = append(args, "-"+name, paths[name])
		}
	}
	return args
}

func names() (list []string) {
	for _, p := range parts {
		list = append(list, p.name)
	}
	return list
}

func named(name string) (part, bool) {
	for _, p := range parts {
		if p.name == name {
			return p, true
		}
	}
	return part{}, false
}

// log is where a part prints.
func (s settings) log(p part) string { return filepath.Join(s.work, p.name+".log") }

// done is the file that says at which commit a part was measured.
func (s settings) done(p part) string { return filepath.Join(s.work, p.name+".done") }

// measure builds a part's command and runs it, within its time. What it prints is shown and kept; of a run that ended too early it keeps its folder,
// where the next one goes on.
func (s settings) measure(ctx context.Context, root string, p part) error {
	program, work := filepath.Join(s.work, "bin-"+p.program), filepath.Join(s.work, p.name)
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./bench/"+p.program)
	build.Dir = root
	if text, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build ./bench/%s: %w\n%s", p.program, err, text)
	}
	if err := os.MkdirAll(work, 0o755); err != nil {
		return err
	}
	// What a run that was killed could not remove.
	left, err := filepath.Glob(filepath.Join(work, "aegis-board*"))
	if err != nil {
		return err
	}
	for _, folder := range left {
		if err := os.RemoveAll(folder); err != nil {
			return err
		}
	}
	file, err := os.Create(s.log(p))
	if err != nil {
		return err
	}
	defer file.Close()
	args := p.args(s, work)
	if s.short {
		args = append(args, p.small...)
	}
	ctx, cancel := context.WithTimeout(ctx, p.budget)
	defer cancel()
	var last tail.Buffer
	c := exec.CommandContext(ctx, program, args...)
	c.Dir, c.Stdout, c.Stderr = root, file, io.MultiWriter(file, os.Stderr, &last)
	// It ends its own programs when it is asked to end; what does not listen is killed, and takes its children along.
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 20 * time.Second
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := c.Run(); err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = fmt.Errorf("its time of %v is over: %w", p.budget, err)
		}
		return fmt.Errorf("%w; it printed last:\n%.2000s", err, last.String())
	}
	if s.short {
		return os.RemoveAll(work)
	}
	return errors.Join(os.RemoveAll(work), os.WriteFile(s.done(p), []byte(machine.Source()), 0o644))
}
