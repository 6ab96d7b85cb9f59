package fn

import (
	"bytes"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Aggregates that make JSON. The binder has made JSON of their arguments already; an object's name is a JSON string.

func addJSONAggregates(r *Registry) {
	for _, t := range []column.Type{tJSON, tJSONB} {
		name := map[column.Type]string{tJSON: "json", tJSONB: "jsonb"}[t]
		r.aggregate(
			expr.Aggregate{
				Name: name + "_agg", Args: types(tAny), Result: t, Ordered: true, Doc: "JSON array of the values, NULLs too",
				For: func(args []column.Type, _ []expr.Ordering) *expr.Aggregate {
					a := &expr.Aggregate{Name: name + "_agg", Args: types(t), Result: t, Ordered: true}
					between := ", "
					if t == tJSON && (args[0].IsArray() || args[0] == tRecord) {
						between = ", \n " // so does PostgreSQL
					}
					a.New = collector(t, types(t), false, writeJSONArray(between))
					return a
				},
			},
			expr.Aggregate{
				Name: name + "_object_agg", Args: types(tAny, tAny), Result: t, Ordered: true, Doc: "JSON object of names and values",
				For: func([]column.Type, []expr.Ordering) *expr.Aggregate {
					write := writeJSONObject
					if t == tJSONB {
						write = writeJSONBObject
					}
					return &expr.Aggregate{Name: name + "_object_agg", Args: types(t, t), Result: t, Ordered: true, New: collector(t, types(t, t), false, write)}
				},
			},
		)
	}
}

func appendJSONRow(dst []byte, v *column.Vector, i int) []byte {
	if v.IsNull(i) {
		return append(dst, "null"...)
	}
	return append(dst, v.Bytes(i)...)
}

func writeJSONArray(between string) groupWriter {
	return func(end *expr.Looks, b *column.Builder, args []*column.Vector, lo, hi int) error {
		out := []byte{'['}
		for i := lo; i < hi; i++ {
			if end.Over() {
				return end.Err()
			}
			if i > lo {
				out = append(out, between...)
			}
			out = appendJSONRow(out, args[0], i)
		}
		b.AppendBytes(append(out, ']'))
		return nil
	}
}

func nullName() error { return sqlError("22023", "field name must not be null") }

func writeJSONObject(end *expr.Looks, b *column.Builder, args []*column.Vector, lo, hi int) error {
	out := []byte("{ ")
	for i := lo; i < hi; i++ {
		if end.Over() {
			return end.Err()
		}
		if args[0].IsNull(i) {
			return nullName()
		}
		if i > lo {
			out = append(out, ", "...)
		}
		out = append(append(out, args[0].Bytes(i)...), " : "...)
		out = appendJSONRow(out, args[1], i)
	}
	b.AppendBytes(append(out, " }"...))
	return nil
}

// writeJSONBObject orders names as jsonb does, shorter ones first, and keeps the last value of each.
func writeJSONBObject(end *expr.Looks, b *column.Builder, args []*column.Vector, lo, hi int) error {
	members := make([]int, 0, hi-lo)
	for i := lo; i < hi; i++ {
		if end.Over() {
			return end.Err()
		}
		if args[0].IsNull(i) {
			return nullName()
		}
		members = append(members, i)
	}
	slices.SortStableFunc(members, func(x, y int) int {
		if end.Over() {
			return 0
		}
		a, c := args[0].Bytes(x), args[0].Bytes(y)
		if len(a) != len(c) {
			return len(a) - len(c)
		}
		return bytes.Compare(a, c)
	})
	out := []byte{'{'}
	for k, i := range members {
		if end.Over() {
			return end.Err()
		}
		if k+1 < len(members) && bytes.Equal(args[0].Bytes(i), args[0].Bytes(members[k+1])) {
			continue
		}
		if len(out) > 1 {
			out = append(out, ", "...)
		}
		out = append(append(out, args[0].Bytes(i)...), ": "...)
		out = appendJSONRow(out, args[1], i)
	}
	b.AppendBytes(append(out, '}'))
	return nil
}
