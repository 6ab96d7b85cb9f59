package exec

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// Filters and joins give all columns of their inputs, also those that nobody above reads, as the ones that they compare often are. Such columns
// are not copied: a constant NULL stands in for them.

// readOfInputs says which columns of its inputs a node reads where of its own only some are read above; nil = all.
func readOfInputs(n plan.Node, read []bool) [][]bool {
	inputs := n.Inputs()
	out := make([][]bool, len(inputs))
	switch n := n.(type) {
	case *plan.Project, *plan.Aggregate:
		out[0] = readBy(make([]bool, len(inputs[0].Columns())), plan.Expressions(n)...)
	case *plan.Filter, *plan.Sort, *plan.Limit:
		if read != nil {
			out[0] = readBy(slices.Clone(read), plan.Expressions(n)...)
		}
	case *plan.Join:
		left, right := readOfSides(n, read)
		if n.Cond != nil {
			width := len(left)
			both := readBy(append(slices.Clone(left), right...), n.Cond)
			left, right = both[:width:width], both[width:]
		}
		out[0], out[1] = readBy(left, n.LeftKeys...), readBy(right, n.RightKeys...)
	}
	return out
}

// readOfSides says which columns of a join's sides are read above it.
func readOfSides(n *plan.Join, read []bool) (left, right []bool) {
	width := len(n.Left.Columns())
	left, right = make([]bool, width), make([]bool, len(n.Right.Columns()))
	pairs := n.Kind < plan.SemiJoin
	for i := range left {
		left[i] = read == nil || read[i]
	}
	for i := range right {
		right[i] = pairs && (read == nil || read[width+i])
	}
	return left, right
}

func readBy(read []bool, list ...expr.Expr) []bool {
	for _, e := range list {
		for _, c := range expr.Columns(e) {
			read[c] = true
		}
	}
	return read
}

// compactRead keeps the listed rows of a batch, of the columns that are read.
func compactRead(b *scan.Batch, rows []int32, read []bool) *scan.Batch {
	if read == nil || len(rows) == b.Len {
		return b.Compact(rows)
	}
	return &scan.Batch{Len: len(rows), Columns: gatherRead(b.Columns, rows, read), Runs: scan.CompactRuns(b.Runs, rows)}
}

func gatherRead(columns []*column.Vector, rows []int32, read []bool) []*column.Vector {
	out := make([]*column.Vector, len(columns))
	for i, v := range columns {
		if read == nil || read[i] {
			out[i] = column.Gather(v, rows)
		} else {
			out[i] = column.NewNull(v.Type, len(rows))
		}
	}
	return out
}
