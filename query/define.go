package query

import (
	"context"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/bind"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// definitions are what statements about the catalog are worked out against.
func (st *statement) definitions() *bind.Definitions {
	return &bind.Definitions{
		Catalog: st.snap.Catalog(), Database: st.snap.Database(), Path: st.names.path, User: st.session.User(),
		Creation: st.creationSchema,
		Reserve: func(n int) (meta.TableID, error) {
			got, err := st.session.engine.store.Catalog().Propose(st.env.Expr.Ctx, meta.Command{ReserveTables: &meta.ReserveTables{Count: uint64(n)}})
			return meta.TableID(got.ID), err
		},
	}
}

// define changes the catalog.
func (st *statement) define(d *plan.Define) (*Result, error) {
	if err := st.beforeDDL(d.Tag); err != nil {
		return nil, err
	}
	for _, n := range d.Notices {
		st.result.Notices = append(st.result.Notices, Notice{Severity: n.Severity, SQLState: n.State, Message: n.Message, Detail: n.Detail, Hint: n.Hint})
	}
	if u := d.Unstored; u != nil && st.snap.Catalog().Manifest(u.Table.ID).Len() > 0 {
		e := column.SQLErrorf(column.Unsupported, "0A000", "the partition_interval of table \"%s\" cannot change: rows are stored by it", u.Table.Name)
		e.Position, e.Hint = u.Pos+1, "Make a new table with CREATE TABLE AS."
		return nil, e
	}
	if err := st.fitsBlock(d); err != nil {
		return nil, err
	}
	for i := range d.Holds {
		if d.Holds[i].Before {
			if err := st.hold(&d.Holds[i]); err != nil {
				return nil, err
			}
		}
	}
	if d.Rows != nil {
		return st.createFilled(d)
	}
	if err := st.settleSequences(d.Commands); err != nil {
		return nil, err
	}
	if err := st.proposeAll(d.Commands); err != nil {
		return nil, err
	}
	return st.ended(d.Tag, st.holdRows(d))
}

// fitsBlock refuses in a block what cannot wait for its end: a rule must be in the catalog before rows are looked at, or somebody could write others
// meanwhile. Where statements were only sent together and nothing was changed before, it is done at once, and the client is told.
func (st *statement) fitsBlock(d *plan.Define) error {
	b := st.session.block
	if b == nil || !d.Alone && (len(d.Holds) == 0 || st.public.TableByID(d.Table.ID) == nil) {
		return nil
	}
	if !b.explicit && !b.changes() {
		st.atOnce = true
		st.result.Notices = append(st.result.Notices, Notice{
			Severity: "WARNING", SQLState: "01000", Message: d.Tag + " is done at once: it is not undone if a statement that was sent with it fails",
		})
		return nil
	}
	if d.Alone {
		return column.SQLErrorf(column.Invalid, "25001", "%s cannot run inside a transaction block", d.Tag)
	}
	e := column.SQLErrorf(column.Unsupported, "0A000", "a rule that rows of table \"%s\" must satisfy cannot be added inside a transaction", d.Table.Name)
	e.Hint = "Run the statement outside of BEGIN and COMMIT."
	return e
}

// proposeAll applies commands together.
func (st *statement) proposeAll(list []meta.Command) error {
	if len(list) == 0 {
		return nil
	}
	c := list[0]
	if len(list) > 1 {
		c = batchOf(list)
	}
	_, err := st.propose(c)
	return err
}

// createFilled makes a table with rows, which are computed first.
func (st *statement) createFilled(d *plan.Define) (*Result, error) {
	if err := st.first(d.First); err != nil {
		return nil, err
	}
	root, _, err := st.optimize(d.Rows)
	if err != nil {
		return nil, err
	}
	// The catalog gives the description its last touch.
	created, _, err := st.snap.Catalog().Apply(d.Commands[0], 0)
	if err != nil {
		return nil, err
	}
	table := created.TableByID(d.Table.ID)
	into := newTableChange(table)
	_, err = st.each(root, func(b *scan.Batch) error {
		if err := checkRows(&st.env.Expr, table, nil, b.Columns, b.Len); err != nil {
			return err
		}
		if err := into.add(b.Columns, b.Len); err != nil {
			return err
		}
		return into.account(st.env.Pool)
	})
	if err != nil {
		return nil, oneCommit(err)
	}
	rows := into.rows()
	st.result.Affected = int64(rows.Len)
	if rows.Len == 0 {
		return st.ended("SELECT", st.proposeAll(d.Commands))
	}
	t := &meta.Transaction{Rows: []meta.Rows{rows}}
	if st.session.block == nil {
		t.Commands = d.Commands // the table comes with its rows
	} else if err := st.proposeAll(d.Commands); err != nil {
		return nil, err
	}
	if err := st.apply(t); err != nil {
		return nil, oneCommit(err)
	}
	return st.ended("SELECT", nil)
}

// hold asks whether rows break a rule.
func (st *statement) hold(h *plan.Hold) error {
	broken, err := st.anyRow(h.Query)
	if err != nil || !broken {
		return err
	}
	class := column.Invalid
	if h.State == "0A000" {
		class = column.Unsupported
	}
	e := column.SQLErrorf(class, h.State, "%s", h.Message)
	e.Hint = h.Hint
	if h.Pos > 0 {
		e.Position = h.Pos + 1
	}
	return e
}

// anyRow reports whether a query of the engine's own has a row now.
func (st *statement) anyRow(text string) (bool, error) {
	parsed, err := sql.ParseOne(text, sql.Options{})
	if err != nil {
		return false, column.Errorf(column.Internal, "a query of the engine's own cannot be read: %w", err)
	}
	base, err := st.session.openSnapshot()
	if err != nil {
		return false, err
	}
	defer base.Close()
	snap, another, err := st.session.overlaid(base)
	if err != nil {
		return false, err
	}
	if another {
		defer snap.Close()
	}
	in := *st
	path := st.session.searchPath(snap)
	in.snap, in.names = snap, &names{snap, path, st.session.view(st.env.Expr.Ctx, snap, path, st.session.now())}
	bound, err := bind.Bind(st.env.Expr.Ctx, sql.Unplaced(parsed.Stmt), in.bindOptions(in.names, nil, nil))
	if err != nil {
		return false, err
	}
	q := bound.(*plan.Query)
	root, _, err := in.optimize(q.Root)
	if err != nil {
		return false, err
	}
	found := false
	_, err = in.each(root, func(b *scan.Batch) error {
		found = found || b.Len > 0
		return nil
	})
	return found, err
}

// holdRows asks the rows that are there to satisfy what has been declared, and makes it valid, or takes it back.
func (st *statement) holdRows(d *plan.Define) error {
	var after []*plan.Hold
	for i := range d.Holds {
		if !d.Holds[i].Before {
			after = append(after, &d.Holds[i])
		}
	}
	if len(after) == 0 {
		return nil
	}
	for _, h := range after {
		if err := st.hold(h); err != nil {
			return st.takeBack(d, after, err)
		}
	}
	return st.redescribe(d.Table.ID, func(t *meta.Table) { validate(t, after) })
}

// validate makes constraints valid.
func validate(t *meta.Table, list []*plan.Hold) {
	for _, h := range list {
		k := t.Constraint(h.Valid)
		if k == nil {
			continue // somebody has dropped it
		}
		if k.Kind != meta.NotNullConstraint {
			k.NotValid = false
			continue
		}
		if i := t.Columns.Index(k.Columns[0]); i >= 0 {
			t.Columns.Fields[i].NotNull = true
		}
		t.Constraints = slices.DeleteFunc(t.Constraints, func(k meta.Constraint) bool { return k.Name == h.Valid })
	}
}

// takeBack undoes a change of a table whose rows break a rule that it has declared.
func (st *statement) takeBack(d *plan.Define, list []*plan.Hold, failed error) error {
	before := d.Table
	err := st.redescribe(before.ID, func(t *meta.Table) {
		if t.Columns.Version == before.Columns.Version+1 {
			next, fields := before.Clone(), t.Columns.Fields
			*t = *next
			// Of two columns with one id the newer description would be another.
			t.Columns.Fields = slices.DeleteFunc(next.Columns.Fields, func(f column.Field) bool {
				return !slices.ContainsFunc(fields, func(o column.Field) bool { return o.ID == f.ID })
			})
			return
		}
		t.Constraints = slices.DeleteFunc(t.Constraints, func(k meta.Constraint) bool {
			return k.NotValid && slices.ContainsFunc(list, func(h *plan.Hold) bool { return h.Valid == k.Name })
		})
	})
	if err != nil {
		st.session.engine.options.Logger.Error("a change of a table was not taken back", "table", before.Name, "error", err)
	}
	return failed
}

// redescribe changes the newest description of a table.
func (st *statement) redescribe(id meta.TableID, change func(*meta.Table)) error {
	ctx := context.WithoutCancel(st.env.Expr.Ctx)
	catalog := st.session.engine.store.Catalog()
	for run := 1; ; run++ {
		newest := catalog.Snapshot()
		propose := func(c meta.Command) (meta.Result, error) { return catalog.Propose(ctx, c) }
		if b := st.session.block; b != nil && !st.atOnce {
			var err error
			if newest, err = b.draft.over(st.public); err != nil {
				return err
			}
			propose = st.propose
		}
		t := newest.TableByID(id)
		if t == nil {
			return nil
		}
		to := t.Clone()
		change(to)
		_, err := propose(meta.Command{AlterTable: &meta.AlterTable{Table: id, From: t.Columns.Version, To: *to}})
		if err == nil || column.ClassOf(err) != column.Conflict || run == mostRuns {
			return err
		}
	}
}
