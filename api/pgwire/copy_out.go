package pgwire

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// copyOut runs COPY … TO STDOUT: the rows of a query as one stream of data.
func (c *session) copyOut(n *sql.Copy, text string) error {
	o, err := readCopyOptions(n)
	if err != nil {
		return err
	}
	if err := onlyStandard(n); err != nil {
		return err
	}
	q, err := copyQuery(n)
	if err != nil {
		return err
	}
	started := time.Now()
	p := &portal{}
	defer p.close()
	ctx, cancel := context.WithCancelCause(c.ctx)
	defer cancel(nil)
	stop := c.begin(ctx, cancel)
	prepared, err := c.query.PrepareStmt(ctx, text, q, nil)
	stop()
	if err != nil {
		return err
	}
	for _, list := range [][]string{o.forceQuote} {
		if err := knownColumns(list, prepared.Columns); err != nil {
			return err
		}
	}
	if len(prepared.Columns) == 0 {
		return column.SQLErrorf(column.Unsupported, "0A000", "COPY of rows without columns is not supported")
	}
	w := newCopyWriter(o, prepared.Columns)
	rows, err := c.copyRows(p, prepared, w)
	if err != nil {
		return err
	}
	c.took("copy", started, rows)
	c.complete("COPY " + itoa(int(rows)))
	return nil
}

// onlyStandard refuses files: the client has them, not the server.
func onlyStandard(n *sql.Copy) error {
	if n.File == "" && !n.Program {
		return nil
	}
	e := column.SQLErrorf(column.Unsupported, "0A000", "COPY reads and writes no files of the server")
	e.Hint = "COPY ... TO STDOUT and FROM STDIN send the data over the connection; psql's \\copy keeps it in a file of yours."
	e.Position = n.Pos + 1
	return e
}

// copyQuery is the statement whose rows COPY writes: a query, or one that changes rows and returns some.
func copyQuery(n *sql.Copy) (sql.Stmt, error) {
	returning := 1
	switch q := n.Query.(type) {
	case *sql.Insert:
		returning = len(q.Returning)
	case *sql.Update:
		returning = len(q.Returning)
	case *sql.Delete:
		returning = len(q.Returning)
	case nil, *sql.Query:
	default:
		e := column.SQLErrorf(column.Unsupported, "0A000", "COPY takes a query, or INSERT, UPDATE and DELETE with RETURNING")
		e.Position = n.Query.Position() + 1
		return nil, e
	}
	if returning == 0 {
		return nil, column.SQLErrorf(column.Unsupported, "0A000", "COPY query must have a RETURNING clause")
	}
	if n.Query != nil {
		return n.Query, nil
	}
	block := &sql.Select{Pos: n.Pos, From: []sql.TableExpr{&sql.Table{Pos: n.Table.Pos, Name: *n.Table}}}
	for _, col := range n.Columns {
		block.Targets = append(block.Targets, sql.SelectItem{Pos: col.Pos, Expr: &sql.ColumnRef{Pos: col.Pos, Parts: []string{col.Name}}})
	}
	if n.Columns == nil {
		block.Targets = []sql.SelectItem{{Pos: n.Pos, Expr: &sql.Star{Pos: n.Pos}}}
	}
	return &sql.Query{Pos: n.Pos, Body: block}, nil
}

func knownColumns(list []string, columns []plan.Column) error {
	for _, name := range list {
		known := false
		for _, c := range columns {
			known = known || c.Name == name
		}
		if !known {
			return column.SQLErrorf(column.Invalid, "42703", "column \"%s\" does not exist", name)
		}
	}
	return nil
}

// copyRows sends the rows.
func (c *session) copyRows(p *portal, prepared *query.Prepared, w *copyWriter) (rows int64, err error) {
	_, _, err = c.runPortal(p, 0, func(ctx context.Context) (*query.Result, error) {
		r, err := c.query.RunPrepared(ctx, prepared, nil, -1)
		if err != nil {
			return nil, err
		}
		c.copyResponse('H', w.options.format, len(prepared.Columns))
		w.text = r.Format()
		for {
			b, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err == nil {
				err = c.copyBatch(p, r, w, b)
			}
			if err != nil {
				r.Close()
				return nil, err
			}
			rows += int64(b.Len)
		}
		if c.out, err = w.end(c.out); err != nil {
			r.Close()
			return nil, err
		}
		c.out = append(c.out, 'c', 0, 0, 0, 4)
		return r, nil
	})
	return rows, err
}

func (c *session) copyBatch(p *portal, r *query.Result, w *copyWriter, b *scan.Batch) (err error) {
	c.patient.waiting = r.Pause
	for i := range b.Len {
		if c.out, err = w.row(c.out, b, i); err != nil {
			return err
		}
		if len(c.out) >= sendAt {
			if err := c.flush(); err != nil {
				return err
			}
			if p.ctx.Err() != nil {
				return context.Cause(p.ctx)
			}
		}
	}
	return nil
}

