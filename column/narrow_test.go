package column

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestNarrowIsInts does to a Narrow vector and to the same rows as integers whatever can be done to vectors: the rows agree.
func TestNarrowIsInts(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		n := r.IntN(200)
		base := []int64{0, -100, math.MinInt64, math.MaxInt64 - 255, r.Int64()}[r.IntN(5)]
		if base > math.MaxInt64-255 {
			base = math.MaxInt64 - 255
		}
		ints := make([]int64, n)
		var valid Bitmap
		if r.IntN(2) == 0 {
			valid = NewBitmap(n, true)
		}
		for i := range ints {
			ints[i] = base + r.Int64N(256)
			if valid != nil && r.IntN(3) == 0 {
				valid.Clear(i)
				ints[i] = r.Int64()
			}
		}
		flat := NewInts(T(Int64), ints, valid)
		v := ToNarrow(flat)
		if v == nil {
			t.Fatalf("seed %d: no narrow form", seed)
		}
		rows := make([]int32, 0, n)
		for i := range n {
			if r.IntN(2) == 0 {
				rows = append(rows, int32(i))
			}
		}
		lo := r.IntN(n + 1)
		hi := lo + r.IntN(n-lo+1)
		joined, err := Concat(T(Int64), v, v)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Concat(T(Int64), flat, flat)
		if err != nil {
			t.Fatal(err)
		}
		b, one := NewBuilder(T(Int64), 0), NewBuilder(T(Int64), 0)
		b.AppendVector(v, lo, hi)
		for i := lo; i < hi; i++ {
			one.AppendRow(v, i)
		}
		for name, pair := range map[string][2]*Vector{
			"itself": {v, flat}, "flat": {Flatten(v), flat}, "slice": {v.Slice(lo, hi), flat.Slice(lo, hi)},
			"slice of slice": {v.Slice(lo, hi).Slice(0, (hi-lo)/2), flat.Slice(lo, lo+(hi-lo)/2)},
			"gather":         {Gather(v, rows), Gather(flat, rows)}, "concat": {joined, again},
			"builder": {b.Finish(), flat.Slice(lo, hi)}, "rows": {one.Finish(), flat.Slice(lo, hi)},
		} {
			if !Identical(pair[0], pair[1]) {
				t.Fatalf("seed %d: %s differs", seed, name)
			}
		}
		if n > 0 && !Identical(NewConst(v, n-1, 3), NewConst(flat, n-1, 3)) || v.HasNulls() != flat.HasNulls() {
			t.Fatalf("seed %d: a constant or the NULLs differ", seed)
		}
		if n > 20 && valid == nil && v.SizeBytes() >= flat.SizeBytes() {
			t.Fatalf("seed %d: %d bytes instead of %d", seed, v.SizeBytes(), flat.SizeBytes())
		}
	}
	for _, far := range [][]int64{{0, 256}, {math.MinInt64, math.MaxInt64}, {-1, 255}} {
		if ToNarrow(NewInts(T(Int64), far, nil)) != nil {
			t.Errorf("%v has a narrow form", far)
		}
	}
	if ToNarrow(NewFloats(T(Float64), []float64{1}, nil)) != nil || ToNarrow(NewStrings("a")) != nil {
		t.Error("what is no integer has a narrow form")
	}
}
