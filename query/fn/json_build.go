package fn

import (
	"bytes"
	"math"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/column/jsontext"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

// addJSONBuilders adds what makes json and jsonb of other values.
func addJSONBuilders(r *Registry) {
	list := func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		return builtJSON(ctx, tJSON, n, func(dst []byte, i int, opt literal.Options) ([]byte, error) {
			lines := len(args) > 1 && args[1].Bool(i)
			return appendJSONElements(dst, args[0], i, opt, lines)
		})
	}
	r.add(
		scalar{name: "array_to_json", args: types(tAnyArray), result: tJSON, stable: true, doc: "an array as JSON", kernel: list},
		scalar{name: "array_to_json", args: types(tAnyArray, tBool), result: tJSON, stable: true, doc: "an array as JSON, a line for each element if asked for", kernel: list},
	)
	for _, t := range []column.Type{tJSON, tJSONB} {
		name := t.String()
		r.add(
			scalar{name: "to_" + name, args: types(tAnyElement), result: t, stable: true, doc: "a value as JSON", kernel: func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
				return builtJSON(ctx, t, n, func(dst []byte, i int, opt literal.Options) ([]byte, error) { return appendJSON(dst, args[0], i, opt) })
			}},
			scalar{name: name + "_build_array", result: t, safe: true, doc: "an empty array", kernel: constantJSON(t, "[]")},
			scalar{name: name + "_build_array", args: types(tAny), result: t, variadic: true, nullable: true, stable: true, doc: "an array of values", kernel: func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
				return builtJSON(ctx, t, n, func(dst []byte, i int, opt literal.Options) ([]byte, error) {
					return appendJSONArray(dst, args, i, opt)
				})
			}},
			scalar{name: name + "_build_object", result: t, safe: true, doc: "an empty object", kernel: constantJSON(t, "{}")},
			scalar{name: name + "_build_object", args: types(tAny), result: t, variadic: true, nullable: true, stable: true, doc: "an object of keys and values in turn", kernel: func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
				return builtJSON(ctx, t, n, func(dst []byte, i int, opt literal.Options) ([]byte, error) {
					return appendJSONObject(dst, args, i, t, opt)
				})
			}},
			scalar{name: name + "_object", args: types(tTextArray), result: t, doc: "an object of texts: keys and values in turn, or in pairs", kernel: func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
				return builtJSON(ctx, t, n, func(dst []byte, i int, _ literal.Options) ([]byte, error) { return objectOfPairs(dst, args[0], i) })
			}},
			scalar{name: name + "_object", args: types(tTextArray, tTextArray), result: t, doc: "an object of texts: keys, and values", kernel: func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
				return builtJSON(ctx, t, n, func(dst []byte, i int, _ literal.Options) ([]byte, error) { return objectOfLists(dst, args, i) })
			}},
		)
	}
}

func constantJSON(t column.Type, text string) Kernel {
	return func(_ *expr.Context, _ []*column.Vector, n int) (*column.Vector, error) {
		v := *column.NewStrings(text)
		v.Type = t
		return column.NewConst(&v, 0, n), nil
	}
}

// builtJSON makes values of text that f appends; for jsonb it is brought to its canonical form.
func builtJSON(ctx *expr.Context, t column.Type, n int, f func(dst []byte, i int, opt literal.Options) ([]byte, error)) (*column.Vector, error) {
	opt := literalOptions(ctx)
	var buf []byte
	return eachRow(ctx, t, writeBytes, n, func(i int) ([]byte, error) {
		var err error
		if buf, err = f(buf[:0], i, opt); err != nil {
			return nil, err
		}
		if t == tJSONB {
			return literal.CanonicalJSON(string(buf))
		}
		return buf, nil
	})
}

// appendJSON appends row i of a vector as JSON.
func appendJSON(dst []byte, v *column.Vector, i int, opt literal.Options) ([]byte, error) {
	if v.IsNull(i) {
		return append(dst, "null"...), nil
	}
	switch t := v.Type; {
	case t == tBool:
		if v.Bool(i) {
			return append(dst, "true"...), nil
		}
		return append(dst, "false"...), nil
	case t == tJSON || t == tJSONB:
		return append(dst, v.Bytes(i)...), nil
	case t.IsFloat() && (math.IsNaN(v.Float(i)) || math.IsInf(v.Float(i), 0)):
		return jsontext.AppendQuoted(dst, literal.Append(nil, v, i, opt)), nil
	case t.IsNumber():
		from := len(dst)
		dst = literal.Append(dst, v, i, opt)
		if c := dst[len(dst)-1]; c > '9' { // NaN, Infinity
			return jsontext.AppendQuoted(dst[:from], bytes.Clone(dst[from:])), nil
		}
		return dst, nil
	case t == tDate || t.IsTime():
		return appendJSONTime(dst, v, i, opt), nil
	case t.IsArray():
		return appendJSONElements(dst, v, i, opt, false)
	case t == tRecord:
		return appendJSONRecord(dst, v.Bytes(i), opt, false)
	}
	return jsontext.AppendQuoted(dst, literal.Append(nil, v, i, opt)), nil
}

