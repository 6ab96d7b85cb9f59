package head

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// TestEndsOfSeries: rows at the ends of a series that a request needs, those of equal time included, are all given, whatever seqs and times
// exclude.
func TestEndsOfSeries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := samplesTable()
		if rapid.Bool().Draw(t, "keyless") {
			table.Columns.Key = nil
		}
		h := newHead(0)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		seq, now := meta.Seq(0), int64(0)
		for range rapid.IntRange(1, 8).Draw(t, "commits") {
			seq++
			var list []sample
			for range rapid.SampledFrom([]int{700, 300, 1, 5}).Draw(t, "rows") { // chunks close at 240
				now += int64(rng.IntN(4))
				list = append(list, sample{key: labelKey("up", "a", fmt.Sprint(now%2)), t: now, v: float64(seq)})
			}
			if rapid.IntRange(0, 4).Draw(t, "late") == 0 {
				list = append(list, sample{key: labelKey("up", "a", "0"), t: now / 2, v: -1})
			}
			h.appendSamples(t, table, seq, list)
		}
		s := h.Snapshot(seq)
		req := &scan.Request{Columns: []column.ID{table.Columns.Fields[1].ID, table.Columns.Fields[2].ID, table.Columns.Fields[3].ID}, Time: scan.AllTime}
		if rapid.Bool().Draw(t, "timed") {
			req.Time = scan.TimeRange{Min: rapid.Int64Range(0, now).Draw(t, "from"), Max: rapid.Int64Range(0, now).Draw(t, "to")}
		}
		after := meta.Seq(rapid.Uint64Range(0, uint64(seq)).Draw(t, "after"))
		all := rows(t, s, table, req, after)
		req.Ends = scan.Ends{First: rapid.Int64Range(0, 3).Draw(t, "first"), Last: rapid.Int64Range(0, 3).Draw(t, "last")}
		got := rows(t, s, table, req, after)
		if !subsequence(got, all) || !subsequence(needed(all, req.Ends), got) {
			t.Fatalf("%+v: %v of %v", req.Ends, got, all)
		}
	})
}

// TestEndsSpareChunks: of a long series in order only the chunks at its ends are decoded.
func TestEndsSpareChunks(t *testing.T) {
	table, h := samplesTable(), newHead(0)
	for seq := meta.Seq(1); seq <= 2000; seq++ {
		h.appendSamples(t, table, seq, []sample{{key: labelKey("up", "a", "0"), t: int64(seq), v: 1}})
	}
	req := &scan.Request{Columns: []column.ID{table.Columns.Fields[2].ID}, Time: scan.AllTime, Ends: scan.Ends{First: 1, Last: 1}}
	got := rows(t, h.Snapshot(2000), table, req, 0)
	if len(got) > 2*taggedChunk || strings.TrimSpace(got[0]) != "1" || strings.TrimSpace(got[len(got)-1]) != "2000" {
		t.Errorf("%d rows, from %s to %s", len(got), got[0], got[len(got)-1])
	}
}

// needed gives the lines of rows, which are ordered by series and time, that a request for ends needs.
func needed(all []string, ends scan.Ends) (out []string) {
	series := func(line string) string { return strings.Fields(line)[0] }
	at := func(line string) string { return strings.Fields(line)[1] }
	for len(all) > 0 {
		n := 1
		for n < len(all) && series(all[n]) == series(all[0]) {
			n++
		}
		times := map[string]bool{}
		for i := range min(n, int(ends.First)) {
			times[at(all[i])] = true
		}
		for i := range min(n, int(ends.Last)) {
			times[at(all[n-1-i])] = true
		}
		for _, line := range all[:n] {
			if times[at(line)] {
				out = append(out, line)
			}
		}
		all = all[n:]
	}
	return out
}

// subsequence reports that the lines of a stand in b, in their order.
func subsequence(a, b []string) bool {
	for _, line := range a {
		i := slices.Index(b, line)
		if i < 0 {
			return false
		}
		b = b[i+1:]
	}
	return true
}
