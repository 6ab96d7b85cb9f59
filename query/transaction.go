package query

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/setting"
	"github.com/automatanexus/aegis-db/query/sql"
)

// block is a transaction of several statements: one that BEGIN opened, or the statements that a client sent together.
//
// The rows that INSERT adds wait in it until the end and then become visible in one commit, or go, so a block of INSERTs and
// queries is atomic. It does not see its own rows: a query on a table that some of them are for is refused rather than
// answered without them. Changes of the catalog cannot wait, so they are refused in a block of BEGIN.
type block struct {
	explicit bool // BEGIN opened it
	failed   bool
	started  time.Time

	snap       Snapshot // of a repeatable block, once something was read
	held       func()   // forgets its holder
	pending    []meta.Rows
	deletes    []meta.Deletes // of statements that were sent together
	again      []meta.Arbiter // see meta.Transaction
	pool       *mem.Pool      // holds what is pending
	draft      draft
	savepoints []savepoint
}

// savepoint is where ROLLBACK TO goes back to.
type savepoint struct {
	name    string
	pending int
	drafted int // commands
	bytes   int64
	values  setting.State
}

// TxStatus is what PostgreSQL's protocol says of a session.
type TxStatus byte

// The states, as the protocol writes them.
const (
	TxIdle   TxStatus = 'I'
	TxBlock  TxStatus = 'T'
	TxFailed TxStatus = 'E'
)

// TxStatus says whether the session is in a block that BEGIN opened, and whether that has failed.
func (s *Session) TxStatus() TxStatus {
	switch {
	case s.block == nil || !s.block.explicit:
		return TxIdle
	case s.block.failed:
		return TxFailed
	}
	return TxBlock
}

// InBlock reports whether the session's statements are part of a transaction that has not ended, whoever began it.
func (s *Session) InBlock() bool { return s.block != nil }

// Repeatable reports whether the session's statements read one snapshot now.
func (s *Session) Repeatable() bool { return s.block != nil && s.settings.Repeatable }

// Together makes the statements that follow one transaction until EndTogether, unless they are in one.
func (s *Session) Together() {
	if s.block == nil {
		s.begin(false)
	}
}

// EndTogether ends what Together began, if nothing else has: its rows are written, or thrown away if a statement failed.
func (s *Session) EndTogether(ctx context.Context) error {
	if s.block == nil || s.block.explicit {
		return nil
	}
	return s.end(ctx, !s.block.failed)
}

// Fail notes that a statement failed: a block it is in takes nothing more.
func (s *Session) Fail() {
	if s.block != nil {
		s.block.failed = true
	}
}

// Close throws away what an open block holds. The session's results must be closed.
func (s *Session) Close() {
	if s.block != nil {
		_ = s.end(context.Background(), false) // nothing is written, so nothing fails
	}
	s.detach()
}

func (s *Session) begin(explicit bool) {
	o := &s.engine.options
	s.settings.BeginTransaction()
	s.block = &block{explicit: explicit, started: o.Now(), pool: mem.NewPool("the transaction", o.QueryBytes, o.Pool)}
	s.relimit()
}

// relimit has the block end when its time is over that the settings give it.
func (s *Session) relimit() {
	if s.block == nil {
		return
	}
	d := s.settings.Transaction
	if d > 0 {
		d = max(d-s.engine.options.Now().Sub(s.block.started), time.Millisecond)
	}
	s.limit(d)
}

// end ends the block. Results that read its snapshot must be closed.
func (s *Session) end(ctx context.Context, commit bool) error {
	b := s.block
	s.block = nil
	s.limit(0)
	defer b.pool.Close()
	if b.snap != nil {
		b.held()
		b.snap.Close()
	}
	if !commit || !b.writes() && len(b.draft.commands) == 0 {
		return s.settings.EndTransaction(commit)
	}
	if err := s.life.settle(); err != nil {
		return errors.Join(err, s.settings.EndTransaction(false))
	}
	defer s.life.settled()
	err := b.commit(ctx, s.engine.store)
	return errors.Join(oneCommit(err), s.settings.EndTransaction(err == nil))
}

// writes reports whether the block has rows to commit.
func (b *block) writes() bool { return len(b.pending) > 0 || len(b.deletes) > 0 }

