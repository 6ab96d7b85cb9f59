package fn

import (
	"bytes"
	"slices"
	"strconv"
	"sync"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/column/jsontext"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/record"
	"github.com/automatanexus/aegis-db/query/expr"
)

// addRecords adds what can be done with rows as values.
func addRecords(r *Registry) {
	for _, to := range []column.Type{tText, tVarchar, tBpChar, tName} {
		k := toText(tRecord)
		if to != tText {
			k = viaText(k, to)
		}
		r.addCast(tRecord, to, Assignment, true, true, k)
	}
	for _, c := range comparisons {
		r.operator(scalar{name: c.name, args: types(tRecord, tRecord), result: tBool, doc: c.doc + ", field by field", kernel: compareRecords(func(order int) bool {
			switch c.op {
			case equal:
				return order == 0
			case notEqual:
				return order != 0
			case less:
				return order < 0
			}
			return order <= 0
		}, c.swap)})
	}
	r.operator(scalar{name: "is distinct from", args: types(tRecord, tRecord), result: tBool, nullable: true, doc: "not equal, NULL being equal to NULL", kernel: distinctRecords})
	r.add(
		scalar{name: "row_to_json", args: types(tRecord), result: tJSON, stable: true, doc: "a row as a JSON object", kernel: rowToJSON},
		scalar{name: "row_to_json", args: types(tRecord, tBool), result: tJSON, stable: true, doc: "a row as a JSON object, a line for each field if asked for", kernel: rowToJSON},
	)
}

// MakeRow makes a row: the names of the fields, as an array of text, then their values.
var MakeRow = &expr.Function{Name: "row", Args: types(tTextArray, tAny), Result: tRecord, Variadic: true, Kernel: func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	names, err := fieldNames(args[0])
	if err != nil {
		return nil, err
	}
	var buf []byte
	return eachRow(ctx, tRecord, writeBytes, n, func(i int) ([]byte, error) {
		buf = record.Append(buf[:0], names, args[1:], i)
		return buf, nil
	})
}}

// RowNames is the argument of MakeRow that names the fields.
func RowNames(names []string) *column.Vector {
	b := column.NewBuilder(tText, len(names))
	for _, n := range names {
		b.AppendString(n)
	}
	out := column.NewBuilder(tTextArray, 1)
	out.AppendBytes(array.Append(nil, array.OneDim(len(names)), b.Finish(), 0))
	return out.Finish()
}

// RowFields gives the names of the fields of a row that MakeRow makes.
func RowFields(call *expr.Call) []string {
	l, ok := call.Args[0].(*expr.Literal)
	if !ok {
		return nil
	}
	names, err := fieldNames(l.Value)
	if err != nil {
		return nil
	}
	return names
}

func fieldNames(v *column.Vector) ([]string, error) {
	a, err := array.Decode(v.Bytes(0), tText)
	if err != nil {
		return nil, err
	}
	out := make([]string, a.Elements.Len)
	for i := range out {
		out[i] = string(a.Elements.Bytes(i))
	}
	return out, nil
}

// rowFields are the functions that RowField gave: one for each type.
var rowFields sync.Map

// RowField gives a field of a row, by its place; it is of a type.
func RowField(t column.Type) *expr.Function {
	if f, ok := rowFields.Load(t); ok {
		return f.(*expr.Function)
	}
	f, _ := rowFields.LoadOrStore(t, &expr.Function{Name: "field", Args: types(tRecord, tInt4), Result: t, Strict: true, CanFail: true, Kernel: func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		b := column.NewBuilder(t, n)
		rows, valid := textsOf(args[0]), ctx.Valid
		for i := range n {
			if valid != nil && !valid.Get(i) {
				b.AppendNull()
				continue
			}
			fields, err := record.Decode(rows.at(i))
			if err != nil {
				return nil, err
			}
			k := int(args[1].Int(i))
			if k >= len(fields) || fields[k].Value.Type != t {
				return nil, sqlError("42804", "a row has no field of type %s at place %d", t, k+1)
			}
			b.AppendRow(fields[k].Value, 0)
		}
		if err := b.Err(); err != nil {
			return nil, err
		}
		return b.Finish(), nil
	}})
	return f.(*expr.Function)
}

