package opt

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// randomSearch makes inputs of random sizes with links between some of them.
func randomSearch(r *rand.Rand, n int) (*search, []*joinTree) {
	s := &search{}
	trees := make([]*joinTree, n)
	for i := range n {
		rows := math.Floor(math.Exp(r.Float64() * 14))
		s.inputs = append(s.inputs, &profile{rows: rows})
		trees[i] = &joinTree{leaf: i, set: 1 << i, rows: max(rows, 1)}
	}
	for i := 1; i < n; i++ {
		if r.IntN(8) > 0 {
			s.links = append(s.links, link{1<<i | 1<<r.IntN(i), math.Exp(-r.Float64() * 14)})
		}
	}
	for range r.IntN(3) {
		if a, b := r.IntN(n), r.IntN(n); a != b {
			s.links = append(s.links, link{1<<a | 1<<b, r.Float64()})
		}
	}
	if n > 2 && r.IntN(3) == 0 {
		s.links = append(s.links, link{7, 0.5}) // a condition over three inputs
	}
	return s, trees
}

// everyTree calls f with all trees over inputs that keep what conditions tie together.
func everyTree(s *search, leaves []*joinTree, set uint64, f func(*joinTree)) {
	if set&(set-1) == 0 {
		for _, t := range leaves {
			if t.set == set {
				f(t)
			}
		}
		return
	}
	for a := (set - 1) & set; a > 0; a = (a - 1) & set {
		b := set &^ a
		if a < b || s.whole(set) && !(s.whole(a) && s.whole(b)) || !s.whole(set) && s.tied(a, b) {
			continue
		}
		everyTree(s, leaves, a, func(x *joinTree) {
			everyTree(s, leaves, b, func(y *joinTree) { f(s.joined(x, y)) })
		})
	}
}

func TestSearchFindsTheCheapestTree(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 200 {
		n := 2 + r.IntN(5)
		s, leaves := randomSearch(r, n)
		least := math.Inf(1)
		everyTree(s, leaves, 1<<n-1, func(t *joinTree) { least = min(least, t.cost) })
		got := s.exact(leaves)
		if math.Abs(got.cost-least) > 1e-9*least {
			t.Fatalf("%d inputs, links %v: cost %g, the least is %g", n, s.links, got.cost, least)
		}
		checkTree(t, got, n)
	}
}

// checkTree looks for every input once.
func checkTree(t *testing.T, tree *joinTree, n int) {
	t.Helper()
	leaves := slices.Sorted(slices.Values(tree.leaves(nil)))
	for i := range n {
		if len(leaves) != n || leaves[i] != i {
			t.Fatalf("%d inputs: the tree has %v", n, leaves)
		}
	}
}

func TestGreedyTreesAreWholeAndFair(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	worst := 1.0
	for range 60 {
		s, leaves := randomSearch(r, 8)
		tree := s.greedy(leaves)
		checkTree(t, tree, 8)
		worst = max(worst, tree.cost/s.exact(leaves).cost)
	}
	for range 5 {
		s, leaves := randomSearch(r, mostInputs)
		checkTree(t, s.greedy(leaves), mostInputs)
	}
	if worst > 1e4 {
		t.Errorf("a greedy tree costs %g times the best", worst)
	}
}

func TestMatching(t *testing.T) {
	for _, c := range []struct {
		pairs       []pair
		left, right float64
		want        float64 // rows of the join
	}{
		{nil, 10, 20, 200},
		{[]pair{{left: 1000, right: 1000}}, 1000, 100_000, 100_000},                           // a foreign key
		{[]pair{{left: 10, right: 1000}}, 10, 100_000, 1000},                                  // some of the keys are asked for
		{[]pair{{left: 200, right: 200}, {left: 1000, right: 1000}}, 800, 6_000_000, 600_000}, // two columns that are a key together, of 8,000, of which 800 are left
	} {
		got := matching(c.pairs, c.left, c.right, math.Inf(1)) * c.left * c.right
		if len(c.pairs) < 2 && math.Abs(got-c.want) > 1e-6*c.want {
			t.Errorf("%v: %g rows, want %g", c.pairs, got, c.want)
		}
		if len(c.pairs) == 2 && (got < c.want/1000 || got > c.want*10) {
			t.Errorf("%v: %g rows, want about %g", c.pairs, got, c.want)
		}
	}
}
