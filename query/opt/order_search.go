package opt

import (
	"math"
	"math/bits"
	"slices"

	"github.com/automatanexus/aegis-db/query/expr"
)

// The order of joins is searched as System R did, over all trees and not only chains: the cheapest tree over a set of inputs is made
// of the cheapest trees over two parts of it. Sets are bits of a word. Where there are too many inputs for that, the two trees whose
// join is the smallest are joined, again and again (Fegaras, "A new heuristic for optimizing large queries", 1998).

// exactInputs is the most inputs whose trees are all looked at: 3^10 pairs of parts take half a millisecond.
const exactInputs = 10

// What a row costs: to be put into a hash table, to be looked up in one, to come out. Measured beside each other on TPC-H's joins, where
// only the ratios matter.
const (
	costBuild = 3
	costProbe = 1
	costOut   = 1
)

// mostInputs is how many a set can hold; a cluster with more is searched in parts.
const mostInputs = 60

// joinTree is an input, or the join of two trees.
type joinTree struct {
	leaf        int
	left, right *joinTree
	set         uint64
	rows        float64 // of its output, whichever tree over the set this is; may be below 1
	cost        float64
}

// leaves lists the inputs from left to right.
func (t *joinTree) leaves(dst []int) []int {
	if t.left == nil {
		return append(dst, t.leaf)
	}
	return t.right.leaves(t.left.leaves(dst))
}

// asWritten reports a chain in the order of the inputs.
func (t *joinTree) asWritten() bool {
	for n := t; n.left != nil; n = n.left {
		if n.right.left != nil {
			return false
		}
	}
	return slices.IsSorted(t.leaves(nil))
}

// search is what finding an order needs to know of a cluster.
type search struct {
	inputs []*profile
	links  []link
}

// link is what the conditions between some inputs leave of all their combinations.
type link struct {
	set  uint64
	kept float64
}

// search finds a cheap tree over all inputs.
func (c *cluster) search(est *estimator) *joinTree {
	s := &search{}
	for _, in := range c.inputs {
		s.inputs = append(s.inputs, est.of(in))
	}
	s.links = c.links(s.inputs)
	trees := make([]*joinTree, len(c.inputs))
	for i, p := range s.inputs {
		trees[i] = &joinTree{leaf: i, set: 1 << i, rows: max(p.rows, 1)}
	}
	var tree *joinTree
	if len(trees) <= exactInputs {
		tree = s.exact(trees)
	} else {
		tree = s.greedy(trees)
	}
	if tree.asWritten() {
		return tree
	}
	// What is not better stays as it was written.
	written := trees[0]
	for _, t := range trees[1:] {
		if !s.tied(written.set, t.set) {
			return tree
		}
		written = s.joined(written, t)
	}
	if written.cost <= tree.cost {
		return written
	}
	return tree
}

// links sums the conditions up: equalities between two inputs together, every other condition for itself.
func (c *cluster) links(inputs []*profile) []link {
	of, first := c.owners(), make([]int, len(c.inputs))
	for i := 1; i < len(c.inputs); i++ {
		first[i] = first[i-1] + len(c.inputs[i-1].Columns())
	}
	all := joinedSides(inputs...)
	pairs := map[uint64][]pair{}
	var order []uint64
	var out []link
	for _, e := range c.conds {
		set := inputsOf(e, of)
		if l, r, ok := equality(e); ok && bits.OnesCount64(set) == 2 {
			a, b := inputsOf(l, of), inputsOf(r, of)
			if bits.OnesCount64(a) == 1 && bits.OnesCount64(b) == 1 {
				i, k := bits.TrailingZeros64(a), bits.TrailingZeros64(b)
				p := pairOf(l, r, inputs[i], inputs[k], first[i], first[k])
				if i > k {
					p.left, p.right, p.leftAt, p.rightAt = p.right, p.left, p.rightAt, p.leftAt
				}
				if pairs[set] == nil {
					order = append(order, set)
				}
				pairs[set] = append(pairs[set], p)
				continue
			}
		}
		if bits.OnesCount64(set) > 1 {
			out = append(out, link{set, guess(e, all)})
		}
	}
	for _, set := range order {
		i, k := bits.TrailingZeros64(set), 63-bits.LeadingZeros64(set)
		out = append(out, link{set, matching(pairs[set], inputs[i].rows, inputs[k].rows, mostTuples(pairs[set], inputs[i], inputs[k]))})
	}
	return out
}

