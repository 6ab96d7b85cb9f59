package exec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
)

// TestFewGroups: groups whose rows are listed have what they have row by row, in the same order: for dictionaries that repeat values, know NULL or are
// too large, with dead rows in the batches, with aggregates that take no lists, and where a filter leaves rows on which expressions fail.
func TestFewGroups(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	numeric, double := column.T(column.Numeric), column.T(column.Float64)
	types := []column.Type{text, text, big, numeric, double}
	col := func(i int) expr.Expr { return &expr.Column{Index: i, T: types[i]} }
	ways := map[string]int{}
	for round := range 300 {
		r := newRelation(types...)
		for range 1 + rng.IntN(3) {
			var list []*scan.Batch
			for range 1 + rng.IntN(3) {
				list = append(list, drawCoded(rng))
			}
			r.morsels = append(r.morsels, list)
		}
		var input plan.Node = r.scan()
		filtered := rng.IntN(2) == 0
		if filtered {
			input = &plan.Filter{Input: input, Cond: compared(t, ">", col(2), -90)}
		}
		if rng.IntN(2) == 0 {
			exprs := []expr.Expr{col(0), col(1), col(2), col(3), col(4)}
			if filtered {
				exprs[2] = overflowing(t, col(2)) // of none that passes
			}
			input = &plan.Project{Input: input, Exprs: exprs, Names: []string{"a", "b", "c", "d", "e"}}
		}
		node := &plan.Aggregate{Input: input, Keys: []expr.Expr{col(0)}, KeyNames: []string{"a"}}
		if rng.IntN(3) > 0 {
			node.Keys, node.KeyNames = append(node.Keys, col(1)), append(node.KeyNames, "b")
		}
		var passing expr.Expr
		if rng.IntN(3) == 0 {
			passing = greater(t, col(2), 10)
		}
		for _, a := range []expr.AggregateCall{
			call(t, "count", false, nil), call(t, "count", false, passing, col(2)), call(t, "sum", false, nil, col(2)), call(t, "avg", false, nil, col(2)),
			call(t, "min", false, nil, col(2)), call(t, "max", false, passing, col(2)), call(t, "sum", false, nil, col(3)), call(t, "avg", false, passing, col(3)),
			call(t, "max", false, nil, col(3)), call(t, "sum", false, nil, col(4)), call(t, "min", false, nil, col(1)), call(t, "sum", false, nil, overflowing(t, col(2))),
		} {
			if !filtered && len(a.Args) > 0 && len(expr.Columns(a.Args[0])) > 0 {
				if _, ok := a.Args[0].(*expr.Call); ok {
					continue // it fails, of rows that no filter takes away
				}
			}
			node.Aggs, node.AggNames = append(node.Aggs, a), append(node.AggNames, fmt.Sprint("x", len(node.Aggs)))
		}
		if rng.IntN(4) == 0 {
			node.Aggs, node.AggNames = append(node.Aggs, call(t, "count", true, nil, col(2))), append(node.AggNames, "distinct")
		}
		plain := envOf(1)
		plain.Plain = true
		want, err := runAny(node, plain)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := Run(t.Context(), node, envOf(1))
		if err != nil {
			t.Fatal(err)
		}
		for _, note := range rows.Stats().Notes() {
			ways[note]++
		}
		rows.Close()
		got, err := runAny(node, envOf(1))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("round %d: %d groups, want %d, or they differ:\n%v\n%v", round, len(got), len(want), got, want)
		}
	}
	if ways["by lists of rows"] < 100 || ways["by rows"] < 50 {
		t.Errorf("taken: %v", ways)
	}
}

// drawCoded draws a batch of two texts, most often dictionaries of few entries, an integer, a numeric and a double. A few integers are the least there is.
func drawCoded(rng *rand.Rand) *scan.Batch {
	n := []int{5, 100, 1000, 3000}[rng.IntN(4)]
	b := &scan.Batch{Len: n}
	for range 2 {
		b.Columns = append(b.Columns, drawDictionary(rng, n))
	}
	values, valid := make([]int64, n), column.Bitmap(nil)
	if rng.IntN(2) == 0 {
		valid = column.NewBitmap(n, true)
	}
	for i := range values {
		if values[i] = rng.Int64N(180) - 80; rng.IntN(50) == 0 {
			values[i] = math.MinInt64
		}
		if valid != nil && rng.IntN(9) == 0 {
			valid.Clear(i)
		}
	}
	numerics, doubles := make([]int64, n), make([]float64, n)
	for i := range numerics {
		numerics[i], doubles[i] = edges[rng.IntN(len(edges))], float64(rng.IntN(1000))/8
	}
	decimals := column.NewScaled(numerics, int32(rng.IntN(3)), valid)
	if rng.IntN(4) == 0 {
		decimals = column.Flatten(decimals)
	}
	b.Columns = append(b.Columns, column.NewInts(big, values, valid), decimals, column.NewFloats(column.T(column.Float64), doubles, nil))
	return b
}

func drawDictionary(rng *rand.Rand, n int) *column.Vector {
	entries := []int{1, 2, 3, 7, 20, 300}[rng.IntN(6)]
	child := column.NewBuilder(text, entries)
	for i := range entries {
		if i > 0 && rng.IntN(10) == 0 {
			child.AppendNull()
		} else {
			child.AppendString(fmt.Sprint("v", rng.IntN(entries+1)))
		}
	}
	v := &column.Vector{Type: text, Enc: column.Dict, Len: n, Child: child.Finish()}
	for range n {
		v.Codes = append(v.Codes, uint32(rng.IntN(1+rng.IntN(entries))))
	}
	if rng.IntN(8) == 0 {
		return column.Flatten(v)
	}
	return v
}

func compared(t *testing.T, op string, a expr.Expr, v int64) expr.Expr {
	t.Helper()
	f, err := fn.Default().Operator(op, big, big)
	if err != nil {
		t.Fatal(err)
	}
	return &expr.Call{Fn: f, Args: []expr.Expr{a, &expr.Literal{Value: column.NewInts(big, []int64{v}, nil)}}, T: f.Result}
}

// overflowing is a number less one, which the least has none of.
func overflowing(t *testing.T, a expr.Expr) expr.Expr { return compared(t, "-", a, 1) }
