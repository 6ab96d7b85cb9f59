package fn

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Aggregates that are made of all rows of a group at once, in their order.

func addCollectors(r *Registry) {
	r.aggregate(
		expr.Aggregate{
			Name: "array_agg", Args: types(tAny), Ordered: true, Doc: "array of the values, NULLs too; of arrays, one with a dimension more",
			For: func(args []column.Type, _ []expr.Ordering) *expr.Aggregate { return arrayAgg(args[0]) },
		},
		expr.Aggregate{
			Name: "any_value", Args: types(tAny), Doc: "some value that is not NULL",
			For: func(args []column.Type, _ []expr.Ordering) *expr.Aggregate { return anyValue(args[0]) },
		},
		expr.Aggregate{Name: "string_agg", Args: types(tBytea, tBytea), Result: tBytea, Ordered: true, New: func() expr.State { return &joinState{result: tBytea} }, Doc: "the values, in order, with the second between them"},
	)
}

func arrayAgg(t column.Type) *expr.Aggregate {
	a := &expr.Aggregate{Name: "array_agg", Args: types(t), Result: column.ArrayOf(t), Ordered: true}
	if t.IsArray() {
		a.Result = t
		a.New = collector(t, types(t), false, writeArrays)
		return a
	}
	a.New = collector(a.Result, types(t), false, func(_ *expr.Looks, b *column.Builder, args []*column.Vector, lo, hi int) error {
		b.AppendBytes(array.Append(nil, array.OneDim(hi-lo), args[0], lo))
		return nil
	})
	return a
}

// writeArrays makes an array with a dimension more of arrays, which must have the same dimensions.
func writeArrays(end *expr.Looks, b *column.Builder, args []*column.Vector, lo, hi int) error {
	elem := args[0].Type.Element()
	elements := column.NewBuilder(elem, 0)
	var dims []array.Dim
	for i := lo; i < hi; i++ {
		if end.Over() {
			return end.Err()
		}
		if args[0].IsNull(i) {
			return sqlError("22004", "cannot accumulate null arrays")
		}
		a, err := array.Decode(args[0].Bytes(i), elem)
		if err != nil {
			return err
		}
		switch {
		case len(a.Dims) == 0:
			return sqlError("2202E", "cannot accumulate empty arrays")
		case len(a.Dims) == array.MaxDims:
			return sqlError("54000", "number of array dimensions (%d) exceeds the maximum allowed (%d)", len(a.Dims)+1, array.MaxDims)
		case i == lo:
			dims = append(array.OneDim(hi-lo), a.Dims...)
		case !sameDims(dims[1:], a.Dims):
			return sqlError("2202E", "cannot accumulate arrays of different dimensionality")
		}
		elements.AppendVector(a.Elements, 0, a.Elements.Len)
	}
	if err := elements.Err(); err != nil {
		return err
	}
	b.AppendBytes(array.Append(nil, dims, elements.Finish(), 0))
	return nil
}

func sameDims(a, b []array.Dim) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Len != b[i].Len || a[i].Lower != b[i].Lower {
			return false
		}
	}
	return true
}

func anyValue(t column.Type) *expr.Aggregate {
	return &expr.Aggregate{Name: "any_value", Args: types(t), Result: t, New: collector(t, types(t), true, func(_ *expr.Looks, b *column.Builder, args []*column.Vector, lo, _ int) error {
		b.AppendRow(args[0], lo)
		return nil
	})}
}

// groupWriter appends the result of a group, whose rows are [lo, hi) of args, all of them there and in order. Where they are many it looks now and
// then whether the statement was cancelled.
type groupWriter func(end *expr.Looks, b *column.Builder, args []*column.Vector, lo, hi int) error

// collector makes states that keep all rows; write appends the result of rows [lo, hi), of which there is at least one. With strict, rows whose
// first argument is NULL are left out.
func collector(result column.Type, args []column.Type, strict bool, write groupWriter) func() expr.State {
	return func() expr.State {
		return &collectState{result: result, strict: strict, write: write, rows: expr.NewGroupRows(args)}
	}
}

type collectState struct {
	result column.Type
	strict bool
	write  groupWriter
	rows   *expr.GroupRows
	ctx    context.Context
}

// Watch is expr.WatchedState's.
func (s *collectState) Watch(ctx context.Context) {
	s.ctx = ctx
	s.rows.Watch(ctx)
}

func (s *collectState) Grow(int) {}

func (s *collectState) Add(groups []uint32, args []*column.Vector, n int) error {
	return s.take(func(i int) uint32 { return groups[i] }, args, 0, n)
}

func (s *collectState) AddRange(g uint32, args []*column.Vector, lo, hi int, _ bool) error {
	return s.take(func(int) uint32 { return g }, args, lo, hi)
}

func (s *collectState) take(group func(i int) uint32, args []*column.Vector, lo, hi int) error {
	if !s.strict || !args[0].HasNulls() {
		return s.rows.Add(group, args, lo, hi)
	}
	for i := lo; i < hi; i++ {
		if args[0].IsNull(i) {
			continue
		}
		if err := s.rows.AddRow(group(i), args, i); err != nil {
			return err
		}
	}
	return nil
}

func (s *collectState) Merge(other expr.State, from, into []uint32) error {
	o, ok := other.(*collectState)
	if !ok {
		return mismatched(s, other)
	}
	return s.rows.Merge(o.rows, from, into)
}

func (s *collectState) Finish(n int) (*column.Vector, error) {
	args, starts, err := s.rows.ByGroup()
	if err != nil {
		return nil, err
	}
	end := expr.Looks{Ctx: s.ctx}
	out := column.NewBuilder(s.result, n)
	for g := range n {
		if g+1 >= len(starts) || starts[g] == starts[g+1] {
			out.AppendNull()
			continue
		}
		if err := s.write(&end, out, args, int(starts[g]), int(starts[g+1])); err != nil {
			return nil, err
		}
	}
	if err := out.Err(); err != nil {
		return nil, err
	}
	return out.Finish(), nil
}

func (s *collectState) SizeBytes() int64 { return s.rows.SizeBytes() }
