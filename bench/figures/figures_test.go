package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseSeries(t *testing.T) {
	got, err := parseSeries(`a_total{x="1",path="/a b\\c,\"q\"\n"}`)
	if want := `[{__name__ a_total} {x 1} {path /a b\c,"q"` + "\n}]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("labels %v, %v", got, err)
	}
	for _, bad := range []string{`a{x}`, `a{x=1}`, `a{x="1`} {
		if got, err := parseSeries(bad); err == nil {
			t.Errorf("%s gave %v", bad, got)
		}
	}
}

func TestDecimals(t *testing.T) {
	for text, want := range map[string]int{"1": 0, "1.25": 2, "1.5e+09": 0, "2.5e-05": 6, "NaN": 0, "-0.001": 3} {
		if got := decimals(text); got != want {
			t.Errorf("%s has %d decimals, counted %d", text, want, got)
		}
	}
}

// TestReplayGoesOn: the captured scrapes come as they were; what follows has the increments of the original, each once per
// time through.
func TestReplayGoesOn(t *testing.T) {
	var scrapes []scrape
	for i, c := range []string{"1.1", "1.3", "1.8", "1.8"} {
		page, err := parsePage(fmt.Sprintf("# HELP c x\nc{a=\"b\"} %s\ng NaN\nlate%d 1\n", c, i))
		if err != nil {
			t.Fatal(err)
		}
		scrapes = append(scrapes, page)
	}
	r := newReplay(scrapes)
	if len(r.series) != 2 {
		t.Fatalf("%d series are in all scrapes, want 2", len(r.series))
	}
	var values []float64
	for i := range 10 {
		s := r.next(int64(i))
		if len(s[0].Labels) != 4 || s[0].Samples[0].T != int64(i) || !math.IsNaN(s[1].Samples[0].V) {
			t.Fatalf("scrape %d: %+v", i, s)
		}
		values = append(values, s[0].Samples[0].V)
	}
	if fmt.Sprint(values[:4]) != "[1.1 1.3 1.8 1.8]" || values[6] != 2.5 || values[9] != 3.2 {
		t.Errorf("values %v", values)
	}
}

func TestWalk(t *testing.T) {
	w := newWalk(3, 2)
	text := w.step(0)
	if strings.Count(text, "(") != 3 || strings.Count(text, ",") != 3*11+2 || !strings.Contains(text, "'2023-11-14 00:00:00Z'") {
		t.Errorf("statement %s", text)
	}
	for _, s := range w.sums {
		if s < 0 || s > 300 {
			t.Errorf("a sum of three values is %d", s)
		}
	}
}

func TestSegmentBytes(t *testing.T) {
	b := &bench{dir: t.TempDir()}
	for _, name := range []string{"d/LOCK", "d/wal/1.wal", "d/catalog/x", "d/1/2/a.parquet", "d/1/2/a.idx"} {
		path := filepath.Join(b.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, make([]byte, 100), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := b.segmentBytes("d"); err != nil || n != 200 {
		t.Errorf("%d bytes, %v; want 200", n, err)
	}
	if _, err := b.segmentBytes("d/wal"); err != nil {
		t.Error(err)
	}
	if _, err := b.segmentBytes("none"); err == nil {
		t.Error("a folder that is not there has a size")
	}
}

func TestReport(t *testing.T) {
	b := &bench{}
	b.atLeast("fast", 1_234_567, "x/s", 500_000, "")
	b.atMost("small", 0.61234, "B", 0.6, "why")
	b.atMost("free", 12, "ms", 0, "")
	text := newReport(b.out).markdown()
	for _, want := range []string{"| fast | 1,234,567 | x/s | ≥ 500,000 | met |", "| small | 0.612 | B | ≤ 0.6 | **missed**; why |", "| free | 12 | ms |  |  |"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestMedian(t *testing.T) {
	list := []float64{5, 1, 3}
	if median(list) != 3 || list[0] != 5 {
		t.Errorf("median of %v is %v", list, median(list))
	}
}
