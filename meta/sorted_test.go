package meta

import (
	"cmp"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

type item struct{ key, value int64 }

var byKey = order[item]{
	compare: func(a, b item) int { return cmp.Compare(a.key, b.key) },
	span:    func(v item) (lo, hi int64) { return v.value, v.value + 10 },
}

// TestSortedModel edits sets at random and compares each, also the old ones, with a map.
func TestSortedModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.SampledFrom([]int64{10, 300, 5000}).Draw(t, "width")
		var s sorted[item]
		model := map[int64]int64{}
		oldSet, oldModel := s, maps.Clone(model)
		for range rapid.IntRange(1, 12).Draw(t, "edits") {
			puts := drawItems(t, width)
			dels := drawItems(t, width)
			s = s.edit(&byKey, puts, dels)
			for _, d := range dels {
				delete(model, d.key)
			}
			for _, p := range puts {
				model[p.key] = p.value
			}
			slices.Reverse(puts) // the set must not share its caller's list
			sameAsModel(t, s, model)
			if rapid.Bool().Draw(t, "keep") {
				sameAsModel(t, oldSet, oldModel)
				oldSet, oldModel = s, maps.Clone(model)
			}
		}
		sameAsModel(t, oldSet, oldModel)
		probeModel(t, s, model, width)
	})
}

func drawItems(t *rapid.T, width int64) []item {
	n := rapid.SampledFrom([]int{0, 1, 3, 400}).Draw(t, "n")
	step := rapid.Int64Range(1, max(1, width/100)).Draw(t, "step")
	at := rapid.Int64Range(0, width).Draw(t, "from")
	var out []item
	for i := range n {
		out = append(out, item{at, at%17 + int64(i)})
		at += step
	}
	return out
}

func sameAsModel(t *rapid.T, s sorted[item], model map[int64]int64) {
	t.Helper()
	if s.n != len(model) {
		t.Fatalf("set has %d items, model %d", s.n, len(model))
	}
	i := 0
	keys := slices.Sorted(maps.Keys(model))
	for v := range s.all() {
		if v.key != keys[i] || v.value != model[v.key] {
			t.Fatalf("item %d is %v, want %d:%d", i, v, keys[i], model[keys[i]])
		}
		i++
	}
	for k := range s.chunks {
		if n := len(s.chunks[k].items); n == 0 || n > chunkMax {
			t.Fatalf("chunk %d has %d items", k, n)
		}
	}
}

func probeModel(t *rapid.T, s sorted[item], model map[int64]int64, width int64) {
	for range 20 {
		k := rapid.Int64Range(-1, width+1).Draw(t, "probe")
		v, ok := s.find(&byKey, item{key: k})
		if want, there := model[k]; ok != there || v.value != want {
			t.Fatalf("find %d: %v %v, want %d %v", k, v, ok, want, there)
		}
		var got, want []int64
		for v := range s.from(&byKey, item{key: k}) {
			got = append(got, v.key)
		}
		for key := range model {
			if key >= k {
				want = append(want, key)
			}
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("from %d: %v, want %v", k, got, want)
		}
		got, want = nil, nil
		for v := range s.overlapping(&byKey, k, k+5) {
			got = append(got, v.key)
		}
		for key, v := range model {
			if v+10 >= k && v <= k+5 {
				want = append(want, key)
			}
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("overlapping %d: %v, want %v", k, got, want)
		}
	}
}
