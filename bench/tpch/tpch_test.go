package tpch

import (
	"cmp"
	"context"
	"encoding/json"
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

// TestTPCH loads the tables at scale 0.1, or what AEGIS_TPCH_SCALE says, and compares every answer with DuckDB's. "make tpch" shows the
// times of scale 1.
func TestTPCH(t *testing.T) {
	required := os.Getenv("AEGIS_REQUIRE_REAL") != ""
	if testing.Short() && !required {
		t.Skip("needs Python, DuckDB and tpchgen-cli")
	}
	for _, need := range [][]string{{"python3", "-c", "import duckdb"}, {"tpchgen-cli", "--version"}} {
		if text, err := exec.Command(need[0], need[1:]...).CombinedOutput(); err != nil {
			if required {
				t.Fatalf("%v: %v: %s", need, err, text)
			}
			t.Skip(need, err)
		}
	}
	ctx := context.Background()
	scale := cmp.Or(os.Getenv("AEGIS_TPCH_SCALE"), "0.1")
	folder := t.TempDir()
	if kept := os.Getenv("AEGIS_TPCH_KEEP"); kept != "" {
		folder = filepath.Join(kept, "scale-"+scale)
	}
	s := prepare(ctx, t, folder, scale)
	defer func() {
		if err := s.Stop(time.Minute); err != nil {
			t.Error(err)
		}
	}()

	texts, err := queries()
	if err != nil {
		t.Fatal(err)
	}
	const rounds = 3
	theirs, err := duck(filepath.Join(folder, "csv"), texts, rounds, runtime.NumCPU())
	if err != nil {
		t.Fatal(err)
	}
	table, product, answered := &strings.Builder{}, 0.0, 0
	fmt.Fprintf(table, "query    aegis ms   duckdb ms   ratio\n")
	for i, text := range texts {
		if only := os.Getenv("AEGIS_TPCH_QUERY"); only != "" && only != fmt.Sprint(i+1) {
			continue
		}
		ours, err := ask(ctx, s, text, rounds)
		if err != nil {
			t.Errorf("Q%d: %v", i+1, err)
			continue
		}
		if diff := compare(ours.Rows, theirs[i].Rows); diff != "" {
			t.Errorf("Q%d: %s", i+1, diff)
		}
		ratio := ours.Seconds / theirs[i].Seconds
		product, answered = product+math.Log(ratio), answered+1
		fmt.Fprintf(table, "Q%-4d %11.1f %11.1f %7.1f\n", i+1, ours.Seconds*1e3, theirs[i].Seconds*1e3, ratio)
	}
	t.Logf("best of %d\n%smean ratio (geometric) %.1f over %d queries", rounds, table, math.Exp(product/float64(max(answered, 1))), answered)
}

// prepare starts a server that has the tables, in a folder that may have them already (AEGIS_TPCH_KEEP).
func prepare(ctx context.Context, t *testing.T, folder, scale string) *server.Server {
	t.Helper()
	binary, err := server.Binary(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	csv, loaded := filepath.Join(folder, "csv"), filepath.Join(folder, "loaded")
	o := server.Options{
		Binary: binary, Dir: filepath.Join(folder, "data"), Args: []string{"--flush-age", "1s", "--compact-every", "1s", "--keep-removed", "1s"},
	}
	if _, err := os.Stat(loaded); err == nil {
		s, err := server.Start(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if err := errors.Join(os.RemoveAll(folder), os.MkdirAll(csv, 0o755), generate(csv, scale)); err != nil {
		t.Fatal(err)
	}
	s, err := server.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	started, rows := time.Now(), int64(0)
	for _, table := range tables {
		n, err := load(ctx, s, table, csv, runtime.NumCPU())
		if err != nil {
			s.Kill()
			t.Fatal(err)
		}
		rows += n
	}
	took := time.Since(started)
	if err := s.WaitSettled(ctx, 5*time.Minute); err != nil {
		s.Kill()
		t.Fatal(err)
	}
	t.Logf("%d rows inserted in %.1f s, %.0f rows/s", rows, took.Seconds(), float64(rows)/took.Seconds())
	if err := os.WriteFile(loaded, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// ask gives a query's rows and the best of its times.
func ask(ctx context.Context, s *server.Server, text string, rounds int) (answer, error) {
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

func TestSame(t *testing.T) {
	n := func(s string) any { return json.Number(s) }
	for _, c := range []struct {
		ours, theirs any
		want         bool
	}{
		{n("1234.5600"), "1234.56", true},
		{n("1234.5601"), "1234.56", false},
		{"0.12345678901234567", n("0.12345678901234566"), true},
		{"0.123456789", n("0.123456788"), false},
		{n("1995"), n("1995"), true},
		{"1995-01-02", "1995-01-02", true},
		{"a", "b", false},
		{nil, nil, true},
		{nil, n("0"), false},
	} {
		if same(c.ours, c.theirs) != c.want {
			t.Errorf("%v and %v: %v", c.ours, c.theirs, !c.want)
		}
	}
	if compare([][]any{{n("1")}}, nil) == "" || compare([][]any{{n("1")}}, [][]any{{n("1"), nil}}) == "" {
		t.Error("answers of other shapes are taken for equal")
	}
}
