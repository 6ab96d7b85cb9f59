package exec

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
)

// TestDenseInts: integers that lie close together have the numbers that a hash table gives them, in every encoding.
func TestDenseInts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	are := 0
	for round := range 200 {
		first := []int64{0, -100, math.MinInt64, math.MaxInt64 - 5000}[rng.IntN(4)]
		width := int64(1 + rng.IntN(5000))
		var list []*column.Vector
		rows := 0
		for range 1 + rng.IntN(4) {
			v := drawInts(rng, first, width)
			list, rows = append(list, v), rows+v.Len
		}
		pool := mem.NewPool("test", 0, nil)
		dense, err := newDenseInts(big, list, rows, pool)
		if err != nil {
			t.Fatal(err)
		}
		if dense != nil {
			are++
		}
		x, y := newKeyIndex([]column.Type{big}), newKeyIndex([]column.Type{big})
		x.columns[0].ints.dense = dense
		if pool.Used() != x.sizeBytes() {
			t.Fatalf("round %d: %d bytes are accounted for, %d are held", round, pool.Used(), x.sizeBytes())
		}
		same := func(what string, p *mem.Pool, v *column.Vector) {
			got, want := make([]uint32, v.Len), make([]uint32, v.Len)
			for index, groups := range map[*keyIndex][]uint32{x: got, y: want} {
				lookup := keyLookup{index: index, pool: p}
				if err := lookup.number([]*column.Vector{v}, groups); err != nil {
					t.Fatal(err)
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("round %d, %s: numbers %v, want %v", round, what, got, want)
			}
		}
		for _, v := range list {
			same("adding", pool, v)
		}
		same("finding", nil, drawInts(rng, first, width))
		same("finding all over", nil, column.NewInts(big, []int64{math.MinInt64, math.MaxInt64, 0, -1, first, first + width}, nil))
		got, want := x.columns[0].ints.keys(), y.columns[0].ints.keys()
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) || x.count() != y.count() {
			t.Fatalf("round %d: keys %v, want %v", round, got, want)
		}
		if len(got) > 0 && x.columns[0].ints.span() != y.columns[0].ints.span() {
			t.Fatalf("round %d: the keys span %v, want %v", round, x.columns[0].ints.span(), y.columns[0].ints.span())
		}
	}
	if are < 100 {
		t.Errorf("only %d of 200 sets of keys are dense", are)
	}
}

// TestFarIntsAreNotDense: bits are not spent on integers that are not there.
func TestFarIntsAreNotDense(t *testing.T) {
	pool := mem.NewPool("test", 0, nil)
	for _, values := range [][]int64{{0, 1 << 20}, {math.MinInt64, math.MaxInt64}, {}} {
		d, err := newDenseInts(big, []*column.Vector{column.NewInts(big, values, nil)}, len(values), pool)
		if d != nil || err != nil || pool.Used() != 0 {
			t.Errorf("%v: %d bytes are held: %v", values, pool.Used(), err)
		}
	}
}

// TestDenseIntsWithoutRoom: a budget that is too small is an error, and nothing stays reserved.
func TestDenseIntsWithoutRoom(t *testing.T) {
	for _, limit := range []int64{10, 1100} {
		pool := mem.NewPool("test", limit, nil)
		d, err := newDenseInts(big, []*column.Vector{column.NewInts(big, []int64{0, 1000, 4000, 5, 6}, nil)}, 5, pool)
		if limit < 1000 && err == nil || limit > 1000 && (err != nil || d == nil) || err != nil && pool.Used() != 0 {
			t.Errorf("limit %d: error %v, %d bytes are held", limit, err, pool.Used())
		}
	}
}

// drawInts draws a vector of integers, some NULL, in some encoding.
func drawInts(rng *rand.Rand, first, width int64) *column.Vector {
	n := 1 + rng.IntN(100)
	values, valid := make([]int64, n), column.NewBitmap(n, true)
	for i := range values {
		values[i] = first + rng.Int64N(width)
		if rng.IntN(10) == 0 {
			valid.Clear(i)
		}
	}
	flat := column.NewInts(big, values, valid)
	switch rng.IntN(4) {
	case 0:
		return column.NewConst(flat, 0, 7)
	case 1:
		ends := make([]int32, n)
		for i := range ends {
			ends[i] = int32(2 * (i + 1))
		}
		return &column.Vector{Type: big, Enc: column.RunEnd, Len: 2 * n, Child: flat, Ends: ends}
	case 2: // with entries that no row refers to
		codes := make([]uint32, n)
		for i := range codes {
			codes[i] = uint32(rng.IntN(n))
		}
		return &column.Vector{Type: big, Enc: column.Dict, Len: n, Child: flat, Codes: codes}
	}
	return flat
}

// TestCandidates: rows that bits rule out before other columns are looked at are the ones that have no number, and where a filter lets rows
// pass, they are those with a number.
func TestCandidates(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	few := 0
	for round := range 100 {
		width := int64(1 + rng.IntN(300))
		build := []*column.Vector{drawFlat(rng, 50, width), drawFlat(rng, 50, width)}
		pool := mem.NewPool("test", 0, nil)
		index := newKeyIndex([]column.Type{big, big})
		if err := index.prepare([]buildBatch{{len: 50, keys: build}}, 50, pool); err != nil {
			t.Fatal(err)
		}
		if err := (&keyLookup{index: index, pool: pool}).number(build, make([]uint32, 50)); err != nil {
			t.Fatal(err)
		}
		probe := []*column.Vector{drawFlat(rng, 200, width), drawFlat(rng, 200, width)}
		lookup := keyLookup{index: index}
		got, want := make([]uint32, 200), make([]uint32, 200)
		if err := lookup.numberAll(probe, want); err != nil {
			t.Fatal(err)
		}
		if err := lookup.number(probe, got); err != nil || !slices.Equal(got, want) {
			t.Fatalf("round %d: numbers %v, want %v; error %v", round, got, want, err)
		}
		if _, ok := lookup.candidates(probe, 200); ok {
			few++
		}
		c := &index.columns[0]
		if err := lookup.column(c, probe[0], got); err != nil {
			t.Fatal(err)
		}
		rows, err := lookup.passing(c, probe[0], nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, g := range got {
			if slices.Contains(rows, int32(i)) != (g != 0) {
				t.Fatalf("round %d: row %d has number %d and passes: %v", round, i, g, g == 0)
			}
		}
	}
	if few < 20 || few == 100 {
		t.Errorf("%d of 100 rounds had few candidates", few)
	}
}

// drawFlat draws a flat vector of n integers, some NULL.
func drawFlat(rng *rand.Rand, n int, width int64) *column.Vector {
	values, valid := make([]int64, n), column.NewBitmap(n, true)
	for i := range values {
		values[i] = rng.Int64N(width)
		if rng.IntN(10) == 0 {
			valid.Clear(i)
		}
	}
	return column.NewInts(big, values, valid)
}
