package fn

import (
	"slices"
	"strconv"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/jsonvalue"
)

// addJSONBEdits adds what compares and changes jsonb.
func addJSONBEdits(r *Registry) {
	test := func(f func(a, b jsonvalue.Value) bool) Kernel {
		return kernel2(tBool, readBytes, readBytes, writeBool, func(ctx *expr.Context, a, b []byte) (bool, error) {
			x, err := document(ctx, a)
			if err != nil {
				return false, err
			}
			y, err := document(ctx, b)
			return err == nil && f(x, y), err
		})
	}
	keys := func(all bool) Kernel {
		return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
			a := textsOf(args[0])
			return eachRow(ctx, tBool, writeBool, n, func(i int) (bool, error) {
				list, err := textElements(args[1], i)
				if err != nil {
					return false, err
				}
				for _, key := range list {
					if key != nil && jsonHas(a.at(i), key) != all {
						return !all, nil
					}
				}
				return all, nil
			})
		}
	}
	two := types(tJSONB, tJSONB)
	r.operator(
		scalar{name: "@>", args: two, result: tBool, safe: true, doc: "whether the first contains the second", kernel: test(func(a, b jsonvalue.Value) bool { return jsonvalue.Contains(&a, &b) })},
		scalar{name: "<@", args: two, result: tBool, safe: true, doc: "whether the second contains the first", kernel: test(func(a, b jsonvalue.Value) bool { return jsonvalue.Contains(&b, &a) })},
		scalar{name: "?", args: types(tJSONB, tText), result: tBool, safe: true, doc: "whether a text is a key, or an element", kernel: kernel2(tBool, readBytes, readBytes, writeBool, func(_ *expr.Context, a, key []byte) (bool, error) { return jsonHas(a, key), nil })},
		scalar{name: "?|", args: types(tJSONB, tTextArray), result: tBool, doc: "whether one of the texts is a key, or an element", kernel: keys(false)},
		scalar{name: "?&", args: types(tJSONB, tTextArray), result: tBool, doc: "whether all of the texts are keys, or elements", kernel: keys(true)},
		scalar{name: "||", args: two, result: tJSONB, doc: "both together: members of objects, elements of arrays", kernel: func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
			b := textsOf(args[1])
			return jsonbRows(ctx, args[0], n, func(a jsonvalue.Value, i int) (jsonvalue.Value, error) {
				other, err := document(ctx, b.at(i))
				if err != nil {
					return a, err
				}
				return joinedJSON(a, other)
			})
		}},
		scalar{name: "-", args: types(tJSONB, tText), result: tJSONB, doc: "without a member, or elements that are a text", kernel: jsonbKernel2(readBytes, func(a jsonvalue.Value, key []byte) (jsonvalue.Value, error) {
			return withoutKeys(a, [][]byte{key})
		})},
		scalar{name: "-", args: types(tJSONB, tTextArray), result: tJSONB, doc: "without members, or elements that are a text", kernel: func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
			return jsonbRows(ctx, args[0], n, func(a jsonvalue.Value, i int) (jsonvalue.Value, error) {
				list, err := textElements(args[1], i)
				if err != nil {
					return a, err
				}
				return withoutKeys(a, list)
			})
		}},
		scalar{name: "-", args: types(tJSONB, tInt4), result: tJSONB, doc: "without an element", kernel: jsonbKernel2(readInt, withoutElement)},
		scalar{name: "#-", args: types(tJSONB, tTextArray), result: tJSONB, doc: "without what a path leads to", kernel: func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
			return jsonbRows(ctx, args[0], n, func(a jsonvalue.Value, i int) (jsonvalue.Value, error) {
				e := jsonEdit{what: deletePath}
				return e.run(a, args[1], i)
			})
		}},
	)
	yes, no := column.NewBools([]bool{true}, nil), column.NewBools([]bool{false}, nil)
	for name, op := range map[string]string{
		"jsonb_contains": "@>", "jsonb_contained": "<@", "jsonb_exists": "?", "jsonb_exists_any": "?|", "jsonb_exists_all": "?&",
		"jsonb_concat": "||", "jsonb_delete": "-", "jsonb_delete_path": "#-",
	} {
		for _, f := range r.infix[op] {
			if f.Args[0] == tJSONB {
				named := *f
				named.Name, named.Form = name, ""
				r.functions[name] = append(r.functions[name], &named)
			}
		}
	}
	setArgs := types(tJSONB, tTextArray, tJSONB, tBool)
	setParams := []string{"jsonb_in", "path", "replacement", "create_if_missing"}
	insertParams := []string{"jsonb_in", "path", "replacement", "insert_after"}
	r.add(
		scalar{name: "jsonb_set", args: setArgs[:3], result: tJSONB, doc: "with what a path leads to replaced, or added", kernel: jsonbSet},
		scalar{name: "jsonb_set", args: setArgs, result: tJSONB, doc: "with what a path leads to replaced, or added if the last argument is true", kernel: jsonbSet, params: setParams, defaults: []*column.Vector{nil, nil, nil, yes}},
		scalar{name: "jsonb_insert", args: setArgs[:3], result: tJSONB, doc: "with a value inserted before what a path leads to", kernel: jsonbInsert},
		scalar{name: "jsonb_insert", args: setArgs, result: tJSONB, doc: "with a value inserted before what a path leads to, or behind it if the last argument is true", kernel: jsonbInsert, params: insertParams, defaults: []*column.Vector{nil, nil, nil, no}},
	)
	laxArgs := append(slices.Clone(setArgs), tText)
	for n := 3; n <= 5; n++ {
		s := scalar{name: "jsonb_set_lax", args: laxArgs[:n], result: tJSONB, nullable: true, doc: "jsonb_set, where NULL as value is treated as the last argument says", kernel: jsonbSetLax}
		if n == 5 {
			s.params, s.defaults = append(slices.Clone(setParams), "null_value_treatment"), []*column.Vector{nil, nil, nil, yes, column.NewStrings("use_json_null")}
		}
		r.add(s)
	}
}

