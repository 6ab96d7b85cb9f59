package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/bench/load"
)

// scrape is one page of an exporter: series as written → value as written.
type scrape map[string]string

func parsePage(page string) (scrape, error) {
	out := scrape{}
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		at := strings.LastIndexByte(line, ' ')
		if line == "" || line[0] == '#' {
			continue
		}
		if at < 0 {
			return nil, fmt.Errorf("line %q of the exporter's page", line)
		}
		out[line[:at]] = line[at+1:]
	}
	return out, nil
}

// parseSeries reads name{label="value",…}.
func parseSeries(text string) ([]load.Label, error) {
	name, rest, _ := strings.Cut(text, "{")
	labels := []load.Label{{Name: "__name__", Value: name}}
	for rest != "" && rest != "}" {
		label, after, found := strings.Cut(rest, "=")
		quoted, err := strconv.QuotedPrefix(after)
		if !found || err != nil {
			return nil, fmt.Errorf("series %q: label %q", text, label)
		}
		value, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, fmt.Errorf("series %q: label %q: %w", text, label, err)
		}
		labels = append(labels, load.Label{Name: label, Value: value})
		rest = strings.TrimPrefix(after[len(quoted):], ",")
	}
	return labels, nil
}

// replay makes as many scrapes as wanted from the captured ones. They come first as they were. Then each series goes on from where
// it is by its own increments in a shuffled order, shuffled anew each time through, so that no two stretches are alike and
// nothing is easier to compress than the original. Sums are rounded to the decimals that the exporter printed.
type replay struct {
	series []*replayed
	rand   *rand.Rand
	at     int // scrapes made
}

type replayed struct {
	labels   []load.Label
	values   []float64 // captured
	last     float64
	order    []int // of increments
	decimals int   // −1: leave as it is
}

// target are the labels that Prometheus adds when it scrapes.
var target = []load.Label{{Name: "instance", Value: "10.0.3.17:9100"}, {Name: "job", Value: "node-exporter"}}

// newReplay keeps the series that are in all scrapes.
func newReplay(scrapes []scrape) *replay {
	r := &replay{rand: rand.New(rand.NewPCG(4, 1))}
	names := make([]string, 0, len(scrapes[0]))
	for name := range scrapes[0] {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if one := newReplayed(name, scrapes); one != nil {
			r.series = append(r.series, one)
		}
	}
	return r
}

func newReplayed(name string, scrapes []scrape) *replayed {
	labels, err := parseSeries(name)
	if err != nil {
		return nil
	}
	s := &replayed{labels: append(labels, target...)}
	slices.SortFunc(s.labels, func(a, b load.Label) int { return strings.Compare(a.Name, b.Name) })
	for _, page := range scrapes {
		text, there := page[name]
		v, err := strconv.ParseFloat(text, 64)
		if !there || err != nil {
			return nil
		}
		s.values = append(s.values, v)
		s.decimals = max(s.decimals, decimals(text))
	}
	for i := 1; i < len(s.values); i++ {
		s.order = append(s.order, i)
	}
	return s
}

// decimals is how many decimals a number was written with, its exponent taken into account.
func decimals(text string) int {
	mantissa, exponent, _ := strings.Cut(text, "e")
	_, fraction, _ := strings.Cut(mantissa, ".")
	e, _ := strconv.Atoi(exponent)
	return max(len(fraction)-e, 0)
}

// next is the next scrape, at a time in milliseconds since 1970.
func (r *replay) next(at int64) []load.Series {
	out := make([]load.Series, len(r.series))
	for i, s := range r.series {
		out[i] = load.Series{Labels: s.labels, Samples: []load.Sample{{T: at, V: s.value(r.at, r.rand)}}}
	}
	r.at++
	return out
}

func (s *replayed) value(at int, r *rand.Rand) float64 {
	if at < len(s.values) {
		s.last = s.values[at]
		return s.last
	}
	if len(s.order) == 0 {
		return s.last
	}
	step := (at - len(s.values)) % len(s.order)
	if step == 0 {
		r.Shuffle(len(s.order), func(i, j int) { s.order[i], s.order[j] = s.order[j], s.order[i] })
	}
	k := s.order[step]
	increment := s.values[k] - s.values[k-1]
	if increment != 0 && !math.IsNaN(increment) && !math.IsInf(increment, 0) {
		s.last = round(s.last+increment, s.decimals)
	}
	return s.last
}

// round keeps so many decimals; beyond 15 significant ones there is nothing to round.
func round(v float64, decimals int) float64 {
	text := strconv.FormatFloat(v, 'f', min(decimals, 18), 64)
	out, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return v
	}
	return out
}
