//go:build linux

package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/machine"
	"github.com/automatanexus/aegis-db/bench/measure"
)

// series is how many hosts the table of points has.
const series = 100

// question is a prepared statement of one parameter whose answer, one row of one value, is known.
type question struct {
	name, text string
	arg        func(i, rows int) any
	want       func(i, rows int) float64
}

var questions = []question{
	{"a constant", `SELECT $1::float8`, func(i, _ int) any { return float64(i) }, func(i, _ int) float64 { return float64(i) }},
	{
		"a row by its primary key", `SELECT v FROM keyed WHERE k = $1`,
		func(i, rows int) any { return key(i, rows) }, func(i, rows int) float64 { return float64(key(i, rows)) * 0.5 },
	},
	{
		"the last row of a series", `SELECT v FROM points WHERE host = $1 ORDER BY ts DESC LIMIT 1`,
		func(i, _ int) any { return fmt.Sprintf("host_%d", i%series) },
		func(i, rows int) float64 { return float64(rows/series)*0.5 + float64(i%series) },
	},
}

// key is the key of the i-th question: anywhere among the rows, the next one far from the last.
func key(i, rows int) int { return int(uint64(i)*2_654_435_761%uint64(rows)) + 1 }

// results are what was measured: by question, system and round.
type results struct {
	machine.Machine
	settings
	systems []*system
	rates   [][][]float64 // answers per second
	costs   [][][]float64 // microseconds of the server's processors per answer
	asked   int
}

func newResults(m machine.Machine, s settings, systems []*system) *results {
	r := &results{Machine: m, settings: s, systems: systems}
	for range questions {
		r.rates, r.costs = append(r.rates, make([][]float64, len(systems))), append(r.costs, make([][]float64, len(systems)))
	}
	return r
}

// ask asks a question for the time of a round, and notes what came of it.
func (r *results) ask(ctx context.Context, q, at int, s *system) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	conns := make([]*pgx.Conn, r.clients)
	for i := range conns {
		c, err := pgx.Connect(ctx, s.dsn)
		if err != nil {
			return err
		}
		defer c.Close(context.WithoutCancel(ctx))
		if err := r.once(ctx, c, q, i); err != nil { // which prepares it
			return err
		}
		conns[i] = c
	}
	before, err := load.ReadTree(s.pid)
	if err != nil {
		return err
	}
	started := time.Now()
	var answers atomic.Int64
	var wait sync.WaitGroup
	for i, c := range conns {
		wait.Go(func() {
			for n := r.asked + i; time.Since(started) < r.time && ctx.Err() == nil; n += len(conns) {
				if err := r.once(ctx, c, q, n); err != nil {
					cancel(err)
					return
				}
				answers.Add(1)
			}
		})
	}
	wait.Wait()
	took := time.Since(started)
	r.asked += int(answers.Load())
	if err := context.Cause(ctx); err != nil {
		return err
	}
	after, err := load.ReadTree(s.pid)
	if err != nil {
		return err
	}
	n := float64(max(answers.Load(), 1))
	r.rates[q][at] = append(r.rates[q][at], n/took.Seconds())
	r.costs[q][at] = append(r.costs[q][at], float64((after.CPU-before.CPU).Microseconds())/n)
	return nil
}

// once asks the n-th time and checks the answer.
func (r *results) once(ctx context.Context, c *pgx.Conn, q, n int) error {
	var got float64
	one := &questions[q]
	if err := c.QueryRow(ctx, one.text, one.arg(n, r.rows)).Scan(&got); err != nil {
		return err
	}
	if want := one.want(n, r.rows); got != want {
		return fmt.Errorf("wrong answer to %s with %v: %v, not %v", one.text, one.arg(n, r.rows), got, want)
	}
	return nil
}

func (r *results) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Small prepared statements over PostgreSQL's protocol\n\nWritten by `make bench-wire`; what each figure means is in [bench/README.md](../README.md#wire).\n\n")
	fmt.Fprintf(&b, "%s\n\n", r.Machine)
	fmt.Fprintf(&b, "%s rows in each table, %d clients, %d rounds of %s. Every answer was checked.\n\n", measure.Grouped(float64(r.rows)), r.clients, r.rounds, r.time)
	b.WriteString("| answers / second, median (least–greatest of the rounds) |")
	for _, s := range r.systems {
		fmt.Fprintf(&b, " %s | server CPU, µs |", s.name)
	}
	b.WriteString(" Aegis ÷ PostgreSQL |\n|---|")
	for range r.systems {
		b.WriteString("---:|---:|")
	}
	b.WriteString("---:|\n")
	for q := range questions {
		fmt.Fprintf(&b, "| %s: `%s` |", questions[q].name, questions[q].text)
		var medians []float64
		for i := range r.systems {
			rate, low, high := measure.Spread(r.rates[q][i])
			cost, _, _ := measure.Spread(r.costs[q][i])
			medians = append(medians, rate)
			fmt.Fprintf(&b, " %s (%s–%s) | %.0f |", measure.Grouped(rate), measure.Grouped(low), measure.Grouped(high), cost)
		}
		fmt.Fprintf(&b, " %s |\n", measure.Ratio(medians[0]/medians[1]))
	}
	return b.String()
}
