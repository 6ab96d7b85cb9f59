package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// target is one column of a select list.
type target struct {
	name  string
	ast   sql.Expr // nil for what * stands for
	bound expr.Expr
}

// block is a SELECT being bound: its FROM, WHERE and list.
type block struct {
	ast     *sql.Select
	input   plan.Node
	s       *scope
	targets []target
	having  expr.Expr
}

// grouped reports that the rows of a block are groups.
func (blk *block) grouped() bool {
	return len(blk.ast.GroupBy) > 0 || blk.having != nil || len(blk.s.aggs.calls) > 0 || len(blk.s.aggs.groupings) > 0
}

// selectBlock binds SELECT … with the ORDER BY that belongs to it; open leaves literals without a type.
func (b *binder) selectBlock(n *sql.Select, orderBy []sql.OrderItem, open bool) (plan.Node, error) {
	blk, err := b.block(n)
	if err != nil {
		return nil, err
	}
	return b.finishBlock(blk, orderBy, open)
}

// scopedBlock is selectBlock, and gives the scope of the block.
func (b *binder) scopedBlock(n *sql.Select, orderBy []sql.OrderItem) (plan.Node, *scope, error) {
	blk, err := b.block(n)
	if err != nil {
		return nil, nil, err
	}
	root, err := b.finishBlock(blk, orderBy, true)
	return root, blk.s, err
}

// block binds FROM, WHERE, the list and HAVING.
func (b *binder) block(n *sql.Select) (*block, error) {
	blk := &block{ast: n}
	var err error
	if blk.input, blk.s, err = b.from(n.From, rowNames(n)); err != nil {
		return nil, err
	}
	if err := b.namedWindows(blk.s, n.Windows); err != nil {
		return nil, err
	}
	if blk.targets, err = b.targets(blk.s, n); err != nil {
		return nil, err
	}
	if n.Where != nil {
		if err := b.where(blk); err != nil {
			return nil, err
		}
	}
	if n.Having != nil {
		if blk.having, err = b.boolean(blk.s.withoutWindows("HAVING"), n.Having, "HAVING"); err != nil {
			return nil, err
		}
	}
	return blk, nil
}

// where binds WHERE: conditions on rows first, then those that need a subquery.
func (b *binder) where(blk *block) error {
	s := blk.s.within("WHERE")
	list, what := []sql.Expr{blk.ast.Where}, "WHERE"
	if l, ok := blk.ast.Where.(*sql.Logic); ok && l.Op == sql.And {
		list, what = l.Args, "AND"
	}
	var conds, later []expr.Expr
	var tests []test
	for _, n := range list {
		if t, ok := asTest(n); ok {
			tests = append(tests, t)
			continue
		}
		e, err := b.boolean(s, n, what)
		if err != nil {
			return err
		}
		if waits(e) {
			b.loosen(e)
			later = append(later, e)
			continue
		}
		conds = append(conds, e)
	}
	switch len(conds) {
	case 0:
	case 1:
		blk.input = &plan.Filter{Input: blk.input, Cond: conds[0]}
	default:
		blk.input = &plan.Filter{Input: blk.input, Cond: &expr.Logic{Args: conds, At: blk.ast.Where.Position()}}
	}
	for _, t := range tests {
		var err error
		if blk.input, err = b.test(blk.input, s, t); err != nil {
			return err
		}
	}
	for _, e := range later {
		blk.input = b.attach(blk.input, 0, &e)
		blk.input = &plan.Filter{Input: blk.input, Cond: e}
	}
	return nil
}

