package suite

import (
	"cmp"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/bench/server"
)

// Run is the suite as a test: Aegis beside DuckDB, and beside the other peers where they are installed. AEGIS_NAME_SCALE is another scale,
// AEGIS_NAME_KEEP=folder keeps what was generated and loaded for the next time, AEGIS_NAME_QUERY=name asks one query only.
func (s Suite) Run(t *testing.T) {
	variable := func(name string) string { return os.Getenv("AEGIS_" + strings.ToUpper(s.Name) + "_" + name) }
	s.needs(t)
	binary, err := server.Binary(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Scale: cmp.Or(variable("SCALE"), s.Scale), Systems: s.Systems[:1], Work: t.TempDir(), Binary: binary, Hot: 2, PerQuery: time.Minute, Limit: 5 * time.Minute,
		Only: variable("QUERY"), Progress: io.Discard,
	}
	if kept := variable("KEEP"); kept != "" {
		o.Work, o.Keep = filepath.Join(kept, "scale-"+o.Scale), true
	}
	r, err := s.Measure(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range r.Problems() {
		t.Error(problem)
	}
	if right := r.right(); right == nil || len(right.Answers) == 0 {
		t.Error("nothing was compared")
	}
	t.Log("\n" + r.Markdown())
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
