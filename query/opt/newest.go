package opt

import (
	"slices"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// newestGroups finds aggregates of which only the groups with the greatest times are wanted: ORDER BY bucket DESC LIMIT n. As soon as n
// times of groups were seen, rows before the least of them belong to groups that nobody asks for, and the scan may leave them out.
func newestGroups(_ *context, root plan.Node) plan.Node {
	return rewrite(root, func(n plan.Node) plan.Node {
		s, ok := n.(*plan.Sort)
		if !ok || s.Limit <= 0 || s.Limit > maxNewest || !s.Keys[0].Desc {
			return n
		}
		in := newestBelow(s.Input, s.Keys[0].Expr, s.Limit)
		if in == nil {
			return n
		}
		return s.With([]plan.Node{in})
	})
}

// maxNewest is how many times of groups are kept in order beside the groups themselves; with more of them the scan learns late anyway.
const maxNewest = 1000

// newestBelow gives the sort's input with its aggregate told how many groups are wanted, by the key that the sort's expression is; nil
// if there is no such aggregate.
func newestBelow(n plan.Node, by expr.Expr, count int64) plan.Node {
	col, ok := by.(*expr.Column)
	if !ok {
		return nil
	}
	switch n := n.(type) {
	case *plan.Project:
		if slices.ContainsFunc(n.Exprs, fails) {
			return nil // it is asked of every group
		}
		in := newestBelow(n.Input, n.Exprs[col.Index], count)
		if in == nil {
			return nil
		}
		return n.With([]plan.Node{in})
	case *plan.Aggregate:
		if col.Index >= len(n.Keys) || n.Newest > 0 || !boundable(n, n.Keys[col.Index]) {
			return nil
		}
		c := *n
		c.NewestKey, c.Newest = col.Index, int(count)
		return &c
	}
	return nil
}

func fails(e expr.Expr) bool { return expr.CanFail(e) || expr.Volatile(e) }

// boundable reports a key that the scan's bound can be learned from, and that an error in a row that is left out is not missed.
func boundable(n *plan.Aggregate, by expr.Expr) bool {
	s, ok := scanBelow(n.Input)
	if !ok || !timeKey(s, by) {
		return false
	}
	for _, k := range n.Keys {
		if fails(k) && !timeKey(s, k) {
			return false
		}
	}
	for _, a := range n.Aggs {
		if slices.ContainsFunc(a.Args, fails) || a.Filter != nil && fails(a.Filter) {
			return false
		}
	}
	return true
}

// scanBelow gives the scan under nothing but conditions that cannot fail.
func scanBelow(n plan.Node) (*plan.Scan, bool) {
	if f, ok := n.(*plan.Filter); ok && !fails(f.Cond) {
		n = f.Input
	}
	s, ok := n.(*plan.Scan)
	return s, ok && s.Limit == 0 && s.Ends == (scan.Ends{})
}

// timeKey reports the table's time, or the bucket of a width that it falls into: a bucket begins no later than its times, and later
// times have no earlier bucket.
func timeKey(s *plan.Scan, e expr.Expr) bool {
	if call, ok := e.(*expr.Call); ok {
		if call.Fn.Name != "time_bucket" || len(call.Args) != 2 || plan.Literal(call.Args[0]) == nil {
			return false
		}
		e = call.Args[1]
	}
	c, ok := e.(*expr.Column)
	return ok && s.Relation.Columns()[s.Project[c.Index]].Time
}
