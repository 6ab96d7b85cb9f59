package bind

import (
	"errors"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// windowBase is the column number of the first call of a window function while a SELECT is bound: beyond any aggregate.
// overWindows gives calls their places.
const windowBase = 1 << 24

// windows collects the calls of window functions of one SELECT.
type windows struct {
	defs  []windowDef  // of the WINDOW clause
	specs []windowSpec // that differ
	calls []boundWindow
	// inside is set while the arguments of a window function are bound; defining while a window's definition is.
	inside, defining bool
}

// windowSpec is what functions that are computed together have in common.
type windowSpec struct {
	partition []expr.Expr
	order     []plan.SortKey
}

// windowDef is a window that has a name.
type windowDef struct {
	name  string
	spec  windowSpec
	order bool // that there is an ORDER BY
	frame *expr.Frame
}

type boundWindow struct {
	call expr.WindowCall
	name string
	spec int
}

// withoutWindows gives the scope for a clause that may have aggregates but no window functions.
func (s *scope) withoutWindows(clause string) *scope {
	c := *s
	c.sets, c.noSets = nil, ""
	c.windows, c.clause = nil, clause
	return &c
}

// noWindows is the error of a window function where there can be none; nil where there can.
func (s *scope) noWindows(pos int) error {
	switch {
	case s.aggs != nil && s.aggs.filter:
		return errorAt(pos, "42P20", "window functions are not allowed in FILTER")
	case s.aggs != nil && s.aggs.inside:
		return errorAt(pos, "42803", "aggregate function calls cannot contain window function calls")
	case s.windows == nil:
		return errorAt(pos, "42P20", "window functions are not allowed in %s", s.clause)
	case s.windows.defining:
		return errorAt(pos, "42P20", "window functions are not allowed in window definitions")
	case s.windows.inside:
		return errorAt(pos, "42P20", "window function calls cannot be nested")
	}
	return nil
}

// window binds a call with OVER; in the expression a column of number windowBase + k stands for call k.
func (b *binder) window(s *scope, n *sql.FuncCall) (expr.Expr, error) {
	if err := s.noWindows(n.Pos); err != nil {
		return nil, err
	}
	s.windows.inside = true
	call, err := b.windowCall(s, n)
	s.windows.inside = false
	if err != nil {
		return nil, err
	}
	spec, frame, err := b.over(s, n.Over)
	if err != nil {
		return nil, err
	}
	call.Frame = *frame
	return s.windows.add(call, n.Name.Name, *spec), nil
}

func (b *binder) windowCall(s *scope, n *sql.FuncCall) (call expr.WindowCall, err error) {
	name := n.Name.Name
	call.At = n.Pos
	args := make([]expr.Expr, len(n.Args))
	ts := make([]column.Type, len(n.Args))
	for i, a := range n.Args {
		if args[i], err = b.expr(s, a); err != nil {
			return call, err
		}
		ts[i] = args[i].Type()
	}
	if n.Filter != nil {
		if call.Filter, err = b.boolean(s.within("FILTER"), n.Filter, "FILTER"); err != nil {
			return call, err
		}
	}
	if n.WithinGroup {
		return call, unsupported(n.Pos, "OVER is not supported for ordered-set aggregate "+name, "")
	}
	if !b.Functions.IsWindow(name) && !b.Functions.IsAggregate(name) {
		_, err := b.Functions.Function(name, ts)
		if b.Functions.IsSetFunction(name) {
			_, err = b.Functions.SetFunction(name, ts)
		}
		if err != nil {
			return call, place(err, n.Pos)
		}
		return call, errorAt(n.Pos, "42809", "OVER specified, but %s is not a window function nor an aggregate function", name)
	}
	if err := b.chooseWindow(&call, n, args, ts); err != nil {
		return call, err
	}
	switch {
	case n.Distinct:
		return call, unsupported(n.Pos, "DISTINCT is not implemented for window functions", "")
	case n.OrderBy != nil:
		return call, unsupported(n.Pos, "aggregate ORDER BY is not implemented for window functions", "")
	case n.Filter != nil && call.Fn != nil:
		return call, unsupported(n.Pos, "FILTER is not implemented for non-aggregate window functions", "")
	}
	return call, nil
}

// chooseWindow finds the overload and brings the arguments to its types.
func (b *binder) chooseWindow(call *expr.WindowCall, n *sql.FuncCall, args []expr.Expr, ts []column.Type) error {
	name := n.Name.Name
	var params []column.Type
	if b.Functions.IsWindow(name) {
		if len(args) > 0 && b.Functions.OrderedSet(name) != nil {
			return noWithinGroup(n)
		}
		f, err := b.Functions.Window(name, ts)
		if err != nil {
			return place(err, n.Pos)
		}
		call.Fn, call.T, params = f, f.Result, f.Args
		if f.Common {
			rest := []expr.Expr{args[0], args[len(args)-1]}
			_, err := b.common(name, rest)
			var e *column.Error
			if errors.As(err, &e) && e.SQLState == "42804" {
				return place(noWindow(name, ts), n.Pos)
			}
			if err != nil {
				return err
			}
			args[0], args[len(args)-1] = rest[0], rest[1]
		}
	} else {
		f, err := b.Functions.Aggregate(name, ts)
		if err != nil {
			return place(err, n.Pos)
		}
		if len(args) == 0 && !n.Star {
			return errorAt(n.Pos, "42809", "%s(*) must be used to call a parameterless aggregate function", name)
		}
		if f.WithinGroup {
			if n.WithinGroup {
				return unsupported(n.Pos, "OVER is not supported for ordered-set aggregate "+name, "")
			}
			return noWithinGroup(n)
		}
		if f.NewUnsorted != nil { // rows do not come in runs
			unsorted := *f
			unsorted.New = f.NewUnsorted
			f = &unsorted
		}
		call.Agg, call.T, params = f, f.Result, f.Args
	}
	var err error
	for i := range args {
		if params[i] == unknown && call.Fn != nil && args[i].Type() == unknown {
			return errorAt(n.Pos, "42804", "could not determine polymorphic type because input has type unknown")
		}
		if params[i] == unknown {
			args[i], err = b.known(args[i])
		} else {
			args[i], err = b.coerce(args[i], params[i], fn.Implicit)
		}
		if err != nil {
			return err
		}
	}
	if call.Agg != nil && call.Agg.For != nil {
		for i, a := range args {
			ts[i] = a.Type()
		}
		call.Agg = call.Agg.For(ts, nil)
		call.T = call.Agg.Result
		err = b.jsonArgs(n, args)
	}
	if call.T == unknown {
		call.T = args[0].Type()
	}
	call.Args = args
	return err
}

// withoutOver is the error of a window function without OVER.
func (b *binder) withoutOver(s *scope, n *sql.FuncCall) error {
	ts := make([]column.Type, len(n.Args))
	for i, a := range n.Args {
		e, err := b.expr(s, a)
		if err != nil {
			return err
		}
		ts[i] = e.Type()
	}
	if len(ts) > 0 && b.Functions.OrderedSet(n.Name.Name) != nil {
		return noWithinGroup(n)
	}
	if _, err := b.Functions.Window(n.Name.Name, ts); err != nil {
		return place(err, n.Pos)
	}
	return errorAt(n.Pos, "42809", "window function %s requires an OVER clause", n.Name.Name)
}

func noWithinGroup(n *sql.FuncCall) error {
	return errorAt(n.Pos, "42809", "WITHIN GROUP is required for ordered-set aggregate %s", n.Name.Name)
}

func noWindow(name string, ts []column.Type) error {
	text := name + "("
	for i, t := range ts {
		if i > 0 {
			text += ", "
		}
		text += t.String()
	}
	e := column.SQLErrorf(column.Invalid, "42883", "function %s) does not exist", text)
	e.Hint = "No function matches the given name and argument types. You might need to add explicit type casts."
	return e
}

// add gives the column that stands for a call; equal calls over equal windows are computed once.
func (w *windows) add(call expr.WindowCall, name string, spec windowSpec) *expr.Column {
	at := w.spec(spec)
	k := -1
	for i := range w.calls {
		if w.calls[i].spec == at && expr.SameCall(&w.calls[i].call, &call) {
			k = i
		}
	}
	if k < 0 {
		k = len(w.calls)
		w.calls = append(w.calls, boundWindow{call, name, at})
	}
	return &expr.Column{Index: windowBase + k, Name: name, T: call.T, At: call.At}
}

// spec numbers the windows that differ in partitions or order.
func (w *windows) spec(spec windowSpec) int {
	for i := range w.specs {
		if w.specs[i].same(&spec) {
			return i
		}
	}
	w.specs = append(w.specs, spec)
	return len(w.specs) - 1
}

func (w *windowSpec) same(o *windowSpec) bool {
	if len(w.partition) != len(o.partition) || len(w.order) != len(o.order) {
		return false
	}
	for i := range w.partition {
		if !expr.Equal(w.partition[i], o.partition[i]) {
			return false
		}
	}
	for i, k := range w.order {
		if k.Desc != o.order[i].Desc || k.NullsFirst != o.order[i].NullsFirst || !expr.Equal(k.Expr, o.order[i].Expr) {
			return false
		}
	}
	return true
}

// overWindows puts the windows over the input of the select list, and gives the calls their places in targets.
func (b *binder) overWindows(input plan.Node, w *windows, g *grouping, targets []target) (plan.Node, error) {
	places := make([]int, len(w.calls))
	resolve := func(e expr.Expr) (expr.Expr, error) {
		if g == nil || e == nil {
			return e, nil
		}
		return g.resolve(e)
	}
	for i, spec := range w.specs {
		node, err := w.node(&spec, input, resolve)
		if err != nil {
			return nil, err
		}
		for k := range w.calls {
			if w.calls[k].spec == i {
				node.Calls = append(node.Calls, w.calls[k].call)
				node.Names = append(node.Names, w.calls[k].name)
			}
		}
		for k := range node.Calls {
			var failed error
			node.Calls[k] = node.Calls[k].Map(func(e expr.Expr) expr.Expr {
				out, err := resolve(e)
				if err != nil {
					failed = err
					return e
				}
				return out
			})
			if failed != nil {
				return nil, failed
			}
		}
		if len(node.Calls) == 0 {
			continue
		}
		node = node.Map(func(e expr.Expr) expr.Expr {
			input = b.attach(input, 0, &e)
			return e
		})
		node.Input = input
		width := len(input.Columns())
		for k := range w.calls {
			if w.calls[k].spec == i {
				places[k] = width
				width++
			}
		}
		input = node
	}
	for i := range targets {
		targets[i].bound = expr.Rewrite(targets[i].bound, func(e expr.Expr) expr.Expr {
			c, ok := e.(*expr.Column)
			if !ok || c.Index < windowBase || c.Index >= subBase {
				return e
			}
			out := *c
			out.Index = places[c.Index-windowBase]
			return &out
		})
	}
	return input, nil
}

// node makes the node of one window, without its calls.
func (w *windows) node(spec *windowSpec, input plan.Node, resolve func(expr.Expr) (expr.Expr, error)) (*plan.Window, error) {
	node := &plan.Window{Input: input}
	for _, e := range spec.partition {
		e, err := resolve(e)
		if err != nil {
			return nil, err
		}
		node.Partition = append(node.Partition, e)
	}
	for _, k := range spec.order {
		var err error
		if k.Expr, err = resolve(k.Expr); err != nil {
			return nil, err
		}
		node.Order = append(node.Order, k)
	}
	return node, nil
}
