package column

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// someBits makes n bits: all, none, few, most, or stretches of either.
func someBits(rng *rand.Rand, n int) Bitmap {
	b := NewBitmap(n, rng.IntN(2) == 0)
	share := []int{0, 1, 20, 50, 99, 100}[rng.IntN(6)]
	for i := 0; i < n; {
		stretch := 1
		if rng.IntN(3) == 0 {
			stretch = 1 + rng.IntN(150)
		}
		on := rng.IntN(100) < share
		for ; stretch > 0 && i < n; stretch-- {
			if on {
				b.Set(i)
			} else {
				b.Clear(i)
			}
			i++
		}
	}
	return b
}

func TestSomeOfABitmap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		n := rng.IntN(400)
		b, o := someBits(rng, n), someBits(rng, n)
		lo := rng.IntN(n + 1)
		hi := lo + rng.IntN(n-lo+1)
		var ones []int32
		var stretches [][2]int
		for i := range n {
			if b.Get(i) {
				ones = append(ones, int32(i))
			}
			if i >= lo && i < hi && b.Get(i) {
				if k := len(stretches); k > 0 && stretches[k-1][1] == i {
					stretches[k-1][1]++
				} else {
					stretches = append(stretches, [2]int{i, i + 1})
				}
			}
			if b.And(o, n).Get(i) != (b.Get(i) && o.Get(i)) {
				t.Fatalf("bit %d of both", i)
			}
		}
		if got := b.AppendOnes(nil, n); !slices.Equal(got, ones) {
			t.Fatalf("ones %v, want %v", got, ones)
		}
		count := 0
		var found [][2]int
		for from, to := b.Next(lo, hi); from < to; from, to = b.Next(to, hi) {
			found, count = append(found, [2]int{from, to}), count+to-from
		}
		if !slices.Equal(found, stretches) || b.CountRange(lo, hi) != count {
			t.Fatalf("[%d,%d): %v, %d of them; want %v, %d", lo, hi, found, b.CountRange(lo, hi), stretches, count)
		}
		values := make([]int64, n)
		for i := range values {
			values[i] = rng.Int64()
		}
		want := []int64{7}
		for _, s := range stretches {
			want = append(want, values[s[0]:s[1]]...)
		}
		if got := AppendLiving([]int64{7}, values, b, lo, hi); !slices.Equal(got, want) {
			t.Fatalf("[%d,%d): %v, want %v", lo, hi, got, want)
		}
	})
	var all Bitmap
	from, to := all.Next(3, 9)
	if from != 3 || to != 9 || all.CountRange(3, 9) != 6 || all.And(nil, 5) != nil || len(AppendLiving(nil, make([]int64, 9), nil, 3, 9)) != 6 {
		t.Error("a nil bitmap is not all ones")
	}
}

// TestLiving: what lives is what Gather gives of the same rows, in the same encoding.
func TestLiving(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		n := 1 + rng.IntN(400)
		valid := Bitmap(nil)
		if rng.IntN(2) == 0 {
			valid = someBits(rng, n)
		}
		ints, floats, bools, intervals := make([]int64, n), make([]float64, n), make([]bool, n), make([]Interval, n)
		codes, ends, words := make([]uint32, n), []int32(nil), make([]string, n)
		for i := range n {
			ints[i], floats[i], bools[i], intervals[i].Days = 1000+int64(rng.IntN(200)), rng.Float64(), rng.IntN(2) == 0, int32(rng.IntN(9))
			codes[i], words[i] = uint32(rng.IntN(3)), "some words"[:rng.IntN(10)]
			if i == n-1 || rng.IntN(20) == 0 {
				ends = append(ends, int32(i+1))
			}
		}
		three, texts := NewStrings("a", "b", "c"), NewStrings(words...)
		texts.Valid = valid
		runs := NewBuilder(T(Int64), len(ends))
		for i := range ends {
			runs.AppendInt(int64(i))
		}
		vectors := []*Vector{
			NewInts(T(Int64), ints, valid), NewFloats(T(Float64), floats, valid), NewBools(bools, valid),
			{Type: T(IntervalKind), Len: n, Intervals: intervals, Valid: valid},
			texts, NewScaled(ints, 2, valid),
			{Type: T(Text), Enc: Dict, Len: n, Codes: codes, Child: three},
			NewConst(three, 1, n),
			{Type: T(Int64), Enc: RunEnd, Len: n, Ends: ends, Child: runs.Finish()},
			ToNarrow(NewInts(T(Int64), ints, valid)),
		}
		living := someBits(rng, n)
		rows := living.AppendOnes(nil, n)
		for _, v := range vectors {
			got, want := Living(v, living, len(rows)), Gather(v, rows)
			if got.Enc != v.Enc || got.Len != len(rows) || !Equal(Flatten(got), Flatten(want)) {
				t.Fatalf("%s, encoding %d: %v, want %v", v.Type, v.Enc, got, want)
			}
		}
	})
}
