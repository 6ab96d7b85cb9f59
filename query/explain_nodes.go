package query

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

func describeScan(s *step, n *plan.Scan) {
	s.Operator = "Scan " + n.Relation.Name()
	rows := n.Relation.Rows()
	s.Stored = &rows
	columns := n.Relation.Columns()
	var names []string
	for _, p := range n.Project {
		names = append(names, columns[p].Name)
	}
	if len(names) > 0 {
		s.Details = append(s.Details, "columns: "+strings.Join(names, ", "))
	}
	for _, c := range n.Series {
		s.Details = append(s.Details, "per series: "+expr.String(c.Cond, []string{columns[c.Column].Name}))
	}
	if n.Time != scan.AllTime {
		s.Details = append(s.Details, "time range: "+rangeText(n))
	}
	for _, b := range n.Late {
		if b.List != nil {
			in := *b.List
			in.Arg = &expr.Column{Name: columns[b.Column].Name}
			s.Details = append(s.Details, "zone map: "+expr.String(&in, nil))
			continue
		}
		what := "zone map: "
		if b.Exact {
			what = "time range: "
		}
		s.Details = append(s.Details, fmt.Sprintf("%s%s %s %s", what, columns[b.Column].Name, b.Op, expr.String(b.Param, nil)))
	}
	for _, f := range n.Filters {
		for _, c := range columns {
			if c.ID == f.Column {
				s.Details = append(s.Details, "zone map: "+c.Name)
			}
		}
	}
	for i := range n.Index {
		s.Details = append(s.Details, indexText(&n.Index[i], columnNames(n)))
	}
	if n.Sample != nil {
		s.Details = append(s.Details, "sampling: "+n.Sample.String())
	}
	if n.Limit > 0 {
		s.Details = append(s.Details, fmt.Sprintf("stops after: %d rows", n.Limit))
	}
	if n.Ends.First > 0 {
		s.Details = append(s.Details, fmt.Sprintf("of each series: the first %d", n.Ends.First))
	}
	if n.Ends.Last > 0 {
		s.Details = append(s.Details, fmt.Sprintf("of each series: the last %d", n.Ends.Last))
	}
}

// indexText says what an index is asked.
func indexText(c *plan.IndexCond, names []string) string {
	var asked []string
	for i := range c.Tests {
		if t := expr.String(c.Tests[i].Cond, names); !slices.Contains(asked, t) {
			asked = append(asked, t)
		}
	}
	return fmt.Sprintf("index %s (%s): %s", c.Index.Name, c.Index.Method, strings.Join(asked, " AND "))
}

func rangeText(n *plan.Scan) string {
	if n.Time.Min > n.Time.Max {
		return "empty"
	}
	var t column.Type
	for _, c := range n.Relation.Columns() {
		if c.Time {
			t = c.Type
		}
	}
	lo, hi := "…", "…"
	if n.Time.Min != scan.AllTime.Min {
		lo = timeText(t, n.Time.Min)
	}
	if n.Time.Max != scan.AllTime.Max {
		hi = timeText(t, n.Time.Max)
	}
	return lo + " to " + hi
}

func timeText(t column.Type, v int64) string {
	return string(literal.Append(nil, column.NewInts(t, []int64{v}, nil), 0, literal.Options{Location: time.UTC}))
}

func describeAggregate(s *step, n *plan.Aggregate) {
	s.Operator = "Aggregate"
	if len(n.Keys) > 0 {
		s.Details = append(s.Details, "group by: "+listText(n.Keys, n.Input))
		if byRuns(n) {
			s.Details = append(s.Details, "keys are constant inside series runs: grouped by run, not by row")
		}
	}
	if n.Newest > 0 {
		s.Details = append(s.Details, fmt.Sprintf("newest %d by: %s; older rows are left out when those are known", n.Newest, exprText(n.Keys[n.NewestKey], n.Input)))
	}
	names := columnNames(n.Input)
	var calls []string
	for _, a := range n.Aggs {
		var args []string
		for _, e := range a.Args {
			args = append(args, expr.String(e, names))
		}
		inner := strings.Join(args, ", ")
		if len(args) == 0 && a.Fn.Name == "count" {
			inner = "*"
		}
		if len(a.Order) > 0 {
			inner = orderedArgs(&a, args)
		}
		if a.Distinct {
			inner = "DISTINCT " + inner
		}
		call := a.Fn.Name + "(" + inner + ")"
		if a.Filter != nil {
			call += " FILTER (WHERE " + expr.String(a.Filter, names) + ")"
		}
		calls = append(calls, call)
	}
	if len(calls) > 0 {
		s.Details = append(s.Details, "compute: "+strings.Join(calls, ", "))
	}
}

// byRuns reports that all keys are functions of tags, or time buckets of the table's ordered time: what the scan returns
// run-end encoded.
func byRuns(n *plan.Aggregate) bool {
	tags, ok := tagColumns(n.Input)
	if !ok {
		return false
	}
	for _, k := range n.Keys {
		if !constantInRuns(k, tags) {
			return false
		}
	}
	return true
}

func constantInRuns(e expr.Expr, tags []bool) bool {
	if call, ok := e.(*expr.Call); ok && call.Fn.Runs != nil {
		if c, ok := call.Args[call.Fn.RunsArg].(*expr.Column); ok && c.Sorted {
			return true
		}
	}
	if expr.Volatile(e) {
		return false
	}
	for _, c := range expr.Columns(e) {
		if !tags[c] {
			return false
		}
	}
	return true
}

