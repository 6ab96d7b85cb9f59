package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// appendBenchmarks adds the figures of a system to a file in the form of Go benchmarks, one line per round, so that the tool
// that compares two runs of those compares two runs of the scoreboard.
func appendBenchmarks(path string, s *System) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(writeBenchmarks(f, s), f.Close())
}

func writeBenchmarks(f io.Writer, s *System) error {
	lines := []string{
		fmt.Sprintf("BenchmarkScoreboard/load 1 %.0f ns/op %.2f CPU-sec/op", s.LoadSeconds*1e9, s.SettledCPU),
		fmt.Sprintf("BenchmarkScoreboard/stored 1 %d stored-B", s.StoredBytes),
		fmt.Sprintf("BenchmarkScoreboard/resident 1 %d RSS-B", s.QueriedRSS),
	}
	for _, c := range s.Cells {
		for _, t := range c.Rounds {
			lines = append(lines, fmt.Sprintf("BenchmarkScoreboard/%s/clients=%d %d %.0f ns/op", c.Kind, c.Clients, t.Answers, t.P50*float64(time.Millisecond)))
		}
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(f, line); err != nil {
			return err
		}
	}
	return nil
}