// copyResponse says that data follows, or is expected.
func (c *session) copyResponse(kind byte, f copyFormat, columns int) {
	start := len(c.out)
	format := byte(textFormat)
	if f == copyBinary {
		format = binaryFormat
	}
	c.out = append(c.out, kind, 0, 0, 0, 0, format)
	c.out = binary.BigEndian.AppendUint16(c.out, uint16(columns))
	for range columns {
		c.out = append(c.out, 0, format)
	}
	binary.BigEndian.PutUint32(c.out[start+1:], uint32(len(c.out)-start-1))
}

// copyWriter writes rows as COPY's data, one message each.
type copyWriter struct {
	options *copyOptions
	columns []plan.Column
	quoted  []bool // FORCE_QUOTE
	text    literal.Options
	values  rowWriter
	scratch []byte
	started bool
	signed  bool
}

func newCopyWriter(o *copyOptions, columns []plan.Column) *copyWriter {
	w := &copyWriter{options: o, columns: columns}
	for _, c := range columns {
		w.quoted = append(w.quoted, force(o.forceQuoteAll, o.forceQuote, c.Name))
	}
	return w
}

// copySignature begins binary data; flags and the length of an extension follow.
const copySignature = "PGCOPY\n\xff\r\n\x00"

// start writes what comes before the first row. The signature of binary data shares the message of what follows it, as in PostgreSQL:
// clients rely on it.
func (w *copyWriter) start(out []byte) []byte {
	if w.started {
		return out
	}
	w.started = true
	w.values.text = w.text
	if w.options.header {
		return message(out, func(out []byte) []byte {
			for i, c := range w.columns {
				if i > 0 {
					out = append(out, w.options.delimiter)
				}
				out = w.field(out, []byte(c.Name), false)
			}
			return append(out, '\n')
		})
	}
	return out
}

// signature writes the signature of binary data where nothing was written yet.
func (w *copyWriter) signature(out []byte) []byte {
	if w.signed || w.options.format != copyBinary {
		return out
	}
	w.signed = true
	return append(append(out, copySignature...), 0, 0, 0, 0, 0, 0, 0, 0)
}

// message writes one CopyData message.
func message(out []byte, body func([]byte) []byte) []byte {
	start := len(out)
	out = body(append(out, 'd', 0, 0, 0, 0))
	binary.BigEndian.PutUint32(out[start+1:], uint32(len(out)-start-1))
	return out
}

// end writes what comes after the last row.
func (w *copyWriter) end(out []byte) ([]byte, error) {
	out = w.start(out)
	if w.options.format == copyBinary {
		out = message(out, func(out []byte) []byte { return append(w.signature(out), 0xff, 0xff) })
	}
	return out, nil
}

// row writes row i of a batch.
func (w *copyWriter) row(out []byte, b *scan.Batch, i int) (_ []byte, err error) {
	out = w.start(out)
	start := len(out)
	out = w.signature(append(out, 'd', 0, 0, 0, 0))
	if w.options.format == copyBinary {
		out = binary.BigEndian.AppendUint16(out, uint16(len(b.Columns)))
	}
	for k, v := range b.Columns {
		f, j := v.At(i)
		null := f.Valid != nil && !f.Valid.Get(j)
		if w.options.format == copyBinary {
			if null {
				out = append(out, 0xff, 0xff, 0xff, 0xff)
				continue
			}
			at := len(out)
			if out, err = w.values.binary(append(out, 0, 0, 0, 0), f, j); err != nil {
				return out[:start], err
			}
			binary.BigEndian.PutUint32(out[at:], uint32(len(out)-at-4))
			continue
		}
		if k > 0 {
			out = append(out, w.options.delimiter)
		}
		if null {
			out = append(out, w.options.null...)
			continue
		}
		w.scratch = literal.Append(w.scratch[:0], f, j, w.text)
		out = w.field(out, w.scratch, w.quoted[k] || len(b.Columns) == 1 && string(w.scratch) == `\.`)
	}
	if w.options.format != copyBinary {
		out = append(out, '\n')
	}
	binary.BigEndian.PutUint32(out[start+1:], uint32(len(out)-start-1))
	return out, nil
}

// field writes one value, quoted or escaped as the format wants it.
func (w *copyWriter) field(out, v []byte, quote bool) []byte {
	o := w.options
	if o.format == copyText {
		return appendCopyText(out, v, o.delimiter)
	}
	quote = quote || string(v) == o.null
	for _, c := range v {
		quote = quote || c == o.delimiter || c == o.quote || c == '\n' || c == '\r'
	}
	if !quote {
		return append(out, v...)
	}
	out = append(out, o.quote)
	for _, c := range v {
		if c == o.quote || c == o.escape {
			out = append(out, o.escape)
		}
		out = append(out, c)
	}
	return append(out, o.quote)
}

// appendCopyText escapes what has a meaning in the text format.
func appendCopyText(out, v []byte, delimiter byte) []byte {
	for _, c := range v {
		switch c {
		case '\b':
			out = append(out, '\\', 'b')
		case '\f':
			out = append(out, '\\', 'f')
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		case '\t':
			out = append(out, '\\', 't')
		case '\v':
			out = append(out, '\\', 'v')
		case '\\', delimiter:
			out = append(out, '\\', c)
		default:
			out = append(out, c)
		}
	}
	return out
}
