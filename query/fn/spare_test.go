package fn

import "testing"

// TestSpareSlots: slots that are used again are zero, whatever was in them, and nobody shares them.
func TestSpareSlots(t *testing.T) {
	var p spareSlots[sumCell]
	var live [][]sumCell
	for round := range 40 {
		var s []sumCell
		for n := 1; n < 40_000; n = n*3 + round {
			before := len(s)
			if s = p.grown(s, n); len(s) != n {
				t.Fatalf("%d slots, not %d", len(s), n)
			}
			for i := range s {
				want := sumCell{}
				if i < before {
					want = sumCell{int64(round + 1), 1}
				}
				if s[i] != want {
					t.Fatalf("slot %d of %d is %v, want %v", i, n, s[i], want)
				}
				s[i] = sumCell{int64(round + 1), 1}
			}
		}
		if live = append(live, s); len(live) > 3 {
			for _, c := range live[0] {
				if c.sum != int64(round-2) {
					t.Fatalf("slots of round %d have %d", round-3, c.sum)
				}
			}
			p.put(live[0])
			live = live[1:]
		}
	}
}
