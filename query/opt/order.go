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
	if !ok || j.Kind != plan.InnerJoin || joinedInputs(j) > mostInputs {
		return overInputs(root, func(in plan.Node) plan.Node { return orderJoins(c, in) })
	}
	var all cluster
	all.add(j, 0)
	changed := false
	for i, in := range all.inputs {
		all.inputs[i] = orderJoins(c, in)
		changed = changed || all.inputs[i] != in
	}
	if len(all.inputs) == 2 {
		if !changed {
			return root
		}
		return j.With(all.inputs)
	}
	best := all.search(newEstimator(c))
	if !changed && best.asWritten() {
		return root
	}
	return all.build(best, j.Columns())
}

// joinedInputs counts the inputs of a tree of inner joins.
func joinedInputs(n plan.Node) int {
	if j, ok := n.(*plan.Join); ok && inCluster(j) {
		return joinedInputs(j.Left) + joinedInputs(j.Right)
	}
	return 1
}

func inCluster(j *plan.Join) bool { return j.Kind == plan.InnerJoin && len(j.LeftKeys) == 0 }

// add takes a tree of inner joins apart; its columns start at place first.
func (c *cluster) add(n plan.Node, first int) {
	j, ok := n.(*plan.Join)
	if !ok || !inCluster(j) {
		c.inputs = append(c.inputs, n)
		return
	}
	c.add(j.Left, first)
	c.add(j.Right, first+len(j.Left.Columns()))
	for _, e := range conjuncts(j.Cond) {
		c.conds = append(c.conds, shifted(e, first))
	}
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

// build joins the inputs as a tree says, each condition where all it reads is there, and gives the columns in the order they had.
func (c *cluster) build(t *joinTree, columns []plan.Column) plan.Node {
	order := t.leaves(nil)
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
	root, waiting, _ := c.join(t, 0, waiting)
	root = withCond(root, waiting)
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

// join builds a part of the tree whose columns start at place from; it gives the conditions that wait for others, and where its
// columns end.
func (c *cluster) join(t *joinTree, from int, waiting []expr.Expr) (plan.Node, []expr.Expr, int) {
	if t.left == nil {
		n := c.inputs[t.leaf]
		return n, waiting, from + len(n.Columns())
	}
	left, waiting, middle := c.join(t.left, from, waiting)
	right, waiting, end := c.join(t.right, middle, waiting)
	var now, later []expr.Expr
	for _, e := range waiting {
		reads := expr.Columns(e)
		if len(reads) > 0 && reads[0] >= from && reads[len(reads)-1] < end {
			now = append(now, shifted(e, -from))
		} else {
			later = append(later, e)
		}
	}
	return &plan.Join{Left: left, Right: right, Kind: plan.InnerJoin, Cond: conjunction(now)}, later, end
}

// withCond adds conditions that read no column to the topmost join.
func withCond(n plan.Node, conds []expr.Expr) plan.Node {
	j, ok := n.(*plan.Join)
	if !ok || len(conds) == 0 {
		return n
	}
	out := *j
	out.Cond = conjunction(append(conjuncts(j.Cond), conds...))
	return &out
}
