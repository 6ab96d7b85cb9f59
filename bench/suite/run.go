package suite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/bench/server"
)

// Suite is what is asked of whom.
type Suite struct {
	Name     string // of its environment variables, too: AEGIS_NAME_SCALE, AEGIS_NAME_KEEP, AEGIS_NAME_QUERY
	Scale    string // unless AEGIS_NAME_SCALE says another
	Programs []string
	Tables   []Table
	// Generate writes a CSV file with a line of names for each table into a folder.
	Generate func(dir, scale string) error
	// Queries gives the texts, by the names they have in the report, in order.
	Queries func(scale string) (names, texts []string, err error)
}

// rounds is how often each query is asked; the best time counts.
const rounds = 3

// Run loads both systems, compares their answers and reports their times. AEGIS_NAME_KEEP=folder keeps what was generated and loaded for
// the next time, AEGIS_NAME_QUERY=name asks one query only.
func (s Suite) Run(t *testing.T) {
	variable := func(name string) string { return os.Getenv("AEGIS_" + strings.ToUpper(s.Name) + "_" + name) }
	s.needs(t)
	ctx := context.Background()
	scale := cmp.Or(variable("SCALE"), s.Scale)
	folder := t.TempDir()
	if kept := variable("KEEP"); kept != "" {
		folder = filepath.Join(kept, "scale-"+scale)
	}
	srv := s.prepare(ctx, t, folder, scale)
	defer func() {
		if err := srv.Stop(time.Minute); err != nil {
			t.Error(err)
		}
	}()
	names, texts, err := s.Queries(scale)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := duck(filepath.Join(folder, "csv"), s.Tables, texts, rounds, runtime.NumCPU())
	if err != nil {
		t.Fatal(err)
	}
	table, product, answered := &strings.Builder{}, 0.0, 0
	fmt.Fprintf(table, "query    aegis ms   duckdb ms   ratio\n")
	for i, text := range texts {
		if only := variable("QUERY"); only != "" && only != names[i] {
			continue
		}
		ours, err := ask(ctx, srv, text)
		if err != nil {
			t.Errorf("%s: %v", names[i], err)
			continue
		}
		if diff := compare(ours.Rows, theirs[i].Rows); diff != "" {
			t.Errorf("%s: %s", names[i], diff)
		}
		ratio := ours.Seconds / theirs[i].Seconds
		product, answered = product+math.Log(ratio), answered+1
		fmt.Fprintf(table, "%-5s %11.1f %11.1f %7.1f\n", names[i], ours.Seconds*1e3, theirs[i].Seconds*1e3, ratio)
	}
	t.Logf("%s, scale %s, best of %d\n%smean ratio (geometric) %.2f over %d queries", s.Name, scale, rounds, table, math.Exp(product/float64(max(answered, 1))), answered)
}

// needs skips the test where a program is missing, or fails it where nothing may be (AEGIS_REQUIRE_REAL).
func (s Suite) needs(t *testing.T) {
	required := os.Getenv("AEGIS_REQUIRE_REAL") != ""
	if testing.Short() && !required {
		t.Skip("needs Python and DuckDB: not with -short")
	}
	needs := [][]string{{"python3", "-c", "import duckdb"}}
	for _, p := range s.Programs {
		needs = append(needs, []string{p, "--version"})
	}
	for _, need := range needs {
		if text, err := exec.Command(need[0], need[1:]...).CombinedOutput(); err != nil {
			if required {
				t.Fatalf("%v: %v: %s", need, err, text)
			}
			t.Skip(need, err)
		}
	}
}

// prepare starts a server that has the tables, in a folder that may have them already.
func (s Suite) prepare(ctx context.Context, t *testing.T, folder, scale string) *server.Server {
	t.Helper()
	binary, err := server.Binary(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	csv, loaded := filepath.Join(folder, "csv"), filepath.Join(folder, "loaded")
	o := server.Options{
		Binary: binary, Dir: filepath.Join(folder, "data"), Args: []string{"--flush-age", "1s", "--compact-every", "1s", "--keep-removed", "1s", "--history", "0"},
	}
	if _, err := os.Stat(loaded); err == nil {
		srv, err := server.Start(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		return srv
	}
	if err := errors.Join(os.RemoveAll(folder), os.MkdirAll(csv, 0o755), s.Generate(csv, scale)); err != nil {
		t.Fatal(err)
	}
	srv, err := server.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	started, rows := time.Now(), int64(0)
	for _, table := range s.Tables {
		n, err := load(ctx, srv, table, csv, runtime.NumCPU())
		if err != nil {
			srv.Kill()
			t.Fatal(err)
		}
		rows += n
	}
	took := time.Since(started)
	if err := srv.WaitSettled(ctx, 5*time.Minute); err != nil {
		srv.Kill()
		t.Fatal(err)
	}
	t.Logf("%d rows inserted in %.1f s, %.0f rows/s", rows, took.Seconds(), float64(rows)/took.Seconds())
	if err := os.WriteFile(loaded, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return srv
}

// ask gives a query's rows and the best of its times.
func ask(ctx context.Context, s *server.Server, text string) (answer, error) {
	best := answer{Seconds: math.Inf(1)}
	for range rounds {
		started := time.Now()
		rows, err := s.Query(ctx, text)
		if err != nil {
			return best, err
		}
		best.Rows, best.Seconds = rows.Rows, min(best.Seconds, time.Since(started).Seconds())
	}
	return best, nil
}
