package fn

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

// rawKernel is a Kernel without its name, as expr.Function.Generic has it.
type rawKernel = func(*expr.Context, []*column.Vector, int) (*column.Vector, error)

// addArrayEdits adds what makes arrays of arrays.
func addArrayEdits(r *Registry) {
	put := func(name string, op bool, args []column.Type, doc string, generic func(elem column.Type) rawKernel) {
		s := scalar{name: name, args: args, result: tCompatibleArray, nullable: true, doc: doc, generic: generic}
		r.add(s)
		if op {
			s.name = "||"
			r.operator(s)
		}
	}
	put("array_append", true, types(tCompatibleArray, tCompatible), "with one more element at the end", func(elem column.Type) rawKernel { return addElement(elem, 0, 1, false) })
	put("array_prepend", true, types(tCompatible, tCompatibleArray), "with one more element at the beginning", func(elem column.Type) rawKernel { return addElement(elem, 1, 0, true) })
	put("array_cat", true, types(tCompatibleArray, tCompatibleArray), "one array behind the other", concatArrays)
	put("array_remove", false, types(tCompatibleArray, tCompatible), "without the elements that equal a value", removeElements)
	put("array_replace", false, types(tCompatibleArray, tCompatible, tCompatible), "with one value in place of another", replaceElements)
	fill := func(args []column.Type) {
		r.add(scalar{name: "array_fill", args: args, result: tAnyArray, nullable: true, doc: "an array of given lengths, and lower bounds, filled with a value", generic: fillArray})
	}
	fill(types(tAnyElement, column.ArrayOf(tInt4)))
	fill(types(tAnyElement, column.ArrayOf(tInt4), column.ArrayOf(tInt4)))
	r.add(
		scalar{name: "trim_array", args: types(tAnyArray, tInt4), result: tAnyArray, doc: "without the last n elements", generic: trimArray},
		scalar{name: "array_to_string", args: types(tAnyArray, tText), result: tText, stable: true, doc: "the elements' texts with another between them", generic: joinElements},
		scalar{name: "array_to_string", args: types(tAnyArray, tText, tText), result: tText, stable: true, nullable: true, doc: "the elements' texts with another between them, a third for NULL", generic: joinElements},
		scalar{name: "string_to_array", args: types(tText, tText), result: column.ArrayOf(tText), nullable: true, safe: true, doc: "the parts of a text", kernel: splitKernel},
		scalar{name: "string_to_array", args: types(tText, tText, tText), result: column.ArrayOf(tText), nullable: true, safe: true, doc: "the parts of a text, NULL for those that equal the third", kernel: splitKernel},
	)
}

// decoded reads row i of an argument; none for NULL.
func decoded(ctx *expr.Context, v *column.Vector, i int, elem column.Type) (*array.Array, error) {
	if v.IsNull(i) {
		return nil, nil
	}
	a, err := array.DecodeLooking(v.Bytes(i), elem, ctx.Interrupted)
	return &a, err
}

var errOneDimension = sqlError("22000", "argument must be empty or one-dimensional array")

// addElement adds an element before or behind an array; NULL counts as an empty one.
func addElement(elem column.Type, arrayArg, elementArg int, before bool) rawKernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		values := column.NewBuilder(elem, 0)
		return arrayKernel(ctx, elem, n, nil, func(dst []byte, i int) ([]byte, error) {
			a, err := decoded(ctx, args[arrayArg], i, elem)
			if err != nil {
				return nil, err
			}
			dims := []array.Dim{{Len: 1, Lower: 1}}
			if a != nil && len(a.Dims) > 1 {
				return nil, errOneDimension
			}
			if before {
				values.AppendRow(args[elementArg], i)
			}
			if a != nil && len(a.Dims) == 1 {
				dims = []array.Dim{{Len: a.Dims[0].Len + 1, Lower: a.Dims[0].Lower}}
				values.AppendVector(a.Elements, 0, a.Elements.Len)
			}
			if !before {
				values.AppendRow(args[elementArg], i)
			}
			return array.Append(dst, dims, values.Finish(), 0), nil
		})
	}
}

