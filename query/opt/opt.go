// Package opt rewrites logical plans into cheaper ones with the same answer: an ordered list of named rules, each
// of which can be switched off, with the output checked after each. A rule that breaks a plan fails the query: it
// is never skipped in silence.
//
// It must not know SQL text, operators or where rows come from.
package opt

import (
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// Rule is one rewrite.
type Rule struct {
	Name string
	// Why says what the rule is for and why it stands where it stands.
	Why   string
	apply func(*context, plan.Node) plan.Node
}

// context is what rules may know beside the plan.
type context struct {
	expr *expr.Context
}

// Rules lists the rules in the order they run.
func Rules() []Rule {
	return []Rule{
		{"fold_constants", "Constants first: what follows looks for literals.", foldConstants},
		{"merge_projects", "One projection over another is one; filters then meet the columns they are about.", mergeProjects},
		{"push_filters", "Conditions go below projections and sorts, so that they reach the scan.", pushFilters},
		{"series_conditions", "Conditions on one tag are decided once per series. Before time and zone maps, which take what is left.", seriesConditions},
		{"time_range", "Bounds on the time column choose partitions and cut runs; exact, so the condition disappears.", timeRange},
		{"zone_maps", "Comparisons with constants skip pages; a hint, so the condition stays.", zoneMaps},
		{"top_n", "A limit over a sort keeps few rows instead of all.", topN},
		{"limit_scan", "A limit with nothing but projections below stops the scan early.", limitScan},
		{"prune_columns", "When it is settled who reads what: scans return no column that nobody reads.", pruneColumns},
		{"drop_projects", "Last: pruning leaves projections that only pass their input on.", dropProjects},
	}
}

// Applied says what a rule did in one query.
type Applied struct {
	Rule    string
	Changed bool
	Time    time.Duration
}

// Optimize runs the rules, without those that are named in off.
func Optimize(root plan.Node, ctx *expr.Context, off map[string]bool) (plan.Node, []Applied, error) {
	c := &context{expr: ctx}
	var log []Applied
	want := root.Columns()
	for _, r := range Rules() {
		if off[r.Name] {
			continue
		}
		start := time.Now()
		next := r.apply(c, root)
		log = append(log, Applied{Rule: r.Name, Changed: next != root, Time: time.Since(start)})
		if err := check(r.Name, want, next); err != nil {
			return nil, log, err
		}
		root = next
	}
	return root, log, nil
}

// check holds a rule to its promise: the same columns come out, and every expression reads a column that is there,
// of the type it thinks.
func check(rule string, want []plan.Column, root plan.Node) error {
	got := root.Columns()
	if len(got) != len(want) {
		return column.Errorf(column.Internal, "rule %s: %d columns became %d", rule, len(want), len(got))
	}
	for i := range got {
		if got[i].Name != want[i].Name || got[i].Type != want[i].Type {
			return column.Errorf(column.Internal, "rule %s: column %d was %s %s and became %s %s",
				rule, i+1, want[i].Name, want[i].Type, got[i].Name, got[i].Type)
		}
	}
	return checkInputs(rule, root)
}

func checkInputs(rule string, n plan.Node) error {
	var columns []plan.Column
	for _, in := range n.Inputs() {
		if err := checkInputs(rule, in); err != nil {
			return err
		}
		columns = append(columns, in.Columns()...)
	}
	var bad error
	for _, e := range expressions(n) {
		expr.Walk(e, func(e expr.Expr) bool {
			c, ok := e.(*expr.Column)
			if ok && (c.Index >= len(columns) || columns[c.Index].Type != c.T) {
				bad = column.Errorf(column.Internal, "rule %s: %T reads column %d (%s), which its input does not have", rule, n, c.Index, c.Name)
			}
			return bad == nil
		})
	}
	return bad
}
