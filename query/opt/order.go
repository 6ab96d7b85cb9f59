package opt

import (
	"slices"

	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// cluster is a tree of inner joins as a list: the order of the inputs does not matter for the rows.
type cluster struct {
	inputs []plan.Node
	conds  []expr.Expr // over the inputs' columns side by side
}

// orderJoins looks for clusters from the root down, so that each is found whole.
func orderJoins(c *context, root plan.Node) plan.Node {
	j, ok := root.(*plan.Join)
	if !ok || j.Kind != plan.InnerJoin {
		return overInputs(root, func(in plan.Node) plan.Node { return orderJoins(c, in) })
	}
	var all cluster
	all.add(j, 0)
	changed := false
	for i, in := range all.inputs {
		all.inputs[i] = orderJoins(c, in)
		changed = changed || all.inputs[i] != in
	}
	order := all.order()
	if !changed && slices.IsSorted(order) {
		return root
	}
	return all.build(order, j.Columns())
}

// add takes a tree of inner joins apart; its columns start at place first.
func (c *cluster) add(n plan.Node, first int) {
	j, ok := n.(*plan.Join)
	if !ok || j.Kind != plan.InnerJoin || len(j.LeftKeys) > 0 {
		c.inputs = append(c.inputs, n)
		return
	}
	c.add(j.Left, first)
	c.add(j.Right, first+len(j.Left.Columns()))
	for _, e := range conjuncts(j.Cond) {
		c.conds = append(c.conds, shifted(e, first))
	}
}

// order keeps the inputs as written, but lets one that no equality ties to those before it wait for one that does.
func (c *cluster) order() []int {
	of := c.owners()
	ties := make([][]bool, len(c.inputs)) // ties[i][k]: an equality has i on one side and k on the other
	for i := range ties {
		ties[i] = make([]bool, len(c.inputs))
	}
	for _, e := range c.conds {
		call, ok := e.(*expr.Call)
		if !ok || call.Fn.Name != "=" {
			continue
		}
		for _, l := range expr.Columns(call.Args[0]) {
			for _, r := range expr.Columns(call.Args[1]) {
				ties[of[l]][of[r]], ties[of[r]][of[l]] = true, true
			}
		}
	}
	var out []int
	taken, tied := make([]bool, len(c.inputs)), make([]bool, len(c.inputs))
	for next := 0; next >= 0; next = nextInput(taken, tied) {
		out, taken[next] = append(out, next), true
		for i, is := range ties[next] {
			tied[i] = tied[i] || is
		}
	}
	return out
}

// nextInput chooses the first input that is tied to those taken, else the first that is left, else -1.
func nextInput(taken, tied []bool) int {
	next := -1
	for i := range taken {
		switch {
		case taken[i]:
		case tied[i]:
			return i
		case next < 0:
			next = i
		}
	}
	return next
}

// owners says for every column which input it belongs to.
func (c *cluster) owners() []int {
	var of []int
	for i, in := range c.inputs {
		for range in.Columns() {
			of = append(of, i)
		}
	}
	return of
}

// build joins the inputs in an order, each condition where all it reads is there, and gives the columns in the order they had.
func (c *cluster) build(order []int, columns []plan.Column) plan.Node {
	first := make([]int, len(c.inputs)) // where an input's columns start, now
	width := 0
	for _, i := range order {
		first[i] = width
		width += len(c.inputs[i].Columns())
	}
	var to []int
	for i, in := range c.inputs {
		for k := range in.Columns() {
			to = append(to, first[i]+k)
		}
	}
	waiting := mapAll(c.conds, func(e expr.Expr) expr.Expr { return renumber(e, to) })
	root := c.inputs[order[0]]
	for n, i := range order[1:] {
		have := first[i] + len(c.inputs[i].Columns())
		var now, later []expr.Expr
		for _, e := range waiting {
			reads := expr.Columns(e)
			if n == len(order)-2 || len(reads) > 0 && reads[len(reads)-1] < have {
				now = append(now, e)
			} else {
				later = append(later, e)
			}
		}
		root = &plan.Join{Left: root, Right: c.inputs[i], Kind: plan.InnerJoin, Cond: conjunction(now)}
		waiting = later
	}
	if slices.IsSorted(order) {
		return root
	}
	p := &plan.Project{Input: root}
	for i, col := range columns {
		p.Exprs = append(p.Exprs, &expr.Column{Index: to[i], Name: col.Name, T: col.Type})
		p.Names = append(p.Names, col.Name)
	}
	return p
}
