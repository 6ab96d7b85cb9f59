package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// merging is a MERGE being bound. Its rows are those of the source, joined with those of the table, whose fields stand from column first on. Which WHEN
// is for a row is computed first, by number; the row's new values depend on that.
type merging struct {
	*binder
	t       *changedTable
	s       *scope // of source and table
	source  *scope // of the source alone
	first   int
	matched map[sql.MergeMatch]expr.Expr
	clause  *expr.Column // the number of the WHEN
}

// merge binds MERGE.
func (b *binder) merge(n *sql.Merge) (*plan.Change, error) {
	restore, err := b.define(n.With, nil)
	defer restore()
	if err != nil {
		return nil, err
	}
	t, err := b.changedTable(n.Table.Name, "merge into")
	if err != nil {
		return nil, err
	}
	if err := reachable(n.Whens); err != nil {
		return nil, err
	}
	m := &merging{binder: b, t: t}
	node, err := m.join(n)
	if err != nil {
		return nil, err
	}
	if node, err = m.choose(node, n.Whens); err != nil {
		return nil, err
	}
	c := &plan.Change{Kind: plan.MergeRows, Table: t.rel, Addressed: true, Choosing: true, Whole: true}
	if c.Checks, err = b.checks(t); err != nil {
		return nil, err
	}
	values, action, err := m.values(n.Whens)
	if err != nil {
		return nil, err
	}
	node, at, err := b.withRow(t, node, values)
	if err != nil {
		return nil, err
	}
	last := len(m.s.sources) - 1
	return c, b.give(c, node, m.s.withFields(last, t, at), slices.Concat(t.address(m.first), []expr.Expr{action}, t.fieldsAt(at)), n.Returning)
}

// reachable refuses a WHEN that stands behind one of its kind without a condition. Its error has no position, as in PostgreSQL.
func reachable(list []sql.MergeWhen) error {
	ends := map[sql.MergeMatch]bool{}
	for _, w := range list {
		if ends[w.Match] {
			return column.SQLErrorf(column.Invalid, "42601", "unreachable WHEN clause specified after unconditional WHEN clause")
		}
		ends[w.Match] = w.Cond == nil
	}
	return nil
}

// join makes the rows: of the source, all if there is a WHEN for those without a partner, and of the table likewise.
func (m *merging) join(n *sql.Merge) (plan.Node, error) {
	f := &fromClause{binder: m.binder, outer: m.outer}
	source, err := f.item(n.Source)
	if err != nil {
		return nil, err
	}
	stored := f.target(m.t, n.Table.Name.Schema, n.Table.Alias)
	if err := clash(source.sources, stored.sources); err != nil {
		return nil, err
	}
	out := &item{sources: slices.Concat(source.sources, stored.sources), fields: slices.Concat(source.fields, stored.fields)}
	m.first = stored.first
	m.s = &scope{sources: out.sources, fields: out.fields, hidden: f.all, outer: m.outer, clause: "JOIN conditions"}
	m.source = &scope{sources: source.sources, fields: source.fields, hidden: f.all, outer: m.outer}
	cond, err := m.boolean(m.s, n.On, "JOIN/ON")
	if err != nil {
		return nil, err
	}
	kind := sql.InnerJoin
	for _, w := range n.Whens {
		switch {
		case w.Match == sql.NotMatchedBySource:
			return nil, unsupported(w.Pos, "WHEN NOT MATCHED BY SOURCE is not supported", "Write a DELETE or an UPDATE with NOT EXISTS.")
		case w.Match == sql.NotMatchedByTarget:
			kind = sql.LeftJoin
		}
	}
	place := m.t.address(m.first)[0]
	m.matched = map[sql.MergeMatch]expr.Expr{
		sql.Matched:            &expr.IsNull{Arg: place, Negate: true, At: n.Pos},
		sql.NotMatchedByTarget: &expr.IsNull{Arg: place, At: n.Pos},
	}
	return f.joined(&sql.Join{Pos: n.Pos, Kind: kind}, source, stored, out, cond)
}

// scope is that of the conditions and values of a WHEN.
func (m *merging) scope(w *sql.MergeWhen, clause string) *scope {
	if w.Match == sql.NotMatchedByTarget {
		return m.source.within(clause)
	}
	return m.s.within(clause)
}

