package duck

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/server"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestDuckDBReadsSegments writes a workload, and compares what SQL says with what DuckDB finds in the files that the
// catalog names.
func TestDuckDBReadsSegments(t *testing.T) {
	required := os.Getenv("AEGIS_REQUIRE_REAL") != ""
	if testing.Short() && !required {
		t.Skip("needs Python and DuckDB")
	}
	if err := Available(); err != nil {
		if required {
			t.Fatal(err)
		}
		t.Skip(err, "(pip install duckdb)")
	}
	ctx := context.Background()
	binary, err := server.Binary(t.TempDir())
	must(t, err)
	dir := t.TempDir()
	s, err := server.Start(ctx, server.Options{
		Binary: binary, Dir: dir, Args: []string{"--flush-age", "1s", "--compact-every", "300ms", "--keep-removed", "300ms"},
	})
	must(t, err)
	defer func() { s.Kill() }()
	write(ctx, t, s)
	must(t, s.WaitSettled(ctx, 60*time.Second))
	answers := map[string][][]any{}
	for _, table := range tables {
		for _, q := range table.queries() {
			rows, err := s.Query(ctx, q)
			if err != nil {
				t.Fatalf("%s: %v", q, err)
			}
			answers[q] = rows.Rows
		}
		if n, err := server.Int(answers[table.queries()[0]][0][0]); err != nil || n != table.rows {
			t.Errorf("%s has %d rows, %d were written; %v", table.name, n, table.rows, err)
		}
	}
	exported := map[string]string{}
	for _, table := range tables {
		exported[table.name], err = export(ctx, s.URL, "SELECT * FROM "+table.name, t.TempDir())
		must(t, err)
	}
	must(t, s.Stop(time.Minute))

	segments, err := manifest(binary, dir)
	must(t, err)
	for _, table := range tables {
		for what, files := range map[string][]string{"segments": check(t, table, segments[table.name]), "export": {exported[table.name]}} {
			theirs, err := Query(table.duckQueries(files)...)
			must(t, err)
			for i, q := range table.queries() {
				if problems := compareRows(table.name, answers[q], theirs[i]); len(problems) > 0 {
					t.Errorf("%s, %s: %d differences, the first ones:\n  %s", what, q, len(problems), strings.Join(problems[:min(len(problems), 5)], "\n  "))
				}
			}
		}
	}
}

// export asks for a result as a Parquet file.
func export(ctx context.Context, base, sql, dir string) (file string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/v1/export?format=parquet&sql="+url.QueryEscape(sql), nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("export: %s %.200s %w", resp.Status, b, err)
	}
	file = filepath.Join(dir, "export.parquet")
	return file, os.WriteFile(file, b, 0o600)
}

// write fills all tables at once, over several flushes.
func write(ctx context.Context, t *testing.T, s *server.Server) {
	w := load.Workload{Series: 2000, Batch: 2000, Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli(), Interval: 15_000, Seed: 5}
	bodies := w.Bodies(steps)
	c := load.NewClient(s.URL, 1)
	defer c.Close()
	query := func(sql string) {
		if _, err := s.Query(ctx, sql); err != nil {
			t.Fatalf("%.200s: %v", sql, err)
		}
	}
	for _, table := range tables {
		if table.create != "" {
			query(table.create)
		}
	}
	for step := range steps {
		must(t, c.Send(ctx, bodies[step].Data))
		for _, table := range tables {
			if table.insert != nil {
				query(table.insert(step))
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// check is the files of a table; what the catalog says of them must allow another reader to read them.
func check(t *testing.T, table *table, list []segment) (files []string) {
	t.Helper()
	rows := int64(0)
	for _, s := range list {
		if s.Deleted {
			t.Errorf("%s: after compaction %s still has a deletion vector", table.name, s.File)
		}
		rows += s.Rows
		files = append(files, s.File)
	}
	if rows != table.rows {
		t.Fatalf("%s: the catalog names %d rows in %d segments, want %d", table.name, rows, len(files), table.rows)
	}
	return files
}
