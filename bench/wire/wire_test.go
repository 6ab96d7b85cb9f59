//go:build linux

package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/bench/postgres"
)

// TestSmall measures tables that are small for a moment, so that every test run proves that the harness works and that the answers are right.
func TestSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts real servers")
	}
	if err := postgres.Installed(); err != nil {
		if os.Getenv("AEGIS_REQUIRE_REAL") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	text, err := settings{rows: 100 * series, clients: 2, rounds: 2, time: 50 * time.Millisecond}.measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range questions {
		if !strings.Contains(text, q.text) {
			t.Errorf("the report lacks %s:\n%s", q.text, text)
		}
	}
	t.Log(text)
}

// TestKeys: the questions ask for keys that are there, and not for the same ones over and over.
func TestKeys(t *testing.T) {
	const rows = 1000
	seen := map[int]bool{}
	for i := range rows {
		k := key(i, rows)
		if k < 1 || k > rows {
			t.Fatalf("question %d asks for key %d", i, k)
		}
		seen[k] = true
	}
	if len(seen) < rows/2 {
		t.Errorf("%d questions ask for %d keys", rows, len(seen))
	}
}
