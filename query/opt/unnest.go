package opt

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
)

// unnest makes joins of dependent joins, from the innermost out (Neumann and Kemper, Unnesting Arbitrary Queries, BTW 2015). A right side that needs
// nothing of the left is joined as it is. Otherwise what it needs is pushed down into it until it is an ordinary column there: where an equality
// says that a column of the right side has the value of the parameter, that column stands for it; elsewhere the right side is joined with the
// distinct values that the left side has. Then it gives its rows for all values at once, and a join on the values brings them to the left side.
//
// What cannot be pushed through (a recursive query, values without equality) stays as it is and is computed row by row.
func unnest(c *context, root plan.Node) plan.Node {
	return rewrite(root, func(n plan.Node) plan.Node {
		switch n := n.(type) {
		case *plan.Apply:
			if isLookup(c, n) {
				return n
			}
			return unnestApply(n)
		case *plan.Filter:
			return filterOnMark(n)
		}
		return n
	})
}

// filterOnMark makes a filter by nothing but a mark a join that keeps or drops rows.
func filterOnMark(f *plan.Filter) plan.Node {
	a, ok := f.Input.(*plan.Join)
	if !ok || a.Kind != plan.MarkJoin {
		return f
	}
	cond, kind := f.Cond, plan.SemiJoin
	if not, ok := cond.(*expr.Not); ok {
		cond, kind = not.Arg, plan.AntiJoin
	}
	c, ok := cond.(*expr.Column)
	if !ok || c.Index != len(a.Left.Columns()) {
		return f
	}
	out := *a
	out.Kind = kind
	refs, names := refsOf(&out)
	return &plan.Project{Input: &out, Exprs: append(refs, boolean(kind == plan.SemiJoin)), Names: append(names, c.Name)}
}

func unnestApply(a *plan.Apply) plan.Node {
	a = trimmed(bareTest(a))
	if out := unnestOne(a); out != nil {
		return out
	}
	if out := unnestRows(a); out != nil {
		return out
	}
	if len(a.Params) == 0 {
		if out := plainJoin(a.Left, a.Right, a, nil); out != nil {
			return out
		}
		return a
	}
	if out := pullUp(a); out != nil {
		return out
	}
	for _, domain := range []bool{false, true} {
		p := &pusher{params: a.Params, left: a.Left}
		if domain && !p.useDomain() {
			break
		}
		if out := p.unnest(a); out != nil && nodes(out) <= maxUnnested {
			return out
		}
	}
	return a
}

// bareTest takes away what a test does not need of its right side: projections, which its condition can compute, orders and duplicates.
func bareTest(a *plan.Apply) *plan.Apply {
	for a.Kind >= plan.SemiJoin && !oneRow(a.Right) {
		out := *a
		switch r := a.Right.(type) {
		case *plan.Project:
			if slices.ContainsFunc(r.Exprs, expr.Volatile) || slices.ContainsFunc(r.Exprs, expr.CanFail) && a.Cond == nil {
				return a
			}
			out.Right = r.Input
			if a.Cond != nil {
				refs, _ := refsOf(a.Left)
				for _, e := range r.Exprs {
					refs = append(refs, setParams(shifted(e, len(a.Left.Columns())), a.Params))
				}
				out.Cond = substitute(a.Cond, refs)
			}
		case *plan.Sort:
			if r.Limit > 0 {
				return a
			}
			out.Right = r.Input
		default:
			return a
		}
		a = &out
	}
	return a
}

// maxUnnested bounds a plan: each use of the left side's values repeats the left side.
const maxUnnested = 2000

func nodes(n plan.Node) int {
	sum := 1
	for _, in := range n.Inputs() {
		sum += nodes(in)
	}
	return sum
}

// trimmed leaves out the parameters that the right side does not read, and makes one that is only read through a cast one of that type.
func trimmed(a *plan.Apply) *plan.Apply {
	out := *a
	out.Params = nil
	free := plan.FreeParams(a.Right)
	for _, p := range a.Params {
		if !slices.Contains(free, p.Param) {
			continue
		}
		if c := onlyCast(a.Right, p.Param); c != nil {
			out.Right = replaceParams(out.Right, func(e expr.Expr) expr.Expr {
				if x, ok := castOfParam(e, p.Param); ok && x.Fn == c.Fn { // a cast of the cast stays
					return &expr.Param{Index: p.Param, Name: x.Args[0].(*expr.Param).Name, T: x.T, At: x.At}
				}
				return e
			})
			call := *c
			call.Args = []expr.Expr{p.Expr}
			p.Expr = &call
		}
		out.Params = append(out.Params, p)
	}
	return &out
}

