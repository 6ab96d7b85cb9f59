package opt

import (
	"math"
	"slices"

	"github.com/automatanexus/aegis-db/column/stats"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// buildSide sets where the hash table of each join is built.
func buildSide(c *context, root plan.Node) plan.Node {
	s := newEstimator(c)
	return rewrite(root, func(n plan.Node) plan.Node {
		j, ok := n.(*plan.Join)
		if !ok {
			return n
		}
		left := s.rows(j.Left) < s.rows(j.Right) && j.Kind != plan.NullMarkJoin
		if left == j.BuildLeft {
			return n
		}
		out := *j
		out.BuildLeft = left
		return &out
	})
}

// join expects each value of the side with fewer different ones to be found on the other side.
func (s *estimator) join(n *plan.Join) *profile {
	left, right := s.of(n.Left), s.of(n.Right)
	conds := conjuncts(n.Cond)
	var pairs []pair
	for i := range n.LeftKeys {
		pairs = append(pairs, pairOf(n.LeftKeys[i], n.RightKeys[i], left, right, 0, 0))
	}
	width := len(n.Left.Columns())
	kept := 1.0
	both := joinedSides(left, right)
	for _, e := range conds {
		if l, r, ok := asKey(e, width); ok {
			pairs = append(pairs, pairOf(l, r, left, right, 0, 0))
		} else {
			kept *= guess(e, both)
		}
	}
	kept *= matching(pairs, left.rows, right.rows, mostTuples(pairs, left, right))
	out := &profile{rows: left.rows * right.rows * kept}
	if n.Kind >= plan.MarkJoin {
		return s.other(n)
	}
	if n.Kind >= plan.SemiJoin {
		return s.semi(n, left, right, pairs, kept)
	}
	switch n.Kind {
	case plan.LeftJoin:
		out.rows = max(out.rows, left.rows)
	case plan.RightJoin:
		out.rows = max(out.rows, right.rows)
	case plan.FullJoin:
		out.rows = max(out.rows, left.rows+right.rows)
	}
	out.distinct = slices.Concat(left.distinct, right.distinct)
	out.keys = slices.Concat(left.keys, moved(right.keys, func(c int) int { return c + len(left.distinct) }))
	if len(left.described) == len(left.distinct) {
		out.described = slices.Concat(left.described, right.described)
	}
	return out
}

// joinedSides has the columns of several inputs, one after the other, for guesses about conditions that read more than one of them.
func joinedSides(inputs ...*profile) *profile {
	out := &profile{rows: math.Inf(1)}
	for _, in := range inputs {
		for c, d := range in.distinct {
			if d > 0 {
				d = in.values(c)
			}
			out.distinct = append(out.distinct, d)
		}
	}
	return out
}

// semi keeps the left rows whose values are among those of the right side.
func (s *estimator) semi(n *plan.Join, left, right *profile, pairs []pair, kept float64) *profile {
	found := min(1, kept*right.rows)
	if len(pairs) > 0 {
		found = 1
		for _, p := range pairs {
			found *= min(1, p.right/p.left) * p.present
		}
	}
	if n.Kind != plan.SemiJoin {
		found = max(1-found, 0.05) // the opposite of a guess is one too
	}
	out := &profile{rows: left.rows, distinct: slices.Clone(left.distinct), described: left.described, keys: left.keys}
	out.thin(found)
	return out
}

// pair is an equality between the two sides of a join, by how many different values each of them has.
type pair struct {
	left, right     float64
	leftAt, rightAt int     // the columns that are compared; -1 where it is none
	present         float64 // share of the left rows whose value is not NULL
	alone           float64 // share of all pairs of rows that the equality leaves, if the sides' descriptions tell; else 0
}

// pairOf looks at two expressions, over columns of each side that begin at some number.
func pairOf(l, r expr.Expr, left, right *profile, firstLeft, firstRight int) pair {
	p := pair{left: valuesOf(l, left, firstLeft), right: valuesOf(r, right, firstRight), present: 1}
	var a, b *described
	p.leftAt, a = left.column(l, firstLeft)
	p.rightAt, b = right.column(r, firstRight)
	if a != nil {
		p.present = 1 - a.Nulls/max(a.Rows, 1)
	}
	if a != nil && b != nil && a.Type == b.Type && a.stored > mostlyStored && b.stored > mostlyStored {
		p.alone = stats.Joined(a.Column, b.Column, p.left, p.right)
	}
	return p
}

// matching is the share of all pairs of rows that equalities leave. Several together tell apart no more rows than a side has, and no more than most.
func matching(pairs []pair, left, right, most float64) float64 {
	if len(pairs) == 0 {
		return 1
	}
	if len(pairs) == 1 && pairs[0].alone > 0 {
		return pairs[0].alone
	}
	l, r := 1.0, 1.0
	for _, p := range pairs {
		l, r = min(l*p.left, max(left, 1), most), min(r*p.right, max(right, 1), most)
	}
	return 1 / max(l, r)
}

// valuesOf is how many different values an expression over a side has; the columns of the side begin at first.
func valuesOf(e expr.Expr, side *profile, first int) float64 {
	columns := expr.Columns(e)
	if len(columns) != 1 || columns[0]-first >= len(side.distinct) {
		return max(side.rows, 1)
	}
	return side.values(columns[0] - first)
}
