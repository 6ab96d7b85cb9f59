package bind

import (
	"errors"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/sql"
)

// orderAggregate binds ORDER BY inside the parentheses of an aggregate. What is not among the arguments is appended to them. The order of an
// aggregate that does not depend on it is checked and forgotten.
func (b *binder) orderAggregate(s *scope, n *sql.FuncCall, call *expr.AggregateCall) error {
	width := len(call.Args)
	for _, item := range n.OrderBy {
		e, by, err := b.ordering(s, item)
		if err != nil {
			return err
		}
		by.Arg = slices.IndexFunc(call.Args, func(a expr.Expr) bool { return expr.Equal(a, e) })
		if by.Arg < 0 {
			if n.Distinct {
				return errorAt(leftmost(e), "42P10", "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list")
			}
			by.Arg = len(call.Args)
			call.Args = append(call.Args, e)
		}
		call.Order = append(call.Order, by)
	}
	if !call.Fn.Ordered {
		call.Args, call.Order = call.Args[:width], nil
		return nil
	}
	// Distinct arguments come in their order.
	for i := 0; n.Distinct && i < width; i++ {
		if !slices.ContainsFunc(call.Order, func(o expr.Ordering) bool { return o.Arg == i }) {
			call.Order = append(call.Order, expr.Ordering{Arg: i})
		}
	}
	return nil
}

// ordering binds an element of an aggregate's ORDER BY, in which neither numbers nor output names stand for columns.
func (b *binder) ordering(s *scope, item sql.OrderItem) (expr.Expr, expr.Ordering, error) {
	key, err := b.windowKey(s, item)
	return key.Expr, expr.Ordering{Desc: key.Desc, NullsFirst: key.NullsFirst}, err
}

// orderedSet binds f(direct arguments) WITHIN GROUP (ORDER BY values).
func (b *binder) orderedSet(s *scope, n *sql.FuncCall) (call expr.AggregateCall, err error) {
	name := n.Name.Name
	call.At = n.Pos
	var ts []column.Type
	for _, a := range n.Args {
		e, err := b.expr(s, a)
		if err != nil {
			return call, err
		}
		call.Args = append(call.Args, e)
	}
	direct := len(call.Args)
	for _, item := range n.OrderBy {
		e, err := b.expr(s, item.Expr)
		if err != nil {
			return call, err
		}
		call.Args = append(call.Args, e)
	}
	for _, e := range call.Args {
		ts = append(ts, e.Type())
	}
	f, err := b.chooseOrderedSet(n, ts, direct)
	if err != nil {
		return call, err
	}
	if f.Hypothetical {
		err = b.hypotheticalArgs(call.Args, direct)
	} else {
		err = b.setArgs(f, call.Args)
	}
	if err != nil {
		return call, err
	}
	for i, item := range n.OrderBy {
		key, err := sortKey(item, target{bound: call.Args[direct+i]}, 0)
		if err != nil {
			return call, err
		}
		call.Order = append(call.Order, expr.Ordering{Arg: direct + i, Desc: key.Desc, NullsFirst: key.NullsFirst})
		ts[direct+i] = call.Args[direct+i].Type()
	}
	for i := range call.Args {
		ts[i] = call.Args[i].Type()
	}
	call.Fn = f.For(ts, call.Order)
	call.Fn.Name = name
	call.T = call.Fn.Result
	s.aggs.direct = append(s.aggs.direct, call.Args[:direct]...)
	return call, b.aggregateFilter(s, n, &call)
}

func (b *binder) chooseOrderedSet(n *sql.FuncCall, ts []column.Type, direct int) (*expr.Aggregate, error) {
	name := n.Name.Name
	hypothetical := b.Functions.OrderedSet(name)
	if hypothetical != nil && hypothetical.Hypothetical {
		if direct != len(n.OrderBy) {
			e := errorAt(n.Pos, "42883", "%s does not exist", b.Functions.Signature(name, ts))
			e.Hint = "To use the hypothetical-set aggregate " + name + ", the number of hypothetical direct arguments must match the number of ordering columns."
			return nil, e
		}
		return hypothetical, nil
	}
	f, err := b.Functions.Aggregate(name, ts)
	if err != nil {
		return nil, place(err, n.Pos)
	}
	if !f.WithinGroup {
		return nil, errorAt(n.Pos, "42809", "%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP", name)
	}
	if f.Direct != direct {
		return nil, errorAt(n.Pos, "42883", "%s does not exist", b.Functions.Signature(name, ts))
	}
	return f, nil
}

// hypotheticalArgs brings each direct argument and the value it is compared with to one type.
func (b *binder) hypotheticalArgs(args []expr.Expr, direct int) error {
	for i := range direct {
		pair := []expr.Expr{args[direct+i], args[i]}
		if _, err := b.common("WITHIN GROUP", pair); err != nil {
			return err
		}
		args[direct+i], args[i] = pair[0], pair[1]
	}
	return nil
}

// setArgs brings arguments to the types of an overload.
func (b *binder) setArgs(f *expr.Aggregate, args []expr.Expr) (err error) {
	for i := range args {
		if f.Args[i] == unknown {
			args[i], err = b.known(args[i])
		} else {
			args[i], err = b.coerce(args[i], f.Args[i], fn.Implicit)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *binder) aggregateFilter(s *scope, n *sql.FuncCall, call *expr.AggregateCall) (err error) {
	if n.Filter == nil {
		return nil
	}
	s.aggs.filter = true
	call.Filter, err = b.boolean(s, n.Filter, "FILTER")
	s.aggs.filter = false
	return err
}

// checkCalls refuses arguments of GROUPING that are no keys, and direct arguments of ordered-set aggregates that differ inside a group.
func (g *grouping) checkCalls() error {
	for _, c := range g.calls.groupings {
		if _, err := g.mask(c); err != nil {
			return err
		}
	}
	for _, e := range g.calls.direct {
		if _, err := g.resolve(e); err != nil {
			var of *column.Error
			if errors.As(err, &of) && of.SQLState == "42803" {
				of.Detail = "Direct arguments of an ordered-set aggregate must use only grouped columns."
			}
			return err
		}
	}
	return nil
}

// jsonArgs makes JSON of the arguments of aggregates of JSON, and a JSON string of the name of an object's member.
func (b *binder) jsonArgs(n *sql.FuncCall, args []expr.Expr) (err error) {
	to := map[string]string{"json_agg": "to_json", "json_object_agg": "to_json", "jsonb_agg": "to_jsonb", "jsonb_object_agg": "to_jsonb"}[n.Name.Name]
	if to == "" {
		return nil
	}
	if !b.Functions.IsFunction(to) {
		return unsupported(n.Pos, n.Name.Name+" is not supported yet", "Use array_agg, or string_agg.")
	}
	want := column.T(map[string]column.Kind{"to_json": column.JSON, "to_jsonb": column.JSONB}[to])
	for i, e := range args {
		if e, err = b.known(e); err != nil {
			return err
		}
		if len(args) == 2 && i == 0 && e.Type() != textType {
			if e, err = b.coerce(e, textType, fn.Explicit); err != nil {
				return err
			}
		}
		if e.Type() != want {
			if e, err = b.callNamed(to, e.Pos(), e); err != nil {
				return err
			}
		}
		args[i] = e
	}
	return nil
}