func concatArrays(elem column.Type) rawKernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		return arrayKernel(ctx, elem, n, nil, func(dst []byte, i int) ([]byte, error) {
			a, err := decoded(ctx, args[0], i, elem)
			if err != nil {
				return nil, err
			}
			b, err := decoded(ctx, args[1], i, elem)
			switch {
			case err != nil:
				return nil, err
			case a == nil && b == nil:
				return nil, errNull
			case a == nil || b != nil && len(a.Dims) == 0:
				return array.Append(dst, b.Dims, b.Elements, 0), nil
			case b == nil || len(b.Dims) == 0:
				return array.Append(dst, a.Dims, a.Elements, 0), nil
			}
			dims, err := joinDims(a.Dims, b.Dims)
			if err != nil {
				return nil, err
			}
			if array.Count(dims) > array.MaxElements {
				return nil, tooLarge()
			}
			values := column.NewBuilder(elem, a.Elements.Len+b.Elements.Len)
			values.AppendVector(a.Elements, 0, a.Elements.Len)
			values.AppendVector(b.Elements, 0, b.Elements.Len)
			return array.Append(dst, dims, values.Finish(), 0), nil
		})
	}
}

// joinDims is the shape of one array behind another: of as many dimensions, or one of them an element of the other.
func joinDims(a, b []array.Dim) ([]array.Dim, error) {
	incompatible := func(detail string, args ...any) error {
		e := sqlError("2202E", "cannot concatenate incompatible arrays")
		e.Detail = sqlError("", detail, args...).Message
		return e
	}
	const elements = "Arrays with differing element dimensions are not compatible for concatenation."
	var out []array.Dim
	switch len(a) - len(b) {
	case 0:
		if !sameDims(a[1:], b[1:]) {
			return nil, incompatible(elements)
		}
		out = slices.Clone(a)
		out[0].Len += b[0].Len
	case 1:
		if !sameDims(b, a[1:]) {
			return nil, incompatible("Arrays with differing dimensions are not compatible for concatenation.")
		}
		out = slices.Clone(a)
		out[0].Len++
	case -1:
		if !sameDims(a, b[1:]) {
			return nil, incompatible("Arrays with differing dimensions are not compatible for concatenation.")
		}
		out = slices.Clone(b)
		out[0].Len++
	default:
		return nil, incompatible("Arrays of %d and %d dimensions are not compatible for concatenation.", len(a), len(b))
	}
	return out, nil
}

// sameElement reports whether element k of a is not distinct from row i of an argument.
func sameElement(a *column.Vector, k int, v *column.Vector, i int) bool {
	f, j := v.At(i)
	null := f.Valid != nil && !f.Valid.Get(j)
	if a.IsNull(k) || null {
		return a.IsNull(k) && null
	}
	return Compare(a, k, f, j) == 0
}

// elementWork is what an element counts that is compared.
const elementWork = 16

func removeElements(elem column.Type) rawKernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		value := column.Flatten(args[1])
		return arrayKernel(ctx, elem, n, nil, func(dst []byte, i int) ([]byte, error) {
			a, err := decoded(ctx, args[0], i, elem)
			switch {
			case err != nil:
				return nil, err
			case a == nil:
				return nil, errNull
			case len(a.Dims) > 1:
				return nil, sqlError("0A000", "removing elements from multidimensional arrays is not supported")
			case len(a.Dims) == 0:
				return dst, nil
			}
			values := column.NewBuilder(elem, a.Elements.Len)
			for k := range a.Elements.Len {
				if err := ctx.Work(elementWork); err != nil {
					return nil, err
				}
				if !sameElement(a.Elements, k, value, i) {
					values.AppendRow(a.Elements, k)
				}
			}
			kept := values.Finish()
			if kept.Len == 0 {
				return dst, nil
			}
			return array.Append(dst, []array.Dim{{Len: int32(kept.Len), Lower: a.Dims[0].Lower}}, kept, 0), nil
		})
	}
}

