package fn

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/query/expr"
)

// castOf finds a cast; those of arrays are made of the ones of their elements, and by way of text.
func (r *Registry) castOf(from, to column.Type) (cast, bool) {
	if !from.IsArray() && !to.IsArray() {
		c, ok := r.casts[castKey{from, to}]
		return c, ok
	}
	if !from.Valid() || !to.Valid() {
		return cast{}, false
	}
	key := castKey{from, to}
	if c, ok := r.instances.Load(key); ok {
		return c.(cast), true
	}
	c, ok := r.arrayCast(from, to)
	if ok {
		r.instances.Store(key, c)
	}
	return c, ok
}

func (r *Registry) arrayCast(from, to column.Type) (cast, bool) {
	made := func(how CastContext, stable bool, k Kernel) (cast, bool) {
		return cast{how, scalar{name: to.String(), args: types(from), result: to, kernel: k, stable: stable, doc: "cast"}.function("cast")}, true
	}
	switch {
	case to.IsVector() && from.IsArray():
		return cast{}, false
	case from.IsVector() && to.Element() == from.Element():
		return made(Implicit, false, relabel(to))
	case from.IsArray() && to.IsArray():
		c, ok := r.castOf(from.Element(), to.Element())
		if !ok {
			return cast{}, false
		}
		return made(c.how, c.fn.Stable, mapElements(from.Element(), to.Element(), c.fn.Kernel))
	case from.IsArray() && category(to) == 'S':
		return made(Assignment, true, viaText(toText(from), to))
	case to.IsArray() && category(from) == 'S':
		return made(Explicit, true, fromText(to))
	}
	return cast{}, false
}

// mapElements applies a kernel of one argument to all elements of all arrays at once.
func mapElements(from, to column.Type, k Kernel) Kernel {
	f := expr.Function{Name: "element", Args: types(from), Result: to, Strict: true, CanFail: true, Kernel: k}
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		valid := ctx.Valid
		all, err := openArrays(args[0], valid, from, n)
		if err != nil {
			return nil, err
		}
		values := all.elements
		if values.Len > 0 {
			if values, err = expr.Apply(ctx, &f, []*column.Vector{values}, values.Len); err != nil {
				return nil, err
			}
			values = column.Flatten(values)
		}
		return arrayKernel(ctx, to, n, valid, func(dst []byte, i int) ([]byte, error) {
			return array.Append(dst, all.dims[i], values, int(all.starts[i])), nil
		})
	}
}

// opened are the arrays of a batch, their elements one after the other.
type opened struct {
	dims     [][]array.Dim
	starts   []int32 // n+1 of them: the elements of row i are [starts[i], starts[i+1])
	elements *column.Vector
}

// openArrays takes the arrays of the valid rows apart.
func openArrays(v *column.Vector, valid column.Bitmap, elem column.Type, n int) (*opened, error) {
	out := &opened{dims: make([][]array.Dim, n), starts: make([]int32, 1, n+1)}
	b := column.NewBuilder(elem, n)
	var r array.Reader
	for i := range n {
		if (valid == nil || valid.Get(i)) && !v.IsNull(i) {
			if err := r.Open(v.Bytes(i), elem); err != nil {
				return nil, err
			}
			out.dims[i] = append([]array.Dim(nil), r.Dims...)
			if err := r.AppendTo(b); err != nil {
				return nil, err
			}
		}
		out.starts = append(out.starts, int32(b.Len()))
	}
	out.elements = b.Finish()
	return out, nil
}
