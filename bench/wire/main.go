//go:build linux

// Command wire measures small prepared statements over PostgreSQL's protocol: it loads the same rows into Aegis and into PostgreSQL, asks both the
// same questions with the same client, checks each answer, and shows how many a second there were and what each cost the server.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/automatanexus/aegis-db/bench/machine"
	"github.com/automatanexus/aegis-db/bench/postgres"
	"github.com/automatanexus/aegis-db/bench/server"
)

// settings are the flags.
type settings struct {
	rows, clients, rounds int
	time                  time.Duration
	out                   string
}

func main() {
	var s settings
	flag.IntVar(&s.rows, "rows", 1_000_000, "`rows` of each table")
	flag.IntVar(&s.clients, "clients", 8, "`number` of connections that ask at once")
	flag.IntVar(&s.rounds, "rounds", 5, "`times` that everything is asked, the systems in turns")
	flag.DurationVar(&s.time, "time", time.Second, "`time` for each question in each round")
	flag.StringVar(&s.out, "out", filepath.Join("bench", "results"), "`folder` of the report; empty: print only")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	text, err := s.measure(ctx)
	stop()
	fmt.Print(text)
	if err == nil && s.out != "" {
		err = os.WriteFile(filepath.Join(s.out, "wire.md"), []byte(text), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "wire:", err)
		os.Exit(1)
	}
}

// system is a server that is asked.
type system struct {
	name   string
	pid    int
	dsn    string
	settle func(context.Context) error // waits until the rows are where most rows are, not in memory alone
	stop   func()
}

func (s settings) measure(ctx context.Context) (report string, err error) {
	if s.rows < 100*series || s.rows%series != 0 || s.clients < 1 || s.rounds < 1 {
		return "", fmt.Errorf("%d rows, %d clients, %d rounds: there must be rows for %d series of the same length, 100 each at the least, a client and a round", s.rows, s.clients, s.rounds, series)
	}
	dir, err := os.MkdirTemp("", "aegis-wire")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	var list []*system
	for _, start := range []func(context.Context, string) (*system, error){startAegis, startPostgreSQL} {
		one, err := start(ctx, dir)
		if err != nil {
			return "", err
		}
		defer one.stop()
		if err := one.load(ctx, s.rows); err != nil {
			return "", fmt.Errorf("%s: load: %w", one.name, err)
		}
		list = append(list, one)
	}
	r := newResults(machine.Describe(), s, list)
	for range s.rounds {
		for q := range questions {
			for i, one := range list {
				if err := r.ask(ctx, q, i, one); err != nil {
					return "", fmt.Errorf("%s: %s: %w", one.name, questions[q].name, err)
				}
			}
		}
	}
	return r.markdown(), nil
}

func startAegis(ctx context.Context, dir string) (*system, error) {
	binary, err := server.Binary(dir)
	if err != nil {
		return nil, err
	}
	s, err := server.Start(ctx, server.Options{Binary: binary, Dir: filepath.Join(dir, "aegis-data"), Args: []string{"--pg", "127.0.0.1:0", "--flush-age", "1s", "--compact-every", "1s"}})
	if err != nil {
		return nil, err
	}
	url, err := s.PostgresURL()
	if err != nil {
		s.Kill()
		return nil, err
	}
	return &system{name: "Aegis", pid: s.PID(), dsn: url, settle: func(ctx context.Context) error { return s.WaitSettled(ctx, time.Minute) }, stop: s.Kill}, nil
}

func startPostgreSQL(ctx context.Context, _ string) (*system, error) {
	s, err := postgres.Start(ctx, postgres.Options{TCP: true, Settings: []string{"shared_buffers=512MB"}})
	if err != nil {
		return nil, err
	}
	dsn := fmt.Sprintf("postgres://postgres@%s/postgres", s.Address())
	return &system{name: "PostgreSQL", pid: s.PID(), dsn: dsn, settle: func(context.Context) error { return nil }, stop: func() { _ = s.Stop() }}, nil
}

// load makes the tables. Each system has what it needs to find a key, and the last row of a series, without a scan.
func (s *system) load(ctx context.Context, rows int) error {
	c, err := pgx.Connect(ctx, s.dsn)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	made := `CREATE TABLE points (ts timestamptz NOT NULL, host text NOT NULL, v double precision)`
	more := []string{`CREATE INDEX ON points (host, ts)`, `VACUUM ANALYZE`}
	if s.name == "Aegis" {
		made, more = made+` WITH (time_column = ts, tags = (host))`, nil
	}
	statements := append([]string{
		`CREATE TABLE keyed (k integer PRIMARY KEY, v double precision)`,
		fmt.Sprintf(`INSERT INTO keyed SELECT i, i * 0.5 FROM generate_series(1, %d) AS g(i)`, rows),
		made,
		fmt.Sprintf(`INSERT INTO points SELECT '2026-01-01 00:00:00Z'::timestamptz + i * interval '10 seconds', 'host_' || h, i * 0.5 + h
			FROM generate_series(1, %d) AS g(i), generate_series(0, %d) AS x(h)`, rows/series, series-1),
	}, more...)
	for _, text := range statements {
		if _, err := c.Exec(ctx, text); err != nil {
			return err
		}
	}
	return s.settle(ctx)
}
