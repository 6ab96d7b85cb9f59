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
