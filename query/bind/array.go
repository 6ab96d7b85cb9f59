package bind

import (
	"strconv"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/sql"
)

// array is ARRAY[…]. of is the type the elements are to have, where a cast around it says so, else unknown.
func (b *binder) array(s *scope, n *sql.Array, of column.Type) (expr.Expr, error) {
	if len(n.Elems) == 0 {
		if of == unknown {
			e := errorAt(n.Pos, "42P18", "cannot determine type of empty array")
			e.Hint = "Explicitly cast to the desired type, for example ARRAY[]::integer[]."
			return nil, e
		}
		return &expr.Literal{Value: column.NewBytes(column.ArrayOf(of), make([]int32, 2), nil, nil), At: n.Pos}, nil
	}
	elems, nested := make([]expr.Expr, len(n.Elems)), false
	for i, e := range n.Elems {
		var err error
		if inner, ok := e.(*sql.Array); ok {
			elems[i], err = b.array(s, inner, of)
			nested = true
		} else if elems[i], err = b.expr(s, e); err == nil && of != unknown {
			elems[i], err = b.coerceTo(elems[i], of, fn.Explicit)
		}
		if err != nil {
			return nil, err
		}
	}
	t, err := b.common("ARRAY", elems)
	if err != nil {
		return nil, err
	}
	switch {
	case nested && !t.IsArray():
		return nil, errorAt(n.Pos, "42804", "ARRAY types %s and %s cannot be matched", column.ArrayOf(t), t)
	case t.IsArray():
		return b.callNamed("array_of_arrays", n.Pos, elems...)
	}
	return b.callNamed("array", n.Pos, elems...)
}

// coerceTo is coerce with the error of a missing cast at the expression.
func (b *binder) coerceTo(e expr.Expr, t column.Type, how fn.CastContext) (expr.Expr, error) {
	out, err := b.coerce(e, t, how)
	if err != nil && e.Type() != unknown && !b.Functions.CanCast(e.Type(), t, how) {
		return nil, cannotCast(e.Pos(), e.Type(), t)
	}
	return out, err
}

