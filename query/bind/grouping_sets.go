package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// groupingBase is the column number of the first GROUPING(…) while a SELECT is bound: beyond any aggregate. grouping.resolve gives each
// what it means.
const groupingBase = 1 << 22

const (
	maxSets        = 4096 // PostgreSQL's limits
	maxCube        = 12
	maxGroupingArg = 31
)

// boundGrouping is a GROUPING(…).
type boundGrouping struct {
	args []expr.Expr
	at   int
}

// groupBy binds GROUP BY: its keys, and the sets of them by which rows are grouped if there are several.
func (b *binder) groupBy(blk *block, g *grouping) error {
	sets := [][]int{nil}
	for _, item := range blk.ast.GroupBy {
		list, err := b.sets(blk, g, item)
		if err != nil {
			return err
		}
		if len(sets)*len(list) > maxSets {
			return errorAt(blk.ast.GroupBy[0].Position(), "54001", "too many grouping sets present (maximum %d)", maxSets)
		}
		product := make([][]int, 0, len(sets)*len(list))
		for _, a := range sets {
			for _, c := range list {
				product = append(product, keyUnion(a, c))
			}
		}
		sets = product
	}
	if blk.ast.GroupDistinct {
		sets = withoutRepeats(sets)
	}
	if len(sets) > 1 {
		g.sets = sets
	}
	return nil
}

// keyUnion joins two sets of keys.
func keyUnion(a, c []int) []int {
	out := append(slices.Clone(a), c...)
	slices.Sort(out)
	return slices.Compact(out)
}

func withoutRepeats(sets [][]int) [][]int {
	var out [][]int
	for _, s := range sets {
		if !slices.ContainsFunc(out, func(o []int) bool { return slices.Equal(o, s) }) {
			out = append(out, s)
		}
	}
	return out
}

// sets lists the grouping sets of an element of GROUP BY.
func (b *binder) sets(blk *block, g *grouping, item sql.Expr) ([][]int, error) {
	n, ok := item.(*sql.GroupingSet)
	if !ok {
		set, err := b.keySet(blk, g, item)
		return [][]int{set}, err
	}
	switch n.Kind {
	case sql.GroupEmpty:
		return [][]int{nil}, nil
	case sql.GroupSets:
		var out [][]int
		for _, inner := range n.Items {
			list, err := b.sets(blk, g, inner)
			if err != nil {
				return nil, err
			}
			out = append(out, list...)
		}
		return out, nil
	}
	parts := make([][]int, len(n.Items))
	for i, inner := range n.Items {
		var err error
		if parts[i], err = b.keySet(blk, g, inner); err != nil {
			return nil, err
		}
	}
	if n.Kind == sql.GroupRollup {
		return rollup(parts), nil
	}
	if len(parts) > maxCube {
		return nil, errorAt(n.Pos, "54011", "CUBE is limited to %d elements", maxCube)
	}
	return cube(parts), nil
}

func rollup(parts [][]int) [][]int {
	var out [][]int
	for k := len(parts); k >= 0; k-- {
		var set []int
		for _, p := range parts[:k] {
			set = keyUnion(set, p)
		}
		out = append(out, set)
	}
	return out
}

func cube(parts [][]int) [][]int {
	var out [][]int
	for bits := 1<<len(parts) - 1; bits >= 0; bits-- {
		var set []int
		for i, p := range parts {
			if bits>>(len(parts)-1-i)&1 == 1 {
				set = keyUnion(set, p)
			}
		}
		out = append(out, set)
	}
	return out
}

// keySet binds an expression, or several in parentheses, as keys.
func (b *binder) keySet(blk *block, g *grouping, item sql.Expr) ([]int, error) {
	list := []sql.Expr{item}
	if row, ok := item.(*sql.Row); ok && !row.Explicit {
		list = row.Elems
	}
	var set []int
	for _, e := range list {
		key, err := b.groupKey(blk.s, e, blk.targets)
		if err != nil {
			return nil, err
		}
		k := slices.IndexFunc(g.keys, func(have expr.Expr) bool { return expr.Equal(have, key) })
		if k < 0 {
			k = len(g.keys)
			g.keys = append(g.keys, key)
		}
		set = keyUnion(set, []int{k})
	}
	return set, nil
}

