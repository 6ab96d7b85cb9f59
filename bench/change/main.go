// Command change measures changes: it loads the same tables into Aegis, DuckDB and PostgreSQL, one after the other on this machine, changes their
// rows in the same ways, reads what is left, and shows what each took. After each change the systems are asked for the same summary of their tables;
// where two do not say the same, it ends with an error, and nothing is written.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/automatanexus/aegis-db/bench/machine"
	"github.com/automatanexus/aegis-db/bench/server"
)

// settings are the flags.
type settings struct {
	rows, large, rounds, calls int
	systems, out               string
	limit                      time.Duration
	largeForAll, hurried       bool
	text, progress             io.Writer
}

func main() {
	s := settings{text: os.Stdout, progress: os.Stderr}
	flag.IntVar(&s.rows, "rows", 10_000_000, "`rows` of a table")
	flag.IntVar(&s.large, "large", 10, "`times` as many rows has the large table; 0: there is none")
	flag.BoolVar(&s.largeForAll, "large-postgresql", false, "PostgreSQL has the large table, too: making it takes some minutes")
	flag.IntVar(&s.rounds, "rounds", 3, "`times` that everything is changed")
	flag.IntVar(&s.calls, "calls", 200, "`statements` of one row that a round has")
	flag.StringVar(&s.systems, "systems", "aegis,duckdb,postgresql", "`list` of systems to measure, in this order")
	flag.StringVar(&s.out, "out", filepath.Join("bench", "results"), "`folder` of the report; empty: print only")
	flag.DurationVar(&s.limit, "limit", 40*time.Minute, "`time` after which it gives up")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	err := s.measure(ctx)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "change:", err)
		os.Exit(1)
	}
}

func (s settings) measure(ctx context.Context) error {
	if s.rows < 1000 || s.rounds < 1 || s.rounds > 9 || s.calls < 2 || 2*s.rounds*s.calls > s.rows/2 {
		return fmt.Errorf("%d rows, %d rounds of %d statements: there must be 1,000 rows at the least, 1 to 9 rounds, and four rows for each statement", s.rows, s.rounds, s.calls)
	}
	dir, err := os.MkdirTemp("", "aegis-change")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil { // PostgreSQL's user must pass
		return err
	}
	names, starts, err := s.starts(dir)
	if err != nil {
		return err
	}
	r := &report{Machine: machine.Describe(), Rows: s.rows, Large: s.rows * s.large, Repeats: s.rounds}
	c := contest{rows: s.rows, large: s.rows * s.large, rounds: s.rounds, calls: s.calls, files: map[order][]string{}, hurried: s.hurried, progress: s.progress}
	for _, o := range []order{ascending, random} {
		if c.files[o], err = writeFiles(dir, o, s.rows); err != nil {
			return err
		}
	}
	for i, start := range starts {
		own := c
		if names[i] == "postgresql" && !s.largeForAll {
			own.large = 0
		}
		result, err := own.run(ctx, start, filepath.Join(dir, names[i]))
		if result != nil {
			r.Systems = append(r.Systems, result)
		}
		if err == nil && i > 0 {
			err = sameAnswers(r.Systems[0], result)
		}
		if err != nil {
			fmt.Fprint(s.progress, r.markdown()) // what there is until now helps to see why
			return err
		}
	}
	text := r.markdown()
	fmt.Fprint(s.text, text)
	if s.out == "" {
		return nil
	}
	return r.write(s.out, text)
}

// starts are the functions that start the chosen systems.
func (s settings) starts(dir string) (names []string, list []start, err error) {
	names = strings.Split(s.systems, ",")
	if names[0] != "aegis" || len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(names) {
		return nil, nil, errors.New("-systems: give aegis first, because all others are compared with it, and each system once")
	}
	for _, name := range names {
		switch name {
		case "aegis":
			bin := filepath.Join(dir, "bin")
			if err := os.Mkdir(bin, 0o755); err != nil {
				return nil, nil, err
			}
			binary, err := server.Binary(bin)
			if err != nil {
				return nil, nil, err
			}
			list = append(list, startAegis(binary))
		case "duckdb":
			list = append(list, startDuckDB)
		case "postgresql":
			list = append(list, startPostgreSQL)
		default:
			return nil, nil, fmt.Errorf("-systems: %q is none of aegis, duckdb, postgresql", name)
		}
	}
	return names, list, nil
}
