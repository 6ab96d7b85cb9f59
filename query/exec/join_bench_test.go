package exec

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// BenchmarkJoin is 1 M rows past 10 k distinct keys, all of which have a partner, on one worker. The answer is checked.
func BenchmarkJoin(b *testing.B) {
	const probeRows, buildRows, runLen = 1 << 20, 10_000, 360
	r := rand.New(rand.NewPCG(1, 1))
	spread := func(i int64) int64 { return i * 1_000_003 } // not dense
	build, probe := make([]int64, buildRows), make([]int64, probeRows)
	for i := range build {
		build[i] = spread(int64(i))
	}
	for i := range probe {
		probe[i] = spread(r.Int64N(buildRows))
	}
	inRuns := make([]int64, probeRows)
	for i := range inRuns {
		inRuns[i] = spread(int64(i / runLen % buildRows))
	}
	asText := func(v int64) string { return fmt.Sprint("host_", v) }
	two := func(k int) []expr.Expr {
		return []expr.Expr{&expr.Column{Index: 0, T: big}, &expr.Column{Index: k, T: big}}
	}
	both := joinOn(plan.InnerJoin, withCopy(ints(probe, 8)), withCopy(ints(build, 1)))
	both.LeftKeys, both.RightKeys = two(2), two(2)
	for _, c := range []struct {
		name string
		node *plan.Join
	}{
		{"int", joinOn(plan.InnerJoin, ints(probe, 8), ints(build, 1))},
		{"int left", joinOn(plan.LeftJoin, ints(probe, 8), ints(build, 1))},
		{"int semi", joinOn(plan.SemiJoin, ints(probe, 8), ints(build, 1))},
		{"two ints", both},
		{"text", joinOn(plan.InnerJoin, texts(ints(probe, 8), asText, false), texts(ints(build, 1), asText, false))},
		{"run-end text", joinOn(plan.InnerJoin, texts(ints(inRuns, 8), asText, true), texts(ints(build, 1), asText, false))},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				rows, sum := 0, int64(0)
				err := eachBatch(c.node, envOf(1), func(batch *scan.Batch) {
					rows += batch.Len
					for _, v := range batch.Columns[1].Ints {
						sum += v
					}
				})
				if want := int64(probeRows) * (probeRows - 1) / 2; err != nil || rows != probeRows || sum != want {
					b.Fatalf("%d rows, sum %d, error %v; want %d and %d", rows, sum, err, probeRows, want)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/probeRows, "ns/row")
		})
	}
}

// BenchmarkJoinBuild holds 1 M rows of distinct keys and looks one up.
func BenchmarkJoinBuild(b *testing.B) {
	const buildRows = 1 << 20
	keys := make([]int64, buildRows)
	for i, k := range rand.New(rand.NewPCG(2, 2)).Perm(buildRows) {
		keys[i] = int64(k) * 1_000_003
	}
	asText := func(v int64) string { return fmt.Sprint("host_", v) }
	one := ints(keys[:1], 1)
	for _, c := range []struct {
		name string
		node *plan.Join
	}{
		{"int", joinOn(plan.InnerJoin, one, ints(keys, 8))},
		{"text", joinOn(plan.InnerJoin, texts(one, asText, false), texts(ints(keys, 8), asText, false))},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				rows := 0
				if err := eachBatch(c.node, envOf(1), func(batch *scan.Batch) { rows += batch.Len }); err != nil || rows != 1 {
					b.Fatalf("%d rows, error %v; want one", rows, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/buildRows, "ns/row")
		})
	}
}

// withCopy adds the first column once more, as a second key.
func withCopy(r *relation) *relation {
	out := newRelation(big, big, big)
	for _, list := range r.morsels {
		var copied []*scan.Batch
		for _, in := range list {
			copied = append(copied, &scan.Batch{Len: in.Len, Columns: append(in.Columns[:2:2], in.Columns[0])})
		}
		out.morsels = append(out.morsels, copied)
	}
	return out
}

// texts makes the first column text, run-end encoded or flat.
func texts(r *relation, of func(int64) string, runs bool) *relation {
	out := newRelation(text, big)
	for _, list := range r.morsels {
		var made []*scan.Batch
		for _, in := range list {
			values := column.NewBuilder(text, in.Len)
			var ends []int32
			for i, v := range in.Columns[0].Ints {
				if !runs || i == 0 || in.Columns[0].Ints[i-1] != v {
					values.AppendString(of(v))
					ends = append(ends, int32(i))
				}
			}
			v := values.Finish()
			if runs {
				v = &column.Vector{Type: text, Enc: column.RunEnd, Len: in.Len, Child: v, Ends: append(ends[1:], int32(in.Len))}
			}
			made = append(made, &scan.Batch{Len: in.Len, Columns: []*column.Vector{v, in.Columns[1]}})
		}
		out.morsels = append(out.morsels, made)
	}
	return out
}
