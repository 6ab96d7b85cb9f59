package query

import (
	"errors"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/bind"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// question is a statement in the form that a general plan is kept for: a text, and the values of its parameters.
type question struct {
	text   string
	values []*string
	shape  *sql.Shape // of the text that was asked; nil if that has parameters of its own
	key    string

	kept  *keptPlan // what is kept under the key, if known: nil = it was asked once
	known bool
}

// general looks for the general plan of a question, which may be nil, and reports whether there is one.
func (p *plans) general(q *question) bool {
	if q == nil {
		return false
	}
	q.kept, q.known = p.kept.find(q.key)
	return q.known && q.kept != nil && q.kept.root != nil
}

// question gives the general form of a request; nil if it has none.
func (s *Session) question(req *Request) *question {
	if len(req.SQL) > rememberedText || len(req.Named) > 0 || s.block != nil && s.block.failed {
		return nil
	}
	q := &question{text: req.SQL, values: req.Params}
	if len(req.Params) == 0 {
		shape, ok := sql.ShapeOf(req.SQL)
		if !ok {
			return nil
		}
		q.text, q.shape = shape.Text, &shape
		q.values = make([]*string, len(shape.Values))
		for i := range shape.Values {
			q.values[i] = &shape.Values[i]
		}
	}
	// Apart from the keys of plans that hold their parameters' values.
	q.key = planKey(s, "?", q.text, nil)
	return q
}

// place gives the offset in the text that was asked of an offset in the question's.
func (q *question) place(offset int) int {
	if q.shape == nil {
		return offset
	}
	return q.shape.Original(offset)
}

// general runs a question by its general plan, which it makes if the same was asked before; false if there is none that fits. What is
// wrong with a value or with the statement is not said here: the statement is then run as it is written, and fails as it should.
func (st *statement) general(q *question) (*Result, bool, error) {
	if q == nil {
		return nil, false, nil
	}
	plans := st.session.engine.plans
	k := q.kept
	switch {
	case !q.known:
		plans.kept.put(q.key, nil, bytesOf(q.key)) // asked once
		return nil, false, nil
	case k == nil:
		k = st.generalize(q)
	}
	root, err := k.in(st.env.Expr.Ctx, st.names)
	if root == nil && err == nil && k.root != nil { // a table has changed
		k = st.generalize(q)
		root, err = k.in(st.env.Expr.Ctx, st.names)
	}
	if root == nil || err != nil {
		return nil, false, err
	}
	values, ok := st.values(k.types, q.values)
	if !ok {
		return nil, false, nil
	}
	st.env.Expr.Params = values
	if !st.compute(k.constants) {
		st.env.Expr.Params, st.env.Expr.Own = nil, nil
		return nil, false, nil
	}
	plans.hits.Add(1)
	st.result.origin = q.place
	r, err := st.runKept(root)
	return r, true, err
}

// generalize makes the general plan of a question and keeps it, or keeps that there is none.
func (st *statement) generalize(q *question) *keptPlan {
	plans := st.session.engine.plans
	root, names, types, list, err := st.generalPlan(q)
	if err == nil {
		if k := keptOf(root, names); k != nil {
			k.types, k.constants = types, list
			plans.kept.put(q.key, k, planBytes+bytesOf(q.key))
			return k
		}
	}
	none := &keptPlan{}
	if column.ClassOf(err) != column.NotFound { // a table may come
		plans.kept.put(q.key, none, bytesOf(q.key))
	}
	return none
}

var errNoGeneralPlan = errors.New("query: there is no general plan")

// generalPlan binds and optimizes a question without its values.
func (st *statement) generalPlan(q *question) (plan.Node, map[plan.Relation]*placeholder, plan.Params, []constant, error) {
	engine := st.session.engine
	parsed, _, err := engine.statements.parse(st.env.Expr.Ctx, q.text, engine.options.StatementBytes)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	if parsed.NumParams != len(q.values) || len(parsed.ParamNames) > 0 || !keepable(parsed.Stmt, q.text, nil, engine.functions) {
		return nil, nil, nil, nil, errNoGeneralPlan
	}
	names := &resolved{Resolver: st.names, names: map[plan.Relation]*placeholder{}}
	bound, err := bind.Prepare(st.env.Expr.Ctx, parsed.Stmt, st.bindOptions(names, nil, nil))
	if err != nil {
		return nil, nil, nil, nil, err
	}
	query, ok := bound.Statement.(*plan.Query)
	if !ok || !bound.Generic || len(query.First) > 0 || len(bound.Params) != len(q.values) {
		return nil, nil, nil, nil, errNoGeneralPlan
	}
	root, list := withConstants(query.Root)
	root, _, err = st.optimize(root)
	return root, names.names, bound.Params, list, err
}

// values reads the values of parameters as their types; false if one cannot be read.
func (st *statement) values(types []column.Type, texts []*string) ([]*column.Vector, bool) {
	if len(types) != len(texts) {
		return nil, false
	}
	out := make([]*column.Vector, len(types))
	var b *column.Builder
	opt := st.env.Expr.Literals()
	opt.Path = fn.CanonicalPath
	for i, t := range types {
		if texts[i] == nil {
			out[i] = column.Flatten(column.NewNull(t, 1))
			continue
		}
		if b == nil || b.Type() != t {
			b = column.NewBuilder(t, 1)
		}
		if err := literal.Parse(b, t, *texts[i], opt); err != nil {
			return nil, false
		}
		out[i] = b.Finish()
	}
	return out, true
}