func equality(e expr.Expr) (left, right expr.Expr, ok bool) {
	call, is := e.(*expr.Call)
	if !is || call.Fn.Name != "=" || len(call.Args) != 2 {
		return nil, nil, false
	}
	return call.Args[0], call.Args[1], true
}

// inputsOf is the set of inputs that an expression over a cluster's columns reads.
func inputsOf(e expr.Expr, of []int) uint64 {
	set := uint64(0)
	for _, c := range expr.Columns(e) {
		set |= 1 << of[c]
	}
	return set
}

// joined is the join of two trees, by the conditions that tie them.
func (s *search) joined(a, b *joinTree) *joinTree {
	t := &joinTree{left: a, right: b, set: a.set | b.set, rows: a.rows * b.rows}
	for _, l := range s.links {
		if l.set&^t.set == 0 && l.set&^a.set != 0 && l.set&^b.set != 0 {
			t.rows *= l.kept
		}
	}
	left, right := max(a.rows, 1), max(b.rows, 1)
	t.cost = a.cost + b.cost + costBuild*min(left, right) + costProbe*max(left, right) + costOut*max(t.rows, 1)
	if !s.tied(a.set, b.set) { // every pair of rows is looked at
		t.cost += left * right
	}
	return t
}

// tied reports whether a condition between two inputs stands between two sets.
func (s *search) tied(a, b uint64) bool {
	for _, l := range s.links {
		if bits.OnesCount64(l.set) == 2 && l.set&a != 0 && l.set&b != 0 {
			return true
		}
	}
	return false
}

// exact looks at every way to part every set. A set that conditions hold together is parted into such; a pair of trees that nothing
// ties is joined only where a set falls apart, however few rows it seems to have: a wrong guess would cost too much.
func (s *search) exact(leaves []*joinTree) *joinTree {
	all := uint64(1)<<len(leaves) - 1
	best, whole := make([]*joinTree, all+1), make([]bool, all+1)
	for set := uint64(1); set <= all; set++ {
		whole[set] = s.whole(set)
	}
	for _, t := range leaves {
		best[t.set] = t
	}
	for set := uint64(1); set <= all; set++ {
		if best[set] != nil {
			continue
		}
		for a := (set - 1) & set; a > 0; a = (a - 1) & set {
			b := set &^ a
			if a < b { // each way once
				break
			}
			if whole[set] && !(whole[a] && whole[b]) || !whole[set] && s.tied(a, b) {
				continue
			}
			if best[a].cost+best[b].cost > costOf(best[set]) {
				continue
			}
			l, r := best[a], best[b]
			if b&(set&-set) != 0 {
				l, r = r, l // the side with the first input stands first
			}
			if t := s.joined(l, r); t.better(best[set]) {
				best[set] = t
			}
		}
	}
	return best[all]
}

// whole reports whether the conditions between two inputs hold a set together.
func (s *search) whole(set uint64) bool {
	reached := set & -set
	for grown := true; grown; {
		grown = false
		for _, l := range s.links {
			if bits.OnesCount64(l.set) == 2 && l.set&^set == 0 && l.set&reached != 0 && l.set&^reached != 0 {
				reached |= l.set
				grown = true
			}
		}
	}
	return reached == set
}

// better compares trees over one set; of two that cost as much the one is better that is nearer to what was written.
func (t *joinTree) better(than *joinTree) bool {
	if than == nil || t.cost != than.cost {
		return t.cost < costOf(than)
	}
	return slices.Compare(t.leaves(nil), than.leaves(nil)) < 0
}

func costOf(t *joinTree) float64 {
	if t == nil {
		return math.Inf(1)
	}
	return t.cost
}

// greedy joins the two trees whose join has the fewest rows, those that are tied first.
func (s *search) greedy(trees []*joinTree) *joinTree {
	trees = slices.Clone(trees)
	for len(trees) > 1 {
		var best *joinTree
		bestTied, x, y := false, 0, 1
		for i := range trees {
			for k := i + 1; k < len(trees); k++ {
				tied := s.tied(trees[i].set, trees[k].set)
				if best != nil && (bestTied && !tied) {
					continue
				}
				t := s.joined(trees[i], trees[k])
				if best == nil || tied && !bestTied || t.rows < best.rows {
					best, bestTied, x, y = t, tied, i, k
				}
			}
		}
		trees[x] = best
		trees = slices.Delete(trees, y, y+1)
	}
	return trees[0]
}
