package opt

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
)

// sides says which inputs of a join an expression over its columns reads.
func sides(e expr.Expr, width int) (left, right bool) {
	for _, c := range expr.Columns(e) {
		left, right = left || c < width, right || c >= width
	}
	return left, right
}

// pushIntoJoin moves the conditions of a filter that reads one side of a join to that side, if rows of that side that do not
// pass would not come out of the join in another form: with NULLs beside them. What reads both sides of an inner join
// becomes a condition of the join.
func pushIntoJoin(f *plan.Filter, j *plan.Join) plan.Node {
	toLeft := j.Kind != plan.RightJoin && j.Kind != plan.FullJoin
	toRight := j.Kind == plan.InnerJoin || j.Kind == plan.RightJoin
	var below [2][]expr.Expr
	var between, above []expr.Expr
	width := len(j.Left.Columns())
	for _, e := range conjuncts(f.Cond) {
		left, right := sides(e, width)
		switch {
		case expr.Volatile(e) || !left && !right:
			above = append(above, e)
		case left && !right && toLeft:
			below[0] = append(below[0], e)
		case right && !left && toRight:
			below[1] = append(below[1], shifted(e, -width))
		case j.Kind == plan.InnerJoin:
			between = append(between, e)
		default:
			above = append(above, e)
		}
	}
	if len(above) == len(conjuncts(f.Cond)) {
		return f
	}
	out := *j
	out.Left, out.Right = pushed(j.Left, below[0]), pushed(j.Right, below[1])
	if len(between) > 0 {
		out.Cond = conjunction(append(conjuncts(j.Cond), between...))
	}
	return filtered(&out, above)
}

// pushed puts conditions over a node and lets them go on.
func pushed(n plan.Node, conds []expr.Expr) plan.Node {
	if len(conds) == 0 {
		return n
	}
	return pushFilter(&plan.Filter{Input: n, Cond: conjunction(conds)})
}

// pushCond moves the parts of a join's condition that read one side to that side, if rows of it that have no partner do
// not come out of the join.
func pushCond(j *plan.Join) plan.Node {
	toLeft := j.Kind == plan.InnerJoin || j.Kind == plan.RightJoin || j.Kind == plan.SemiJoin
	toRight := j.Kind != plan.RightJoin && j.Kind != plan.FullJoin
	var below [2][]expr.Expr
	var rest []expr.Expr
	width := len(j.Left.Columns())
	for _, e := range conjuncts(j.Cond) {
		left, right := sides(e, width)
		switch {
		case isTrue(e):
		case expr.Volatile(e):
			rest = append(rest, e)
		case left && !right && toLeft:
			below[0] = append(below[0], e)
		case right && !left && toRight:
			below[1] = append(below[1], shifted(e, -width))
		default:
			rest = append(rest, e)
		}
	}
	if len(rest) == len(conjuncts(j.Cond)) {
		return j
	}
	out := *j
	out.Left, out.Right, out.Cond = pushed(j.Left, below[0]), pushed(j.Right, below[1]), conjunction(rest)
	return &out
}

func isTrue(e expr.Expr) bool {
	v := plan.Literal(e)
	return v != nil && !v.IsNull(0) && v.Bool(0)
}

// innerJoins makes outer joins inner ones where a filter above drops the rows that have NULLs for a partner.
func innerJoins(c *context, root plan.Node) plan.Node {
	return rewrite(root, func(n plan.Node) plan.Node {
		f, ok := n.(*plan.Filter)
		if !ok {
			return n
		}
		j, ok := f.Input.(*plan.Join)
		if !ok || j.Kind != plan.LeftJoin && j.Kind != plan.RightJoin && j.Kind != plan.FullJoin {
			return n
		}
		width := len(j.Left.Columns())
		dropsLeft := rejectsNulls(c, f.Cond, j, 0, width)                 // rows without a left partner
		dropsRight := rejectsNulls(c, f.Cond, j, width, len(j.Columns())) // rows without a right partner
		kind := j.Kind
		switch {
		case kind == plan.FullJoin && dropsLeft && dropsRight, kind == plan.LeftJoin && dropsRight, kind == plan.RightJoin && dropsLeft:
			kind = plan.InnerJoin
		case kind == plan.FullJoin && dropsLeft:
			kind = plan.LeftJoin
		case kind == plan.FullJoin && dropsRight:
			kind = plan.RightJoin
		default:
			return n
		}
		out := *j
		out.Kind = kind
		return pushFilter(&plan.Filter{Input: pushCond(&out), Cond: f.Cond})
	})
}

