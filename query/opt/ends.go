package opt

import (
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// seriesEnds finds the scans of which only the first or last rows of each series matter: those below aggregates that look at
// nothing else (the newest value of each host), and below the first rows, of all or of partitions, in the order of time. Series and time conditions are exact
// in the scan, so that its ends are those of the rows that pass; any other condition stands in a filter between, which ends the search.
func seriesEnds(_ *context, root plan.Node) plan.Node {
	return rewrite(root, func(n plan.Node) plan.Node {
		switch n := n.(type) {
		case *plan.Aggregate:
			return endsBelow(n, n.Input, func(v *endsView) (scan.Ends, bool) { return v.ofAggregate(n) })
		case *plan.Sort:
			return endsBelow(n, n.Input, func(v *endsView) (scan.Ends, bool) { return v.ofSort(n.Keys, n.Limit) })
		case *plan.Window:
			return endsBelow(n, n.Input, func(v *endsView) (scan.Ends, bool) { return v.ofWindow(n) })
		}
		return n
	})
}

// endsBelow gives n over a scan that knows what it needs, if input is a scan under nothing but projections.
func endsBelow(n, input plan.Node, needed func(*endsView) (scan.Ends, bool)) plan.Node {
	v := &endsView{}
	if !v.look(input) {
		return n
	}
	ends, ok := needed(v)
	if !ok {
		return n
	}
	s := *v.scan
	s.Ends = ends
	return n.With([]plan.Node{v.over(&s)})
}

// endsView sees a scan through projections.
type endsView struct {
	scan     *plan.Scan
	projects []*plan.Project // from the top
}

func (v *endsView) look(n plan.Node) bool {
	for {
		switch in := n.(type) {
		case *plan.Project:
			for _, e := range in.Exprs {
				if expr.CanFail(e) || expr.Volatile(e) {
					return false // it is asked of every row
				}
			}
			v.projects = append(v.projects, in)
			n = in.Input
		case *plan.Scan:
			v.scan = in
			return in.Limit == 0 && in.Ends == (scan.Ends{}) && len(in.Filters) == 0
		default:
			return false
		}
	}
}

// over rebuilds the projections over another scan.
func (v *endsView) over(s *plan.Scan) plan.Node {
	n := plan.Node(s)
	for i := len(v.projects) - 1; i >= 0; i-- {
		n = v.projects[i].With([]plan.Node{n})
	}
	return n
}

// down is an expression over the top as one over the scan.
func (v *endsView) down(e expr.Expr) expr.Expr {
	for _, p := range v.projects {
		e = substitute(e, p.Exprs)
	}
	return e
}

func (v *endsView) isTime(e expr.Expr) bool {
	c, ok := v.down(e).(*expr.Column)
	return ok && v.scan.Relation.Columns()[v.scan.Project[c.Index]].Time
}

// ofSeries reports an expression that has one value for each series, and that is no loss to compute less often.
func (v *endsView) ofSeries(e expr.Expr) bool {
	e = v.down(e)
	if expr.CanFail(e) || expr.Volatile(e) {
		return false
	}
	all := v.scan.Relation.Columns()
	for _, c := range expr.Columns(e) {
		if !all[v.scan.Project[c]].Tag {
			return false
		}
	}
	return true
}

// ofAggregate: groups are made of whole series, and each aggregate is decided by a series' ends.
func (v *endsView) ofAggregate(n *plan.Aggregate) (ends scan.Ends, ok bool) {
	for _, k := range n.Keys {
		if !v.ofSeries(k) {
			return ends, false
		}
	}
	for i := range n.Aggs {
		a := &n.Aggs[i]
		if a.Filter != nil || a.Distinct || len(a.Args) == 0 {
			return ends, false
		}
		switch name := a.Fn.Name; {
		case (name == "min" || name == "max") && v.ofSeries(a.Args[0]): // any row will do
		case name == "min" && v.isTime(a.Args[0]), name == "first" && v.isEdge(a):
			ends.First = 1
		case name == "max" && v.isTime(a.Args[0]), name == "last" && v.isEdge(a):
			ends.Last = 1
		default:
			return ends, false
		}
	}
	if ends == (scan.Ends{}) {
		ends.First = 1 // which series there are
	}
	return ends, true
}

// isEdge reports first or last of something that can be computed for any row, by the table's time.
func (v *endsView) isEdge(a *expr.AggregateCall) bool {
	e := v.down(a.Args[0])
	return len(a.Args) == 2 && v.isTime(a.Args[1]) && !expr.CanFail(e) && !expr.Volatile(e)
}

// ofSort: the first rows by time come from the ends of the series, and so do those that the further keys decide about.
func (v *endsView) ofSort(keys []plan.SortKey, limit int64) (scan.Ends, bool) {
	if limit <= 0 || !v.isTime(keys[0].Expr) {
		return scan.Ends{}, false
	}
	for _, k := range keys {
		if expr.CanFail(v.down(k.Expr)) || expr.Volatile(v.down(k.Expr)) {
			return scan.Ends{}, false
		}
	}
	if keys[0].Desc {
		return scan.Ends{Last: limit}, true
	}
	return scan.Ends{First: limit}, true
}

// ofWindow: the first rows of partitions that are made of whole series.
func (v *endsView) ofWindow(n *plan.Window) (scan.Ends, bool) {
	for _, e := range n.Partition {
		if !v.ofSeries(e) {
			return scan.Ends{}, false
		}
	}
	if len(n.Order) == 0 {
		return scan.Ends{}, false
	}
	return v.ofSort(n.Order, n.Limit)
}
