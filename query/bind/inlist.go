package bind

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/sql"
)

func (b *binder) in(s *scope, n *sql.In) (expr.Expr, error) {
	if n.Query != nil {
		t, _ := asTest(n)
		return b.testValue(s, t)
	}
	if isRow(n.Expr) {
		return b.rowInList(s, n)
	}
	return b.inList(s, n.Pos, n.Expr, n.List, n.Not)
}

// inList is x IN (…). Constants of a type whose equality is that of its bytes become one look-up, anything else a chain
// of =.
func (b *binder) inList(s *scope, pos int, arg sql.Expr, elems []sql.Expr, not bool) (expr.Expr, error) {
	x, err := b.expr(s, arg)
	if err != nil {
		return nil, err
	}
	list := make([]expr.Expr, len(elems))
	constant, mixed := true, false
	for i, e := range elems {
		if list[i], err = b.expr(s, e); err != nil {
			return nil, err
		}
		constant = constant && given(list[i])
		// The common type of these is microseconds: too coarse.
		mixed = mixed || x.Type().Kind == column.TimestampNS && list[i].Type() != unknown && list[i].Type() != x.Type()
	}
	if constant && !mixed {
		all := append([]expr.Expr{x}, list...)
		t, err := b.common("IN", all)
		if err != nil {
			return nil, b.noEquality(x, list, pos, err)
		}
		if out := lookup(all, t, not, pos); out != nil {
			return out, nil
		}
		x, list = all[0], all[1:]
	}
	or := &expr.Logic{Or: true, At: pos}
	for _, e := range list {
		eq, err := b.operator("=", pos, x, e)
		if err != nil {
			return nil, err
		}
		or.Args = append(or.Args, eq)
	}
	if len(or.Args) == 1 {
		return negated(or.Args[0], not, pos), nil
	}
	return negated(or, not, pos), nil
}

// given reports what a list may hold that is one look-up: constants, and parameters that clients give their values.
func given(e expr.Expr) bool {
	if p, ok := e.(*expr.Param); ok {
		return p.Index < expr.OwnParams
	}
	_, ok := e.(*expr.Literal)
	return ok
}

// noEquality words the error of a list without a common type as that of the missing operator.
func (b *binder) noEquality(x expr.Expr, list []expr.Expr, pos int, err error) error {
	for _, e := range list {
		if _, opErr := b.Functions.Operator("=", x.Type(), e.Type()); opErr != nil {
			return place(opErr, pos)
		}
	}
	return err
}

// lookup makes the In of all[0] in the others, nil where the type or an element does not allow it.
func lookup(all []expr.Expr, t column.Type, not bool, pos int) expr.Expr {
	if p := t.Physical(); p == column.PhysInterval || p == column.PhysBytes && !t.Bytewise() {
		return nil
	}
	out := &expr.In{Arg: all[0], Negate: not, At: pos}
	values := column.NewBuilder(t, len(all)-1)
	for _, e := range all[1:] {
		if p, ok := e.(*expr.Param); ok && p.T == t {
			out.Params = append(out.Params, p)
			continue
		}
		l, ok := e.(*expr.Literal)
		switch {
		case !ok:
			return nil
		case l.Value.IsNull(0):
			out.HasNil = true
		default:
			values.AppendRow(l.Value, 0)
		}
	}
	out.List = values.Finish()
	return out
}

// like is LIKE, ILIKE and SIMILAR TO; the escape character is an argument more.
func (b *binder) like(s *scope, n *sql.LikeExpr) (expr.Expr, error) {
	l, r, err := b.pair(s, n.Expr, n.Pattern)
	if err != nil {
		return nil, err
	}
	op := map[sql.LikeKind]string{sql.Like: "~~", sql.ILike: "~~*", sql.SimilarTo: "similar to"}[n.Kind]
	if n.Escape == nil {
		out, err := b.operator(op, n.Pos, l, r)
		return negated(out, n.Not, n.Pos), err
	}
	esc, err := b.expr(s, n.Escape)
	if err != nil {
		return nil, err
	}
	name := map[sql.LikeKind]string{sql.Like: "like", sql.ILike: "ilike", sql.SimilarTo: "similar_to"}[n.Kind]
	out, err := b.callNamed(name, n.Pos, l, r, esc)
	return negated(out, n.Not, n.Pos), err
}

func (b *binder) caseExpr(s *scope, n *sql.Case) (expr.Expr, error) {
	s = s.withoutSets("CASE")
	out := &expr.Case{At: n.Pos}
	var operand expr.Expr
	var err error
	if n.Operand != nil {
		if operand, err = b.value(s, n.Operand); err != nil {
			return nil, err
		}
	}
	// The ELSE comes first where the type is chosen.
	results := make([]expr.Expr, 1, len(n.Whens)+1)
	results[0] = &expr.Literal{Value: unknownNull(), At: n.Pos}
	if n.Else != nil {
		if results[0], err = b.expr(s, n.Else); err != nil {
			return nil, err
		}
	}
	for _, w := range n.Whens {
		cond, err := b.expr(s, w.Cond)
		if err != nil {
			return nil, err
		}
		if operand != nil {
			cond, err = b.operator("=", w.Pos, operand, cond)
		} else {
			cond, err = b.condition(cond, "CASE/WHEN")
		}
		if err != nil {
			return nil, err
		}
		then, err := b.expr(s, w.Then)
		if err != nil {
			return nil, err
		}
		out.When = append(out.When, cond)
		results = append(results, then)
	}
	if out.T, err = b.common("CASE", results); err != nil {
		return nil, err
	}
	out.Then = results[1:]
	if n.Else != nil {
		out.Else = results[0]
	}
	return out, nil
}

// coalesce evaluates later arguments only where it matters.
func (b *binder) coalesce(pos int, args []expr.Expr) (expr.Expr, error) {
	t, err := b.common("COALESCE", args)
	if err != nil {
		return nil, err
	}
	if len(args) == 1 {
		return args[0], nil
	}
	for _, a := range args[1:] {
		if expr.CanFail(a) {
			out := &expr.Case{T: t, At: pos, Else: args[len(args)-1]}
			for _, a := range args[:len(args)-1] {
				out.When = append(out.When, &expr.IsNull{Arg: a, Negate: true, At: pos})
				out.Then = append(out.Then, a)
			}
			return out, nil
		}
	}
	return b.callNamed("coalesce", pos, args...)
}

// nullif has the type its left side is compared in.
func (b *binder) nullif(pos int, args []expr.Expr) (expr.Expr, error) {
	if len(args) != 2 {
		return nil, errorAt(pos, "42601", "NULLIF takes two arguments")
	}
	l := args[0]
	eq, err := b.operator("=", pos, l, args[1])
	if err != nil {
		return nil, err
	}
	if c, ok := eq.(*expr.Call); ok && c.Args[0].Type().Kind != column.TimestampNS {
		l = c.Args[0]
	} else if f, err := b.Functions.Operator("=", l.Type(), args[1].Type()); err == nil && f.Args[0].Kind != column.TimestampNS {
		if l, err = b.coerce(l, f.Args[0], fn.Implicit); err != nil {
			return nil, err
		}
	}
	if l, err = b.known(l); err != nil {
		return nil, err
	}
	null := &expr.Literal{Value: nullOf(l.Type()), At: pos}
	return &expr.Case{When: []expr.Expr{eq}, Then: []expr.Expr{null}, Else: l, T: l.Type(), At: pos}, nil
}
