package exec

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// TestJoinFiltersScansBelow: the keys of a join leave rows out of the scans below other joins, aggregations, filters and unions, and the
// answer is that of the plain way, which leaves out nothing.
func TestJoinFiltersScansBelow(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	kinds := []plan.JoinKind{plan.InnerJoin, plan.LeftJoin, plan.RightJoin, plan.FullJoin, plan.SemiJoin, plan.AntiJoin}
	filtered := 0
	for range 150 {
		few := drawKeys(rng, 20, 3)
		node := &plan.Join{
			Left: drawTree(t, rng, 1+rng.IntN(3)), Right: few.scan(), Kind: kinds[rng.IntN(len(kinds))],
			LeftKeys: []expr.Expr{&expr.Column{T: big}}, RightKeys: []expr.Expr{&expr.Column{T: big}},
		}
		if k := rng.IntN(len(node.Left.Columns())); node.Left.Columns()[k].Type == big {
			node.LeftKeys[0].(*expr.Column).Index = k
		}
		if rng.IntN(2) == 0 && node.Kind == plan.InnerJoin {
			node.Left, node.Right, node.LeftKeys, node.RightKeys, node.BuildLeft = node.Right, node.Left, node.RightKeys, node.LeftKeys, true
		}
		plain := envOf(1)
		plain.Plain = true
		want, err := runAny(node, plain)
		if err != nil {
			t.Fatal(err)
		}
		env := envOf(1 + rng.IntN(3))
		env.Measure = true
		p, stats, err := build(node, env)
		if err != nil {
			t.Fatal(err)
		}
		got, err := runAny(node, env)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("%s join over %T: %d rows, want %d, or they differ", allKindNames[node.Kind], node.Left, len(got), len(want))
		}
		if filters(t, p, stats) {
			filtered++
		}
	}
	if filtered < 25 {
		t.Errorf("only %d of 150 plans had a scan that left rows out", filtered)
	}
}

// filters runs a plan and reports whether a scan learned keys.
func filters(t *testing.T, p producer, stats *Stats) bool {
	parts, err := p.parts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, open := range parts {
		s, err := open(t.Context(), newWorker(envOf(1)))
		if err != nil {
			t.Fatal(err)
		}
		s.close()
	}
	var noted func(s *Stats) bool
	noted = func(s *Stats) bool {
		return slices.ContainsFunc(s.Notes(), func(n string) bool { return strings.Contains(n, "keys of a join") }) || slices.ContainsFunc(s.Inputs, noted)
	}
	return noted(stats)
}

// drawKeys draws a relation of two columns of integers below limit, some NULL in the first.
func drawKeys(rng *rand.Rand, rows int, limit int64) *relation {
	values := make([]int64, rows)
	for i := range values {
		values[i] = rng.Int64N(limit)
	}
	r := ints(values, 2)
	for _, m := range r.morsels {
		for _, b := range m {
			b.Columns[0].Valid = column.NewBitmap(b.Len, true)
			b.Columns[0].Valid.Clear(rng.IntN(b.Len))
		}
	}
	return r
}

// drawTree draws a plan whose first column is of integers.
func drawTree(t *testing.T, rng *rand.Rand, depth int) plan.Node {
	if depth == 0 {
		return drawKeys(rng, 1+rng.IntN(300), 40).scan()
	}
	first, second := &expr.Column{T: big}, &expr.Column{Index: 1, T: big}
	switch rng.IntN(5) {
	case 0:
		in := drawTree(t, rng, depth-1)
		return &plan.Filter{Input: in, Cond: greater(t, first, 3)}
	case 1:
		return &plan.Aggregate{
			Input: drawTree(t, rng, depth-1), Keys: []expr.Expr{first}, KeyNames: []string{"k"},
			Aggs: []expr.AggregateCall{call(t, "count", false, nil)}, AggNames: []string{"n"},
		}
	case 2:
		in := drawTree(t, rng, depth-1)
		exprs, names := []expr.Expr{second, first}, []string{"b", "a"}
		if in.Columns()[1].Type != big {
			exprs = []expr.Expr{first, first}
		}
		return &plan.Project{Input: in, Exprs: exprs, Names: names}
	case 3:
		kinds := []plan.JoinKind{plan.InnerJoin, plan.LeftJoin, plan.RightJoin, plan.FullJoin, plan.SemiJoin, plan.AntiJoin, plan.NullAntiJoin}
		n := &plan.Join{
			Left: drawTree(t, rng, depth-1), Right: drawTree(t, rng, 0), Kind: kinds[rng.IntN(len(kinds))],
			LeftKeys: []expr.Expr{first}, RightKeys: []expr.Expr{first},
		}
		n.BuildLeft = rng.IntN(2) == 0
		return n
	}
	a := drawKeys(rng, 200, 40).scan()
	b := drawKeys(rng, 100, 40).scan()
	return &plan.Union{Ins: []plan.Node{a, b}, Out: a.Columns()}
}
