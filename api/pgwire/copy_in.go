package pgwire

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/delimited"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query"
	"github.com/automatanexus/aegis-db/query/sql"
)

// copyIn is a COPY FROM STDIN that the client sends data for.
type copyIn struct {
	loader  *query.Loader
	table   string
	options *copyOptions
	text    literal.Options
	formats int16
	after   func() error // runs the statements behind it; nil = it came by the extended protocol
	last    bool         // of its Query message: there are none behind it
	started time.Time
	ctx     context.Context // of all of it: a cancel request may come while the client sends
	end     func()

	buf      []byte // data that is no whole row yet
	begun    bool   // the signature or the line of names was read
	ended    bool   // the data says that nothing more comes
	line     int64
	builders []*column.Builder
	splitter delimited.Splitter
	rows     int64
	waiting  int               // rows in builders
	binary   []delimited.Field // of a row of binary data
}

// startCopyIn asks the client for the data of COPY FROM STDIN.
func (c *session) startCopyIn(n *sql.Copy, text string) (err error) {
	o, err := readCopyOptions(n)
	if err != nil {
		return err
	}
	if err := onlyStandard(n); err != nil {
		return err
	}
	if n.Where != nil {
		return copyError(n.Where.Position(), "0A000", "COPY FROM ... WHERE is not supported")
	}
	c.query.Together()
	ctx, cancel := context.WithCancelCause(c.ctx)
	done := c.runs(cancel)
	end := func() { done(); cancel(nil) }
	defer func() {
		if err != nil {
			end()
		}
	}()
	loader, err := c.query.NewLoader(ctx, n, text)
	if err != nil {
		return err
	}
	in := &copyIn{loader: loader, table: n.Table.Name, options: o, text: c.literals(), started: time.Now(), ctx: ctx, end: end}
	if o.format == copyBinary {
		in.formats = binaryFormat
	}
	for _, list := range [][]string{o.forceNotNull, o.forceNull} {
		for _, name := range list {
			known := false
			for _, f := range loader.Fields {
				known = known || f.Name == name
			}
			if !known {
				return column.SQLErrorf(column.Invalid, "42703", "column \"%s\" does not exist", name)
			}
		}
	}
	in.splitter = delimited.Splitter{CSV: o.format == copyCSV, Delimiter: o.delimiter, Quote: o.quote, Escape: o.escape, Null: o.null}
	for _, f := range loader.Fields {
		in.builders = append(in.builders, column.NewBuilder(f.Type, 0))
		in.splitter.NotNull = append(in.splitter.NotNull, force(o.forceNotNullAll, o.forceNotNull, f.Name))
		in.splitter.AsNull = append(in.splitter.AsNull, force(o.forceNullAll, o.forceNull, f.Name))
	}
	c.copying = in
	c.copyResponse('G', o.format, len(loader.Fields))
	c.mustFlush = true
	return nil
}

// copyMessage answers a message while data is expected.
func (c *session) copyMessage(m pgproto3.FrontendMessage) error {
	in := c.copying
	var err error
	switch m := m.(type) {
	case *pgproto3.CopyData:
		err = c.copyData(in, m.Data)
		if err == nil {
			return nil
		}
	case *pgproto3.CopyDone:
		err = c.copyDone(in)
	case *pgproto3.CopyFail:
		err = column.SQLErrorf(column.Cancelled, "57014", "COPY from stdin failed: %s", m.Message)
	case *pgproto3.Flush, *pgproto3.Sync:
		return nil // as in PostgreSQL: clients that pipeline send them without looking
	default:
		err = violation("unexpected message %T during COPY from stdin", m)
	}
	c.endCopyIn()
	if err == nil && in.after != nil {
		err = in.after()
		if c.copying != nil {
			return nil // the next statement is another COPY
		}
	}
	if err != nil {
		if err := c.failed(err); err != nil {
			return err
		}
	}
	if in.after != nil {
		return c.finishQuery()
	}
	c.skipping = err != nil
	return nil
}

// endCopyIn says that no more data is expected, if any was.
func (c *session) endCopyIn() {
	if c.copying != nil {
		c.copying.end()
		c.copying = nil
	}
}

func (c *session) copyDone(in *copyIn) error {
	if err := in.finish(); err != nil {
		return err
	}
	if err := c.copyWrite(in); err != nil {
		return err
	}
	if in.last {
		if in.ctx.Err() != nil {
			return context.Cause(in.ctx)
		}
		if err := c.commitTogether(); err != nil {
			return err
		}
	}
	c.took("copy", in.started, in.rows)
	c.complete("COPY " + itoa(int(in.rows)))
	return nil
}

// copyRowsAt is how many rows, and copyBytesAt how many bytes of one column, are gathered before they go to the engine.
const (
	copyRowsAt  = 16 << 10
	copyBytesAt = 8 << 20
)

