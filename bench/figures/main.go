// Command figures measures what the store promises and writes it down: samples per CPU-second through remote write, bytes
// per stored value, memory per series, replay and start. Each measurement starts servers of its own, checks by SQL that
// what it wrote is there, and says what was aimed at. It talks to servers from outside, as users do.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/automatanexus/aegis-db/bench/server"
)

// Figure is one measured number.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Aim   string  `json:"aim,omitempty"`
	Met   *bool   `json:"met,omitempty"` // nil if there is no aim
	Note  string  `json:"note,omitempty"`
}

// bench is what every measurement is given.
type bench struct {
	ctx    context.Context
	binary string
	dir    string // for data folders
	quick  bool   // a tenth of the work: shows that it runs, not how fast
	out    []Figure
}

// measurement is one function that makes figures.
type measurement struct {
	name string
	run  func(*bench) error
}

// measurements in the order of the report.
var measurements = []measurement{
	{"write", measureWrite},
	{"memory", measureMemory},
	{"exporter", measureExporter},
	{"integers", measureIntegers},
	{"start", measureStart},
}

func main() {
	run := flag.String("run", "", "regular `expression` of the measurements to make: write, memory, exporter, integers, start")
	out := flag.String("out", "bench/results", "`folder` of the report; empty: print only")
	quick := flag.Bool("quick", false, "do a tenth of the work, to see that everything runs")
	flag.Parse()
	if err := measure(*run, *out, *quick); err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
}

func measure(run, out string, quick bool) error {
	chosen, err := regexp.Compile(run)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "aegis-figures")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{ctx: context.Background(), dir: dir, quick: quick}
	if b.binary, err = server.Binary(dir); err != nil {
		return err
	}
	for _, m := range measurements {
		if !chosen.MatchString(m.name) {
			continue
		}
		fmt.Fprintln(os.Stderr, "measuring:", m.name)
		if err := m.run(b); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	r := newReport(b.out)
	text := r.markdown()
	fmt.Print(text)
	if out == "" || quick {
		return nil
	}
	return r.write(filepath.Clean(out), text)
}

// atLeast adds a figure that should be no less than the aim (0 = there is none).
func (b *bench) atLeast(name string, value float64, unit string, aim float64, note string) {
	b.add(Figure{Name: name, Value: value, Unit: unit, Note: note}, "≥", aim, value >= aim)
}

// atMost adds a figure that should be no more than the aim (0 = there is none).
func (b *bench) atMost(name string, value float64, unit string, aim float64, note string) {
	b.add(Figure{Name: name, Value: value, Unit: unit, Note: note}, "≤", aim, value <= aim)
}

func (b *bench) add(f Figure, sign string, aim float64, met bool) {
	if aim != 0 {
		f.Aim, f.Met = sign+" "+number(aim), &met
	}
	b.out = append(b.out, f)
}

// scaled is n, or a tenth of it when only a quick look is wanted.
func (b *bench) scaled(n int) int {
	if b.quick {
		return max(n/10, 1)
	}
	return n
}

// start starts a server on a data folder of that name.
func (b *bench) start(folder string, args ...string) (*server.Server, error) {
	return server.Start(b.ctx, server.Options{Binary: b.binary, Dir: filepath.Join(b.dir, folder), Args: args})
}

// expect runs a query with one row of integers and compares them: a figure counts only if the data is right.
func (b *bench) expect(s *server.Server, sql string, want ...int64) error {
	rows, err := s.Query(b.ctx, sql)
	if err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	if len(rows.Rows) != 1 || len(rows.Rows[0]) != len(want) {
		return fmt.Errorf("%s: answer %v", sql, rows.Rows)
	}
	for i, w := range want {
		if got, err := server.Int(rows.Rows[0][i]); err != nil || got != w {
			return fmt.Errorf("%s: answer %v, expected %v", sql, rows.Rows[0], want)
		}
	}
	return nil
}