// subscript is x[i]… or x[lo:hi]…; a single subscript beside slices means from 1.
func (b *binder) subscript(s *scope, n *sql.Subscript) (expr.Expr, error) {
	var chain []*sql.Subscript
	var base sql.Expr = n
	for {
		sub, ok := base.(*sql.Subscript)
		if !ok {
			break
		}
		chain = append([]*sql.Subscript{sub}, chain...)
		base = sub.Expr
		if sub.Paren {
			break
		}
	}
	x, err := b.expr(s, base)
	if err != nil {
		return nil, err
	}
	if !x.Type().IsArray() {
		if x.Type().Kind == column.JSONB {
			return b.jsonSubscript(s, x, chain)
		}
		return nil, errorAt(beginning(base), "42804", "cannot subscript type %s because it does not support subscripting", x.Type())
	}
	if len(chain) > array.MaxDims {
		return nil, errorAt(n.Pos, "54000", "number of array dimensions (%d) exceeds the maximum allowed (%d)", len(chain), array.MaxDims)
	}
	sliced := false
	for _, c := range chain {
		sliced = sliced || c.Slice
	}
	args := []expr.Expr{x}
	given := func(e sql.Expr) error {
		i, err := b.index(s, e)
		if err != nil {
			return err
		}
		if sliced {
			args = append(args, boolLiteral(true, e.Position()))
		}
		args = append(args, i)
		return nil
	}
	left := func(pos int) {
		args = append(args, boolLiteral(false, pos), intLiteral(0, pos))
	}
	for _, c := range chain {
		switch {
		case !sliced:
			err = given(c.Lo)
		case !c.Slice:
			args = append(args, boolLiteral(true, c.Pos), intLiteral(1, c.Pos))
			err = given(c.Lo)
		default:
			for _, bound := range []sql.Expr{c.Lo, c.Hi} {
				if bound == nil {
					left(c.Pos)
				} else if err == nil {
					err = given(bound)
				}
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if sliced {
		return b.callNamed("array_slice", n.Pos, args...)
	}
	return b.callNamed("array_element", n.Pos, args...)
}

// index binds a subscript, which is what an integer may be assigned.
func (b *binder) index(s *scope, e sql.Expr) (expr.Expr, error) {
	i, err := b.expr(s, e)
	if err != nil {
		return nil, err
	}
	int4 := column.T(column.Int32)
	if i.Type() != unknown && !b.Functions.CanCast(i.Type(), int4, fn.Assignment) {
		return nil, errorAt(i.Pos(), "42804", "array subscript must have type integer")
	}
	return b.coerce(i, int4, fn.Assignment)
}

// jsonSubscript is x['key'] or x[i] of jsonb: a chain of ->.
func (b *binder) jsonSubscript(s *scope, x expr.Expr, chain []*sql.Subscript) (expr.Expr, error) {
	for _, c := range chain {
		if c.Slice {
			at := c.Pos
			for _, bound := range []sql.Expr{c.Lo, c.Hi} {
				if bound != nil {
					at = beginning(bound)
				}
			}
			return nil, errorAt(at, "42804", "jsonb subscript does not support slices")
		}
		i, err := b.expr(s, c.Lo)
		if err != nil {
			return nil, err
		}
		if i.Type() == unknown {
			if i, err = b.settle(i, textType); err != nil {
				return nil, err
			}
		}
		if i.Type().IsText() && !isKey(i) {
			x, err = b.callNamed("jsonb_extract_path", c.Pos, x, i)
		} else {
			x, err = b.operator("->", c.Pos, x, i)
		}
		if err != nil {
			return nil, err
		}
	}
	return x, nil
}

// isKey reports a constant text that is no number of an element.
func isKey(e expr.Expr) bool {
	l, ok := e.(*expr.Literal)
	if !ok || l.Value.IsNull(0) {
		return false
	}
	_, err := strconv.Atoi(string(l.Value.Bytes(0)))
	return err != nil
}

// quantifiedOps are the words that stand for operators.
var quantifiedOps = map[string]string{"LIKE": "~~", "NOT LIKE": "!~~", "ILIKE": "~~*", "NOT ILIKE": "!~~*"}

// quantified is x op ANY|ALL (array).
func (b *binder) quantified(s *scope, n *sql.Quantified) (expr.Expr, error) {
	if n.Query != nil {
		t, ok := asTest(n)
		if !ok {
			return nil, unsupported(n.Pos, "operators of other schemas are not supported", "")
		}
		return b.testValue(s, t)
	}
	left, right, err := b.pair(s, n.Left, n.Array)
	if err != nil {
		return nil, err
	}
	op := n.Op
	if word, ok := quantifiedOps[op]; ok {
		op = word
	}
	elem := unknown
	if t := right.Type(); t.IsArray() {
		elem = t.Element()
	} else if t != unknown {
		return nil, errorAt(n.Pos, "42809", "op ANY/ALL (array) requires array on right side")
	}
	f, err := b.Functions.Operator(op, left.Type(), elem)
	if err != nil {
		return nil, place(err, n.Pos)
	}
	if f.Result != boolType {
		return nil, errorAt(n.Pos, "42809", "op ANY/ALL (array) requires operator to yield boolean")
	}
	f = concrete(f, left.Type(), elem)
	if left, err = b.coerce(left, f.Args[0], fn.Implicit); err != nil {
		return nil, err
	}
	if right, err = b.coerce(right, column.ArrayOf(f.Args[1]), fn.Implicit); err != nil {
		return nil, err
	}
	if in := listed(left, right, f, n); in != nil {
		return in, nil
	}
	q := b.Functions.Quantified(f, n.All)
	return b.folded(&expr.Call{Fn: q, Args: []expr.Expr{left, right}, T: boolType, At: n.Pos}), nil
}

// concrete gives an operator that takes anything the types it is called with.
func concrete(f *expr.Function, left, right column.Type) *expr.Function {
	if f.Args[0] != unknown && f.Args[1] != unknown {
		return f
	}
	c := *f
	c.Args = []column.Type{f.Args[0], f.Args[1]}
	for i, t := range []column.Type{left, right} {
		if c.Args[i] == unknown {
			c.Args[i] = t
		}
		if c.Args[i] == unknown {
			c.Args[i] = textType
		}
	}
	return &c
}

// listed makes x = ANY (constant), or x <> ALL, the look-up that IN is; nil where it is none.
func listed(left, right expr.Expr, f *expr.Function, n *sql.Quantified) expr.Expr {
	l, ok := right.(*expr.Literal)
	if !ok || l.Value.IsNull(0) || f.Args[0] != f.Args[1] || !(n.Op == "=" && !n.All || n.Op == "<>" && n.All) {
		return nil
	}
	a, err := array.Decode(l.Value.Bytes(0), f.Args[1])
	if err != nil || a.Elements.Len == 0 {
		return nil
	}
	all := make([]expr.Expr, 1, a.Elements.Len+1)
	all[0] = left
	for i := range a.Elements.Len {
		all = append(all, &expr.Literal{Value: a.Elements.Slice(i, i+1), At: l.At})
	}
	return lookup(all, f.Args[1], n.All, n.Pos)
}
