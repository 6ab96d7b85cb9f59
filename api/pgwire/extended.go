package pgwire

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// statement is what a Parse message made.
type statement struct {
	prepared *query.Prepared // nil: an empty text
	types    []column.Type   // of the parameters
	oids     []uint32        // as the client knows them
	declare  *sql.DeclareCursor
	fromSQL  bool // by PREPARE
	created  time.Time
}

// parse answers a Parse message.
func (c *session) parse(m *pgproto3.Parse) error {
	if m.Name != "" && c.statements[m.Name] != nil {
		return column.SQLErrorf(column.Invalid, "42P05", "prepared statement \"%s\" already exists", m.Name)
	}
	delete(c.statements, m.Name)
	s, err := c.prepare(m.Query, m.ParameterOIDs)
	if err != nil {
		return err
	}
	c.statements[m.Name] = s
	c.out = append(c.out, '1', 0, 0, 0, 4)
	return nil
}

func (c *session) prepare(text string, oids []uint32) (*statement, error) {
	if err := literal.CheckText(text); err != nil {
		return nil, err
	}
	declared := make([]column.Type, len(oids))
	for i, n := range oids {
		var err error
		if declared[i], err = typeOf(n); err != nil {
			return nil, err
		}
	}
	if blank(text) {
		return &statement{}, nil
	}
	ctx, cancel := context.WithCancelCause(c.ctx)
	defer cancel(nil)
	defer c.begin(ctx, cancel)()
	p, err := c.query.Prepare(ctx, text, declared)
	if err != nil {
		return nil, err
	}
	if n, ok := p.Stmt.(*sql.DeclareCursor); ok {
		if p, err = c.query.PrepareStmt(ctx, text, n.Query, declared); err != nil {
			return nil, err
		}
		s := newStatement(p, oids)
		s.declare = n
		return s, nil
	}
	return newStatement(p, oids), nil
}

func newStatement(p *query.Prepared, declared []uint32) *statement {
	s := &statement{prepared: p, types: p.Params, oids: make([]uint32, len(p.Params)), created: time.Now()}
	for i, t := range p.Params {
		s.oids[i] = uint32(typeOID(t).oid)
		if i < len(declared) && declared[i] != 0 && declared[i] != 705 {
			s.oids[i] = declared[i]
		}
	}
	return s
}

// blank reports whether a text holds no statement. Comments the parser knows.
func blank(text string) bool {
	text = strings.TrimSpace(text)
	if strings.Trim(text, "; \t\r\n") == "" {
		return true
	}
	if !strings.HasPrefix(text, "--") && !strings.HasPrefix(text, "/*") {
		return false
	}
	list, err := sql.Parse(text, sql.Options{})
	return err == nil && len(list) == 0
}

// bind answers a Bind message.
func (c *session) bind(m *pgproto3.Bind) error {
	s := c.statements[m.PreparedStatement]
	if s == nil {
		return noStatement(m.PreparedStatement)
	}
	if c.query.TxStatus() == query.TxFailed && !s.endsBlock() {
		return column.SQLErrorf(column.Invalid, "25P02", "current transaction is aborted, commands ignored until end of transaction block")
	}
	if m.DestinationPortal != "" && c.portals[m.DestinationPortal] != nil {
		return column.SQLErrorf(column.Invalid, "42P03", "portal \"%s\" already exists", m.DestinationPortal)
	}
	if len(m.Parameters) != len(s.types) {
		return violation("bind message supplies %d parameters, but prepared statement \"%s\" requires %d", len(m.Parameters), m.PreparedStatement, len(s.types))
	}
	formats, err := spread(m.ParameterFormatCodes, len(s.types), "parameter")
	if err != nil {
		return err
	}
	p := &portal{statement: s, created: time.Now()}
	if len(s.types) > 0 {
		p.values = make([]*column.Vector, len(s.types))
		if err := c.decodeParams(p.values, m.Parameters, formats, s.types); err != nil {
			return err
		}
	}
	columns := len(c.columnsOf(s))
	if p.formats, err = spread(m.ResultFormatCodes, columns, "result"); err != nil {
		return err
	}
	if old := c.portals[m.DestinationPortal]; old != nil {
		old.close()
	}
	c.portals[m.DestinationPortal] = p
	c.out = append(c.out, '2', 0, 0, 0, 4)
	return nil
}

