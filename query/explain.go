package query

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/exec"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/opt"
	"github.com/automatanexus/aegis-db/query/plan"
)

// step is one operator of an explained plan.
type step struct {
	Operator string   `json:"operator"`
	Details  []string `json:"details,omitempty"`
	// Estimate is the number of rows expected of a scan.
	Estimate *int64  `json:"estimated_rows,omitempty"`
	Actual   *actual `json:"actual,omitempty"`
	Inputs   []*step `json:"inputs,omitempty"`
}

// actual is what EXPLAIN ANALYZE measured.
type actual struct {
	Rows int64 `json:"rows"`
	// Milliseconds are summed over workers; TotalMs includes the inputs.
	OwnMs   float64  `json:"own_ms"`
	TotalMs float64  `json:"total_ms"`
	Notes   []string `json:"notes,omitempty"`

	Segments       int   `json:"segments,omitempty"`
	SegmentsPruned int   `json:"segments_pruned,omitempty"`
	Series         int   `json:"series,omitempty"`
	SeriesPruned   int   `json:"series_pruned,omitempty"`
	Pages          int   `json:"pages,omitempty"`
	PagesPruned    int   `json:"pages_pruned,omitempty"`
	HeadRows       int64 `json:"head_rows,omitempty"`
	isScan         bool
}

// explained is the whole answer.
type explained struct {
	Plan      *step         `json:"plan"`
	Rules     []opt.Applied `json:"-"`
	Changed   []string      `json:"rules_applied"`
	PlanMs    float64       `json:"planning_ms"`
	RunMs     *float64      `json:"execution_ms,omitempty"`
	PeakBytes *int64        `json:"peak_bytes,omitempty"`
}

func (st *statement) explain(e *plan.Explain) (*Result, error) {
	started := time.Now()
	root, applied, err := st.optimize(e.Query.Root)
	if err != nil {
		return nil, err
	}
	out := explained{Rules: applied, Changed: []string{}, PlanMs: ms(time.Since(started))}
	for _, a := range applied {
		if a.Changed {
			out.Changed = append(out.Changed, a.Rule)
		}
	}
	var stats *exec.Stats
	if e.Analyze {
		started = time.Now()
		rows, err := exec.Run(st.env.Expr.Ctx, root, &st.env)
		if err != nil {
			return nil, err
		}
		err = eachBatch(st.env.Expr.Ctx, rows, func(*scan.Batch) error { return nil })
		rows.Close()
		if err != nil {
			return nil, err
		}
		run, peak := ms(time.Since(started)), st.env.Pool.Peak()
		out.RunMs, out.PeakBytes, stats = &run, &peak, rows.Stats()
	}
	out.Plan = describe(root, stats)
	if !e.JSON {
		return st.give(texts("EXPLAIN", []string{"QUERY PLAN"}, out.lines()))
	}
	text, err := json.MarshalIndent([]explained{out}, "", "  ")
	if err != nil {
		return nil, column.Errorf(column.Internal, "explain: %w", err)
	}
	return st.give(texts("EXPLAIN", []string{"QUERY PLAN"}, [][]string{{string(text)}}))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// describe turns a plan, with what happened if it ran, into steps.
func describe(n plan.Node, stats *exec.Stats) *step {
	s := &step{}
	switch n := n.(type) {
	case *plan.Scan:
		describeScan(s, n)
	case *plan.Filter:
		s.Operator = "Filter"
		s.Details = []string{"condition: " + exprText(n.Cond, n.Input)}
	case *plan.Project:
		s.Operator = "Project"
		s.Details = []string{"columns: " + listText(n.Exprs, n.Input)}
	case *plan.Aggregate:
		describeAggregate(s, n)
	case *plan.Sort:
		s.Operator = "Sort"
		if n.Limit > 0 {
			s.Operator = fmt.Sprintf("Top %d", n.Limit)
		}
		s.Details = []string{"by: " + sortText(n)}
	case *plan.Limit:
		s.Operator = "Limit"
		if n.Count >= 0 {
			s.Details = append(s.Details, fmt.Sprintf("rows: %d", n.Count))
		}
		if n.Offset > 0 {
			s.Details = append(s.Details, fmt.Sprintf("offset: %d", n.Offset))
		}
	case *plan.Values:
		s.Operator = "Values"
		s.Details = []string{fmt.Sprintf("rows: %d", len(n.Rows))}
	default:
		s.Operator = fmt.Sprintf("%T", n)
	}
	if stats != nil {
		s.Actual = measured(stats)
	}
	for i, in := range n.Inputs() {
		var of *exec.Stats
		if stats != nil {
			of = stats.Inputs[i]
		}
		s.Inputs = append(s.Inputs, describe(in, of))
	}
	return s
}

func measured(s *exec.Stats) *actual {
	a := &actual{Rows: s.Rows(), OwnMs: ms(s.Own()), TotalMs: ms(s.Time()), Notes: s.Notes()}
	if sc := s.Scan(); sc != nil {
		a.isScan = true
		a.Segments, a.SegmentsPruned = sc.Segments, sc.SegmentsPruned
		a.Series, a.SeriesPruned = sc.Series, sc.SeriesPruned
		a.Pages, a.PagesPruned = sc.Pages, sc.PagesPruned
		a.HeadRows = sc.HeadRows
	}
	return a
}

func describeScan(s *step, n *plan.Scan) {
	s.Operator = "Scan " + n.Relation.Name()
	rows := n.Relation.Rows()
	s.Estimate = &rows
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
	for _, f := range n.Filters {
		for _, c := range columns {
			if c.ID == f.Column {
				s.Details = append(s.Details, "zone map: "+c.Name)
			}
		}
	}
	if n.Limit > 0 {
		s.Details = append(s.Details, fmt.Sprintf("stops after: %d rows", n.Limit))
	}
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

func sortText(n *plan.Sort) string {
	names := columnNames(n.Input)
	out := make([]string, len(n.Keys))
	for i, k := range n.Keys {
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
