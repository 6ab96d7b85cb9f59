package opt

import (
	"math"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
)

// shiftedSums makes sum(x + 1), sum(x + 2), … of integers of one sum(x) and one count(x). It does so where the types alone say that no addition of a
// row leaves its type, so that nothing that failed would not.
func shiftedSums(_ *context, root plan.Node) plan.Node {
	return rewrite(root, func(n plan.Node) plan.Node {
		a, ok := n.(*plan.Aggregate)
		if !ok || len(a.Aggs) < 2 {
			return n
		}
		return sharedSums(a)
	})
}

// shiftedSum is sum(base + by).
type shiftedSum struct {
	base expr.Expr
	by   int64
}

func sharedSums(a *plan.Aggregate) plan.Node {
	sums, some := make([]*shiftedSum, len(a.Aggs)), false
	for i := range a.Aggs {
		sums[i] = asShiftedSum(&a.Aggs[i])
	}
	for i, s := range sums {
		if s != nil && !slices.ContainsFunc(sums, func(o *shiftedSum) bool { return o != nil && o.by != s.by && expr.Equal(o.base, s.base) }) {
			sums[i] = nil
		}
		some = some || sums[i] != nil
	}
	if !some {
		return a
	}
	c := *a
	c.Aggs, c.AggNames = nil, nil
	p := &plan.Project{Input: &c}
	for i, k := range a.Keys {
		p.Exprs, p.Names = append(p.Exprs, &expr.Column{Index: i, Name: a.KeyNames[i], T: k.Type(), At: k.Pos()}), append(p.Names, a.KeyNames[i])
	}
	at := func(call expr.AggregateCall, name string) *expr.Column {
		c.Aggs, c.AggNames = append(c.Aggs, call), append(c.AggNames, name)
		return &expr.Column{Index: len(c.Keys) + len(c.Aggs) - 1, Name: name, T: call.T, At: call.At}
	}
	var bases []sumAndCount
	for i, s := range sums {
		p.Names = append(p.Names, a.AggNames[i])
		if s == nil {
			p.Exprs = append(p.Exprs, at(a.Aggs[i], a.AggNames[i]))
			continue
		}
		k := slices.IndexFunc(bases, func(b sumAndCount) bool { return expr.Equal(b.base, s.base) })
		if k < 0 {
			b, ok := sumAndCountOf(s.base, a.Aggs[i].At, at)
			if !ok {
				return a
			}
			k, bases = len(bases), append(bases, b)
		}
		e, ok := bases[k].plus(s.by)
		if !ok {
			return a
		}
		p.Exprs = append(p.Exprs, e)
	}
	return p
}

// sumAndCount are the aggregates that all shifted sums of a base are made of.
type sumAndCount struct {
	base       expr.Expr
	sum, count *expr.Column
}

func sumAndCountOf(base expr.Expr, pos int, at func(expr.AggregateCall, string) *expr.Column) (b sumAndCount, ok bool) {
	sum, err := fn.Default().Aggregate("sum", []column.Type{base.Type()})
	if err != nil || sum.Result != column.T(column.Int64) {
		return b, false
	}
	count, err := fn.Default().Aggregate("count", []column.Type{base.Type()})
	if err != nil {
		return b, false
	}
	b.base = base
	b.sum = at(expr.AggregateCall{Fn: sum, Args: []expr.Expr{base}, T: sum.Result, At: pos}, "sum")
	b.count = at(expr.AggregateCall{Fn: count, Args: []expr.Expr{base}, T: count.Result, At: pos}, "count")
	return b, true
}

// plus is the sum of base + by: NULL where there is no value, as the sum is.
func (b *sumAndCount) plus(by int64) (expr.Expr, bool) {
	if by == 0 {
		return b.sum, true
	}
	bigint := column.T(column.Int64)
	times, err := fn.Default().Operator("*", bigint, bigint)
	if err != nil {
		return nil, false
	}
	plus, err := fn.Default().Operator("+", bigint, bigint)
	if err != nil {
		return nil, false
	}
	at := b.sum.At
	shift := &expr.Call{Fn: times, Args: []expr.Expr{b.count, &expr.Literal{Value: column.NewInts(bigint, []int64{by}, nil), At: at}}, T: bigint, At: at}
	return &expr.Call{Fn: plus, Args: []expr.Expr{b.sum, shift}, T: bigint, At: at}, true
}

