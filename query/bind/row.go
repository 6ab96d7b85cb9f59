package bind

import (
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/sql"
)

// Rows in parentheses are compared element by element, unless one side is a row that is a value.

// elements binds what stands on one side of a comparison: the elements of a row, or one value.
func (b *binder) elements(s *scope, e sql.Expr) ([]expr.Expr, error) {
	row, ok := e.(*sql.Row)
	if !ok {
		one, err := b.expr(s, e)
		return []expr.Expr{one}, err
	}
	return b.rowElements(s, row)
}

func isRow(e sql.Expr) bool {
	_, ok := e.(*sql.Row)
	return ok
}

// rowComparison is ROW(…) op ROW(…).
func (b *binder) rowComparison(s *scope, op string, pos int, left, right sql.Expr) (expr.Expr, error) {
	if !isRow(left) || !isRow(right) {
		if q, ok := right.(*sql.Subquery); ok && isRow(left) {
			return b.rowOfQuery(s, op, pos, left, q)
		}
		l, r, err := b.pair(s, left, right)
		if err != nil {
			return nil, err
		}
		return b.operator(op, pos, l, r)
	}
	l, err := b.elements(s, left)
	if err != nil {
		return nil, err
	}
	r, err := b.elements(s, right)
	if err != nil {
		return nil, err
	}
	return b.compare(op, pos, l, r)
}

// rowOfQuery is ROW(…) op (SELECT …).
func (b *binder) rowOfQuery(s *scope, op string, pos int, left sql.Expr, q *sql.Subquery) (expr.Expr, error) {
	l, err := b.elements(s, left)
	if err != nil {
		return nil, err
	}
	r, err := b.scalars(s, q, len(l), pos)
	if err != nil {
		return nil, err
	}
	return b.compare(op, pos, l, r)
}

// compare compares two rows, or two values, as PostgreSQL does: the first pair that is not equal decides, and a NULL met before it makes
// the result NULL.
func (b *binder) compare(op string, pos int, l, r []expr.Expr) (expr.Expr, error) {
	if len(l) != len(r) {
		return nil, errorAt(pos, "42601", "unequal number of entries in row expressions")
	}
	if len(l) == 0 {
		return nil, errorAt(pos, "0A000", "cannot compare rows of zero length")
	}
	if len(l) == 1 {
		e, err := b.operator(op, pos, l[0], r[0])
		if err != nil {
			return nil, err
		}
		return b.condition(e, op)
	}
	if f, err := b.Functions.Operator(op, l[0].Type(), r[0].Type()); err == nil && f.Result != boolType {
		return nil, errorAt(pos, "42804", "row comparison operator must yield type boolean, not type %s", f.Result)
	}
	switch op {
	case "=", "is not distinct from":
		return b.eachPair(op, pos, l, r, false)
	case "<>", "is distinct from":
		return b.eachPair(op, pos, l, r, true)
	case "<", "<=", ">", ">=":
		return b.lexicographic(op, pos, l, r)
	}
	return nil, unsupported(pos, "could not determine interpretation of row comparison operator "+op, "Row comparison operators must be =, <>, <, <=, > or >=.")
}

func (b *binder) eachPair(op string, pos int, l, r []expr.Expr, or bool) (expr.Expr, error) {
	out := &expr.Logic{Or: or, At: pos}
	for i := range l {
		e, err := b.operator(op, pos, l[i], r[i])
		if err != nil {
			return nil, err
		}
		out.Args = append(out.Args, e)
	}
	return out, nil
}

// lexicographic is a < c OR a = c AND (the rest).
func (b *binder) lexicographic(op string, pos int, l, r []expr.Expr) (expr.Expr, error) {
	last := len(l) - 1
	out, err := b.operator(op, pos, l[last], r[last])
	if err != nil {
		return nil, err
	}
	for i := last - 1; i >= 0; i-- {
		strict, err := b.operator(op[:1], pos, l[i], r[i])
		if err != nil {
			return nil, err
		}
		eq, err := b.operator("=", pos, l[i], r[i])
		if err != nil {
			return nil, err
		}
		out = &expr.Logic{Or: true, At: pos, Args: []expr.Expr{strict, &expr.Logic{At: pos, Args: []expr.Expr{eq, out}}}}
	}
	return out, nil
}

// rowIsNull is ROW(…) IS [NOT] NULL: whether all elements are, or none is.
func (b *binder) rowIsNull(s *scope, n *sql.Is, row *sql.Row) (expr.Expr, error) {
	out := &expr.Logic{At: n.Pos}
	elems, err := b.rowElements(s, row)
	if err != nil {
		return nil, err
	}
	for _, e := range elems {
		if e, err = b.known(e); err != nil {
			return nil, err
		}
		out.Args = append(out.Args, &expr.IsNull{Arg: e, Negate: n.Not, At: n.Pos})
	}
	switch len(out.Args) {
	case 0:
		return boolLiteral(true, n.Pos), nil
	case 1:
		return out.Args[0], nil
	}
	return out, nil
}

// rowInList is ROW(…) IN (ROW(…), …).
func (b *binder) rowInList(s *scope, n *sql.In) (expr.Expr, error) {
	out := &expr.Logic{Or: true, At: n.Pos}
	for _, e := range n.List {
		eq, err := b.rowComparison(s, "=", n.Pos, n.Expr, e)
		if err != nil {
			return nil, err
		}
		out.Args = append(out.Args, eq)
	}
	if len(out.Args) == 1 {
		return negated(out.Args[0], n.Not, n.Pos), nil
	}
	return negated(out, n.Not, n.Pos), nil
}
