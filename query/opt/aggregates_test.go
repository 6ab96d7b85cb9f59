package opt

import (
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
)

// sumPlus is sum(column + by) of a column of some type.
func sumPlus(t *testing.T, from, constant column.Kind, by int64) expr.AggregateCall {
	t.Helper()
	arg := expr.Expr(&expr.Column{T: column.T(from)})
	if by != 0 {
		f, err := fn.Default().Operator("+", column.T(from), column.T(constant))
		if err != nil {
			t.Fatal(err)
		}
		if f.Args[0] != column.T(from) {
			cast, ok := fn.Default().Cast(column.T(from), f.Args[0], fn.Implicit)
			if !ok {
				t.Fatal("no cast")
			}
			arg = &expr.Call{Fn: cast, Args: []expr.Expr{arg}, T: f.Args[0]}
		}
		arg = &expr.Call{Fn: f, Args: []expr.Expr{arg, &expr.Literal{Value: column.NewInts(f.Args[1], []int64{by}, nil)}}, T: f.Result}
	}
	sum, err := fn.Default().Aggregate("sum", []column.Type{arg.Type()})
	if err != nil {
		t.Fatal(err)
	}
	return expr.AggregateCall{Fn: sum, Args: []expr.Expr{arg}, T: sum.Result}
}

// TestShiftedSums: sums share one where no addition can leave its type, and stay as they are elsewhere.
func TestShiftedSums(t *testing.T) {
	for _, c := range []struct {
		from, constant column.Kind
		by             []int64
		want           int // aggregates
	}{
		{column.Int16, column.Int32, []int64{0, 1, 2, 3}, 2},
		{column.Int16, column.Int32, []int64{1, 2}, 2},
		{column.Int16, column.Int32, []int64{1}, 1},
		{column.Int16, column.Int32, []int64{1, 1 << 30, 1<<31 - 1}, 3}, // the last may be too large
		{column.Int16, column.Int16, []int64{1, 2}, 2},                  // as they are: 32767 + 1 fails
		{column.Int32, column.Int32, []int64{0, 1, 2}, 3},
	} {
		a := &plan.Aggregate{Input: &plan.Values{Out: []plan.Column{{Name: "a", Type: column.T(c.from)}}}}
		for _, by := range c.by {
			a.Aggs, a.AggNames = append(a.Aggs, sumPlus(t, c.from, c.constant, by)), append(a.AggNames, "sum")
		}
		got := shiftedSums(nil, a)
		if err := check("shifted_sums", a.Columns(), got); err != nil {
			t.Error(err)
		}
		if p, ok := got.(*plan.Project); ok {
			got = p.Input
		}
		if n := len(got.(*plan.Aggregate).Aggs); n != c.want {
			t.Errorf("%v %v + %v: %d aggregates, not %d", c.by, c.from, c.constant, n, c.want)
		}
	}
}

// TestDependentKeys: a key that others decide goes, unless these may differ where they are equal.
func TestDependentKeys(t *testing.T) {
	one := &expr.Literal{Value: column.NewInts(big, []int64{1}, nil)}
	of := func(c *expr.Column) expr.Expr {
		return &expr.Call{Fn: &expr.Function{Name: "f"}, Args: []expr.Expr{c}, T: big}
	}
	float := &expr.Column{Index: 1, T: column.T(column.Float64)}
	for i, c := range []struct {
		keys []expr.Expr
		want int
	}{
		{[]expr.Expr{col(0, "a"), of(col(0, "a"))}, 1},
		{[]expr.Expr{of(col(0, "a")), one, col(0, "a")}, 1},
		{[]expr.Expr{of(col(0, "a")), one}, 1},
		{[]expr.Expr{one, one}, 1},
		{[]expr.Expr{float, of(float)}, 2},
		{[]expr.Expr{float, of(float), one}, 2},
		{[]expr.Expr{of(col(0, "a")), of(float)}, 2},
		{[]expr.Expr{col(0, "a"), &expr.Call{Fn: &expr.Function{Name: "v", Volatile: true}, Args: []expr.Expr{col(0, "a")}, T: big}}, 2},
	} {
		a := &plan.Aggregate{Input: &plan.Values{Out: []plan.Column{{Name: "a", Type: big}, {Name: "b", Type: float.T}}}, Keys: c.keys, KeyNames: make([]string, len(c.keys))}
		got := dependentKeys(nil, a)
		if err := check("dependent_keys", a.Columns(), got); err != nil {
			t.Error(err)
		}
		if p, ok := got.(*plan.Project); ok {
			got = p.Input
		}
		if n := len(got.(*plan.Aggregate).Keys); n != c.want {
			t.Errorf("%d: %d keys are left, not %d", i, n, c.want)
		}
	}
}