// asShiftedSum takes sum(x), sum(x + c), sum(c + x) or sum(x - c) apart; nil for anything else, and where x + c may leave its type.
func asShiftedSum(call *expr.AggregateCall) *shiftedSum {
	if call.Fn.Name != "sum" || len(call.Args) != 1 || call.Distinct || call.Filter != nil || len(call.Order) > 0 || call.T != column.T(column.Int64) {
		return nil
	}
	arg := call.Args[0]
	if !arg.Type().IsInteger() || expr.Volatile(arg) {
		return nil
	}
	e, ok := arg.(*expr.Call)
	if !ok || len(e.Args) != 2 || e.Fn.Name != "+" && e.Fn.Name != "-" {
		return &shiftedSum{base: narrowed(arg)}
	}
	base, constant := e.Args[0], plan.Literal(e.Args[1])
	if constant == nil && e.Fn.Name == "+" {
		base, constant = e.Args[1], plan.Literal(e.Args[0])
	}
	if constant == nil || constant.IsNull(0) || !constant.Type.IsInteger() || !base.Type().IsInteger() {
		return &shiftedSum{base: arg}
	}
	by := constant.Int(0)
	if e.Fn.Name == "-" {
		by = -by
	}
	base = narrowed(base)
	least, greatest := integerRange(base.Type())
	if by < math.MinInt32 || by > math.MaxInt32 || base.Type().Kind == column.Int64 || !inRange(e.T, least+by) || !inRange(e.T, greatest+by) {
		return &shiftedSum{base: arg}
	}
	return &shiftedSum{base: base, by: by}
}

// narrowed takes away casts of integers to wider ones.
func narrowed(e expr.Expr) expr.Expr {
	for {
		c, ok := e.(*expr.Call)
		if !ok || c.Fn.Form != "cast" || len(c.Args) != 1 || !c.T.IsInteger() || !c.Args[0].Type().IsInteger() {
			return e
		}
		least, greatest := integerRange(c.Args[0].Type())
		if !inRange(c.T, least) || !inRange(c.T, greatest) {
			return e
		}
		e = c.Args[0]
	}
}

func integerRange(t column.Type) (least, greatest int64) {
	switch t.Kind {
	case column.Int16:
		return math.MinInt16, math.MaxInt16
	case column.Int32:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

// dependentKeys groups by no key that the others decide: constants, and what is computed of other keys alone. These are computed of the groups.
func dependentKeys(_ *context, root plan.Node) plan.Node {
	return rewrite(root, func(n plan.Node) plan.Node {
		a, ok := n.(*plan.Aggregate)
		if !ok || len(a.Keys) < 2 || a.Always != nil || a.Newest > 0 {
			return n
		}
		return independent(a)
	})
}

func independent(a *plan.Aggregate) plan.Node {
	exact := map[int]bool{} // columns that are keys, and the same wherever they are equal
	for _, k := range a.Keys {
		if c, ok := k.(*expr.Column); ok && sameIfEqual(c.T) {
			exact[c.Index] = true
		}
	}
	kept, of := make([]int, 0, len(a.Keys)), make([]int, len(a.Keys)) // of: the place of a key among those kept, -1 = it is computed
	places := map[int]int{}                                           // of exact columns, among the keys that are kept
	for i, k := range a.Keys {
		of[i] = -1
		c, isColumn := k.(*expr.Column)
		switch {
		case !isColumn && decided(k, exact):
			continue
		case isColumn && exact[c.Index]:
			if at, again := places[c.Index]; again {
				of[i] = at
				continue
			}
			places[c.Index] = len(kept)
		}
		of[i] = len(kept)
		kept = append(kept, i)
	}
	if len(kept) == 0 { // constants: without keys there would be a group over no rows, too
		of[0], kept = 0, append(kept, 0)
	}
	if len(kept) == len(a.Keys) {
		return a
	}
	return regrouped(a, kept, of, places)
}

// decided reports an expression over nothing but columns of a set.
func decided(e expr.Expr, by map[int]bool) bool {
	if expr.Volatile(e) {
		return false
	}
	for _, c := range expr.Columns(e) {
		if !by[c] {
			return false
		}
	}
	return true
}

// sameIfEqual reports types of which equal values are the same in every respect: not 0 and −0, nor 1.0 and 1.00.
func sameIfEqual(t column.Type) bool {
	switch t.Kind {
	case column.Text, column.Bytea, column.Bool:
		return true
	}
	return t.Physical() == column.PhysInt
}

// regrouped groups by the kept keys, and computes the others above.
func regrouped(a *plan.Aggregate, kept, of []int, places map[int]int) plan.Node {
	c := *a
	c.Keys, c.KeyNames = make([]expr.Expr, len(kept)), make([]string, len(kept))
	for at, i := range kept {
		c.Keys[at], c.KeyNames[at] = a.Keys[i], a.KeyNames[i]
	}
	key := func(at int) *expr.Column {
		k := c.Keys[at]
		return &expr.Column{Index: at, Name: c.KeyNames[at], T: k.Type(), At: k.Pos()}
	}
	p := &plan.Project{Input: &c, Names: append(slices.Clone(a.KeyNames), a.AggNames...)}
	for i, k := range a.Keys {
		if of[i] >= 0 {
			p.Exprs = append(p.Exprs, key(of[i]))
			continue
		}
		p.Exprs = append(p.Exprs, expr.Rewrite(k, func(e expr.Expr) expr.Expr {
			if col, ok := e.(*expr.Column); ok {
				return key(places[col.Index])
			}
			return e
		}))
	}
	for i, call := range a.Aggs {
		p.Exprs = append(p.Exprs, &expr.Column{Index: len(kept) + i, Name: a.AggNames[i], T: call.T, At: call.At})
	}
	return p
}
