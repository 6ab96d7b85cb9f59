package opt

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
)

// pusher pushes the parameters of one Apply down into its right side.
type pusher struct {
	params []plan.ApplyParam
	left   plan.Node
	// domain is the distinct values of the parameters; nil while only equalities may stand for them.
	domain plan.Node
}

// pushed is a plan without the parameters: the columns it had, then columns of the parameters' values.
type pushedNode struct {
	plan.Node
	at []int // by parameter, its column; -1 = it is not there
}

// useDomain allows the distinct values of the left side to be read, if the left side may be computed twice and values can be told apart.
func (p *pusher) useDomain() bool {
	if plan.Volatile(p.left) {
		return false
	}
	d := &plan.Aggregate{Input: p.left}
	for _, s := range p.params {
		t := s.Expr.Type()
		if _, err := fn.Default().Operator("=", t, t); err != nil || expr.Volatile(s.Expr) {
			return false
		}
		d.Keys, d.KeyNames = append(d.Keys, s.Expr), append(d.KeyNames, "outer")
	}
	p.domain = d
	return true
}

// index finds a parameter among those that are pushed; -1 for any other.
func (p *pusher) index(param int) int {
	return slices.IndexFunc(p.params, func(s plan.ApplyParam) bool { return s.Param == param })
}

// used lists which of the parameters a plan reads.
func (p *pusher) used(n plan.Node) bool {
	return slices.ContainsFunc(plan.FreeParams(n), func(param int) bool { return p.index(param) >= 0 })
}

func (p *pusher) usedIn(e expr.Expr) bool {
	found := false
	if e != nil {
		expr.Walk(e, func(e expr.Expr) bool {
			x, ok := e.(*expr.Param)
			found = found || ok && p.index(x.Index) >= 0
			return !found
		})
	}
	return found
}

// replaced makes an expression read columns instead of parameters; false if one of them is not there.
func (p *pusher) replaced(e expr.Expr, at []int) (expr.Expr, bool) {
	ok := true
	out := expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		x, is := e.(*expr.Param)
		if !is {
			return e
		}
		i := p.index(x.Index)
		if i < 0 {
			return e
		}
		if at[i] < 0 {
			ok = false
			return e
		}
		return &expr.Column{Index: at[i], Name: x.Name, T: x.T, At: x.At}
	})
	return out, ok
}

func (p *pusher) replacedAll(list []expr.Expr, at []int) ([]expr.Expr, bool) {
	out := make([]expr.Expr, len(list))
	for i, e := range list {
		var ok bool
		if out[i], ok = p.replaced(e, at); !ok {
			return nil, false
		}
	}
	return out, true
}

// unnest makes the join; nil = it cannot be done this way.
func (p *pusher) unnest(a *plan.Apply) plan.Node {
	if agg, ok := a.Right.(*plan.Aggregate); ok && len(agg.Keys) == 0 && a.Kind == plan.InnerJoin && a.Cond == nil {
		return p.unnestAggregate(a, agg)
	}
	right, ok := p.push(a.Right)
	if !ok {
		return nil
	}
	same, ok := p.meet(right, len(a.Left.Columns()))
	if !ok {
		return nil
	}
	out := plainJoin(a.Left, right.Node, a, same)
	if out == nil {
		return nil
	}
	if a.Kind < plan.SemiJoin {
		width := len(a.Columns())
		return beside(out, width, nil, nil)
	}
	return out
}

// meet gives the conditions under which a row of the right side is one of those that a row of the left asks for.
func (p *pusher) meet(right pushedNode, width int) ([]expr.Expr, bool) {
	var out []expr.Expr
	for i, s := range p.params {
		if right.at[i] < 0 {
			return nil, false
		}
		c := right.Columns()[right.at[i]]
		same, ok := sameValue(s.Expr, &expr.Column{Index: width + right.at[i], Name: c.Name, T: c.Type}, p.domain != nil)
		if !ok {
			return nil, false
		}
		out = append(out, same...)
	}
	return out, true
}

