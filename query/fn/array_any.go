package fn

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

type quantifiedKey struct {
	f   *expr.Function
	all bool
}

// Quantified is x op ANY (array), or ALL: a function of the operator's left argument and an array of its right ones. It is true where the
// operator is for some element, or for all; NULL where that hangs on a NULL. Any value meets an empty array, also NULL.
func (r *Registry) Quantified(op *expr.Function, all bool) *expr.Function {
	id := quantifiedKey{op, all}
	if f, ok := r.instances.Load(id); ok {
		return f.(*expr.Function)
	}
	word := " any"
	if all {
		word = " all"
	}
	f := scalar{
		name: op.Name + word, args: types(op.Args[0], column.ArrayOf(op.Args[1])), result: tBool, nullable: true, safe: !op.CanFail, stable: op.Stable,
		volatile: op.Volatile, kernel: quantified(op, all), doc: "the operator for the elements of an array",
	}.function("infix")
	shared, _ := r.instances.LoadOrStore(id, f)
	return shared.(*expr.Function)
}

// quantified pairs each value with the elements of its array, computes the operator for all pairs of the batch, and joins what
// came of them.
func quantified(op *expr.Function, all bool) Kernel {
	elem := op.Args[1]
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		arrays, err := openArrays(args[1], nil, elem, n)
		if err != nil {
			return nil, err
		}
		pairs := arrays.elements.Len
		var hits *column.Vector
		if pairs > 0 {
			rows := make([]int32, 0, pairs)
			for i := range n {
				for range arrays.starts[i+1] - arrays.starts[i] {
					rows = append(rows, int32(i))
				}
			}
			left := column.Gather(column.Flatten(args[0]), rows)
			if hits, err = expr.Apply(ctx, op, []*column.Vector{left, arrays.elements}, pairs); err != nil {
				return nil, err
			}
			hits = column.Flatten(hits)
		}
		out := column.NewBuilder(tBool, n)
		for i := range n {
			if args[1].IsNull(i) {
				out.AppendNull()
				continue
			}
			result, null := all, false
			for k := int(arrays.starts[i]); k < int(arrays.starts[i+1]); k++ {
				switch {
				case hits.Valid != nil && !hits.Valid.Get(k):
					null = true
				case hits.Bools[k] != all:
					result = !all
				}
			}
			if null && result == all {
				out.AppendNull()
			} else {
				out.AppendBool(result)
			}
		}
		return out.Finish(), nil
	}
}
