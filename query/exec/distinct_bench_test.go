package exec

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
)

// BenchmarkCountDistinct is count(DISTINCT x) of 1 M rows with 100 k values, of all and of 100 groups. The answer is checked.
func BenchmarkCountDistinct(b *testing.B) {
	const rows, values = 1 << 20, 100_000
	r := rand.New(rand.NewPCG(3, 3))
	group, value := make([]int64, rows), make([]int64, rows)
	pairs, all := map[[2]int64]struct{}{}, map[int64]struct{}{}
	for i := range value {
		group[i], value[i] = r.Int64N(100), r.Int64N(values)
		pairs[[2]int64{group[i], value[i]}] = struct{}{}
		all[value[i]] = struct{}{}
	}
	asInt := func(v []int64) *column.Vector { return column.NewInts(big, v, nil) }
	asText := func(v []int64) *column.Vector {
		t := column.NewBuilder(text, len(v))
		for _, x := range v {
			t.AppendString(fmt.Sprint("http://example.com/page/", x))
		}
		return t.Finish()
	}
	for _, c := range []struct {
		name    string
		of      func([]int64) *column.Vector
		grouped bool
		want    int
	}{
		{"ints", asInt, false, len(all)},
		{"ints by 100 groups", asInt, true, len(pairs)},
		{"texts", asText, false, len(all)},
		{"texts by 100 groups", asText, true, len(pairs)},
	} {
		in := newRelation(big, c.of(nil).Type)
		in.morsels = make([][]*scan.Batch, 8)
		for lo := 0; lo < rows; lo += scan.BatchRows {
			m := lo / scan.BatchRows % 8
			in.morsels[m] = append(in.morsels[m], &scan.Batch{Len: scan.BatchRows, Columns: []*column.Vector{asInt(group[lo : lo+scan.BatchRows]), c.of(value[lo : lo+scan.BatchRows])}})
		}
		typ := in.columns[1].Type
		count, err := fn.Default().Aggregate("count", []column.Type{typ})
		if err != nil {
			b.Fatal(err)
		}
		node := &plan.Aggregate{Input: in.scan(), AggNames: []string{"n"}, Aggs: []expr.AggregateCall{
			{Fn: count, Args: []expr.Expr{&expr.Column{Index: 1, T: typ}}, Distinct: true, T: big},
		}}
		if c.grouped {
			node.Keys, node.KeyNames = []expr.Expr{&expr.Column{T: big}}, []string{"g"}
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				counted := int64(0)
				err := eachBatch(node, envOf(1), func(batch *scan.Batch) {
					for _, v := range batch.Columns[len(node.Keys)].Ints[:batch.Len] {
						counted += v
					}
				})
				if err != nil || counted != int64(c.want) {
					b.Fatalf("%d, not %d; error %v", counted, c.want, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
}