func replaceElements(elem column.Type) rawKernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		value := column.Flatten(args[1])
		return arrayKernel(ctx, elem, n, nil, func(dst []byte, i int) ([]byte, error) {
			a, err := decoded(ctx, args[0], i, elem)
			switch {
			case err != nil:
				return nil, err
			case a == nil:
				return nil, errNull
			}
			values := column.NewBuilder(elem, a.Elements.Len)
			for k := range a.Elements.Len {
				if err := ctx.Work(elementWork); err != nil {
					return nil, err
				}
				if sameElement(a.Elements, k, value, i) {
					values.AppendRow(args[2], i)
				} else {
					values.AppendRow(a.Elements, k)
				}
			}
			return array.Append(dst, a.Dims, values.Finish(), 0), nil
		})
	}
}

func fillArray(elem column.Type) rawKernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		return arrayKernel(ctx, elem, n, nil, func(dst []byte, i int) ([]byte, error) {
			lengths, err := bounds(ctx, args[1], i, "Dimension array must be one dimensional.")
			if err != nil {
				return nil, err
			}
			var lowers []int64
			if len(args) > 2 {
				if lowers, err = bounds(ctx, args[2], i, "Low bound array has different size than dimensions array."); err != nil {
					return nil, err
				}
				if len(lowers) != len(lengths) {
					return nil, subscripts("Low bound array has different size than dimensions array.")
				}
			}
			if len(lengths) > array.MaxDims {
				return nil, sqlError("54000", "number of array dimensions (%d) exceeds the maximum allowed (%d)", len(lengths), array.MaxDims)
			}
			dims, count := make([]array.Dim, len(lengths)), int64(1)
			for k, l := range lengths {
				if l < 0 || l > 0 && count > array.MaxElements/l {
					return nil, tooLarge()
				}
				count *= l
				dims[k] = array.Dim{Len: int32(l), Lower: 1}
				if lowers != nil {
					dims[k].Lower = int32(lowers[k])
				}
			}
			if count == 0 || len(dims) == 0 {
				return dst, nil
			}
			each := 8
			if elem.Physical() == column.PhysBytes && !args[0].IsNull(i) {
				each += len(args[0].Bytes(i))
			}
			if err := ctx.Room(2 * count * int64(each)); err != nil {
				return nil, err
			}
			values := column.NewBuilder(elem, int(count))
			for k := range count {
				values.AppendRow(args[0], i)
				if k&0xfff == 0xfff {
					if err := ctx.Work(16 << 12); err != nil {
						return nil, err
					}
				}
			}
			if err := values.Err(); err != nil {
				return nil, err
			}
			return array.Append(dst, dims, values.Finish(), 0), nil
		})
	}
}

func subscripts(detail string) error {
	e := sqlError("2202E", "wrong number of array subscripts")
	e.Detail = detail
	return e
}

// bounds reads an array of integers that says how another one is made.
func bounds(ctx *expr.Context, v *column.Vector, i int, detail string) ([]int64, error) {
	a, err := decoded(ctx, v, i, tInt4)
	switch {
	case err != nil:
		return nil, err
	case a == nil:
		return nil, sqlError("22004", "dimension array or low bound array cannot be null")
	case len(a.Dims) > 1:
		return nil, subscripts(detail)
	case a.Elements.HasNulls():
		return nil, sqlError("22004", "dimension values cannot be null")
	}
	return a.Elements.Ints, nil
}

