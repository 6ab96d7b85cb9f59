package exec

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// narrowBelow lets a scan right below an aggregation give integers as Narrow vectors where nothing but aggregates that know the form
// reads them.
func narrowBelow(n *plan.Aggregate, input producer) {
	s, ok := feeder(input).(*scanner)
	if !ok || s.env.Plain {
		return
	}
	uses := make([]int, len(s.node.Columns())) // by column: reads of it that are not by such an aggregate alone
	alone := make([]bool, len(uses))
	count := func(e expr.Expr) {
		expr.Walk(e, func(e expr.Expr) bool {
			if c, ok := e.(*expr.Column); ok {
				uses[c.Index]++
			}
			return true
		})
	}
	for _, k := range n.Keys {
		count(k)
	}
	for i := range n.Aggs {
		a := &n.Aggs[i]
		if c := narrowArgument(a); c != nil {
			alone[c.Index] = true
			continue
		}
		for _, e := range a.Args {
			count(e)
		}
		if a.Filter != nil {
			count(a.Filter)
		}
	}
	for i := range alone {
		if alone[i] = alone[i] && uses[i] == 0; alone[i] {
			s.narrow = alone
		}
	}
}

// narrowArgument is the column whose values an aggregate takes as they are, in the narrow form too; nil if it wants anything else.
func narrowArgument(a *expr.AggregateCall) *expr.Column {
	if !a.Fn.Narrow || len(a.Args) != 1 || a.Filter != nil || a.Distinct || len(a.Order) > 0 {
		return nil
	}
	c, ok := a.Args[0].(*expr.Column)
	if !ok || c.Type().Physical() != column.PhysInt {
		return nil
	}
	return c
}
