package query

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/exec"
	"github.com/automatanexus/aegis-db/query/opt"
	"github.com/automatanexus/aegis-db/query/plan"
)

// step is one operator of an explained plan.
type step struct {
	Operator string   `json:"operator"`
	Details  []string `json:"details,omitempty"`
	// Stored is how many rows a scan's table has in segments, Expected how many the operator is expected to give.
	Stored   *int64  `json:"stored_rows,omitempty"`
	Expected *int64  `json:"expected_rows,omitempty"`
	Actual   *actual `json:"actual,omitempty"`
	Inputs   []*step `json:"inputs,omitempty"`
}

// actual is what EXPLAIN ANALYZE measured.
type actual struct {
	Rows int64 `json:"rows"`
	// Parts are the independent streams that the rows came in, Batches the batches.
	Parts   int64 `json:"parts"`
	Batches int64 `json:"batches"`
	// OwnMs and TotalMs are what workers were busy for, summed; TotalMs includes the inputs. WallMs is from the first step to the last.
	OwnMs   *float64 `json:"own_ms,omitempty"`
	TotalMs *float64 `json:"total_ms,omitempty"`
	WallMs  *float64 `json:"wall_ms,omitempty"`
	// PeakBytes is the memory of the rows that the operator had to keep, SpilledBytes what it wrote to temporary files.
	PeakBytes    int64    `json:"peak_bytes,omitempty"`
	SpilledBytes int64    `json:"spilled_bytes,omitempty"`
	Notes        []string `json:"notes,omitempty"`

	Segments       int   `json:"segments,omitempty"`
	SegmentsPruned int   `json:"segments_pruned,omitempty"`
	Series         int   `json:"series,omitempty"`
	SeriesPruned   int   `json:"series_pruned,omitempty"`
	Pages          int   `json:"pages,omitempty"`
	PagesPruned    int   `json:"pages_pruned,omitempty"`
	Indexed        int   `json:"segments_indexed,omitempty"`
	RowsSpared     int64 `json:"rows_spared,omitempty"`
	HeadRows       int64 `json:"head_rows,omitempty"`
	// What was done: rows given by segments, and their pages by where they came from.
	SegmentRows int64 `json:"segment_rows,omitempty"`
	PagesCached int64 `json:"pages_cached,omitempty"`
	PagesRead   int64 `json:"pages_read,omitempty"`
	isScan      bool
}

// explained is the whole answer.
type explained struct {
	Plan      *step         `json:"plan"`
	With      []*first      `json:"changes_in_with,omitempty"`
	First     []*first      `json:"subqueries,omitempty"`
	Rules     []opt.Applied `json:"-"`
	Changed   []string      `json:"rules_applied"`
	PlanMs    *float64      `json:"planning_ms,omitempty"`
	RunMs     *float64      `json:"execution_ms,omitempty"`
	PeakBytes *int64        `json:"peak_bytes,omitempty"`
}

// first is a subquery, or a change in WITH, that is run before the rest.
type first struct {
	Parameter string `json:"parameter"`
	Plan      *step  `json:"plan"`
}

func (st *statement) explain(e *plan.Explain) (*Result, error) {
	st.env.Measure = e.Analyze
	if e.Modify != nil {
		return st.explainModify(e)
	}
	started := time.Now()
	out := explained{Changed: []string{}}
	if err := st.explainFirst(&out, e, e.Query.First); err != nil {
		return nil, err
	}
	root, applied, err := st.optimize(e.Query.Root)
	if err != nil {
		return nil, err
	}
	out.note(applied)
	planning := ms(time.Since(started))
	out.PlanMs = &planning
	expected := st.expected()
	var stats *exec.Stats
	if e.Analyze {
		started = time.Now()
		rows, err := st.begin(root)
		if err != nil {
			return nil, err
		}
		err = eachBatch(st.env.Expr.Ctx, rows, func(*scan.Batch) error { return nil })
		rows.Close()
		if err != nil {
			return nil, err
		}
		run, peak := ms(time.Since(started)), st.peak()
		out.RunMs, out.PeakBytes, stats = &run, &peak, rows.Stats()
	}
	out.Plan = describe(root, stats, expected)
	return st.explained(&out, e, root)
}

// note takes down which rules changed the plan.
func (e *explained) note(applied []opt.Applied) {
	e.Rules = applied
	for _, a := range applied {
		if a.Changed {
			e.Changed = append(e.Changed, a.Rule)
		}
	}
}