func trimArray(elem column.Type) rawKernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		return arrayKernel(ctx, elem, n, ctx.Valid, func(dst []byte, i int) ([]byte, error) {
			a, err := decoded(ctx, args[0], i, elem)
			if err != nil {
				return nil, err
			}
			length := int64(0)
			if len(a.Dims) > 0 {
				length = int64(a.Dims[0].Len)
			}
			cut := args[1].Int(i)
			if cut < 0 || cut > length {
				return nil, sqlError("2202E", "number of elements to trim must be between 0 and %d", length)
			}
			if cut == length {
				return dst, nil
			}
			a.Dims[0].Len -= int32(cut)
			if cut > 0 {
				for k := range a.Dims {
					a.Dims[k].Lower = 1
				}
			}
			return array.Append(dst, a.Dims, a.Elements, 0), nil
		})
	}
}

func joinElements(elem column.Type) rawKernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		opt, valid := literalOptions(ctx), ctx.Valid
		out := column.NewBuilder(tText, n)
		var buf []byte
		row := ctx.RowWork()
		for i := range n {
			if valid != nil && !valid.Get(i) || args[0].IsNull(i) || args[1].IsNull(i) {
				out.AppendNull()
				continue
			}
			if err := ctx.Work(row); err != nil {
				return nil, err
			}
			a, err := decoded(ctx, args[0], i, elem)
			if err != nil {
				return nil, err
			}
			buf = buf[:0]
			first := true
			for k := range a.Elements.Len {
				if err := ctx.Work(elementWork); err != nil {
					return nil, err
				}
				if k&0xfff == 0xfff {
					if err := ctx.Room(int64(len(buf))); err != nil {
						return nil, err
					}
					if err := ctx.Work(16 << 12); err != nil {
						return nil, err
					}
				}
				null := a.Elements.IsNull(k)
				if null && (len(args) < 3 || args[2].IsNull(i)) {
					continue
				}
				if !first {
					buf = append(buf, args[1].Bytes(i)...)
				}
				first = false
				if null {
					buf = append(buf, args[2].Bytes(i)...)
				} else {
					buf = literal.Append(buf, a.Elements, k, opt)
				}
			}
			out.AppendBytes(buf)
		}
		if err := out.Err(); err != nil {
			return nil, err
		}
		return out.Finish(), nil
	}
}

// splitText calls part for the parts of a text: between delimiters, or where that is NULL each character. An empty delimiter
// separates nothing, an empty text has no parts.
func splitText(ctx *expr.Context, text, delimiter []byte, eachCharacter bool, part func(p []byte)) error {
	switch {
	case len(text) == 0:
	case eachCharacter:
		for len(text) > 0 {
			_, size := utf8.DecodeRune(text)
			part(text[:size])
			text = text[size:]
			if err := ctx.Work(partWork); err != nil {
				return err
			}
		}
	case len(delimiter) == 0:
		part(text)
	default:
		for {
			i, err := findBytes(ctx, text, delimiter)
			if err != nil {
				return err
			}
			if i < 0 {
				part(text)
				return nil
			}
			part(text[:i])
			text = text[i+len(delimiter):]
			if err := ctx.Work(partWork); err != nil {
				return err
			}
		}
	}
	return nil
}

// partWork is what a part of a text that is split counts as work.
const partWork = 32

func splitKernel(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	values := column.NewBuilder(tText, 0)
	return arrayKernel(ctx, tText, n, nil, func(dst []byte, i int) ([]byte, error) {
		if args[0].IsNull(i) {
			return nil, errNull
		}
		var delimiter []byte
		if !args[1].IsNull(i) {
			delimiter = args[1].Bytes(i)
		}
		err := splitText(ctx, args[0].Bytes(i), delimiter, args[1].IsNull(i), func(p []byte) {
			if len(args) > 2 && !args[2].IsNull(i) && bytes.Equal(p, args[2].Bytes(i)) {
				values.AppendNull()
			} else {
				values.AppendBytes(p)
			}
		})
		if err != nil {
			return nil, err
		}
		v := values.Finish()
		return array.Append(dst, array.OneDim(v.Len), v, 0), nil
	})
}
