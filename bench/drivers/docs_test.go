//go:build linux

package drivers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/bench/server"
)

// TestDocs runs the commands of docs/pgwire.md, one after the other, as somebody who reads it would: none may fail.
func TestDocs(t *testing.T) {
	need(t, "psql", found("psql"))
	root, err := server.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "pgwire.md"))
	if err != nil {
		t.Fatal(err)
	}
	host, port, url := serveBoth(t)
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	script := "set -euo pipefail\n"
	blocks := strings.Split(string(text), "```sh\n")[1:]
	for _, b := range blocks {
		commands, _, ok := strings.Cut(b, "```")
		if !ok {
			t.Fatalf("a block has no end: %s", b)
		}
		script += commands
	}
	if len(blocks) < 2 {
		t.Fatalf("%d blocks of commands", len(blocks))
	}
	script = strings.ReplaceAll(script, "http://127.0.0.1:9090", url)
	env := []string{"PATH=" + filepath.Dir(path) + ":" + os.Getenv("PATH"), "PGHOST=" + host, "PGPORT=" + port, "AEGIS_SERVER=" + url, "PGUSER=me"}
	out := run(t, t.TempDir(), env, "bash", "-c", script)
	for _, want := range []string{"/about |    7", "ts,page,ms", "bob   user", `"rows":[[1]]`, "DROP ROLE"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in what was printed:\n%s", want, out)
		}
	}
}
