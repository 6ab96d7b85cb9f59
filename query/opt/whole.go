package opt

import (
	"math"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
)

// wholeNumbers turns `integer op 90.0`, which compares as numeric since the constant has a point, into a comparison of integers:
// zone maps understand it, and a row costs no decimal arithmetic.
func wholeNumbers(_ *context, root plan.Node) plan.Node {
	return rewrite(root, func(n plan.Node) plan.Node {
		return mapExpressions(n, func(e expr.Expr) expr.Expr { return expr.Rewrite(e, wholeNumber) })
	})
}

func wholeNumber(e expr.Expr) expr.Expr {
	call, ok := e.(*expr.Call)
	if !ok || len(call.Args) != 2 || mirrored[call.Fn.Name] == "" && call.Fn.Name != "<>" {
		return e
	}
	op, left, right := call.Fn.Name, call.Args[0], call.Args[1]
	if plan.Literal(left) != nil {
		left, right = right, left
		if op != "<>" {
			op = mirrored[op]
		}
	}
	arg := widened(left)
	v := plan.Literal(right)
	if arg == nil || v == nil || v.Type.Kind != column.Numeric || v.IsNull(0) {
		return e
	}
	op, bound, ok := wholeBound(op, string(v.Bytes(0)))
	if !ok || !inRange(arg.Type(), bound) {
		return e
	}
	f, err := fn.Default().Operator(op, arg.Type(), arg.Type())
	if err != nil {
		return e // no such comparison: what is there works
	}
	literal := &expr.Literal{Value: column.NewInts(arg.Type(), []int64{bound}, nil), At: right.Pos()}
	return &expr.Call{Fn: f, Args: []expr.Expr{arg, literal}, T: f.Result, At: call.At}
}

// widened gives the integer that a cast makes a numeric of; nil for anything else.
func widened(e expr.Expr) expr.Expr {
	c, ok := e.(*expr.Call)
	if !ok || c.Fn.Form != "cast" || c.T != column.T(column.Numeric) || len(c.Args) != 1 {
		return nil
	}
	if !c.Args[0].Type().IsInteger() {
		return nil
	}
	return c.Args[0]
}

// wholeBound gives the comparison of integers that holds for the same numbers as a comparison with a numeric, which is canonical text;
// there may be none.
func wholeBound(op, numeric string) (string, int64, bool) {
	whole, fraction, _ := strings.Cut(numeric, ".")
	floor, err := strconv.ParseInt(whole, 10, 64)
	if err != nil { // NaN, an infinity, or beyond the integers
		return "", 0, false
	}
	if strings.Trim(fraction, "0") == "" {
		return op, floor, true
	}
	if whole[0] == '-' {
		if floor == math.MinInt64 {
			return "", 0, false
		}
		floor--
	}
	switch op {
	case ">", ">=":
		return ">", floor, true
	case "<", "<=":
		return "<=", floor, true
	}
	return "", 0, false // equal to no integer: NULL stays NULL only in the comparison that is there
}

// inRange reports whether a number is one of an integer type.
func inRange(t column.Type, v int64) bool {
	bits := map[column.Kind]uint{column.Int16: 16, column.Int32: 32, column.Int64: 64}[t.Kind]
	return v<<(64-bits)>>(64-bits) == v
}
