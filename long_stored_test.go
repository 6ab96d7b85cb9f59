package aegis

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// longStored are statements over rows of a table that have 400 kB each, 600 MB altogether.
var longStored = []struct{ text, want string }{
	{"SELECT count(*), sum(length(t)) FROM long_rows", "1500|600004893"},
	{"SELECT count(*) FROM long_rows WHERE t LIKE '%aba%'", "1500"},
	{"SELECT length(max(t)), length(min(t)) FROM long_rows", "400001|400004"},
	{"SELECT count(*), sum(length(t)) FROM (SELECT t FROM long_rows GROUP BY t) AS x", "1500|600004893"},
	{"SELECT count(*) FROM (SELECT DISTINCT t FROM long_rows) AS x", "1500"},
	{"SELECT sum(length(t)), max(k) FROM (SELECT k, t FROM long_rows ORDER BY k DESC OFFSET 1) AS x", "599604889|1499"},
	{"SELECT k, length(t) FROM (SELECT k, t FROM long_rows ORDER BY t LIMIT 3 OFFSET 1) AS x ORDER BY k LIMIT 1", "1001|400004"},
	{"SELECT count(*), sum(length(b.t)) FROM long_rows AS a JOIN long_rows AS b ON a.k = b.k", "1500|600004893"},
	{"SELECT count(*) FROM long_rows AS a JOIN long_rows AS b ON a.t = b.t", "1500"},
	{"SELECT count(*) FROM (SELECT t FROM long_rows EXCEPT SELECT t || 'x' FROM long_rows) AS x", "1500"},
	{"SELECT sum(length(t)) FROM long_same", "600003000"},
	{"SELECT count(*), sum(n)::bigint FROM (SELECT t, count(*) AS n FROM long_same GROUP BY t) AS x", "5|1500"},
	{"SELECT sum(length(t)) FROM (SELECT t FROM long_same ORDER BY k OFFSET 1) AS x", "599602998"},
}

// longStoredMost is what the process may have got of the system for its heap when it is through: pages that are kept take 128 MiB of it.
const longStoredMost = 1 << 30

// TestLongStored is TestLongMemory of rows that are stored: another process has written them.
func TestLongStored(t *testing.T) {
	if slowdown > 1 {
		t.Skip("the race detector has memory of its own")
	}
	o := Options{MemoryBytes: 512 << 20, QueryBytes: 64 << 20, Workers: 2, CompactEvery: -1, Dir: os.Getenv("AEGIS_LONG_STORED")}
	ctx := context.Background()
	switch os.Getenv("AEGIS_LONG_STEP") {
	case "":
		if testing.Short() {
			t.Skip("takes some seconds")
		}
		dir := t.TempDir()
		for _, step := range []string{"write", "read"} {
			cmd := exec.Command(os.Args[0], "-test.run=^TestLongStored$", "-test.v")
			cmd.Env = append(os.Environ(), "AEGIS_LONG_STORED="+dir, "AEGIS_LONG_STEP="+step)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", step, err, out)
			} else {
				t.Logf("%s", out)
			}
		}
		return
	case "write":
		o.MemoryBytes, o.QueryBytes = 2<<30, 1<<30
	}
	db, err := Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(ctx); err != nil {
			t.Error(err)
		}
	}()
	if os.Getenv("AEGIS_LONG_STEP") == "write" {
		fillLong(t, db)
		return
	}
	for _, q := range longStored {
		rows, err := read(ctx, db.NewSession(""), q.text)
		if err != nil {
			t.Errorf("%s: %v", q.text, err)
			continue
		}
		if got := strings.ReplaceAll(strings.TrimSpace(rows[0].text()), " ", "|"); got != q.want {
			t.Errorf("%s: %q, want %q", q.text, got, q.want)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		t.Logf("%d MiB: %s", m.HeapSys>>20, q.text)
		if m.HeapSys > longStoredMost {
			t.Fatalf("%d MiB of heap after %s", m.HeapSys>>20, q.text)
		}
	}
}

// fillLong makes the tables: long_rows has as many texts as rows, long_same has five.
func fillLong(t *testing.T, db *DB) {
	run(t, db, "CREATE TABLE long_rows (k bigint, t text)")
	run(t, db, "CREATE TABLE long_same (k bigint, t text)")
	for lo := 0; lo < 1500; lo += 100 {
		series := fmt.Sprintf("generate_series(%d, %d) AS i", lo+1, lo+100)
		run(t, db, "INSERT INTO long_rows SELECT i, i || repeat('ab', 200000) FROM "+series)
		run(t, db, "INSERT INTO long_same SELECT i, 'c' || i % 5 || repeat('ab', 200000) FROM "+series)
		if err := db.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}
