package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// modify binds a statement that changes rows.
func (b *binder) modify(stmt sql.Stmt) (plan.Statement, error) {
	c, err := b.change(stmt)
	if err != nil {
		return nil, err
	}
	return &plan.Modify{With: b.changes, First: b.firstSoFar(), Change: c}, nil
}

// change binds INSERT, UPDATE, DELETE or MERGE, as a statement or in WITH.
func (b *binder) change(stmt sql.Stmt) (*plan.Change, error) {
	switch n := stmt.(type) {
	case *sql.Insert:
		return b.insert(n)
	case *sql.Update:
		return b.update(n)
	case *sql.Delete:
		return b.delete(n)
	case *sql.Merge:
		return b.merge(n)
	}
	return nil, unsupported(stmt.Position(), "this statement is not supported in WITH", "")
}

// firstSoFar takes the subqueries that are to be run before what was bound last.
func (b *binder) firstSoFar() []plan.Subquery {
	out := b.subqueries[b.taken:len(b.subqueries):len(b.subqueries)]
	b.taken = len(b.subqueries)
	return out
}

// changedIn binds a change that stands in WITH: the rows that it returns are given to those who name it.
func (b *binder) changedIn(n *sql.CTE) (*cte, error) {
	c, err := b.change(n.Stmt)
	if err != nil {
		return nil, err
	}
	out := &cte{name: n.Name, id: &plan.SharedID{}, size: 1, silent: c.Out == nil}
	out.node = &plan.Given{Name: n.Name, ID: out.id, Out: c.Out}
	b.changes = append(b.changes, plan.WithChange{Name: n.Name, First: b.firstSoFar(), Change: c, ID: out.id})
	out.names, err = cteNames(n, c.Out)
	return out, err
}

// rowsToChange makes the rows of a table with their addresses, joined with the items of FROM or USING that choose among them.
func (b *binder) rowsToChange(t *changedTable, n *sql.Table, from []sql.TableExpr) (plan.Node, *scope, error) {
	f := &fromClause{binder: b, outer: b.outer}
	it := f.target(t, n.Name.Schema, n.Alias)
	s := &scope{outer: b.outer}
	s.add(it)
	node, err := f.besides(s, it.node, from)
	return node, s, err
}

// delete binds DELETE.
func (b *binder) delete(n *sql.Delete) (*plan.Change, error) {
	restore, err := b.define(n.With, nil)
	defer restore()
	if err != nil {
		return nil, err
	}
	t, err := b.changedTable(n.Table.Name, "delete from")
	if err != nil {
		return nil, err
	}
	node, s, err := b.rowsToChange(t, n.Table, n.Using)
	if err != nil {
		return nil, err
	}
	if node, err = b.chosen(node, s, n.Where); err != nil {
		return nil, err
	}
	c := &plan.Change{Kind: plan.DeleteRows, Table: t.rel, Addressed: true, Distinct: len(n.Using) == 0}
	return c, b.give(c, node, s, t.address(0), n.Returning)
}

// update binds UPDATE.
func (b *binder) update(n *sql.Update) (*plan.Change, error) {
	restore, err := b.define(n.With, nil)
	defer restore()
	if err != nil {
		return nil, err
	}
	t, err := b.changedTable(n.Table.Name, "update")
	if err != nil {
		return nil, err
	}
	node, s, err := b.rowsToChange(t, n.Table, n.From)
	if err != nil {
		return nil, err
	}
	set, err := b.assignments(t, s, n.Set)
	if err != nil {
		return nil, err
	}
	if node, err = b.chosen(node, s, n.Where); err != nil {
		return nil, err
	}
	values, err := set.over(b, t.fieldsAt(0))
	if err != nil {
		return nil, err
	}
	c := &plan.Change{Kind: plan.UpdateRows, Table: t.rel, Addressed: true, Whole: true, Distinct: len(n.From) == 0, Seen: set.keepKey()}
	if c.Checks, err = b.checks(t); err != nil {
		return nil, err
	}
	node, at, err := b.withRow(t, node, values)
	if err != nil {
		return nil, err
	}
	return c, b.give(c, node, s.withFields(0, t, at), append(t.address(0), t.fieldsAt(at)...), n.Returning)
}

// chosen keeps the rows for which WHERE holds.
func (b *binder) chosen(node plan.Node, s *scope, where sql.Expr) (plan.Node, error) {
	if where == nil {
		return node, nil
	}
	blk := &block{ast: &sql.Select{Where: where}, input: node, s: s}
	err := b.where(blk)
	return blk.input, err
}

// withFields gives a scope in which the names of source i, the table that is changed, mean the fields of the new row that stands from column at on.
func (s *scope) withFields(i int, t *changedTable, at int) *scope {
	c := *s
	c.sources = slices.Clone(s.sources)
	old := c.sources[i]
	now := *old
	now.fields = make([]binding, len(old.fields))
	for k, e := range t.fieldsAt(at) {
		now.fields[k] = binding{name: old.fields[k].name, e: e}
	}
	c.sources[i] = &now
	c.fields = nil
	for _, src := range c.sources {
		c.fields = append(c.fields, src.fields...)
	}
	return &c
}

// give makes the input of a change of a plan: the columns that it reads, which are fixed, and what RETURNING gives.
func (b *binder) give(c *plan.Change, node plan.Node, s *scope, fixed []expr.Expr, items []sql.SelectItem) error {
	targets, err := b.targets(s.within("RETURNING"), &sql.Select{Targets: items})
	if err != nil {
		return err
	}
	for i := range targets {
		if targets[i].bound, err = b.known(targets[i].bound); err != nil {
			return err
		}
	}
	for i := range targets {
		node = b.attach(node, 0, &targets[i].bound)
	}
	p := &plan.Project{Input: node, Exprs: fixed}
	for _, e := range fixed {
		p.Names = append(p.Names, nameOf(e))
	}
	for _, t := range targets {
		p.Exprs, p.Names = append(p.Exprs, t.bound), append(p.Names, t.name)
	}
	c.Input = p
	if len(items) > 0 {
		c.Out = plan.Describe(p)[len(fixed):]
	}
	return nil
}
