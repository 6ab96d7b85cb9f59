package fn

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/query/expr"
)

// addArraySearches adds what finds elements, and the functions that give rows for parts of arrays and texts.
func addArraySearches(r *Registry) {
	for _, args := range [][]column.Type{types(tCompatibleArray, tCompatible), types(tCompatibleArray, tCompatible, tInt4)} {
		r.add(scalar{name: "array_position", args: args, result: tInt4, nullable: true, doc: "subscript of the first element that equals a value, from a subscript on", generic: findElement})
	}
	r.add(scalar{name: "array_positions", args: types(tCompatibleArray, tCompatible), result: column.ArrayOf(tInt4), nullable: true, doc: "subscripts of all elements that equal a value", generic: findElements})
	for n := 2; n <= 3; n++ {
		r.setFunction(expr.SetFunction{
			Name: "generate_subscripts", Args: types(tAnyArray, tInt4, tBool)[:n], Columns: []expr.SetColumn{{Name: "generate_subscripts", Type: tInt4}},
			Strict: true, Doc: "the subscripts of a dimension, backwards if asked for", Generic: listSubscripts,
		}, expr.SetFunction{
			Name: "string_to_table", Args: types(tText, tText, tText)[:n], Columns: []expr.SetColumn{{Name: "string_to_table", Type: tText}},
			Doc: "a row for each part of a text", Open: partsOf,
		})
	}
}

// searched reads an array that is searched: nil if nothing can be found in it.
func searched(ctx *expr.Context, v *column.Vector, i int, elem column.Type) (*array.Array, error) {
	a, err := decoded(ctx, v, i, elem)
	if err != nil || a == nil || len(a.Dims) == 0 {
		return a, err
	}
	if len(a.Dims) > 1 {
		return nil, sqlError("0A000", "searching for elements in multidimensional arrays is not supported")
	}
	return a, nil
}

func findElement(elem column.Type) rawKernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		value := column.Flatten(args[1])
		out := column.NewBuilder(tInt4, n)
		for i := range n {
			a, err := searched(ctx, args[0], i, elem)
			if err != nil {
				return nil, err
			}
			at := -1
			if a != nil && len(a.Dims) > 0 {
				from := 0
				if len(args) > 2 {
					if args[2].IsNull(i) {
						return nil, sqlError("22004", "initial position must not be null")
					}
					from = int(max(0, args[2].Int(i)-int64(a.Dims[0].Lower)))
				}
				for k := from; k < a.Elements.Len && at < 0; k++ {
					if err := ctx.Work(elementWork); err != nil {
						return nil, err
					}
					if sameElement(a.Elements, k, value, i) {
						at = k
					}
				}
			}
			if at < 0 {
				out.AppendNull()
			} else {
				out.AppendInt(int64(a.Dims[0].Lower) + int64(at))
			}
		}
		return out.Finish(), nil
	}
}

func findElements(elem column.Type) rawKernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		value := column.Flatten(args[1])
		found := column.NewBuilder(tInt4, 0)
		return arrayKernel(ctx, tInt4, n, nil, func(dst []byte, i int) ([]byte, error) {
			a, err := searched(ctx, args[0], i, elem)
			if err != nil {
				return nil, err
			}
			if a == nil {
				return nil, errNull
			}
			for k := range a.Elements.Len {
				if err := ctx.Work(elementWork); err != nil {
					return nil, err
				}
				if sameElement(a.Elements, k, value, i) {
					found.AppendInt(int64(a.Dims[0].Lower) + int64(k))
				}
			}
			v := found.Finish()
			return array.Append(dst, array.OneDim(v.Len), v, 0), nil
		})
	}
}

// intRows counts from one number to another.
type intRows struct{ at, left, step int64 }

func (r *intRows) Next(out []*column.Builder, most int) (int, error) {
	n := min(int64(most), r.left)
	for range n {
		out[0].AppendInt(r.at)
		r.at += r.step
	}
	r.left -= n
	return int(n), nil
}

func listSubscripts(elem column.Type) func(*expr.Context, []*column.Vector, int) (expr.Rows, error) {
	return func(_ *expr.Context, args []*column.Vector, i int) (expr.Rows, error) {
		var r array.Reader
		if err := r.Open(args[0].Bytes(i), elem); err != nil {
			return nil, err
		}
		dim := args[1].Int(i)
		if dim < 1 || dim > int64(len(r.Dims)) {
			return &intRows{}, nil
		}
		d := r.Dims[dim-1]
		if len(args) > 2 && args[2].Bool(i) {
			return &intRows{at: int64(d.Lower) + int64(d.Len) - 1, left: int64(d.Len), step: -1}, nil
		}
		return &intRows{at: int64(d.Lower), left: int64(d.Len), step: 1}, nil
	}
}

// vectorRows gives rows that are there already.
type vectorRows struct {
	values *column.Vector
	at     int
}

func (r *vectorRows) Next(out []*column.Builder, most int) (int, error) {
	n := min(most, r.values.Len-r.at)
	out[0].AppendVector(r.values, r.at, r.at+n)
	r.at += n
	return n, nil
}

func partsOf(ctx *expr.Context, args []*column.Vector, i int) (expr.Rows, error) {
	parts := column.NewBuilder(tText, 0)
	if !args[0].IsNull(i) {
		var delimiter []byte
		if !args[1].IsNull(i) {
			delimiter = args[1].Bytes(i)
		}
		err := splitText(ctx, args[0].Bytes(i), delimiter, args[1].IsNull(i), func(p []byte) {
			if len(args) > 2 && !args[2].IsNull(i) && string(p) == string(args[2].Bytes(i)) {
				parts.AppendNull()
			} else {
				parts.AppendBytes(p)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return &vectorRows{values: parts.Finish()}, parts.Err()
}
