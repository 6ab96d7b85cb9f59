package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// INSERT … ON CONFLICT looks up what is proposed: the rows, numbered in their order, LEFT JOIN the table on its key. What finds no partner is
// inserted, the others are left alone or updated, in the order in which they were proposed. Where DO NOTHING names no key, the rows that any other key is in
// the way of are left out before.

// onConflict makes the input of an INSERT … ON CONFLICT, whose rows stand in a node from column at on.
func (b *binder) onConflict(c *plan.Change, t *changedTable, n *sql.Insert, node plan.Node, at int, alias *sql.Alias) error {
	keys, err := b.arbiter(t, n.OnConflict)
	if err != nil {
		return err
	}
	if len(keys) == 0 { // nothing can be in the way
		src := t.source(n.Table.Schema, alias, at)
		s := &scope{sources: []*source{src}, fields: src.fields, outer: b.outer}
		return b.give(c, node, s, t.fieldsAt(at), n.Returning)
	}
	given := &plan.Given{Name: "proposed", ID: &plan.SharedID{}}
	proposed := &plan.Project{Input: node, Exprs: t.fieldsAt(at)}
	for _, f := range t.schema.Fields {
		proposed.Names = append(proposed.Names, f.Name)
		given.Out = append(given.Out, plan.Column{Name: f.Name, Type: f.Type, Mod: f.Mod})
	}
	given.Out = append(given.Out, plan.Column{Name: "(number)", Type: column.T(column.Int64), NotNull: true})
	c.Conflict = &plan.Conflict{Proposed: proposed, Rows: given.ID, Update: n.OnConflict.DoUpdate}
	c.Addressed, c.Choosing = true, true
	var rows plan.Node = given
	var it *item
	for i := range keys { // the first joins last: what is behind it knows the stored row
		kind, k := plan.AntiJoin, &keys[len(keys)-1-i]
		if i == len(keys)-1 {
			kind = plan.LeftJoin
		}
		f := &fromClause{binder: b, outer: b.outer, width: len(given.Out)}
		it = f.target(t, n.Table.Schema, alias)
		key := plan.ConflictKey{Fields: k.fields, Distinct: k.distinct}
		if err := b.sameKeys(&key, t, it.first); err != nil {
			return err
		}
		key.Join = &plan.Join{Left: rows, Right: it.node, Kind: kind, Cond: all(key.Equal, n.OnConflict.Pos)}
		rows = key.Join
		c.Conflict.Keys = append(c.Conflict.Keys, key)
	}
	excluded := t.source("", &sql.Alias{Name: "excluded"}, 0)
	s := &scope{sources: []*source{it.sources[0], excluded}, fields: slices.Concat(it.fields, excluded.fields), outer: b.outer}
	return b.onConflictDo(c, t, s, rows, n, it.first)
}

// onConflictDo binds what is done with the rows of the join, in which a stored row stands from column stored on.
func (b *binder) onConflictDo(c *plan.Change, t *changedTable, s *scope, rows plan.Node, n *sql.Insert, stored int) error {
	on, address := n.OnConflict, t.address(stored)
	fresh := &expr.IsNull{Arg: address[0], At: on.Pos}
	action := &expr.Case{When: []expr.Expr{fresh}, Then: []expr.Expr{actionLiteral(plan.InsertAction)}, Else: actionLiteral(plan.NoAction), T: column.T(column.Int64), At: on.Pos}
	updated := t.fieldsAt(stored)
	c.Seen = t.schema.Supersedes()
	if on.DoUpdate {
		set, err := b.assignments(t, s, on.Set)
		if err != nil {
			return err
		}
		var where expr.Expr = boolLiteral(true, on.Pos)
		if on.Where != nil {
			if where, err = b.boolean(s.within("WHERE"), on.Where, "WHERE"); err != nil {
				return err
			}
		}
		c.Seen, c.Conflict.Rekeys = set.keepKey(), !set.keep(c.Conflict.Keys[0].Fields)
		action.When, action.Then = append(action.When, where), append(action.Then, actionLiteral(plan.UpdateAction))
		if updated, err = set.over(b, updated); err != nil {
			return err
		}
	}
	var decided expr.Expr = action
	node := b.attach(rows, 0, &decided)
	p := &plan.Project{Input: node}
	p.Exprs, p.Names = columnRefs(node.Columns())
	what := &expr.Column{Index: len(p.Exprs), Name: "(action)", T: action.T}
	p.Exprs, p.Names = append(p.Exprs, decided), append(p.Names, what.Name)
	values := t.fieldsAt(0)
	if on.DoUpdate {
		for i, f := range t.schema.Fields {
			is, err := b.operator("=", on.Pos, what, actionLiteral(plan.UpdateAction))
			if err != nil {
				return err
			}
			values[i] = &expr.Case{When: []expr.Expr{is}, Then: []expr.Expr{updated[i]}, Else: values[i], T: f.Type, At: on.Pos}
		}
	}
	node, at, err := b.withRow(t, p, values)
	if err != nil {
		return err
	}
	if on.DoUpdate || len(n.Returning) > 0 || len(c.Conflict.Keys) > 1 {
		number := len(t.schema.Fields)
		node = &plan.Sort{Input: node, Keys: []plan.SortKey{{Expr: &expr.Column{Index: number, Name: "(number)", T: column.T(column.Int64)}}}}
	}
	row := &scope{sources: s.sources[:1], outer: s.outer}
	return b.give(c, node, row.withFields(0, t, at), slices.Concat(address, []expr.Expr{what}, t.fieldsAt(at)), n.Returning)
}

