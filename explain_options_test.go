package aegis

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query"
)

// TestExplainOptions: every option of PostgreSQL's acts or is refused.
func TestExplainOptions(t *testing.T) {
	db := manyRows(t, Options{MemoryBytes: 256 << 20, QueryBytes: 32 << 20}, 20_000)
	const q = " SELECT a.g, count(*) FROM big AS a JOIN big AS b ON a.k = b.k GROUP BY a.g ORDER BY 1"
	for _, c := range []struct{ options, has, hasNot string }{
		{"", "expected=", "rows="},
		{"(COSTS off)", "Join", "expected="},
		{"(ANALYZE)", "total=", "output:"},
		{"(ANALYZE)", "held=", "spilled="},
		{"(ANALYZE)", "parts=", ""},
		{"(ANALYZE, TIMING false)", "rows=", " ms total"},
		{"(ANALYZE, BUFFERS)", "from the cache", ""},
		{"(ANALYZE, BUFFERS off)", "rows=", "from the cache"},
		{"(ANALYZE, SUMMARY off)", "rows=", "Execution:"},
		{"(VERBOSE)", "output: g integer", ""},
		{"VERBOSE", "output: g integer", ""},
		{"(WAL off, SETTINGS 0)", "expected=", ""},
	} {
		got := run(t, db, "EXPLAIN "+c.options+q)
		if !strings.Contains(got, c.has) || c.hasNot != "" && strings.Contains(got, c.hasNot) {
			t.Errorf("%s: want %q and not %q in\n%s", c.options, c.has, c.hasNot, got)
		}
	}
	for options, state := range map[string]string{
		"(WAL)": "0A000", "(SETTINGS on)": "0A000", "(BUFFERS)": "0A000", "(TIMING)": "22023", "(FORMAT xml)": "0A000", "(FORMAT html)": "22023",
		"(COSTS maybe)": "42601", "(SPEED)": "42601",
	} {
		_, err := read(context.Background(), db.NewSession(""), "EXPLAIN "+options+q)
		var e *column.Error
		if !errors.As(err, &e) || e.SQLState != state || e.Position == 0 {
			t.Errorf("%s: %v, want %s with a position", options, err, state)
		}
	}
}

// TestExplainShowsSpilling: what an operator wrote is shown, in text and in JSON.
func TestExplainShowsSpilling(t *testing.T) {
	db := manyRows(t, Options{MemoryBytes: 256 << 20, QueryBytes: 32 << 20}, 20_000)
	for _, q := range []string{
		"SELECT k FROM big ORDER BY s", "SELECT k, count(*) FROM big GROUP BY k", "SELECT count(*) FROM big AS a JOIN big AS b ON a.k = b.k",
	} {
		s := db.NewSession("")
		s.Tuning = query.Tuning{HeldBytes: 50_000}
		rows, err := read(context.Background(), s, "EXPLAIN (ANALYZE, FORMAT json) "+q)
		if err != nil {
			t.Fatal(err)
		}
		type step struct {
			Operator string
			Actual   struct {
				Rows         int64
				PeakBytes    int64 `json:"peak_bytes"`
				SpilledBytes int64 `json:"spilled_bytes"`
			}
			Inputs []step
		}
		var plans []struct{ Plan step }
		if err := json.Unmarshal([]byte(rows[0][0].(string)), &plans); err != nil {
			t.Fatal(err)
		}
		found := false
		var look func(s step)
		look = func(s step) {
			found = found || s.Actual.SpilledBytes > 0 && s.Actual.PeakBytes > 0
			for _, in := range s.Inputs {
				look(in)
			}
		}
		look(plans[0].Plan)
		rows, err = read(context.Background(), s, "EXPLAIN ANALYZE "+q)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, r := range rows {
			text += r.text() + "\n"
		}
		if !found || !strings.Contains(text, "spilled=") {
			t.Errorf("%s: no bytes spilled in\n%s", q, text)
		}
	}
}