func jsonbRows(ctx *expr.Context, v *column.Vector, n int, f func(a jsonvalue.Value, i int) (jsonvalue.Value, error)) (*column.Vector, error) {
	a := textsOf(v)
	var buf []byte
	return eachRow(ctx, tJSONB, writeBytes, n, func(i int) ([]byte, error) {
		d, err := document(ctx, a.at(i))
		if err != nil {
			return nil, err
		}
		if d, err = f(d, i); err != nil {
			return nil, err
		}
		buf, err = jsonvalue.AppendLooking(buf[:0], &d, ctx.Work)
		return buf, err
	})
}

func jsonbKernel2[B any](read reader[B], f func(a jsonvalue.Value, b B) (jsonvalue.Value, error)) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		b := read(args[1])
		return jsonbRows(ctx, args[0], n, func(a jsonvalue.Value, i int) (jsonvalue.Value, error) { return f(a, b(i)) })
	}
}

// jsonHas reports whether a text is a key of an object, an element of an array, or the value itself.
func jsonHas(a, key []byte) bool {
	a = a[skipBlanks(a, 0):]
	switch jsonType(a) {
	case "object":
		return jsonMember(a, key, true) != nil
	case "array":
		found := false
		jsonElements(a, func(v []byte) bool {
			found = len(v) > 0 && v[0] == '"' && keyIs(v, key)
			return !found
		})
		return found
	case "string":
		return keyIs(a, key)
	}
	return false
}

func joinedJSON(a, b jsonvalue.Value) (jsonvalue.Value, error) {
	if a.Kind == jsonvalue.Object && b.Kind == jsonvalue.Object {
		return jsonvalue.Dict(slices.Concat(a.Members, b.Members)), nil
	}
	list := func(v jsonvalue.Value) []jsonvalue.Value {
		if v.Kind == jsonvalue.Array {
			return v.Items
		}
		return []jsonvalue.Value{v}
	}
	return jsonvalue.List(slices.Concat(list(a), list(b))), nil
}

