package exec

import (
	"context"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// The runs of a batch promise that its time column ascends inside each of them, and expr.Column.Sorted says which column
// that is. A join breaks the promise for one of its sides: batches keep the runs of the side that is streamed, while
// the columns of the side that is held come in any order. What would be misled by that does not get to see the runs.

// ascending tells which output columns of a node ascend inside the runs of its batches, if those are sorted where they
// come from.
func ascending(n plan.Node) []bool {
	out := make([]bool, len(n.Columns()))
	switch n := n.(type) {
	case *plan.Scan:
		columns := n.Relation.Columns()
		for i, p := range n.Project {
			out[i] = columns[p].Time
		}
	case *plan.Filter:
		return ascending(n.Input)
	case *plan.Limit, *plan.LateLimit:
		return ascending(n.Inputs()[0])
	case *plan.GroupingSets:
		copy(out, ascending(n.Input))
	case *plan.Project:
		in := ascending(n.Input)
		for i, e := range n.Exprs {
			if c, ok := e.(*expr.Column); ok {
				out[i] = in[c.Index]
			}
		}
	case *plan.Join:
		if !n.BuildLeft {
			copy(out, ascending(n.Left))
		} else if n.Kind < plan.SemiJoin {
			copy(out[len(n.Left.Columns()):], ascending(n.Right))
		}
	}
	return out
}

// misled reports that an operator would take a column of one of its inputs for ascending that is not.
func misled(n plan.Node, input int, in plan.Node) bool {
	if _, stored := in.(*plan.Scan); stored {
		return false // a column is only said to be sorted if it is the time of what is scanned
	}
	var used []expr.Expr
	switch n := n.(type) {
	case *plan.Filter:
		used = []expr.Expr{n.Cond}
	case *plan.Project:
		used = computed(n.Exprs)
	case *plan.Sort:
		for _, k := range n.Keys {
			used = append(used, k.Expr)
		}
	case *plan.GroupingSets:
		used = computed(n.Keys)
	case *plan.Window:
		used = plan.Expressions(n)
	case *plan.Join: // its condition is evaluated on pairs, which have no runs
		used = computed(n.LeftKeys)
		if input == 1 {
			used = computed(n.RightKeys)
		}
	case *plan.Aggregate:
		used = computed(n.Keys)
		for _, a := range n.Aggs {
			used = append(used, a.Args...)
			if a.Filter != nil {
				used = append(used, a.Filter)
			}
		}
	}
	return readsSorted(used, nil) && readsSorted(used, ascending(in))
}

// computed leaves out what only passes a column on.
func computed(list []expr.Expr) []expr.Expr {
	var out []expr.Expr
	for _, e := range list {
		if _, ok := e.(*expr.Column); !ok {
			out = append(out, e)
		}
	}
	return out
}

// readsSorted reports that one of the expressions reads a column that is said to be sorted and is not among those that are.
func readsSorted(list []expr.Expr, sorted []bool) bool {
	found := false
	for _, e := range list {
		expr.Walk(e, func(e expr.Expr) bool {
			if c, ok := e.(*expr.Column); ok && c.Sorted && !(c.Index < len(sorted) && sorted[c.Index]) {
				found = true
			}
			return !found
		})
	}
	return found
}

// withoutRuns hides the runs of its input.
type withoutRuns struct{ input producer }

func (p *withoutRuns) parts(ctx context.Context) ([]part, error) {
	return mapParts(ctx, p.input, func(_ *worker, b *scan.Batch) (*scan.Batch, error) {
		return &scan.Batch{Len: b.Len, Columns: b.Columns}, nil
	})
}