// decodeParams reads the values of parameters.
func (c *session) decodeParams(into []*column.Vector, values [][]byte, formats []int16, types []column.Type) error {
	read := func(opt literal.Options) (err error) {
		for i, t := range types {
			if into[i], err = decodeParam(values[i], formats[i], t, opt); err != nil {
				return paramError(err, i)
			}
		}
		return nil
	}
	for i, t := range types {
		if t.IsOID() && t.Kind != column.OID && formats[i] == textFormat { // the name of a table, perhaps
			return c.query.WithNames(c.ctx, read)
		}
	}
	return read(c.literals())
}

func noStatement(name string) error {
	if name == "" {
		return column.SQLErrorf(column.Invalid, "26000", "unnamed prepared statement does not exist")
	}
	return column.SQLErrorf(column.Invalid, "26000", "prepared statement \"%s\" does not exist", name)
}

// endsBlock reports whether a statement may run in a transaction that has failed.
func (s *statement) endsBlock() bool {
	if s.prepared == nil {
		return true
	}
	t, ok := s.prepared.Stmt.(*sql.Transaction)
	return ok && (t.Kind == sql.TxCommit || t.Kind == sql.TxRollback || t.Kind == sql.TxRollbackTo)
}

// paramError says which parameter has a value that is no value of its type.
func paramError(err error, i int) error {
	e, ok := err.(*column.Error) //nolint:errorlint // it is made here
	if !ok || e.Detail != "" {
		return err
	}
	out := *e
	out.Detail = "It is the value of parameter $" + itoa(i+1) + "."
	return &out
}

// spread gives each of n values its format: none given means text, one is for all.
func spread(codes []int16, n int, what string) ([]int16, error) {
	for _, f := range codes {
		if f != textFormat && f != binaryFormat {
			return nil, column.SQLErrorf(column.Invalid, "22023", "unsupported format code: %d", f)
		}
	}
	if len(codes) == n {
		return codes, nil
	}
	if len(codes) > 1 {
		return nil, violation("bind message has %d %s formats but %d values", len(codes), what, n)
	}
	out := make([]int16, n)
	if len(codes) == 1 {
		for i := range out {
			out[i] = codes[0]
		}
	}
	return out, nil
}

// literals are the settings that values without a type of their own are read under.
func (c *session) literals() literal.Options {
	return c.query.Literals()
}

// describe answers a Describe message.
func (c *session) describe(m *pgproto3.Describe) error {
	if m.ObjectType == 'P' {
		p := c.portals[m.Name]
		if p == nil {
			return noPortal(m.Name)
		}
		c.describeRows(c.columnsOf(p.statement), p.formats)
		return nil
	}
	s := c.statements[m.Name]
	if s == nil {
		return noStatement(m.Name)
	}
	c.send(&pgproto3.ParameterDescription{ParameterOIDs: s.oids})
	c.describeRows(c.columnsOf(s), nil)
	return nil
}

func noPortal(name string) error {
	return column.SQLErrorf(column.Invalid, "34000", "portal \"%s\" does not exist", name)
}

// columnsOf describes the rows of a statement; those of FETCH are its cursor's.
func (c *session) columnsOf(s *statement) []plan.Column {
	if s.prepared == nil {
		return nil
	}
	if n, ok := s.prepared.Stmt.(*sql.Fetch); ok && !n.Move {
		if p, err := c.cursor(n.Name.Name); err == nil {
			return p.statement.prepared.Columns
		}
	}
	return s.columns()
}

