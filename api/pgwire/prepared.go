package pgwire

import (
	"context"
	"errors"
	"io"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query"
	"github.com/automatanexus/aegis-db/query/sql"
)

// PREPARE, EXECUTE, DEALLOCATE and DISCARD share their statements with the protocol's Parse and Close.

func (c *session) prepareNamed(n *sql.Prepare, text string) error {
	if c.statements[n.Name] != nil {
		return column.SQLErrorf(column.Invalid, "42P05", "prepared statement \"%s\" already exists", n.Name)
	}
	types := make([]column.Type, len(n.Types))
	for i, t := range n.Types {
		var err error
		if types[i], err = query.TypeOf(t); err != nil {
			return err
		}
	}
	p, err := c.query.PrepareStmt(c.ctx, text, n.Stmt, types)
	if err != nil {
		return err
	}
	s := newStatement(p, nil)
	s.fromSQL = true
	c.statements[n.Name] = s
	c.complete("PREPARE")
	return nil
}

// executeNamed runs EXECUTE: its arguments are a row of a query of their own.
func (c *session) executeNamed(n *sql.Execute, text string) error {
	s := c.statements[n.Name]
	if s == nil {
		return noStatement(n.Name)
	}
	if s.prepared == nil {
		c.out = append(c.out, 'I', 0, 0, 0, 4)
		return nil
	}
	if len(n.Args) != len(s.types) {
		e := column.SQLErrorf(column.Invalid, "42601", "wrong number of parameters for prepared statement \"%s\"", n.Name)
		e.Detail = "Expected " + itoa(len(s.types)) + " parameters but got " + itoa(len(n.Args)) + "."
		return e
	}
	values, err := c.arguments(n, s, text)
	if err != nil {
		return err
	}
	p := &portal{statement: s, values: values, formats: make([]int16, len(s.prepared.Columns))}
	defer p.close()
	sent, _, err := c.runPortal(p, 0, func(ctx context.Context) (*query.Result, error) {
		r, err := c.query.RunPrepared(ctx, s.prepared, values, -1)
		if err == nil && r.Columns != nil {
			c.describeRows(r.Columns, p.formats)
		}
		return r, err
	})
	if err != nil {
		return err
	}
	c.completed(p.result, sent)
	c.after(s.prepared.Stmt, text)
	return nil
}

func (c *session) arguments(n *sql.Execute, s *statement, text string) ([]*column.Vector, error) {
	if len(n.Args) == 0 {
		return nil, nil
	}
	block := &sql.Select{Pos: n.Pos}
	for _, a := range n.Args {
		block.Targets = append(block.Targets, sql.SelectItem{Pos: a.Position(), Expr: a})
	}
	p, err := c.query.PrepareStmt(c.ctx, text, &sql.Query{Pos: n.Pos, Body: block}, nil)
	if err != nil {
		return nil, err
	}
	r, err := c.query.RunPrepared(c.ctx, p, nil, 0)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := r.Next()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = column.Errorf(column.Internal, "the arguments of EXECUTE are no row")
		}
		return nil, err
	}
	values := make([]*column.Vector, len(s.types))
	for i, t := range s.types {
		var value []byte
		if !b.Columns[i].IsNull(0) {
			value = literal.Append([]byte{}, b.Columns[i], 0, c.query.Literals())
		}
		if values[i], err = decodeParam(value, textFormat, t, c.literals()); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func (c *session) deallocate(n *sql.Deallocate) error {
	if n.All {
		clear(c.statements)
		c.complete("DEALLOCATE ALL")
		return nil
	}
	if c.statements[n.Name] == nil {
		return noStatement(n.Name)
	}
	delete(c.statements, n.Name)
	c.complete("DEALLOCATE")
	return nil
}

func (c *session) discard(n *sql.Discard) error {
	switch n.What {
	case "all":
		if c.query.TxStatus() != query.TxIdle {
			return column.SQLErrorf(column.Invalid, "25001", "DISCARD ALL cannot run inside a transaction block")
		}
		clear(c.statements)
		c.closePortals()
		if err := c.query.ResetAll(); err != nil {
			return err
		}
		c.complete("DISCARD ALL")
		c.reportAll()
		return nil
	case "plans":
		c.complete("DISCARD PLANS")
		return nil
	}
	c.complete("DISCARD " + map[string]string{"sequences": "SEQUENCES", "temp": "TEMP"}[n.What])
	return nil
}
