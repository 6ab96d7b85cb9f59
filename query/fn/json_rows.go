package fn

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/jsonvalue"
)

// addJSONRows adds the functions that give a row for each member, element or result.
func addJSONRows(r *Registry) {
	for _, t := range []column.Type{tJSON, tJSONB} {
		name := t.String()
		value := func(text bool) column.Type {
			if text {
				return tText
			}
			return t
		}
		for _, text := range []bool{false, true} {
			suffix := map[bool]string{true: "_text"}[text]
			r.setFunction(
				expr.SetFunction{
					Name: name + "_each" + suffix, Args: types(t), Strict: true, Doc: "the members of an object",
					Columns: []expr.SetColumn{{Name: "key", Type: tText}, {Name: "value", Type: value(text)}}, Open: membersOf(name, text),
				},
				expr.SetFunction{
					Name: name + "_array_elements" + suffix, Args: types(t), Strict: true, Doc: "the elements of an array",
					Columns: []expr.SetColumn{{Name: "value", Type: value(text)}}, Open: elementsOf(text),
				},
			)
		}
		r.setFunction(expr.SetFunction{
			Name: name + "_object_keys", Args: types(t), Strict: true, Doc: "the keys of an object",
			Columns: []expr.SetColumn{{Name: name + "_object_keys", Type: tText}}, Open: keysOf(name),
		})
	}
	params, defaults := pathParams()
	for _, zoned := range []bool{false, true} {
		name := "jsonb_path_query" + map[bool]string{true: "_tz"}[zoned]
		for n := 2; n <= 4; n++ {
			r.setFunction(expr.SetFunction{
				Name: name, Args: types(tJSONB, tJSONPath, tJSONB, tBool)[:n], Strict: true, Stable: zoned, Doc: "what a path leads to",
				Columns: []expr.SetColumn{{Name: name, Type: tJSONB}}, Open: pathCall{zoned: zoned}.open, Check: checkPath,
				Params: params[:n], Defaults: defaults[:n],
			})
		}
	}
}

// rowList gives rows that are known: put appends row k.
type rowList struct {
	at, n int
	put   func(out []*column.Builder, k int) error
}

func (l *rowList) Next(out []*column.Builder, most int) (int, error) {
	n := min(most, l.n-l.at)
	for k := range n {
		if err := l.put(out, l.at+k); err != nil {
			return 0, err
		}
	}
	l.at += n
	return n, nil
}

// putJSON appends a value as JSON or as text.
func putJSON(b *column.Builder, v []byte, text bool) error {
	if !text {
		b.AppendBytes(v)
		return nil
	}
	s, err := jsonText(v, nil)
	if err == errNull {
		b.AppendNull()
		return nil
	}
	if err != nil {
		return err
	}
	b.AppendBytes(s)
	return nil
}

func membersOf(name string, text bool) func(ctx *expr.Context, args []*column.Vector, i int) (expr.Rows, error) {
	return func(_ *expr.Context, args []*column.Vector, i int) (expr.Rows, error) {
		a := args[0].Bytes(i)
		if jsonType(a) != "object" {
			suffix := map[bool]string{true: "_text"}[text]
			what := "a non-object"
			if jsonType(a) == "array" && name == "json" {
				what = "an array"
			}
			if name == "json" {
				if what == "an array" {
					return nil, sqlError("22023", "cannot deconstruct an array as an object")
				}
				return nil, sqlError("22023", "cannot deconstruct a scalar")
			}
			return nil, sqlError("22023", "cannot call %s_each%s on %s", name, suffix, what)
		}
		var keys, values [][]byte
		jsonMembers(a, func(key, value []byte) bool {
			keys, values = append(keys, key), append(values, value)
			return true
		})
		return &rowList{n: len(keys), put: func(out []*column.Builder, k int) error {
			if err := putJSON(out[0], keys[k], true); err != nil {
				return err
			}
			return putJSON(out[1], values[k], text)
		}}, nil
	}
}

func elementsOf(text bool) func(ctx *expr.Context, args []*column.Vector, i int) (expr.Rows, error) {
	return func(_ *expr.Context, args []*column.Vector, i int) (expr.Rows, error) {
		a := args[0].Bytes(i)
		suffix := map[bool]string{true: "_text"}[text]
		switch kind := jsonType(a); {
		case kind == "array":
		case kind == "object" && args[0].Type == tJSON:
			return nil, sqlError("22023", "cannot call json_array_elements%s on a non-array", suffix)
		case kind == "object":
			return nil, sqlError("22023", "cannot extract elements from an object")
		case args[0].Type == tJSON:
			return nil, sqlError("22023", "cannot call json_array_elements%s on a scalar", suffix)
		default:
			return nil, sqlError("22023", "cannot extract elements from a scalar")
		}
		var values [][]byte
		jsonElements(a, func(v []byte) bool {
			values = append(values, v)
			return true
		})
		return &rowList{n: len(values), put: func(out []*column.Builder, k int) error { return putJSON(out[0], values[k], text) }}, nil
	}
}

func keysOf(name string) func(ctx *expr.Context, args []*column.Vector, i int) (expr.Rows, error) {
	return func(_ *expr.Context, args []*column.Vector, i int) (expr.Rows, error) {
		a := args[0].Bytes(i)
		switch jsonType(a) {
		case "object":
		case "array":
			return nil, sqlError("22023", "cannot call %s_object_keys on an array", name)
		default:
			return nil, sqlError("22023", "cannot call %s_object_keys on a scalar", name)
		}
		var keys [][]byte
		jsonMembers(a, func(key, _ []byte) bool {
			keys = append(keys, key)
			return true
		})
		return &rowList{n: len(keys), put: func(out []*column.Builder, k int) error { return putJSON(out[0], keys[k], true) }}, nil
	}
}

func (c pathCall) open(ctx *expr.Context, args []*column.Vector, i int) (expr.Rows, error) {
	list, _, err := c.results(ctx, args, i)
	if err != nil {
		return nil, err
	}
	return &rowList{n: len(list), put: func(out []*column.Builder, k int) error {
		out[0].AppendBytes(jsonvalue.Append(nil, &list[k]))
		return nil
	}}, nil
}
