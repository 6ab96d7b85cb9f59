package bind

import (
	"errors"
	"strconv"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// query binds a query expression.
func (b *binder) query(q *sql.Query) (plan.Node, error) {
	if q.With != nil {
		return nil, unsupported(q.With.Pos, "WITH is not supported yet", "Run the inner queries first.")
	}
	if q.WithTies {
		return nil, unsupported(q.Pos, "FETCH FIRST ... WITH TIES is not supported", "Use LIMIT.")
	}
	var root plan.Node
	var err error
	switch body := q.Body.(type) {
	case *sql.Select:
		root, err = b.selectBlock(body, q.OrderBy)
	case *sql.Values:
		if root, err = b.values(body); err == nil {
			root, err = b.orderValues(root, q.OrderBy)
		}
	case *sql.Query:
		if len(q.OrderBy) > 0 {
			return nil, unsupported(q.OrderBy[0].Pos, "ORDER BY over a query in parentheses is not supported yet", "Drop the parentheses.")
		}
		root, err = b.query(body)
	case *sql.SetOp:
		return nil, unsupported(body.Pos, "UNION, INTERSECT and EXCEPT are not supported yet", "Run the queries one by one, or use OR in WHERE.")
	default:
		return nil, unsupported(q.Pos, "this query is not supported", "")
	}
	if err != nil {
		return nil, err
	}
	return b.limit(root, q)
}

// target is one column of a select list.
type target struct {
	name  string
	ast   sql.Expr // nil for what * stands for
	bound expr.Expr
}

// selectBlock binds SELECT … with the ORDER BY that belongs to it.
func (b *binder) selectBlock(n *sql.Select, orderBy []sql.OrderItem) (plan.Node, error) {
	if len(n.DistinctOn) > 0 {
		return nil, unsupported(n.DistinctOn[0].Position(), "DISTINCT ON is not supported yet", "Use GROUP BY with first(value, time) or last(value, time).")
	}
	if len(n.Windows) > 0 {
		return nil, unsupported(n.Windows[0].Pos, "window functions are not supported yet", "Use GROUP BY.")
	}
	input, s, err := b.from(n.From)
	if err != nil {
		return nil, err
	}
	if n.Where != nil {
		cond, err := b.boolean(s.within("WHERE"), n.Where, "WHERE")
		if err != nil {
			return nil, err
		}
		input = &plan.Filter{Input: input, Cond: cond}
	}
	targets, err := b.targets(s, n)
	if err != nil {
		return nil, err
	}
	g := &grouping{scan: s.sources}
	for _, item := range n.GroupBy {
		if set, ok := item.(*sql.GroupingSet); ok && set.Kind == sql.GroupEmpty {
			continue // one group of all rows, which the other keys divide
		}
		key, err := b.groupKey(s, item, targets)
		if err != nil {
			return nil, err
		}
		if !containsExpr(g.keys, key) {
			g.keys = append(g.keys, key)
		}
	}
	var having expr.Expr
	if n.Having != nil {
		if having, err = b.boolean(s, n.Having, "HAVING"); err != nil {
			return nil, err
		}
	}
	visible := len(targets)
	keys, targets, err := b.orderKeys(s, orderBy, targets, n.Distinct)
	if err != nil {
		return nil, err
	}
	if len(n.GroupBy) > 0 || having != nil || len(s.aggs.calls) > 0 {
		if input, err = b.group(input, g, s, targets, having); err != nil {
			return nil, err
		}
	}
	if n.Distinct {
		for _, t := range targets {
			if err := distinguishable(t.bound); err != nil {
				return nil, err
			}
		}
	}
	return finish(input, targets, visible, n.Distinct, keys), nil
}

// distinguishable refuses types without equality where duplicates or groups are looked for.
func distinguishable(e expr.Expr) error {
	if e.Type().Kind != column.JSON {
		return nil
	}
	err := errorAt(e.Pos(), "42883", "could not identify an equality operator for type json")
	err.Hint = "Use a member, column ->> 'name', or cast to text."
	return err
}

// from makes the input of a SELECT.
func (b *binder) from(list []sql.TableExpr) (plan.Node, *scope, error) {
	s := &scope{aggs: &aggregates{}}
	if len(list) == 0 {
		return &plan.Values{Rows: [][]expr.Expr{{}}}, s, nil
	}
	if len(list) > 1 {
		return nil, nil, unsupported(list[1].Position(), "joins are not supported yet", "Query one table at a time.")
	}
	switch t := list[0].(type) {
	case *sql.Table:
		src, err := b.table(t)
		if err != nil {
			return nil, nil, err
		}
		s.sources = []*source{src}
		return src.scan, s, nil
	case *sql.Join:
		return nil, nil, unsupported(t.Pos, "joins are not supported yet", "Query one table at a time.")
	case *sql.Derived:
		return nil, nil, unsupported(t.Pos, "subqueries in FROM are not supported yet", "Write one SELECT with the conditions of both.")
	}
	return nil, nil, unsupported(list[0].Position(), "functions in FROM are not supported yet", "")
}

func (b *binder) targets(s *scope, n *sql.Select) ([]target, error) {
	var out []target
	for _, item := range n.Targets {
		if star, ok := item.Expr.(*sql.Star); ok {
			more, err := expand(s, star)
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
			continue
		}
		e, err := b.value(s, item.Expr)
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

// expand lists the columns * stands for.
func expand(s *scope, star *sql.Star) ([]target, error) {
	sources := s.sources
	if len(star.Qualifier) > 0 {
		src, err := s.find(star.Qualifier, star.Pos)
		if err != nil {
			return nil, err
		}
		sources = []*source{src}
	}
	if len(sources) == 0 {
		return nil, errorAt(star.Pos, "42601", "SELECT * with no tables specified is not valid")
	}
	var out []target
	for _, src := range sources {
		for i, name := range src.names {
			out = append(out, target{name: name, bound: src.ref(i, star.Pos)})
		}
	}
	return out, nil
}

// ordinal reads an integer constant that stands for a column of the select list; -1 if e is something else.
func ordinal(e sql.Expr, clause string, n int) (int, error) {
	l, ok := e.(*sql.Literal)
	if !ok {
		return -1, nil
	}
	if l.Kind != sql.LitInt {
		return -1, errorAt(l.Pos, "42601", "non-integer constant in %s", clause)
	}
	k, err := strconv.Atoi(l.Text)
	if err != nil || k < 1 || k > n {
		return -1, errorAt(l.Pos, "42P10", "%s position %s is not in select list", clause, l.Text)
	}
	return k - 1, nil
}

// byAlias finds the output column of a bare name, -1 if there is none.
func byAlias(e sql.Expr, targets []target) (int, error) {
	c, ok := e.(*sql.ColumnRef)
	if !ok || len(c.Parts) != 1 {
		return -1, nil
	}
	found := -1
	for i, t := range targets {
		if t.name != c.Parts[0] {
			continue
		}
		if found >= 0 && !expr.Equal(targets[found].bound, t.bound) {
			return -1, errorAt(c.Pos, "42702", "ORDER BY \"%s\" is ambiguous", c.Parts[0])
		}
		if found < 0 {
			found = i
		}
	}
	return found, nil
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
	if targets[k].ast == nil {
		return targets[k].bound, nil
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

// orderKeys binds ORDER BY to columns of the select list; what is not there is appended to it, out of sight.
func (b *binder) orderKeys(s *scope, items []sql.OrderItem, targets []target, distinct bool) ([]plan.SortKey, []target, error) {
	var keys []plan.SortKey
	visible := targets
	for _, item := range items {
		k, err := ordinal(item.Expr, "ORDER BY", len(visible))
		if err == nil && k < 0 {
			k, err = byAlias(item.Expr, visible)
		}
		if err != nil {
			return nil, nil, err
		}
		if k < 0 {
			e, err := b.value(s, item.Expr)
			if err != nil {
				return nil, nil, err
			}
			for i, t := range targets {
				if expr.Equal(t.bound, e) {
					k = i
					break
				}
			}
			if k < 0 {
				if distinct {
					return nil, nil, errorAt(item.Expr.Position(), "42P10", "for SELECT DISTINCT, ORDER BY expressions must appear in select list")
				}
				k = len(targets)
				targets = append(targets[:len(targets):len(targets)], target{name: columnName(item.Expr), bound: e})
			}
		}
		key, err := sortKey(item, targets[k], k)
		if err != nil {
			return nil, nil, err
		}
		keys = append(keys, key)
	}
	return keys, targets, nil
}

func sortKey(item sql.OrderItem, t target, k int) (plan.SortKey, error) {
	desc := item.Desc
	switch item.Using {
	case "", "<":
	case ">":
		desc = true
	default:
		return plan.SortKey{}, errorAt(item.Pos, "42809", "operator %s is not a valid ordering operator", item.Using)
	}
	if t.bound.Type().Kind == column.JSON {
		e := errorAt(item.Pos, "42883", "could not identify an ordering operator for type json")
		e.Hint = "Order by a member: column ->> 'name'."
		return plan.SortKey{}, e
	}
	return plan.SortKey{
		Expr: &expr.Column{Index: k, Name: t.name, T: t.bound.Type(), At: t.bound.Pos()},
		Desc: desc, NullsFirst: item.Nulls == sql.NullsFirst || item.Nulls == sql.NullsDefault && desc,
	}, nil
}

// group puts the aggregation over the input and brings targets and HAVING onto its output.
func (b *binder) group(input plan.Node, g *grouping, s *scope, targets []target, having expr.Expr) (plan.Node, error) {
	agg := &plan.Aggregate{Input: input, Keys: g.keys, Aggs: s.aggs.calls, AggNames: s.aggs.names}
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
	if having == nil {
		return agg, nil
	}
	if having, err = g.resolve(having); err != nil {
		return nil, err
	}
	return &plan.Filter{Input: agg, Cond: having}, nil
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

// limit applies LIMIT and OFFSET, which are constants by now.
func (b *binder) limit(root plan.Node, q *sql.Query) (plan.Node, error) {
	count, err := b.count(q.Limit, "LIMIT", "2201W", -1)
	if err != nil {
		return nil, err
	}
	offset, err := b.count(q.Offset, "OFFSET", "2201X", 0)
	if err != nil {
		return nil, err
	}
	if count < 0 && offset == 0 {
		return root, nil
	}
	return &plan.Limit{Input: root, Count: count, Offset: offset}, nil
}

func (b *binder) count(n sql.Expr, clause, state string, none int64) (int64, error) {
	if n == nil {
		return none, nil
	}
	e, err := b.expr(&scope{clause: clause}, n)
	var noColumn *column.Error
	if errors.As(err, &noColumn) && noColumn.SQLState == "42703" {
		return 0, errorAt(noColumn.Position-1, "42P10", "argument of %s must not contain variables", clause)
	}
	if err != nil {
		return 0, err
	}
	bigint := column.T(column.Int64)
	if t := e.Type(); t != unknown && !b.Functions.CanCast(t, bigint, fn.Assignment) {
		return 0, errorAt(e.Pos(), "42804", "argument of %s must be type bigint, not type %s", clause, t)
	}
	if e, err = b.coerce(e, bigint, fn.Assignment); err != nil {
		return 0, err
	}
	if _, ok := e.(*expr.Param); ok {
		return none, nil // described, not run
	}
	v, err := expr.Eval(b.fold, e, nil, 1)
	if err != nil {
		return 0, err
	}
	switch {
	case v.IsNull(0):
		return none, nil
	case v.Int(0) < 0:
		return 0, errorAt(n.Position(), state, "%s must not be negative", clause)
	}
	return v.Int(0), nil
}

// values binds VALUES as a query.
func (b *binder) values(n *sql.Values) (plan.Node, error) {
	out := &plan.Values{}
	s := &scope{clause: "VALUES"}
	for _, row := range n.Rows {
		if len(row) != len(n.Rows[0]) {
			return nil, errorAt(row[0].Position(), "42601", "VALUES lists must all be the same length")
		}
		bound := make([]expr.Expr, len(row))
		for i, e := range row {
			var err error
			if bound[i], err = b.expr(s, e); err != nil {
				return nil, err
			}
		}
		out.Rows = append(out.Rows, bound)
	}
	for k := range n.Rows[0] {
		col := make([]expr.Expr, len(out.Rows))
		for i := range out.Rows {
			col[i] = out.Rows[i][k]
		}
		t, err := b.common("VALUES", col)
		if err != nil {
			return nil, err
		}
		for i := range out.Rows {
			out.Rows[i][k] = col[i]
		}
		out.Out = append(out.Out, plan.Column{Name: "column" + strconv.Itoa(k+1), Type: t})
	}
	return out, nil
}

// orderValues sorts VALUES by its columns.
func (b *binder) orderValues(root plan.Node, items []sql.OrderItem) (plan.Node, error) {
	if len(items) == 0 {
		return root, nil
	}
	cols := root.Columns()
	src := &source{name: "*VALUES*"}
	targets := make([]target, len(cols))
	for i, c := range cols {
		src.columns = append(src.columns, plan.RelationColumn{Name: c.Name, Type: c.Type})
		src.names = append(src.names, c.Name)
		targets[i] = target{name: c.Name, bound: src.ref(i, 0)}
	}
	s := &scope{sources: []*source{src}, clause: "ORDER BY"}
	keys, all, err := b.orderKeys(s, items, targets, false)
	if err != nil {
		return nil, err
	}
	return finish(root, all, len(targets), false, keys), nil
}
