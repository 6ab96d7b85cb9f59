package key

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestHashInt: it is the hash of the encoded tuple.
func TestHashInt(t *testing.T) {
	values := []int64{0, 1, -1, math.MinInt64, math.MaxInt64}
	for i := range 64 {
		values = append(values, 1<<i, -1<<i, rand.Int64(), -rand.Int64())
	}
	for _, v := range values {
		if got, want := HashInt(v), Hash(AppendInt(nil, v)); got != want {
			t.Fatalf("HashInt(%d) = %x, want %x", v, got, want)
		}
	}
}

func BenchmarkHashInt(b *testing.B) {
	sum, v := uint64(0), int64(0)
	for b.Loop() {
		v++
		sum += HashInt(v)
	}
	if sum == 0 {
		b.Fatal(sum)
	}
}
