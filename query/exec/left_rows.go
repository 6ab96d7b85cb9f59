package exec

import (
	"slices"
	"sync/atomic"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// A filter that nearly all rows pass need not copy them: it says of the others that they are dead. That helps an aggregation that lists rows by
// group, and nobody else; so the aggregation asks for it once it has seen that it does, and for the contrary when it does not.

// leftBelow finds the filter below an aggregation that may leave rows among the others; nil where there is none.
func leftBelow(n *plan.Aggregate, input producer, bound *scan.Bound) *atomic.Bool {
	if len(n.Keys) == 0 || bound != nil {
		return nil
	}
	computed := slices.Clone(n.Keys)
	for i := range n.Aggs {
		a := &n.Aggs[i]
		if a.Distinct || len(a.Order) > 0 || a.Filter != nil {
			return nil
		}
		computed = append(computed, a.Args...)
	}
	for !slices.ContainsFunc(computed, expr.Volatile) {
		switch p := feeder(input).(type) {
		case *filter:
			if p.env.Plain {
				return nil
			}
			p.leave = &atomic.Bool{}
			return p.leave
		case *project:
			computed, input = p.node.Exprs, p.input
		default:
			return nil
		}
	}
	return nil
}

// leftPart is how many rows for each that does not pass make leaving it cheaper than copying the others.
const leftPart = 8

// left gives a batch of which the listed rows live, if they are nearly all.
func left(b *scan.Batch, rows []int32) (*scan.Batch, bool) {
	if len(rows) == b.Len || (b.Len-len(rows))*leftPart > b.Len {
		return nil, false
	}
	living := column.NewBitmap(b.Len, true)
	next := int32(0)
	for _, r := range rows {
		for next < r {
			living.Clear(int(next))
			next++
		}
		next = r + 1
	}
	for int(next) < b.Len {
		living.Clear(int(next))
		next++
	}
	return &scan.Batch{Len: b.Len, Columns: b.Columns, Runs: b.Runs, Living: living}, true
}

// evalLiving computes expressions over a batch whose dead rows may lie among the others. If that fails it may be for a dead one: then it is done again
// without them, and the batch that it was done with comes back.
func evalLiving(w *worker, list []expr.Expr, b *scan.Batch) ([]*column.Vector, *scan.Batch, error) {
	out, err := evalAll(w, list, b)
	if err != nil && b.Living != nil {
		b = b.Compacted()
		out, err = evalAll(w, list, b)
	}
	return out, b, err
}
