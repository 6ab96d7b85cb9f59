//go:build linux

package drivers

import (
	"os"
	"path/filepath"
	"testing"
)

// TestPsql runs psql's scripts of testdata and compares what it prints, errors included.
func TestPsql(t *testing.T) {
	need(t, "psql", found("psql"))
	host, port := serve(t)
	scripts, err := filepath.Glob("testdata/*.sql")
	if err != nil || len(scripts) == 0 {
		t.Fatal(scripts, err)
	}
	for _, script := range scripts {
		t.Run(filepath.Base(script), func(t *testing.T) {
			env := []string{"PGHOST=" + host, "PGPORT=" + port, "PGUSER=me", "PGDATABASE=default", "PSQLRC=/dev/null", "PAGER="}
			got := run(t, "testdata", env, "psql", "-f", filepath.Base(script))
			golden := script[:len(script)-len("sql")] + "out"
			if os.Getenv("AEGIS_UPDATE") == "1" {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("psql printed\n%s\nwant\n%s", got, want)
			}
		})
	}
}