// explained gives an answer in the form that was asked for.
func (st *statement) explained(out *explained, e *plan.Explain, root plan.Node) (*Result, error) {
	out.choose(e, root)
	if !e.JSON {
		return st.give(texts("EXPLAIN", []string{"QUERY PLAN"}, out.lines()))
	}
	text, err := json.MarshalIndent([]*explained{out}, "", "  ")
	if err != nil {
		return nil, column.Errorf(column.Internal, "explain: %w", err)
	}
	return st.give(texts("EXPLAIN", []string{"QUERY PLAN"}, [][]string{{string(text)}}))
}

// explainFirst describes the subqueries that are run first. ANALYZE runs them; otherwise the plan shows their parameters.
func (st *statement) explainFirst(out *explained, e *plan.Explain, list []plan.Subquery) error {
	for _, q := range list {
		root, _, err := st.optimize(q.Root)
		if err != nil {
			return err
		}
		var stats *exec.Stats
		if e.Analyze {
			if stats, err = st.runFirst(q, root); err != nil {
				return err
			}
		}
		out.First = append(out.First, &first{Parameter: q.Name, Plan: describe(root, stats, st.expected())})
	}
	return nil
}

// expected gives how many rows a node is expected to give.
func (st *statement) expected() func(plan.Node) float64 {
	ctx := st.env.Expr
	return opt.Expected(&ctx)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// describe turns a plan, with what happened if it ran, into steps.
func describe(n plan.Node, stats *exec.Stats, expected func(plan.Node) float64) *step {
	rows := int64(math.Ceil(expected(n)))
	s := &step{Expected: &rows}
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
		if len(n.By) > 0 {
			s.Details = append(s.Details, "for each: "+listText(n.By, n.Input))
		}
	case *plan.LateLimit:
		s.Operator = "Limit"
		if n.Count != nil {
			s.Details = append(s.Details, "rows: "+exprText(n.Count, n.Input))
		}
		if n.Offset != nil {
			s.Details = append(s.Details, "offset: "+exprText(n.Offset, n.Input))
		}
	case *plan.Constants:
		s.Operator = "Values"
		s.Details = []string{fmt.Sprintf("rows: %d", n.Rows)}
	case *plan.Values:
		s.Operator = "Values"
		s.Details = []string{fmt.Sprintf("rows: %d", len(n.Rows))}
	case *plan.GroupingSets:
		describeGroupingSets(s, n)
	case *plan.Window:
		describeWindow(s, n)
	case *plan.Gapfill:
		describeGapfill(s, n)
	case *plan.Join:
		describeJoin(s, n)
	case *plan.Apply:
		describeApply(s, n)
	case *plan.Asof:
		describeAsof(s, n)
	case *plan.Shared:
		s.Operator = "Shared " + n.Name
		s.Details = []string{"computed once for all who read it"}
	case *plan.Recursive:
		s.Operator = "Recursive " + n.Name
		if n.Distinct {
			s.Details = []string{"each row once"}
		}
	case *plan.Work:
		s.Operator = "Work " + n.Name
	case *plan.Given:
		s.Operator = "Rows of " + n.Name
	case *plan.Change:
		describeChange(s, n)
	case *plan.Union:
		s.Operator = "Union"
	case *plan.Expand:
		describeExpand(s, n)
	default:
		s.Operator = fmt.Sprintf("%T", n)
	}
	if stats != nil {
		s.Actual = measured(stats)
	}
	for i, in := range n.Inputs() {
		var of *exec.Stats
		if stats != nil && i < len(stats.Inputs) {
			of = stats.Inputs[i]
		}
		s.Inputs = append(s.Inputs, describe(in, of, expected))
	}
	return s
}

func measured(s *exec.Stats) *actual {
	own, total, wall := ms(s.Own()), ms(s.Time()), ms(s.Wall())
	a := &actual{
		Rows: s.Rows(), Parts: s.Parts(), Batches: s.Batches(), OwnMs: &own, TotalMs: &total, WallMs: &wall,
		PeakBytes: s.Peak(), SpilledBytes: s.Spilled(), Notes: s.Notes(),
	}
	if j := s.Join(); j != nil {
		a.Notes = append(a.Notes, fmt.Sprintf("held %d rows of %d keys in %d KiB, looked up %d rows", j.BuildRows, j.Keys, (j.HeldBytes+1023)/1024, j.ProbeRows()))
	}
	if sc := s.Scan(); sc != nil {
		a.isScan = true
		a.Segments, a.SegmentsPruned = sc.Segments, sc.SegmentsPruned
		a.Series, a.SeriesPruned = sc.Series, sc.SeriesPruned
		a.Pages, a.PagesPruned = sc.Pages, sc.PagesPruned
		a.Indexed, a.RowsSpared = sc.Indexed, sc.RowsSpared
		a.HeadRows = sc.HeadRows
		read := s.Read()
		a.SegmentRows, a.PagesCached, a.PagesRead = read.Rows.Load(), read.Cached.Load(), read.Read.Load()
	}
	return a
}