func castOfParam(e expr.Expr, param int) (*expr.Call, bool) {
	c, ok := e.(*expr.Call)
	if !ok || c.Fn.Form != "cast" || len(c.Args) != 1 {
		return nil, false
	}
	p, ok := c.Args[0].(*expr.Param)
	return c, ok && p.Index == param
}

// onlyCast gives the one cast through which a plan reads a parameter; nil if it reads it otherwise.
func onlyCast(n plan.Node, param int) *expr.Call {
	var found *expr.Call
	same := true
	look := func(e expr.Expr) bool {
		if c, ok := castOfParam(e, param); ok {
			same = same && (found == nil || found.Fn == c.Fn)
			found = c
			return false
		}
		if p, ok := e.(*expr.Param); ok && p.Index == param {
			same = false
		}
		return same
	}
	var walk func(n plan.Node)
	walk = func(n plan.Node) {
		for _, e := range plan.AllExpressions(n) {
			expr.Walk(e, look)
		}
		for _, in := range n.Inputs() {
			walk(in)
		}
	}
	walk(n)
	if !same || found != nil && found.Fn.CanFail && !widens(found) {
		return nil
	}
	return found
}

// widens reports a cast of integers that cannot fail, whatever its function says.
func widens(c *expr.Call) bool {
	from := c.Args[0].Type()
	return from.IsInteger() && (c.T.Kind == column.Numeric || c.T.IsInteger() && c.T.Kind > from.Kind || c.T.IsFloat())
}

// replaceParams rewrites the expressions of a whole plan.
func replaceParams(n plan.Node, f func(expr.Expr) expr.Expr) plan.Node {
	return rewrite(n, func(n plan.Node) plan.Node {
		return mapExpressions(n, func(e expr.Expr) expr.Expr { return expr.Rewrite(e, f) })
	})
}

// unnestOne takes apart what a right side that gives exactly one row allows: tests are comparisons with that row, and projections move above.
// nil = it is not of that kind.
func unnestOne(a *plan.Apply) plan.Node {
	if !oneRow(a.Right) || plan.Volatile(a.Right) {
		return nil
	}
	width := len(a.Left.Columns())
	if a.Kind != plan.InnerJoin || a.Cond != nil {
		return testOne(a, width)
	}
	var values []expr.Expr
	switch r := a.Right.(type) {
	case *plan.Project:
		inner := unnestApply(&plan.Apply{Left: a.Left, Right: r.Input, Kind: plan.InnerJoin, Params: a.Params})
		for _, e := range r.Exprs {
			values = append(values, setParams(shifted(e, width), a.Params))
		}
		return beside(inner, width, values, r.Columns())
	case *plan.Values:
		if len(r.Rows) != 1 {
			return nil
		}
		for _, e := range r.Rows[0] {
			values = append(values, setParams(e, a.Params))
		}
		return beside(a.Left, width, values, r.Columns())
	case *plan.Sort:
		return unnestApply(&plan.Apply{Left: a.Left, Right: r.Input, Kind: a.Kind, Params: a.Params})
	}
	return nil
}

// setParams replaces parameters by what they are set to.
func setParams(e expr.Expr, params []plan.ApplyParam) expr.Expr {
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		if p, ok := e.(*expr.Param); ok {
			for _, s := range params {
				if s.Param == p.Index {
					return s.Expr
				}
			}
		}
		return e
	})
}

// beside projects the first width columns of a node, and values behind them.
func beside(n plan.Node, width int, values []expr.Expr, named []plan.Column) plan.Node {
	refs, names := refsOf(n)
	out := &plan.Project{Input: n, Exprs: append(refs[:width:width], values...), Names: names[:width:width]}
	for _, c := range named {
		out.Names = append(out.Names, c.Name)
	}
	return out
}

// testOne is a test of exactly one row.
func testOne(a *plan.Apply, width int) plan.Node {
	if a.Kind == plan.LeftJoin && a.Cond == nil {
		inner := *a
		inner.Kind = plan.InnerJoin
		return unnestApply(&inner)
	}
	if a.Kind == plan.InnerJoin {
		inner := *a
		inner.Cond = nil
		return &plan.Filter{Input: unnestApply(&inner), Cond: a.Cond}
	}
	if a.Kind < plan.SemiJoin {
		return nil
	}
	cond := a.Cond
	var node plan.Node = a.Left
	if cond == nil {
		cond = boolean(true)
	} else {
		node = unnestApply(&plan.Apply{Left: a.Left, Right: a.Right, Kind: plan.InnerJoin, Params: a.Params})
	}
	switch a.Kind {
	case plan.SemiJoin:
		return beside(&plan.Filter{Input: node, Cond: cond}, width, nil, nil)
	case plan.AntiJoin:
		not := distinctFrom(cond, true)
		if not == nil {
			return nil
		}
		return beside(&plan.Filter{Input: node, Cond: not}, width, nil, nil)
	}
	return beside(node, width, []expr.Expr{cond}, a.Columns()[width:])
}