func withoutKeys(a jsonvalue.Value, keys [][]byte) (jsonvalue.Value, error) {
	if a.IsScalar() {
		return a, sqlError("22023", "cannot delete from scalar")
	}
	gone := func(s string) bool {
		return slices.ContainsFunc(keys, func(k []byte) bool { return k != nil && string(k) == s })
	}
	out := jsonvalue.Value{Kind: a.Kind}
	for _, m := range a.Members {
		if !gone(m.Key) {
			out.Members = append(out.Members, m)
		}
	}
	for _, v := range a.Items {
		if v.Kind != jsonvalue.String || !gone(v.Text) {
			out.Items = append(out.Items, v)
		}
	}
	return out, nil
}

func withoutElement(a jsonvalue.Value, i int64) (jsonvalue.Value, error) {
	switch a.Kind {
	case jsonvalue.Object:
		return a, sqlError("22023", "cannot delete from object using integer index")
	case jsonvalue.Array:
	default:
		return a, sqlError("22023", "cannot delete from scalar")
	}
	if i < 0 {
		i += int64(len(a.Items))
	}
	if i < 0 || i >= int64(len(a.Items)) {
		return a, nil
	}
	return jsonvalue.List(slices.Delete(slices.Clone(a.Items), int(i), int(i)+1)), nil
}

// editKind is what an edit does at the end of its path.
type editKind uint8

const (
	deletePath editKind = iota
	setValue
	insertBefore
	insertAfter
)

// jsonEdit changes a document at a path.
type jsonEdit struct {
	what   editKind
	value  jsonvalue.Value
	create bool // set also adds
	path   [][]byte
}

func (e *jsonEdit) run(a jsonvalue.Value, path *column.Vector, i int) (jsonvalue.Value, error) {
	dims, list, err := textArray(path, i)
	if err != nil {
		return a, err
	}
	if len(dims) > 1 {
		return a, sqlError("2202E", "wrong number of array subscripts")
	}
	if a.IsScalar() {
		if e.what == deletePath {
			return a, sqlError("22023", "cannot delete path in scalar")
		}
		return a, sqlError("22023", "cannot set path in scalar")
	}
	if len(list) == 0 || len(a.Items)+len(a.Members) == 0 && (e.what == deletePath || e.what == setValue && !e.create) {
		return a, nil
	}
	e.path = list
	return e.at(a, 0)
}

func (e *jsonEdit) at(v jsonvalue.Value, level int) (jsonvalue.Value, error) {
	if e.path[level] == nil {
		return v, sqlError("22004", "path element at position %d is null", level+1)
	}
	switch v.Kind {
	case jsonvalue.Object:
		return e.member(v, level)
	case jsonvalue.Array:
		return e.element(v, level)
	}
	return v, nil
}

func (e *jsonEdit) member(v jsonvalue.Value, level int) (jsonvalue.Value, error) {
	key := string(e.path[level])
	k, ok := v.Find(key)
	last := level == len(e.path)-1
	members := slices.Clone(v.Members)
	switch {
	case !ok && last && (e.what == insertBefore || e.what == insertAfter || e.what == setValue && e.create):
		members = slices.Insert(members, k, jsonvalue.Member{Key: key, Value: e.value})
	case !ok:
		return v, nil
	case !last:
		inner, err := e.at(members[k].Value, level+1)
		if err != nil {
			return v, err
		}
		members[k].Value = inner
	case e.what == deletePath:
		members = slices.Delete(members, k, k+1)
	case e.what == setValue:
		members[k].Value = e.value
	default:
		er := sqlError("22023", "cannot replace existing key")
		er.Hint = "Try using the function jsonb_set to replace key value."
		return v, er
	}
	return jsonvalue.Value{Kind: jsonvalue.Object, Members: members}, nil
}

