package opt

import (
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

var big = column.T(column.Int64)

func source(names ...string) *plan.Values {
	v := &plan.Values{}
	for _, n := range names {
		v.Out = append(v.Out, plan.Column{Name: n, Type: big})
	}
	return v
}

func col(i int, name string) *expr.Column { return &expr.Column{Index: i, Name: name, T: big} }

// TestCheckFailsTheQuery: a rule that changes what comes out, or reads what is not there, is an error that names it.
func TestCheckFailsTheQuery(t *testing.T) {
	in := source("a", "b")
	want := in.Columns()
	for name, broken := range map[string]plan.Node{
		"became 1":     source("a"),                                                                                       // a column is lost
		"column 2 was": source("a", "c"),                                                                                  // another name
		"reads column": &plan.Project{Input: in, Exprs: []expr.Expr{col(0, "a"), col(7, "b")}, Names: []string{"a", "b"}}, // beyond the input
	} {
		err := check("some_rule", want, broken)
		if err == nil || !strings.Contains(err.Error(), "some_rule") || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want one of some_rule with %q", err, name)
		}
	}
	left, right := source("a", "b"), source("c")
	text := &expr.Column{Index: 0, Name: "t", T: column.T(column.Text)}
	for name, broken := range map[string]*plan.Join{
		"keys on its":   {Left: left, Right: right, LeftKeys: []expr.Expr{col(0, "a")}},
		"compares":      {Left: left, Right: right, LeftKeys: []expr.Expr{col(0, "a")}, RightKeys: []expr.Expr{text}},
		"reads column":  {Left: left, Right: right, LeftKeys: []expr.Expr{col(2, "c")}, RightKeys: []expr.Expr{col(0, "c")}}, // the other side's
		"column 3 (d)":  {Left: left, Right: right, Cond: &expr.IsNull{Arg: col(3, "d")}},
		"needs one key": {Left: left, Right: right, Kind: plan.NullAntiJoin},
	} {
		err := checkInputs("some_rule", broken)
		if err == nil || !strings.Contains(err.Error(), "some_rule") || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want one of some_rule with %q", err, name)
		}
	}
	union := &plan.Union{Ins: []plan.Node{source("a"), source("a", "b")}, Out: source("a").Out}
	if err := checkInputs("some_rule", union); err == nil {
		t.Error("a union of unequal inputs passes")
	}
	if err := check("some_rule", want, in); err != nil {
		t.Errorf("the same plan is refused: %v", err)
	}
}

// TestMergeProjects: an expression that costs or changes is not computed twice.
func TestMergeProjects(t *testing.T) {
	in := source("a")
	volatile := &expr.Call{Fn: &expr.Function{Name: "random", Volatile: true}, T: big}
	once := &plan.Project{Input: in, Exprs: []expr.Expr{volatile}, Names: []string{"r"}}
	outer := &plan.Project{Input: once, Exprs: []expr.Expr{col(0, "r"), col(0, "r")}, Names: []string{"x", "y"}}
	if got := mergeProjects(nil, outer); got != plan.Node(outer) {
		t.Errorf("a volatile expression was doubled: %#v", got)
	}
	plain := &plan.Project{Input: in, Exprs: []expr.Expr{col(0, "a")}, Names: []string{"r"}}
	outer = &plan.Project{Input: plain, Exprs: []expr.Expr{col(0, "r"), col(0, "r")}, Names: []string{"x", "y"}}
	if got, ok := mergeProjects(nil, outer).(*plan.Project); !ok || got.Input != plan.Node(in) {
		t.Errorf("projections of plain columns were not merged")
	}
}

// TestPruneRenumbers: a column that moves is still the same column to everybody above.
func TestPruneRenumbers(t *testing.T) {
	in := source("a", "b", "c")
	below := &plan.Project{Input: in, Exprs: []expr.Expr{col(0, "a"), col(1, "b"), col(2, "c")}, Names: []string{"a", "b", "c"}}
	root := &plan.Project{
		Input: &plan.Sort{Input: below, Keys: []plan.SortKey{{Expr: col(2, "c")}}},
		Exprs: []expr.Expr{col(1, "b")}, Names: []string{"b"},
	}
	got := pruneColumns(nil, root)
	if err := check("prune_columns", root.Columns(), got); err != nil {
		t.Fatal(err)
	}
	sort := got.Inputs()[0].(*plan.Sort)
	names := sort.Input.Columns()
	if len(names) != 2 || names[0].Name != "b" || names[1].Name != "c" {
		t.Errorf("the sort's input has %v, want b and c", names)
	}
	if c := sort.Keys[0].Expr.(*expr.Column); c.Index != 1 {
		t.Errorf("the sort key reads column %d", c.Index)
	}
}

// TestPruneJoin: each side keeps what the join compares and what is read above, and the condition follows its columns.
func TestPruneJoin(t *testing.T) {
	join := &plan.Join{
		Left: wide("a", "b", "c"), Right: wide("d", "e", "f"),
		LeftKeys: []expr.Expr{col(1, "b")}, RightKeys: []expr.Expr{col(2, "f")}, Cond: &expr.IsNull{Arg: col(4, "e")},
	}
	root := &plan.Project{Input: join, Exprs: []expr.Expr{col(5, "f"), col(2, "c")}, Names: []string{"f", "c"}}
	got := pruneColumns(nil, root)
	if err := check("prune_columns", root.Columns(), got); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range got.Inputs()[0].Columns() {
		names = append(names, c.Name)
	}
	if text := strings.Join(names, " "); text != "b c e f" {
		t.Errorf("the join gives %s, want b c e f", text)
	}
	p := got.(*plan.Project)
	if f, c := p.Exprs[0].(*expr.Column).Index, p.Exprs[1].(*expr.Column).Index; f != 3 || c != 1 {
		t.Errorf("the projection reads columns %d and %d, want 3 and 1", f, c)
	}
}

// TestOuterJoinsKeepRows: a condition on the side that NULLs stand in for stays above; one of ON goes to it.
func TestOuterJoinsKeepRows(t *testing.T) {
	for kind, want := range map[plan.JoinKind][2]bool{ // whether filters on the left and the right side go below
		plan.InnerJoin: {true, true}, plan.LeftJoin: {true, false}, plan.RightJoin: {false, true}, plan.FullJoin: {false, false},
		plan.SemiJoin: {true, false}, plan.AntiJoin: {true, false},
	} {
		for side, below := range want {
			if kind >= plan.SemiJoin && side == 1 {
				continue // its columns do not come out
			}
			join := &plan.Join{Left: source("a"), Right: source("b"), Kind: kind}
			out := pushFilters(nil, &plan.Filter{Input: join, Cond: &expr.IsNull{Arg: col(side, "x")}})
			_, above := out.(*plan.Filter)
			if above == below {
				t.Errorf("kind %d, side %d: the filter went below: %v, want %v", kind, side, !above, below)
			}
		}
	}
}

// wide is a projection of columns, which pruning can narrow.
func wide(names ...string) plan.Node {
	in := source(names...)
	p := &plan.Project{Input: in, Names: names}
	for i, n := range names {
		p.Exprs = append(p.Exprs, col(i, n))
	}
	return p
}

func TestRuleNamesAreDistinctAndExplained(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		if seen[r.Name] || r.Why == "" {
			t.Errorf("rule %q: repeated, or without a reason", r.Name)
		}
		seen[r.Name] = true
	}
}
