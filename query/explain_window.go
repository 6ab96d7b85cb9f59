package query

import (
	"fmt"
	"strings"

	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

func describeWindow(s *step, n *plan.Window) {
	s.Operator = "Window"
	names := columnNames(n.Input)
	if len(n.Partition) > 0 {
		s.Details = append(s.Details, "partition by: "+listText(n.Partition, n.Input))
	}
	if len(n.Order) > 0 {
		s.Details = append(s.Details, "order by: "+orderText(n.Order, names))
	}
	calls := make([]string, len(n.Calls))
	for i := range n.Calls {
		calls[i] = windowText(&n.Calls[i], names)
	}
	s.Details = append(s.Details, "compute: "+strings.Join(calls, ", "))
	if n.Limit > 0 {
		what := "the first %d rows of each partition"
		if n.LimitByRank {
			what += ", and their peers"
		}
		s.Details = append(s.Details, fmt.Sprintf("wanted: "+what, n.Limit))
	}
}

func windowText(c *expr.WindowCall, names []string) string {
	args := make([]string, len(c.Args))
	for i, e := range c.Args {
		args[i] = expr.String(e, names)
	}
	inner := strings.Join(args, ", ")
	if len(args) == 0 && c.Name() == "count" {
		inner = "*"
	}
	out := c.Name() + "(" + inner + ")"
	if c.Filter != nil {
		out += " FILTER (WHERE " + expr.String(c.Filter, names) + ")"
	}
	if (c.Fn == nil || c.Fn.Framed) && !c.Frame.Same(&expr.DefaultFrame) {
		out += " over " + frameText(&c.Frame)
	}
	return out
}

func frameText(f *expr.Frame) string {
	mode := map[expr.FrameMode]string{expr.FrameRange: "RANGE", expr.FrameRows: "ROWS", expr.FrameGroups: "GROUPS"}[f.Mode]
	exclude := map[expr.FrameExclude]string{
		expr.ExcludeCurrentRow: " EXCLUDE CURRENT ROW", expr.ExcludeGroup: " EXCLUDE GROUP", expr.ExcludeTies: " EXCLUDE TIES",
	}[f.Exclude]
	return mode + " BETWEEN " + boundText(&f.Start) + " AND " + boundText(&f.End) + exclude
}

func boundText(b *expr.FrameBound) string {
	switch b.Kind {
	case expr.UnboundedPreceding:
		return "UNBOUNDED PRECEDING"
	case expr.Preceding:
		return expr.String(b.Offset, nil) + " PRECEDING"
	case expr.Following:
		return expr.String(b.Offset, nil) + " FOLLOWING"
	case expr.UnboundedFollowing:
		return "UNBOUNDED FOLLOWING"
	}
	return "CURRENT ROW"
}

func describeGroupingSets(s *step, n *plan.GroupingSets) {
	s.Operator = "Grouping sets"
	names := columnNames(n.Input)
	sets := make([]string, len(n.Sets))
	for i, set := range n.Sets {
		keys := make([]string, len(set))
		for k, at := range set {
			keys[k] = expr.String(n.Keys[at], names)
		}
		sets[i] = "(" + strings.Join(keys, ", ") + ")"
	}
	s.Details = append(s.Details, "grouping sets: "+strings.Join(sets, ", "))
}

// orderedArgs writes the arguments of an aggregate that has an order.
func orderedArgs(a *expr.AggregateCall, args []string) string {
	by := make([]string, len(a.Order))
	for i, k := range a.Order {
		by[i] = args[k.Arg]
		if k.Desc {
			by[i] += " DESC"
		}
		if k.NullsFirst != k.Desc {
			by[i] += map[bool]string{true: " NULLS FIRST", false: " NULLS LAST"}[k.NullsFirst]
		}
	}
	return strings.Join(args[:min(len(a.Fn.Args), len(args))], ", ") + " ORDER BY " + strings.Join(by, ", ")
}
