package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/bench/measure"
)

// TestPage: the page shows what was measured, and what was not, and is made again from the reports alone.
func TestPage(t *testing.T) {
	root := t.TempDir()
	dir, gaps := filepath.Join(root, "results"), filepath.Join(root, "gaps")
	if err := errors.Join(os.Mkdir(dir, 0o755), os.Mkdir(gaps, 0o755), os.WriteFile(filepath.Join(gaps, "joins.md"), []byte("# Joins\n\n## Q17\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	behind := []string{"a: 1.5", "b: 0.5 (**behind**)"}
	for range most {
		behind = append(behind, "c: 1.9")
	}
	text, err := json.Marshal(map[string]any{
		"commit": "abc",
		"aims": []measure.Aim{
			{What: "loading", Aim: "≥ 2", Figure: "3.0", Met: true},
			{What: "every query", Aim: "≥ 2", Figure: "1 of 3", Behind: behind},
		},
		"systems": []map[string]string{{"name": "Aegis"}, {"name": "B", "missing": "B failed:\n too slow"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tsbs-400.json"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := writePage(dir); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| [tsbs-400](tsbs-400.md) | loading | ≥ 2 | 3.0 | met |\n", "| [tsbs-400](tsbs-400.md) | every query | ≥ 2 | 1 of 3 | **missed** |\n", "1 of 2 are met",
		"`make bench-full PART=tsbs-4000`", "  - b: 0.5 (**behind**)\n  - a: 1.5\n", "and 2 more in [tsbs-400.md]", "- [Joins](../gaps/joins.md)\n", "- tsbs-400: ", "commit abc", "\nNot in tsbs-400: B failed: too slow\n",
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "tpch.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := writePage(dir); err == nil || !strings.Contains(err.Error(), "tpch.json") {
		t.Errorf("a report that cannot be read: %v", err)
	}
	if err := errors.Join(os.Remove(filepath.Join(dir, "tpch.json")), os.WriteFile(filepath.Join(gaps, "joins.md"), []byte("Joins"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if err := writePage(dir); err == nil || !strings.Contains(err.Error(), "joins.md") {
		t.Errorf("a gap without a title: %v", err)
	}
}

// TestWanted: what was measured of the same sources is left out, unless it is asked for.
func TestWanted(t *testing.T) {
	s := settings{work: t.TempDir()}
	if err := os.WriteFile(s.done(parts[0]), []byte("abc"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		parts, commit string
		again         bool
		want          int
	}{
		{"", "abc", false, len(parts) - 1},
		{"", "abc", true, len(parts)},
		{"", "def", false, len(parts)},
		{parts[0].name + "," + parts[2].name, "abc", false, 2},
		{"nothing", "abc", false, 0},
	} {
		s.parts, s.again = c.parts, c.again
		list, err := s.wanted(c.commit)
		if len(list) != c.want || (err == nil) != (c.want > 0) {
			t.Errorf("%+v: %d parts, %v", c, len(list), err)
		}
	}
}

// TestMeasure: a part that fails says why, and the part's time bounds it.
func TestMeasure(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a command")
	}
	root := filepath.Join("..", "..")
	s := settings{work: t.TempDir(), out: t.TempDir()}
	p := part{name: "bad", program: "suites", budget: parts[0].budget, args: func(settings, string) []string { return []string{"-suite", "none"} }}
	if err := s.measure(t.Context(), root, p); err == nil || !strings.Contains(err.Error(), "neither clickbench nor tpch") {
		t.Errorf("%v", err)
	}
	p.budget = 1
	if err := s.measure(t.Context(), root, p); err == nil {
		t.Error("a part without time was measured")
	}
	if exists(s.done(p)) {
		t.Error("a part that failed counts as done")
	}
	p.args, p.budget = func(settings, string) []string { return []string{"-help"} }, parts[0].budget
	if err := s.measure(t.Context(), root, p); err != nil || !exists(s.done(p)) {
		t.Errorf("%v", err)
	}
}

// TestParts: the commands know what the parts tell them, at full and at small size.
func TestParts(t *testing.T) {
	if testing.Short() {
		t.Skip("builds commands")
	}
	s := settings{work: t.TempDir(), out: t.TempDir(), victoria: "v", prometheus: "p", questdb: "q"}
	for _, p := range parts {
		whole := p.args
		p.args = func(s settings, work string) []string { return append(append(whole(s, work), p.small...), "-help") }
		if err := s.measure(t.Context(), filepath.Join("..", ".."), p); err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
	}
}
