package pgwire

import (
	"context"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query"
	"github.com/automatanexus/aegis-db/query/sql"
)

// Cursors of SQL are portals: DECLARE starts one, FETCH reads on, CLOSE ends it.

// declareCursor runs DECLARE. The rows are those of this moment.
func (c *session) declareCursor(n *sql.DeclareCursor, s *statement, values []*column.Vector) error {
	switch {
	case n.Scroll:
		return copyError(n.Pos, "0A000", "SCROLL cursors are not supported: cursors move forward")
	case c.portals[n.Name.Name] != nil:
		return column.SQLErrorf(column.Invalid, "42P03", "cursor \"%s\" already exists", n.Name.Name)
	case !n.Hold && c.query.TxStatus() != query.TxBlock:
		return column.SQLErrorf(column.Invalid, "25P01", "DECLARE CURSOR can only be used in transaction blocks")
	case n.Hold && c.query.Repeatable():
		return copyError(n.Pos, "0A000", "WITH HOLD is not supported in a transaction that reads one snapshot")
	}
	rows := *s // the statement that gives the rows, where s only declares
	rows.declare = nil
	p := &portal{statement: &rows, values: values, held: n.Hold, binary: n.Binary, created: time.Now(), formats: make([]int16, len(s.prepared.Columns))}
	if n.Binary {
		for i := range p.formats {
			p.formats[i] = binaryFormat
		}
	}
	if _, _, err := c.runPortal(p, startOnly, c.cursorRows(p)); err != nil {
		return err
	}
	c.portals[n.Name.Name] = p
	c.complete("DECLARE CURSOR")
	return nil
}

func (c *session) cursorRows(p *portal) func(context.Context) (*query.Result, error) {
	return func(ctx context.Context) (*query.Result, error) {
		return c.query.RunPrepared(ctx, p.statement.prepared, p.values, -1)
	}
}

// cursor finds the portal of a name.
func (c *session) cursor(name string) (*portal, error) {
	p := c.portals[name]
	if p == nil || p.statement == nil || p.statement.prepared == nil {
		return nil, column.SQLErrorf(column.Invalid, "34000", "cursor \"%s\" does not exist", name)
	}
	return p, nil
}

// fetch runs FETCH and MOVE. Formats are those that the client wants, nil for the cursor's own and a description before the rows.
func (c *session) fetch(n *sql.Fetch, formats []int16) error {
	p, err := c.cursor(n.Name.Name)
	if err != nil {
		return err
	}
	if n.Count == 0 {
		return copyError(n.Pos, "0A000", "FETCH 0 is not supported: cursors move forward")
	}
	if p.result == nil && !p.done { // a portal of the protocol that was not executed yet
		if _, _, err := c.runPortal(p, startOnly, c.cursorRows(p)); err != nil {
			return err
		}
	}
	p.rows.formats, p.rows.skip = p.formats, n.Move
	if formats != nil {
		p.rows.formats = formats
	} else if !n.Move {
		c.describeRows(p.statement.prepared.Columns, p.formats)
	}
	sent, _, err := c.runPortal(p, max(0, n.Count), c.cursorRows(p))
	if err != nil {
		return err
	}
	tag := "FETCH "
	if n.Move {
		tag = "MOVE "
	}
	c.complete(tag + itoa(int(sent)))
	return nil
}

func (c *session) closeCursor(n *sql.CloseCursor) error {
	if n.All {
		c.closePortals()
		c.complete("CLOSE CURSOR ALL")
		return nil
	}
	p, err := c.cursor(n.Name.Name)
	if err != nil {
		return err
	}
	p.close()
	delete(c.portals, n.Name.Name)
	c.complete("CLOSE CURSOR")
	return nil
}