// copyData takes a piece of the data, which may end anywhere.
func (c *session) copyData(in *copyIn, data []byte) error {
	if len(in.buf)+len(data) > 2*c.server.options.MessageBytes {
		return in.located(column.SQLErrorf(column.Limit, "54000", "a row of the data is longer than %d bytes", 2*c.server.options.MessageBytes))
	}
	if in.ctx.Err() != nil {
		return context.Cause(in.ctx)
	}
	in.buf = append(in.buf, data...)
	rest := in.buf
	for !in.ended {
		n, err := in.next(rest, false)
		if errors.Is(err, delimited.ErrMore) {
			break
		}
		if err != nil {
			return in.located(err)
		}
		rest = rest[n:]
		if in.full() {
			if err := c.copyWrite(in); err != nil {
				return err
			}
		}
	}
	if in.ended {
		rest = nil
	}
	in.buf = in.buf[:copy(in.buf, rest)]
	return nil
}

func (in *copyIn) full() bool {
	if in.waiting >= copyRowsAt {
		return true
	}
	for _, b := range in.builders {
		if b.DataLen() >= copyBytesAt {
			return true
		}
	}
	return false
}

// copyWrite gives the gathered rows to the engine.
func (c *session) copyWrite(in *copyIn) error {
	if in.waiting == 0 {
		return nil
	}
	vectors := make([]*column.Vector, len(in.builders))
	for i, b := range in.builders {
		if err := b.Err(); err != nil {
			return err
		}
		vectors[i] = b.Finish()
	}
	n := in.waiting
	in.waiting = 0
	return in.loader.Add(in.ctx, vectors, n)
}

// finish takes what is left when the client says that this was all: a last line without its end.
func (in *copyIn) finish() error {
	for len(in.buf) > 0 && !in.ended {
		n, err := in.next(in.buf, true)
		if errors.Is(err, delimited.ErrMore) {
			if in.options.format == copyBinary {
				return in.located(column.SQLErrorf(column.Invalid, "22P04", "unexpected EOF in COPY data"))
			}
			return in.located(column.SQLErrorf(column.Invalid, "22P04", "unterminated CSV quoted field"))
		}
		if err != nil {
			return in.located(err)
		}
		in.buf = in.buf[n:]
	}
	return nil
}

// next reads one row, or what comes before the first, from the beginning of data, and says how long it is.
func (in *copyIn) next(data []byte, last bool) (int, error) {
	if in.options.format == copyBinary {
		return in.nextBinary(data)
	}
	if len(data) == 0 {
		return 0, delimited.ErrMore
	}
	fields, n, err := in.splitter.Split(data, last)
	if err != nil {
		return 0, err
	}
	in.line++
	switch {
	case fields == nil: // \.
		in.ended = true
		return n, nil
	case !in.begun && in.options.header:
		in.begun = true
		return n, in.checkHeader(fields)
	}
	in.begun = true
	return n, in.add(fields)
}

func (in *copyIn) checkHeader(fields []delimited.Field) error {
	if !in.options.match {
		return nil
	}
	if len(fields) != len(in.loader.Fields) {
		return column.SQLErrorf(column.Invalid, "22P04", "wrong number of fields in header line: got %d, expected %d", len(fields), len(in.loader.Fields))
	}
	for i, f := range in.loader.Fields {
		if fields[i].Null || string(fields[i].Value) != f.Name {
			return column.SQLErrorf(column.Invalid, "22P04", "column name mismatch in header line field %d: got \"%s\", expected \"%s\"", i+1, fields[i].Value, f.Name)
		}
	}
	return nil
}

// add adds a row of values.
func (in *copyIn) add(fields []delimited.Field) error {
	if len(fields) > len(in.builders) {
		return column.SQLErrorf(column.Invalid, "22P04", "extra data after last expected column")
	}
	if len(fields) < len(in.builders) {
		return column.SQLErrorf(column.Invalid, "22P04", "missing data for column \"%s\"", in.loader.Fields[len(fields)].Name)
	}
	for i, f := range fields {
		value := f.Value
		if f.Null {
			value = nil
		}
		if err := decodeValue(in.builders[i], value, in.formats, in.loader.Fields[i].Type, in.text); err != nil {
			return in.locatedIn(err, in.loader.Fields[i].Name)
		}
	}
	in.rows++
	in.waiting++
	return nil
}

// located says in an error which line of the data it is about.
func (in *copyIn) located(err error) error { return in.locatedIn(err, "") }

func (in *copyIn) locatedIn(err error, name string) error {
	var e *column.Error
	if !errors.As(err, &e) || e.Detail != "" {
		return err
	}
	out := *e
	out.Detail = "COPY " + in.table + ", line " + itoa(int(in.line)+1)
	if name != "" {
		out.Detail = "COPY " + in.table + ", line " + itoa(int(in.line)) + ", column " + name
	}
	return &out
}
