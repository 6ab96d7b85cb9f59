package column

import (
	"math/rand/v2"
	"testing"
)

// TestNextClear: what it finds by words is what one finds bit by bit.
func TestNextClear(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 5))
	for range 500 {
		n := 1 + r.IntN(300)
		b := NewBitmap(n, true)
		for range r.IntN(5) {
			b.Clear(r.IntN(n))
		}
		from := r.IntN(n + 1)
		to := from + r.IntN(n-from+1)
		want := from
		for want < to && b.Get(want) {
			want++
		}
		if got := b.NextClear(from, to); got != want {
			t.Fatalf("bits [%d, %d) of %x: %d, not %d", from, to, b, got, want)
		}
		if got := Bitmap(nil).NextClear(from, to); got != to {
			t.Fatalf("of none [%d, %d): %d", from, to, got)
		}
	}
}
