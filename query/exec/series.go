package exec

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// seriesFilter makes a source's filter of a condition over one tag: any boolean expression with the tag as
// its column 0. The source asks once per distinct value.
func seriesFilter(rel plan.Relation, c plan.SeriesCond, env *expr.Context) (scan.SeriesFilter, error) {
	col := rel.Columns()[c.Column]
	f := filterOn(rel, c.Column)
	equal, err := equalValues(c.Cond, col.Type)
	if err != nil {
		return f, err
	}
	f.Equal = equal
	if few := len(equal) > 0 && len(equal) <= fewValues; few && col.Type.Bytewise() {
		f.Match = func(value []byte, null bool) bool {
			return !null && slices.ContainsFunc(equal, func(v []byte) bool { return bytes.Equal(v, value) })
		}
		return f, nil
	}
	f.Match = func(value []byte, null bool) bool {
		ctx := fork(env) // Match runs on many goroutines
		b := column.NewBuilder(col.Type, 1)
		key.Put(b, value, null)
		rows, err := expr.EvalBool(&ctx, c.Cond, []*column.Vector{b.Finish()}, 1, nil)
		// The optimizer pushes no condition down that can fail.
		return err == nil && len(rows) == 1
	}
	return f, nil
}

// fewValues is of how many values one is found faster by comparing with each than by evaluating the condition.
const fewValues = 8

// filterOn names the tag, or the member of the label set, that is a column of a relation.
func filterOn(rel plan.Relation, c int) scan.SeriesFilter {
	col := rel.Columns()[c]
	f := scan.SeriesFilter{Tag: col.ID, Label: col.Label}
	if col.ID == 0 {
		tags := rel.Schema().Tags
		f.Tag = tags[len(tags)-1]
	}
	return f
}

// eitherValues lists the values that satisfy one of several equalities, as IN ($1, $2) has them.
func eitherValues(e *expr.Logic, t column.Type) (out [][]byte, err error) {
	if !e.Or {
		return nil, nil
	}
	for _, a := range e.Args {
		if v := plan.Literal(a); v != nil && v.IsNull(0) {
			continue // what an equality with NULL is
		}
		values, err := equalValues(a, t)
		if err != nil || values == nil {
			return nil, err
		}
		out = append(out, values...)
	}
	return out, nil
}

// equalValues lists the values that satisfy `tag = constant` and `tag IN (constants)`, nil if that cannot be seen. Of types that are not
// bytewise others may be equal to them.
func equalValues(cond expr.Expr, t column.Type) ([][]byte, error) {
	var list *column.Vector
	switch e := cond.(type) {
	case *expr.Logic:
		return eitherValues(e, t)
	case *expr.In:
		if _, ok := e.Arg.(*expr.Column); ok && !e.Negate && len(e.Params) == 0 {
			list = e.List
		}
	case *expr.Call:
		if e.Fn.Name == "=" && len(e.Args) == 2 {
			a, b := e.Args[0], e.Args[1]
			if _, ok := b.(*expr.Column); ok {
				a, b = b, a
			}
			if _, ok := a.(*expr.Column); ok {
				list = plan.Literal(b)
			}
		}
	}
	if list == nil || list.Type.Physical() != t.Physical() || list.HasNulls() {
		return nil, nil
	}
	out := make([][]byte, list.Len)
	for i := range out {
		switch t.Physical() {
		case column.PhysInt:
			out[i] = binary.BigEndian.AppendUint64(nil, uint64(list.Int(i))^1<<63)
		case column.PhysBool:
			out[i] = []byte{0}
			if list.Bool(i) {
				out[i][0] = 1
			}
		default:
			out[i] = list.Bytes(i)
		}
	}
	return out, nil
}
