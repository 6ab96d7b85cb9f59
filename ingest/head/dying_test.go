package head

import (
	"maps"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// TestKnown: what the log says of rows leads back to them, also where the rows of one commit fill chunks.
func TestKnown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHead(0)
		table := samplesTable()
		keys := [][]byte{labelKey("up", "a", "1"), labelKey("up", "a", "2")}
		type row struct{ seq, number int64 }
		want := map[string][]row{}
		commits := rapid.IntRange(1, 6).Draw(t, "commits")
		for seq := 1; seq <= commits; seq++ {
			var rows []sample
			written := map[string]int64{}
			for _, k := range keys {
				for range rapid.SampledFrom([]int{0, 1, 3, 100, 239, 240, 241, 500}).Draw(t, "rows") {
					rows = append(rows, sample{key: k, t: int64(len(rows))})
					want[string(k)] = append(want[string(k)], row{int64(seq), written[string(k)]})
					written[string(k)]++
				}
			}
			if len(rows) > 0 {
				h.appendSamples(t, table, meta.Seq(seq), rows)
			}
			if rapid.IntRange(0, 3).Draw(t, "freeze") == 0 {
				h.Freeze(func(meta.TableID) bool { return false })
			}
		}
		all, err := h.Locate(table.ID, everything(t, h, table), 0)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string][]row{}
		slices.SortStableFunc(all, func(a, b Dying) int { return int(a.part.gen.number - b.part.gen.number) })
		for i := range all {
			d := &all[i]
			dict, ref := d.Dict()
			key := string(dict.Keys().Key(ref))
			seqs, numbers, err := d.Known()
			if err != nil {
				t.Fatal(err)
			}
			for k := range seqs {
				got[key] = append(got[key], row{seqs[k], numbers[k]})
			}
			found, missing, err := h.Find(table.ID, []byte(key), seqs, numbers)
			if err != nil || missing != 0 || len(found) != 1 || found[0].part != d.part || found[0].at != d.at || !found[0].rows.Equals(d.rows) {
				t.Fatalf("%d places, %d rows missing, %v", len(found), missing, err)
			}
		}
		if !maps.EqualFunc(got, want, slices.Equal[[]row]) {
			t.Fatalf("got %v\nwant %v", got, want)
		}
		if _, missing, err := h.Find(table.ID, keys[0], []int64{int64(commits) + 1}, []int64{0}); err != nil || missing != 1 {
			t.Fatalf("a commit that never was: %d missing, %v", missing, err)
		}
	})
}

// everything gives the addresses of all rows of a table.
func everything(t *rapid.T, h *Head, table *meta.Table) *scan.RowSet {
	set := &scan.RowSet{}
	for _, p := range h.Snapshot(1<<40).parts(table.ID, 0) {
		for at := range uint32(p.part.count) {
			rows, _ := place{p, at}.bounds()
			for i := range uint32(rows) {
				if !set.Add(-p.number, address(at, i)) {
					t.Fatal("an address is there twice")
				}
			}
		}
	}
	return set
}

// TestDeaths holds the set of dead rows at any seq to a map, and what was given away stays as it was.
func TestDeaths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := &deaths{}
		died := map[uint32]meta.Seq{}
		type given struct{ have, want *roaring.Bitmap }
		var kept []given
		at := func(upTo, after meta.Seq) *roaring.Bitmap {
			b := roaring.New()
			for row, seq := range died {
				if seq <= upTo && seq > after {
					b.Add(row)
				}
			}
			return b
		}
		same := func(what string, have, want *roaring.Bitmap) {
			if (have == nil) != want.IsEmpty() || have != nil && !have.Equals(want) {
				t.Fatalf("%s: %v, want %v", what, have, want)
			}
		}
		for seq := meta.Seq(1); seq <= 12; seq++ {
			rows := roaring.New()
			for _, row := range rapid.SliceOfN(rapid.Uint32Range(0, 60), 0, 8).Draw(t, "rows") {
				if _, dead := died[row]; !dead {
					rows.Add(row)
				}
			}
			if rows.IsEmpty() {
				continue
			}
			d.add(seq, rows)
			for it := rows.Iterator(); it.HasNext(); {
				died[it.Next()] = seq
			}
			s := meta.Seq(rapid.IntRange(0, 13).Draw(t, "at"))
			same("at", d.at(s), at(s, 0))
			same("after", d.after(s), at(1<<40, s))
			if b := d.at(s); b != nil {
				kept = append(kept, given{b, at(s, 0)})
			}
			if left := d.since(s); left != nil {
				same("since", left.at(1<<40), at(1<<40, s))
				same("since, earlier", left.at(seq-1), at(seq-1, s))
			} else {
				same("since", nil, at(1<<40, s))
			}
			if first := d.until(s); first != nil {
				same("until", first.at(1<<40), at(s, 0))
			} else {
				same("until", nil, at(s, 0))
			}
		}
		for _, g := range kept {
			same("what was given", g.have, g.want)
		}
	})
}