// choose adds the number of the WHEN that is for a row, counted from 1; 0 where none is.
func (m *merging) choose(node plan.Node, list []sql.MergeWhen) (plan.Node, error) {
	number := &expr.Case{Else: actionLiteral(0), T: column.T(column.Int64)}
	for i := range list {
		w := &list[i]
		when := m.matched[w.Match]
		if w.Cond != nil {
			cond, err := m.boolean(m.scope(w, "MERGE WHEN conditions"), w.Cond, "WHEN")
			if err != nil {
				return nil, err
			}
			when = &expr.Logic{Args: []expr.Expr{when, cond}, At: w.Pos}
		}
		number.When, number.Then = append(number.When, when), append(number.Then, actionLiteral(int64(i+1)))
	}
	var decided expr.Expr = number
	node = m.attach(node, 0, &decided)
	p := &plan.Project{Input: node}
	p.Exprs, p.Names = columnRefs(node.Columns())
	m.clause = &expr.Column{Index: len(p.Exprs), Name: "(when)", T: number.T}
	p.Exprs, p.Names = append(p.Exprs, decided), append(p.Names, m.clause.Name)
	return p, nil
}

// values gives a row's new fields, and what happens to it, by the number of its WHEN. A row that goes keeps its fields, for RETURNING.
func (m *merging) values(list []sql.MergeWhen) ([]expr.Expr, expr.Expr, error) {
	fields := m.t.schema.Fields
	out := make([]expr.Expr, len(fields))
	action := &expr.Case{Else: actionLiteral(plan.NoAction), T: column.T(column.Int64)}
	for i := range list {
		w := &list[i]
		row, what, err := m.row(w)
		if err != nil {
			return nil, nil, err
		}
		if what == plan.NoAction {
			continue
		}
		is, err := m.operator("=", w.Pos, m.clause, actionLiteral(int64(i+1)))
		if err != nil {
			return nil, nil, err
		}
		action.When, action.Then = append(action.When, is), append(action.Then, actionLiteral(what))
		for k, e := range row {
			c, ok := out[k].(*expr.Case)
			if !ok {
				c = &expr.Case{T: fields[k].Type, At: w.Pos}
				out[k] = c
			}
			c.When, c.Then = append(c.When, is), append(c.Then, e)
		}
	}
	for k := range out {
		if out[k] == nil { // nothing is done at all
			out[k] = &expr.Literal{Value: nullOf(fields[k].Type)}
		}
	}
	return out, action, nil
}

// row binds what a WHEN does.
func (m *merging) row(w *sql.MergeWhen) ([]expr.Expr, int64, error) {
	old := m.t.fieldsAt(m.first)
	switch w.Action {
	case sql.MergeDelete:
		return old, plan.DeleteAction, nil
	case sql.MergeUpdate:
		set, err := m.assignments(m.t, m.scope(w, "UPDATE"), w.Set)
		if err != nil {
			return nil, 0, err
		}
		row, err := set.over(m.binder, old)
		return row, plan.UpdateAction, err
	case sql.MergeInsert:
		row, err := m.inserted(w)
		return row, plan.InsertAction, err
	}
	return nil, plan.NoAction, nil
}

// inserted binds the row of WHEN NOT MATCHED THEN INSERT.
func (m *merging) inserted(w *sql.MergeWhen) ([]expr.Expr, error) {
	in := &insertion{changedTable: m.t, listed: w.Columns, overriding: w.Overriding}
	if err := in.setColumns(w.Columns); err != nil {
		return nil, err
	}
	row := make([]expr.Expr, len(m.t.schema.Fields))
	if w.Values != nil {
		at := w.Values[len(w.Values)-1].Position()
		if len(w.Values) > len(in.columns) {
			at = w.Values[len(in.columns)].Position()
		} else if len(w.Values) < len(in.listed) {
			at = in.listed[len(w.Values)].Pos
		}
		if err := in.fit(len(w.Values), at); err != nil {
			return nil, err
		}
		s := m.scope(w, "VALUES")
		for i, v := range w.Values {
			var err error
			if row[in.columns[i]], err = m.insertValue(s, in, i, v); err != nil {
				return nil, err
			}
		}
	}
	return row, m.complete(m.t, row, w.Pos)
}
