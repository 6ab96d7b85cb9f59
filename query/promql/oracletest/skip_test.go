package oracletest

import (
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
)

// missing are the series of a script that have native histograms.
type missing []labels.Labels

// withoutHistograms drops the queries of a script that select a series with native histograms, which are not stored yet. Everything
// else stays as it is.
func withoutHistograms(t *testing.T, script string) (text string, kept, skipped int) {
	t.Helper()
	var out []string
	var lost missing
	for _, block := range blocks(script) {
		words := strings.Fields(block[0])
		switch words[0] {
		case "clear":
			lost = nil
		case "load", "load_with_nhcb":
			lost.load(block, words[0] == "load_with_nhcb")
		case "eval":
			if lost.seen(expression(block[0])) {
				skipped++
				continue
			}
			kept++
		}
		out = append(out, block...)
		out = append(out, "")
	}
	return strings.Join(out, "\n"), kept, skipped
}

// blocks splits a script into statements: a line and the indented ones after it. An empty line ends a statement, too.
func blocks(script string) (out [][]string) {
	ended := true
	for _, line := range strings.Split(script, "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "":
			ended = true
		case strings.HasPrefix(trimmed, "#"):
		case ended || line == strings.TrimLeft(line, " \t"):
			out = append(out, []string{trimmed})
			ended = false
		default:
			out[len(out)-1] = append(out[len(out)-1], line)
		}
	}
	return out
}

// expression is the query of an eval line: eval instant at 5m QUERY, eval range from 0 to 5m step 1m QUERY.
func expression(line string) string {
	words := strings.Fields(line)
	skip := 4
	if words[1] == "range" {
		skip = 8
	}
	for range skip {
		line = strings.TrimLeft(line, " \t")
		_, line, _ = strings.Cut(line, " ")
	}
	return line
}

// load notes which series of a statement have histograms. The storage itself leaves those out.
func (m *missing) load(block []string, classic bool) {
	p := parser.NewParser(promqltest.TestParserOpts)
	for _, line := range block[1:] {
		set, values, err := p.ParseSeriesDesc(strings.TrimSpace(line))
		if err != nil {
			continue // no series, or the script's own runner says what is wrong with it
		}
		if slices.ContainsFunc(values, func(v parser.SequenceValue) bool { return v.Histogram != nil }) {
			*m = append(*m, set)
		}
		if base, ok := strings.CutSuffix(set.Get(labels.MetricName), "_bucket"); classic && ok {
			// load_with_nhcb makes a native histogram of the classic one.
			*m = append(*m, labels.NewBuilder(set).Set(labels.MetricName, base).Del(labels.BucketLabel).Labels())
		}
	}
}

// seen reports whether a query selects one of the series.
func (m missing) seen(text string) bool {
	expr, err := parser.NewParser(promqltest.TestParserOpts).ParseExpr(text)
	if err != nil {
		return false // the statement expects it to fail
	}
	for _, selector := range parser.ExtractSelectors(expr) {
		if slices.ContainsFunc(m, labels.Selector(selector).Matches) {
			return true
		}
	}
	return false
}
