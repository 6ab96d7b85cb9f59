package oracletest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"
)

// corpus finds the scripts in the module that Go has.
func corpus(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/prometheus/prometheus").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "promql/promqltest/testdata/*.test"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d scripts, %v", len(files), err)
	}
	return files
}

// TestCorpus runs Prometheus' own scripts over our storage, with the rows in memory, in segments and in both.
func TestCorpus(t *testing.T) {
	for _, p := range []place{inHead, inSegments, inBoth} {
		t.Run(p.String(), func(t *testing.T) {
			t.Parallel()
			kept, skipped := 0, 0
			for _, file := range corpus(t) {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				script, k, s := withoutHistograms(t, string(text))
				kept, skipped = kept+k, skipped+s
				t.Run(filepath.Base(file), func(t *testing.T) {
					engine := promqltest.NewTestEngine(t, false, 5*time.Minute, 50_000_000)
					promqltest.RunTestWithStorage(t, script, engine, func(t testing.TB) storage.Storage { return open(t, p) })
				})
			}
			t.Logf("%d queries, without %d that see native histograms", kept, skipped)
			if kept < 1000 {
				t.Error("too few are left to prove anything")
			}
		})
	}
}
