package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/bench/peer"
)

// TestCut: parts are whole lines, and all of them.
func TestCut(t *testing.T) {
	var text bytes.Buffer
	for i := 0; text.Len() < 2*copyBytes+100; i++ {
		text.WriteString(strings.Repeat("x", i%5000) + "\n")
	}
	for _, want := range []string{text.String(), "", "a\nb", "a\n"} {
		parts := make(chan []byte, 10)
		if err := cut(context.Background(), strings.NewReader(want), parts); err != nil {
			t.Fatal(err)
		}
		close(parts)
		got := ""
		for part := range parts {
			if got != "" && !strings.HasSuffix(got, "\n") {
				t.Error("a part ends within a line")
			}
			got += string(part)
		}
		if got != want {
			t.Errorf("%d bytes of %d", len(got), len(want))
		}
	}
	if err := cut(context.Background(), strings.NewReader(strings.Repeat("x", copyBytes)), make(chan []byte, 1)); err == nil {
		t.Error("a line without end is cut")
	}
}

func TestKept(t *testing.T) {
	k := kept{filepath.Join(t.TempDir(), "x"), "so"}
	if k.read() != nil {
		t.Error("something is there")
	}
	m := &Measured{About: peer.About{Name: "X"}, Answers: []*Answer{{Rows: [][]any{{json.Number("12345678901234567890.5"), "a", nil}}, Hot: []float64{1, 2}}, {Problem: "none"}}}
	if err := k.write(m); err != nil {
		t.Fatal(err)
	}
	if m.Answers[0].Rows == nil {
		t.Error("writing took the rows away")
	}
	back := k.read()
	if back == nil || back.Name != "X" || len(back.Answers) != 2 || back.Answers[0].Rows[0][0] != json.Number("12345678901234567890.5") || back.Answers[0].Hot[1] != 2 || back.Answers[1].Problem != "none" {
		t.Errorf("%+v", back)
	}
	k.settings = "other"
	if k.read() != nil {
		t.Error("what was measured in another way counts")
	}
}

// fake is a database that answers what it is told to.
type fake struct {
	database
	rows  map[string][][]any
	asked int
	slow  time.Duration
}

func (f *fake) ask(ctx context.Context, sql string) ([][]any, time.Duration, error) {
	f.asked++
	select {
	case <-time.After(f.slow):
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
	rows, known := f.rows[sql]
	if !known {
		return nil, 0, errors.New("no such table")
	}
	return rows, time.Millisecond, nil
}

func (f *fake) restart(context.Context) error { return nil }
func (f *fake) exact() *big.Rat               { return tolerance }

// TestAsking: the first time does not count, a wrong answer and none are no figures, and what is slow is not asked again.
func TestAsking(t *testing.T) {
	o := Options{Hot: 3, PerQuery: time.Minute, Limit: time.Minute, Progress: io.Discard}
	f := &fake{rows: map[string][][]any{"a": {{"1"}}, "b": {{"2"}}}}
	right := &Measured{About: peer.About{Name: "R"}, Answers: []*Answer{{Rows: [][]any{{"1"}}}, {Rows: [][]any{{"3"}}}, {Rows: nil}}}
	m := &Measured{About: peer.About{Name: "X"}}
	if err := (Suite{}).askAll(context.Background(), o, f, m, []string{"A", "B", "C"}, []string{"a", "b", "c"}, right); err != nil {
		t.Fatal(err)
	}
	if a := m.Answers[0]; a.Problem != "" || len(a.Hot) != 3 || a.Hot[0] != 1 {
		t.Errorf("%+v", a)
	}
	for i, want := range []string{"another answer: row 1, column 1: 2, R has 3", "no such table"} {
		if a := m.Answers[i+1]; a.Problem != want {
			t.Errorf("%+v, expected %s", a, want)
		}
	}
	f.asked, f.slow, o.PerQuery = 0, 5*time.Millisecond, time.Millisecond
	if a := hot(context.Background(), o, f, "a"); len(a.Hot) != 1 || f.asked != 1 {
		t.Errorf("a slow query: %+v, asked %d times", a, f.asked)
	}
	f.slow, o.Limit = time.Minute, time.Millisecond
	if a := hot(context.Background(), o, f, "a"); a.Problem != "no answer within 1ms" {
		t.Errorf("%+v", a)
	}
}

func TestReport(t *testing.T) {
	system := func(name string, ms ...float64) *Measured {
		m := &Measured{About: peer.About{Name: name, Version: "1"}, Rows: 10, Seconds: 2, Stored: 3 << 20}
		for _, v := range ms {
			a := &Answer{Hot: []float64{v, 2 * v, v / 2}, Cold: []float64{10 * v}}
			if v == 0 {
				a = &Answer{Problem: "another answer: row 1"}
			}
			m.Answers = append(m.Answers, a)
		}
		return m
	}
	r := &Report{Suite: "tpch", Title: "TPC-H", Scale: "1", Queries: []string{"Q1", "Q2"}, Tables: []Table{{Name: "t", Order: []string{"a", "b"}, Indexes: []string{"a"}}}, Systems: []*Measured{
		system("Aegis", 10, 10), system("DuckDB", 20, 2), system("B", 0, 40), {Missing: "C: missing: get it"},
	}}
	r.Aims = r.aims()
	if len(r.Aims) != 1 || r.Aims[0].Met || r.Aims[0].Figure != "0.63 over 2 queries; the first step is met" || len(r.Aims[0].Behind) != 1 || r.Aims[0].Behind[0] != "Q2: 0.20" {
		t.Errorf("%+v", r.Aims)
	}
	text := r.Markdown()
	for _, want := range []string{
		"| query | Aegis | DuckDB | B | C (missing) | DuckDB ÷ Aegis | B ÷ Aegis | C (missing) ÷ Aegis |\n",
		"| Q1 | 10.0 (5.00–20.0) | 20.0 (10.0–40.0) | – | – | 2.0 | – | – |\n", "| **geometric mean** | | | | | **0.63** (2) | **4.0** (1) | **–** (0) |\n",
		"| Q2 | 100 (100–100) | 20.0 (20.0–20.0) | 400 (400–400) | – | 0.20 | 4.0 | – |\n", "- B, Q1: another answer: row 1\n", "- C: missing: get it\n", "- t: sorted by (a, b); indexes of (a)\n",
		"| Aegis | 10 | 2.00 | 5 | 3 |\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	r.Systems[0].Answers[1].Problem = "wrong"
	if list := r.Problems(); len(list) != 1 || list[0] != "Q2: wrong" {
		t.Errorf("%v", list)
	}
}
