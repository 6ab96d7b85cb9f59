package pgwire

import (
	"context"
	"time"

	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// simple runs the statements of a Query message, one after the other until one fails. Several are one transaction, unless they say
// otherwise themselves.
func (c *session) simple(text string) error {
	c.drop("")
	if err := c.script(text); err != nil {
		if err := c.failed(err); err != nil {
			return err
		}
	}
	if c.copying != nil {
		return nil // the rest comes when the data has come
	}
	return c.finishQuery()
}

// finishQuery ends the transaction of a Query message and says that the next may come.
func (c *session) finishQuery() error {
	if err := c.endTogether(); err != nil {
		return err
	}
	c.ready()
	return nil
}

// endTogether ends the transaction that statements make which were sent together.
func (c *session) endTogether() error {
	if err := c.commitTogether(); err != nil {
		return c.failed(err)
	}
	return nil
}

// commitTogether is endTogether for a statement that has not been said to be complete: nobody may take for done what its commit refuses.
func (c *session) commitTogether() error {
	if c.query.TxStatus() != query.TxIdle {
		return nil
	}
	c.closeUnheld()
	ctx, cancel := context.WithCancelCause(c.ctx)
	defer cancel(nil)
	defer c.begin(ctx, cancel)()
	return c.query.EndTogether(ctx)
}

// drop forgets the statement and the portal of a name.
func (c *session) drop(name string) {
	if p := c.portals[name]; p != nil {
		p.close()
		delete(c.portals, name)
	}
	delete(c.statements, name)
}

// script runs a text's statements.
func (c *session) script(text string) error {
	if err := literal.CheckText(text); err != nil {
		return err
	}
	script, err := c.parseScript(text)
	if err != nil {
		return err
	}
	if len(script.Statements) == 0 {
		c.out = append(c.out, 'I', 0, 0, 0, 4)
		return nil
	}
	return c.statementsFrom(script, 0)
}

// parseScript reads a text, which may be long.
func (c *session) parseScript(text string) (query.Script, error) {
	ctx, cancel := context.WithCancelCause(c.ctx)
	defer cancel(nil)
	defer c.runs(cancel)()
	return c.query.Parse(ctx, text)
}

// statementsFrom runs the statements of a script from the i-th on. A COPY from the client interrupts it until the data has come.
func (c *session) statementsFrom(script query.Script, i int) error {
	for ; i < len(script.Statements); i++ {
		if len(script.Statements) > 1 {
			c.query.Together()
		}
		st := script.Statements[i]
		if in, ok := st.Stmt.(*sql.Copy); ok && in.From {
			if err := c.startCopyIn(in, script.Text); err != nil {
				return err
			}
			c.copying.after = func() error { return c.statementsFrom(script, i+1) }
			c.copying.last = i == len(script.Statements)-1
			return nil
		}
		if done, err := c.ownStatement(st.Stmt, script.Text); done || err != nil {
			if err != nil {
				return err
			}
			continue
		}
		if err := c.runOne(script, i); err != nil {
			return err
		}
	}
	return nil
}

// runOne runs a statement and sends all of its rows as text.
func (c *session) runOne(script query.Script, i int) error {
	stmt := script.Statements[i].Stmt
	c.before(stmt)
	started := time.Now()
	p := &portal{}
	defer p.close()
	sent, _, err := c.runPortal(p, 0, func(ctx context.Context) (*query.Result, error) {
		r, err := c.query.RunOne(ctx, script, i, -1)
		if err == nil {
			p.formats = make([]int16, len(r.Columns))
			if r.Columns != nil {
				c.describeRows(r.Columns, p.formats)
			}
		}
		return r, err
	})
	if err != nil {
		return err
	}
	result := p.result
	if i == len(script.Statements)-1 {
		p.close() // before its transaction ends
		if err := c.commitTogether(); err != nil {
			return err
		}
	}
	c.took("simple", started, sent)
	c.completed(result, sent)
	c.after(stmt, script.Text)
	return nil
}

// before does what must be done before a statement runs: portals do not outlive their transaction.
func (c *session) before(stmt sql.Stmt) {
	t, ok := stmt.(*sql.Transaction)
	switch {
	case ok && t.Kind == sql.TxCommit && c.query.TxStatus() != query.TxFailed:
		c.closeUnheld()
	case ok && (t.Kind == sql.TxCommit || t.Kind == sql.TxRollback):
		c.closePortals()
	}
}

// isRows reports whether a statement gives rows.
func isRows(columns []plan.Column) bool { return columns != nil }