// oneRow reports a plan that gives one row, whatever it reads.
func oneRow(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Project:
		return oneRow(n.Input)
	case *plan.Sort:
		return oneRow(n.Input)
	case *plan.Aggregate:
		return len(n.Keys) == 0
	case *plan.Values:
		return len(n.Rows) == 1
	}
	return false
}

func boolean(v bool) expr.Expr {
	return &expr.Literal{Value: column.NewBools([]bool{v}, nil)}
}

// distinctFrom is e IS DISTINCT FROM a boolean.
func distinctFrom(e expr.Expr, v bool) expr.Expr {
	t := column.T(column.Bool)
	f, err := fn.Default().Operator("is distinct from", t, t)
	if err != nil {
		return nil
	}
	return &expr.Call{Fn: f, Args: []expr.Expr{e, boolean(v)}, T: t, At: e.Pos()}
}

func refsOf(n plan.Node) ([]expr.Expr, []string) {
	columns := n.Columns()
	refs, names := make([]expr.Expr, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		refs[i], names[i] = &expr.Column{Index: i, Name: c.Name, T: c.Type}, c.Name
	}
	return refs, names
}

// plainJoin joins the left side with a right side that needs nothing of it; same are equalities beside the condition of the Apply, over the
// columns of both, that are never NULL where the rows belong together. nil = there is no such join.
func plainJoin(left, right plan.Node, a *plan.Apply, same []expr.Expr) plan.Node {
	conds := append(slices.Clone(same), conjuncts(a.Cond)...)
	j := &plan.Join{Left: left, Right: right, Kind: a.Kind, Cond: conjunction(conds)}
	width := len(left.Columns())
	if j.Cond == nil && (a.Kind == plan.SemiJoin || a.Kind == plan.AntiJoin) { // one row tells
		j.Right = &plan.Limit{Input: right, Count: 1}
	}
	switch {
	case a.Kind == plan.AntiJoin && len(same) == 0:
		if l, r, ok := notIn(a.Cond, width); ok {
			j.Kind, j.Cond, j.LeftKeys, j.RightKeys = plan.NullAntiJoin, nil, []expr.Expr{l}, []expr.Expr{r}
		}
	case a.Kind == plan.MarkJoin && a.Cond != nil && !a.Loose:
		if l, r, ok := asKey(a.Cond, width); ok && len(same) == 0 {
			j.Kind, j.Cond, j.LeftKeys, j.RightKeys = plan.NullMarkJoin, nil, []expr.Expr{l}, []expr.Expr{r}
			return j
		}
		return threeValued(j, a.Cond, same)
	}
	return j
}

// notIn reads (expression of one side = expression of the other) IS DISTINCT FROM false.
func notIn(cond expr.Expr, width int) (left, right expr.Expr, ok bool) {
	c, is := cond.(*expr.Call)
	if !is || c.Fn.Name != "is distinct from" {
		return nil, nil, false
	}
	if v := plan.Literal(c.Args[1]); v == nil || v.Type.Kind != column.Bool || v.IsNull(0) || v.Bool(0) {
		return nil, nil, false
	}
	return asKey(c.Args[0], width)
}

// threeValued finds the rows for which the condition is true for some row of the right side, then those for which it is NULL for some.
func threeValued(j *plan.Join, cond expr.Expr, same []expr.Expr) plan.Node {
	if plan.Volatile(j.Right) {
		return nil
	}
	width := len(j.Left.Columns())
	at := func(e expr.Expr) expr.Expr { // behind the first mark
		return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
			if c, ok := e.(*expr.Column); ok && c.Index >= width {
				return shifted(c, 1)
			}
			return e
		})
	}
	conds := []expr.Expr{&expr.IsNull{Arg: at(cond)}}
	for _, e := range same {
		conds = append(conds, at(e))
	}
	second := &plan.Join{Left: j, Right: j.Right, Kind: plan.MarkJoin, Cond: conjunction(conds)}
	boolType := column.T(column.Bool)
	mark := func(i int) expr.Expr { return &expr.Column{Index: width + i, Name: "mark", T: boolType} }
	value := &expr.Case{
		When: []expr.Expr{mark(0), mark(1)}, Then: []expr.Expr{boolean(true), &expr.Literal{Value: column.Flatten(column.NewNull(boolType, 1))}},
		Else: boolean(false), T: boolType,
	}
	return beside(second, width, []expr.Expr{value}, []plan.Column{{Name: "mark"}})
}