// groupingCall binds GROUPING(…).
func (b *binder) groupingCall(s *scope, n *sql.FuncCall) (expr.Expr, error) {
	if e, err := b.fromOutside(s, n, b.groupingCall); e != nil || err != nil {
		return e, err
	}
	switch {
	case s.aggs == nil:
		return nil, errorAt(n.Pos, "42803", "grouping operations are not allowed in %s", s.clause)
	case s.aggs.filter:
		return nil, errorAt(n.Pos, "42803", "grouping operations are not allowed in FILTER")
	case s.aggs.inside:
		return nil, errorAt(n.Pos, "42803", "aggregate function calls cannot be nested")
	case len(n.Args) > maxGroupingArg:
		return nil, errorAt(n.Pos, "54023", "GROUPING must have fewer than %d arguments", maxGroupingArg+1)
	}
	call := boundGrouping{at: n.Pos}
	for _, a := range n.Args {
		e, err := b.value(s, a)
		if err != nil {
			return nil, err
		}
		call.args = append(call.args, e)
	}
	s.aggs.groupings = append(s.aggs.groupings, call)
	return &expr.Column{Index: groupingBase + len(s.aggs.groupings) - 1, Name: "grouping", T: column.T(column.Int32), At: n.Pos}, nil
}

// mask gives what GROUPING(…) means: a bit for each argument that a row's grouping set does not have.
func (g *grouping) mask(call boundGrouping) (expr.Expr, error) {
	places := make([]int, len(call.args))
	for i, a := range call.args {
		places[i] = slices.IndexFunc(g.keys, func(key expr.Expr) bool { return expr.Equal(key, a) })
		if places[i] < 0 {
			return nil, errorAt(leftmost(a), "42803", "arguments to GROUPING must be grouping expressions of the associated query level")
		}
	}
	literal := func(v int64) expr.Expr {
		return &expr.Literal{Value: column.NewInts(column.T(column.Int32), []int64{v}, nil), At: call.at}
	}
	if g.sets == nil {
		return literal(0), nil
	}
	var masks []int64
	members := map[int64][]int64{}
	for number, set := range g.sets {
		mask := int64(0)
		for _, k := range places {
			mask <<= 1
			if !slices.Contains(set, k) {
				mask |= 1
			}
		}
		if members[mask] == nil {
			masks = append(masks, mask)
		}
		members[mask] = append(members[mask], int64(number))
	}
	out := &expr.Case{Else: literal(masks[0]), T: column.T(column.Int32), At: call.at}
	if len(masks) == 1 {
		return out.Else, nil
	}
	set := &expr.Column{Index: len(g.keys), Name: "set", T: plan.SetNumber, At: call.at}
	for _, m := range masks[1:] {
		out.When = append(out.When, &expr.In{Arg: set, List: column.NewInts(plan.SetNumber, members[m], nil), At: call.at})
		out.Then = append(out.Then, literal(m))
	}
	return out, nil
}

// leftmost is where an expression begins in the text.
func leftmost(e expr.Expr) int {
	at := e.Pos()
	expr.Walk(e, func(e expr.Expr) bool {
		at = min(at, e.Pos())
		return true
	})
	return at
}

// expanded puts the grouping sets between the input and the aggregation that is made of it.
func (g *grouping) expanded(agg *plan.Aggregate) *plan.Aggregate {
	if g.sets == nil {
		return agg
	}
	in := &plan.GroupingSets{Input: agg.Input, Keys: agg.Keys, Names: agg.KeyNames, Sets: g.sets}
	width := len(agg.Input.Columns())
	refs, names := columnRefs(in.Columns())
	for i, call := range agg.Aggs { // direct arguments stand for a whole group, in which a key may be missing
		for k := range call.Fn.Direct {
			agg.Aggs[i].Args[k] = replaced(call.Args[k], agg.Keys, refs[width:])
		}
	}
	agg.Input, agg.Keys, agg.KeyNames = in, refs[width:], names[width:]
	for number, set := range g.sets {
		if len(set) == 0 {
			agg.Always = append(agg.Always, int64(number))
		}
	}
	return agg
}

// replaced puts other expressions in the place of those of a list.
func replaced(e expr.Expr, list, by []expr.Expr) expr.Expr {
	if k := slices.IndexFunc(list, func(key expr.Expr) bool { return expr.Equal(key, e) }); k >= 0 {
		return by[k]
	}
	return expr.MapChildren(e, func(e expr.Expr) expr.Expr { return replaced(e, list, by) })
}
