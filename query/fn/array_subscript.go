package fn

import (
	"math"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/query/expr"
)

// addSubscripts adds x[i, …] and x[lo:hi, …] under names that the binder calls: element, and slice, whose bounds may be NULL for one
// that is left out, told apart from a NULL value by a flag before each.
func addSubscripts(r *Registry) {
	for n := 1; n <= array.MaxDims; n++ {
		args := types(tAnyArray)
		slices := types(tAnyArray)
		for range n {
			args = append(args, tInt4)
			slices = append(slices, tBool, tInt4, tBool, tInt4)
		}
		r.add(
			scalar{name: "array_element", args: args, result: tAnyElement, safe: true, doc: "the element at the subscripts (array[i])", generic: element},
			scalar{name: "array_slice", args: slices, result: tAnyArray, nullable: true, safe: true, doc: "the part between bounds (array[lo:hi])", generic: slice},
		)
	}
}

// element gives the element at as many subscripts as the array has dimensions, NULL where there is none.
func element(elem column.Type) func(*expr.Context, []*column.Vector, int) (*column.Vector, error) {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		b := column.NewBuilder(elem, n)
		var r array.Reader
		for i := range n {
			if ctx.Valid != nil && !ctx.Valid.Get(i) {
				b.AppendNull()
				continue
			}
			if err := r.Open(args[0].Bytes(i), elem); err != nil {
				return nil, err
			}
			at := 0
			inside := len(r.Dims) == len(args)-1
			for k := 0; inside && k < len(r.Dims); k++ {
				d := r.Dims[k]
				place := args[k+1].Int(i) - int64(d.Lower)
				inside = place >= 0 && place < int64(d.Len)
				at = at*int(d.Len) + int(place)
			}
			if !inside {
				b.AppendNull()
				continue
			}
			if err := r.AppendRange(b, at, at+1); err != nil {
				return nil, err
			}
		}
		if err := b.Err(); err != nil {
			return nil, err
		}
		return b.Finish(), nil
	}
}

// slice gives the part of an array between bounds, renumbered from 1. A dimension without bounds is whole; a single subscript in a
// slice means from 1, as the binder has written it.
func slice(elem column.Type) func(*expr.Context, []*column.Vector, int) (*column.Vector, error) {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		var r array.Reader
		values, picked := column.NewBuilder(elem, 0), column.NewBuilder(elem, 0)
		return arrayKernel(ctx, elem, n, nil, func(dst []byte, i int) ([]byte, error) {
			if args[0].IsNull(i) {
				return nil, errNull
			}
			if err := r.Open(args[0].Bytes(i), elem); err != nil {
				return nil, err
			}
			given := (len(args) - 1) / 4
			lo, hi := make([]int64, len(r.Dims)), make([]int64, len(r.Dims))
			for k := range max(given, len(r.Dims)) {
				low, high := int64(math.MinInt64), int64(math.MaxInt64)
				if k < given {
					for side, bound := range []*int64{&low, &high} {
						if args[1+4*k+2*side].Bool(i) {
							if args[2+4*k+2*side].IsNull(i) {
								return nil, errNull
							}
							*bound = args[2+4*k+2*side].Int(i)
						}
					}
				}
				if k < len(r.Dims) {
					d := r.Dims[k]
					lo[k], hi[k] = max(low, int64(d.Lower)), min(high, int64(d.Lower)+int64(d.Len)-1)
				}
			}
			dims := make([]array.Dim, len(r.Dims))
			for k := range dims {
				if hi[k] < lo[k] || given > len(r.Dims) {
					return dst, nil
				}
				dims[k] = array.Dim{Len: int32(hi[k] - lo[k] + 1), Lower: 1}
			}
			if err := r.AppendTo(values); err != nil {
				return nil, err
			}
			all := values.Finish()
			pickElements(picked, all, r.Dims, lo, hi)
			part := picked.Finish()
			return array.Append(dst, dims, part, 0), nil
		})
	}
}

// pickElements appends the elements whose subscripts lie between bounds.
func pickElements(out *column.Builder, all *column.Vector, dims []array.Dim, lo, hi []int64) {
	var walk func(k, at int)
	walk = func(k, at int) {
		if k == len(dims) {
			out.AppendRow(all, at)
			return
		}
		for s := lo[k]; s <= hi[k]; s++ {
			walk(k+1, at*int(dims[k].Len)+int(s-int64(dims[k].Lower)))
		}
	}
	if len(dims) > 0 {
		walk(0, 0)
	}
}
