package bind

import (
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// gapBase is the column number of the first locf or interpolate while a SELECT is bound: beyond any aggregate. grouping.resolve gives
// them their places.
const gapBase = 1 << 23

// gaps collects the calls of locf and interpolate of one SELECT.
type gaps struct {
	fills []plan.Fill
	pos   []int
}

// isFill reports calls that only make sense with time_bucket_gapfill.
func isFill(name string) bool { return name == "locf" || name == "interpolate" }

// fill binds locf(value [, first [, treat_null_as_missing]]) and interpolate(value); in the expression a column of number gapBase + k
// stands for call k.
func (b *binder) fill(s *scope, n *sql.FuncCall) (expr.Expr, error) {
	name := n.Name.Name
	if s.aggs == nil || s.aggs.inside {
		return nil, errorAt(n.Pos, "42803", "%s is allowed only in the list and the ORDER BY of a query, outside of aggregates", name)
	}
	f := plan.Fill{Name: name}
	if name == "interpolate" {
		f.Kind = plan.FillLinear
	}
	if len(n.Args) == 0 || len(n.Args) > 3 {
		return nil, errorAt(n.Pos, "42883", "function %s takes a value, for which time_bucket_gapfill makes rows", name)
	}
	for i, a := range n.Args {
		param := [...]string{"value", "prev", "treat_null_as_missing"}[i]
		if n.ArgNames != nil && n.ArgNames[i] != "" {
			param = n.ArgNames[i]
		}
		if err := b.fillArg(s, n, &f, param, a); err != nil {
			return nil, err
		}
	}
	if f.Value == nil {
		return nil, errorAt(n.Pos, "42883", "function %s takes a value", name)
	}
	if f.Kind == plan.FillLinear && !fn.Interpolable(f.Value.Type()) {
		return nil, errorAt(n.Pos, "42883", "function interpolate(%s) does not exist", f.Value.Type())
	}
	s.gaps.fills = append(s.gaps.fills, f)
	s.gaps.pos = append(s.gaps.pos, n.Pos)
	return &expr.Column{Index: gapBase + len(s.gaps.fills) - 1, Name: name, T: f.Value.Type(), At: n.Pos}, nil
}

func (b *binder) fillArg(s *scope, n *sql.FuncCall, f *plan.Fill, param string, a sql.Expr) error {
	e, err := b.expr(s, a)
	if err != nil {
		return err
	}
	switch {
	case param == "value":
		f.Value, err = b.known(e)
		return err
	case f.Kind == plan.FillLinear:
		return unsupported(a.Position(), "interpolate with values of before and behind is not supported", "Choose start and finish so that they are inside.")
	case param == "prev" && f.Value != nil:
		f.First, err = b.coerce(e, f.Value.Type(), fn.Implicit)
		return err
	case param == "treat_null_as_missing":
		if e, err = b.condition(e, "treat_null_as_missing"); err != nil {
			return err
		}
		l, ok := e.(*expr.Literal)
		if !ok || l.Value.IsNull(0) {
			return unsupported(a.Position(), "treat_null_as_missing must be a constant", "")
		}
		f.SkipNulls = l.Value.Bool(0)
		return nil
	}
	return errorAt(n.Pos, "42883", "function %s has no argument named %s", n.Name.Name, param)
}

// gapfill adds the rows that groups lack where one of their keys is a call of time_bucket_gapfill. where is the input of the grouping.
func (b *binder) gapfill(input plan.Node, where plan.Node, g *grouping, s *scope, targets []target) (plan.Node, error) {
	at := -1
	var call *expr.Call
	for i, k := range g.keys {
		if c, ok := k.(*expr.Call); ok && c.Fn.Name == fn.Gapfill {
			if at >= 0 {
				return nil, errorAt(c.At, "0A000", "multiple time_bucket_gapfill calls not allowed")
			}
			at, call = i, c
		}
	}
	if at < 0 {
		if len(s.gaps.pos) > 0 {
			return nil, errorAt(s.gaps.pos[0], "0A000", "%s must be used with time_bucket_gapfill as a key of GROUP BY", s.gaps.fills[0].Name)
		}
		return input, misplaced(g, s, targets)
	}
	if g.sets != nil {
		return nil, unsupported(call.At, "time_bucket_gapfill with grouping sets is not supported", "Group by one set of keys.")
	}
	out := &plan.Gapfill{Time: at, Width: call.Args[0], Fills: s.gaps.fills}
	var sort plan.Sort
	columns, names := columnRefs(input.Columns())
	if width := len(g.keys) + g.aggs; len(columns) > width { // what subqueries of HAVING gave
		columns, names = columns[:width], names[:width]
		input = &plan.Project{Input: input, Exprs: columns, Names: names}
	}
	for i := range g.keys {
		if i != at {
			out.Keys = append(out.Keys, i)
			sort.Keys = append(sort.Keys, plan.SortKey{Expr: columns[i]})
		}
	}
	sort.Keys = append(sort.Keys, plan.SortKey{Expr: columns[at]})
	sort.Input = input
	out.Input = &sort
	for i := range out.Fills {
		var err error
		if out.Fills[i].Value, err = g.resolve(out.Fills[i].Value); err != nil {
			return nil, err
		}
		if first := out.Fills[i].First; first != nil {
			if out.Fills[i].First, err = g.resolve(first); err != nil {
				return nil, err
			}
		}
	}
	return out, b.gapEnds(out, call, where)
}

// misplaced refuses time_bucket_gapfill inside of other expressions, where nothing would be added.
func misplaced(g *grouping, s *scope, targets []target) error {
	list := append([]expr.Expr{}, g.keys...)
	for _, t := range targets {
		list = append(list, t.bound)
	}
	for _, c := range s.aggs.calls {
		list = append(list, c.Args...)
	}
	for _, e := range list {
		pos := -1
		expr.Rewrite(e, func(e expr.Expr) expr.Expr {
			if c, ok := e.(*expr.Call); ok && c.Fn.Name == fn.Gapfill {
				pos = c.At
			}
			return e
		})
		if pos >= 0 {
			return errorAt(pos, "0A000", "time_bucket_gapfill must be a key of GROUP BY as it is")
		}
	}
	return nil
}

// gapEnds finds the first and the last bucket: from the arguments, or else from what WHERE says about the time.
func (b *binder) gapEnds(n *plan.Gapfill, call *expr.Call, where plan.Node) error {
	rest := call.Args[2:]
	if len(rest)%2 == 1 {
		n.Zone, rest = rest[0], rest[1:]
	}
	for _, e := range append([]expr.Expr{n.Width}, rest...) {
		if len(expr.Columns(e)) > 0 {
			return unsupported(e.Pos(), "width, start and finish of time_bucket_gapfill must be constants", "")
		}
	}
	if len(rest) == 2 {
		n.Start, n.Stop = unlessNull(rest[0]), unlessNull(rest[1])
	}
	if f, ok := where.(*plan.Filter); ok && (n.Start == nil || n.Stop == nil) {
		start, stop := n.Start == nil, n.Stop == nil
		for _, c := range conditions(f.Cond) {
			b.gapEnd(n, call.Args[1], c, start, stop)
		}
	}
	missing := ""
	switch {
	case n.Start == nil:
		missing = "start"
	case n.Stop == nil:
		missing = "finish"
	default:
		return nil
	}
	err := errorAt(call.At, "22023", "missing time_bucket_gapfill argument: could not infer %s from WHERE clause", missing)
	err.Hint = "Specify start and finish as arguments or in the WHERE clause."
	return err
}

// unlessNull gives nil for the constant NULL.
func unlessNull(e expr.Expr) expr.Expr {
	if l, ok := e.(*expr.Literal); ok && l.Value.IsNull(0) {
		return nil
	}
	return e
}

func conditions(e expr.Expr) []expr.Expr {
	if l, ok := e.(*expr.Logic); ok && !l.Or {
		var out []expr.Expr
		for _, a := range l.Args {
			out = append(out, conditions(a)...)
		}
		return out
	}
	return []expr.Expr{e}
}

var turned = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}

// gapEnd takes an end from a comparison of the time with a constant. Of several the first counts: more buckets are no harm to a filter.
func (b *binder) gapEnd(n *plan.Gapfill, time, cond expr.Expr, start, stop bool) {
	c, ok := cond.(*expr.Call)
	if !ok || len(c.Args) != 2 || c.Fn.Form != "infix" {
		return
	}
	op, value := c.Fn.Name, c.Args[1]
	if expr.Equal(c.Args[1], time) {
		op, value = turned[op], c.Args[0]
	} else if !expr.Equal(c.Args[0], time) {
		return
	}
	if len(expr.Columns(value)) > 0 || value.Type() != time.Type() {
		return
	}
	switch {
	case start && n.Start == nil && (op == ">" || op == ">="):
		n.Start, n.StartAfter = value, op == ">"
	case stop && n.Stop == nil && (op == "<" || op == "<="):
		n.Stop, n.StopWith = value, op == "<="
	}
}