// finishBlock groups, removes duplicates and sorts.
func (b *binder) finishBlock(blk *block, orderBy []sql.OrderItem, open bool) (plan.Node, error) {
	n, s := blk.ast, blk.s
	if !open || n.Distinct || len(orderBy) > 0 {
		for i := range blk.targets {
			var err error
			if blk.targets[i].bound, err = b.known(blk.targets[i].bound); err != nil {
				return nil, err
			}
		}
	}
	g := &grouping{sources: s.sources, calls: s.aggs}
	if err := b.groupBy(blk, g); err != nil {
		return nil, err
	}
	visible, distinct := len(blk.targets), n.Distinct && len(n.DistinctOn) == 0
	keys, targets, err := b.orderKeys(s, orderBy, blk.targets, distinct)
	if err != nil {
		return nil, err
	}
	var on []int
	if on, targets, err = b.distinctOn(s, n.DistinctOn, visible, targets, keys); err != nil {
		return nil, err
	}
	if s.work && len(s.aggs.calls) > 0 {
		return nil, errorAt(s.aggs.calls[0].At, "42P19", "aggregate functions are not allowed in a recursive query's recursive term")
	}
	input := blk.input
	if blk.grouped() {
		if input, err = b.group(input, g, s, targets, blk.having); err != nil {
			return nil, err
		}
	} else {
		if input, err = b.gapfill(input, nil, g, s, targets); err != nil {
			return nil, err
		}
		g = nil
	}
	if len(s.windows.calls) > 0 {
		if input, err = b.overWindows(input, s.windows, g, targets); err != nil {
			return nil, err
		}
	}
	if distinct {
		for _, t := range targets {
			if err := distinguishable(t.bound); err != nil {
				return nil, err
			}
		}
	}
	if len(on) > 0 && len(keys) > 0 && postponed(on, keys, targets) {
		return b.expandLater(input, s, g, targets, visible, on, keys)
	}
	if input, err = b.expand(input, s.sets, g, targets); err != nil {
		return nil, err
	}
	for i := range targets {
		input = b.attach(input, 0, &targets[i].bound)
	}
	if len(on) == 0 {
		return finish(input, targets, visible, distinct, keys), nil
	}
	rows := finish(input, targets, len(targets), false, nil)
	if rows, err = b.firstOf(rows, on, keys); err != nil {
		return nil, err
	}
	refs, names := columnRefs(rows.Columns())
	for i := range targets {
		targets[i] = target{name: names[i], bound: refs[i]}
	}
	return finish(rows, targets, visible, false, keys), nil
}

// distinguishable refuses types without equality where duplicates or groups are looked for.
func distinguishable(e expr.Expr) error {
	kind := e.Type().Kind
	if kind != column.JSON && kind != column.JSONPath {
		return nil
	}
	err := errorAt(e.Pos(), "42883", "could not identify an equality operator for type %s", e.Type())
	err.Hint = "Use a member, column ->> 'name', or cast to text."
	if kind == column.JSONPath {
		err.Hint = "Cast to text."
	}
	return err
}

func (b *binder) targets(s *scope, n *sql.Select) ([]target, error) {
	var out []target
	for _, item := range n.Targets {
		more, expands, err := b.spread(s, item.Expr)
		if err != nil {
			return nil, err
		}
		if expands {
			out = append(out, more...)
			continue
		}
		e, err := b.expr(s, item.Expr)
		if err != nil {
			return nil, err
		}
		name := item.Alias
		if name == "" {
			name = columnName(item.Expr)
		}
		out = append(out, target{name: name, ast: item.Expr, bound: e})
	}
	return out, nil
}

// expandStar lists the columns * stands for.
func (b *binder) expandStar(s *scope, star *sql.Star) ([]target, error) {
	fields, links := s.fields, []*link(nil)
	switch {
	case len(star.Qualifier) > 0:
		var src *source
		var err error
		if src, links, err = s.qualified(star.Qualifier, star.Pos); err != nil {
			return nil, err
		}
		fields = src.fields
	case len(s.sources) == 0:
		return nil, errorAt(star.Pos, "42601", "SELECT * with no tables specified is not valid")
	}
	out := make([]target, 0, len(fields))
	for _, f := range fields {
		if f.unlisted {
			continue
		}
		t := target{name: f.name, bound: f.at(star.Pos)}
		if links != nil {
			t.bound = b.outside(links, t.bound)
		}
		out = append(out, t)
	}
	return out, nil
}

