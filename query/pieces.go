package query

import (
	"errors"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/plan"
)

// A statement that brings more rows than it may hold hands them over in pieces: to the transaction that it is part of, or to one of its own that ends with it. What the
// transaction cannot hold either goes to disk; see Own.Write. An error undoes all of it, as the transaction fails with the statement.

// beginOwn begins a transaction that ends with the statement.
func (st *statement) beginOwn() {
	st.session.begin(false)
	st.began = true
}

// conclude ends the transaction of the statement's own, if it has one.
func (st *statement) conclude(err error) error {
	switch {
	case st.began:
		st.began = false
		return errors.Join(err, st.session.end(st.env.Expr.Ctx, err == nil))
	case err != nil && st.pieces:
		st.session.Fail()
	}
	return err
}

// handRows takes the rows that a table got so far to the transaction.
func (st *statement) handRows(c *tableChange) error {
	if st.session.block == nil {
		st.beginOwn()
	}
	st.pieces = true
	rows := c.rows()
	for from := 0; from < rows.Len; from += pieceRows {
		to := min(from+pieceRows, rows.Len)
		piece, numbers := meta.Rows{Table: rows.Table, Len: to - from}, ascending(from, to)
		for _, v := range rows.Columns {
			piece.Columns = append(piece.Columns, column.Gather(v, numbers))
		}
		if err := st.apply(&meta.Transaction{Rows: []meta.Rows{piece}}); err != nil {
			return err
		}
	}
	st.env.Pool.Shrink(c.held)
	c.held, c.builders = 0, newTableChange(c.table).builders
	return nil
}

// pieceRows is how many rows a transaction gets at a time: it needs memory for the worst that they can take, and gives it back when it has them.
const pieceRows = 16 << 10

func ascending(from, to int) []int32 {
	out := make([]int32, 0, to-from)
	for i := from; i < to; i++ {
		out = append(out, int32(i))
	}
	return out
}

// large reports whether rows of a table are to be handed over.
func (st *statement) large(c *tableChange) bool {
	if c.table.Columns.Supersedes() {
		return false
	}
	size := int64(0)
	for _, b := range c.builders {
		size += builtBytes(b)
	}
	return size >= st.session.engine.options.PieceBytes
}

// inPieces reports a change that only brings rows, of which none is looked at again before the statement ends.
func inPieces(node *plan.Change) bool {
	return node.Kind == plan.InsertRows && node.Conflict == nil && node.Whole && !node.Addressed && !node.Choosing
}

// fill adds the rows of a batch to a table that is made with them.
func (st *statement) fill(into *tableChange, b *scan.Batch, create func() error) error {
	if err := checkRows(&st.env.Expr, into.table, nil, b.Columns, b.Len); err != nil {
		return err
	}
	st.result.Affected += int64(b.Len)
	if err := into.add(b.Columns, b.Len); err != nil {
		return err
	}
	if !st.large(into) {
		return into.account(st.env.Pool)
	}
	if !st.pieces {
		if st.session.block == nil {
			st.beginOwn()
		}
		if err := create(); err != nil {
			return err
		}
	}
	return st.handRows(into)
}