// execute answers an Execute message.
func (c *session) execute(m *pgproto3.Execute) error {
	name, limit := m.Portal, int64(m.MaxRows) // the message does not outlive the next
	p := c.portals[name]
	if p == nil {
		return noPortal(name)
	}
	if p.statement.prepared == nil {
		c.out = append(c.out, 'I', 0, 0, 0, 4)
		return nil
	}
	stmt := p.statement.prepared.Stmt
	if p.done && !isRows(p.statement.columns()) {
		return column.SQLErrorf(column.Invalid, "55000", "portal \"%s\" cannot be run", name)
	}
	if n := p.statement.declare; n != nil {
		p.done = true
		return c.declareCursor(n, p.statement, p.values)
	}
	switch n := stmt.(type) {
	case *sql.Fetch:
		if c.query.TxStatus() != query.TxFailed {
			p.done = true
			return c.fetch(n, p.formats)
		}
	case *sql.Copy:
		if n.From {
			c.query.Together()
			p.done = true
			return c.startCopyIn(n, p.statement.prepared.Text)
		}
	default:
		if changes(n) {
			if err := c.togetherUnlessLast(); err != nil {
				return err
			}
		}
	}
	if done, err := c.ownStatement(stmt, p.statement.prepared.Text); done || err != nil {
		p.done = true
		return err
	}
	started := time.Now()
	if t, ok := stmt.(*sql.Transaction); ok && (t.Kind == sql.TxCommit || t.Kind == sql.TxRollback) {
		delete(c.portals, name)
		c.before(stmt)
	}
	p.rows.formats, p.rows.skip = p.formats, false // whatever a FETCH or MOVE of the same portal wanted
	sent, more, err := c.runPortal(p, limit, func(ctx context.Context) (*query.Result, error) {
		return c.query.RunPrepared(ctx, p.statement.prepared, p.values, -1)
	})
	if err != nil {
		return err
	}
	c.took("extended", started, sent)
	if more {
		c.out = append(c.out, 's', 0, 0, 0, 4)
		return nil
	}
	c.completed(p.result, sent)
	c.after(stmt, p.statement.prepared.Text)
	if p.result != nil { // it has no more rows: its snapshot is not needed
		p.close()
	}
	return nil
}

// changes reports a statement that changes rows or the catalog.
func changes(stmt sql.Stmt) bool {
	switch n := stmt.(type) {
	case *sql.Query:
		return n.With != nil && n.With.Changes()
	case *sql.Copy, *sql.Explain, *sql.Transaction, *sql.Set, *sql.SetTransaction, *sql.Show, *sql.Reset, *sql.Discard, *sql.Prepare, *sql.Execute,
		*sql.Deallocate, *sql.DeclareCursor, *sql.Fetch, *sql.CloseCursor, *sql.Vacuum, *sql.Checkpoint, *sql.Unlisten:
		return false
	}
	return true
}

// togetherUnlessLast makes the statement at hand one transaction with those that are sent behind it before Sync. One that Sync follows at once is a transaction
// of its own, which is run again where others are faster; to tell, the next message is read now. The client has no answer to wait for until it sends one.
func (c *session) togetherUnlessLast() error {
	if c.query.InBlock() {
		return nil
	}
	m, err := c.receive()
	if err != nil {
		return err
	}
	c.ahead = m
	if _, last := m.(*pgproto3.Sync); !last {
		c.query.Together()
	}
	return nil
}

// closeNamed answers a Close message.
func (c *session) closeNamed(m *pgproto3.Close) {
	if m.ObjectType == 'S' {
		delete(c.statements, m.Name)
	} else if p := c.portals[m.Name]; p != nil {
		p.close()
		delete(c.portals, m.Name)
	}
	c.out = append(c.out, '3', 0, 0, 0, 4)
}

// sync answers a Sync message: the transaction that the messages before it make is over.
func (c *session) sync() error {
	c.skipping = false
	return c.finishQuery()
}
