package real

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Totals are the count and the sum of a metric's samples.
type Totals struct {
	Count int64
	Sum   float64
}

// totals adds up by metric, in the order of series and time.
func totals(samples []Sample) map[string]Totals {
	samples = slices.Clone(samples)
	slices.SortFunc(samples, order)
	out := map[string]Totals{}
	for _, s := range samples {
		t := out[s.Metric]
		t.Count++
		t.Sum += s.V
		out[s.Metric] = t
	}
	return out
}

func order(a, b Sample) int {
	return cmp.Or(cmp.Compare(a.Series, b.Series), cmp.Compare(a.T, b.T))
}

// sameSum allows for the order in which floats were added, and for nothing else: the error of a sum of n floats is below
// n·2⁻⁵³ of the sum of their sizes, and samples of one metric have one sign nearly always.
func sameSum(a, b float64) bool {
	if a == b || math.IsNaN(a) && math.IsNaN(b) {
		return true
	}
	return math.Abs(a-b) <= 1e-10*max(math.Abs(a), math.Abs(b))
}

// compareTotals says where two answers differ, metric by metric.
func compareTotals(want, got map[string]Totals) (problems []string) {
	for metric, w := range want {
		if g := got[metric]; g.Count != w.Count || !sameSum(g.Sum, w.Sum) {
			problems = append(problems, fmt.Sprintf("%s: count %d and sum %v, Prometheus has %d and %v", metric, g.Count, g.Sum, w.Count, w.Sum))
		}
	}
	for metric, g := range got {
		if _, known := want[metric]; !known {
			problems = append(problems, fmt.Sprintf("%s: %d samples, Prometheus has none", metric, g.Count))
		}
	}
	slices.Sort(problems)
	return problems
}

// compareSamples holds samples against samples, one by one.
func compareSamples(want, got []Sample) (problems []string) {
	want, got = slices.Clone(want), slices.Clone(got)
	slices.SortFunc(want, order)
	slices.SortFunc(got, order)
	for len(want) > 0 || len(got) > 0 {
		switch {
		case len(got) == 0 || len(want) > 0 && order(want[0], got[0]) < 0:
			problems = append(problems, fmt.Sprintf("missing: %s %v at %d", want[0].Series, want[0].V, want[0].T))
			want = want[1:]
		case len(want) == 0 || order(want[0], got[0]) > 0:
			problems = append(problems, fmt.Sprintf("too many: %s %v at %d", got[0].Series, got[0].V, got[0].T))
			got = got[1:]
		default:
			a, b := want[0].V, got[0].V
			if math.Float64bits(a) != math.Float64bits(b) && !(math.IsNaN(a) && math.IsNaN(b)) {
				problems = append(problems, fmt.Sprintf("%s at %d: value %v, Prometheus has %v", got[0].Series, got[0].T, b, a))
			}
			want, got = want[1:], got[1:]
		}
	}
	return problems
}
