//go:build linux

package oracletest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// scripts runs every statement of testdata/*.sql on both sides. What differs must be on the list of differences.
func scripts(t *testing.T, s *sides) {
	files, err := filepath.Glob("testdata/*.sql")
	if err != nil || len(files) < 14 {
		t.Fatalf("%d scripts, %v", len(files), err)
	}
	known := readDifferences(t)
	total := 0
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".sql"), func(t *testing.T) {
			for _, text := range readScript(t, file) {
				total++
				s.check(t, text, known)
			}
		})
	}
	t.Logf("%d statements on %d variants", total, len(s.variants))
	for _, d := range known {
		if !d.used && !t.Failed() {
			t.Errorf("testdata/differences.txt: nothing differs any more at %s", d.statement)
		}
	}
}

// check runs one statement and reports what differs, once.
func (s *sides) check(t *testing.T, text string, known []*difference) {
	t.Helper()
	want := askPostgres(s.postgres, text)
	c := comparison{ordered: orderBy.MatchString(text), near: inexact.MatchString(text)}
	for _, v := range s.variants {
		why := c.differ(want, askAegis(v.session, text))
		if why == "" {
			continue
		}
		if d := find(known, text); d != nil {
			d.used = true
			return
		}
		t.Errorf("%s\n    %s (%s)", text, why, v.name)
		return
	}
}

var (
	orderBy = regexp.MustCompile(`(?is)\border\s+by\b`)
	inexact = regexp.MustCompile(`(?i)\b(sum|avg|stddev\w*|var\w*|exp|ln|log|log10|power|pow|sin|cos|tan|a?sinh?|a?cosh?|a?tanh?|atan2|cot|cbrt|degrees|radians|sqrt|a?sind|a?cosd|a?tand|cotd|atan2d|corr|covar\w*|regr\w*)\(|\^`)
)

// readScript splits a file at semicolons that end a line; lines that start with -- are remarks.
func readScript(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	var b strings.Builder
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\n")
		if b.Len() == 0 && (line == "" || strings.HasPrefix(line, "--")) {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		if rest, end := strings.CutSuffix(line, ";"); end {
			b.WriteString(rest)
			out = append(out, b.String())
			b.Reset()
			continue
		}
		b.WriteString(line)
	}
	if b.Len() > 0 {
		t.Fatalf("%s: the last statement has no semicolon: %s", file, b.String())
	}
	return out
}

// difference is a place where Aegis is meant to answer otherwise.
type difference struct {
	statement *regexp.Regexp
	used      bool
}

// readDifferences reads the list: a pattern of statements, a tab, the reason.
func readDifferences(t *testing.T) []*difference {
	return readDifferencesOf(t, "testdata/differences.txt")
}

func readDifferencesOf(t *testing.T, file string) []*difference {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []*difference
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		pattern, reason, ok := strings.Cut(line, "\t")
		if !ok || strings.TrimSpace(reason) == "" {
			t.Fatalf("%s: no reason: %s", file, line)
		}
		out = append(out, &difference{statement: regexp.MustCompile(`(?is)` + strings.TrimSpace(pattern))})
	}
	// A list that grows is a list of bugs.
	if len(out) > 40 {
		t.Errorf("%s has %d entries: mend some", file, len(out))
	}
	return out
}

func find(known []*difference, text string) *difference {
	for _, d := range known {
		if d.statement.MatchString(text) {
			return d
		}
	}
	return nil
}

// refusals: what is not built is refused with a SQLSTATE that says so, never answered wrongly or half.
func refusals(t *testing.T, s *sides) {
	for _, text := range readScript(t, "testdata/refused/refused.sql") {
		// In a transaction that is rolled back, as some of these would change what the others see.
		if !strings.HasPrefix(text, "BEGIN") {
			askPostgres(s.postgres, "BEGIN")
		}
		want := askPostgres(s.postgres, text)
		askPostgres(s.postgres, "ROLLBACK")
		if want.state != "" {
			t.Errorf("%s\n    PostgreSQL refuses it too: %s %s", text, want.state, want.message)
		}
		got := askAegis(s.variants[1].session, text)
		switch {
		case got.state == "":
			t.Errorf("%s\n    is answered: move it to a script", text)
		case got.state != "0A000" && got.state != "42883":
			t.Errorf("%s\n    is refused with %s %s", text, got.state, got.message)
		case got.position == 0:
			t.Errorf("%s\n    is refused without a place: %s", text, got.message)
		}
	}
}
