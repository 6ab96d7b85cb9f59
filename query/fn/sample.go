package fn

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Sampled reports whether rows are in a sample: the place and the number of each, the percentage, the seed. With blocks it is asked of the row's
// block.
func Sampled(name string, blocks bool) *expr.Function {
	return &expr.Function{Name: name, Args: types(tInt8, tInt8, tFloat4, tFloat8), Result: tBool, Kernel: func(_ *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		out := make([]bool, n)
		every := args[2].Enc == column.Const && args[3].Enc == column.Const
		var of scan.Sample
		for i := range out {
			if i == 0 || !every {
				var err error
				if of, err = scan.SampleOf(args[2], args[3], i); err != nil {
					return nil, err
				}
			}
			place, row := args[0].Int(i), args[1].Int(i)
			if blocks {
				out[i] = of.HasBlock(place, row)
			} else {
				out[i] = of.Has(place, row)
			}
		}
		return column.NewBools(out, nil), nil
	}}
}
