package expr_test

import (
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// TestFoldDecides: what constants decide is decided before a row is seen, so that what is not needed cannot fail.
func TestFoldDecides(t *testing.T) {
	yes := &expr.Literal{Value: column.NewBools([]bool{true}, nil)}
	no := &expr.Literal{Value: column.NewBools([]bool{false}, nil)}
	null := &expr.Literal{Value: column.Flatten(column.NewNull(column.T(column.Bool), 1))}
	c := &expr.Column{Index: 0, Name: "c", T: column.T(column.Bool)}
	d := &expr.Column{Index: 1, Name: "d", T: column.T(column.Bool)}
	strict := &expr.Function{Name: "f", Args: []column.Type{c.T, c.T}, Result: c.T, Strict: true, CanFail: true}
	lax := &expr.Function{Name: "g", Args: []column.Type{c.T, c.T}, Result: c.T, CanFail: true}
	choose := func(otherwise expr.Expr, arms ...expr.Expr) expr.Expr {
		e := &expr.Case{Else: otherwise, T: c.T}
		for i := 0; i < len(arms); i += 2 {
			e.When, e.Then = append(e.When, arms[i]), append(e.Then, arms[i+1])
		}
		return e
	}
	call := func(f *expr.Function, args ...expr.Expr) expr.Expr { return &expr.Call{Fn: f, Args: args, T: f.Result} }
	for _, x := range []struct {
		name     string
		in, want expr.Expr
	}{
		{"strict call of NULL", call(strict, c, null), null},
		{"strict call of values", call(strict, c, yes), call(strict, c, yes)},
		{"lax call of NULL", call(lax, c, null), call(lax, c, null)},
		{"first arm is taken", choose(d, yes, c), c},
		{"no arm is taken", choose(d, no, c, null, c), d},
		{"no arm, no ELSE", choose(nil, no, c), null},
		{"a later arm ends it", choose(d, c, d, yes, c, d, d), choose(c, c, d)},
		{"an arm is dropped", choose(d, no, c, c, d), choose(d, c, d)},
		{"nothing is known", choose(d, c, yes), choose(d, c, yes)},
		{"inside out", call(strict, c, choose(d, yes, null)), null},
	} {
		if got := expr.Fold(&expr.Context{}, x.in); !expr.Equal(got, x.want) {
			t.Errorf("%s: %v", x.name, got)
		}
	}
}
