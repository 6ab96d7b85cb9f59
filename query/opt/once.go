package opt

import (
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// commonExpressions computes what the expressions of a projection or an aggregation have in common once, in a projection below. Taken are
// calls that stand in them at least twice, and at least once where they are evaluated for every row: then they may also stand behind a
// condition, and nothing fails that would not have failed before.
func commonExpressions(_ *context, root plan.Node) plan.Node {
	return rewrite(root, computeOnce)
}

func computeOnce(n plan.Node) plan.Node {
	switch n.(type) {
	case *plan.Project, *plan.Aggregate:
	default:
		return n
	}
	found := &repeated{classes: map[*expr.Function][]*class{}}
	everyRow, some := evaluated(n)
	for _, e := range everyRow {
		found.count(e, true)
	}
	for _, e := range some {
		found.count(e, false)
	}
	if !found.any {
		return n
	}
	input := n.Inputs()[0]
	refs := &plan.Project{Input: input}
	for i, c := range input.Columns() {
		refs.Exprs = append(refs.Exprs, &expr.Column{Index: i, Name: c.Name, T: c.Type})
		refs.Names = append(refs.Names, c.Name)
	}
	sortedColumns(append(everyRow, some...), refs.Exprs)
	out := mapExpressions(n.With([]plan.Node{refs}), func(e expr.Expr) expr.Expr { return found.replace(e, refs) })
	// What was taken out may have parts in common in its turn.
	return out.With([]plan.Node{computeOnce(refs)})
}

// evaluated lists the expressions of a node: those that are evaluated for every row, and others.
func evaluated(n plan.Node) (everyRow, some []expr.Expr) {
	switch n := n.(type) {
	case *plan.Project:
		return n.Exprs, nil
	case *plan.Aggregate:
		everyRow = append(everyRow, n.Keys...)
		for _, a := range n.Aggs {
			if a.Filter == nil {
				everyRow = append(everyRow, a.Args...)
				continue
			}
			everyRow = append(everyRow, a.Filter)
			some = append(some, a.Args...)
		}
	}
	return everyRow, some
}

// sortedColumns copies to references what is known of the columns they pass on.
func sortedColumns(from []expr.Expr, refs []expr.Expr) {
	for _, e := range from {
		expr.Walk(e, func(e expr.Expr) bool {
			if c, ok := e.(*expr.Column); ok && c.Sorted {
				refs[c.Index].(*expr.Column).Sorted = true
			}
			return true
		})
	}
}

// repeated collects calls by what they compute.
type repeated struct {
	classes map[*expr.Function][]*class
	any     bool
}

type class struct {
	call   *expr.Call
	count  int
	always bool // it stands where every row comes by
	place  int  // its column in the projection, once it has one
	placed bool
}

func (r *repeated) count(e expr.Expr, always bool) {
	if call, ok := e.(*expr.Call); ok && worthwhile(call) {
		c := r.of(call)
		if c == nil {
			c = &class{call: call}
			r.classes[call.Fn] = append(r.classes[call.Fn], c)
		}
		c.count++
		c.always = c.always || always
		r.any = r.any || c.count > 1 && c.always
	}
	switch e := e.(type) {
	case *expr.Case:
		for i := range e.When {
			r.count(e.When[i], always && i == 0)
			r.count(e.Then[i], false)
		}
		if e.Else != nil {
			r.count(e.Else, false)
		}
	case *expr.Logic:
		for i, a := range e.Args {
			r.count(a, always && i == 0)
		}
	default:
		for _, a := range expr.Children(e) {
			r.count(a, always)
		}
	}
}

// worthwhile leaves out what costs nothing and what differs each time.
func worthwhile(call *expr.Call) bool {
	return len(expr.Columns(call)) > 0 && !expr.Volatile(call)
}

func (r *repeated) of(call *expr.Call) *class {
	for _, c := range r.classes[call.Fn] {
		if expr.Equal(c.call, call) {
			return c
		}
	}
	return nil
}

// replace puts columns of the projection in the place of what it computes, the largest parts first.
func (r *repeated) replace(e expr.Expr, below *plan.Project) expr.Expr {
	call, ok := e.(*expr.Call)
	if ok && worthwhile(call) {
		if c := r.of(call); c != nil && c.count > 1 && c.always {
			if !c.placed {
				c.place, c.placed = len(below.Exprs), true
				below.Exprs = append(below.Exprs, c.call)
				below.Names = append(below.Names, nameOf(c.call))
			}
			return &expr.Column{Index: c.place, Name: below.Names[c.place], T: call.T, At: call.At}
		}
	}
	return expr.MapChildren(e, func(e expr.Expr) expr.Expr { return r.replace(e, below) })
}

// nameOf names a computed column for EXPLAIN: by what it computes, unless that is long.
func nameOf(call *expr.Call) string {
	const longest = 60
	if text := expr.String(call, nil); len(text) <= longest {
		return text
	}
	return call.Fn.Name
}
