package bind

import (
	"strconv"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/sql"
)

// expr binds an expression; its type may be unknown still.
func (b *binder) expr(s *scope, e sql.Expr) (expr.Expr, error) {
	out, err := b.node(s, e)
	if err != nil {
		return nil, err
	}
	return b.folded(out), nil
}

func (b *binder) node(s *scope, e sql.Expr) (expr.Expr, error) {
	switch n := e.(type) {
	case *sql.ColumnRef:
		return b.column(s, n)
	case *sql.Literal:
		return b.literal(n)
	case *sql.TypedLiteral:
		return b.typedLiteral(n)
	case *sql.Param:
		return b.param(n)
	case *sql.Cast:
		return b.cast(s, n)
	case *sql.Unary:
		return b.unary(s, n)
	case *sql.Binary:
		if isRow(n.Left) || isRow(n.Right) {
			return b.rowComparison(s, n.Op, n.Pos, n.Left, n.Right)
		}
		l, r, err := b.pair(s, n.Left, n.Right)
		if err != nil {
			return nil, err
		}
		return b.operator(n.Op, n.Pos, l, r)
	case *sql.Logic:
		return b.logic(s, n)
	case *sql.Not:
		if t, ok := asTest(n); ok {
			return b.testValue(s, t)
		}
		a, err := b.boolean(s, n.Expr, "NOT")
		if err != nil {
			return nil, err
		}
		return &expr.Not{Arg: a, At: n.Pos}, nil
	case *sql.Is:
		return b.is(s, n)
	case *sql.IsDistinct:
		if isRow(n.Left) || isRow(n.Right) {
			out, err := b.rowComparison(s, "is distinct from", n.Pos, n.Left, n.Right)
			return negated(out, n.Not, n.Pos), err
		}
		l, r, err := b.pair(s, n.Left, n.Right)
		if err != nil {
			return nil, err
		}
		out, err := b.operator("is distinct from", n.Pos, l, r)
		return negated(out, n.Not, n.Pos), err
	case *sql.Between:
		return b.between(s, n)
	case *sql.In:
		return b.in(s, n)
	case *sql.LikeExpr:
		return b.like(s, n)
	case *sql.Quantified:
		return b.quantified(s, n)
	case *sql.Case:
		return b.caseExpr(s, n)
	case *sql.FuncCall:
		return b.call(s, n)
	case *sql.Collate:
		if c := n.Collation.Name; c != "C" && c != "POSIX" && c != "default" && c != "ucs_basic" {
			return nil, unsupported(n.Pos, "collation \""+c+"\" is not supported", "Text is ordered by its bytes: COLLATE \"C\".")
		}
		return b.collated(s, n)
	case *sql.Subquery:
		return b.scalar(s, n)
	case *sql.Exists:
		return b.testValue(s, test{pos: n.Pos, query: n.Query})
	case *sql.Array:
		return b.array(s, n, unknown)
	case *sql.Subscript:
		return b.subscript(s, n)
	case *sql.ArrayQuery:
		return b.arrayQuery(s, n)
	case *sql.Row:
		return b.row(s, n)
	case *sql.Field:
		return b.field(s, n)
	case *sql.Default:
		return nil, errorAt(n.Pos, "42601", "DEFAULT is not allowed in this context")
	case *sql.Star:
		if len(n.Qualifier) > 0 { // the row of an item, where a value is wanted
			src, links, err := s.qualified(n.Qualifier, n.Pos)
			if err != nil || links == nil {
				return rowOf(src, err, n.Pos)
			}
			return b.outside(links, wholeRow(src, n.Pos)), nil
		}
		return nil, errorAt(n.Pos, "42601", "row expansion via \"*\" is not supported here")
	case *sql.GroupingSet:
		return nil, unsupported(n.Pos, "grouping sets are not supported yet", "Run one query per grouping.")
	}
	return nil, unsupported(e.Position(), "this expression is not supported", "")
}

// collated is x COLLATE y, of texts and arrays of them.
func (b *binder) collated(s *scope, n *sql.Collate) (expr.Expr, error) {
	e, err := b.node(s, n.Expr)
	if err != nil {
		return nil, err
	}
	t := e.Type()
	if t == unknown {
		return e, nil
	}
	if t.IsArray() {
		t = t.Element()
	}
	switch t.Kind {
	case column.Text, column.Varchar, column.BpChar, column.Name:
		return e, nil
	}
	return nil, errorAt(n.Pos, "42804", "collations are not supported by type %s", e.Type())
}

// value is expr with unknown types settled as text.
func (b *binder) value(s *scope, e sql.Expr) (expr.Expr, error) {
	out, err := b.expr(s, e)
	if err != nil {
		return nil, err
	}
	return b.known(out)
}

