package real

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/bench/server"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// need is the path of a foreign program. Without it the test is skipped, unless AEGIS_REQUIRE_REAL says that skipping is a
// failure: CI sets it.
func need(t *testing.T, name, how string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return path
	case os.Getenv("AEGIS_REQUIRE_REAL") != "":
		t.Fatalf("%s is missing: %s", name, how)
	default:
		t.Skipf("%s is missing: %s", name, how)
	}
	return ""
}

func seconds(t *testing.T) time.Duration {
	text := os.Getenv("AEGIS_REAL_SECONDS")
	if text == "" {
		return 20 * time.Second
	}
	n, err := strconv.Atoi(text)
	must(t, err)
	return time.Duration(n) * time.Second
}

// TestRealPrometheus scrapes for a while with each Prometheus and compares.
func TestRealPrometheus(t *testing.T) {
	if testing.Short() && os.Getenv("AEGIS_REQUIRE_REAL") == "" {
		t.Skip("takes half a minute and needs foreign programs")
	}
	ctx := context.Background()
	root, err := server.Root()
	must(t, err)
	exporterPath := need(t, "prometheus-node-exporter", "apt-get install prometheus-node-exporter")
	binary, err := server.Binary(t.TempDir())
	must(t, err)
	exporter, err := StartExporter(ctx, exporterPath)
	must(t, err)
	t.Cleanup(exporter.Stop)
	t.Run("Debian", func(t *testing.T) {
		t.Parallel()
		compareWith(t, binary, exporter, need(t, "/usr/bin/prometheus", "apt-get install prometheus"), Message1)
	})
	t.Run("Current", func(t *testing.T) {
		t.Parallel()
		compareWith(t, binary, exporter, need(t, filepath.Join(root, ".tools", "prometheus3"), "make .tools/prometheus3"), Message1)
	})
	t.Run("RemoteWrite2", func(t *testing.T) {
		t.Parallel()
		compareWith(t, binary, exporter, need(t, filepath.Join(root, ".tools", "prometheus3"), "make .tools/prometheus3"), Message2)
	})
}

func compareWith(t *testing.T, binary string, exporter *Process, prometheus, message string) {
	ctx := context.Background()
	options := server.Options{
		Binary: binary, Dir: t.TempDir(), Args: []string{"--flush-age", "4s", "--compact-every", "1s", "--keep-removed", "1s"},
	}
	s, err := server.Start(ctx, options)
	must(t, err)
	defer func() { s.Kill() }()
	p, err := StartPrometheus(ctx, prometheus, t.TempDir(), strings.TrimPrefix(exporter.URL, "http://"), s.URL, message)
	must(t, err)
	defer p.Stop()

	const settle = 2 * time.Second // until the first scrapes ran, and until those of the last second are stored
	time.Sleep(settle)
	w := Window{From: time.Now().UnixMilli()}
	time.Sleep(seconds(t))
	w.To = time.Now().UnixMilli()
	described, err := p.Metadata(ctx) // gone with the targets
	must(t, err)
	time.Sleep(settle)
	must(t, p.StopScraping(ctx))
	if err := server.Until(ctx, 30*time.Second, func() (bool, string, error) { return p.caughtUp(ctx) }); err != nil {
		t.Fatalf("remote write: %v\nPrometheus printed:\n%s\naegis printed:\n%s", err, p.Printed(), s.Printed())
	}
	want, err := p.Samples(ctx, w)
	must(t, err)
	if n := len(totals(want)); n < 200 || len(want) < 5000 {
		t.Fatalf("Prometheus has only %d samples of %d metrics: nothing would be proven", len(want), n)
	}
	t.Logf("%d samples of %d metrics", len(want), len(totals(want)))

	check(ctx, t, s, w, want, "straight after the last write")
	if message == Message1 {
		checkMetadata(ctx, t, s, described)
	}
	must(t, s.WaitSettled(ctx, 30*time.Second))
	check(ctx, t, s, w, want, "after flush and compaction")
	s.Kill()
	s, err = server.Start(ctx, options)
	must(t, err)
	check(ctx, t, s, w, want, "after kill -9 and a new start")
	if message == Message1 {
		checkMetadata(ctx, t, s, described)
	}
}

// check asks the same window in three ways: every sample, totals per metric in one query, and the logical table of each metric.
func check(ctx context.Context, t *testing.T, s *server.Server, w Window, want []Sample, when string) {
	t.Helper()
	report := func(what string, problems []string) {
		t.Helper()
		if len(problems) > 0 {
			t.Errorf("%s, %s: %d differences, the first ones:\n  %s", when, what, len(problems), strings.Join(problems[:min(len(problems), 10)], "\n  "))
		}
	}
	got, err := stored(ctx, s, w)
	must(t, err)
	report("samples", compareSamples(want, got))
	expected := totals(want)
	grouped, err := groupedTotals(ctx, s, w)
	must(t, err)
	report("GROUP BY metric", compareTotals(expected, grouped))
	tables := map[string]Totals{}
	for metric := range expected {
		rows, err := s.Query(ctx, fmt.Sprintf(`SELECT count(*), sum(value) FROM metrics.%s WHERE %s`, quoted(metric), w.sql()))
		if err != nil {
			t.Fatalf("%s: metrics.%s: %v", when, metric, err)
		}
		tables[metric], err = readTotals(rows.Rows[0])
		must(t, err)
	}
	report("schema metrics", compareTotals(expected, tables))
}

// checkMetadata holds what is stored against Prometheus' own descriptions; nearly all of its metrics must have come.
func checkMetadata(ctx context.Context, t *testing.T, s *server.Server, want map[string][]Metadata) {
	t.Helper()
	got, err := describedBy(ctx, s)
	must(t, err)
	for _, p := range compareMetadata(want, got) {
		t.Error("metadata of", p)
	}
	if len(want) < 200 || len(got) < len(want)*3/4 {
		t.Errorf("%d metrics are described, Prometheus describes %d", len(got), len(want))
	}
	t.Logf("%d metrics are described, Prometheus describes %d", len(got), len(want))
}

func groupedTotals(ctx context.Context, s *server.Server, w Window) (map[string]Totals, error) {
	rows, err := s.Query(ctx, "SELECT count(value), sum(value), metric FROM prometheus.samples WHERE value IS NOT NULL AND "+w.sql()+" GROUP BY metric")
	if err != nil {
		return nil, err
	}
	out := map[string]Totals{}
	for _, row := range rows.Rows {
		metric, _ := row[2].(string)
		if out[metric], err = readTotals(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func readTotals(row []any) (t Totals, err error) {
	if t.Count, err = server.Int(row[0]); err != nil || t.Count == 0 {
		return t, err // the sum of nothing is NULL
	}
	t.Sum, err = server.Float(row[1])
	return t, err
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
