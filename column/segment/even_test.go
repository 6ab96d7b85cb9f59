package segment

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/delta"
)

// steps are values of many kinds: short and long, of one and of mixed sizes of steps, with jumps, constant, regular, and over the ends of 64 bits.
func steps(r *rand.Rand) (list [][]int64) {
	for _, n := range []int{2, 3, 32, 33, 34, 128, 129, 130, 500, 8192} {
		for _, step := range []int64{0, 1, 3, 7, 100, 5000, 1 << 20, 1 << 40} {
			v := make([]int64, n)
			for i := 1; i < n; i++ {
				v[i] = v[i-1] + r.Int64N(2*step+1) - step
				switch {
				case r.IntN(100) == 0:
					v[i] += r.Int64N(1 << 30)
				case r.IntN(200) == 0:
					v[i] = 0
				}
			}
			list = append(list, v)
		}
	}
	regular := make([]int64, 1000)
	for i := range regular {
		regular[i] = int64(i%120) * 30_000
	}
	ends := []int64{math.MinInt64, math.MaxInt64, 0, math.MinInt64, -1, math.MaxInt64}
	for range 300 {
		ends = append(ends, ends[len(ends)-1]-int64(r.IntN(4)))
	}
	return append(list, regular, ends)
}

func TestEvenDeltas(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	packed := 0
	for _, v := range steps(r) {
		b, ok := evenDeltas(nil, v, false)
		if !ok {
			continue
		}
		packed++
		if got, err := new(delta.BinaryPackedEncoding).DecodeInt64(nil, b); err != nil || !slices.Equal(got, v) {
			t.Fatalf("%d values come back otherwise (%v)", len(v), err)
		}
		small := make([]int32, len(v))
		for i, x := range v {
			small[i] = int32(x)
			v[i] = int64(small[i])
		}
		if b, ok = evenDeltas(nil, v, true); !ok {
			continue
		}
		if got, err := new(delta.BinaryPackedEncoding).DecodeInt32(nil, b); err != nil || !slices.Equal(got, small) {
			t.Fatalf("%d values of 32 bits come back otherwise (%v)", len(v), err)
		}
	}
	if packed < 20 {
		t.Fatalf("only %d of the walks were packed evenly", packed)
	}
}

// TestEvenDeltasAreSmaller holds what they are for: walks of whole numbers, coded by how often bytes come, in a quarter less.
func TestEvenDeltasAreSmaller(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	v := make([]int64, 32<<10)
	at := 50.0
	for i := range v {
		v[i] = int64(at)
		at = min(max(at+r.NormFloat64(), 0), 100)
	}
	e, err := newEncoder(3)
	if err != nil {
		t.Fatal(err)
	}
	tight, err := new(delta.BinaryPackedEncoding).EncodeInt64(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	even, ok := evenDeltas(nil, v, false)
	if !ok {
		t.Fatal("a walk was not packed evenly")
	}
	before := min(len(tight), len(e.zstd.EncodeAll(tight, nil)))
	after := len(e.literals(nil, even, zstdBlock))
	t.Logf("tight %d, with zstd %d; even %d, literals %d", len(tight), before, len(even), after)
	if after*100 > before*85 {
		t.Fatalf("%d bytes evenly packed, %d tightly", after, before)
	}
}

func TestLiterals(t *testing.T) {
	e, err := newEncoder(1)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{0, 1, 63, 64, 255, 256, 257, 1023, 1024, 16383, 16384, 65791, 65792, zstdBlock - 1, zstdBlock, zstdBlock + 1, 700_000} {
		for _, kinds := range []int{1, 2, 3, 16, 256} {
			src := make([]byte, n)
			for i := range src {
				src[i] = byte(min(r.IntN(kinds), r.IntN(kinds)))
			}
			for _, size := range []int{zstdBlock, max(1, (n+7)/8), 1 << 20} {
				frame := e.literals(nil, src, size)
				got, err := z.DecodeAll(frame, nil)
				if err != nil || !slices.Equal(got, src) {
					t.Fatalf("%d bytes of %d kinds in blocks of %d: %v", n, kinds, size, err)
				}
				if len(frame) > n+16+3*(n/min(zstdBlock, size)+1) {
					t.Fatalf("%d bytes became %d", n, len(frame))
				}
			}
		}
	}
}
