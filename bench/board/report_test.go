package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/bench/measure"
	"github.com/automatanexus/aegis-db/bench/peer"
	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// figures is a system all of whose queries take so many milliseconds, give or take a tenth.
func figures(name string, ms float64, missing ...string) *System {
	s := &System{About: peer.About{Name: name, Version: "1 <2>"}, LoadSeconds: 10, LoadCPU: ms, SettledCPU: 2 * ms, StoredBytes: 500_000, LoadedRSS: 64 << 20}
	for _, k := range tsbs.Kinds {
		if len(missing) > 0 && k.Name == missing[0] {
			continue
		}
		for _, clients := range []int{1, 8} {
			s.Cells = append(s.Cells, &Cell{Kind: k.Name, Clients: clients, Rounds: []measure.Timing{timing(1.1*ms, 4*ms), timing(ms, 3*ms), timing(0.9*ms, 2*ms)}})
		}
	}
	return s
}

func timing(p50, p99 float64) measure.Timing { return measure.Timing{Answers: 9, P50: p50, P99: p99} }

func TestCell(t *testing.T) {
	c := figures("x", 10).Cells[0]
	if c.String() != "10.0 (9.00–11.0) · 30.0" {
		t.Errorf("cell %s", c)
	}
}

func TestRatios(t *testing.T) {
	r := report{Systems: []*System{figures("Aegis", 10), figures("A", 25, "lastpoint"), figures("B", 10.5), {Missing: "C: missing"}}}
	for _, c := range r.ratios(8) {
		want := []float64{2.5, 1.05, math.NaN()}
		if c.Kind == "lastpoint" {
			want[0] = math.NaN()
		}
		for i := range want {
			if !(math.Abs(c.Times[i]-want[i]) < 1e-9) && !(math.IsNaN(want[i]) && math.IsNaN(c.Times[i])) {
				t.Errorf("%s: %v, want %v", c.Kind, c.Times, want)
			}
		}
		if math.Abs(c.Best-1.05) > 1e-9 || c.Sure {
			t.Errorf("%s: best %v, sure %v", c.Kind, c.Best, c.Sure)
		}
	}
	r.Systems = r.Systems[:1]
	if c := r.ratios(1)[0]; !math.IsNaN(c.Best) {
		t.Errorf("without peers: %+v", c)
	}
	if text := r.markdown(); !strings.Contains(text, "In 0 of 0 comparisons.") || strings.Contains(text, "≥ 2 met") {
		t.Errorf("without peers something was won:\n%s", text)
	}
	r.Systems = append(r.Systems, figures("A", 2))
	if c := r.ratios(1)[0]; !c.Sure || c.Best >= 1 {
		t.Errorf("a loss far outside the spread: %+v", c)
	}
}

func TestReport(t *testing.T) {
	dir := t.TempDir()
	inPromQL := figures("Aegis (PromQL)", 5, "lastpoint")
	inPromQL.Of, inPromQL.Asked = "Aegis", "so"
	r := report{
		name: "tsbs", Hosts: 4, Days: 1, Values: 1_000_000, Rounds: 3,
		Systems: []*System{figures("Aegis", 10), inPromQL, figures("VictoriaMetrics", 25, "lastpoint"), figures("B", 5), {Missing: "C: missing: get it"}, {About: peer.About{Name: "D"}, Missing: "D failed: it printed:\nno"}},
	}
	text := r.markdown()
	for _, want := range []string{
		"| figure | Aegis | VictoriaMetrics | B | C (missing) | D (failed) |\n",
		"| values / server CPU-second, until acknowledged | 100,000 | 40,000 | 200,000 | – | – |",
		"| bytes / value on disk | 0.500 | 0.500 | 0.500 | – | – |",
		"at most 0.37 bytes / value: **missed**. 2 times the values / CPU-second of VictoriaMetrics: met with 2.5.",
		"| query | Aegis | Aegis (PromQL) | VictoriaMetrics | B | C (missing) | D (failed) |\n",
		"| lastpoint | 10.0 (9.00–11.0) · 30.0 | – | – | 5.00 (4.50–5.50) · 15.0 | – | – |\n",
		"| lastpoint | – | 0.50 | – | – | **0.50** | B | ≥ 2 **missed** |\n",
		"| double-groupby-all | 2.5 | 0.50 | – | – | **0.50** | B | ≥ 5 **missed** |\n",
		"- double-groupby-1, clients 8: takes 2.0 times as long as B\n",
		"Aim: single-groupby-1-1-1 in at most 0.3 ms over HTTP: **missed**.",
		"| query | VictoriaMetrics |\n|---|---:|\n| single-groupby-1-1-1 | 5.0 (≥ 2 met) |\n",
		"In 30 of 30 comparisons.",
		"- **Aegis (PromQL).** Asked: so.\n",
		"- C: missing: get it\n",
		"- D failed: it printed: no\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if err := r.write(dir, text); err != nil {
		t.Fatal(err)
	}
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	var back report
	if err := json.Unmarshal(read("tsbs.json"), &back); err != nil || len(back.Systems) != 6 || back.Systems[2].Cells[3].Rounds[2].P50 != 22.5 {
		t.Errorf("JSON: %v, %+v", err, back)
	}
	d := xml.NewDecoder(strings.NewReader(string(read("tsbs.svg"))))
	bars := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the picture is no XML: %v", err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "rect" {
			bars++
		}
	}
	if want := 1 + 4 + 2*len(tsbs.Kinds) - 1; bars != want {
		t.Errorf("%d rectangles in the picture, want %d", bars, want)
	}
}

func TestBenchmarks(t *testing.T) {
	var b strings.Builder
	if err := writeBenchmarks(&b, figures("Aegis", 10)); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "BenchmarkScoreboard/lastpoint/clients=8 9 "); n != 3 || !strings.Contains(b.String(), "/clients=1 9 11000000 ns/op\n") {
		t.Errorf("%d rounds in\n%s", n, b.String())
	}
}
