package exec

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
)

// TestSinglePairs: where a column of a join's keys has no value twice, tuples have the numbers that hash tables of pairs give them.
func TestSinglePairs(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	pool := mem.NewPool("test", 0, nil)
	led := 0
	for round := range 200 {
		width, single, rows := 2+rng.IntN(3), rng.IntN(5), 1+rng.IntN(120)
		types := make([]column.Type, width)
		columns, probe := make([]*column.Vector, width), make([]*column.Vector, width)
		for k := range width {
			types[k] = big
			columns[k], probe[k] = drawFlat(rng, rows, 1+int64(rng.IntN(30))), drawFlat(rng, 300, int64(rows)+3)
			if k == single {
				values := make([]int64, rows)
				for i, v := range rng.Perm(rows) {
					values[i] = int64(v)
				}
				columns[k] = column.NewInts(big, values, nil)
			} else if rng.IntN(4) == 0 {
				columns[k] = column.NewConst(columns[k], 0, rows)
			}
		}
		// Probe rows that are there, and some of which one column is another's.
		for k := range width {
			flat := column.Flatten(columns[k])
			for i := range 200 {
				row := i % rows
				if i >= 100 && k == i%width {
					row = rng.IntN(rows)
				}
				probe[k].Ints[i] = flat.Ints[row]
				if flat.IsNull(row) {
					probe[k].Valid.Clear(i)
				}
			}
		}
		numbers := func(prepared bool) (build, found []uint32, index *keyIndex) {
			index = newKeyIndex(types)
			cut := rng.IntN(rows + 1)
			batches := []buildBatch{{len: cut, keys: sliceAll(columns, 0, cut)}, {len: rows - cut, keys: sliceAll(columns, cut, rows)}}
			if prepared {
				if err := index.prepare(batches, rows, pool); err != nil {
					t.Fatal(err)
				}
			}
			build, found = make([]uint32, rows), make([]uint32, 300)
			add := &keyLookup{index: index, pool: pool}
			for i, at := 0, 0; i < len(batches); i++ {
				if err := add.number(batches[i].keys, build[at:at+batches[i].len]); err != nil {
					t.Fatal(err)
				}
				at += batches[i].len
			}
			if err := (&keyLookup{index: index}).number(probe, found); err != nil {
				t.Fatal(err)
			}
			return build, found, index
		}
		build, found, index := numbers(true)
		wantBuild, wantFound, by := numbers(false)
		if !slices.Equal(build, wantBuild) || !slices.Equal(found, wantFound) || index.count() != by.count() {
			t.Fatalf("round %d: rows have the numbers %v and %v are found, want %v and %v", round, build, found, wantBuild, wantFound)
		}
		if slices.ContainsFunc(index.singles, func(s *singlePairs) bool { return s != nil }) {
			led++
		} else if single < width && rows > 1 {
			t.Fatalf("round %d: column %d of %d leads to no pairs", round, single, width)
		}
	}
	if led < 50 {
		t.Errorf("only %d of 200 rounds had a column without a value twice", led)
	}
}

func sliceAll(list []*column.Vector, lo, hi int) []*column.Vector {
	out := make([]*column.Vector, len(list))
	for i, v := range list {
		out[i] = v.Slice(lo, hi)
	}
	return out
}
