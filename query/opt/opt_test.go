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

func TestRuleNamesAreDistinctAndExplained(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		if seen[r.Name] || r.Why == "" {
			t.Errorf("rule %q: repeated, or without a reason", r.Name)
		}
		seen[r.Name] = true
	}
}
