package aegis

import (
	"os"
	"strings"
	"testing"
)

// TestMetamorphicCorpus runs the queries of testdata/metamorphic.sql in every way, over rows in memory and in segments. The measure is as in
// TestMetamorphic.
func TestMetamorphicCorpus(t *testing.T) {
	stores, ways := storages(t), tunings()
	data, err := os.ReadFile("testdata/metamorphic.sql")
	if err != nil {
		t.Fatal(err)
	}
	queries := 0
	for number, line := range strings.Split(string(data), "\n") {
		text := strings.TrimSpace(line)
		if text == "" || strings.HasPrefix(text, "--") {
			continue
		}
		text, ordered := strings.CutPrefix(text, "ordered ")
		want, err := answer(stores["head"], ways["nothing"], text, ordered)
		if err != nil {
			t.Errorf("line %d: %v", number+1, err)
			continue
		}
		if want == "" {
			t.Errorf("line %d: no rows: the query tests nothing", number+1)
		}
		queries++
		for i, name := range sortedKeys(stores) {
			for k, way := range sortedKeys(ways) {
				// Each way over some of the stores: those that spill over all of them.
				if testing.Short() && (name != "some of each" || !strings.Contains(way, "spills")) {
					continue
				}
				if !strings.Contains(way, "spills") && (i+k+queries)%len(stores) != 0 || strings.HasSuffix(way, "of 1") && strings.Contains(text, "wide") {
					continue
				}
				got, err := answer(stores[name], ways[way], text, ordered)
				if err != nil || got != want {
					t.Errorf("line %d: %s, %s: %v\n%s", number+1, name, way, err, firstDifference(got, want))
				}
			}
		}
	}
	if queries < 10 {
		t.Errorf("only %d queries", queries)
	}
}