// commit writes what the block holds.
func (b *block) commit(ctx context.Context, store Store) error {
	if len(b.draft.commands) > 0 {
		_, err := store.Catalog().Propose(ctx, batchOf(b.draft.commands))
		return err
	}
	rows, err := joined(b.pending)
	if err == nil {
		_, err = store.Writer().Commit(ctx, &meta.Transaction{Rows: rows, Deletes: b.deletes, Again: b.again}, meta.AckWAL)
	}
	return err
}

// joined gives one batch a table, its rows in the order in which they were written: which of two rows with equal keys is the
// later one must not depend on how many statements brought them.
func joined(pending []meta.Rows) ([]meta.Rows, error) {
	var out []meta.Rows
	for i, rows := range pending {
		same := func(r meta.Rows) bool { return r.Table.ID == rows.Table.ID }
		if slices.ContainsFunc(out, same) {
			continue
		}
		more := slices.ContainsFunc(pending[i+1:], same)
		if !more {
			out = append(out, rows)
			continue
		}
		all := meta.Rows{Table: rows.Table, Columns: make([]*column.Vector, len(rows.Columns))}
		for k, v := range rows.Columns {
			b := column.NewBuilder(v.Type, 0)
			for _, r := range pending[i:] {
				if !same(r) {
					continue
				}
				if r.Table.Columns.Version != rows.Table.Columns.Version {
					return nil, column.SQLErrorf(column.Conflict, "40001", "table %q was altered while the transaction wrote to it", rows.Table.Name)
				}
				b.AppendVector(r.Columns[k], 0, r.Len)
			}
			if err := b.Err(); err != nil {
				return nil, err
			}
			all.Len, all.Columns[k] = b.Len(), b.Finish()
		}
		out = append(out, all)
	}
	return out, nil
}

// openSnapshot opens what a statement reads.
func (s *Session) openSnapshot() (Snapshot, error) {
	b := s.block
	if b == nil || !s.settings.Repeatable {
		return s.engine.store.OpenSnapshot(s.database)
	}
	if b.snap == nil {
		snap, err := s.engine.store.OpenSnapshot(s.database)
		if err != nil {
			return nil, err
		}
		b.snap, b.held = snap, s.engine.holders.add(s, snap, s.engine.options.Now())
	}
	return heldSnapshot{b.snap}, nil
}

// drafted gives a snapshot as the session's block sees it: under the catalog that it has changed.
func (s *Session) drafted(snap Snapshot) (Snapshot, error) {
	if s.block == nil || len(s.block.draft.commands) == 0 {
		return snap, nil
	}
	catalog, err := s.block.draft.over(snap.Catalog())
	if err != nil {
		return nil, err
	}
	if held, ok := snap.(heldSnapshot); ok {
		snap = held.Snapshot
	}
	return s.engine.store.Under(snap, catalog), nil
}

// heldSnapshot outlives the statements that read it.
type heldSnapshot struct{ Snapshot }

// Close does nothing: the block closes it.
func (heldSnapshot) Close() {}

// now is the transaction's time.
func (s *Session) now() time.Time {
	if s.block != nil {
		return s.block.started
	}
	return s.engine.options.Now()
}

// readable refuses a plan that would have to see what the block has not written yet.
func (b *block) readable(root plan.Node) error {
	if b == nil || !b.writes() {
		return nil
	}
	if scan, ok := root.(*plan.Scan); ok {
		if w, ok := plan.Unaddressed(scan.Relation).(plan.Stored); ok && w.Table() != nil && b.changes(w.Table()) {
			e := column.SQLErrorf(column.Unsupported, "0A000", "%s cannot be read in the transaction that has changed it", scan.Relation.Name())
			e.Hint = "COMMIT first; or read before the change."
			return e
		}
	}
	for _, in := range root.Inputs() {
		if err := b.readable(in); err != nil {
			return err
		}
	}
	return nil
}

// changes reports whether the block has rows that come to a table or go from it.
func (b *block) changes(t *meta.Table) bool {
	return slices.ContainsFunc(b.pending, func(r meta.Rows) bool { return r.Table.ID == t.ID }) ||
		slices.ContainsFunc(b.deletes, func(d meta.Deletes) bool { return d.Table.ID == t.ID })
}

