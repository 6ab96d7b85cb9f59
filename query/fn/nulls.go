package fn

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// addNullCounts adds the functions that count NULLs among their arguments.
func addNullCounts(r *Registry) {
	count := func(name, doc string, null bool) scalar {
		return scalar{name: name, args: types(tAny), result: tInt4, variadic: true, nullable: true, safe: true, doc: doc, kernel: func(_ *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
			out := make([]int64, n)
			for _, a := range args {
				for i := range out {
					if a.IsNull(i) == null {
						out[i]++
					}
				}
			}
			return column.NewInts(tInt4, out, nil), nil
		}}
	}
	r.add(
		count("num_nulls", "how many arguments are NULL", true),
		count("num_nonnulls", "how many arguments are not NULL", false),
	)
}
