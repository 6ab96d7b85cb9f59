package fn

import (
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// BenchmarkNumeric is sum(price * (1 - discount) * (1 + tax)) over batches of columns of numeric(15,2), as text and Scaled. The answer
// is checked.
func BenchmarkNumeric(b *testing.B) {
	const n = 4096
	price, discount, tax := make([]int64, n), make([]int64, n), make([]int64, n)
	want := int64(0)
	for i := range n {
		price[i], discount[i], tax[i] = 90_000+int64(i)*7919%10_000_000, int64(i)%11, int64(i)%9
		want += price[i] * (100 - discount[i]) * (100 + tax[i])
	}
	op := func(name string) *expr.Function {
		f, err := Default().Operator(name, tNumeric, tNumeric)
		if err != nil {
			b.Fatal(err)
		}
		return f
	}
	one := column.NewConst(column.NewScaled([]int64{1}, 0, nil), 0, n)
	scaled := []*column.Vector{column.NewScaled(price, 2, nil), column.NewScaled(discount, 2, nil), column.NewScaled(tax, 2, nil)}
	text := make([]*column.Vector, 3)
	for i, v := range scaled {
		text[i] = column.Flatten(v)
	}
	sum, err := Default().Aggregate("sum", []column.Type{tNumeric})
	if err != nil {
		b.Fatal(err)
	}
	for name, cols := range map[string][]*column.Vector{"text": text, "scaled": scaled} {
		b.Run(name, func(b *testing.B) {
			ctx := &expr.Context{}
			apply := func(f *expr.Function, args ...*column.Vector) *column.Vector {
				v, err := expr.Apply(ctx, f, args, n)
				if err != nil {
					b.Fatal(err)
				}
				return v
			}
			minus, plus, times := op("-"), op("+"), op("*")
			state := sum.New()
			state.Grow(1)
			for range b.N {
				v := apply(times, apply(times, cols[0], apply(minus, one, cols[1])), apply(plus, one, cols[2]))
				if err := state.AddRange(0, []*column.Vector{v}, 0, n, false); err != nil {
					b.Fatal(err)
				}
			}
			got, err := state.Finish(1)
			if err != nil {
				b.Fatal(err)
			}
			exact := int128{}
			exact.add(want)
			exact.mul(uint64(b.N))
			d := exact.decimal()
			d.Exponent = -6
			if w := string(appendDecimal(nil, d)); show(got, 0) != w {
				b.Fatalf("%s, not %s", show(got, 0), w)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
		})
	}
}
