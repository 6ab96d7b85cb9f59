package opt

import (
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
)

// TestCommonConditions: a, b, c of one side of a join, d of the other.
func TestCommonConditions(t *testing.T) {
	names := []string{"a", "b", "c", "d"}
	is := func(c int, v int64) expr.Expr {
		f, err := fn.Default().Operator("=", big, big)
		if err != nil {
			t.Fatal(err)
		}
		return &expr.Call{Fn: f, Args: []expr.Expr{col(c, names[c]), &expr.Literal{Value: column.NewInts(big, []int64{v}, nil)}}, T: column.T(column.Bool)}
	}
	fails := &expr.Call{Fn: &expr.Function{Name: "risky", CanFail: true}, Args: []expr.Expr{col(0, "a")}, T: column.T(column.Bool)}
	and := func(list ...expr.Expr) expr.Expr { return &expr.Logic{Args: list} }
	or := func(list ...expr.Expr) expr.Expr { return &expr.Logic{Or: true, Args: list} }
	join := &plan.Join{Left: source("a", "b", "c"), Right: source("d")}
	for _, c := range []struct {
		in    expr.Expr
		input plan.Node
		want  string // "" = as it is
	}{
		{or(and(is(0, 1), is(1, 2)), and(is(1, 3), is(0, 1))), source(names...), "a = 1; (b = 2) OR (b = 3)"},
		{or(and(is(0, 1), is(1, 2)), is(0, 1)), source(names...), "a = 1"},
		{or(is(0, 1), is(1, 2)), source(names...), ""},
		{or(and(is(0, 1), is(1, 2)), and(is(0, 2), is(1, 3))), source(names...), ""},
		{
			or(and(is(0, 1), is(1, 2)), and(is(0, 2), is(3, 3))), join,
			"(a = 1) OR (a = 2); ((a = 1) AND (b = 2)) OR ((a = 2) AND (d = 3))",
		},
		{or(and(fails, is(1, 2)), and(fails, is(1, 3))), join, "(b = 2) OR (b = 3); (risky(a) AND (b = 2)) OR (risky(a) AND (b = 3))"},
		{or(is(0, 1), is(0, 2)), join, ""},
	} {
		in := &plan.Filter{Input: c.input, Cond: c.in}
		got := commonConditions(nil, in)
		if c.want == "" {
			if got != plan.Node(in) {
				t.Errorf("%s became %s", expr.String(c.in, names), expr.String(got.(*plan.Filter).Cond, names))
			}
			continue
		}
		var parts []string
		for _, e := range conjuncts(got.(*plan.Filter).Cond) {
			parts = append(parts, expr.String(e, names))
		}
		if s := strings.Join(parts, "; "); s != c.want {
			t.Errorf("%s became %s, not %s", expr.String(c.in, names), s, c.want)
		}
	}
}