// RowIsNull reports whether all fields of a row are NULL, or none is; a NULL row is as one whose fields all are.
func RowIsNull(negate bool) *expr.Function {
	if negate {
		return rowIsNotNull
	}
	return rowIsNull
}

var rowIsNull, rowIsNotNull = nullTest("row_is_null", false), nullTest("row_is_not_null", true)

func nullTest(name string, negate bool) *expr.Function {
	return &expr.Function{Name: name, Args: types(tRecord), Result: tBool, Kernel: func(_ *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		out := make([]bool, n)
		rows := textsOf(args[0])
		for i := range out {
			if !isValid(args[0], i) {
				out[i] = !negate
				continue
			}
			fields, err := record.Decode(rows.at(i))
			if err != nil {
				return nil, err
			}
			out[i] = !slices.ContainsFunc(fields, func(f record.Field) bool { return f.IsNull() == negate })
		}
		return column.NewBools(out, nil), nil
	}}
}

// compareRow compares two rows, whose fields must be of the same types. NULL is equal to NULL and greater than all else.
func compareRow(a, b []byte) (int, error) {
	x, err := record.Decode(a)
	if err != nil {
		return 0, err
	}
	y, err := record.Decode(b)
	if err != nil {
		return 0, err
	}
	var left, right []byte
	for i := range min(len(x), len(y)) {
		if s, t := x[i].Value.Type, y[i].Value.Type; s != t {
			return 0, sqlError("42804", "cannot compare dissimilar column types %s and %s at record column %d", s, t, i+1)
		}
		if t := x[i].Value.Type; t == tJSON || t == tJSONPath {
			return 0, sqlError("42883", "could not identify an equality operator for type %s", t)
		}
		left, right = key.AppendValue(left[:0], x[i].Value, 0), key.AppendValue(right[:0], y[i].Value, 0)
		if c := bytes.Compare(left, right); c != 0 {
			return c, nil
		}
	}
	if len(x) != len(y) {
		return 0, sqlError("42804", "cannot compare record types with different numbers of columns")
	}
	return 0, nil
}

func compareRecords(holds func(order int) bool, swap bool) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		a, b := textsOf(args[0]), textsOf(args[1])
		if swap {
			a, b = b, a
		}
		valid := ctx.Valid
		out := make([]bool, n)
		for i := range out {
			if valid != nil && !valid.Get(i) {
				continue
			}
			order, err := compareRow(a.at(i), b.at(i))
			if err != nil {
				return nil, err
			}
			out[i] = holds(order)
		}
		return column.NewBools(out, nil), nil
	}
}

func distinctRecords(_ *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	a, b := textsOf(args[0]), textsOf(args[1])
	out := make([]bool, n)
	for i := range out {
		x, y := isValid(args[0], i), isValid(args[1], i)
		if !x || !y {
			out[i] = x != y
			continue
		}
		order, err := compareRow(a.at(i), b.at(i))
		if err != nil {
			return nil, err
		}
		out[i] = order != 0
	}
	return column.NewBools(out, nil), nil
}

func rowToJSON(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	rows := textsOf(args[0])
	return builtJSON(ctx, tJSON, n, func(dst []byte, i int, opt literal.Options) ([]byte, error) {
		return appendJSONRecord(dst, rows.at(i), opt, len(args) > 1 && args[1].Bool(i))
	})
}

func appendJSONRecord(dst, encoded []byte, opt literal.Options, lines bool) ([]byte, error) {
	fields, err := record.Decode(encoded)
	if err != nil {
		return nil, err
	}
	dst = append(dst, '{')
	for i := range fields {
		if i > 0 {
			dst = append(dst, ',')
			if lines {
				dst = append(dst, "\n "...)
			}
		}
		dst = append(jsontext.AppendQuoted(dst, []byte(fields[i].Name)), ':')
		if dst, err = appendJSON(dst, fields[i].Value, 0, opt); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// FieldName is the name of the field of a row that was written without names, by its place from 0.
func FieldName(i int) string { return "f" + strconv.Itoa(i+1) }