// appendJSONTime writes times as ISO 8601 does: a T in the middle, minutes in each offset.
func appendJSONTime(dst []byte, v *column.Vector, i int, opt literal.Options) []byte {
	opt.Style = literal.Style{} // whatever DateStyle says
	text := literal.Append(nil, v, i, opt)
	if v.Type != tDate {
		if at := bytes.IndexByte(text, ' '); at > 0 {
			text[at] = 'T'
			if sign := bytes.LastIndexAny(text, "+-"); v.Type != tTimestamp && sign > at && bytes.IndexByte(text[sign:], ':') < 0 {
				end := sign + 3
				text = append(text[:end], append([]byte(":00"), text[end:]...)...)
			}
		}
	}
	return jsontext.AppendQuoted(dst, text)
}

func appendJSONElements(dst []byte, v *column.Vector, i int, opt literal.Options, lines bool) ([]byte, error) {
	a, err := array.Decode(v.Bytes(i), v.Type.Element())
	if err != nil {
		return nil, err
	}
	if len(a.Dims) == 0 {
		return append(dst, "[]"...), nil
	}
	next := 0
	var level func(depth int) error
	level = func(depth int) error {
		dst = append(dst, '[')
		for k := range int(a.Dims[depth].Len) {
			if k > 0 {
				dst = append(dst, ',')
				if lines && depth == 0 {
					dst = append(dst, "\n "...)
				}
			}
			if depth+1 < len(a.Dims) {
				if err := level(depth + 1); err != nil {
					return err
				}
				continue
			}
			var err error
			if dst, err = appendJSON(dst, a.Elements, next, opt); err != nil {
				return err
			}
			next++
		}
		dst = append(dst, ']')
		return nil
	}
	return dst, level(0)
}

func appendJSONArray(dst []byte, args []*column.Vector, i int, opt literal.Options) ([]byte, error) {
	dst = append(dst, '[')
	for k, a := range args {
		if k > 0 {
			dst = append(dst, ", "...)
		}
		var err error
		if dst, err = appendJSON(dst, a, i, opt); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func appendJSONObject(dst []byte, args []*column.Vector, i int, t column.Type, opt literal.Options) ([]byte, error) {
	if len(args)%2 != 0 {
		e := sqlError("22023", "argument list must have even number of elements")
		e.Hint = "The arguments of " + t.String() + "_build_object() must consist of alternating keys and values."
		return nil, e
	}
	dst = append(dst, '{')
	for k := 0; k < len(args); k += 2 {
		if k > 0 {
			dst = append(dst, ", "...)
		}
		key := args[k]
		if key.IsNull(i) {
			if t == tJSONB {
				return nil, sqlError("22023", "argument %d: key must not be null", k+1)
			}
			e := sqlError("22023", "argument %d cannot be null", k+1)
			e.Hint = "Object keys should be text."
			return nil, e
		}
		if key.Type == tJSON || key.Type == tJSONB || key.Type == tRecord || key.Type.IsArray() {
			return nil, sqlError("22023", "key value must be scalar, not array, composite, or json")
		}
		text := literal.Append(nil, key, i, opt)
		if key.Type == tBool {
			text = []byte(map[bool]string{true: "true", false: "false"}[key.Bool(i)])
		}
		dst = append(jsontext.AppendQuoted(dst, text), " : "...)
		var err error
		if dst, err = appendJSON(dst, args[k+1], i, opt); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func appendPair(dst, key, value []byte) ([]byte, error) {
	if key == nil {
		return nil, sqlError("22004", "null value not allowed for object key")
	}
	dst = append(jsontext.AppendQuoted(dst, key), " : "...)
	if value == nil {
		return append(dst, "null"...), nil
	}
	return jsontext.AppendQuoted(dst, value), nil
}

func objectOfPairs(dst []byte, v *column.Vector, i int) ([]byte, error) {
	dims, list, err := textArray(v, i)
	if err != nil {
		return nil, err
	}
	switch {
	case len(dims) > 2:
		return nil, sqlError("2202E", "wrong number of array subscripts")
	case len(dims) == 2 && dims[1].Len != 2:
		return nil, sqlError("2202E", "array must have two columns")
	case len(list)%2 != 0:
		return nil, sqlError("2202E", "array must have even number of elements")
	}
	dst = append(dst, '{')
	for k := 0; k < len(list); k += 2 {
		if k > 0 {
			dst = append(dst, ", "...)
		}
		if dst, err = appendPair(dst, list[k], list[k+1]); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func objectOfLists(dst []byte, args []*column.Vector, i int) ([]byte, error) {
	dims, keys, err := textArray(args[0], i)
	if err != nil {
		return nil, err
	}
	other, values, err := textArray(args[1], i)
	switch {
	case err != nil:
		return nil, err
	case len(dims) > 1 || len(other) > 1:
		return nil, sqlError("2202E", "wrong number of array subscripts")
	case len(keys) != len(values):
		return nil, sqlError("2202E", "mismatched array dimensions")
	}
	dst = append(dst, '{')
	for k := range keys {
		if k > 0 {
			dst = append(dst, ", "...)
		}
		if dst, err = appendPair(dst, keys[k], values[k]); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// textArray takes an array of texts apart; a NULL element is nil.
func textArray(v *column.Vector, i int) ([]array.Dim, [][]byte, error) {
	a, err := array.Decode(v.Bytes(i), v.Type.Element())
	if err != nil {
		return nil, nil, err
	}
	out := make([][]byte, a.Len())
	for k := range out {
		if !a.Elements.IsNull(k) {
			if out[k] = a.Elements.Bytes(k); out[k] == nil {
				out[k] = []byte{}
			}
		}
	}
	return a.Dims, out, nil
}

func textElements(v *column.Vector, i int) ([][]byte, error) {
	_, list, err := textArray(v, i)
	return list, err
}
