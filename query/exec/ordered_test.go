package exec

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
)

// TestOrderedAggregates: rows come in the order that is asked for, into so many groups that those are merged in parts, on one worker or
// several, with memory or without.
func TestOrderedAggregates(t *testing.T) {
	const rows, groups = 120_000, 30_000
	rng := rand.New(rand.NewPCG(1, 2))
	r := newRelation(big, big, text)
	r.morsels = make([][]*scan.Batch, 7)
	words := []string{"a", "b", "", "long word"}
	for lo := 0; lo < rows; lo += 1000 {
		k, n, s := column.NewBuilder(big, 1000), column.NewBuilder(big, 1000), column.NewBuilder(text, 1000)
		for i := range 1000 {
			k.AppendInt(rng.Int64N(groups))
			n.AppendInt(int64(lo + i))
			s.AppendString(words[rng.IntN(len(words))])
		}
		m := lo / 1000 % 7
		r.morsels[m] = append(r.morsels[m], &scan.Batch{Len: 1000, Columns: []*column.Vector{k.Finish(), n.Finish(), s.Finish()}})
	}
	col := func(i int) expr.Expr { return &expr.Column{Index: i, T: r.columns[i].Type} }
	comma := &expr.Literal{Value: column.NewStrings(",")}
	joined := call(t, "string_agg", false, nil, col(2), comma)
	joined.Args, joined.Order = append(joined.Args, col(1)), []expr.Ordering{{Arg: 2, Desc: true}}
	distinct := call(t, "string_agg", true, nil, col(2), comma)
	distinct.Order = []expr.Ordering{{Arg: 0}}
	half := &expr.Literal{Value: column.NewFloats(float, []float64{0.5}, nil)}
	median := call(t, "percentile_disc", false, nil, half, col(1))
	median.Order = []expr.Ordering{{Arg: 1}}
	median.Fn = median.Fn.For([]column.Type{float, big}, median.Order)
	median.T = median.Fn.Result
	node := &plan.Aggregate{
		Input: r.scan(), Keys: []expr.Expr{col(0)}, KeyNames: []string{"k"}, AggNames: []string{"a", "b", "c"},
		Aggs: []expr.AggregateCall{joined, distinct, median},
	}
	want, err := runAny(node, envOf(1))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	for _, held := range []int64{1 << 20, 1 << 30} {
		for _, workers := range []int{1, 4} {
			env := spillEnv(t, memfs.New(), workers, held, held/16)
			got, err := runAny(node, env.Env)
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("held %d, %d workers: the groups differ", held, workers)
			}
			env.leftNothing(t)
		}
	}
}

// TestSlidingStates: every aggregate can follow a frame that slides, or says that it cannot.
func TestSlidingStates(t *testing.T) {
	for _, name := range []string{"count", "sum", "avg", "min", "max", "stddev", "bool_and", "bit_or", "corr", "string_agg"} {
		for _, types := range [][]column.Type{nil, {big}, {float}, {column.T(column.Numeric)}, {column.T(column.Bool)}, {float, float}, {text, text}} {
			f, err := fn.Default().Aggregate(name, types)
			if err != nil || f.New == nil {
				continue
			}
			if _, ok := f.New().(expr.SlidingState); !ok {
				t.Errorf("%s(%v) computes every frame anew", name, types)
			}
		}
	}
}