// rejectsNulls reports that one of the conditions cannot be true where columns [from, to) of a join are NULL.
func rejectsNulls(c *context, cond expr.Expr, j *plan.Join, from, to int) bool {
	columns := j.Columns()
	exprs := make([]expr.Expr, len(columns))
	for i, col := range columns {
		exprs[i] = &expr.Column{Index: i, Name: col.Name, T: col.Type}
		if i >= from && i < to {
			exprs[i] = &expr.Literal{Value: column.Flatten(column.NewNull(col.Type, 1))}
		}
	}
	return slices.ContainsFunc(conjuncts(cond), func(e expr.Expr) bool {
		return neverTrue(expr.Fold(c.expr, substitute(e, exprs)))
	})
}

// joinKeys takes equalities between the two sides out of a join's condition.
func joinKeys(_ *context, root plan.Node) plan.Node {
	return rewrite(root, func(n plan.Node) plan.Node {
		j, ok := n.(*plan.Join)
		if !ok || j.Cond == nil {
			return n
		}
		out := *j
		out.LeftKeys, out.RightKeys = slices.Clone(j.LeftKeys), slices.Clone(j.RightKeys)
		var rest []expr.Expr
		for _, e := range conjuncts(j.Cond) {
			l, r, ok := asKey(e, len(j.Left.Columns()))
			if !ok {
				rest = append(rest, e)
				continue
			}
			out.LeftKeys, out.RightKeys = append(out.LeftKeys, l), append(out.RightKeys, r)
		}
		if len(out.LeftKeys) == len(j.LeftKeys) {
			return n
		}
		out.Cond = conjunction(rest)
		return &out
	})
}

// asKey reads `expression of one side = expression of the other`.
func asKey(e expr.Expr, width int) (left, right expr.Expr, ok bool) {
	call, is := e.(*expr.Call)
	if !is || call.Fn.Name != "=" || len(call.Args) != 2 || expr.Volatile(e) {
		return nil, nil, false
	}
	left, right = call.Args[0], call.Args[1]
	// real and double precision are compared as they are, the only types that differ; a key has one.
	double := column.T(column.Float64)
	if left.Type() != right.Type() {
		left, right = cast(left, double), cast(right, double)
	}
	if left.Type() != right.Type() {
		return nil, nil, false
	}
	inLeft, inRight := sides(left, width)
	if inRight && !inLeft {
		left, right = right, left
		inLeft, inRight = sides(left, width)
	}
	if !inLeft || inRight {
		return nil, nil, false
	}
	if inLeft, inRight = sides(right, width); inLeft || !inRight {
		return nil, nil, false
	}
	return left, shifted(right, -width), true
}

// cast brings a number to a type that can hold it.
func cast(e expr.Expr, t column.Type) expr.Expr {
	f, ok := fn.Default().Cast(e.Type(), t, fn.Implicit)
	if e.Type() == t || !ok {
		return e
	}
	return &expr.Call{Fn: f, Args: []expr.Expr{e}, T: t, At: e.Pos()}
}

// keyConstants carries comparisons of a key with constants to the other side of joins.
func keyConstants(_ *context, root plan.Node) plan.Node {
	root = rewrite(root, carryConstants)
	return carryDown(root)
}