func (b *binder) boolean(s *scope, e sql.Expr, what string) (expr.Expr, error) {
	out, err := b.expr(s, e)
	if err != nil {
		return nil, err
	}
	return b.condition(out, what)
}

func (b *binder) pair(s *scope, l, r sql.Expr) (left, right expr.Expr, err error) {
	if left, err = b.expr(s, l); err != nil {
		return nil, nil, err
	}
	right, err = b.expr(s, r)
	return left, right, err
}

func negated(e expr.Expr, not bool, pos int) expr.Expr {
	if !not || e == nil {
		return e
	}
	return &expr.Not{Arg: e, At: pos}
}

func (b *binder) literal(n *sql.Literal) (expr.Expr, error) {
	lit := func(v *column.Vector) (expr.Expr, error) { return &expr.Literal{Value: v, At: n.Pos}, nil }
	switch n.Kind {
	case sql.LitNull:
		return lit(unknownNull())
	case sql.LitBool:
		return lit(column.NewBools([]bool{n.Text == "true"}, nil))
	case sql.LitString:
		return lit(unknownText(n.Text))
	case sql.LitInt:
		if v, err := strconv.ParseInt(n.Text, 10, 64); err == nil {
			if v == int64(int32(v)) {
				return lit(column.NewInts(column.T(column.Int32), []int64{v}, nil))
			}
			return lit(column.NewInts(column.T(column.Int64), []int64{v}, nil))
		}
		fallthrough
	case sql.LitNumber:
		text, err := literal.ParseNumeric(n.Text)
		if err != nil {
			return nil, place(err, n.Pos)
		}
		v := *column.NewStrings(text)
		v.Type = column.T(column.Numeric)
		return lit(&v)
	}
	return nil, unsupported(n.Pos, "bit strings are not supported", "Write bytea: '\\x…'.")
}

func (b *binder) typedLiteral(n *sql.TypedLiteral) (expr.Expr, error) {
	t, err := typeOf(n.Type)
	if err != nil {
		return nil, err
	}
	var e expr.Expr = &expr.Literal{Value: unknownText(n.Value), At: n.ValuePos}
	if e, err = b.coerceInterval(e, t, n.Type); err != nil {
		return nil, err
	}
	if e, err = b.settle(e, t); err != nil {
		return nil, err
	}
	return b.limited(e, n.Type, t)
}

func (b *binder) param(n *sql.Param) (expr.Expr, error) {
	if n.Index == 0 {
		return nil, unsupported(n.Pos, "parameter :"+n.Name+" has no number", "Number the parameters of the statement first.")
	}
	i := n.Index - 1
	t := b.paramType(i)
	if b.ParamValues == nil {
		return &expr.Param{Index: i, T: t, At: n.Pos}, nil
	}
	if i >= len(b.ParamValues) || b.ParamValues[i] == nil {
		return nil, errorAt(n.Pos, "42P02", "there is no parameter $%d", n.Index)
	}
	v := column.Flatten(b.ParamValues[i])
	if v.Len != 1 {
		return nil, column.Errorf(column.Internal, "bind: parameter $%d has %d rows", n.Index, v.Len)
	}
	if b.given == nil {
		b.given = map[int]string{}
	}
	b.given[n.Pos] = "$" + strconv.Itoa(n.Index)
	if n.Name != "" {
		b.given[n.Pos] = ":" + n.Name
	}
	var e expr.Expr = &expr.Literal{Value: v, At: n.Pos}
	if t != unknown && v.Type != t {
		return b.coerce(e, t, fn.Explicit)
	}
	return e, nil
}

// paramType is the type of parameter i, from 0, as far as it is known: that of an unknown one is found where it is used.
func (b *binder) paramType(i int) column.Type {
	for len(b.params) <= i {
		t := unknown
		if k := len(b.params); k < len(b.ParamTypes) {
			t = b.ParamTypes[k]
		}
		b.params = append(b.params, t)
	}
	return b.params[i]
}

func (b *binder) unary(s *scope, n *sql.Unary) (expr.Expr, error) {
	a, err := b.expr(s, n.Expr)
	if err != nil {
		return nil, err
	}
	f, err := b.Functions.Prefix(n.Op, a.Type())
	if err != nil {
		return nil, place(err, n.Pos)
	}
	return b.apply(f, n.Pos, a)
}

// operator applies an infix operator.
func (b *binder) operator(op string, pos int, l, r expr.Expr) (expr.Expr, error) {
	f, err := b.Functions.Operator(op, l.Type(), r.Type())
	if err != nil {
		return nil, place(err, pos)
	}
	return b.apply(f, pos, l, r)
}

