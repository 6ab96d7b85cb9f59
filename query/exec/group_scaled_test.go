package exec

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/column"
)

// TestKeptHashes: what a hasher keeps between batches changes no hash, whatever encodings, dictionaries and scales follow each other.
func TestKeptHashes(t *testing.T) {
	kinds := []column.Kind{column.Int64, column.Text, column.Numeric, column.Float64, column.IntervalKind, column.Bytea}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 21))
		types := make([]column.Type, 1+r.IntN(3))
		for i := range types {
			types[i] = column.T(kinds[r.IntN(len(kinds))])
		}
		var kept hasher
		last := make([]*column.Vector, len(types)) // dictionaries
		for range 8 {
			n := 1 + r.IntN(60)
			keys, plain := make([]*column.Vector, len(types)), make([]*column.Vector, len(types))
			for i, typ := range types {
				v := randomKeyColumn(r, typ, n, r.IntN(2) == 0)
				if v.Enc == column.Dict {
					if last[i] != nil && r.IntN(3) > 0 {
						again := *v
						again.Child, again.Codes = last[i], slices.Clone(v.Codes)
						for k := range again.Codes {
							again.Codes[k] %= uint32(again.Child.Len)
						}
						v = &again
					}
					last[i] = v.Child
				}
				keys[i], plain[i] = v, column.Flatten(v)
			}
			var fresh hasher
			if got, want := kept.hash(keys, n), fresh.hash(plain, n); !slices.Equal(got, want) {
				t.Fatalf("seed %d: hashes of %d rows differ from those of flat keys", seed, n)
			}
		}
	}
}

// TestScaledMemo: more integers than are kept, of scales that change, with NULLs, are numbered and hashed as their flat numerics are.
func TestScaledMemo(t *testing.T) {
	numeric := column.T(column.Numeric)
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 22))
		kept, plain := newGroupColumn(numeric, 0), newGroupColumn(numeric, 0)
		var hashes hasher
		values := []int64{10, 1000, 40 * mostScaled}[seed%3]
		for range 20 {
			n := 1 + r.IntN(4000)
			b := column.NewBuilder(big, n)
			for range n {
				if r.IntN(20) == 0 {
					b.AppendNull()
				} else {
					b.AppendInt(r.Int64N(values) * 10)
				}
			}
			ints := b.Finish()
			scale := int32(1)
			if seed < 3 {
				scale = int32(r.IntN(3))
			}
			v := column.NewScaled(ints.Ints, scale, ints.Valid)
			flat := column.Flatten(v)
			got, want := make([]uint32, n), make([]uint32, n)
			kept.number(v, got)
			plain.number(flat, want)
			if !slices.Equal(got, want) || kept.count() != plain.count() {
				t.Fatalf("seed %d: %d numbers, want %d, or they differ", seed, kept.count(), plain.count())
			}
			var fresh hasher
			if !slices.Equal(hashes.hash([]*column.Vector{v}, n), fresh.hash([]*column.Vector{flat}, n)) {
				t.Fatalf("seed %d: hashes differ", seed)
			}
		}
		all := firstNumbers(kept.count() + 1)
		x, err := kept.gather(all)
		if err != nil {
			t.Fatal(err)
		}
		y, err := plain.gather(all)
		if err != nil {
			t.Fatal(err)
		}
		for i := range all {
			if rowText(x, i) != rowText(y, i) {
				t.Fatalf("seed %d: number %d is %s, want %s", seed, i, rowText(x, i), rowText(y, i))
			}
		}
		if off := seed >= 3 && values > mostScaled; kept.scaled.off != off { // where scales change nothing is kept for long
			t.Errorf("seed %d: of %d values, given up: %v", seed, values, kept.scaled.off)
		}
	}
}

// TestLeaders: the groups that keys in front leave are all those that sorting by these keys puts among the first, ties included.
func TestLeaders(t *testing.T) {
	listed := 0
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 23))
		n := 1 + r.IntN(3000)
		lead := make([][]int64, r.IntN(4))
		for k := range lead {
			values := []int64{2, 50, 1 << 40}[r.IntN(3)]
			for range n {
				lead[k] = append(lead[k], r.Int64N(values))
			}
		}
		f := &firstGroups{limit: 1 + r.IntN(80)}
		got, err := f.leaders(context.Background(), lead, n)
		if err != nil {
			t.Fatal(err)
		}
		var want []int32
		if len(lead) > 0 && n >= f.limit {
			key := func(i int) (out []int64) {
				for _, l := range lead {
					out = append(out, l[i])
				}
				return out
			}
			var all [][]int64
			for i := range n {
				all = append(all, key(i))
			}
			slices.SortFunc(all, slices.Compare)
			for i := range n {
				if slices.Compare(key(i), all[f.limit-1]) <= 0 {
					want = append(want, int32(i))
				}
			}
			if len(want) > n/4 {
				want = nil
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("seed %d: %s", seed, fmt.Sprintf("%d of %d groups by %d keys, want %d", len(got), n, len(lead), len(want)))
		}
		if got != nil {
			listed++
		}
	}
	if listed == 0 {
		t.Error("no groups were left out")
	}
}
