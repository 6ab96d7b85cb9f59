package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/bench/peer"
)

// TestSmallContest does all of it with the real programs and few rows.
func TestSmallContest(t *testing.T) {
	required := os.Getenv("AEGIS_REQUIRE_REAL") != ""
	if testing.Short() && !required {
		t.Skip("needs foreign programs")
	}
	dir := t.TempDir()
	t.Setenv("TMPDIR", "/tmp") // a folder that PostgreSQL's user can enter
	s := settings{rows: 4000, large: 2, rounds: 2, calls: 20, systems: "aegis,duckdb,postgresql", out: dir, hurried: true, largeForAll: true, text: io.Discard, progress: testLog{t}}
	if err := s.measure(t.Context()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "change.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil || len(r.Systems) != 3 {
		t.Fatal(err, len(r.Systems))
	}
	for _, system := range r.Systems {
		if system.Missing != "" {
			if required {
				t.Error(system.Missing)
			}
			continue
		}
		if len(system.Figures) < 50 || system.Version == "" {
			t.Errorf("%s %s: %d figures", system.Name, system.Version, len(system.Figures))
		}
		for _, f := range system.Figures {
			if r.Systems[0].figure(f) == nil {
				t.Errorf("Aegis has no figure %s: %s", f.Group, f.Name)
			}
			for _, v := range f.Rounds {
				if !(v > 0) && f.Unit != megabytes {
					t.Errorf("%s, %s: %s: %v", system.Name, f.Group, f.Name, f.Rounds)
				}
			}
		}
	}
	if left, _ := filepath.Glob("/tmp/aegis-change*/aegis"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

type testLog struct{ t *testing.T }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func TestRows(t *testing.T) {
	const rows = 200_000
	for _, o := range []order{ascending, random} {
		seen, share := map[int64]bool{}, 0
		for i := range rows {
			r := o.number(i)
			if seen[r.id] || r.id <= 0 {
				t.Fatalf("%s: row %d has the key %d", o, i, r.id)
			}
			seen[r.id] = true
			if r.grp == 7 {
				share++
			}
			if r.v*8 != math.Trunc(r.v*8) {
				t.Fatalf("%v is no multiple of an eighth", r.v)
			}
		}
		if share < rows/100*8/10 || share > rows/100*12/10 {
			t.Errorf("%d of %d rows are of one group", share, rows)
		}
	}
	c := contest{rows: rows}
	changed, next := map[int64]bool{}, map[int64]bool{}
	for i := range rows {
		changed[c.existing(random, i)] = true
		next[c.proposed(i).id] = true
	}
	if len(changed) != rows || len(next) != rows {
		t.Errorf("%d rows are changed, %d proposed, of %d", len(changed), len(next), rows)
	}
	if got := string(ascending.number(0).appendCSV(nil)); !strings.HasPrefix(got, "1,2025-01-01 00:00:00+00,") || strings.Count(got, ",") != 6 {
		t.Errorf("%q", got)
	}
}

func TestLiterals(t *testing.T) {
	got := literals([]any{int64(1), 2.5, "it's", start2025.Add(time.Second)})
	if got != "1, 2.5, 'it''s', '2025-01-01 00:00:01+00'::timestamptz" {
		t.Error(got)
	}
	if got := withArguments("a = $1 AND b = $2", []any{int64(1), "x"}); got != "a = 1 AND b = 'x'" {
		t.Error(got)
	}
}

func TestSameAnswers(t *testing.T) {
	a := &result{answers: []answer{{"one", "1"}, {"two", "2"}}}
	for _, c := range []struct {
		other []answer
		same  bool
	}{{nil, true}, {[]answer{{"two", "2"}}, true}, {[]answer{{"two", "3"}}, false}, {[]answer{{"three", "3"}}, false}} {
		if err := sameAnswers(a, &result{answers: c.other}); (err == nil) != c.same {
			t.Errorf("%v: %v", c.other, err)
		}
	}
}

func TestMissingSystemIsAResult(t *testing.T) {
	c := contest{progress: io.Discard}
	dir := filepath.Join(t.TempDir(), "x")
	r, err := c.run(t.Context(), func(context.Context, string) (system, error) {
		return nil, fmt.Errorf("X: %w: get it", peer.ErrMissing)
	}, dir)
	if err != nil || r.Missing != "X: missing: get it" {
		t.Errorf("%+v, %v", r, err)
	}
	broken := errors.New("broken")
	if _, err := c.run(t.Context(), func(context.Context, string) (system, error) { return nil, broken }, dir); !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestReport(t *testing.T) {
	figures := func(by float64) []*figure {
		return []*figure{
			{loadingGroup, "without a key, ascending", rowsASecond, []float64{2_000_000 / by}},
			{loadingGroup, "with a primary key, ascending", rowsASecond, []float64{800_000 / by}},
			{scanGroup, "sum of integers: none dead, scattered", milliseconds, []float64{9 * by, 10 * by, 11 * by}},
			{scanGroup, "sum of integers: 1 % dead, scattered", milliseconds, []float64{11.5 * by}},
		}
	}
	r := &report{Rows: 1000, Repeats: 3, Systems: []*result{
		{About: peer.About{Name: "Aegis", Version: "1"}, Figures: figures(1)},
		{About: peer.About{Name: "A", Version: "2"}, Figures: figures(2)[1:]},
		{About: peer.About{Name: "B", Version: "3"}, Figures: figures(0.95)},
		{Missing: "C: missing"},
	}}
	text := r.markdown()
	for _, want := range []string{
		"| figure | Aegis | A | B | (missing) | by A | by B | by (missing) |", "| without a key, ascending, rows/s | 2,000,000 | – | 2,105,263 | – | – | 0.95 | – |",
		"| sum of integers: none dead, scattered, ms | 10.0 (9.00–11.0) | 20.0 (18.0–22.0) | 9.50 (8.55–10.4) | – | 2.0 | 0.95 | – |",
		"- Loading with a key, ascending, by loading without: 0.40, aim 0.50: **missed**", "- sum of integers, 1 % dead, scattered, by none dead: 1.15, aim 1.20: met",
		"B is 1.1 times as good, within the spread of the rounds\n", "In 4 of 7 comparisons.", "- C: missing",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Setenv("AEGIS_BIN", "/bin/true")
	for systems, want := range map[string]int{"aegis": 1, "aegis,duckdb": 2, "aegis,duckdb,postgresql": 3, "duckdb": 0, "aegis,aegis": 0, "aegis,x": 0} {
		names, list, err := settings{systems: systems}.starts(t.TempDir())
		if len(list) != want || (err == nil) != (want > 0) || err == nil && len(names) != want {
			t.Errorf("%s: %d systems, %v", systems, len(list), err)
		}
	}
	if err := (settings{rows: 100, rounds: 3, calls: 100}).measure(t.Context()); err == nil {
		t.Error("more statements than rows are taken")
	}
}