// apply commits what a statement has changed: at once, or when the block ends.
func (st *statement) apply(t *meta.Transaction) error {
	b := st.session.block
	switch {
	case len(t.Rows) == 0 && len(t.Deletes) == 0:
		return nil
	case b == nil:
		_, err := st.session.engine.store.Writer().Commit(st.env.Expr.Ctx, t, meta.AckWAL)
		return err
	case b.explicit && len(t.Deletes) > 0:
		e := column.SQLErrorf(column.Unsupported, "0A000", "rows cannot be changed inside of BEGIN and COMMIT yet")
		e.Hint = "Run the statement on its own; in a driver, switch autocommit on."
		return e
	}
	if len(b.draft.commands) > 0 {
		return errMixed("INSERT")
	}
	size := int64(0)
	for _, rows := range t.Rows {
		for _, v := range rows.Columns {
			size += v.SizeBytes()
		}
	}
	for _, d := range t.Deletes {
		size += d.Rows.SizeBytes()
	}
	if err := b.pool.Grow(size); err != nil {
		return err
	}
	b.pending, b.deletes, b.again = append(b.pending, t.Rows...), append(b.deletes, t.Deletes...), append(b.again, t.Again...)
	return nil
}

func readOnlyBlock(what string) error {
	return column.SQLErrorf(column.Invalid, "25006", "cannot execute %s in a read-only transaction", what)
}

// beforeDDL is in front of every change of the catalog. In a block of BEGIN it waits for the end; among statements that were only sent
// together it is made at once, after what they have written so far, and the client is told.
func (st *statement) beforeDDL(what string) error {
	b := st.session.block
	switch {
	case st.session.settings.ReadOnly:
		return readOnlyBlock(what)
	case b == nil:
		return nil
	case b.explicit:
		if b.writes() {
			return errMixed(what)
		}
		return nil
	}
	st.result.Notices = append(st.result.Notices, Notice{
		Severity: "WARNING", SQLState: "01000", Message: what + " is done at once: it is not undone if a statement that was sent with it fails",
	})
	if !b.writes() {
		return nil
	}
	err := b.commit(st.env.Expr.Ctx, st.session.engine.store)
	b.pending, b.deletes, b.again = nil, nil, nil
	return oneCommit(err)
}

// errMixed refuses a transaction that changes the catalog and rows.
func errMixed(what string) error {
	e := column.SQLErrorf(column.Unsupported, "0A000", "%s is not supported in a transaction that changes both rows and the catalog", what)
	e.Hint = "COMMIT between the two."
	return e
}

// transact runs a statement about the transaction; done says that it was one. Whatever else comes is refused in a block that has failed.
func (s *Session) transact(r *Result, stmt sql.Stmt) (done bool, err error) {
	if t, ok := stmt.(*sql.SetTransaction); !s.Blocks && !(ok && t.Session) {
		return false, nil
	}
	switch t := stmt.(type) {
	case *sql.Transaction:
		return true, s.transaction(r, t)
	case *sql.SetTransaction:
		if s.block != nil && s.block.failed {
			return true, errAborted()
		}
		return true, s.setTransaction(r, t)
	}
	if s.block != nil && s.block.failed {
		return false, errAborted()
	}
	return false, nil
}

func errAborted() error {
	return column.SQLErrorf(column.Invalid, "25P02", "current transaction is aborted, commands ignored until end of transaction block")
}

func (s *Session) transaction(r *Result, t *sql.Transaction) error {
	inBlock := s.block != nil && s.block.explicit
	switch t.Kind {
	case sql.TxBegin:
		return s.beginBlock(r, t, inBlock)
	case sql.TxCommit, sql.TxRollback:
		return s.endBlock(r, t, inBlock)
	}
	if !inBlock {
		what := map[sql.TxKind]string{sql.TxSavepoint: "SAVEPOINT", sql.TxRelease: "RELEASE SAVEPOINT", sql.TxRollbackTo: "ROLLBACK TO SAVEPOINT"}[t.Kind]
		return column.SQLErrorf(column.Invalid, "25P01", "%s can only be used in transaction blocks", what)
	}
	return s.savepoint(r, t)
}

