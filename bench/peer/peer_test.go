package peer

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/bench/tsbs"
)

func workload(t *testing.T, hosts int) *tsbs.Workload {
	t.Helper()
	w, err := tsbs.New(tsbs.Config{Hosts: hosts, Start: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), Span: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestSendLines: every row arrives exactly once, although the server refuses some bodies at first.
func TestSendLines(t *testing.T) {
	w := workload(t, 40)
	var mu sync.Mutex
	rows, asked := map[string]int{}, 0
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		if asked++; err != nil || asked%3 == 0 {
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		for line := range strings.Lines(string(body)) {
			rows[line]++
		}
		rw.WriteHeader(http.StatusNoContent)
	}))
	defer s.Close()
	took, err := sendLines(context.Background(), s.URL, w)
	if err != nil || took <= 0 || len(rows) != w.Rows() {
		t.Errorf("%d different rows of %d in %v, %v", len(rows), w.Rows(), took, err)
	}
	for line, n := range rows {
		if n != 1 {
			t.Fatalf("%d times %s", n, line)
		}
	}
}

func TestSendLinesEndsAtARefusal(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		http.Error(rw, "column x is text", http.StatusBadRequest)
	}))
	defer s.Close()
	if _, err := sendLines(context.Background(), s.URL, workload(t, 40)); err == nil || !strings.Contains(err.Error(), "column x is text") {
		t.Errorf("%v", err)
	}
}

func TestTimeRequests(t *testing.T) {
	var mu sync.Mutex
	asked := map[string]int{}
	var pause time.Duration
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked[r.URL.Path]++
		mu.Unlock()
		if r.URL.Path == "/bad" {
			http.Error(rw, "no such thing", http.StatusNotFound)
		}
		time.Sleep(pause)
	}))
	defer s.Close()
	run := func(n, clients int, b Budget, path string) ([]time.Duration, error) {
		clear(asked)
		return timeRequests(context.Background(), newClient(), n, func(i int) (*http.Request, error) {
			return http.NewRequest(http.MethodGet, s.URL+path+strings.Repeat("x", i), nil)
		}, clients, b)
	}
	if took, err := run(50, 4, Budget{Time: time.Minute}, "/"); err != nil || len(took) != 50 || len(asked) != 50 {
		t.Errorf("all: %d answers to %d requests, %v", len(took), len(asked), err)
	}
	pause = 20 * time.Millisecond
	if took, err := run(1000, 2, Budget{Least: 6}, "/"); err != nil || len(took) != 6 || took[0] < pause {
		t.Errorf("no time: %v, %v", took, err)
	}
	if took, err := run(1000, 2, Budget{Time: 100 * time.Millisecond}, "/"); err != nil || len(took) < 2 || len(took) > 12 {
		t.Errorf("a tenth of a second: %d answers, %v", len(took), err)
	}
	if _, err := run(10, 2, Budget{Time: time.Minute}, "/bad"); err == nil || !strings.Contains(err.Error(), "no such thing") {
		t.Errorf("a refusal: %v", err)
	}
}

func TestReadMatrix(t *testing.T) {
	list, err := readMatrix([]byte(`{"data":{"result":[{"metric":{"a":"b"},"values":[[60,"1.5"],[120,"2"]]},{"metric":{},"values":[]}]}}`))
	if err != nil || len(list) != 2 || list[0].Labels["a"] != "b" || list[0].Times[1] != 120 || list[0].Values[0] != 1.5 {
		t.Errorf("%+v, %v", list, err)
	}
	for _, bad := range []string{``, `[]`, `{"data":{"result":[{"values":[["x","1"]]}]}}`, `{"data":{"result":[{"values":[[1,"x"]]}]}}`} {
		if list, err := readMatrix([]byte(bad)); err == nil {
			t.Errorf("%s gave %v", bad, list)
		}
	}
}

func TestFileBytes(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a/1", "a/b/2", "c/3"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, make([]byte, 100), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := FileBytes(filepath.Join(dir, "a")); err != nil || n != 200 {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := FileBytes(filepath.Join(dir, "a"), filepath.Join(dir, "c", "3")); err != nil || n != 300 {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := FileBytes(filepath.Join(dir, "none")); err == nil {
		t.Error("a folder that is not there has a size")
	}
}

func TestMissing(t *testing.T) {
	if _, err := StartVictoria(context.Background(), filepath.Join(t.TempDir(), "none"), t.TempDir()); !errors.Is(err, ErrMissing) {
		t.Errorf("%v", err)
	}
	t.Chdir(t.TempDir()) // away from .tools
	t.Setenv("PATH", "")
	if _, err := StartDuckDB(context.Background(), t.TempDir()); !errors.Is(err, ErrMissing) {
		t.Errorf("%v", err)
	}
}

func TestProcess(t *testing.T) {
	p, err := start(exec.Command("sh", "-c", "echo out; echo problem >&2; exit 3"))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.waitHTTP(context.Background(), "http://127.0.0.1:1/", time.Minute); err == nil || !strings.Contains(err.Error(), "problem") {
		t.Errorf("a program that ends: %v", err)
	}
	p.Close()
}

// TestDuckDBErrors: a statement that fails leaves the process usable, and one that does not end can be ended.
func TestDuckDBErrors(t *testing.T) {
	s, err := StartDuckDB(context.Background(), t.TempDir())
	if errors.Is(err, ErrMissing) && os.Getenv("AEGIS_REQUIRE_REAL") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d := s.(*duckdb)
	if _, err := d.Execute(context.Background(), "SELECT nothing"); err == nil || !strings.Contains(err.Error(), "nothing") {
		t.Errorf("%v", err)
	}
	if _, err := d.Time(context.Background(), []tsbs.Query{workload(t, 1).Query(tsbs.Kinds[0], 0)}, 2, Budget{Least: 1}); err == nil || !strings.Contains(err.Error(), "cpu") {
		t.Errorf("a table that is not there: %v", err)
	}
	if rows, err := d.Execute(context.Background(), "SELECT 41 + 1, 'x'"); err != nil || len(rows) != 1 || rows[0][1] != "x" {
		t.Errorf("%v, %v", rows, err)
	}
	// What else is printed does not get between the answers.
	if _, err := d.Execute(context.Background(), "COPY (SELECT 'between') TO '/dev/stdout'"); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if _, err := d.Execute(ctx, "SELECT sum(a.range) FROM range(1000000) a, range(1000000) b"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}