// sameValue is equality, under which NULL is the same as NULL if nulls says that there may be any.
func sameValue(l, r expr.Expr, nulls bool) ([]expr.Expr, bool) {
	t := l.Type()
	boolType := column.T(column.Bool)
	eq, err := fn.Default().Operator("=", t, t)
	if err != nil || r.Type() != t {
		return nil, false
	}
	if !nulls {
		return []expr.Expr{&expr.Call{Fn: eq, Args: []expr.Expr{l, r}, T: boolType}}, true
	}
	zero := zeroOf(t)
	both, err := fn.Default().Operator("=", boolType, boolType)
	filled, err2 := fn.Default().Function("coalesce", []column.Type{t, t})
	if zero == nil || err != nil || err2 != nil {
		return nil, false
	}
	isNull := func(e expr.Expr) expr.Expr { return &expr.IsNull{Arg: e} }
	value := func(e expr.Expr) expr.Expr { return &expr.Call{Fn: filled, Args: []expr.Expr{e, zero}, T: t} }
	return []expr.Expr{
		&expr.Call{Fn: eq, Args: []expr.Expr{value(l), value(r)}, T: boolType},
		&expr.Call{Fn: both, Args: []expr.Expr{isNull(l), isNull(r)}, T: boolType},
	}, true
}

// zeroOf is some value of a type, nil if none is known.
func zeroOf(t column.Type) expr.Expr {
	b := column.NewBuilder(t, 1)
	switch t.Physical() {
	case column.PhysBool:
		b.AppendBool(false)
	case column.PhysInt:
		b.AppendInt(0)
	case column.PhysFloat:
		b.AppendFloat(0)
	case column.PhysInterval:
		b.AppendInterval(column.Interval{})
	case column.PhysBytes:
		switch t.Kind {
		case column.Text, column.Bytea:
			b.AppendString("")
		case column.Numeric:
			b.AppendString("0")
		default:
			return nil
		}
	default:
		return nil
	}
	return &expr.Literal{Value: b.Finish()}
}

// unnestAggregate groups by the parameters' values. A row of the left side whose group has no rows gets what the aggregates give over none.
func (p *pusher) unnestAggregate(a *plan.Apply, agg *plan.Aggregate) plan.Node {
	in, ok := p.push(agg.Input)
	if !ok {
		return nil
	}
	grouped, ok := p.group(agg, in)
	if !ok {
		return nil
	}
	width := len(a.Left.Columns())
	same, ok := p.meet(grouped, width)
	if !ok {
		return nil
	}
	j := &plan.Join{Left: a.Left, Right: grouped.Node, Kind: plan.LeftJoin, Cond: conjunction(same)}
	values, ok := p.completed(agg, width)
	if !ok {
		return nil
	}
	return beside(j, width, values, agg.Columns())
}

// group makes an aggregation one by the parameters as well: its columns, then theirs.
func (p *pusher) group(agg *plan.Aggregate, in pushedNode) (pushedNode, bool) {
	keys, ok := p.replacedAll(agg.Keys, in.at)
	if !ok {
		return in, false
	}
	out := *agg
	out.Input, out.Keys, out.KeyNames = in.Node, keys, slices.Clone(agg.KeyNames)
	out.Aggs = slices.Clone(agg.Aggs)
	for i := range out.Aggs {
		call := &out.Aggs[i]
		if call.Args, ok = p.replacedAll(call.Args, in.at); !ok {
			return in, false
		}
		if call.Filter != nil {
			if call.Filter, ok = p.replaced(call.Filter, in.at); !ok {
				return in, false
			}
		}
	}
	var extra []int
	at := make([]int, len(p.params))
	for i, c := range in.at {
		at[i] = -1
		if c < 0 {
			continue
		}
		col := in.Columns()[c]
		at[i] = len(agg.Columns()) + len(extra)
		extra = append(extra, len(out.Keys))
		out.Keys, out.KeyNames = append(out.Keys, &expr.Column{Index: c, Name: col.Name, T: col.Type}), append(out.KeyNames, col.Name)
	}
	// keys, parameters, aggregates: the parameters go last.
	refs, names := refsOf(&out)
	order := everything(len(agg.Keys))
	for i := range out.Aggs {
		order = append(order, len(out.Keys)+i)
	}
	order = append(order, extra...)
	proj := &plan.Project{Input: &out}
	for _, c := range order {
		proj.Exprs, proj.Names = append(proj.Exprs, refs[c]), append(proj.Names, names[c])
	}
	return pushedNode{proj, at}, true
}

