package fn

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strconv"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

func addMisc(r *Registry) {
	setting := func(name string, t column.Type, fallback, doc string) {
		r.add(scalar{name: name, result: t, stable: true, safe: true, doc: doc, kernel: func(ctx *expr.Context, _ []*column.Vector, n int) (*column.Vector, error) {
			v := fallback
			if s, ok := ctx.Settings[name]; ok {
				v = s
			}
			text := column.NewStrings(v)
			text.Type = t
			return column.NewConst(text, 0, n), nil
		}})
	}
	// The version is one PostgreSQL's clients know how to talk to.
	setting("version", tText, "PostgreSQL 16.0 (Aegis)", "name and version of the server")
	setting("current_database", tName, "default", "the database")
	setting("current_catalog", tName, "default", "the database")
	setting("current_schema", tName, "public", "where names without a schema are looked for first")
	setting("current_user", tName, "aegis", "who asks")
	r.add(
		scalar{name: "pg_typeof", args: types(tAny), result: tRegType, nullable: true, safe: true, doc: "type of a value", kernel: func(_ *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
			return column.NewConst(column.NewInts(tRegType, []int64{int64(args[0].Type.OID())}, nil), 0, n), nil
		}},
		scalar{name: "random", result: tFloat8, volatile: true, safe: true, doc: "random number from 0 to less than 1", kernel: func(ctx *expr.Context, _ []*column.Vector, n int) (*column.Vector, error) {
			next := ctx.Random
			if next == nil {
				next = rand.Float64
			}
			out := make([]float64, n)
			for i := range out {
				out[i] = next()
			}
			return column.NewFloats(tFloat8, out, nil), nil
		}},
	)
	member := func(result column.Type, text bool) Kernel {
		return kernel2(result, readBytes, readBytes, writeBytes, func(_ *expr.Context, a, key []byte) ([]byte, error) { return jsonMember(a, string(key), text) })
	}
	element := func(result column.Type, text bool) Kernel {
		return kernel2(result, readBytes, readInt, writeBytes, func(_ *expr.Context, a []byte, i int64) ([]byte, error) { return jsonElement(a, i, text) })
	}
	r.operator(
		scalar{name: "->", args: types(tJSON, tText), result: tJSON, doc: "member of an object", kernel: member(tJSON, false)},
		scalar{name: "->>", args: types(tJSON, tText), result: tText, doc: "member of an object, as text", kernel: member(tText, true)},
		scalar{name: "->", args: types(tJSON, tInt4), result: tJSON, doc: "element of an array, from 0", kernel: element(tJSON, false)},
		scalar{name: "->>", args: types(tJSON, tInt4), result: tText, doc: "element of an array, as text", kernel: element(tText, true)},
	)
	r.add(
		scalar{name: "json_extract_path_text", args: types(tJSON, tText), result: tText, variadic: true, doc: "what a path of members and elements leads to, as text", kernel: jsonPath(tText, true)},
		scalar{name: "json_extract_path", args: types(tJSON, tText), result: tJSON, variadic: true, doc: "what a path of members and elements leads to", kernel: jsonPath(tJSON, false)},
		scalar{name: "json_typeof", args: types(tJSON), result: tText, doc: "object, array, string, number, boolean or null", kernel: kernel1(tText, readBytes, writeString, func(_ *expr.Context, a []byte) (string, error) { return jsonType(a), nil })},
		scalar{name: "json_array_length", args: types(tJSON), result: tInt4, doc: "number of elements", kernel: kernel1(tInt4, readBytes, writeInt, func(_ *expr.Context, a []byte) (int64, error) {
			var list []json.RawMessage
			if jsonType(a) != "array" || json.Unmarshal(a, &list) != nil {
				return 0, sqlError("22023", "cannot get array length of a non-array")
			}
			return int64(len(list)), nil
		})},
	)
}

func jsonType(a []byte) string {
	a = bytes.TrimSpace(a)
	if len(a) == 0 {
		return "null"
	}
	switch a[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

// jsonMember finds a member of an object, of several with one name the last; errNull if there is none.
func jsonMember(a []byte, key string, text bool) ([]byte, error) {
	if jsonType(a) != "object" {
		return nil, errNull
	}
	d := json.NewDecoder(bytes.NewReader(a))
	if _, err := d.Token(); err != nil {
		return nil, errNull
	}
	var found json.RawMessage
	hit := false
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, errNull
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, errNull
		}
		if name == key {
			found, hit = value, true
		}
	}
	if !hit {
		return nil, errNull
	}
	return jsonShown(found, text)
}

// jsonElement finds an element of an array, from its end if i is negative.
func jsonElement(a []byte, i int64, text bool) ([]byte, error) {
	var list []json.RawMessage
	if jsonType(a) != "array" || json.Unmarshal(a, &list) != nil {
		return nil, errNull
	}
	if i < 0 {
		i += int64(len(list))
	}
	if i < 0 || i >= int64(len(list)) {
		return nil, errNull
	}
	return jsonShown(list[i], text)
}

// jsonShown gives a value as JSON or, where text is asked for, a string's content and NULL for null.
func jsonShown(v []byte, text bool) ([]byte, error) {
	if !text {
		return v, nil
	}
	switch jsonType(v) {
	case "null":
		return nil, errNull
	case "string":
		var s string
		if err := json.Unmarshal(v, &s); err != nil {
			return nil, sqlError("22P02", "invalid input syntax for type json")
		}
		return []byte(s), nil
	}
	return v, nil
}

func jsonPath(result column.Type, text bool) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		root := textsOf(args[0])
		return eachRow(ctx, result, writeBytes, n, func(i int) ([]byte, error) {
			v := root.at(i)
			for k, step := range args[1:] {
				key := textsOf(step).at(i)
				var err error
				last := text && k == len(args)-2
				if jsonType(v) == "array" {
					index, convErr := strconv.ParseInt(string(key), 10, 32)
					if convErr != nil {
						return nil, errNull
					}
					v, err = jsonElement(v, index, last)
				} else {
					v, err = jsonMember(v, string(key), last)
				}
				if err != nil {
					return nil, err
				}
			}
			return v, nil
		})
	}
}
