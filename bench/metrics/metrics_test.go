package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/machine"
	"github.com/automatanexus/aegis-db/bench/measure"
	"github.com/automatanexus/aegis-db/bench/peer"
	"github.com/automatanexus/aegis-db/bench/server"
)

// smallSettings are a few seconds of it, with those systems that are on this machine.
func smallSettings(t *testing.T) settings {
	t.Helper()
	required := os.Getenv("AEGIS_REQUIRE_REAL") != ""
	if testing.Short() && !required {
		t.Skip("needs foreign programs")
	}
	root, err := server.Root()
	if err != nil {
		t.Fatal(err)
	}
	s := settings{systems: "aegis", victoria: "victoria-metrics", prometheus: filepath.Join(root, ".tools", "prometheus3"), work: t.TempDir(), out: t.TempDir()}
	if _, err := exec.LookPath(s.prometheus); err == nil {
		s.systems += ",prometheus"
	} else if required {
		t.Fatalf("%v: run make .tools/prometheus3", err)
	}
	if _, err := exec.LookPath(s.victoria); err == nil {
		s.systems += ",victoria"
	}
	s.loading = loading{fleet: fleet{Series: 530, PerTarget: 100, Interval: 30_000, Rounds: 12, ReplaceRounds: 3, Seed: 1}, connections: 2, perBody: 90, budget: time.Minute, progress: io.Discard}
	s.dashboards = dashboards{
		services: services{Series: 1000, Scrapes: 100, Interval: 60_000, Seed: 1}, windows: windows[:1], clients: []int{1}, rounds: 1, perCell: time.Millisecond, slowest: time.Second, progress: io.Discard,
	}
	return s
}

