package fn

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

// arrayKernel makes a kernel that gives arrays: f appends the encoding of row i's to dst.
func arrayKernel(ctx *expr.Context, elem column.Type, n int, valid column.Bitmap, f func(dst []byte, i int) ([]byte, error)) (*column.Vector, error) {
	b := column.NewBuilder(column.ArrayOf(elem), n)
	var buf []byte
	row := ctx.RowWork()
	for i := range n {
		if err := ctx.Work(row + len(buf)); err != nil {
			return nil, err
		}
		if valid != nil && !valid.Get(i) {
			b.AppendNull()
			continue
		}
		var err error
		buf, err = f(buf[:0], i)
		if err == errNull {
			b.AppendNull()
			continue
		}
		if err != nil {
			return nil, err
		}
		b.AppendBytes(buf)
	}
	if err := b.Err(); err != nil {
		return nil, err
	}
	return b.Finish(), nil
}

func tooLarge() error {
	return sqlError("54000", "array size exceeds the maximum allowed (%d)", array.MaxElements)
}

// addArrays adds what builds arrays, takes them apart and measures them.
func addArrays(r *Registry) {
	r.add(
		scalar{name: "array", args: types(tCompatible), result: tCompatibleArray, variadic: true, nullable: true, safe: true, doc: "an array of the values (ARRAY[…])", generic: collect},
		scalar{name: "array_of_arrays", args: types(tCompatibleArray), result: tCompatibleArray, variadic: true, nullable: true, doc: "an array of one more dimension (ARRAY[[…], …])", generic: stack},
	)
	measure := func(name, doc string, f func(r *array.Reader) (int64, error)) {
		r.add(scalar{name: name, args: types(tAnyArray), result: tInt4, safe: true, doc: doc, generic: func(elem column.Type) func(*expr.Context, []*column.Vector, int) (*column.Vector, error) {
			return kernel1(tInt4, readBytes, writeInt, func(_ *expr.Context, a []byte) (int64, error) {
				var r array.Reader
				if err := r.Open(a, elem); err != nil {
					return 0, err
				}
				return f(&r)
			})
		}})
	}
	measure("cardinality", "number of elements in all dimensions", func(r *array.Reader) (int64, error) { return int64(r.Len()), nil })
	measure("array_ndims", "number of dimensions", func(r *array.Reader) (int64, error) {
		if len(r.Dims) == 0 {
			return 0, errNull
		}
		return int64(len(r.Dims)), nil
	})
	bound := func(name, doc string, f func(d array.Dim) int64) {
		r.add(scalar{name: name, args: types(tAnyArray, tInt4), result: tInt4, safe: true, doc: doc, generic: func(elem column.Type) func(*expr.Context, []*column.Vector, int) (*column.Vector, error) {
			return kernel2(tInt4, readBytes, readInt, writeInt, func(_ *expr.Context, a []byte, dim int64) (int64, error) {
				var r array.Reader
				if err := r.Open(a, elem); err != nil {
					return 0, err
				}
				if dim < 1 || dim > int64(len(r.Dims)) {
					return 0, errNull
				}
				return f(r.Dims[dim-1]), nil
			})
		}})
	}
	bound("array_length", "number of elements in a dimension", func(d array.Dim) int64 { return int64(d.Len) })
	bound("array_lower", "least subscript of a dimension", func(d array.Dim) int64 { return int64(d.Lower) })
	bound("array_upper", "greatest subscript of a dimension", func(d array.Dim) int64 { return int64(d.Lower) + int64(d.Len) - 1 })
	r.add(scalar{name: "array_dims", args: types(tAnyArray), result: tText, safe: true, doc: "the bounds of all dimensions as text", generic: func(elem column.Type) func(*expr.Context, []*column.Vector, int) (*column.Vector, error) {
		return kernel1(tText, readBytes, writeBytes, func(_ *expr.Context, a []byte) ([]byte, error) {
			var r array.Reader
			if err := r.Open(a, elem); err != nil {
				return nil, err
			}
			if len(r.Dims) == 0 {
				return nil, errNull
			}
			return literal.AppendDims(nil, r.Dims), nil
		})
	}})
	addSubscripts(r)
	r.setFunction(expr.SetFunction{
		Name: "unnest", Args: types(tAnyArray), Columns: []expr.SetColumn{{Name: "unnest", Type: tAnyElement}}, Strict: true,
		Doc: "a row for each element, in order", Generic: unnest,
	})
}

// collect makes an array of one dimension of each row's values.
func collect(elem column.Type) func(*expr.Context, []*column.Vector, int) (*column.Vector, error) {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		dims := array.OneDim(len(args))
		values := column.NewBuilder(elem, len(args))
		return arrayKernel(ctx, elem, n, nil, func(dst []byte, i int) ([]byte, error) {
			for _, a := range args {
				values.AppendRow(a, i)
			}
			v := values.Finish()
			return array.Append(dst, dims, v, 0), nil
		})
	}
}

var errMatchingDims = sqlError("2202E", "multidimensional arrays must have array expressions with matching dimensions")

// stack makes an array of one more dimension of each row's arrays, which must be of one shape.
func stack(elem column.Type) func(*expr.Context, []*column.Vector, int) (*column.Vector, error) {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		values := column.NewBuilder(elem, 0)
		var r array.Reader
		return arrayKernel(ctx, elem, n, nil, func(dst []byte, i int) ([]byte, error) {
			var dims []array.Dim
			empty := false
			for k, a := range args {
				var shape []array.Dim
				if !a.IsNull(i) {
					if err := r.Open(a.Bytes(i), elem); err != nil {
						return nil, err
					}
					shape = r.Dims
				}
				empty = empty || len(shape) == 0
				if k == 0 {
					dims = append([]array.Dim{{Len: int32(len(args)), Lower: 1}}, shape...)
				}
				if len(shape) != len(dims)-1 || !sameDims(shape, dims[1:]) {
					return nil, errMatchingDims
				}
				if len(shape) > 0 {
					if err := r.AppendTo(values); err != nil {
						return nil, err
					}
				}
			}
			v := values.Finish()
			if empty {
				return dst, nil
			}
			if len(dims) > array.MaxDims {
				return nil, sqlError("54000", "number of array dimensions (%d) exceeds the maximum allowed (%d)", len(dims), array.MaxDims)
			}
			return array.Append(dst, dims, v, 0), nil
		})
	}
}

// elementRows gives the elements of one array.
type elementRows struct {
	r    array.Reader
	next int
}

func unnest(elem column.Type) func(*expr.Context, []*column.Vector, int) (expr.Rows, error) {
	return func(_ *expr.Context, args []*column.Vector, i int) (expr.Rows, error) {
		rows := &elementRows{}
		return rows, rows.r.Open(args[0].Bytes(i), elem)
	}
}

func (e *elementRows) Next(out []*column.Builder, most int) (int, error) {
	n := min(most, e.r.Len()-e.next)
	if n <= 0 {
		return 0, nil
	}
	err := e.r.AppendRange(out[0], e.next, e.next+n)
	e.next += n
	return n, err
}
