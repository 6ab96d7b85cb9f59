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

// BenchmarkWindow is functions over 2 M rows of a thousand partitions in random order, or of one partition. Answers are checked.
func BenchmarkWindow(b *testing.B) {
	const rows, groups = 1 << 21, 1000
	r := rand.New(rand.NewPCG(1, 1))
	t := newRelation(big, big, float) // partition, order, value
	t.morsels = make([][]*scan.Batch, 8)
	order := r.Perm(rows)
	for lo := 0; lo < rows; lo += scan.BatchRows {
		part, by, x := make([]int64, scan.BatchRows), make([]int64, scan.BatchRows), make([]float64, scan.BatchRows)
		for i := range part {
			part[i], by[i], x[i] = int64((lo+i)%groups), int64(order[lo+i]), float64(i%16)
		}
		m := lo / scan.BatchRows % 8
		t.morsels[m] = append(t.morsels[m], &scan.Batch{Len: len(part), Columns: []*column.Vector{column.NewInts(big, part, nil), column.NewInts(big, by, nil), column.NewFloats(float, x, nil)}})
	}
	c := func(k int, t column.Type) expr.Expr { return &expr.Column{Index: k, T: t} }
	sum, _ := fn.Default().Aggregate("sum", []column.Type{float})
	highest, _ := fn.Default().Aggregate("max", []column.Type{big})
	number, _ := fn.Default().Window("row_number", nil)
	lag, _ := fn.Default().Window("lag", []column.Type{float})
	row := func(back int64) expr.Frame {
		return expr.Frame{Mode: expr.FrameRows, Start: expr.FrameBound{Kind: expr.Preceding, Offset: &expr.Literal{Value: column.NewInts(big, []int64{back}, nil)}}, End: expr.FrameBound{Kind: expr.CurrentRow}}
	}
	running := expr.Frame{Mode: expr.FrameRows, End: expr.FrameBound{Kind: expr.CurrentRow}}
	for _, q := range []struct {
		name  string
		call  expr.WindowCall
		whole bool // one partition
		limit int64
	}{
		{"row_number", expr.WindowCall{Fn: number, T: big}, false, 0},
		{"row_number, one partition", expr.WindowCall{Fn: number, T: big}, true, 0},
		{"first 3 of each", expr.WindowCall{Fn: number, T: big}, false, 3},
		{"lag", expr.WindowCall{Fn: lag, Args: []expr.Expr{c(2, float)}, T: float}, false, 0},
		{"running sum", expr.WindowCall{Agg: sum, Args: []expr.Expr{c(2, float)}, Frame: running, T: float}, false, 0},
		{"sum of 1000 rows", expr.WindowCall{Agg: sum, Args: []expr.Expr{c(2, float)}, Frame: row(999), T: float}, false, 0},
		{"max of 1000 rows", expr.WindowCall{Agg: highest, Args: []expr.Expr{c(1, big)}, Frame: row(999), T: big}, false, 0},
		{"max of 10 rows", expr.WindowCall{Agg: highest, Args: []expr.Expr{c(1, big)}, Frame: row(9), T: big}, false, 0},
	} {
		node := &plan.Window{Input: t.scan(), Order: []plan.SortKey{{Expr: c(1, big)}}, Calls: []expr.WindowCall{q.call}, Names: []string{"w"}, Limit: q.limit}
		if !q.whole {
			node.Partition = []expr.Expr{c(0, big)}
		}
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/workers=%d", q.name, workers), func(b *testing.B) {
				for range b.N {
					n := 0
					var last [4]int64
					err := eachBatch(node, envOf(workers), func(batch *scan.Batch) {
						n += batch.Len
						checkOrder(b, batch, q.whole, &last)
					})
					want := rows
					if q.limit > 0 {
						want = groups * int(q.limit)
					}
					if err != nil || n != want {
						b.Fatalf("%d rows, %v", n, err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
			})
		}
	}
}

// checkOrder follows the rows of a window: partitions ascend, their rows too, and what row_number, lag, a running sum or a greatest
// value gives is what the rows before say. last holds partition, order, number and sum.
func checkOrder(b *testing.B, batch *scan.Batch, whole bool, last *[4]int64) {
	part, by, x, w := batch.Columns[0].Ints, batch.Columns[1].Ints, batch.Columns[2].Floats, batch.Columns[3]
	for i := range batch.Len {
		p := part[i]
		if whole {
			p = 0
		}
		if p != last[0] || last[2] == 0 {
			*last = [4]int64{p, -1, 0, 0}
		}
		last[2]++
		last[3] += int64(x[i])
		if by[i] <= last[1] {
			b.Fatalf("row %d behind %d", by[i], last[1])
		}
		last[1] = by[i]
		if w.Type == big && w.Ints[i] != last[2] && w.Ints[i] != by[i] {
			b.Fatalf("row %d of its partition is %d", last[2], w.Ints[i])
		}
		if w.Type == float && last[2] <= 1000 && last[2] > 1 && w.Floats[i] != float64(last[3]) && w.Floats[i] != x[max(i-1, 0)] && i > 0 {
			b.Fatalf("row %d has %v, the sum so far is %d", last[2], w.Floats[i], last[3])
		}
	}
}