// completed gives the aggregates' values, which stand behind width other columns of an outer join, with those over no rows filled in.
func (p *pusher) completed(agg *plan.Aggregate, width int) ([]expr.Expr, bool) {
	var out []expr.Expr
	for i, call := range agg.Aggs {
		var v expr.Expr = &expr.Column{Index: width + i, Name: agg.AggNames[i], T: call.T, At: call.At}
		none, err := overNothing(call)
		if err != nil {
			return nil, false
		}
		if !none.IsNull(0) {
			f, err := fn.Default().Function("coalesce", []column.Type{call.T, call.T})
			if err != nil {
				return nil, false
			}
			v = &expr.Call{Fn: f, Args: []expr.Expr{v, &expr.Literal{Value: none, At: call.At}}, T: call.T, At: call.At}
		}
		out = append(out, v)
	}
	return out, true
}

// overNothing is what an aggregate gives over no rows.
func overNothing(call expr.AggregateCall) (*column.Vector, error) {
	s := call.Fn.New()
	s.Grow(1)
	v, err := s.Finish(1)
	if err != nil {
		return nil, err
	}
	return column.Flatten(v), nil
}

// cross joins a plan that reads no parameter with their values.
func (p *pusher) cross(n plan.Node) (pushedNode, bool) {
	if p.domain == nil {
		return pushedNode{}, false
	}
	at := make([]int, len(p.params))
	for i := range at {
		at[i] = len(n.Columns()) + i
	}
	return pushedNode{&plan.Join{Left: n, Right: p.domain, Kind: plan.InnerJoin}, at}, true
}

// push gives a plan for all values of the parameters at once.
func (p *pusher) push(n plan.Node) (pushedNode, bool) {
	if f, ok := n.(*plan.Filter); ok {
		return p.pushFilter(f)
	}
	if !p.used(n) {
		return p.cross(n)
	}
	switch n := n.(type) {
	case *plan.Project:
		return p.pushProject(n)
	case *plan.Aggregate:
		return p.pushAggregate(n)
	case *plan.Sort:
		in, ok := p.push(n.Input)
		if !ok || n.Limit > 0 {
			return in, false
		}
		c := *n
		c.Input, c.Keys = in.Node, slices.Clone(n.Keys)
		for i := range c.Keys {
			if c.Keys[i].Expr, ok = p.replaced(c.Keys[i].Expr, in.at); !ok {
				return in, false
			}
		}
		return pushedNode{&c, in.at}, true
	case *plan.Limit:
		return p.pushLimit(n)
	case *plan.Union:
		return p.pushUnion(n)
	case *plan.Join:
		return p.pushJoin(n)
	case *plan.Values:
		return p.pushValues(n)
	case *plan.Window:
		return p.pushWindow(n)
	case *plan.Expand:
		return p.pushExpand(n)
	}
	return pushedNode{}, false
}

// pushFilter replaces the parameters of a condition. Where equalities give all of them over an input that needs none, no values of the left
// side are needed: what the equalities compare them with stands for them.
func (p *pusher) pushFilter(f *plan.Filter) (pushedNode, bool) {
	if !p.used(f) {
		return p.cross(f)
	}
	if p.domain == nil && !p.used(f.Input) {
		return p.substitute(f)
	}
	in, ok := p.push(f.Input)
	if !ok {
		return in, false
	}
	cond, ok := p.replaced(f.Cond, in.at)
	return pushedNode{&plan.Filter{Input: in.Node, Cond: cond}, in.at}, ok
}

