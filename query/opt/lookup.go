package opt

import (
	"slices"

	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// lookupCost is how many rows can be read in the time that a look-up takes: opening a scan for one series and its first or last rows.
const lookupCost = 1000

// isLookup reports a right side that is found for a row of the left as by an index: the first rows of one series in the order of time. If the left
// side is small against the table, that is faster than reading the table once for all of its rows.
func isLookup(c *context, a *plan.Apply) bool {
	if a.Kind != plan.InnerJoin && a.Kind != plan.LeftJoin {
		return false
	}
	limit, ok := belowProjects(a.Right).(*plan.Limit)
	if !ok || limit.Count <= 0 || len(limit.By) > 0 {
		return false
	}
	sort, ok := belowProjects(limit.Input).(*plan.Sort)
	if !ok || sort.Limit > 0 {
		return false
	}
	f, ok := belowProjects(sort.Input).(*plan.Filter)
	if !ok {
		return false
	}
	scan, ok := f.Input.(*plan.Scan)
	if !ok {
		return false
	}
	p := &pusher{params: a.Params, left: a.Left}
	all := scan.Relation.Columns()
	oneSeries := slices.ContainsFunc(conjuncts(f.Cond), func(e expr.Expr) bool {
		i, value := p.equality(e)
		if i < 0 {
			return false
		}
		col, ok := value.(*expr.Column)
		return ok && all[scan.Project[col.Index]].Tag
	})
	s := newEstimator(c)
	return oneSeries && s.rows(a.Left)*lookupCost < float64(scan.Relation.Rows())
}

// belowProjects looks through projections.
func belowProjects(n plan.Node) plan.Node {
	for {
		p, ok := n.(*plan.Project)
		if !ok {
			return n
		}
		n = p.Input
	}
}
