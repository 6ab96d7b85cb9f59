package bind

import (
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// A query of WITH that several read stands wherever it is read, so that conditions around it reach its tables. Where one of its readers makes an
// aggregate of all its rows, no condition spares any: all is computed anyhow, and once is enough. That is worth it where few rows stand for
// many, so that holding them costs less than computing them again.

// computedOnce reports that a query of WITH is computed once for all who read it in the query around it.
func (b *binder) computedOnce(c *sql.CTE, node plan.Node, around *sql.Query) bool {
	if around == nil || c.Materialize == sql.MaterializeNever || !groups(node) {
		return false
	}
	reads, whole := 0, false
	sql.Walk(around, func(n sql.Node) bool {
		switch n := n.(type) {
		case *sql.Table:
			if isNamed(n, c.Name) {
				reads++
			}
		case *sql.Query:
			whole = whole || b.readsWhole(n, c.Name)
		}
		return true
	})
	return whole && reads > 1
}

// groups reports a plan whose rows are groups, with nothing above that leaves some out.
func groups(n plan.Node) bool {
	for {
		switch at := n.(type) {
		case *plan.Aggregate:
			return len(at.Keys) > 0
		case *plan.Project:
			n = at.Input
		default:
			return false
		}
	}
}

func isNamed(n *sql.Table, name string) bool {
	return n.Name.Catalog == "" && n.Name.Schema == "" && n.Name.Name == name && n.Sample == nil && n.AsOf == nil
}

// readsWhole reports that a query makes one row of all rows of a query of WITH.
func (b *binder) readsWhole(q *sql.Query, name string) bool {
	s, ok := q.Body.(*sql.Select)
	if !ok || len(s.From) != 1 || s.Where != nil || len(s.GroupBy) > 0 || s.Having != nil {
		return false
	}
	t, ok := s.From[0].(*sql.Table)
	if !ok || !isNamed(t, name) {
		return false
	}
	for _, target := range s.Targets {
		if f, ok := target.Expr.(*sql.FuncCall); ok && f.Over == nil && f.Name.Schema == "" && b.Functions.IsAggregate(f.Name.Name) {
			return true
		}
	}
	return false
}
