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

// TestFilterRanges: comparisons of columns with constants, which are taken together as ranges, leave the rows that they leave one by one: over
// integers and numerics, at the ends of what 64 bits hold, with constants that have more decimals than the column, NULLs and other conditions.
func TestFilterRanges(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	numeric := column.T(column.Numeric)
	some, none, ranged := 0, 0, 0
	for round := range 400 {
		r := newRelation(big, numeric, big)
		for range 1 + rng.IntN(3) {
			r.morsels = append(r.morsels, []*scan.Batch{drawNumbers(rng)})
		}
		var conds []expr.Expr
		for range 1 + rng.IntN(4) {
			conds = append(conds, drawComparison(t, rng))
		}
		cond := conds[0]
		if len(conds) > 1 {
			cond = &expr.Logic{Args: conds}
		}
		node := &plan.Filter{Input: r.scan(), Cond: cond}
		plain := envOf(1)
		plain.Plain = true
		want, err := runAny(node, plain)
		if err != nil {
			t.Fatal(err)
		}
		got, err := runAny(node, envOf(1))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("round %d: %d rows, want %d, or they differ:\n%v\n%v", round, len(got), len(want), got, want)
		}
		if len(want) > 0 {
			some++
		} else {
			none++
		}
		if f := newFilter(node, envOf(1), nil, nil); len(f.ranges) > 0 {
			ranged++
		}
	}
	if some < 100 || none < 30 || ranged < 350 {
		t.Errorf("%d filters let rows pass, %d none; %d had ranges", some, none, ranged)
	}
}

var edges = []int64{math.MinInt64, math.MinInt64 + 1, -150, -100, -10, -1, 0, 1, 2, 5, 10, 50, 99, 100, 1000, math.MaxInt64 - 1, math.MaxInt64}

// drawNumbers draws a batch of an integer, a numeric and an integer, some NULL, in some encoding.
func drawNumbers(rng *rand.Rand) *scan.Batch {
	n := 1 + rng.IntN(60)
	b := &scan.Batch{Len: n}
	for c := range 3 {
		values, valid := make([]int64, n), column.Bitmap(nil)
		for i := range values {
			values[i] = edges[rng.IntN(len(edges))]
		}
		if rng.IntN(2) == 0 {
			valid = column.NewBitmap(n, true)
			valid.Clear(rng.IntN(n))
		}
		v := column.NewInts(big, values, valid)
		if c == 1 {
			v = column.NewScaled(values, int32(rng.IntN(3)), valid)
			if rng.IntN(4) == 0 {
				v = column.Flatten(v)
			}
		} else if rng.IntN(4) == 0 {
			v = column.NewConst(v, 0, n)
		}
		b.Columns = append(b.Columns, v)
	}
	return b
}

func drawComparison(t *testing.T, rng *rand.Rand) expr.Expr {
	typ, c := big, rng.IntN(3)
	constant := column.NewInts(big, []int64{edges[rng.IntN(len(edges))]}, nil)
	if c == 1 {
		typ = column.T(column.Numeric)
		constant = column.NewStrings([]string{"0", "1", "-1", "0.5", "1.00", "10.25", "-0.001", "99999999999999999", "NaN", "50"}[rng.IntN(10)]).As(typ)
	}
	op := []string{"<", "<=", ">", ">=", "=", "<>"}[rng.IntN(6)]
	f, err := fn.Default().Operator(op, typ, typ)
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", op, err))
	}
	args := []expr.Expr{&expr.Column{Index: c, T: typ}, &expr.Literal{Value: constant}}
	if rng.IntN(2) == 0 {
		slices.Reverse(args)
	}
	return &expr.Call{Fn: f, Args: args, T: f.Result}
}