func (s *Session) beginBlock(r *Result, t *sql.Transaction, inBlock bool) error {
	r.Tag = "BEGIN"
	switch {
	case inBlock && s.block.failed:
		return errAborted()
	case inBlock:
		r.Notices = append(r.Notices, Notice{Severity: "WARNING", SQLState: "25001", Message: "there is already a transaction in progress"})
	case s.block != nil: // what was sent together with BEGIN belongs to its block, as in PostgreSQL
		s.block.explicit = true
	default:
		s.begin(true)
	}
	return s.modes("transaction_", t.Modes)
}

// modeSettings are the settings that modes of a transaction are, without what is in front of their names, and their values.
var modeSettings = map[sql.TxMode][2]string{
	sql.TxReadCommitted: {"isolation", "read committed"}, sql.TxReadUncommitted: {"isolation", "read uncommitted"},
	sql.TxRepeatableRead: {"isolation", "repeatable read"}, sql.TxSerializable: {"isolation", "serializable"},
	sql.TxReadOnly: {"read_only", "on"}, sql.TxReadWrite: {"read_only", "off"},
	sql.TxDeferrable: {"deferrable", "on"}, sql.TxNotDeferrable: {"deferrable", "off"},
}

// modes gives the settings of the transaction, or those that new ones start with, by what is in front of their names.
func (s *Session) modes(prefix string, list []sql.TxMode) error {
	for _, m := range list {
		if err := s.settings.SetText(prefix+modeSettings[m][0], modeSettings[m][1], false); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) setTransaction(r *Result, t *sql.SetTransaction) error {
	r.Tag = "SET"
	if t.Session {
		return s.modes("default_transaction_", t.Modes)
	}
	if s.block == nil || !s.block.explicit {
		r.Notices = append(r.Notices, Notice{Severity: "WARNING", SQLState: "25P01", Message: "SET TRANSACTION can only be used in transaction blocks"})
		return nil
	}
	if s.block.snap != nil {
		return column.SQLErrorf(column.Invalid, "25001", "SET TRANSACTION ISOLATION LEVEL must be called before any query")
	}
	return s.modes("transaction_", t.Modes)
}

func (s *Session) endBlock(r *Result, t *sql.Transaction, inBlock bool) error {
	commit := t.Kind == sql.TxCommit
	r.Tag = map[bool]string{true: "COMMIT", false: "ROLLBACK"}[commit]
	if !inBlock {
		if t.Chain {
			return column.SQLErrorf(column.Invalid, "25P01", "%s AND CHAIN can only be used in transaction blocks", r.Tag)
		}
		r.Notices = append(r.Notices, Notice{Severity: "WARNING", SQLState: "25P01", Message: "there is no transaction in progress"})
		if s.block == nil {
			return nil
		}
	}
	if s.block.failed {
		r.Tag, commit = "ROLLBACK", false
	}
	modes := s.settings.TransactionModes()
	err := s.end(r.ctx, commit)
	if t.Chain {
		s.begin(true)
		for name, value := range modes {
			err = errors.Join(err, s.settings.SetText(name, value, false))
		}
	}
	return err
}

func (s *Session) savepoint(r *Result, t *sql.Transaction) error {
	b := s.block
	if t.Kind == sql.TxSavepoint {
		if b.failed {
			return errAborted()
		}
		r.Tag = "SAVEPOINT"
		b.savepoints = append(b.savepoints, savepoint{t.Name, len(b.pending), len(b.draft.commands), b.pool.Used(), s.settings.State()})
		return nil
	}
	at := -1
	for i, p := range b.savepoints {
		if p.name == t.Name {
			at = i
		}
	}
	if t.Kind == sql.TxRelease {
		if b.failed {
			return errAborted()
		}
		r.Tag = "RELEASE"
	} else {
		r.Tag = "ROLLBACK"
	}
	if at < 0 {
		return column.SQLErrorf(column.Invalid, "3B001", "savepoint \"%s\" does not exist", t.Name)
	}
	if t.Kind == sql.TxRelease {
		b.savepoints = b.savepoints[:at]
		return nil
	}
	p := b.savepoints[at]
	b.savepoints = b.savepoints[:at+1]
	b.pending, b.failed = b.pending[:p.pending:p.pending], false
	b.draft.truncate(p.drafted)
	b.pool.Shrink(b.pool.Used() - p.bytes)
	defer s.relimit()
	return s.settings.Restore(p.values)
}
