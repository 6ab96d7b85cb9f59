package fn

import (
	"sort"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// addArrayBuckets adds width_bucket with an array of the buckets' lower bounds, which ascend.
func addArrayBuckets(r *Registry) {
	r.add(scalar{name: "width_bucket", args: types(tCompatible, tCompatibleArray), result: tInt4, doc: "number of the bucket, of those with given lower bounds, that a value falls into", generic: bucketOfList})
}

func bucketOfList(elem column.Type) rawKernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		value, valid := column.Flatten(args[0]), ctx.Valid
		out := column.NewBuilder(tInt4, n)
		for i := range n {
			if valid != nil && !valid.Get(i) {
				out.AppendNull()
				continue
			}
			a, err := decoded(ctx, args[1], i, elem)
			switch {
			case err != nil:
				return nil, err
			case len(a.Dims) > 1:
				return nil, sqlError("2202E", "thresholds must be one-dimensional array")
			}
			for k := range a.Elements.Len {
				if a.Elements.IsNull(k) {
					return nil, sqlError("22004", "thresholds array must not contain NULLs")
				}
			}
			out.AppendInt(int64(sort.Search(a.Elements.Len, func(k int) bool { return Compare(a.Elements, k, value, i) > 0 })))
			if err := ctx.Work(a.Elements.Len); err != nil {
				return nil, err
			}
		}
		return out.Finish(), nil
	}
}
