package query

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/bind"
	"github.com/automatanexus/aegis-db/query/plan"
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
	if d.Rows != nil {
		return st.createFilled(d)
	}
	if err := st.settleSequences(d.Commands); err != nil {
		return nil, err
	}
	switch {
	case len(d.Rewrite) > 0:
		return st.ended(d.Tag, st.defineRewritten(d))
	case len(d.Holds) > 0:
		return st.ended(d.Tag, st.defineHeld(d))
	}
	return st.ended(d.Tag, st.proposeAll(d.Commands))
}

// fitsBlock refuses in a block what cannot wait for its end: nobody may write rows between the look at those that are there and the change of the
// catalog, and a block may be open for hours. Where statements were only sent together and nothing was changed before, it is done at once, and the client is told.
func (st *statement) fitsBlock(d *plan.Define) error {
	b := st.session.block
	if b == nil || !d.Alone && (len(d.Holds)+len(d.Rewrite) == 0 || st.public.TableByID(d.Table.ID) == nil) {
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
	if len(d.Rewrite) > 0 {
		e = column.SQLErrorf(column.Unsupported, "0A000", "the rows of table \"%s\" cannot be written anew inside a transaction", d.Table.Name)
	}
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
	create := func() error { return st.proposeAll(d.Commands) }
	_, err = st.each(root, func(b *scan.Batch) error { return st.fill(into, b, create) })
	if err == nil && st.pieces {
		err = st.handRows(into)
	}
	if pieces := st.pieces; err != nil || pieces {
		if err = st.conclude(err); err != nil {
			return nil, oneCommit(err)
		}
		return st.ended("SELECT", nil)
	}
	rows := into.rows()
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
