package expr

import (
	"errors"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// Eval computes n rows of e over the columns in, each of n rows. The result may have any encoding.
//
// What depends on constants alone is computed once; what depends on run-end encoded columns with the same runs, once per
// run; what depends on one dictionary, once per entry, if the dictionary is not larger than n and nothing can fail.
//
// An error carries the place: column.Error.Position is 1 + the byte offset in the statement (PositionIn counts
// characters, which is what clients are told).
func Eval(ctx *Context, e Expr, in []*column.Vector, n int) (*column.Vector, error) {
	if n == 0 {
		return column.NewBuilder(e.Type(), 0).Finish(), nil
	}
	switch e := e.(type) {
	case *Column:
		return in[e.Index], nil
	case *Literal:
		return column.NewConst(e.Value, 0, n), nil
	case *Param:
		return evalParam(ctx, e, n)
	case *Call:
		return evalCall(ctx, e, in, n)
	case *Not:
		v, err := Eval(ctx, e.Arg, in, n)
		if err != nil {
			return nil, err
		}
		return onValues(v, notFlat), nil
	case *IsNull:
		v, err := Eval(ctx, e.Arg, in, n)
		if err != nil {
			return nil, err
		}
		if v.Enc == column.Scaled {
			return isNullFlat(v, e.Negate), nil
		}
		return onValues(v, func(f *column.Vector) *column.Vector { return isNullFlat(f, e.Negate) }), nil
	case *In:
		v, err := Eval(ctx, e.Arg, in, n)
		if err != nil {
			return nil, err
		}
		set, err := listSet(ctx, e)
		if err != nil {
			return nil, err
		}
		return onValues(v, func(f *column.Vector) *column.Vector { return set.test(f) }), nil
	case *Logic:
		return lifted(ctx, e, in, n, func(in []*column.Vector, n int) (*column.Vector, error) { return evalLogic(ctx, e, in, n) })
	case *Case:
		return lifted(ctx, e, in, n, func(in []*column.Vector, n int) (*column.Vector, error) { return evalCase(ctx, e, in, n) })
	}
	return nil, column.Errorf(column.Internal, "expr: no evaluation for %T", e)
}

// AppendTrue appends the rows of a boolean vector that are true, NULL being not.
func AppendTrue(dst []int32, v *column.Vector) []int32 {
	switch v.Enc {
	case column.Const:
		if v.Len > 0 && !v.IsNull(0) && v.Child.Bools[0] {
			dst = appendRange(dst, 0, int32(v.Len))
		}
	case column.RunEnd:
		start := int32(0)
		for k, end := range v.Ends {
			if v.Child.Bools[k] && v.Child.Valid.Get(k) {
				dst = appendRange(dst, start, end)
			}
			start = end
		}
	case column.Dict:
		truth := make([]bool, v.Child.Len)
		for i, b := range v.Child.Bools[:v.Child.Len] {
			truth[i] = b && v.Child.Valid.Get(i)
		}
		for i, c := range v.Codes {
			if truth[c] {
				dst = append(dst, int32(i))
			}
		}
	default:
		dst = appendTrueFlat(dst, v)
	}
	return dst
}

// appendTrueFlat writes each row's number and keeps it by moving on: no branch to mispredict.
func appendTrueFlat(dst []int32, v *column.Vector) []int32 {
	at := len(dst)
	for cap(dst)-at < v.Len {
		dst = append(dst[:cap(dst)], 0)
	}
	dst = dst[:at+v.Len]
	out, k := dst[at:], 0
	if v.Valid == nil {
		for i, b := range v.Bools[:v.Len] {
			out[k] = int32(i)
			if b {
				k++
			}
		}
		return dst[:at+k]
	}
	for i, b := range v.Bools[:v.Len] {
		out[k] = int32(i)
		if b && v.Valid.Get(i) {
			k++
		}
	}
	return dst[:at+k]
}

func appendRange(dst []int32, lo, hi int32) []int32 {
	for ; lo < hi; lo++ {
		dst = append(dst, lo)
	}
	return dst
}

func evalParam(ctx *Context, e *Param, n int) (*column.Vector, error) {
	if err := ctx.Failed[e.Index]; err != nil {
		return nil, err
	}
	v := ctx.Param(e.Index)
	if v == nil {
		return nil, noValue(e)
	}
	if v.Type != e.T {
		return nil, column.Errorf(column.Internal, "expr: parameter %d is %s, bound as %s", e.Index+1, v.Type, e.T)
	}
	return column.NewConst(column.Flatten(v), 0, n), nil
}

func noValue(e *Param) error {
	return &column.Error{Class: column.Invalid, SQLState: "08P01", Message: "a parameter of the statement has no value", Position: e.At + 1}
}

// onValues applies an infallible function of one argument to the distinct values of v.
func onValues(v *column.Vector, f func(flat *column.Vector) *column.Vector) *column.Vector {
	if v.Enc == column.Flat {
		return f(v)
	}
	if v.Enc == column.Scaled || v.Enc == column.Dict && v.Child.Len > v.Len {
		return f(column.Flatten(v))
	}
	return rewrap(v, f(v.Child))
}

// rewrap gives v's encoding over other values.
func rewrap(v, child *column.Vector) *column.Vector {
	if child.Enc == column.Const {
		return &column.Vector{Type: child.Type, Enc: column.Const, Len: v.Len, Child: child.Child}
	}
	return &column.Vector{Type: child.Type, Enc: v.Enc, Len: v.Len, Child: column.Flatten(child), Codes: v.Codes, Ends: v.Ends}
}

// lifted evaluates e on the values of its input columns, if these share an encoding that allows it, else as they are.
func lifted(ctx *Context, e Expr, in []*column.Vector, n int, eval func(in []*column.Vector, n int) (*column.Vector, error)) (*column.Vector, error) {
	cols := Columns(e)
	var shape *column.Vector
	for _, c := range cols {
		v := in[c]
		switch {
		case v.Enc == column.Const:
		case v.Enc == column.Flat || v.Enc == column.Scaled:
			return eval(in, n)
		case shape == nil:
			shape = v
		case !sameShape(shape, v):
			return eval(in, n)
		}
	}
	if shape == nil || shape.Enc == column.Dict && (shape.Child.Len > n || CanFail(e)) || Volatile(e) {
		return eval(in, n)
	}
	values, m := make([]*column.Vector, len(in)), shape.Child.Len
	for _, c := range cols {
		if in[c].Enc == column.Const {
			values[c] = column.NewConst(in[c].Child, 0, m)
		} else {
			values[c] = in[c].Child
		}
	}
	if m == 0 {
		return eval(in, n)
	}
	runs := ctx.Runs
	ctx.Runs = nil
	v, err := eval(values, m)
	ctx.Runs = runs
	if err != nil {
		return nil, err
	}
	return rewrap(shape, v), nil
}

// sameShape reports whether two encoded vectors map rows to values alike.
func sameShape(a, b *column.Vector) bool {
	if a.Enc != b.Enc || a.Child.Len != b.Child.Len {
		return false
	}
	switch a.Enc {
	case column.RunEnd:
		return sameSlice(a.Ends, b.Ends)
	case column.Dict:
		// Equal codes are looked for by identity only: comparing them costs as much as it spares.
		return len(a.Codes) == len(b.Codes) && (len(a.Codes) == 0 || &a.Codes[0] == &b.Codes[0])
	}
	return true
}

func sameSlice(a, b []int32) bool {
	if len(a) != len(b) {
		return false
	}
	if len(a) == 0 || &a[0] == &b[0] {
		return true
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// gatherInputs keeps the listed rows of the columns that e reads.
func gatherInputs(e Expr, in []*column.Vector, rows []int32) []*column.Vector {
	out := make([]*column.Vector, len(in))
	for _, c := range Columns(e) {
		out[c] = column.Gather(in[c], rows)
	}
	return out
}

// evalRows is Eval on some rows only.
func evalRows(ctx *Context, e Expr, in []*column.Vector, n int, rows []int32) (*column.Vector, error) {
	if len(rows) == n {
		return Eval(ctx, e, in, n)
	}
	runs := ctx.Runs
	if runs != nil {
		ctx.Runs = scan.CompactRuns(runs, rows)
	}
	v, err := Eval(ctx, e, gatherInputs(e, in, rows), len(rows))
	ctx.Runs = runs
	return v, err
}

// errorAt gives an error a place, unless it has one.
func errorAt(err error, at int) error {
	var e *column.Error
	if !errors.As(err, &e) {
		return err
	}
	if e.Position != 0 {
		return err
	}
	placed := *e
	placed.Position = at + 1
	return &placed
}
