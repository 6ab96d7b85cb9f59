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

// BenchmarkGroup is count(*) and sum over 1 M rows on one worker, by keys of several shapes. The answer is checked.
func BenchmarkGroup(b *testing.B) {
	const rows = 1 << 20
	r := rand.New(rand.NewPCG(1, 1))
	random := func(n int64) []int64 {
		out := make([]int64, rows)
		for i := range out {
			out[i] = r.Int64N(n) * 1_000_003
		}
		return out
	}
	asText := func(v int64) string { return fmt.Sprint("user_", v/1_000_003) }
	few, many := ints(random(100), 8), ints(random(1<<20), 8)
	text100, textMany := texts(few, asText, false), texts(ints(random(100_000), 8), asText, false)
	second := func(rel *relation, of func(i int) *column.Vector) *relation {
		out := newRelation(rel.columns[0].Type, big, big)
		for _, list := range rel.morsels {
			var made []*scan.Batch
			for _, in := range list {
				v := of(in.Len)
				out.columns[2].Type = v.Type
				made = append(made, &scan.Batch{Len: in.Len, Columns: []*column.Vector{in.Columns[0], in.Columns[1], v}})
			}
			out.morsels = append(out.morsels, made)
		}
		return out
	}
	small := func(n int) *column.Vector {
		v := make([]int64, n)
		for i := range v {
			v[i] = int64(i % 3)
		}
		return column.NewInts(big, v, nil)
	}
	flags := column.NewStrings("A", "N", "R")
	coded := func(n int) *column.Vector {
		v := &column.Vector{Type: text, Enc: column.Dict, Len: n, Child: flags}
		for i := range n {
			v.Codes = append(v.Codes, uint32(i%3))
		}
		return v
	}
	dictionary := func(rel *relation) *relation {
		child := column.NewBuilder(text, 100)
		for i := range 100 {
			child.AppendString(fmt.Sprint("mode_", i))
		}
		modes := child.Finish()
		out := newRelation(text, big)
		for _, list := range rel.morsels {
			var made []*scan.Batch
			for _, in := range list {
				v := &column.Vector{Type: text, Enc: column.Dict, Len: in.Len, Child: modes}
				for _, x := range in.Columns[0].Ints {
					v.Codes = append(v.Codes, uint32(x/1_000_003))
				}
				made = append(made, &scan.Batch{Len: in.Len, Columns: []*column.Vector{v, in.Columns[1]}})
			}
			out.morsels = append(out.morsels, made)
		}
		return out
	}
	for _, c := range []struct {
		name string
		in   *relation
		keys []int
	}{
		{"int, 100 groups", few, []int{0}},
		{"int, 600k groups", many, []int{0}},
		{"text, 100 groups", text100, []int{0}},
		{"text, 100k groups", textMany, []int{0}},
		{"dictionary, 100 groups", dictionary(few), []int{0}},
		{"two dictionaries, 300 groups", second(dictionary(few), coded), []int{0, 2}},
		{"two ints, 300 groups", second(few, small), []int{0, 2}},
		{"two ints, 800k groups", second(many, small), []int{0, 2}},
		{"text and int, 250k groups", second(textMany, small), []int{0, 2}},
	} {
		count, err := fn.Default().Aggregate("count", nil)
		if err != nil {
			b.Fatal(err)
		}
		sum, err := fn.Default().Aggregate("sum", []column.Type{big})
		if err != nil {
			b.Fatal(err)
		}
		node := &plan.Aggregate{Input: c.in.scan(), Aggs: []expr.AggregateCall{
			{Fn: count, T: big},
			{Fn: sum, Args: []expr.Expr{&expr.Column{Index: 1, T: big}}, T: column.T(column.Numeric)},
		}, AggNames: []string{"count", "sum"}}
		for i, k := range c.keys {
			node.Keys = append(node.Keys, &expr.Column{Index: k, T: c.in.columns[k].Type})
			node.KeyNames = append(node.KeyNames, fmt.Sprint("k", i))
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				groups, counted, at := 0, int64(0), len(c.keys)
				err := eachBatch(node, envOf(1), func(batch *scan.Batch) {
					groups += batch.Len
					for _, v := range batch.Columns[at].Ints[:batch.Len] {
						counted += v
					}
				})
				if err != nil || counted != rows || groups < 100 {
					b.Fatalf("%d groups of %d rows, error %v", groups, counted, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
}
