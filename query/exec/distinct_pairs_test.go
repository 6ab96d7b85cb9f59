package exec

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// distinctIntegers is aggregates of distinct integers by keys in random encodings, and what they give, computed with maps.
func distinctIntegers(t *testing.T, r *rand.Rand, keys, groups, values int) (node *plan.Aggregate, want []string) {
	types := []column.Type{text, big}[:keys]
	rel := newRelation(append(slices.Clone(types), big)...)
	rel.morsels = make([][]*scan.Batch, 6)
	seen := map[string]map[int64]bool{}
	for i := range 18 {
		n := 1 + r.IntN(1500)
		b := &scan.Batch{Len: n}
		runs := r.IntN(3) == 0 // batches whose keys are all run-end encoded are taken by spans
		for c, typ := range types {
			b.Columns = append(b.Columns, distinctKeys(r, typ, n, groups, runs, c))
		}
		arg := column.NewBuilder(big, n)
		for range n {
			if r.IntN(10) == 0 {
				arg.AppendNull()
			} else {
				arg.AppendInt(int64(r.IntN(values)) - int64(values/2))
			}
		}
		b.Columns = append(b.Columns, arg.Finish())
		rel.morsels[i%6] = append(rel.morsels[i%6], b)
		for row := range n {
			name := ""
			for c := range types {
				name += rowText(b.Columns[c], row) + "|"
			}
			if seen[name] == nil {
				seen[name] = map[int64]bool{}
			}
			if v := b.Columns[keys]; !v.IsNull(row) {
				seen[name][v.Int(row)] = true
			}
		}
	}
	col := func(i int) expr.Expr { return &expr.Column{Index: i, T: rel.columns[i].Type} }
	above := lessThan(t, col(keys), &expr.Literal{Value: column.NewInts(big, []int64{0}, nil)})
	node = &plan.Aggregate{Input: rel.scan(), AggNames: []string{"n", "m", "f", "s"}, Aggs: []expr.AggregateCall{
		call(t, "count", true, nil, col(keys)), call(t, "max", true, nil, col(keys)), call(t, "count", true, above, col(keys)), call(t, "sum", true, nil, col(keys)),
	}}
	for i := range keys {
		node.Keys, node.KeyNames = append(node.Keys, col(i)), append(node.KeyNames, fmt.Sprint("k", i))
	}
	for name, set := range seen {
		most, positive := "NULL", 0
		for v := range set {
			if v > 0 {
				positive++
			}
		}
		if len(set) > 0 {
			most = fmt.Sprint(slices.Max(slices.Collect(maps.Keys(set))))
		}
		want = append(want, fmt.Sprintf("%s%d|%s|%d", name, len(set), most, positive))
	}
	slices.Sort(want)
	return node, want
}

func distinctKeys(r *rand.Rand, typ column.Type, n, groups int, runs bool, salt int) *column.Vector {
	value := func(b *column.Builder) {
		switch x := r.IntN(groups); {
		case x == 0:
			b.AppendNull()
		case typ.Kind == column.Text:
			b.AppendString(fmt.Sprint("key ", x))
		default:
			b.AppendInt(int64(x%7 + salt))
		}
	}
	if !runs {
		b := column.NewBuilder(typ, n)
		for range n {
			value(b)
		}
		return b.Finish()
	}
	v := &column.Vector{Type: typ, Enc: column.RunEnd, Len: n}
	b := column.NewBuilder(typ, 0)
	for end := 0; end < n; {
		end = min(n, end+1+r.IntN(500))
		v.Ends = append(v.Ends, int32(end))
		value(b)
	}
	v.Child = b.Finish()
	return v
}

// TestDistinctIntegers: what is kept as pairs of groups and integers gives what maps give, on any number of workers, with and without runs, and
// where memory ends so that pairs go to disk.
func TestDistinctIntegers(t *testing.T) {
	for seed := range uint64(9) {
		r := rand.New(rand.NewPCG(seed, 21))
		node, want := distinctIntegers(t, r, 1+r.IntN(2), []int{2, 50, 5000}[seed%3], []int{3, 1000, 1 << 40}[r.IntN(3)])
		var wantSums []string
		for _, c := range []struct {
			workers int
			held    int64
			plain   bool
		}{{1, 1 << 30, false}, {1, 1 << 30, true}, {2, 1 << 30, false}, {5, 1 << 30, false}, {3, 1 << 20, false}, {2, 100_000, false}, {2, 1, false}} {
			env := spillEnv(t, memfs.New(), c.workers, c.held, c.held/16)
			env.Plain = c.plain
			got, sums, err := distinctRows(node, env.Env)
			if err != nil {
				t.Fatal(err)
			}
			if wantSums == nil {
				wantSums = sums
			}
			if !slices.Equal(got, want) || !slices.Equal(sums, wantSums) {
				t.Errorf("seed %d, %+v: %d groups, want %d, or they differ; first %s, want %s", seed, c, len(got), len(want), got[0], want[0])
			}
			env.leftNothing(t)
		}
	}
}

// distinctRows is the keys and the distinct aggregates of all rows, and the rows' sums beside their keys.
func distinctRows(n *plan.Aggregate, env *Env) (out, sums []string, err error) {
	err = eachBatch(n, env, func(b *scan.Batch) {
		at := len(n.Keys)
		for i := range b.Len {
			row := ""
			for _, v := range b.Columns[:at] {
				row += rowText(v, i) + "|"
			}
			out = append(out, fmt.Sprintf("%s%s|%s|%s", row, rowText(b.Columns[at], i), rowText(b.Columns[at+1], i), rowText(b.Columns[at+2], i)))
			sums = append(sums, row+anyCell(b.Columns[at+3], i))
		}
	})
	slices.Sort(out)
	slices.Sort(sums)
	return out, sums, err
}

// TestDistinctPairsJoined: sets of many pairs that are joined have the pairs of all of them, once.
func TestDistinctPairsJoined(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 9))
	const groups = 1000
	var sets []*distinctPairs
	var into [][]uint32
	want := map[[2]int64]bool{}
	for range 4 {
		moved := make([]uint32, groups)
		for i, g := range r.Perm(groups) {
			moved[i] = uint32(g)
		}
		if len(sets) == 0 {
			moved = firstNumbers(groups)
		}
		d := &distinctPairs{}
		for range 40 {
			ids, values := make([]uint32, 1+r.IntN(3000)), []int64(nil)
			for i := range ids {
				ids[i] = uint32(r.IntN(groups))
				values = append(values, int64(r.IntN(300)))
				want[[2]int64{int64(moved[ids[i]]), values[i]}] = true
			}
			d.add(ids, values, nil)
		}
		sets, into = append(sets, d), append(into, moved)
	}
	if err := joinPairs(t.Context(), 3, sets, into); err != nil {
		t.Fatal(err)
	}
	count := 0
	err := sets[0].each(func(ids []uint32, values []int64) error {
		for i, g := range ids {
			count++
			if !want[[2]int64{int64(g), values[i]}] {
				t.Fatalf("%d is in group %d", values[i], g)
			}
		}
		return nil
	})
	if err != nil || count != len(want) {
		t.Fatalf("%d pairs, want %d; error %v", count, len(want), err)
	}
}
