package real

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// TestCompareFindsFaults: the comparison of the real test must notice each of these.
func TestCompareFindsFaults(t *testing.T) {
	want := []Sample{
		{`a{x="1"}`, "a", 1000, 1.5},
		{`a{x="1"}`, "a", 2000, math.NaN()},
		{`a{x="2"}`, "a", 1000, -0.25},
		{`b{}`, "b", 1000, 1e300},
	}
	for _, c := range []struct {
		name    string
		spoil   func(s []Sample) []Sample
		samples string // part of what compareSamples must say; "" = nothing
		totals  string
	}{
		{"equal, in another order", func(s []Sample) []Sample { slices.Reverse(s); return s }, "", ""},
		{"dropped", func(s []Sample) []Sample { return s[:3] }, "missing: b{}", "b: count 0"},
		{"twice", func(s []Sample) []Sample { return append(s, s[3]) }, "too many: b{}", "b: count 2"},
		{"another value", func(s []Sample) []Sample { s[3].V = math.Nextafter(1e300, 0); return s }, "b{} at 1000: value", ""},
		{"quite another value", func(s []Sample) []Sample { s[3].V = 2e300; return s }, "b{} at 1000: value", "b: count 1 and sum 2e+300"},
		{"NaN lost", func(s []Sample) []Sample { s[1].V = 0; return s }, "value 0", "a: count 3 and sum 1.25"},
		{"another time", func(s []Sample) []Sample { s[0].T++; return s }, "missing: a{x=\"1\"} 1.5 at 1000", ""},
		{"another series", func(s []Sample) []Sample { s[2].Series = `a{x="3"}`; return s }, "too many: a{x=\"3\"}", ""},
		{"another metric", func(s []Sample) []Sample { s[3].Series, s[3].Metric = "c{}", "c"; return s }, "too many: c{}", "c: 1 samples, Prometheus has none"},
	} {
		got := c.spoil(slices.Clone(want))
		check := func(kind, text, part string) {
			if part == "" && text != "" || !strings.Contains(text, part) {
				t.Errorf("%s: %s say %q, want %q", c.name, kind, text, part)
			}
		}
		check("samples", strings.Join(compareSamples(want, got), "\n"), c.samples)
		check("totals", strings.Join(compareTotals(totals(want), totals(got)), "\n"), c.totals)
	}
}

func TestDecodeMatrix(t *testing.T) {
	text := `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up","b":"x","a":"\"y"},"values":[[1.001,"1"],[2,"NaN"],[2.001,"+Inf"],[3,"4"]]}]}}`
	got, err := decodeMatrix([]byte(text), Window{2000, 2001})
	if err != nil {
		t.Fatal(err)
	}
	name := `up{a="\"y",b="x"}`
	if problems := compareSamples([]Sample{{name, "up", 2000, math.NaN()}, {name, "up", 2001, math.Inf(1)}}, got); problems != nil {
		t.Error(problems)
	}
	for _, bad := range []string{`{"status":"error","error":"no"}`, `x`, strings.Replace(text, `"values"`, `"histograms":[1],"values"`, 1), strings.Replace(text, `"4"`, `"four"`, 1)} {
		if _, err := decodeMatrix([]byte(bad), Window{0, 9000}); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

func TestCompareMetadataFindsFaults(t *testing.T) {
	want := map[string][]Metadata{"a": {{"gauge", "", "A."}, {"gauge", "", "Also a."}}, "b": {{"counter", "s", ""}}}
	for text, got := range map[string]map[string]Metadata{
		"":                             {"a": {"gauge", "", "Also a."}, "b": {"counter", "s", ""}},
		"a: {\"counter\" \"\" \"A.\"}": {"a": {"counter", "", "A."}},
		"c: {\"gauge\" \"\" \"C.\"}":   {"c": {"gauge", "", "C."}},
	} {
		problems := strings.Join(compareMetadata(want, got), "\n")
		if !strings.HasPrefix(problems, text) || text == "" && problems != "" {
			t.Errorf("%q, want %q", problems, text)
		}
	}
}
