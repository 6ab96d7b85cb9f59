package expr

import "github.com/automatanexus/aegis-db/column"

// evalCall evaluates the arguments and applies the function on the cheapest shape they allow.
func evalCall(ctx *Context, e *Call, in []*column.Vector, n int) (*column.Vector, error) {
	args := make([]*column.Vector, len(e.Args))
	for i, a := range e.Args {
		v, err := Eval(ctx, a, in, n)
		if err != nil {
			return nil, err
		}
		args[i] = v
	}
	if e.Fn.Runs != nil && ctx.Runs != nil {
		if c, ok := e.Args[e.Fn.RunsArg].(*Column); ok && c.Sorted && args[e.Fn.RunsArg].Enc == column.Flat {
			v, err := e.Fn.Runs(ctx, args, n)
			if err != nil {
				return nil, errorAt(err, e.At)
			}
			if v != nil {
				return v, nil
			}
		}
	}
	if v := ctx.byEntry(e, args, n); v != nil {
		return v, nil
	}
	v, err := Apply(ctx, e.Fn, args, n)
	if err != nil {
		return nil, errorAt(err, e.At)
	}
	return v, nil
}

// Apply calls a function on arguments of any encoding, all of n > 0 rows.
func Apply(ctx *Context, f *Function, args []*column.Vector, n int) (*column.Vector, error) {
	shape, lift := commonShape(f, args, n)
	if !lift {
		if f.Scaled != nil {
			if v, err := applyScaled(ctx, f, args, n); v != nil || err != nil {
				return v, err
			}
		}
		flat := make([]*column.Vector, len(args))
		for i, a := range args {
			flat[i] = a
			if a.Enc != column.Const {
				flat[i] = column.Flatten(a)
			}
		}
		return applyFlat(ctx, f, f.Kernel, flat, n)
	}
	m := 1
	if shape != nil {
		m = shape.Child.Len
	}
	values := make([]*column.Vector, len(args))
	for i, a := range args {
		switch {
		case a.Enc == column.Const && shape == nil:
			values[i] = a.Child
		case a.Enc == column.Const:
			values[i] = column.NewConst(a.Child, 0, m)
		default:
			values[i] = a.Child
		}
	}
	v, err := applyFlat(ctx, f, f.Kernel, values, m)
	if err != nil {
		return nil, err
	}
	if shape == nil {
		return column.NewConst(column.Flatten(v), 0, n), nil
	}
	return rewrap(shape, v), nil
}

// commonShape decides whether a call can work on values instead of rows; a nil shape then means that all are constants.
func commonShape(f *Function, args []*column.Vector, n int) (shape *column.Vector, lift bool) {
	if f.Volatile {
		return nil, false
	}
	for _, a := range args {
		switch {
		case a.Enc == column.Const:
		case a.Enc == column.Flat || a.Enc == column.Scaled:
			return nil, false
		case shape == nil:
			shape = a
		case !sameShape(shape, a):
			return nil, false
		}
	}
	if shape == nil {
		return nil, true
	}
	if shape.Child.Len == 0 || shape.Enc == column.Dict && (shape.Child.Len > n || f.CanFail && !allUsed(shape)) {
		return nil, false
	}
	return shape, true
}

// allUsed reports whether rows refer to each entry of a dictionary.
func allUsed(v *column.Vector) bool {
	seen, left := make([]bool, v.Child.Len), v.Child.Len
	for _, c := range v.Codes {
		if !seen[c] {
			seen[c] = true
			if left--; left == 0 {
				return true
			}
		}
	}
	return left == 0
}

// applyScaled calls the kernel for Scaled arguments; nil if it declines, or if an argument has no such form.
func applyScaled(ctx *Context, f *Function, args []*column.Vector, n int) (*column.Vector, error) {
	scaled := make([]*column.Vector, len(args))
	for i, a := range args {
		switch {
		case a.Enc == column.Const:
			scaled[i] = a
		case a.Type.Kind != column.Numeric:
			scaled[i] = column.Flatten(a)
		default:
			if scaled[i] = column.ToScaled(a); scaled[i] == nil {
				return nil, nil
			}
		}
	}
	return applyFlat(ctx, f, f.Scaled, scaled, n)
}

// applyFlat calls a kernel on Flat, Const and Scaled arguments, and does for strict functions what is theirs: NULL in, NULL out.
func applyFlat(ctx *Context, f *Function, kernel func(*Context, []*column.Vector, int) (*column.Vector, error), args []*column.Vector, n int) (*column.Vector, error) {
	if v, err := applyPieces(ctx, f, kernel, args, n); v != nil || err != nil {
		return v, err
	}
	return applyWhole(ctx, f, kernel, args, n)
}

func applyWhole(ctx *Context, f *Function, kernel func(*Context, []*column.Vector, int) (*column.Vector, error), args []*column.Vector, n int) (*column.Vector, error) {
	ctx.call(args, n)
	if !f.Strict {
		ctx.Valid = nil
		v, err := kernel(ctx, args, n)
		ctx.note(v)
		return v, err
	}
	var valid column.Bitmap
	for _, a := range args {
		if a.Enc == column.Const {
			if a.Child.Valid != nil && !a.Child.Valid.Get(0) {
				return column.NewNull(f.Result, n), nil
			}
			continue
		}
		valid = intersect(valid, a.Valid, n)
	}
	if valid != nil {
		switch valid.Count(n) {
		case n:
			valid = nil
		case 0:
			return column.NewNull(f.Result, n), nil
		}
	}
	ctx.Valid = valid
	v, err := kernel(ctx, args, n)
	ctx.Valid = nil
	ctx.note(v)
	if err != nil || valid == nil || v == nil {
		return v, err
	}
	if v.Child != nil {
		v = column.Flatten(v)
	}
	out := *v
	out.Valid = intersect(v.Valid, valid, n)
	return &out, nil
}

// intersect gives the rows that are valid in both; it never writes to its arguments.
func intersect(a, b column.Bitmap, n int) column.Bitmap {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	out := make(column.Bitmap, (n+63)/64)
	for i := range out {
		out[i] = a[i] & b[i]
	}
	return out
}
