package opt

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
)

// wholeDays turns `date op timestamp`, which compares as timestamps, into a comparison of dates where the timestamp is a constant:
// `day < date '1994-01-01' + interval '1 year'` is one. Zone maps understand it, and no row's date becomes a timestamp.
func wholeDays(_ *context, root plan.Node) plan.Node {
	return rewrite(root, func(n plan.Node) plan.Node {
		return mapExpressions(n, func(e expr.Expr) expr.Expr { return expr.Rewrite(e, wholeDay) })
	})
}

func wholeDay(e expr.Expr) expr.Expr {
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
	cast, isCast := left.(*expr.Call)
	v := plan.Literal(right)
	if !isCast || cast.Fn.Form != "cast" || len(cast.Args) != 1 || cast.Args[0].Type().Kind != column.Date ||
		v == nil || v.Type.Kind != column.Timestamp || cast.T != v.Type || v.IsNull(0) {
		return e
	}
	op, day, ok := dayBound(op, v.Int(0))
	if !ok {
		return e
	}
	date := column.T(column.Date)
	f, err := fn.Default().Operator(op, date, date)
	if err != nil {
		return e // no such comparison: what is there works
	}
	bound := &expr.Literal{Value: column.NewInts(date, []int64{day}, nil), At: right.Pos()}
	return &expr.Call{Fn: f, Args: []expr.Expr{cast.Args[0], bound}, T: f.Result, At: call.At}
}

// dayBound gives the comparison of days that holds for the same dates as a comparison of their midnights with a timestamp; there may be
// none.
func dayBound(op string, micros int64) (string, int64, bool) {
	if micros == literal.TimestampInfinity || micros == literal.TimestampNegInfinity {
		return "", 0, false
	}
	day, within := micros/literal.MicrosPerDay, micros%literal.MicrosPerDay
	if within < 0 {
		day, within = day-1, within+literal.MicrosPerDay
	}
	if within == 0 {
		return op, day, true
	}
	switch op {
	case ">", ">=":
		return ">", day, true
	case "<", "<=":
		return "<=", day, true
	}
	return "", 0, false // equal to no midnight: NULL stays NULL only in the comparison that is there
}
