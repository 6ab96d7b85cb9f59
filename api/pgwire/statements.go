package pgwire

import (
	"strconv"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

func itoa(n int) string { return strconv.Itoa(n) }

// columns describes the rows that a statement gives; nil if it gives none.
func (s *statement) columns() []plan.Column {
	if s.prepared == nil || s.declare != nil {
		return nil
	}
	return s.prepared.Columns
}

// ownStatement runs the statements that are about the connection rather than the database; done says that it was one.
func (c *session) ownStatement(stmt sql.Stmt, text string) (done bool, err error) {
	switch stmt.(type) {
	case *sql.Copy, *sql.Prepare, *sql.Execute, *sql.DeclareCursor, *sql.Fetch, *sql.CloseCursor, *sql.Deallocate, *sql.Discard:
		if c.query.TxStatus() == query.TxFailed {
			return true, column.SQLErrorf(column.Invalid, "25P02", "current transaction is aborted, commands ignored until end of transaction block")
		}
	}
	switch n := stmt.(type) {
	case *sql.Copy:
		return true, c.copyOut(n, text)
	case *sql.DeclareCursor:
		p, err := c.query.PrepareStmt(c.ctx, text, n.Query, nil)
		if err == nil && len(p.Params) > 0 {
			err = column.SQLErrorf(column.Invalid, "42P02", "there is no parameter $1")
		}
		if err != nil {
			return true, err
		}
		return true, c.declareCursor(n, newStatement(p, nil), nil)
	case *sql.Fetch:
		return true, c.fetch(n, nil)
	case *sql.CloseCursor:
		return true, c.closeCursor(n)
	case *sql.Prepare:
		return true, c.prepareNamed(n, text)
	case *sql.Execute:
		return true, c.executeNamed(n, text)
	case *sql.Deallocate:
		return true, c.deallocate(n)
	case *sql.Discard:
		return true, c.discard(n)
	}
	return false, nil
}
