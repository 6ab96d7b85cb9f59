package fn

import (
	"math/big"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"pgregory.net/rapid"
)

// drawBigint draws one near a power of ten or of two, or any.
func drawBigint(t *rapid.T, name string) int64 {
	v := rapid.Int64().Draw(t, name)
	if rapid.Bool().Draw(t, "small") {
		v >>= rapid.IntRange(1, 63).Draw(t, "by")
	}
	if rapid.Bool().Draw(t, "round") {
		v = int64(powersOfTen[rapid.IntRange(0, 18).Draw(t, "digits")]) + v%3
	}
	return v
}

// TestMeanIsDivision: the short way to a mean writes what dividing decimals writes.
func TestMeanIsDivision(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sum, n := drawBigint(t, "sum"), drawBigint(t, "n")
		if n <= 0 {
			n = 1 - n>>1
		}
		if rapid.IntRange(0, 3).Draw(t, "exact") == 0 {
			sum -= sum % n
		}
		want, err := divDecimals(apd.New(sum, 0), apd.New(n, 0))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(appendMean(nil, sum, n)); got != string(appendDecimal(nil, want)) {
			t.Fatalf("%d / %d = %s, want %s", sum, n, got, appendDecimal(nil, want))
		}
	})
}

func TestSumOfBigints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := make([]int64, rapid.IntRange(0, 40).Draw(t, "values"))
		want := new(big.Int)
		for i := range v {
			v[i] = drawBigint(t, "value")
			want.Add(want, big.NewInt(v[i]))
		}
		sum := sumOf(v)
		if got := sum.big(); got.Cmp(want) != 0 {
			t.Fatalf("sum of %v is %s, want %s", v, got, want)
		}
		if got, ok := sum.int64(); ok != want.IsInt64() || ok && got != want.Int64() {
			t.Fatalf("%s as bigint: %d, %t", want, got, ok)
		}
	})
}

func TestGreatestAndLeast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SliceOfN(rapid.Int64(), 1, 40).Draw(t, "values")
		least, greatest := v[0], v[0]
		for _, x := range v {
			least, greatest = min(least, x), max(greatest, x)
		}
		if minOf(v) != least || maxOf(v) != greatest {
			t.Fatalf("%d to %d of %v", minOf(v), maxOf(v), v)
		}
	})
}

func BenchmarkMean(b *testing.B) {
	var buf [48]byte
	b.ReportAllocs()
	for b.Loop() {
		appendMean(buf[:0], 17_823, 360)
	}
}

func BenchmarkSumOf(b *testing.B) {
	v := make([]int64, 4096)
	for i := range v {
		v[i] = int64(i % 100)
	}
	b.SetBytes(8 * int64(len(v)))
	for b.Loop() {
		sumOf(v)
	}
}
