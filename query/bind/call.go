package bind

import (
	"cmp"
	"slices"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// aggBase is the column number of the first aggregate while a SELECT is bound: beyond any table's columns. grouping.resolve
// gives aggregates their places.
const aggBase = 1 << 20

// aggregates collects the aggregate calls of one SELECT.
type aggregates struct {
	calls []expr.AggregateCall
	names []string
	// direct are the direct arguments of ordered-set aggregates.
	direct []expr.Expr
	// groupings are the calls of GROUPING(…).
	groupings []boundGrouping
	// inside is set while the arguments of an aggregate are bound.
	inside bool
	// filter is set while the condition of an aggregate is bound.
	filter bool
}

// call binds a function call, an aggregate or one of the calls with a syntax of their own.
func (b *binder) call(s *scope, n *sql.FuncCall) (expr.Expr, error) {
	name := n.Name.Name
	if !hasFunctions(n.Name) {
		return nil, errorAt(n.Pos, "3F000", "schema \"%s\" does not exist", n.Name.Schema)
	}
	if out, ok := spreadVariadic(n); ok && b.Functions.IsVariadic(name) {
		n = out
	}
	if n.Variadic {
		return nil, unsupported(n.Pos, "VARIADIC is supported with ARRAY[...] only", "Write the arguments one by one.")
	}
	if isFill(name) && !n.Special {
		return b.fill(s, n)
	}
	if n.ArgNames != nil && strings.Join(n.ArgNames, "") != "" && !b.Functions.IsSetFunction(name) {
		return b.namedCall(s, n)
	}
	if n.Over != nil {
		return b.window(s, n)
	}
	if b.Functions.IsWindow(name) && !n.WithinGroup && !n.Special {
		return nil, b.withoutOver(s, n)
	}
	if n.Special && name == "grouping" {
		return b.groupingCall(s, n)
	}
	if b.Functions.IsAggregate(name) && !n.Special {
		return b.aggregate(s, n)
	}
	if b.Functions.IsSetFunction(name) && !n.Special {
		return b.listCall(s, n)
	}
	if n.Star || n.Distinct || n.Filter != nil || n.OrderBy != nil {
		if err := b.exists(s, n); err != nil {
			return nil, err
		}
		what := map[bool]string{true: "FILTER"}[n.Filter != nil]
		if n.Star {
			what = "(*)"
		} else if n.Distinct {
			what = "DISTINCT"
		} else if n.OrderBy != nil {
			what = "ORDER BY"
		}
		return nil, errorAt(n.Pos, "42809", "%s specified, but %s is not an aggregate function", what, name)
	}
	if n.Special && name == "coalesce" {
		s = s.withoutSets("COALESCE")
	}
	args := make([]expr.Expr, len(n.Args))
	for i, a := range n.Args {
		var err error
		if args[i], err = b.expr(s, a); err != nil {
			return nil, err
		}
	}
	if n.Special {
		switch name {
		case "coalesce":
			return b.coalesce(n.Pos, args)
		case "nullif":
			return b.nullif(n.Pos, args)
		case "greatest", "least":
			if _, err := b.common(strings.ToUpper(name), args); err != nil {
				return nil, err
			}
		case "current_timestamp", "localtimestamp":
			// With a precision it is a call, the type's own precision is 6.
		case "user", "current_role", "session_user", "system_user":
			name = "current_user"
		}
	}
	return b.callNamed(name, n.Pos, args...)
}

// exists makes sure that there is a function for the arguments of a call.
func (b *binder) exists(s *scope, n *sql.FuncCall) error {
	list := n.Args
	if n.WithinGroup {
		list = slices.Clone(list)
		for _, item := range n.OrderBy {
			list = append(list, item.Expr)
		}
	}
	ts := make([]column.Type, len(list))
	for i, a := range list {
		e, err := b.expr(s, a)
		if err != nil {
			return err
		}
		ts[i] = e.Type()
	}
	if _, err := b.Functions.Function(n.Name.Name, ts); err != nil {
		return place(err, n.Pos)
	}
	return nil
}

// aggregate binds an aggregate call; in the expression a column of number aggBase + k stands for call k.
func (b *binder) aggregate(s *scope, n *sql.FuncCall) (expr.Expr, error) {
	if e, err := b.fromOutside(s, n, b.aggregate); e != nil || err != nil {
		return e, err
	}
	if s.aggs == nil {
		return nil, errorAt(n.Pos, "42803", "aggregate functions are not allowed in %s", s.clause)
	}
	if s.aggs.filter {
		return nil, errorAt(n.Pos, "42803", "aggregate functions are not allowed in FILTER")
	}
	if s.aggs.inside {
		return nil, errorAt(n.Pos, "42803", "aggregate function calls cannot be nested")
	}
	s.aggs.inside = true
	bind := b.aggregateCall
	if n.WithinGroup {
		bind = b.orderedSet
	}
	call, err := bind(s, n)
	s.aggs.inside = false
	if err != nil {
		return nil, err
	}
	return s.aggs.add(call, n.Name.Name), nil
}

// fromOutside binds an aggregate, or GROUPING, that belongs to a query around; nil = it belongs to the query itself.
func (b *binder) fromOutside(s *scope, n *sql.FuncCall, bind func(*scope, *sql.FuncCall) (expr.Expr, error)) (expr.Expr, error) {
	out, links, err := b.levelOf(s, n)
	if out == nil || err != nil {
		return nil, err
	}
	e, err := bind(out, n)
	if err != nil {
		return nil, err
	}
	return b.outside(links, e), nil
}

func (b *binder) aggregateCall(s *scope, n *sql.FuncCall) (expr.AggregateCall, error) {
	call := expr.AggregateCall{Distinct: n.Distinct, At: n.Pos}
	ts := make([]column.Type, len(n.Args))
	for i, a := range n.Args {
		e, err := b.expr(s, a)
		if err != nil {
			return call, err
		}
		call.Args = append(call.Args, e)
		ts[i] = e.Type()
	}
	if len(n.Args) == 0 && !n.Star {
		if _, err := b.Functions.Aggregate(n.Name.Name, ts); err != nil {
			return call, place(err, n.Pos)
		}
		return call, errorAt(n.Pos, "42809", "%s(*) must be used to call a parameterless aggregate function", n.Name.Name)
	}
	if n.Distinct {
		for _, a := range call.Args {
			if err := distinguishable(a); err != nil {
				return call, err
			}
		}
	}
	f, err := b.Functions.Aggregate(n.Name.Name, ts)
	if err != nil {
		return call, place(err, n.Pos)
	}
	if n.Name.Name == "array_agg" && ts[0] == unknown {
		return call, errorAt(n.Pos, "42725", "function array_agg(unknown) is not unique")
	}
	if f.WithinGroup {
		return call, noWithinGroup(n)
	}
	if err := b.setArgs(f, call.Args); err != nil {
		return call, err
	}
	if f.For != nil {
		for i, a := range call.Args {
			ts[i] = a.Type()
		}
		f = f.For(ts, nil)
	}
	if f.NewUnsorted != nil {
		if c, ok := call.Args[len(call.Args)-1].(*expr.Column); !ok || !c.Sorted {
			unsorted := *f
			unsorted.New = f.NewUnsorted
			f = &unsorted
		}
	}
	call.Fn, call.T = f, f.Result
	if err := b.orderAggregate(s, n, &call); err != nil {
		return call, err
	}
	if err := b.jsonArgs(n, call.Args[:len(n.Args)]); err != nil {
		return call, err
	}
	return call, b.aggregateFilter(s, n, &call)
}

// add gives the column that stands for a call; equal calls are computed once.
func (a *aggregates) add(call expr.AggregateCall, name string) *expr.Column {
	k := -1
	for i := range a.calls {
		if sameAggregate(&a.calls[i], &call) {
			k = i
		}
	}
	if k < 0 {
		k = len(a.calls)
		a.calls = append(a.calls, call)
		a.names = append(a.names, name)
	}
	return &expr.Column{Index: aggBase + k, Name: name, T: call.T, At: call.At}
}

func sameAggregate(a, c *expr.AggregateCall) bool {
	if a.Fn.Name != c.Fn.Name || a.T != c.T || a.Distinct != c.Distinct || !slices.Equal(a.Order, c.Order) || len(a.Args) != len(c.Args) || (a.Filter == nil) != (c.Filter == nil) {
		return false
	}
	for i := range a.Args {
		if !expr.Equal(a.Args[i], c.Args[i]) {
			return false
		}
	}
	return a.Filter == nil || expr.Equal(a.Filter, c.Filter)
}

// grouping says what is left of the input after aggregation: keys, then aggregates.
type grouping struct {
	keys    []expr.Expr
	aggs    int // how many aggregates
	sources []*source
	// subqueries are those that expressions may read; what they read themselves is resolved with them, once.
	subqueries []subColumn
	resolved   map[*sub]bool
	// sets are the grouping sets, by the places of their keys; nil = all keys, always. Their number is a key behind the others.
	sets  [][]int
	calls *aggregates
	// dependent gives the aggregates that stand for columns that the keys determine.
	dependent map[int]int
}

// resolve rewrites an expression over the input into one over the aggregate's output; the error names a column that is
// neither grouped nor aggregated.
func (g *grouping) resolve(e expr.Expr) (expr.Expr, error) {
	var failed error
	var walk func(e expr.Expr) expr.Expr
	walk = func(e expr.Expr) expr.Expr {
		for k, key := range g.keys {
			if expr.Equal(e, key) {
				return &expr.Column{Index: k, Name: nameOf(e), T: e.Type(), At: e.Pos()}
			}
		}
		if c, ok := e.(*expr.Column); ok {
			switch {
			case c.Index >= rightBase:
				return e
			case c.Index >= setBase:
				return e
			case c.Index >= subBase:
				if err := g.resolveSub(g.subqueries[c.Index-subBase].sub); failed == nil {
					failed = err
				}
				return e
			case c.Index >= windowBase:
				return e
			case c.Index >= gapBase:
				out := *c
				out.Index = len(g.keys) + g.aggs + c.Index - gapBase
				return &out
			case c.Index >= groupingBase:
				mask, err := g.mask(g.calls.groupings[c.Index-groupingBase])
				if err != nil {
					failed = cmp.Or(failed, err)
					return e
				}
				return mask
			case c.Index >= aggBase:
				return g.aggregate(c, c.Index-aggBase)
			}
			if k, ok := g.dependent[c.Index]; ok {
				return g.aggregate(c, k)
			}
			if failed == nil {
				failed = errorAt(c.At, "42803", "column \"%s\" must appear in the GROUP BY clause or be used in an aggregate function", g.qualified(c))
			}
			return e
		}
		return expr.MapChildren(e, walk)
	}
	out := walk(e)
	return out, failed
}

// aggregate moves a column to where the aggregation gives aggregate k.
func (g *grouping) aggregate(c *expr.Column, k int) expr.Expr {
	out := *c
	out.Index = len(g.keys) + k
	if g.sets != nil {
		out.Index++
	}
	return &out
}

// resolveSub does so with what a subquery reads.
func (g *grouping) resolveSub(u *sub) error {
	if g.resolved[u] {
		return nil
	}
	if g.resolved == nil {
		g.resolved = map[*sub]bool{}
	}
	g.resolved[u] = true
	for i, p := range u.params {
		e, err := g.resolve(p.Expr)
		if err != nil {
			c := anyColumn(p.Expr)
			return errorAt(c.At, "42803", "subquery uses ungrouped column \"%s\" from outer query", g.qualified(c))
		}
		u.params[i].Expr = e
	}
	if u.cond == nil {
		return nil
	}
	var err error
	u.cond, err = g.resolve(u.cond)
	return err
}

// anyColumn gives a column that an expression reads.
func anyColumn(e expr.Expr) *expr.Column {
	found := &expr.Column{At: e.Pos()}
	expr.Walk(e, func(e expr.Expr) bool {
		if c, ok := e.(*expr.Column); ok {
			found = c
		}
		return true
	})
	return found
}

func (g *grouping) qualified(c *expr.Column) string {
	for _, src := range g.sources {
		for _, f := range src.fields {
			if own, ok := f.e.(*expr.Column); ok && own.Index == c.Index {
				return src.name + "." + f.name
			}
		}
	}
	return c.Name
}

func nameOf(e expr.Expr) string {
	switch x := e.(type) {
	case *expr.Column:
		return x.Name
	case *expr.Call:
		if x.Fn.Form == "" {
			return x.Fn.Name
		}
	}
	return ""
}

func newScan(rel plan.Relation, project []int) *plan.Scan {
	return &plan.Scan{Relation: rel, Project: project, Time: allTime}
}