// callNamed applies a function of the registry by name.
func (b *binder) callNamed(name string, pos int, args ...expr.Expr) (expr.Expr, error) {
	ts := make([]column.Type, len(args))
	for i, a := range args {
		ts[i] = a.Type()
	}
	if name == "pg_typeof" && len(args) == 1 && ts[0] == unknown {
		number := []int64{int64(unknown.OID())}
		return &expr.Literal{Value: column.NewInts(column.T(column.RegType), number, nil), At: pos}, nil
	}
	f, err := b.Functions.Function(name, ts)
	if err != nil {
		// The name of a type is a cast to it: date(ts).
		if t, ok := column.TypeOfWord(name); ok && len(args) == 1 && (ts[0] == unknown || b.Functions.CanCast(ts[0], t, fn.Explicit)) {
			return b.coerce(args[0], t, fn.Explicit)
		}
		return nil, place(err, pos)
	}
	return b.apply(f, pos, args...)
}

// apply brings the arguments to the overload's types and makes the call.
func (b *binder) apply(f *expr.Function, pos int, args ...expr.Expr) (expr.Expr, error) {
	out := make([]expr.Expr, len(args))
	for i, a := range args {
		t := f.Args[min(i, len(f.Args)-1)]
		var err error
		switch {
		case t == unknown: // any type will do
			a, err = b.known(a)
		case t.Kind == column.TimestampNS && b.Functions.Nanos(a.Type()) != nil:
			a = b.folded(&expr.Call{Fn: b.Functions.Nanos(a.Type()), Args: []expr.Expr{a}, T: t, At: a.Pos()})
		default:
			a, err = b.coerce(a, t, fn.Implicit)
		}
		if err != nil {
			return nil, err
		}
		if err := checked(f.Check, i, a); err != nil {
			return nil, err
		}
		out[i] = a
	}
	return b.folded(&expr.Call{Fn: f, Args: out, T: f.Result, At: pos}), nil
}

// checked looks for mistakes in argument i of a call, if it is a constant.
func checked(check func(i int, v *column.Vector) error, i int, a expr.Expr) error {
	if l, ok := a.(*expr.Literal); ok && check != nil && !l.Value.IsNull(0) {
		return place(check(i, l.Value), l.At)
	}
	return nil
}

func (b *binder) logic(s *scope, n *sql.Logic) (expr.Expr, error) {
	what := "AND"
	if n.Op == sql.Or {
		what = "OR"
	}
	out := &expr.Logic{Or: n.Op == sql.Or, At: n.Pos, Args: make([]expr.Expr, len(n.Args))}
	for i, a := range n.Args {
		var err error
		if out.Args[i], err = b.boolean(s, a, what); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (b *binder) is(s *scope, n *sql.Is) (expr.Expr, error) {
	if n.Kind == sql.IsNull {
		if row, ok := n.Expr.(*sql.Row); ok {
			return b.rowIsNull(s, n, row)
		}
		a, err := b.value(s, n.Expr)
		if err != nil {
			return nil, err
		}
		return isNull(a, n.Not, n.Pos), nil
	}
	what := map[sql.IsKind]string{sql.IsTrue: "TRUE", sql.IsFalse: "FALSE", sql.IsUnknown: "UNKNOWN"}[n.Kind]
	if n.Not {
		what = "NOT " + what
	}
	a, err := b.boolean(s, n.Expr, "IS "+what)
	if err != nil {
		return nil, err
	}
	if n.Kind == sql.IsUnknown {
		return &expr.IsNull{Arg: a, Negate: n.Not, At: n.Pos}, nil
	}
	constant := &expr.Literal{Value: column.NewBools([]bool{n.Kind == sql.IsTrue}, nil), At: n.Pos}
	out, err := b.operator("is distinct from", n.Pos, a, constant)
	return negated(out, !n.Not, n.Pos), err
}

func (b *binder) between(s *scope, n *sql.Between) (expr.Expr, error) {
	x, err := b.expr(s, n.Expr)
	if err != nil {
		return nil, err
	}
	lo, hi, err := b.pair(s, n.Lo, n.Hi)
	if err != nil {
		return nil, err
	}
	inside := func(lo, hi expr.Expr) (expr.Expr, error) {
		a, err := b.operator(">=", n.Pos, x, lo)
		if err != nil {
			return nil, err
		}
		c, err := b.operator("<=", n.Pos, x, hi)
		if err != nil {
			return nil, err
		}
		return &expr.Logic{Args: []expr.Expr{a, c}, At: n.Pos}, nil
	}
	out, err := inside(lo, hi)
	if err != nil {
		return nil, err
	}
	if n.Symmetric {
		other, err := inside(hi, lo)
		if err != nil {
			return nil, err
		}
		out = &expr.Logic{Or: true, Args: []expr.Expr{out, other}, At: n.Pos}
	}
	return negated(out, n.Not, n.Pos), nil
}
