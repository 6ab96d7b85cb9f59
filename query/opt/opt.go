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
		{"whole_numbers", "Integers compared with a constant that has a point are compared as integers. When constants are folded; before scans look for comparisons.", wholeNumbers},
		{"whole_days", "Dates compared with a constant timestamp are compared as dates, for the same reasons.", wholeDays},
		{"merge_projects", "A projection below another, or below an aggregation, becomes part of it; filters then meet the columns they are about.", mergeProjects},
		{"shifted_sums", "sum(x + 1), sum(x + 2), … are made of one sum and one count. When projections have become part of aggregations.", shiftedSums},
		{"dependent_keys", "Constants, and keys that are computed of other keys, are computed of the groups instead of grouped by. Before conditions move: they pass the projection that this leaves.", dependentKeys},
		{"common_conditions", "What all alternatives of an OR demand stands before it, and what each demands of one column of a join: the filters that go down next.", commonConditions},
		{"unnest", "Subqueries that read the query around them become joins. Before conditions move: it looks for those that compare the two.", unnest},
		{"push_filters", "Conditions go below projections, sorts, joins and unions, so that they reach the scan.", pushFilters},
		{"inner_joins", "An outer join whose added rows no condition above lets pass is an inner one. After conditions have come down to it; lets them go on.", innerJoins},
		{"order_joins", "Inner joins run in the order that is expected to cost least, whatever order FROM has. When conditions have reached the tables, whose samples tell how many rows they leave.", orderJoins},
		{"join_keys", "Equalities between the sides of a join become the keys of its hash table. When every condition has reached its join.", joinKeys},
		{"key_constants", "What a comparison with a constant says of one side's key holds for the other's, too. Needs keys; before scans take conditions in.", keyConstants},
		{"series_conditions", "Conditions on one tag are decided once per series. Before time and zone maps, which take what is left.", seriesConditions},
		{"time_range", "Bounds on the time column choose partitions and cut runs; exact, so the condition disappears.", timeRange},
		{"zone_maps", "Comparisons with constants skip pages; a hint, so the condition stays.", zoneMaps},
		{"index_conditions", "What stands in the filter is asked of the table's indexes, where that leaves few rows; a hint, so the condition stays. After zone maps: conditions on tags and times are gone by then.", indexConditions},
		{"top_n", "A limit over a sort keeps few rows instead of all.", topN},
		{"newest_groups", "A limit over groups in descending order of time lets the scan leave out what is older. When limits have reached the sorts.", newestGroups},
		{"top_rows", "A condition on row_number() or rank() lets a window leave out the rows behind. When conditions have come down to it.", topRows},
		{"series_ends", "Aggregates and limits that look at the first or last rows of each series read only those. After conditions have left the way to the scan, and limits have reached the sorts.", seriesEnds},
		{"limit_scan", "A limit with nothing but projections and unions below stops the scan early.", limitScan},
		{"build_side", "The smaller side of a join goes into the hash table. When scans know their conditions, which the estimate needs.", buildSide},
		{"common_expressions", "What several expressions of one operator have in common is computed once. When expressions stand where they stay.", commonExpressions},
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
		if next == root {
			continue
		}
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
	switch n := n.(type) {
	case *plan.Join:
		return checkJoin(rule, n, columns)
	case *plan.Union:
		return checkUnion(rule, n)
	case *plan.Apply:
		return checkApply(rule, n, columns)
	}
	return checkReads(rule, n, plan.Expressions(n), columns)
}

// checkReads looks for columns that expressions read and that are not there.
func checkReads(rule string, n plan.Node, list []expr.Expr, columns []plan.Column) error {
	var bad error
	for _, e := range list {
		expr.Walk(e, func(e expr.Expr) bool {
			c, ok := e.(*expr.Column)
			if ok && c.Index < len(columns) && columns[c.Index].Type != c.T {
				bad = column.Errorf(column.Internal, "rule %s: %T reads column %d (%s) as %s, which is %s", rule, n, c.Index, c.Name, c.T, columns[c.Index].Type)
			} else if ok && c.Index >= len(columns) {
				bad = column.Errorf(column.Internal, "rule %s: %T reads column %d (%s), which its input does not have", rule, n, c.Index, c.Name)
			}
			return bad == nil
		})
	}
	return bad
}

func checkJoin(rule string, n *plan.Join, columns []plan.Column) error {
	if len(n.LeftKeys) != len(n.RightKeys) {
		return column.Errorf(column.Internal, "rule %s: a join has %d keys on its left and %d on its right", rule, len(n.LeftKeys), len(n.RightKeys))
	}
	for i := range n.LeftKeys {
		if l, r := n.LeftKeys[i].Type(), n.RightKeys[i].Type(); l != r {
			return column.Errorf(column.Internal, "rule %s: a join compares %s with %s", rule, l, r)
		}
	}
	if (n.Kind == plan.NullAntiJoin || n.Kind == plan.NullMarkJoin) && (len(n.LeftKeys) != 1 || n.Cond != nil) {
		return column.Errorf(column.Internal, "rule %s: NOT IN needs one key and no condition", rule)
	}
	if err := checkReads(rule, n, n.LeftKeys, n.Left.Columns()); err != nil {
		return err
	}
	if err := checkReads(rule, n, n.RightKeys, n.Right.Columns()); err != nil {
		return err
	}
	if n.Cond == nil {
		return nil
	}
	return checkReads(rule, n, []expr.Expr{n.Cond}, columns)
}

func checkApply(rule string, n *plan.Apply, columns []plan.Column) error {
	for _, p := range n.Params {
		if err := checkReads(rule, n, []expr.Expr{p.Expr}, n.Left.Columns()); err != nil {
			return err
		}
	}
	if n.Cond == nil {
		return nil
	}
	return checkReads(rule, n, []expr.Expr{n.Cond}, columns)
}

func checkUnion(rule string, n *plan.Union) error {
	for _, in := range n.Ins {
		columns := in.Columns()
		if len(columns) != len(n.Out) {
			return column.Errorf(column.Internal, "rule %s: a union of %d columns has an input of %d", rule, len(n.Out), len(columns))
		}
		for i, c := range columns {
			if c.Type != n.Out[i].Type {
				return column.Errorf(column.Internal, "rule %s: column %d of a union is %s, and %s in an input", rule, i+1, n.Out[i].Type, c.Type)
			}
		}
	}
	return nil
}