// substitute computes what equalities compare parameters with beside the input's columns.
func (p *pusher) substitute(f *plan.Filter) (pushedNode, bool) {
	refs, names := refsOf(f.Input)
	proj := &plan.Project{Input: f.Input, Exprs: refs, Names: names}
	at := make([]int, len(p.params))
	for i := range at {
		at[i] = -1
	}
	columns := f.Input.Columns()
	var rest []expr.Expr
	for _, e := range conjuncts(f.Cond) {
		i, value := p.equality(e)
		if i < 0 || at[i] >= 0 || expr.CanFail(value) && len(rest) > 0 {
			rest = append(rest, e)
			continue
		}
		at[i] = len(proj.Exprs)
		name := "outer"
		col, is := value.(*expr.Column)
		if is {
			name = col.Name
		}
		proj.Exprs, proj.Names = append(proj.Exprs, value), append(proj.Names, name)
		if !is || !columns[col.Index].NotNull {
			rest = append(rest, &expr.IsNull{Arg: value, Negate: true, At: e.Pos()}) // over the input, whose columns come first
		}
	}
	rest, ok := p.replacedAll(rest, at)
	if !ok {
		return pushedNode{}, false
	}
	return pushedNode{filtered(proj, rest), at}, true
}

// equality reads `expression = parameter`.
func (p *pusher) equality(e expr.Expr) (int, expr.Expr) {
	c, ok := e.(*expr.Call)
	if !ok || c.Fn.Name != "=" || len(c.Args) != 2 {
		return -1, nil
	}
	for k, side := range c.Args {
		x, ok := side.(*expr.Param)
		if !ok {
			continue
		}
		i, other := p.index(x.Index), c.Args[1-k]
		if i >= 0 && other.Type() == x.T && !p.usedIn(other) && len(expr.Columns(other)) > 0 && !expr.Volatile(other) {
			return i, other
		}
	}
	return -1, nil
}

func (p *pusher) pushProject(n *plan.Project) (pushedNode, bool) {
	in, ok := p.push(n.Input)
	if !ok {
		return in, false
	}
	list, ok := p.replacedAll(n.Exprs, in.at)
	if !ok {
		return in, false
	}
	return p.withValues(&plan.Project{Exprs: list, Names: slices.Clone(n.Names)}, in)
}

// withValues puts a projection over a pushed input and passes the parameters' values on behind its columns.
func (p *pusher) withValues(proj *plan.Project, in pushedNode) (pushedNode, bool) {
	proj.Input = in.Node
	columns := in.Columns()
	at := make([]int, len(p.params))
	for i, c := range in.at {
		at[i] = -1
		if c >= 0 {
			at[i] = len(proj.Exprs)
			proj.Exprs = append(proj.Exprs, &expr.Column{Index: c, Name: columns[c].Name, T: columns[c].Type})
			proj.Names = append(proj.Names, columns[c].Name)
		}
	}
	return pushedNode{proj, at}, true
}

// pushAggregate groups by the values as well. An aggregation into one group gives a row for every value that there is, also where no row is
// left to be counted.
func (p *pusher) pushAggregate(n *plan.Aggregate) (pushedNode, bool) {
	in, ok := p.push(n.Input)
	if !ok || len(n.Keys) == 0 && p.domain == nil {
		return in, false
	}
	out, ok := p.group(n, in)
	if !ok || len(n.Keys) > 0 {
		return out, ok
	}
	width := len(p.params)
	var same []expr.Expr
	for i, c := range p.domain.Columns() {
		more, ok := sameValue(&expr.Column{Index: i, Name: c.Name, T: c.Type}, &expr.Column{Index: width + out.at[i], Name: c.Name, T: c.Type}, true)
		if !ok {
			return out, false
		}
		same = append(same, more...)
	}
	j := &plan.Join{Left: p.domain, Right: out.Node, Kind: plan.LeftJoin, Cond: conjunction(same)}
	values, ok := p.completed(n, width)
	if !ok {
		return out, false
	}
	return p.withValues(&plan.Project{Exprs: values, Names: slices.Clone(n.AggNames)}, pushedNode{j, everything(width)})
}

