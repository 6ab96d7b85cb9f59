package lanes

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestLanes: loops over vectors and over words answer what plain loops do, at every length and alignment.
func TestLanes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	check := func(v []byte) {
		t.Helper()
		sum := uint64(0)
		for _, x := range v {
			sum += uint64(x)
		}
		if Sum(v) != sum || sumWords(v) != sum {
			t.Fatalf("sum of %d bytes is %d by vectors and %d by words, not %d", len(v), Sum(v), sumWords(v), sum)
		}
		if len(v) == 0 {
			return
		}
		most, least := slices.Max(v), slices.Min(v)
		if Max(v) != most || Min(v) != least || maxEach(v) != most || minEach(v) != least {
			t.Fatalf("%d bytes from %d to %d: %d to %d by vectors, %d to %d one by one", len(v), least, most, Min(v), Max(v), minEach(v), maxEach(v))
		}
	}
	all := make([]byte, 5000)
	for i := range all {
		all[i] = byte(r.IntN(256))
	}
	for lo := range 17 {
		for n := range 300 {
			check(all[lo : lo+n])
		}
	}
	check(all)
	check(bytes.Repeat([]byte{255}, 1<<20+7))
	// The one that counts, at every place.
	for _, n := range []int{1, 15, 16, 17, 64, 79, 130} {
		for i := range n {
			v := bytes.Repeat([]byte{100}, n)
			v[i] = 200
			check(v)
			v[i] = 3
			check(v)
		}
	}
}

func BenchmarkSum(b *testing.B) {
	v := make([]byte, 4320)
	for _, way := range []struct {
		name string
		sum  func([]byte) uint64
	}{{"vectors", Sum}, {"words", sumWords}} {
		b.Run(way.name, func(b *testing.B) {
			b.SetBytes(int64(len(v)))
			for b.Loop() {
				for lo := 0; lo < len(v); lo += 360 {
					way.sum(v[lo : lo+360])
				}
			}
		})
	}
}
