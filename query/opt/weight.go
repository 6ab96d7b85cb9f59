package opt

import (
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/plan"
)

// Weight guesses how many rows a plan reads and makes on the way to its result, to tell large statements from small ones before they run. It
// looks at the plan alone: every statement is weighed, so it must cost next to nothing, and be right by the order of magnitude only.
func Weight(n plan.Node) float64 {
	all, _ := weigh(n)
	return all
}

// weigh gives the weight of a plan, and the rows that it gives.
func weigh(n plan.Node) (all, rows float64) {
	var in []float64
	for _, input := range n.Inputs() {
		a, r := weigh(input)
		if _, ok := n.(*plan.Apply); ok && len(in) == 1 {
			a *= max(in[0], 1) // once for each row of the left side
		}
		all += a
		in = append(in, r)
	}
	rows = weighedRows(n, in)
	return all + rows, rows
}

func weighedRows(n plan.Node, in []float64) float64 {
	switch n := n.(type) {
	case *plan.Scan:
		return weighedScan(n)
	case *plan.Constants:
		return float64(n.Rows)
	case *plan.Values:
		return float64(len(n.Rows))
	case *plan.Filter:
		return keptByRange * in[0]
	case *plan.Expand:
		return seriesRows * in[0]
	case *plan.Aggregate:
		if len(n.Keys) == 0 {
			return 1
		}
		return groupedRows * in[0]
	case *plan.Sort:
		if n.Limit > 0 {
			return min(float64(n.Limit), in[0])
		}
	case *plan.Limit:
		if n.Count >= 0 && len(n.By) == 0 {
			return min(float64(n.Count), in[0])
		}
	case *plan.Join:
		if len(n.LeftKeys) == 0 {
			return in[0] * in[1]
		}
		return max(in[0], in[1])
	case *plan.Union:
		sum := 0.0
		for _, r := range in {
			sum += r
		}
		return sum
	}
	if len(in) == 0 {
		return seriesRows
	}
	return in[0]
}

func weighedScan(n *plan.Scan) float64 {
	rows := float64(n.Relation.Rows())
	for range n.Series {
		rows *= keptByEquality
	}
	if n.Time != scan.AllTime {
		rows *= keptByRange
	}
	if n.Limit > 0 {
		rows = min(rows, float64(n.Limit))
	}
	return rows
}