func TestSmallLoading(t *testing.T) {
	s := smallSettings(t)
	binary, err := server.Binary(s.work)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Split(s.systems, ",") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := s.loading.run(context.Background(), s.start(name, binary), 0)
			if err != nil {
				t.Fatal(err)
			}
			if got.Missing != "" || got.Samples != s.loading.fleet.samples() || got.Rounds != 12 || got.Stored < 1000 || got.PeakRSS < 1<<20 || got.Version == "" {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestSmallDashboards asks everything once, compares the answers, and finds what it has measured when it runs again.
func TestSmallDashboards(t *testing.T) {
	s := smallSettings(t)
	s.parts = "dashboards"
	if err := s.measure(context.Background()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(s.out, "metrics-dashboards.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range panels {
		if strings.Count(string(text), "| "+p.Name+" |") == 0 {
			t.Errorf("%s is not in the report", p.Name)
		}
	}
	s.victoria, s.prometheus = "/nowhere", "/nowhere"
	if err := s.measure(context.Background()); err != nil {
		t.Errorf("what was measured is not found again: %v", err)
	}
}

func TestMissingSystemIsAResult(t *testing.T) {
	missing := func(context.Context) (peer.Metrics, error) {
		return nil, fmt.Errorf("X: %w: get it there", peer.ErrMissing)
	}
	one, err := loading{}.run(context.Background(), missing, 0)
	if err != nil || one.Missing != "X: missing: get it there" {
		t.Errorf("%+v, %v", one, err)
	}
	other, err := dashboards{}.run(context.Background(), missing)
	if err != nil || other.Missing != "X: missing: get it there" {
		t.Errorf("%+v, %v", other, err)
	}
	if text := newLoadingReport(machine.Machine{}, loading{fleet: fleet{Series: 1, PerTarget: 1, Rounds: 1, ReplaceRounds: 1}}, []*loaded{one}).markdown(); !strings.Contains(text, "get it there") {
		t.Error(text)
	}
}

// TestFailingPeer: a peer that fails costs no other one its figures, and nobody misses that it did.
func TestFailingPeer(t *testing.T) {
	s := smallSettings(t)
	s.systems, s.victoria, s.loading.fleet.Rounds, s.loading.budget = "aegis,victoria", "/bin/false", 5, 1
	for _, part := range []string{"loading", "dashboards"} {
		s.parts = part
		if err := s.measure(t.Context()); err == nil || !strings.Contains(err.Error(), "/bin/false ended") {
			t.Errorf("%s: %v", part, err)
		}
		text, err := os.ReadFile(filepath.Join(s.out, "metrics-"+part+".md"))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"| Aegis | VictoriaMetrics (failed) |", "- VictoriaMetrics failed: VictoriaMetrics: /bin/false ended"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s: no %q in\n%s", part, want, text)
			}
		}
		if early := strings.Contains(string(text), "Aegis did not finish within 1ns: it had taken 1 of 5 scrapes"); early != (part == "loading") {
			t.Errorf("%s: %s", part, text)
		}
		if strings.Contains(string(text), "those of Prometheus.\n") {
			t.Errorf("answers were compared with nothing:\n%s", text)
		}
	}
}

// TestFleet: what is counted beforehand is what is sent.
func TestFleet(t *testing.T) {
	f := fleet{Series: 2030, PerTarget: 100, Interval: 1000, Rounds: 50, ReplaceRounds: 2, Seed: 3}
	seen, samples := map[string]bool{}, int64(0)
	var w load.BodyWriter
	for _, l := range f.lanes(3) {
		for round := range f.Rounds {
			err := l.round(round, 77, &w, func(b load.Body) error {
				samples += int64(b.Samples)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, labels := range l.labels {
				seen[string(labels)] = true
			}
		}
		if len(l.watch) < 3 {
			t.Errorf("%d things are watched", len(l.watch))
		}
	}
	if samples != f.samples() || len(seen) != f.distinct() || f.distinct() <= f.Series {
		t.Errorf("%d samples of %d series, not %d of %d", samples, len(seen), f.samples(), f.distinct())
	}
}

// TestServices: series are distinct, some are stale now and then, and counters begin anew.
func TestServices(t *testing.T) {
	s := services{Series: 250, Scrapes: 6000, Interval: 60_000, Seed: 1}
	seen, stales, resets := map[string]bool{}, 0, 0
	row := make([]float64, seriesPerInstance)
	for _, i := range s.instances() {
		for _, labels := range i.labels {
			seen[string(labels)] = true
		}
		last := math.Inf(-1)
		for range s.Scrapes {
			i.scrape(row)
			v := row[len(i.shapes)-1]
			if math.Float64bits(v) == math.Float64bits(stale) {
				stales++
				continue
			}
			if v < last {
				resets++
			}
			last = v
		}
	}
	if len(seen) != 250 || stales == 0 || resets == 0 {
		t.Errorf("%d series, %d stale markers, %d resets", len(seen), stales, resets)
	}
}

func TestDeviate(t *testing.T) {
	right := matrix{"a": {1: 1, 2: math.NaN(), 3: math.Inf(1)}, "b": {1: 2}}
	if d := deviate(right, matrix{"a": {1: 1 + 1e-12, 2: math.NaN(), 3: math.Inf(1)}, "b": {1: 2}}, false); !d.equal() || d.Points != 4 {
		t.Errorf("%+v", d)
	}
	d := deviate(right, matrix{"a": {1: 1.1, 2: 0, 4: 1}, "c": {1: 2}}, false)
	if d.Missing != 2 || d.TooMany != 2 || d.Unequal != 2 {
		t.Errorf("%+v", d)
	}
	if d := deviate(right, matrix{"a": right["a"], "c": {1: 2}}, true); !d.equal() {
		t.Errorf("a tie: %+v", d)
	}
	if d := deviate(right, matrix{"a": right["a"], "c": {1: 3}}, true); d.Missing != 1 || d.TooMany != 1 {
		t.Errorf("no tie: %+v", d)
	}
	all := dashboards{windows: windows[:1]}
	answers := map[string]matrix{}
	for n := range checks {
		for _, p := range panels {
			answers[answerKey(p, windows[0], n)] = right
		}
	}
	wrong := map[string]matrix{}
	if err := all.compare(&asked{Answers: answers}, &asked{About: peer.About{Name: "Aegis"}, Answers: wrong}); err == nil {
		t.Error("wrong answers are not noticed")
	}
	if err := all.compare(&asked{Answers: answers}, &asked{About: peer.About{Name: "Aegis"}, Answers: answers}); err != nil {
		t.Error(err)
	}
}

// TestAims: what is short of an aim is listed by how short it is, and it is said where a peer is ahead.
func TestAims(t *testing.T) {
	system := func(name string, ms ...float64) *asked {
		s := &asked{About: peer.About{Name: name}}
		for i, one := range ms {
			s.Cells = append(s.Cells, &cell{Panel: panels[i].Name, Window: windows[0].Name, Clients: 1, Rounds: []measure.Timing{{P50: one}}})
		}
		return s
	}
	d := dashboards{windows: windows[:1], clients: []int{1}}
	r := newDashboardsReport(machine.Machine{}, d, []*asked{system("Aegis", 10, 10, 10), system("VictoriaMetrics", 15, 30, 5)})
	want := []string{panels[2].Name + ", 1 h by 15 s, 1 clients: 0.50 (**behind**)", panels[0].Name + ", 1 h by 15 s, 1 clients: 1.5"}
	if len(r.Aims) != 1 || r.Aims[0].Met || !slices.Equal(r.Aims[0].Behind, want) || !strings.Contains(r.Aims[0].Figure, "1 of 3 meet the aim of 2; the least is 0.50") {
		t.Errorf("%+v", r.Aims)
	}
}
