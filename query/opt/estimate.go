package opt

import (
	"slices"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/plan"
)

// buildSide sets where the hash table of each join is built.
func buildSide(_ *context, root plan.Node) plan.Node {
	return rewrite(root, func(n plan.Node) plan.Node {
		j, ok := n.(*plan.Join)
		if !ok {
			return n
		}
		left := estimate(j.Left) < estimate(j.Right) && j.Kind != plan.NullMarkJoin
		if left == j.BuildLeft {
			return n
		}
		out := *j
		out.BuildLeft = left
		return &out
	})
}

// The shares of rows that are taken to be left: guesses that only have to put sides in order of size.
const (
	keptBySeries = 0.1 // a condition on one tag
	keptByTime   = 0.3
	keptByFilter = 0.3
	groups       = 0.1
	seriesRows   = 100 // of a function
)

// estimate guesses how many rows a plan gives.
func estimate(n plan.Node) float64 {
	switch n := n.(type) {
	case *plan.Scan:
		return estimateScan(n)
	case *plan.Values:
		return float64(len(n.Rows))
	case *plan.Expand:
		return seriesRows * estimate(n.Input)
	case *plan.Filter:
		return keptByFilter * estimate(n.Input)
	case *plan.Aggregate:
		if len(n.Keys) == 0 {
			return 1
		}
		return groups * estimate(n.Input)
	case *plan.Limit:
		if n.Count >= 0 && len(n.By) == 0 {
			return min(float64(n.Count), estimate(n.Input))
		}
		return estimate(n.Input)
	case *plan.Union:
		sum := 0.0
		for _, in := range n.Ins {
			sum += estimate(in)
		}
		return sum
	case *plan.Apply:
		if n.Kind >= plan.SemiJoin {
			return estimate(n.Left)
		}
		return estimate(n.Left) * max(estimate(n.Right), 1)
	case *plan.Join:
		return estimateJoin(n)
	}
	return estimate(n.Inputs()[0])
}

func estimateScan(n *plan.Scan) float64 {
	rows := float64(n.Relation.Rows())
	for range n.Series {
		rows *= keptBySeries
	}
	if n.Time != scan.AllTime || slices.ContainsFunc(n.Late, func(b plan.LateBound) bool { return b.Exact }) {
		rows *= keptByTime
	}
	if n.Limit > 0 {
		rows = min(rows, float64(n.Limit))
	}
	return rows
}

// estimateJoin takes keys to be those of the smaller side: each row of the larger one has a partner.
func estimateJoin(n *plan.Join) float64 {
	left, right := estimate(n.Left), estimate(n.Right)
	switch {
	case n.Kind >= plan.MarkJoin:
		return left
	case n.Kind >= plan.SemiJoin:
		return left / 2
	case len(n.LeftKeys) == 0:
		return left * right
	}
	return max(left, right)
}
