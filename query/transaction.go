package query

import (
	"context"
	"errors"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/sql"
)

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
	if s.block == nil {
		return
	}
	s.block.failed = true
	kept := 0 // what was locked since the last savepoint is given back at once
	if n := len(s.block.savepoints); n > 0 {
		kept = s.block.savepoints[n-1].locks
	}
	s.unlockLocal(kept)
}

// Close throws away what an open block holds. The session's results must be closed.
func (s *Session) Close() {
	if s.block != nil {
		_ = s.end(context.Background(), false) // nothing is written, so nothing fails
	}
	if s.advisoryUsed {
		s.engine.advisory.backAll(s)
	}
	s.detach()
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

// now is the transaction's time.
func (s *Session) now() time.Time {
	if s.block != nil {
		return s.block.started
	}
	return s.engine.options.Now()
}

func readOnlyBlock(what string) error {
	return column.SQLErrorf(column.Invalid, "25006", "cannot execute %s in a read-only transaction", what)
}

// beforeDDL is in front of every change of the catalog.
func (st *statement) beforeDDL(what string) error {
	if st.session.settings.ReadOnly {
		return readOnlyBlock(what)
	}
	return nil
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
	if t.Start {
		r.Tag = "START TRANSACTION"
	}
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
		p := b.mark(t.Name, s.settings.State())
		p.locks = len(s.localLocks)
		b.savepoints = append(b.savepoints, p)
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
	b.rewind(&p)
	s.unlockLocal(p.locks)
	b.failed = false
	defer s.relimit()
	return s.settings.Restore(p.values)
}
