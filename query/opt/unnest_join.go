package opt

import (
	"slices"

	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// pushJoin gives the parameters' values to the sides that read them. Where both have them, rows belong together only if their values do.
func (p *pusher) pushJoin(n *plan.Join) (pushedNode, bool) {
	if len(n.LeftKeys) > 0 && n.Kind != plan.NullAntiJoin && n.Kind != plan.NullMarkJoin {
		return pushedNode{}, false // keys are found later
	}
	inLeft, inRight := p.used(n.Left), p.used(n.Right)
	inCond := p.usedIn(n.Cond) || slices.ContainsFunc(n.LeftKeys, p.usedIn) || slices.ContainsFunc(n.RightKeys, p.usedIn)
	j := *n
	switch n.Kind {
	case plan.InnerJoin:
		inLeft = inLeft || inCond && !inRight
	case plan.RightJoin:
		inRight = true
		inLeft = inLeft || false
	case plan.FullJoin:
		return pushedNode{}, false
	case plan.NullAntiJoin:
		if inRight || inCond {
			if !openNotIn(&j) {
				return pushedNode{}, false
			}
		}
		inLeft = true
	case plan.NullMarkJoin:
		if inRight || inCond {
			return pushedNode{}, false
		}
		inLeft = true
	default:
		inLeft = true // its rows come out, whatever the right side has
	}
	left, right := plainPushed(n.Left, len(p.params)), plainPushed(n.Right, len(p.params))
	var ok bool
	if inLeft {
		if left, ok = p.push(n.Left); !ok {
			return left, false
		}
	}
	if inRight {
		if right, ok = p.push(n.Right); !ok {
			return right, false
		}
	}
	return p.joined(&j, n, left, right)
}

func plainPushed(n plan.Node, params int) pushedNode {
	at := make([]int, params)
	for i := range at {
		at[i] = -1
	}
	return pushedNode{n, at}
}

// openNotIn writes NOT IN as the condition that it stands for.
func openNotIn(j *plan.Join) bool {
	same, ok := sameValue(j.LeftKeys[0], shifted(j.RightKeys[0], len(j.Left.Columns())), false)
	if !ok {
		return false
	}
	j.Kind, j.LeftKeys, j.RightKeys = plan.AntiJoin, nil, nil
	j.Cond = distinctFrom(same[0], false)
	return j.Cond != nil
}

// joined joins pushed sides, and puts the columns in order: those of the join, then the parameters'.
func (p *pusher) joined(j, was *plan.Join, left, right pushedNode) (pushedNode, bool) {
	oldLeft, oldRight := len(was.Left.Columns()), len(was.Right.Columns())
	newLeft := len(left.Columns())
	to := everything(oldLeft) // where the columns of both sides are now
	for i := range oldRight {
		to = append(to, newLeft+i)
	}
	at := make([]int, len(p.params)) // over both sides
	var conds []expr.Expr
	for i := range at {
		l, r := left.at[i], right.at[i]
		at[i] = l
		if r >= 0 {
			r += newLeft
			if l < 0 || j.Kind == plan.RightJoin {
				at[i] = r
			}
		}
		if l >= 0 && r >= 0 {
			t := p.params[i].Expr.Type()
			same, ok := sameValue(&expr.Column{Index: l, Name: "outer", T: t}, &expr.Column{Index: r, Name: "outer", T: t}, p.domain != nil)
			if !ok {
				return left, false
			}
			conds = append(conds, same...)
		}
	}
	if j.Cond != nil {
		cond, ok := p.replaced(renumber(j.Cond, to), at)
		if !ok {
			return left, false
		}
		conds = append(conds, conjuncts(cond)...)
	}
	out := *j
	out.Left, out.Right, out.Cond = left.Node, right.Node, conjunction(conds)
	if j.Kind != plan.InnerJoin && j.Kind != plan.LeftJoin && j.Kind != plan.RightJoin {
		return p.leftOnly(&out, oldLeft, left)
	}
	if j.Kind == plan.LeftJoin && !covers(left.at, right.at) || j.Kind == plan.RightJoin && !covers(right.at, left.at) {
		return left, false
	}
	refs, names := refsOf(&out)
	proj := &plan.Project{}
	for _, c := range to {
		proj.Exprs, proj.Names = append(proj.Exprs, refs[c]), append(proj.Names, names[c])
	}
	return p.withValues(proj, pushedNode{&out, at})
}

// covers reports that one side has all the parameters that the other has.
func covers(kept, other []int) bool {
	for i := range kept {
		if kept[i] < 0 && other[i] >= 0 {
			return false
		}
	}
	return true
}

// leftOnly is joined for kinds that give the left side, perhaps with a mark.
func (p *pusher) leftOnly(j *plan.Join, oldLeft int, left pushedNode) (pushedNode, bool) {
	refs, names := refsOf(j)
	order := everything(oldLeft)
	if j.Kind >= plan.MarkJoin {
		order = append(order, len(refs)-1)
	}
	proj := &plan.Project{}
	for _, c := range order {
		proj.Exprs, proj.Names = append(proj.Exprs, refs[c]), append(proj.Names, names[c])
	}
	return p.withValues(proj, pushedNode{j, left.at})
}