// groupKey binds an element of GROUP BY: a number, a column of the input, an output name, or any expression.
func (b *binder) groupKey(s *scope, item sql.Expr, targets []target) (expr.Expr, error) {
	inner := s.within("GROUP BY")
	k, err := ordinal(item, "GROUP BY", len(targets))
	if err != nil {
		return nil, err
	}
	if k < 0 {
		key, err := b.value(inner, item)
		if err == nil {
			return key, nil
		}
		if k, _ = byAlias(item, targets); k < 0 {
			return nil, err
		}
	}
	if targets[k].ast == nil || waits(targets[k].bound) {
		return b.known(targets[k].bound)
	}
	return b.value(inner, targets[k].ast)
}

func containsExpr(list []expr.Expr, e expr.Expr) bool {
	for _, x := range list {
		if expr.Equal(x, e) {
			return true
		}
	}
	return false
}

// group puts the aggregation over the input and brings targets and HAVING onto its output.
func (b *binder) group(input plan.Node, g *grouping, s *scope, targets []target, having expr.Expr) (plan.Node, error) {
	if err := b.dependentColumns(g, s, targets, having); err != nil {
		return nil, err
	}
	g.aggs = len(s.aggs.calls)
	for _, k := range g.keys {
		if readsSets(k) {
			return nil, unsupported(k.Pos(), "set-returning functions are not supported in GROUP BY", "Move it into a LATERAL FROM item.")
		}
	}
	agg := &plan.Aggregate{Keys: slices.Clone(g.keys), Aggs: slices.Clone(s.aggs.calls), AggNames: s.aggs.names}
	agg.Input = b.attachBelow(input, agg)
	g.subqueries = b.places
	if err := g.checkCalls(); err != nil {
		return nil, err
	}
	for _, k := range g.keys {
		if err := distinguishable(k); err != nil {
			return nil, err
		}
		agg.KeyNames = append(agg.KeyNames, nameOf(k))
	}
	var err error
	for i := range targets {
		if targets[i].bound, err = g.resolve(targets[i].bound); err != nil {
			return nil, err
		}
	}
	agg = g.expanded(agg)
	var out plan.Node = agg
	if having != nil {
		if having, err = g.resolve(having); err != nil {
			return nil, err
		}
		b.loosen(having)
		node := b.attach(agg, 0, &having)
		out = &plan.Filter{Input: node, Cond: having}
	}
	return b.gapfill(out, input, g, s, targets)
}

// attachBelow puts the subqueries that the keys and arguments of an aggregation read below it.
func (b *binder) attachBelow(input plan.Node, agg *plan.Aggregate) plan.Node {
	for i := range agg.Keys {
		input = b.attach(input, 0, &agg.Keys[i])
	}
	for i := range agg.Aggs {
		a := &agg.Aggs[i]
		a.Args = slices.Clone(a.Args)
		for k := range a.Args {
			input = b.attach(input, 0, &a.Args[k])
		}
		input = b.attach(input, 0, &a.Filter)
	}
	return input
}

// finish projects, removes duplicates, sorts, and drops the columns that were there for sorting only.
func finish(input plan.Node, targets []target, visible int, distinct bool, keys []plan.SortKey) plan.Node {
	p := &plan.Project{Input: input}
	for _, t := range targets {
		p.Exprs = append(p.Exprs, t.bound)
		p.Names = append(p.Names, t.name)
	}
	var root plan.Node = p
	if distinct {
		refs, names := columnRefs(p.Columns())
		root = &plan.Aggregate{Input: root, Keys: refs, KeyNames: names}
	}
	if len(keys) > 0 {
		root = &plan.Sort{Input: root, Keys: keys}
	}
	if visible < len(targets) {
		refs, names := columnRefs(root.Columns())
		root = &plan.Project{Input: root, Exprs: refs[:visible], Names: names[:visible]}
	}
	return root
}

func columnRefs(cols []plan.Column) (refs []expr.Expr, names []string) {
	for i, c := range cols {
		refs = append(refs, &expr.Column{Index: i, Name: c.Name, T: c.Type})
		names = append(names, c.Name)
	}
	return refs, names
}
