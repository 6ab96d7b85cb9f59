package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

var joinKinds = map[sql.JoinKind]plan.JoinKind{
	sql.InnerJoin: plan.InnerJoin, sql.CrossJoin: plan.InnerJoin, sql.LeftJoin: plan.LeftJoin,
	sql.RightJoin: plan.RightJoin, sql.FullJoin: plan.FullJoin,
}

// join binds a join. Its whole condition becomes Cond: finding the keys in it is the optimizer's work.
func (f *fromClause) join(n *sql.Join) (*item, error) {
	left, err := f.item(n.Left)
	if err != nil {
		return nil, err
	}
	f.left = append(f.left, left)
	right, err := f.item(n.Right)
	f.left = f.left[:len(f.left)-1]
	if err != nil {
		return nil, err
	}
	if err := clash(left.sources, right.sources); err != nil {
		return nil, err
	}
	out := &item{first: left.first, params: left.params, sources: slices.Concat(left.sources, right.sources)}
	using := n.Using
	if n.Natural {
		using = sharedNames(left.fields, right.fields)
	}
	var cond expr.Expr
	switch {
	case using != nil:
		cond, err = f.merge(n, using, left, right, out)
	case n.On != nil:
		out.fields = slices.Concat(left.fields, right.fields)
		cond, err = f.onCondition(n, out)
	default:
		out.fields = slices.Concat(left.fields, right.fields)
	}
	if err != nil {
		return nil, err
	}
	if n.Asof {
		if out.node, err = f.asof(n, left, right, cond); err != nil {
			return nil, err
		}
		return f.joinAlias(n.Alias, out)
	}
	if out.node, err = f.joined(n, left, right, out, cond); err != nil {
		return nil, err
	}
	return f.joinAlias(n.Alias, out)
}

// onCondition binds ON.
func (f *fromClause) onCondition(n *sql.Join, out *item) (expr.Expr, error) {
	s := &scope{sources: out.sources, fields: out.fields, hidden: f.all, outer: f.outer, clause: "JOIN conditions"}
	return f.boolean(s, n.On, "JOIN/ON")
}

// joinAlias hides the sources of a join behind the one name that was given to it.
func (f *fromClause) joinAlias(alias *sql.Alias, it *item) (*item, error) {
	if alias == nil {
		return it, nil
	}
	src := &source{name: alias.Name, alias: true, fields: slices.Clone(it.fields)}
	if err := rename(src, "join expression", alias.Columns); err != nil {
		return nil, err
	}
	it.sources, it.fields = []*source{src}, src.fields
	f.all = append(f.all, src)
	return it, nil
}

// sharedNames lists the names that both sides of a NATURAL JOIN have, in the order of the left.
func sharedNames(left, right []binding) []sql.Ident {
	var out []sql.Ident
	for _, l := range left {
		if slices.ContainsFunc(right, func(r binding) bool { return r.name == l.name }) {
			out = append(out, sql.Ident{Name: l.name})
		}
	}
	return out
}

// merge binds USING: equality of the named columns, each of which is one column afterwards, in front of the others. Its errors
// have no position, as in PostgreSQL.
func (f *fromClause) merge(n *sql.Join, using []sql.Ident, left, right, out *item) (expr.Expr, error) {
	var conds []expr.Expr
	var merged []binding
	for i, c := range using {
		if slices.ContainsFunc(using[:i], func(o sql.Ident) bool { return o.Name == c.Name }) {
			return nil, column.SQLErrorf(column.Invalid, "42701", "column name \"%s\" appears more than once in USING clause", c.Name)
		}
		l, err := usingColumn(left.fields, c.Name, "left")
		if err != nil {
			return nil, err
		}
		r, err := usingColumn(right.fields, c.Name, "right")
		if err != nil {
			return nil, err
		}
		e, err := f.mergedColumn(n, l, r)
		if err != nil {
			return nil, unplaced(err)
		}
		eq, err := f.operator("=", n.Pos, l.e, r.e)
		if err != nil {
			return nil, unplaced(err)
		}
		conds = append(conds, eq)
		merged = append(merged, binding{name: c.Name, e: e})
	}
	isMerged := func(o binding) bool {
		return slices.ContainsFunc(using, func(c sql.Ident) bool { return c.Name == o.name })
	}
	out.fields = slices.Concat(merged, slices.DeleteFunc(slices.Clone(left.fields), isMerged), slices.DeleteFunc(slices.Clone(right.fields), isMerged))
	if n.UsingAlias != "" {
		src := &source{name: n.UsingAlias, alias: true, fields: merged}
		if err := clash(out.sources, []*source{src}); err != nil {
			return nil, err
		}
		out.sources = append(out.sources, src)
		f.all = append(f.all, src)
	}
	if len(conds) == 1 {
		return conds[0], nil
	}
	return &expr.Logic{Args: conds, At: n.Pos}, nil
}

func usingColumn(fields []binding, name, side string) (*binding, error) {
	var found *binding
	for i := range fields {
		if fields[i].name != name {
			continue
		}
		if found != nil {
			return nil, column.SQLErrorf(column.Invalid, "42702", "common column name \"%s\" appears more than once in %s table", name, side)
		}
		found = &fields[i]
	}
	if found == nil {
		return nil, column.SQLErrorf(column.Invalid, "42703", "column \"%s\" specified in USING clause does not exist in %s table", name, side)
	}
	return found, nil
}

// mergedColumn is what the name of USING means: the side that always has a value; of an inner join, whose sides are
// equal, the one that need not be cast.
func (f *fromClause) mergedColumn(n *sql.Join, l, r *binding) (expr.Expr, error) {
	sides := []expr.Expr{l.e, r.e}
	if _, err := f.common("JOIN/USING", sides); err != nil {
		return nil, err
	}
	switch n.Kind {
	case sql.RightJoin:
		return sides[1], nil
	case sql.FullJoin:
		return f.coalesce(n.Pos, sides)
	case sql.InnerJoin:
		if sides[0] != l.e && sides[1] == r.e {
			return r.e, nil
		}
	}
	return sides[0], nil
}

// unplaced takes the position from an error.
func unplaced(err error) error {
	e, ok := err.(*column.Error)
	if !ok {
		return err
	}
	out := *e
	out.Position = 0
	return &out
}
