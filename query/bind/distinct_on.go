package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// distinctOn binds DISTINCT ON to columns of the select list, as ORDER BY is. ORDER BY must begin with them.
func (b *binder) distinctOn(s *scope, items []sql.Expr, visible int, targets []target, keys []plan.SortKey) ([]int, []target, error) {
	var on []int
	for _, item := range items {
		k, err := ordinal(item, "DISTINCT ON", visible)
		if err == nil && k < 0 {
			k, err = byAlias(item, targets[:visible])
		}
		if err != nil {
			return nil, nil, err
		}
		if k < 0 {
			e, err := b.value(s, item)
			if err != nil {
				return nil, nil, err
			}
			k = slices.IndexFunc(targets, func(t target) bool { return expr.Equal(t.bound, e) })
			if k < 0 {
				k = len(targets)
				targets = append(targets[:len(targets):len(targets)], target{name: columnName(item), bound: e})
			}
		}
		if err := distinguishable(targets[k].bound); err != nil {
			return nil, nil, err
		}
		on = append(on, k)
	}
	return on, targets, leadingKeys(items, on, keys)
}

// leadingKeys checks that ORDER BY names the columns of DISTINCT ON before all others.
func leadingKeys(items []sql.Expr, on []int, keys []plan.SortKey) error {
	other := false
	for p, k := range keys {
		if slices.ContainsFunc(keys[:p], func(o plan.SortKey) bool { return expr.Equal(o.Expr, k.Expr) }) {
			continue // a column that is named again orders nothing
		}
		i := slices.Index(on, k.Expr.(*expr.Column).Index)
		if i >= 0 && other {
			return errorAt(items[i].Position(), "42P10", "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
		}
		other = other || i < 0
	}
	for i, c := range on {
		named := slices.ContainsFunc(keys, func(k plan.SortKey) bool { return k.Expr.(*expr.Column).Index == c })
		if !named && other {
			return errorAt(items[i].Position(), "42P10", "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
		}
	}
	return nil
}

// firstOf keeps the first row, in the order of keys, of the rows that are equal in the columns on.
func (b *binder) firstOf(root plan.Node, on []int, keys []plan.SortKey) (plan.Node, error) {
	w := &plan.Window{Input: root}
	for _, k := range keys { // what is equal in all rows of a partition does not order them
		if !slices.Contains(on, k.Expr.(*expr.Column).Index) {
			w.Order = append(w.Order, k)
		}
	}
	columns := root.Columns()
	for _, c := range on {
		w.Partition = append(w.Partition, &expr.Column{Index: c, Name: columns[c].Name, T: columns[c].Type})
	}
	return b.rankedUpTo(w, "row_number", 1)
}

// postponed reports that the functions that give rows run after ORDER BY, and so after DISTINCT ON: neither reads any.
func postponed(on []int, keys []plan.SortKey, targets []target) bool {
	reads := func(i int) bool { return readsSets(targets[i].bound) }
	return slices.ContainsFunc(targets, func(t target) bool { return readsSets(t.bound) }) && !slices.ContainsFunc(on, reads) &&
		!slices.ContainsFunc(keys, func(k plan.SortKey) bool { return reads(k.Expr.(*expr.Column).Index) })
}

// expandLater chooses rows before the functions of the list give theirs. The columns of the input stay where they are, for these to read.
func (b *binder) expandLater(input plan.Node, s *scope, g *grouping, targets []target, visible int, on []int, keys []plan.SortKey) (plan.Node, error) {
	for i := range targets {
		if !readsSets(targets[i].bound) {
			input = b.attach(input, 0, &targets[i].bound)
		}
	}
	var list []target
	refs, names := columnRefs(input.Columns())
	for i, e := range refs {
		list = append(list, target{name: names[i], bound: e})
	}
	places := make([]int, len(targets))
	for i, t := range targets {
		if readsSets(t.bound) {
			continue
		}
		places[i] = len(list)
		list = append(list, t)
		targets[i].bound = &expr.Column{Index: places[i], Name: t.name, T: t.bound.Type(), Shape: shapeOf(t.bound), At: t.bound.Pos()}
	}
	for i := range on {
		on[i] = places[on[i]]
	}
	order := slices.Clone(keys)
	for i, k := range keys {
		c := *k.Expr.(*expr.Column)
		c.Index = places[c.Index]
		order[i].Expr = &c
	}
	rows, err := b.firstOf(finish(input, list, len(list), false, nil), on, order)
	if err != nil {
		return nil, err
	}
	if rows, err = b.expand(rows, s.sets, g, targets); err != nil {
		return nil, err
	}
	for i := range targets {
		rows = b.attach(rows, 0, &targets[i].bound)
	}
	return finish(rows, targets, visible, false, keys), nil
}

// rankedUpTo keeps the rows for which a function of their place gives at most n.
func (b *binder) rankedUpTo(w *plan.Window, function string, n int64) (plan.Node, error) {
	f, err := b.Functions.Window(function, nil)
	if err != nil {
		return nil, err
	}
	place := &expr.Column{Index: len(w.Input.Columns()), Name: function, T: f.Result}
	w.Calls, w.Names = []expr.WindowCall{{Fn: f, T: f.Result, Frame: expr.DefaultFrame}}, []string{function}
	cond, err := b.operator("<=", 0, place, &expr.Literal{Value: column.NewInts(f.Result, []int64{n}, nil)})
	if err != nil {
		return nil, err
	}
	return &plan.Filter{Input: w, Cond: cond}, nil
}

// withTies applies FETCH FIRST … WITH TIES: the rows that are equal to the last one in the order come, too.
func (b *binder) withTies(root plan.Node, q *sql.Query, count, offset int64) (plan.Node, error) {
	if count < 0 {
		return nil, errorAt(q.Pos, "2201W", "row count cannot be null in FETCH FIRST ... WITH TIES clause")
	}
	if count == 0 {
		return &plan.Limit{Input: root}, nil
	}
	sort, ok := root.(*plan.Sort)
	if p, is := root.(*plan.Project); is && !ok {
		sort, ok = p.Input.(*plan.Sort)
	}
	if !ok {
		return nil, column.Errorf(column.Internal, "bind: WITH TIES over %T", root)
	}
	width := len(sort.Columns())
	first, err := b.rankedUpTo(&plan.Window{Input: sort.Input, Order: sort.Keys}, "rank", max(count+offset, count))
	if err != nil {
		return nil, err
	}
	var out plan.Node = &plan.Sort{Input: first, Keys: sort.Keys}
	if offset > 0 {
		out = &plan.Limit{Input: out, Count: -1, Offset: offset}
	}
	refs, names := columnRefs(sort.Columns())
	out = &plan.Project{Input: out, Exprs: refs[:width], Names: names[:width]}
	if p, is := root.(*plan.Project); is {
		out = p.With([]plan.Node{out})
	}
	return out, nil
}
