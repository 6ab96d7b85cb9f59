package aegis

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query"
)

// longStatements make texts of gigabytes altogether and give one row; full says that they cannot be answered in the memory they have.
var longStatements = []struct {
	text, want string
	full       bool
}{
	{"SELECT count(*), sum(n)::bigint FROM (SELECT repeat('ab', 200000 + i::integer % 5), count(*) AS n FROM generate_series(1, 2000) AS i GROUP BY 1) AS x", "5|2000", false},
	{"SELECT count(DISTINCT repeat('ab', 2000000 + i::integer % 5)) FROM generate_series(1, 150) AS i", "5", false},
	{"SELECT sum(length(lpad(i::text, 1000000) || rpad(i::text, 100000))) FROM generate_series(1, 300) AS i", "330000000", false},
	{"SELECT sum(length(concat(i, format('%s', repeat('ab', 200000))))) FROM generate_series(1, 1000) AS i", "400002893", false},
	{"SELECT sum(cardinality(array_fill(i, ARRAY[100000]))) FROM generate_series(1, 1000) AS i", "100000000", false},
	{"SELECT sum(length(replace(repeat('ab', 20000 + i::integer % 2), 'a', 'xyz'))) FROM generate_series(1, 1000) AS i", "80002000", false},
	// Pairs have copies of the values of their rows, and what conditions make of them.
	{"SELECT sum(length(t || i)) FROM (SELECT j, repeat('ab', 200000) || j AS t FROM generate_series(10, 19) AS j) AS x JOIN generate_series(1, 2000) AS i ON i % 10 + 10 = x.j", "800010893", false},
	{"SELECT sum(length(t || i)) FROM (SELECT j % 5 AS j, repeat('ab', 200000) || j AS t FROM generate_series(10, 19) AS j) AS x JOIN generate_series(1, 1000) AS i ON i % 5 = x.j", "800009786", false},
	{"SELECT sum(length(t || i)) FROM (SELECT j % 5 AS j, repeat('ab', 200000) || j AS t FROM generate_series(10, 19) AS j) AS x LEFT JOIN generate_series(1, 1000) AS i ON i % 5 = x.j", "800009786", false},
	{"SELECT count(*) FROM generate_series(1, 60) AS i JOIN generate_series(1, 60) AS j ON length(repeat('ab', 200000) || i) <= length(repeat('ab', 200000) || j)", "3141", false},
	{"SELECT count(*), count(j) FROM generate_series(1, 60) AS i LEFT JOIN generate_series(1, 60) AS j ON repeat('ab', 200000 + i::integer) < repeat('ab', 200000 + j::integer)", "1771|1770", false},
	{"SELECT sum(length(t || 'x')) FROM generate_series(1, 10) AS i RIGHT JOIN (SELECT j, repeat('ab', 20000) || j AS t FROM generate_series(1000, 1999) AS j) AS x ON i = x.j", "40005000", false},
	// Groups keep a text each: 400 MB of 1,000 groups.
	{"SELECT count(*), sum(length(m)) FROM (SELECT max(repeat('ab', 200000 + i::integer)) AS m FROM generate_series(1, 2000) AS i GROUP BY i % 1000) AS x", "1000|403001000", false},
	{"SELECT count(*), sum(length(m)) FROM (SELECT min(repeat('ab', 200000 + i::integer)) AS m FROM generate_series(1, 2000) AS i GROUP BY i % 1000) AS x", "1000|401001000", false},
	// Aggregates keep a text for each row, also where the batch has it once.
	{"SELECT length(string_agg(repeat('ab', 20000), ',')) FROM generate_series(1, 100000) AS i", "", true},
	{"SELECT cardinality(array_agg(repeat('ab', 200000))) FROM generate_series(1, 100000) AS i", "", true},
	{"SELECT sum(length(x)) FROM (SELECT string_agg(repeat('ab', 20000), ',') FILTER (WHERE i > 7) AS x FROM generate_series(1, 100000) AS i GROUP BY i % 3) AS y", "", true},
	{"SELECT jsonb_array_length(jsonb_agg(repeat('ab', 200000))) FROM generate_series(1, 100000) AS i", "", true},
}

// longMost is what the process may have got of the system for its heap when it is through: the budget of the statements is an eighth of it. The rest is
// garbage, what is between two looks at the budget, and the largest values, which are several times in memory while they are made.
const longMost = 512 << 20

// TestLongMemory runs statements over long texts in a process of its own, with the memory that a statement may hold bounded, and sees what it took.
func TestLongMemory(t *testing.T) {
	if slowdown > 1 {
		t.Skip("the race detector has memory of its own")
	}
	if os.Getenv("AEGIS_LONG_MEMORY") == "" {
		for _, held := range []string{"all", "little"} {
			if testing.Short() && held == "little" {
				break
			}
			cmd := exec.Command(os.Args[0], "-test.run=^TestLongMemory$", "-test.v")
			cmd.Env = append(os.Environ(), "AEGIS_LONG_MEMORY="+held)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", held, err, out)
			} else {
				t.Logf("%s", out)
			}
		}
		return
	}
	db := bigOnDisk(t, Options{MemoryBytes: 512 << 20, QueryBytes: 64 << 20}, 1000)
	for _, q := range longStatements {
		s := db.NewSession("")
		if os.Getenv("AEGIS_LONG_MEMORY") == "little" {
			s.Tuning = query.Tuning{HeldBytes: 100_000}
		}
		rows, err := read(context.Background(), s, q.text)
		var e *column.Error
		switch {
		case q.full && (!errors.As(err, &e) || e.SQLState != "53200"):
			t.Errorf("%s: %v, want no memory", q.text, err)
		case !q.full && err != nil:
			t.Errorf("%s: %v", q.text, err)
		case !q.full:
			if got := strings.ReplaceAll(strings.TrimSpace(rows[0].text()), " ", "|"); got != q.want {
				t.Errorf("%s: %q, want %q", q.text, got, q.want)
			}
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		t.Logf("%d MiB: %s", m.HeapSys>>20, q.text)
		if m.HeapSys > longMost {
			t.Fatalf("%d MiB of heap after %s", m.HeapSys>>20, q.text)
		}
	}
}
