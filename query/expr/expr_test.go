package expr_test

import (
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
)

var int4 = column.T(column.Int32)

func number(v int64) expr.Expr {
	return &expr.Literal{Value: column.NewInts(int4, []int64{v}, nil)}
}

func op(t *testing.T, name string, l, r expr.Expr) expr.Expr {
	t.Helper()
	f, err := fn.Default().Operator(name, l.Type(), r.Type())
	if err != nil {
		t.Fatal(err)
	}
	return &expr.Call{Fn: f, Args: []expr.Expr{l, r}, T: f.Result}
}

// TestFold: constants are computed, what fails is left, and AND and OR lose what decides nothing.
func TestFold(t *testing.T) {
	n := &expr.Column{Index: 0, Name: "n", T: int4}
	positive := op(t, ">", n, number(0))
	fails := op(t, "=", op(t, "/", n, number(0)), number(1))
	truth := func(b bool) expr.Expr { return &expr.Literal{Value: column.NewBools([]bool{b}, nil)} }
	and := func(args ...expr.Expr) expr.Expr { return &expr.Logic{Args: args} }
	for _, c := range []struct {
		e    expr.Expr
		want string
	}{
		{op(t, "+", number(1), op(t, "*", number(2), number(3))), "7"},
		{op(t, "+", n, op(t, "-", number(2), number(3))), "n + -1"},
		{op(t, "/", number(1), number(0)), "1 / 0"},
		{and(positive, truth(true)), "n > 0"},
		{and(positive, truth(false)), "false"},
		{and(fails, truth(false)), "((n / 0) = 1) AND false"},
		{and(truth(false), fails), "false"},
		{&expr.Logic{Or: true, Args: []expr.Expr{positive, truth(true)}}, "true"},
		{&expr.Logic{Or: true, Args: []expr.Expr{truth(false), positive, positive}}, "(n > 0) OR (n > 0)"},
		{&expr.Not{Arg: truth(true)}, "false"},
		{&expr.IsNull{Arg: n, Negate: true}, "n IS NOT NULL"},
		{&expr.In{Arg: n, List: column.NewInts(int4, []int64{1, 2}, nil), HasNil: true, Negate: true}, "n NOT IN (1, 2, NULL)"},
	} {
		got := expr.Fold(&expr.Context{Now: time.Unix(0, 0)}, c.e)
		if s := expr.String(got, nil); s != c.want {
			t.Errorf("%s folded to %s, want %s", expr.String(c.e, nil), s, c.want)
		}
		if !expr.Equal(got, expr.Fold(&expr.Context{}, got)) {
			t.Errorf("%s: folding again changes it", c.want)
		}
	}
}

// TestColumnsAndRewrite: columns are found everywhere, and a rewrite shares what it leaves alone.
func TestColumnsAndRewrite(t *testing.T) {
	a, b := &expr.Column{Index: 3, T: int4}, &expr.Column{Index: 1, T: int4}
	left := op(t, ">", a, number(1))
	e := &expr.Case{When: []expr.Expr{left}, Then: []expr.Expr{b}, Else: a, T: int4}
	if got := expr.Columns(e); len(got) != 2 || got[0] != 1 || got[1] != 3 {
		t.Errorf("columns %v", got)
	}
	moved := expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		if x == expr.Expr(b) {
			return &expr.Column{Index: 7, T: int4}
		}
		return x
	}).(*expr.Case)
	if moved.When[0] != left || moved.Then[0].(*expr.Column).Index != 7 || e.Then[0] != expr.Expr(b) {
		t.Error("the rewrite touched what it should not")
	}
	if expr.Equal(moved, e) {
		t.Error("different columns are equal")
	}
}

// TestUnusedDictionaryEntry: a value no row refers to cannot fail.
func TestUnusedDictionaryEntry(t *testing.T) {
	d := &column.Vector{Type: int4, Enc: column.Dict, Len: 3, Child: column.NewInts(int4, []int64{2, 0}, nil), Codes: []uint32{0, 0, 0}}
	v, err := expr.Eval(&expr.Context{}, op(t, "/", number(10), &expr.Column{T: int4}), []*column.Vector{d}, 3)
	if err != nil || v.Int(2) != 5 {
		t.Fatal(v, err)
	}
}