// carryDown does once more from the root what was done from the leaves, so that what a join far up has learned comes down to
// every join below it.
func carryDown(n plan.Node) plan.Node {
	return overInputs(carryConstants(n), carryDown)
}

func carryConstants(n plan.Node) plan.Node {
	j, ok := n.(*plan.Join)
	if !ok {
		return n
	}
	// Rows that a side loses must be ones that would have had no partner, and would not have come out alone.
	toRight := j.Kind != plan.RightJoin && j.Kind != plan.FullJoin && j.Kind != plan.NullAntiJoin && j.Kind != plan.NullMarkJoin
	toLeft := j.Kind == plan.InnerJoin || j.Kind == plan.RightJoin || j.Kind == plan.SemiJoin
	left, right := facts(j.Left), facts(j.Right)
	var below [2][]expr.Expr
	for i := range j.LeftKeys {
		l, isColumn := j.LeftKeys[i].(*expr.Column)
		r, also := j.RightKeys[i].(*expr.Column)
		if !isColumn || !also {
			continue
		}
		if toRight {
			below[1] = append(below[1], carried(left, l, r, right)...)
		}
		if toLeft {
			below[0] = append(below[0], carried(right, r, l, left)...)
		}
	}
	if len(below[0])+len(below[1]) == 0 {
		return n
	}
	return j.With([]plan.Node{pushed(j.Left, below[0]), pushed(j.Right, below[1])})
}

// carried lists what is known of column from, said of column to, without what is known of that already.
func carried(known []expr.Expr, from, to *expr.Column, already []expr.Expr) []expr.Expr {
	var out []expr.Expr
	for _, e := range known {
		if expr.Columns(e)[0] != from.Index {
			continue
		}
		moved := expr.Rewrite(e, func(e expr.Expr) expr.Expr {
			if c, ok := e.(*expr.Column); ok {
				return &expr.Column{Index: to.Index, Name: to.Name, T: to.T, Sorted: to.Sorted, At: c.At}
			}
			return e
		})
		if !slices.ContainsFunc(already, func(o expr.Expr) bool { return expr.Equal(o, moved) }) {
			out = append(out, moved)
		}
	}
	return out
}

// facts lists comparisons of one output column with constants that every row of a plan passes. They hold for all values that
// are equal to one for which they hold, whatever else tells those apart (-0 and 0, 1.0 and 1.00).
func facts(n plan.Node) []expr.Expr {
	switch n := n.(type) {
	case *plan.Filter:
		out := facts(n.Input)
		for _, e := range conjuncts(n.Cond) {
			if isFact(e) {
				out = append(out, e)
			}
		}
		return out
	case *plan.Sort, *plan.Limit:
		return facts(n.Inputs()[0])
	case *plan.Project:
		return passedFacts(n.Exprs, n.Input)
	case *plan.Aggregate:
		return passedFacts(n.Keys, n.Input)
	case *plan.Join:
		var out []expr.Expr
		if n.Kind != plan.RightJoin && n.Kind != plan.FullJoin {
			out = facts(n.Left)
		}
		if n.Kind == plan.InnerJoin || n.Kind == plan.RightJoin {
			width := len(n.Left.Columns())
			for _, e := range facts(n.Right) {
				out = append(out, shifted(e, width))
			}
		}
		return out
	}
	return nil
}

func isFact(e expr.Expr) bool {
	if in, ok := e.(*expr.In); ok {
		_, plain := in.Arg.(*expr.Column)
		return plain && !in.Negate
	}
	_, ok := asBound(e)
	return ok
}

// passedFacts are those of the columns of an input that expressions pass on, as columns of the output.
func passedFacts(exprs []expr.Expr, input plan.Node) []expr.Expr {
	var out []expr.Expr
	for _, e := range facts(input) {
		at := expr.Columns(e)[0]
		for i, p := range exprs {
			if c, ok := p.(*expr.Column); ok && c.Index == at {
				out = append(out, shifted(e, i-at))
				break
			}
		}
	}
	return out
}
