package query

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// constant is a part of a condition of a general plan that reads parameters and no column: `$1 - interval '1 hour'`, `'host_' || $1`. It is computed once,
// when the plan has values, and is a parameter to the rules: so it bounds times, chooses series and is looked up in indexes as a value does.
type constant struct {
	param int
	expr  expr.Expr
}

// withConstants makes parameters of the constants in the filters of a plan that was not optimized yet.
func withConstants(root plan.Node) (plan.Node, []constant) {
	m := &constants{next: expr.OwnParams}
	if !m.look(root) {
		return root, nil
	}
	return m.in(root), m.list
}

type constants struct {
	next int // the number of the next parameter
	list []constant
}

// look finds a number that is free; false if the plan has parameters that stand for columns, which are told by their numbers.
func (m *constants) look(n plan.Node) bool {
	if _, ok := n.(*plan.Apply); ok {
		return false
	}
	for _, e := range plan.Expressions(n) {
		expr.Walk(e, func(e expr.Expr) bool {
			if p, ok := e.(*expr.Param); ok {
				m.next = max(m.next, p.Index+1)
			}
			return true
		})
	}
	for _, in := range n.Inputs() {
		if !m.look(in) {
			return false
		}
	}
	return true
}

func (m *constants) in(n plan.Node) plan.Node {
	inputs := n.Inputs()
	if len(inputs) > 0 {
		next := make([]plan.Node, len(inputs))
		changed := false
		for i, in := range inputs {
			next[i] = m.in(in)
			changed = changed || next[i] != in
		}
		if changed {
			n = n.With(next)
		}
	}
	if f, ok := n.(*plan.Filter); ok {
		if cond := m.replace(f.Cond); cond != f.Cond {
			return &plan.Filter{Input: f.Input, Cond: cond}
		}
	}
	return n
}

// replace puts parameters in the place of the largest constants of a condition. What CASE may not come to stays as it is.
func (m *constants) replace(e expr.Expr) expr.Expr {
	switch e.(type) {
	case *expr.Case, *expr.Column, *expr.Literal, *expr.Param:
		return e
	}
	if !expr.Constant(e) || !expr.ReadsParam(e) || e.Type().Kind == column.Unknown {
		return expr.MapChildren(e, m.replace)
	}
	for _, c := range m.list {
		if expr.Equal(c.expr, e) {
			return &expr.Param{Index: c.param, Name: constantName(e), T: e.Type(), At: e.Pos()}
		}
	}
	m.list = append(m.list, constant{m.next, e})
	m.next++
	return &expr.Param{Index: m.next - 1, Name: constantName(e), T: e.Type(), At: e.Pos()}
}

func constantName(e expr.Expr) string { return "(" + expr.String(e, nil) + ")" }

// compute gives the constants of a plan their values; false if one has none. The statement is then run as it is written, and fails if it should.
func (st *statement) compute(list []constant) bool {
	for _, c := range list {
		v, err := expr.Eval(&st.env.Expr, c.expr, nil, 1)
		if err != nil {
			return false
		}
		st.env.Expr.SetOwn(c.param, column.Flatten(v))
	}
	return true
}