func (e *jsonEdit) element(v jsonvalue.Value, level int) (jsonvalue.Value, error) {
	k, err := strconv.ParseInt(string(e.path[level]), 10, 32)
	if err != nil {
		return v, sqlError("22P02", "path element at position %d is not an integer: \"%s\"", level+1, e.path[level])
	}
	n := int64(len(v.Items))
	before := k < 0 && -k > n
	if k < 0 && !before {
		k += n
	}
	last := level == len(e.path)-1
	adds := e.what == insertBefore || e.what == insertAfter || e.what == setValue && e.create
	items := slices.Clone(v.Items)
	switch {
	case (before || n == 0) && last && adds:
		items = slices.Insert(items, 0, e.value)
	case before:
		return v, nil
	case k >= n && last && adds:
		items = append(items, e.value)
	case k >= n:
		return v, nil
	case !last:
		if items[k], err = e.at(items[k], level+1); err != nil {
			return v, err
		}
	case e.what == deletePath:
		items = slices.Delete(items, int(k), int(k)+1)
	case e.what == setValue:
		items[k] = e.value
	case e.what == insertBefore:
		items = slices.Insert(items, int(k), e.value)
	default:
		items = slices.Insert(items, int(k)+1, e.value)
	}
	return jsonvalue.List(items), nil
}

func jsonbSet(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	return jsonbRows(ctx, args[0], n, func(a jsonvalue.Value, i int) (jsonvalue.Value, error) {
		v, err := document(ctx, args[2].Bytes(i))
		if err != nil {
			return a, err
		}
		e := jsonEdit{what: setValue, value: v, create: len(args) < 4 || args[3].Bool(i)}
		return e.run(a, args[1], i)
	})
}

func jsonbInsert(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	return jsonbRows(ctx, args[0], n, func(a jsonvalue.Value, i int) (jsonvalue.Value, error) {
		v, err := document(ctx, args[2].Bytes(i))
		if err != nil {
			return a, err
		}
		e := jsonEdit{what: insertBefore, value: v}
		if len(args) > 3 && args[3].Bool(i) {
			e.what = insertAfter
		}
		return e.run(a, args[1], i)
	})
}

// jsonbSetLax is not strict: what a NULL value means is an argument of its own.
func jsonbSetLax(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	ctx.Valid = nil
	b := column.NewBuilder(tJSONB, n)
	for i := range n {
		if err := ctx.Work(ctx.RowWork()); err != nil {
			return nil, err
		}
		out, err := setLax(ctx, args, i)
		if err == errNull {
			b.AppendNull()
			continue
		}
		if err != nil {
			return nil, err
		}
		b.AppendBytes(out)
	}
	if err := b.Err(); err != nil {
		return nil, err
	}
	return b.Finish(), nil
}

func setLax(ctx *expr.Context, args []*column.Vector, i int) ([]byte, error) {
	if args[0].IsNull(i) || args[1].IsNull(i) || len(args) > 3 && args[3].IsNull(i) {
		return nil, errNull
	}
	e := jsonEdit{what: setValue, create: len(args) < 4 || args[3].Bool(i)}
	if args[2].IsNull(i) {
		treatment := "use_json_null"
		if len(args) > 4 {
			if args[4].IsNull(i) {
				return nil, sqlError("22023", "null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\"")
			}
			treatment = string(args[4].Bytes(i))
		}
		switch treatment {
		case "raise_exception":
			er := sqlError("22004", "JSON value must not be null")
			er.Detail = "Exception was raised because null_value_treatment is \"raise_exception\"."
			return nil, er
		case "use_json_null":
		case "delete_key":
			e.what = deletePath
		case "return_target":
			return args[0].Bytes(i), nil
		default:
			return nil, sqlError("22023", "null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\"")
		}
	} else {
		v, err := document(ctx, args[2].Bytes(i))
		if err != nil {
			return nil, err
		}
		e.value = v
	}
	a, err := document(ctx, args[0].Bytes(i))
	if err != nil {
		return nil, err
	}
	if a, err = e.run(a, args[1], i); err != nil {
		return nil, err
	}
	return jsonvalue.Append(nil, &a), nil
}
