package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/bench/peer"
)

// TestSmallGrowth does all of it with little data: whatever it reports was checked.
func TestSmallGrowth(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds, and needs DuckDB")
	}
	s := settings{
		parts: "replay,series,queries", work: t.TempDir(), out: t.TempDir(), hosts: 4, days: 2, rounds: 1, perCell: time.Millisecond,
		series: 1000, wal: 1 << 20, progress: io.Discard,
	}
	if duck, err := peer.OpenDuckDB(context.Background(), filepath.Join(t.TempDir(), "x.duckdb")); err == nil {
		duck.Close()
		s.parts += ",export"
	} else if os.Getenv("AEGIS_REQUIRE_REAL") != "" {
		t.Fatal(err)
	}
	if err := s.measure(context.Background()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(s.out, "growth.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(s.parts, ",") {
		if !strings.Contains(string(text), "| "+part+" |") {
			t.Errorf("%s is not in the report", part)
		}
	}
	if _, err := exec.LookPath("true"); err == nil {
		t.Setenv("AEGIS_BIN", "/bin/true")
		if err := s.measure(context.Background()); err != nil {
			t.Errorf("what was measured is not found again: %v", err)
		}
	}
	s.parts = "replay,nothing"
	if err := s.measure(context.Background()); err == nil {
		t.Error("an unknown part is not noticed")
	}
}
