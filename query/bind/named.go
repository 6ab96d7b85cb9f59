package bind

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/sql"
)

// namedCall binds a call with arguments by name: make_interval(days => 10). What is not named has its default.
func (b *binder) namedCall(s *scope, n *sql.FuncCall) (expr.Expr, error) {
	args, ts, err := b.namedArguments(s, n)
	if err != nil {
		return nil, err
	}
	f, order, err := b.Functions.Named(n.Name.Name, ts, n.ArgNames)
	if err != nil {
		return nil, place(err, n.Pos)
	}
	return b.apply(f, n.Pos, arranged(args, order, f.Defaults, n.Pos)...)
}

// arranged gives the arguments in the order of the parameters.
func arranged(args []expr.Expr, order []int, defaults []*column.Vector, pos int) []expr.Expr {
	full := make([]expr.Expr, len(order))
	for i, k := range order {
		if k < 0 {
			full[i] = &expr.Literal{Value: defaults[i], At: pos}
		} else {
			full[i] = args[k]
		}
	}
	return full
}

// namedArguments binds arguments of which some have names.
func (b *binder) namedArguments(s *scope, n *sql.FuncCall) ([]expr.Expr, []column.Type, error) {
	args := make([]expr.Expr, len(n.Args))
	ts := make([]column.Type, len(n.Args))
	for i, a := range n.Args {
		var err error
		if args[i], err = b.expr(s, a); err != nil {
			return nil, nil, err
		}
		ts[i] = args[i].Type()
		if i > 0 && n.ArgNames[i] == "" && n.ArgNames[i-1] != "" {
			return nil, nil, errorAt(n.Args[i].Position(), "42601", "positional argument cannot follow named argument")
		}
		for _, before := range n.ArgNames[:i] {
			if before != "" && before == n.ArgNames[i] {
				return nil, nil, errorAt(n.Args[i].Position(), "42601", "argument name \"%s\" used more than once", before)
			}
		}
	}
	return args, ts, nil
}

// spreadVariadic writes f(a, VARIADIC ARRAY[b, c]) as f(a, b, c).
func spreadVariadic(n *sql.FuncCall) (*sql.FuncCall, bool) {
	if !n.Variadic {
		return nil, false
	}
	a, ok := n.Args[len(n.Args)-1].(*sql.Array)
	if !ok || len(a.Elems) == 0 {
		return nil, false
	}
	out := *n
	out.Variadic = false
	out.Args = append(append([]sql.Expr{}, n.Args[:len(n.Args)-1]...), a.Elems...)
	return &out, true
}
