package fn

import (
	"strconv"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/jsonvalue"
)

// addJSON adds what reads json and jsonb: both are text, that of jsonb in its canonical form.
func addJSON(r *Registry) {
	for _, t := range []column.Type{tJSON, tJSONB} {
		r.operator(
			scalar{name: "->", args: types(t, tText), result: t, safe: true, doc: "member of an object", kernel: jsonMemberKernel(t, t)},
			scalar{name: "->>", args: types(t, tText), result: tText, doc: "member of an object, as text", kernel: jsonMemberKernel(t, tText)},
			scalar{name: "->", args: types(t, tInt4), result: t, safe: true, doc: "element of an array, from 0", kernel: jsonElementKernel(t)},
			scalar{name: "->>", args: types(t, tInt4), result: tText, doc: "element of an array, as text", kernel: jsonElementKernel(tText)},
			scalar{name: "#>", args: types(t, tTextArray), result: t, doc: "what a path of members and elements leads to", kernel: jsonPathKernel(t, t, true)},
			scalar{name: "#>>", args: types(t, tTextArray), result: tText, doc: "what a path of members and elements leads to, as text", kernel: jsonPathKernel(t, tText, true)},
		)
		name := t.String()
		r.add(
			scalar{name: name + "_extract_path", args: types(t, tText), result: t, variadic: true, doc: "what a path of members and elements leads to", kernel: jsonPathKernel(t, t, false)},
			scalar{name: name + "_extract_path_text", args: types(t, tText), result: tText, variadic: true, doc: "what a path of members and elements leads to, as text", kernel: jsonPathKernel(t, tText, false)},
			scalar{name: name + "_typeof", args: types(t), result: tText, safe: true, doc: "object, array, string, number, boolean or null", kernel: kernel1(tText, readBytes, writeString, func(_ *expr.Context, a []byte) (string, error) { return jsonType(a), nil })},
			scalar{name: name + "_array_length", args: types(t), result: tInt4, doc: "number of elements", kernel: kernel1(tInt4, readBytes, writeInt, func(_ *expr.Context, a []byte) (int64, error) {
				switch jsonType(a) {
				case "array":
					return jsonLength(a), nil
				case "object":
					return 0, sqlError("22023", "cannot get array length of a non-array")
				}
				return 0, sqlError("22023", "cannot get array length of a scalar")
			})},
		)
	}
	r.add(
		scalar{name: "json_strip_nulls", args: types(tJSON), result: tJSON, doc: "without members that are null", kernel: kernel1(tJSON, readBytes, writeBytes, func(ctx *expr.Context, a []byte) ([]byte, error) {
			v, err := document(ctx, a)
			if err != nil {
				return nil, err
			}
			v = withoutNulls(v)
			return jsonvalue.AppendCompact(nil, &v), nil
		})},
		jsonbMap("jsonb_strip_nulls", "without members that are null", func(v jsonvalue.Value) (jsonvalue.Value, error) { return withoutNulls(v), nil }),
		scalar{name: "jsonb_pretty", args: types(tJSONB), result: tText, doc: "over several lines, indented", kernel: kernel1(tText, readBytes, writeBytes, func(ctx *expr.Context, a []byte) ([]byte, error) {
			v, err := document(ctx, a)
			if err != nil {
				return nil, err
			}
			return jsonvalue.AppendPretty(nil, &v, ctx.Work)
		})},
	)
}

// document takes a value of json or jsonb apart.
func document(ctx *expr.Context, a []byte) (jsonvalue.Value, error) {
	total := int64(0)
	v, err := jsonvalue.ParseLooking(a, func(bytes int) error {
		total += int64(bytes)
		if err := ctx.Room(total); err != nil {
			return err
		}
		return ctx.Work(bytes)
	})
	if err == jsonvalue.ErrSyntax {
		return v, sqlError("22P02", "invalid input syntax for type json")
	}
	return v, err
}

// jsonbMap describes a function from jsonb to jsonb.
func jsonbMap(name, doc string, f func(v jsonvalue.Value) (jsonvalue.Value, error)) scalar {
	return scalar{name: name, args: types(tJSONB), result: tJSONB, doc: doc, kernel: kernel1(tJSONB, readBytes, writeBytes, func(ctx *expr.Context, a []byte) ([]byte, error) {
		v, err := document(ctx, a)
		if err != nil {
			return nil, err
		}
		if v, err = f(v); err != nil {
			return nil, err
		}
		return jsonvalue.Append(nil, &v), nil
	})}
}

func withoutNulls(v jsonvalue.Value) jsonvalue.Value {
	out := v
	out.Items, out.Members = nil, nil
	for _, item := range v.Items {
		out.Items = append(out.Items, withoutNulls(item))
	}
	for _, m := range v.Members {
		if m.Value.Kind != jsonvalue.Null {
			out.Members = append(out.Members, jsonvalue.Member{Key: m.Key, Value: withoutNulls(m.Value)})
		}
	}
	return out
}

// shownJSON gives a value as JSON, or as text where result is text; errNull if there is none.
func shownJSON(v []byte, result column.Type, buf []byte) ([]byte, error) {
	if result == tText {
		return jsonText(v, buf)
	}
	if v == nil {
		return nil, errNull
	}
	return v, nil
}

func jsonMemberKernel(t, result column.Type) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		a, key := textsOf(args[0]), textsOf(args[1])
		return eachRow(ctx, result, writeBytes, n, func(i int) ([]byte, error) {
			return shownJSON(jsonMember(a.at(i), key.at(i), t == tJSONB), result, ctx.Scratch)
		})
	}
}

func jsonElementKernel(result column.Type) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		a, index := textsOf(args[0]), readInt(args[1])
		return eachRow(ctx, result, writeBytes, n, func(i int) ([]byte, error) {
			return shownJSON(jsonElement(a.at(i), index(i)), result, ctx.Scratch)
		})
	}
}

// jsonPathKernel follows a path, given as one array or as the rest of the arguments.
func jsonPathKernel(t, result column.Type, array bool) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		root := textsOf(args[0])
		return eachRow(ctx, result, writeBytes, n, func(i int) ([]byte, error) {
			v := root.at(i)
			v = v[skipBlanks(v, 0):]
			if !array {
				for _, step := range args[1:] {
					if v = jsonStep(v, textsOf(step).at(i), t); v == nil {
						return nil, errNull
					}
				}
				return shownJSON(v, result, ctx.Scratch)
			}
			path, err := textElements(args[1], i)
			if err != nil {
				return nil, err
			}
			for _, step := range path {
				if step == nil {
					return nil, errNull
				}
				if v = jsonStep(v, step, t); v == nil {
					return nil, errNull
				}
			}
			return shownJSON(v, result, ctx.Scratch)
		})
	}
}

func jsonStep(v, step []byte, t column.Type) []byte {
	switch jsonType(v) {
	case "object":
		return jsonMember(v, step, t == tJSONB)
	case "array":
		k, err := strconv.ParseInt(string(step), 10, 32)
		if err != nil {
			return nil
		}
		return jsonElement(v, k)
	}
	return nil
}
