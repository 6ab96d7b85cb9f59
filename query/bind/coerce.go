package bind

import (
	"errors"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/sql"
)

// While a statement is bound, literals and parameters whose type is not settled are of type Unknown; coerce settles it. No
// such type is left in a plan.

var (
	unknown  = column.Type{}
	textType = column.T(column.Text)
	boolType = column.T(column.Bool)
)

// unknownText makes the value of a literal without a type.
func unknownText(s string) *column.Vector {
	v := *column.NewStrings(s)
	v.Type = unknown
	return &v
}

// unknownNull is NULL without a type.
func unknownNull() *column.Vector {
	return &column.Vector{Type: unknown, Len: 1, Valid: make(column.Bitmap, 1), Offsets: make([]int32, 2)}
}

func nullOf(t column.Type) *column.Vector {
	return column.Flatten(column.NewNull(t, 1))
}

// cannotCast says that a context allows no conversion.
func cannotCast(pos int, from, to column.Type) error {
	return errorAt(pos, "42846", "cannot cast type %s to %s", from, to)
}

// coerce makes an expression one of type t, if the context allows it.
func (b *binder) coerce(e expr.Expr, t column.Type, how fn.CastContext) (expr.Expr, error) {
	from := e.Type()
	if from == t {
		return e, nil
	}
	if from == unknown {
		return b.settle(e, t)
	}
	// The commonest constants, whole numbers, widen as they are: a bulk INSERT has thousands of them.
	if l, ok := e.(*expr.Literal); ok && from.IsInteger() && t.IsInteger() && from.Kind < t.Kind {
		wide := *l.Value
		wide.Type = t
		return &expr.Literal{Value: &wide, At: l.At}, nil
	}
	f, ok := b.Functions.Cast(from, t, how)
	if !ok {
		return nil, cannotCast(e.Pos(), from, t)
	}
	return b.folded(&expr.Call{Fn: f, Args: []expr.Expr{e}, T: t, At: e.Pos()}), nil
}

// settle gives an expression of unknown type its type.
func (b *binder) settle(e expr.Expr, t column.Type) (expr.Expr, error) {
	switch x := e.(type) {
	case *expr.Param:
		return b.settleParam(x, t)
	case *expr.Literal:
		if b.literals != nil {
			b.literals[x.At] = t
		}
		if x.Value.IsNull(0) {
			return &expr.Literal{Value: nullOf(t), At: x.At}, nil
		}
		v := column.NewBuilder(t, 1)
		if err := literal.Parse(v, t, string(x.Value.Bytes(0)), b.literalOptions()); err != nil {
			return nil, b.naming(place(err, x.At), x.At)
		}
		return &expr.Literal{Value: v.Finish(), At: x.At}, nil
	}
	return nil, column.Errorf(column.Internal, "bind: %T of unknown type", e)
}

// naming says in an error about a value which parameter gave it.
func (b *binder) naming(err error, pos int) error {
	var e *column.Error
	name := b.given[pos]
	if name == "" || !errors.As(err, &e) || e.Detail != "" {
		return err
	}
	out := *e
	out.Detail = "It is the value of parameter " + name + "."
	return &out
}

// known settles what is still of unknown type as text.
func (b *binder) known(e expr.Expr) (expr.Expr, error) {
	if e.Type() == unknown {
		return b.settle(e, textType)
	}
	return e, nil
}

// folded computes what is constant. The context has the statement's time, so that now() becomes a constant, too.
func (b *binder) folded(e expr.Expr) expr.Expr {
	// Only the optimizer, which comes when grouping has been checked, may lose a column.
	if len(expr.Columns(e)) > 0 {
		return e
	}
	return expr.Fold(b.fold, e)
}

// condition makes a boolean; what names the clause.
func (b *binder) condition(e expr.Expr, what string) (expr.Expr, error) {
	if e.Type() == unknown {
		return b.settle(e, boolType)
	}
	if e.Type() != boolType {
		return nil, errorAt(e.Pos(), "42804", "argument of %s must be type boolean, not type %s", what, e.Type())
	}
	return e, nil
}

// cast is CAST(x AS type).
func (b *binder) cast(s *scope, n *sql.Cast) (expr.Expr, error) {
	t, err := typeOf(n.Type)
	if err != nil {
		return nil, b.noRowType(n.Type, err)
	}
	if a, ok := n.Expr.(*sql.Array); ok && t.IsArray() { // the elements take the type at once, and an empty array has one
		e, err := b.array(s, a, t.Element())
		if err != nil {
			return nil, err
		}
		return b.limited(e, n.Type, t)
	}
	e, err := b.expr(s, n.Expr)
	if err != nil {
		return nil, err
	}
	from := e.Type()
	if e, err = b.coerceInterval(e, t, n.Type); err == nil {
		e, err = b.coerce(e, t, fn.Explicit)
	}
	if err != nil {
		if from != unknown && !b.Functions.CanCast(from, t, fn.Explicit) {
			return nil, cannotCast(n.Pos, from, t)
		}
		return nil, err
	}
	return b.limited(e, n.Type, t)
}

// coerceInterval reads interval '5' minute: the field is the unit of a bare number.
func (b *binder) coerceInterval(e expr.Expr, t column.Type, n *sql.TypeName) (expr.Expr, error) {
	l, ok := e.(*expr.Literal)
	if t.Kind != column.IntervalKind || n.Fields == "" || !ok || l.Value.Type != unknown || l.Value.IsNull(0) {
		return e, nil
	}
	text := strings.TrimSpace(string(l.Value.Bytes(0)))
	if text == "" || strings.Trim(text, "+-.0123456789") != "" {
		return e, nil
	}
	unit := n.Fields
	if i := strings.LastIndex(unit, " to "); i >= 0 {
		unit = unit[i+4:]
	}
	return &expr.Literal{Value: unknownText(text + " " + unit), At: l.At}, nil
}

func intLiteral(v int64, pos int) expr.Expr {
	return &expr.Literal{Value: column.NewInts(column.T(column.Int32), []int64{v}, nil), At: pos}
}

// common brings expressions to one type; what names the construct in the error.
func (b *binder) common(what string, list []expr.Expr) (column.Type, error) {
	ts := make([]column.Type, len(list))
	for i, e := range list {
		ts[i] = e.Type()
	}
	t, err := b.Functions.CommonType(what, ts)
	if err != nil {
		// The place is the first expression that does not fit those before it.
		for i := 2; i <= len(list); i++ {
			if _, e := b.Functions.CommonType(what, ts[:i]); e != nil {
				return t, place(err, list[i-1].Pos())
			}
		}
		return t, place(err, list[0].Pos())
	}
	for i, e := range list {
		if err := b.wanted(i); err != nil {
			return t, err
		}
		if list[i], err = b.coerce(e, t, fn.Implicit); err != nil {
			return t, err
		}
	}
	return t, nil
}