// pushWindow makes partitions of one value each.
func (p *pusher) pushWindow(n *plan.Window) (pushedNode, bool) {
	in, ok := p.push(n.Input)
	if !ok || n.Limit > 0 {
		return in, false
	}
	width := len(n.Input.Columns())
	columns := in.Columns()
	out := n.Map(func(e expr.Expr) expr.Expr {
		e, there := p.replaced(e, in.at)
		ok = ok && there
		return e
	})
	out.Input = in.Node
	for _, at := range in.at {
		if at >= 0 {
			out.Partition = append(out.Partition, &expr.Column{Index: at, Name: columns[at].Name, T: columns[at].Type})
		}
	}
	refs, names := refsOf(out)
	list := append(refs[:width:width], refs[len(columns):]...)
	proj, _ := p.withValues(&plan.Project{Exprs: list, Names: append(names[:width:width], names[len(columns):]...)}, pushedNode{out, in.at})
	return proj, ok
}

// pushExpand calls functions with the values beside the input's columns.
func (p *pusher) pushExpand(n *plan.Expand) (pushedNode, bool) {
	in, ok := p.push(n.Input)
	if !ok {
		return in, false
	}
	out := n.Map(func(e expr.Expr) expr.Expr {
		e, there := p.replaced(e, in.at)
		ok = ok && there
		return e
	})
	out.Input = in.Node
	width, now := len(n.Input.Columns()), len(in.Columns())
	refs, names := refsOf(out)
	list := append(refs[:width:width], refs[now:]...)
	proj, _ := p.withValues(&plan.Project{Exprs: list, Names: append(names[:width:width], names[now:]...)}, pushedNode{out, in.at})
	return proj, ok
}

// pushLimit counts the rows of each value on their own.
func (p *pusher) pushLimit(n *plan.Limit) (pushedNode, bool) {
	in, ok := p.push(n.Input)
	if !ok {
		return in, false
	}
	c := *n
	c.Input, c.By = in.Node, slices.Clone(n.By)
	columns := in.Columns()
	for _, at := range in.at {
		if at >= 0 {
			c.By = append(c.By, &expr.Column{Index: at, Name: columns[at].Name, T: columns[at].Type})
		}
	}
	return pushedNode{&c, in.at}, true
}

func (p *pusher) pushUnion(n *plan.Union) (pushedNode, bool) {
	out := &plan.Union{Out: slices.Clone(n.Out)}
	at := make([]int, len(p.params))
	for i, s := range p.params {
		at[i] = len(out.Out)
		out.Out = append(out.Out, plan.Column{Name: "outer", Type: s.Expr.Type()})
	}
	for _, branch := range n.Ins {
		in, ok := p.push(branch)
		if !ok || slices.Contains(in.at, -1) {
			return in, false
		}
		refs, names := refsOf(in)
		width := len(n.Out)
		even, _ := p.withValues(&plan.Project{Exprs: refs[:width:width], Names: names[:width:width]}, in)
		out.Ins = append(out.Ins, even.Node)
	}
	return pushedNode{out, at}, true
}

// pushValues computes rows of expressions for each value.
func (p *pusher) pushValues(n *plan.Values) (pushedNode, bool) {
	if p.domain == nil {
		return pushedNode{}, false
	}
	u := &plan.Union{Out: slices.Clone(n.Out)}
	var at []int
	for _, row := range n.Rows {
		list, _ := p.replacedAll(row, everything(len(p.params)))
		proj := &plan.Project{Exprs: list}
		for _, c := range n.Out {
			proj.Names = append(proj.Names, c.Name)
		}
		one, _ := p.withValues(proj, pushedNode{p.domain, everything(len(p.params))})
		at = one.at
		u.Ins = append(u.Ins, one.Node)
	}
	if len(u.Ins) == 1 {
		return pushedNode{u.Ins[0], at}, true
	}
	for _, s := range p.params {
		u.Out = append(u.Out, plan.Column{Name: "outer", Type: s.Expr.Type()})
	}
	return pushedNode{u, at}, len(u.Ins) > 0
}
