package query

import (
	"context"
	"slices"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/bind"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// A rule that a table gets is asked of the rows that are there, and then is in the catalog by one command with all else that the statement changes: a crash
// leaves all of it or nothing. In between nobody writes rows of the table; who reads it is not kept from it.

// defineHeld changes the catalog if the rows of a table do not break the rules that it gets.
func (st *statement) defineHeld(d *plan.Define) error {
	valid, err := validated(d)
	if err != nil {
		return err
	}
	store, database := st.session.engine.store, st.session.database
	if st.public.TableByID(d.Table.ID) == nil { // only the block that has made it can write to it
		base, err := st.session.openSnapshot()
		if err != nil {
			return err
		}
		defer base.Close()
		if err := st.holdAll(base, d); err != nil {
			return err
		}
		return st.proposeAll(valid)
	}
	look := func(context.Context) error {
		base, err := store.OpenSnapshot(database)
		if err != nil {
			return err
		}
		defer base.Close()
		if err := st.holdAll(base, d); err != nil {
			return err
		}
		return st.proposeAll(valid)
	}
	if !slices.ContainsFunc(d.Holds, func(h plan.Hold) bool { return d.Table.Constraint(h.Valid) == nil }) {
		return look(st.env.Expr.Ctx) // rows that are written satisfy all of it already
	}
	return store.Closing(st.env.Expr.Ctx, d.Table.ID, look)
}

// validated gives the commands of a statement as they are when no row breaks a rule: until then the rules are not known to be true, and what runs the queries
// that ask for it must not take them to be.
func validated(d *plan.Define) ([]meta.Command, error) {
	out := slices.Clone(d.Commands)
	for i, c := range out {
		if c.AlterTable == nil || c.AlterTable.Table != d.Table.ID {
			continue
		}
		altered := *c.AlterTable
		altered.To = *altered.To.Clone()
		for k := range d.Holds {
			validate(&altered.To, d.Holds[k].Valid)
		}
		out[i].AlterTable = &altered
		return out, nil
	}
	return nil, column.Errorf(column.Internal, "rules for table %q, which is not altered", d.Table.Name)
}

// validate makes a constraint valid.
func validate(t *meta.Table, name string) {
	k := t.Constraint(name)
	if k == nil {
		return
	}
	if k.Kind != meta.NotNullConstraint {
		k.NotValid = false
		return
	}
	if i := t.Columns.Index(k.Columns[0]); i >= 0 {
		t.Columns.Fields[i].NotNull = true
	}
	t.Constraints = slices.DeleteFunc(t.Constraints, func(k meta.Constraint) bool { return k.Name == name })
}

// holdAll asks the rows of a snapshot, with those that the block has written, to satisfy the rules, under the catalog as it will be.
func (st *statement) holdAll(base Snapshot, d *plan.Define) error {
	var own Own
	commands := d.Commands
	if b := st.session.block; b != nil {
		own = b.own
		commands = b.draft.followed(commands)
	}
	if held, ok := base.(heldSnapshot); ok {
		base = held.Snapshot
	}
	changed, _, err := applyAll(base.Catalog(), commands)
	if err != nil {
		return err
	}
	then, err := st.session.engine.store.Overlay(st.env.Expr.Ctx, base, own, changed)
	if err != nil {
		return err
	}
	defer then.Close()
	for i := range d.Holds {
		if err := st.hold(&d.Holds[i], then); err != nil {
			return err
		}
	}
	return nil
}

// hold asks whether rows of a snapshot break a rule.
func (st *statement) hold(h *plan.Hold, snap Snapshot) error {
	row, err := st.firstRow(h.Query, snap)
	if err != nil || row == nil {
		return err
	}
	class := column.Invalid
	if h.State == "0A000" {
		class = column.Unsupported
	}
	e := column.SQLErrorf(class, h.State, "%s", h.Message)
	e.Hint = h.Hint
	if len(h.Key) > 0 {
		e.Detail = "Key (" + strings.Join(h.Key, ", ") + ")=(" + rowText(row, 0) + ") is duplicated."
	}
	if h.Pos > 0 {
		e.Position = h.Pos + 1
	}
	return e
}

// firstRow gives the first row that a query of the engine's own has in a snapshot, nil if it has none.
func (st *statement) firstRow(text string, snap Snapshot) ([]*column.Vector, error) {
	parsed, err := sql.ParseOne(text, sql.Options{})
	if err != nil {
		return nil, column.Errorf(column.Internal, "a query of the engine's own cannot be read: %w", err)
	}
	in := *st
	path := st.session.searchPath(snap)
	in.snap, in.names = snap, &names{snap, path, st.session.view(st.env.Expr.Ctx, snap, path, st.session.now())}
	bound, err := bind.Bind(st.env.Expr.Ctx, sql.Unplaced(parsed.Stmt), in.bindOptions(in.names, nil, nil))
	if err != nil {
		return nil, err
	}
	q := bound.(*plan.Query)
	root, _, err := in.optimize(q.Root)
	if err != nil {
		return nil, err
	}
	var row []*column.Vector
	_, err = in.each(root, func(b *scan.Batch) error {
		if row == nil && b.Len > 0 {
			for _, v := range b.Columns {
				row = append(row, column.NewConst(v, 0, 1))
			}
		}
		return nil
	})
	return row, err
}
