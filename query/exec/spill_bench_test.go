package exec

import (
	"os"
	"strconv"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/spill"
	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
)

// benchRows is how many rows BenchmarkSpill works on: AEGIS_SPILL_ROWS, or two million.
func benchRows() int {
	if n, err := strconv.Atoi(os.Getenv("AEGIS_SPILL_ROWS")); err == nil {
		return n
	}
	return 2_000_000
}

// BenchmarkSpill sorts, groups and joins rows of two bigints, every key once, in memory and with a tenth of the memory that takes; answers are
// checked.
func BenchmarkSpill(b *testing.B) {
	n := benchRows()
	values := make([]int64, n)
	for i := range values {
		values[i] = int64(i) * 7919 % int64(n)
	}
	r := ints(values, 8)
	key := &expr.Column{T: big}
	count, sum := benchCall(b, "count"), benchCall(b, "sum", &expr.Column{Index: 1, T: big})
	plans := []struct {
		name string
		node plan.Node
	}{
		{"sort", &plan.Sort{Input: r.scan(), Keys: []plan.SortKey{{Expr: key}}}},
		{"group", &plan.Aggregate{
			Input: r.scan(), Keys: []expr.Expr{key}, KeyNames: []string{"k"}, Aggs: []expr.AggregateCall{count, sum}, AggNames: []string{"n", "s"},
		}},
		{"join", joinOn(plan.InnerJoin, r, r)},
	}
	for _, p := range plans {
		peak := int64(0)
		for _, memory := range []string{"memory", "tenth"} {
			b.Run(p.name+"/"+memory, func(b *testing.B) {
				for range b.N {
					area, err := spill.Open(vfs.OS(), b.TempDir(), 0)
					if err != nil {
						b.Fatal(err)
					}
					env := envOf(2)
					env.Pool = mem.NewPool("query", 0, nil)
					env.Held = mem.NewPool("rows", 0, env.Pool)
					env.Least, env.Whole = 8<<20, 2<<20
					if memory == "tenth" {
						env.Held = mem.NewPool("rows", peak/10, env.Pool)
					}
					env.Spill = area.Space(0)
					rows, keys, last := int64(0), int64(0), int64(-1)
					err = eachBatch(p.node, env, func(out *scan.Batch) {
						rows += int64(out.Len)
						for _, k := range column.Flatten(out.Columns[0]).Ints {
							keys += k
							if p.name == "sort" && k < last {
								b.Fatal("out of order")
							}
							last = k
						}
					})
					if err != nil || rows != int64(n) || keys != int64(n)*int64(n-1)/2 {
						b.Fatalf("%v: %d rows, keys add up to %d", err, rows, keys)
					}
					peak = max(peak, env.Pool.Peak())
					b.ReportMetric(float64(env.Pool.Peak()>>20), "peak-MiB")
					b.ReportMetric(float64(env.Spill.Written()>>20), "written-MiB")
					if err := env.Spill.Close(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
			})
		}
	}
}

func benchCall(b *testing.B, name string, args ...expr.Expr) expr.AggregateCall {
	f, err := fn.Default().Aggregate(name, typesOfExprs(args))
	if err != nil {
		b.Fatal(err)
	}
	return expr.AggregateCall{Fn: f, Args: args, T: f.Result}
}
