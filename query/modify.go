package query

import (
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/exec"
	"github.com/automatanexus/aegis-db/query/opt"
	"github.com/automatanexus/aegis-db/query/plan"
)

// A statement that changes rows runs its plans to their end, each on the snapshot that the statement began with, and gathers what is to come and what is
// to go. When all of it is there it is handed to the writer as one transaction, or waits in the session's block.

// changing is what a statement has gathered so far.
type changing struct {
	st     *statement
	tables []*tableChange
	pieces bool // of the statement's only change, which may hand its rows over in pieces
}

// of gives what is gathered for a table.
func (c *changing) of(t *meta.Table) *tableChange {
	for _, have := range c.tables {
		if have.table.ID == t.ID {
			return have
		}
	}
	out := newTableChange(t)
	c.tables = append(c.tables, out)
	return out
}

// transaction gives what was gathered in the form that the writer takes.
func (c *changing) transaction() *meta.Transaction {
	t := &meta.Transaction{}
	for _, table := range c.tables {
		if rows := table.rows(); rows.Len > 0 {
			t.Rows = append(t.Rows, rows)
		}
		if table.ended.Len() > 0 {
			t.Deletes = append(t.Deletes, meta.Deletes{Table: table.table, Rows: &table.ended})
		}
		key := table.table.Columns.Key
		if table.seen && table.changes == 1 { // of several it is not known which row is whose
			t.Again = append(t.Again, meta.Arbiter{Table: table.table.ID, Columns: key})
		}
		for _, key := range table.decided {
			if table.table.Columns.Supersedes() {
				continue
			}
			t.Again = append(t.Again, meta.Arbiter{Table: table.table.ID, Columns: key, Rekeyed: table.rekeyed})
		}
	}
	return t
}

// tagOf is the command tag of a change.
func tagOf(k plan.ChangeKind) string {
	return [...]string{"INSERT 0", "UPDATE", "DELETE", "MERGE"}[k]
}

// nameOf is how messages call the statement.
func nameOf(m *plan.Modify) string {
	kind := plan.InsertRows
	switch {
	case m.Change != nil:
		kind = m.Change.Kind
	case len(m.With) > 0:
		kind = m.With[0].Change.Kind
	}
	return [...]string{"INSERT", "UPDATE", "DELETE", "MERGE"}[kind]
}

func (st *statement) modify(m *plan.Modify) (*Result, error) {
	result, _, err := st.modified(m)
	return result, err
}

// modified runs a statement that changes rows and says what its plans did, those of its WITH first.
func (st *statement) modified(m *plan.Modify) (*Result, []*ran, error) {
	result, log, err := st.modifying(m)
	if err = oneCommit(st.conclude(err)); err != nil {
		return nil, nil, err
	}
	return result, log, nil
}

func (st *statement) modifying(m *plan.Modify) (*Result, []*ran, error) {
	if st.session.settings.ReadOnly {
		return nil, nil, readOnlyBlock(nameOf(m))
	}
	all := &changing{st: st}
	var log []*ran
	for _, w := range m.With {
		if err := st.first(w.First); err != nil {
			return nil, nil, err
		}
		done, err := all.make(w.Change)
		if err != nil {
			return nil, nil, err
		}
		log = append(log, done.ran)
		st.hand(w.ID, done.returned)
	}
	if err := st.first(m.First); err != nil {
		return nil, nil, err
	}
	if m.Change == nil {
		last, err := st.readAll(m.Query)
		if err != nil {
			return nil, nil, err
		}
		st.result.Tag = "SELECT"
		return st.result, append(log, last), oneCommit(st.apply(all.transaction()))
	}
	all.pieces = len(m.With) == 0 && inPieces(m.Change)
	done, err := all.make(m.Change)
	if err != nil {
		return nil, nil, err
	}
	st.result.Tag, st.result.Affected = tagOf(m.Change.Kind), done.affected
	st.result.Columns, st.result.list = m.Change.Out, done.returned
	if st.pieces {
		return st.result, append(log, done.ran), st.handRows(done.into)
	}
	return st.result, append(log, done.ran), oneCommit(st.apply(all.transaction()))
}

// ran is a plan that was run to its end.
type ran struct {
	root    plan.Node
	stats   *exec.Stats
	applied []opt.Applied
	planned time.Duration
}

// hand gives rows to the plans that are run next, in the place of a plan.Given.
func (st *statement) hand(id *plan.SharedID, list []*scan.Batch) {
	if st.env.Given == nil {
		st.env.Given = map[*plan.SharedID][]*scan.Batch{}
	}
	st.env.Given[id] = list
}

// readAll runs a query to its end before anything of the statement is committed: an error in its last row must leave all as it was.
func (st *statement) readAll(q plan.Node) (*ran, error) {
	began := time.Now()
	root, applied, err := st.optimize(q)
	if err != nil {
		return nil, err
	}
	planned := time.Since(began)
	st.result.Columns = root.Columns()
	stats, err := st.each(root, func(b *scan.Batch) error {
		st.result.list = append(st.result.list, b)
		return st.env.Pool.Grow(b.SizeBytes())
	})
	return &ran{root, stats, applied, planned}, err
}

// make runs a change and gathers what it does.
func (c *changing) make(node *plan.Change) (*changeRun, error) {
	st := c.st
	stored, ok := node.Table.(plan.Stored)
	if !ok || stored.Table() == nil {
		return nil, column.Errorf(column.Internal, "%s is no table to write to", node.Table.Name())
	}
	run := newChangeRun(st, node, c.of(stored.Table()))
	run.into.changes++
	run.pieces = c.pieces
	run.into.seen = node.Seen
	if node.Conflict != nil {
		var err error
		if node, err = run.propose(node); err != nil {
			return nil, err
		}
	}
	began := time.Now()
	root, applied, err := st.optimize(node)
	if err != nil {
		return nil, err
	}
	planned := time.Since(began)
	optimized, ok := root.(*plan.Change)
	if !ok {
		return nil, column.Errorf(column.Internal, "a change was optimized away")
	}
	stats, err := st.each(optimized.Input, run.take)
	if err != nil {
		return nil, oneCommit(err)
	}
	run.ran = &ran{optimized, exec.Above(optimized, stats), applied, planned}
	return run, nil
}