// tagColumns says which columns of a scan, possibly filtered and projected, are constant inside a run.
func tagColumns(n plan.Node) ([]bool, bool) {
	switch n := n.(type) {
	case *plan.Filter:
		return tagColumns(n.Input)
	case *plan.Scan:
		all := n.Relation.Columns()
		out := make([]bool, len(n.Project))
		for i, p := range n.Project {
			out[i] = all[p].Tag
		}
		return out, true
	case *plan.Project:
		below, ok := tagColumns(n.Input)
		if !ok {
			return nil, false
		}
		out := make([]bool, len(n.Exprs))
		for i, e := range n.Exprs {
			out[i] = constantInRuns(e, below)
		}
		return out, true
	}
	return nil, false
}

var joinNames = map[plan.JoinKind]string{
	plan.InnerJoin: "Inner Join", plan.LeftJoin: "Left Join", plan.RightJoin: "Right Join", plan.FullJoin: "Full Join",
	plan.SemiJoin: "Semi Join", plan.AntiJoin: "Anti Join", plan.NullAntiJoin: "Anti Join (NOT IN)",
	plan.MarkJoin: "Mark Join", plan.NullMarkJoin: "Mark Join (IN)",
}

func describeJoin(s *step, n *plan.Join) {
	s.Operator = joinNames[n.Kind]
	keys := make([]string, len(n.LeftKeys))
	for i := range keys {
		keys[i] = exprText(n.LeftKeys[i], n.Left) + " = " + exprText(n.RightKeys[i], n.Right)
	}
	held := "right"
	if n.BuildLeft {
		held = "left"
	}
	if len(keys) > 0 {
		s.Details = append(s.Details, "keys: "+strings.Join(keys, ", "), "hash table: of the "+held+" side")
	} else {
		s.Details = append(s.Details, "every pair of rows is looked at; held: the "+held+" side")
	}
	if n.Cond != nil {
		names := append(columnNames(n.Left), columnNames(n.Right)...)
		s.Details = append(s.Details, "condition: "+expr.String(n.Cond, names))
	}
}

// describeAsof shows what is compared.
func describeAsof(s *step, n *plan.Asof) {
	s.Operator = "Asof Join"
	if n.Outer {
		s.Operator = "Asof Left Join"
	}
	names := append(columnNames(n.Left), columnNames(n.Right)...)
	var keys []string
	for i := range n.LeftKeys {
		keys = append(keys, expr.String(n.LeftKeys[i], names)+" = "+expr.String(n.RightKeys[i], names))
	}
	if len(keys) > 0 {
		s.Details = append(s.Details, "keys: "+strings.Join(keys, ", "))
	}
	s.Details = append(s.Details, "nearest: "+expr.String(n.RightTime, names)+" "+n.Op+" "+expr.String(n.LeftTime, names)+", by halving; held and sorted: the right side")
}

// describeExpand shows the functions.
func describeExpand(s *step, n *plan.Expand) {
	s.Operator = "Expand"
	for _, c := range n.Calls {
		s.Details = append(s.Details, "function: "+c.Fn.Name+"("+listText(c.Args, n.Input)+")")
	}
	if n.Ordinality {
		s.Details = append(s.Details, "rows are counted")
	}
	if n.Outer {
		s.Details = append(s.Details, "rows without any are kept")
	}
}

// describeApply shows what is computed for each row.
func describeApply(s *step, n *plan.Apply) {
	s.Operator = strings.Replace(joinNames[n.Kind], "Join", "Apply", 1)
	if len(n.Params) == 0 {
		s.Details = append(s.Details, "the right side is computed once")
	} else {
		list := make([]expr.Expr, len(n.Params))
		for i, p := range n.Params {
			list[i] = p.Expr
		}
		s.Details = append(s.Details, "the right side is computed for each row of the left, with: "+listText(list, n.Left))
	}
	if n.Cond != nil {
		names := append(columnNames(n.Left), columnNames(n.Right)...)
		s.Details = append(s.Details, "condition: "+expr.String(n.Cond, names))
	}
}

func columnNames(n plan.Node) []string {
	columns := n.Columns()
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.Name
	}
	return out
}

func exprText(e expr.Expr, input plan.Node) string { return expr.String(e, columnNames(input)) }

func listText(list []expr.Expr, input plan.Node) string {
	names := columnNames(input)
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = expr.String(e, names)
	}
	return strings.Join(out, ", ")
}

func sortText(n *plan.Sort) string { return orderText(n.Keys, columnNames(n.Input)) }

func orderText(keys []plan.SortKey, names []string) string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = expr.String(k.Expr, names)
		if k.Desc {
			out[i] += " DESC"
		}
		if k.NullsFirst != k.Desc {
			out[i] += map[bool]string{true: " NULLS FIRST", false: " NULLS LAST"}[k.NullsFirst]
		}
	}
	return strings.Join(out, ", ")
}

func describeGapfill(s *step, n *plan.Gapfill) {
	s.Operator = "Gapfill"
	s.Details = []string{"width: " + expr.String(n.Width, nil) + " from: " + expr.String(n.Start, nil) + " to: " + expr.String(n.Stop, nil)}
}
