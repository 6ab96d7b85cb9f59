package exec

import (
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// longBelow lets a scan right below an aggregation give long batches where their rows are taken by runs and nothing is computed of a row: such work costs by the
// batch.
func longBelow(n *plan.Aggregate, input producer) {
	s, ok := feeder(input).(*scanner)
	if !ok || s.env.Plain {
		return
	}
	all := s.node.Relation.Columns()
	tag := func(e expr.Expr) bool {
		c, ok := e.(*expr.Column)
		return ok && all[s.node.Project[c.Index]].Tag
	}
	for _, k := range n.Keys {
		call, bucket := k.(*expr.Call)
		if bucket && call.Fn.Runs != nil {
			c, ok := call.Args[call.Fn.RunsArg].(*expr.Column)
			bucket = ok && c.Sorted
		} else {
			bucket = false
		}
		if !bucket && !tag(k) {
			return
		}
	}
	for i := range n.Aggs {
		a := &n.Aggs[i]
		if a.Filter != nil || a.Distinct || len(a.Order) > 0 {
			return
		}
		for _, e := range a.Args {
			if _, ok := e.(*expr.Column); !ok {
				return
			}
		}
	}
	s.long = true
}