func actionLiteral(action int64) expr.Expr {
	return &expr.Literal{Value: column.NewInts(column.T(column.Int64), []int64{action}, nil)}
}

// all joins conditions by AND.
func all(conds []expr.Expr, pos int) expr.Expr {
	switch len(conds) {
	case 0:
		return boolLiteral(false, pos)
	case 1:
		return conds[0]
	}
	return &expr.Logic{Args: conds, At: pos}
}

// sameKeys makes the conditions under which a stored row, from column stored on, has the key of a proposed one.
func (b *binder) sameKeys(x *plan.ConflictKey, t *changedTable, stored int) error {
	ours, theirs := t.fieldsAt(0), t.fieldsAt(stored)
	for _, k := range x.Fields {
		equal, err := b.operator("=", 0, ours[k], theirs[k])
		if err != nil {
			return err
		}
		distinct, err := b.operator("is distinct from", 0, ours[k], theirs[k])
		if err != nil {
			return err
		}
		same := expr.Expr(&expr.Not{Arg: distinct})
		if x.Distinct {
			same = equal
		}
		x.Equal, x.Same = append(x.Equal, equal), append(x.Same, same)
	}
	return nil
}

// arbiter is a key that no two rows of a table have in common.
type arbiter struct {
	name     string // of the constraint; "" = the table's unique_key
	fields   []int
	distinct bool // a key with a NULL equals no other
}

// arbiters lists a table's keys.
func (t *changedTable) arbiters() []arbiter {
	var out []arbiter
	fields := func(ids []column.ID) []int {
		list := make([]int, len(ids))
		for i, id := range ids {
			list[i] = t.schema.Index(id)
		}
		return list
	}
	if t.schema.Supersedes() {
		out = append(out, arbiter{fields: fields(t.schema.Key)})
	}
	for i := range t.table.Constraints {
		switch c := &t.table.Constraints[i]; c.Kind {
		case meta.PrimaryConstraint:
			out = append(out, arbiter{c.Name, fields(c.Columns), false}) // none of its columns is NULL
		case meta.UniqueConstraint:
			out = append(out, arbiter{c.Name, fields(c.Columns), !c.NullsNotDistinct})
		}
	}
	return out
}

// arbiter finds the key that an ON CONFLICT is about: all that there are where it names none.
func (b *binder) arbiter(t *changedTable, n *sql.OnConflict) ([]arbiter, error) {
	keys := t.arbiters()
	if n.Constraint != "" {
		for i := range keys {
			if keys[i].name == n.Constraint && !t.table.Constraint(n.Constraint).Index {
				return keys[i : i+1], nil
			}
		}
		if c := t.table.Constraint(n.Constraint); c != nil && !c.Index {
			return nil, errorAt(n.Pos, "42809", "constraint in ON CONFLICT clause has no associated index")
		}
		return nil, errorAt(n.Pos, "42704", "constraint \"%s\" for table \"%s\" does not exist", n.Constraint, t.name)
	}
	if n.Target == nil {
		return keys, nil
	}
	wanted, err := b.conflictColumns(t, n)
	if err != nil {
		return nil, err
	}
	for i := range keys {
		if slices.Equal(slices.Sorted(slices.Values(keys[i].fields)), wanted) {
			return keys[i : i+1], nil
		}
	}
	return nil, column.SQLErrorf(column.Invalid, "42P10", "there is no unique or exclusion constraint matching the ON CONFLICT specification")
}

// conflictColumns gives the fields that ON CONFLICT names, ascending; nil if an expression is among them, which no key has.
func (b *binder) conflictColumns(t *changedTable, n *sql.OnConflict) ([]int, error) {
	src := t.source("", nil, 0)
	s := &scope{sources: []*source{src}, fields: src.fields, outer: b.outer, clause: "index expressions"}
	if n.TargetWhere != nil {
		if _, err := b.boolean(s, n.TargetWhere, "WHERE"); err != nil {
			return nil, err
		}
	}
	out, whole := []int{}, true
	for _, e := range n.Target {
		if e.OpClass != nil {
			return nil, unsupported(e.Pos, "operator classes in ON CONFLICT are not supported", "Leave it out.")
		}
		bound, err := b.expr(s, e.Expr)
		if _, name := e.Expr.(*sql.ColumnRef); name && err != nil { // PostgreSQL points at the list
			err = place(unplaced(err), n.TargetPos)
		}
		if err != nil {
			return nil, err
		}
		if c, ok := bound.(*expr.Column); ok {
			out = append(out, c.Index)
		} else {
			whole = false
		}
	}
	if !whole {
		return nil, nil
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
