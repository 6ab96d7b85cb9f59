package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// Where GROUP BY names the primary key of a table, the rows of a group have one row of that table, or none behind an outer join: its other columns
// are the same in all of them and may be read as if they were keys. Each becomes an aggregate, of any value of the group.

// primaryKey lists the fields of an item of FROM that are the primary key of its table, columns being those of the fields; nil = there is none.
func primaryKey(rel plan.Relation, columns []plan.RelationColumn) []int {
	stored, ok := rel.(plan.Stored)
	if !ok || stored.Table() == nil {
		return nil
	}
	for _, k := range stored.Table().Constraints {
		if k.Kind != meta.PrimaryConstraint || k.NotValid {
			continue
		}
		var key []int
		for _, id := range k.Columns {
			i := slices.IndexFunc(columns, func(c plan.RelationColumn) bool { return c.ID == id })
			if i < 0 {
				return nil
			}
			key = append(key, i)
		}
		return key
	}
	return nil
}

// dependentColumns adds an aggregate for each column that the lists read and that the keys determine.
func (b *binder) dependentColumns(g *grouping, s *scope, targets []target, having expr.Expr) error {
	free := map[int]*expr.Column{} // by their numbers
	for _, src := range s.sources {
		if !g.determines(src) {
			continue
		}
		for _, f := range src.fields {
			if c, ok := f.e.(*expr.Column); ok {
				free[c.Index] = c
			}
		}
	}
	if len(free) == 0 {
		return nil
	}
	r := &reading{binder: b, g: g, seen: map[*sub]bool{}, columns: map[int]bool{}}
	for _, t := range targets {
		r.expr(t.bound)
	}
	r.expr(having)
	for _, e := range g.calls.direct {
		r.expr(e)
	}
	r.windows(s.windows)
	for _, c := range s.sets.calls {
		c.call.Map(r.expr)
	}
	g.dependent = map[int]int{}
	for _, index := range r.order {
		c := free[index]
		if c == nil {
			continue
		}
		any, err := b.Functions.Aggregate("any_value", []column.Type{c.T})
		if err != nil {
			return err
		}
		if any.For != nil {
			any = any.For([]column.Type{c.T}, nil)
		}
		g.dependent[index] = len(s.aggs.calls)
		s.aggs.calls = append(s.aggs.calls, expr.AggregateCall{Fn: any, Args: []expr.Expr{c}, T: c.T, At: c.At})
		s.aggs.names = append(s.aggs.names, c.Name)
	}
	return nil
}

// determines reports that the primary key of an item of FROM is among the keys of every group.
func (g *grouping) determines(src *source) bool {
	for _, i := range src.key {
		k := slices.IndexFunc(g.keys, func(key expr.Expr) bool { return expr.Equal(key, src.fields[i].e) })
		if k < 0 || slices.ContainsFunc(g.sets, func(set []int) bool { return !slices.Contains(set, k) }) {
			return false
		}
	}
	return len(src.key) > 0
}

// reading collects the columns of the input that expressions over groups read outside of keys and aggregates, in the order in which they come.
type reading struct {
	*binder
	g       *grouping
	seen    map[*sub]bool
	columns map[int]bool
	order   []int
}

// expr reads an expression, and what the subqueries in it take from around them. It gives it back.
func (r *reading) expr(e expr.Expr) expr.Expr {
	if e == nil {
		return nil
	}
	expr.Walk(e, func(e expr.Expr) bool {
		if slices.ContainsFunc(r.g.keys, func(key expr.Expr) bool { return expr.Equal(key, e) }) {
			return false
		}
		c, ok := e.(*expr.Column)
		switch {
		case !ok:
		case c.Index < aggBase:
			if !r.columns[c.Index] {
				r.columns[c.Index], r.order = true, append(r.order, c.Index)
			}
		case c.Index >= subBase && c.Index < setBase:
			r.sub(r.places[c.Index-subBase].sub)
		}
		return true
	})
	return e
}

func (r *reading) sub(u *sub) {
	if r.seen[u] {
		return
	}
	r.seen[u] = true
	for _, p := range u.params {
		r.expr(p.Expr)
	}
	r.expr(u.cond)
}

func (r *reading) windows(w *windows) {
	for _, c := range w.calls {
		c.call.Map(r.expr)
	}
	for _, spec := range w.specs {
		for _, e := range spec.partition {
			r.expr(e)
		}
		for _, k := range spec.order {
			r.expr(k.Expr)
		}
	}
}
