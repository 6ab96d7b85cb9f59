package expr

import "github.com/automatanexus/aegis-db/column"

// EvalBool appends to dst the rows for which the condition e is true, ascending.
//
// Of conditions joined by AND each leaves fewer rows to the next: a list of rows is kept instead of truth values for all, and what comes
// after a selective condition is computed for its rows only. As in PostgreSQL a row is out as soon as one condition is false or NULL.
func EvalBool(ctx *Context, e Expr, in []*column.Vector, n int, dst []int32) ([]int32, error) {
	and, ok := e.(*Logic)
	if !ok || and.Or || !anyFlat(and, in) {
		v, err := Eval(ctx, e, in, n)
		if err != nil {
			return nil, err
		}
		return AppendTrue(dst, v), nil
	}
	at := len(dst)
	dst, err := EvalBool(ctx, and.Args[0], in, n, dst)
	if err != nil {
		return nil, err
	}
	rows, err := KeepTrue(ctx, and.Args[1:], in, n, dst[at:])
	if err != nil {
		return nil, err
	}
	return dst[:at+len(rows)], nil
}

// KeepTrue keeps of some rows, ascending, those for which all conditions of a list are true.
func KeepTrue(ctx *Context, list []Expr, in []*column.Vector, n int, rows []int32) ([]int32, error) {
	for _, e := range list {
		if len(rows) == 0 {
			break
		}
		kept, err := keepTrue(ctx, e, in, n, rows)
		if err != nil {
			return nil, err
		}
		rows = rows[:kept]
	}
	return rows, nil
}

// EvalBoolOf keeps of some rows, ascending, those for which the condition e is true.
func EvalBoolOf(ctx *Context, e Expr, in []*column.Vector, n int, rows []int32) ([]int32, error) {
	args := []Expr{e}
	if and, ok := e.(*Logic); ok && !and.Or && anyFlat(and, in) {
		args = and.Args
	}
	return KeepTrue(ctx, args, in, n, rows)
}

// anyFlat reports that some column e reads has a value per row: else it is cheaper to decide per run or per entry.
func anyFlat(e Expr, in []*column.Vector) bool {
	for _, c := range Columns(e) {
		if in[c].Enc == column.Flat || in[c].Enc == column.Scaled {
			return true
		}
	}
	return false
}

// keepTrue moves those rows for which e is true, too, to the front of the list, and gives their number.
func keepTrue(ctx *Context, e Expr, in []*column.Vector, n int, rows []int32) (int, error) {
	// Where most rows are left, computing all of them costs less than gathering those; what may fail must not see the others.
	if len(rows) < n && (len(rows) <= n/4 || CanFail(e) || Volatile(e)) {
		v, err := evalRows(ctx, e, in, n, rows)
		if err != nil {
			return 0, err
		}
		kept := 0
		for _, i := range AppendTrue(make([]int32, 0, len(rows)), v) {
			rows[kept] = rows[i]
			kept++
		}
		return kept, nil
	}
	v, err := Eval(ctx, e, in, n)
	if err != nil {
		return 0, err
	}
	if v.Enc == column.Const {
		if v.IsNull(0) || !v.Child.Bools[0] {
			return 0, nil
		}
		return len(rows), nil
	}
	kept := 0
	if v.Enc == column.Dict {
		truth := make([]bool, v.Child.Len)
		for i, b := range v.Child.Bools[:v.Child.Len] {
			truth[i] = b && v.Child.Valid.Get(i)
		}
		for _, r := range rows {
			rows[kept] = r
			if truth[v.Codes[r]] {
				kept++
			}
		}
		return kept, nil
	}
	f := column.Flatten(v)
	for _, r := range rows {
		rows[kept] = r
		if f.Bools[r] && (f.Valid == nil || f.Valid.Get(int(r))) {
			kept++
		}
	}
	return kept, nil
}
