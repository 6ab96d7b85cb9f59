package imports

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/delimited"
	"github.com/automatanexus/aegis-db/column/literal"
)

// csvText reads CSV with a line of names: what COPY … CSV HEADER reads.
type csvText struct {
	buffered
	splitter delimited.Splitter
	names    []column.Field
	builders []*column.Builder
	line     int64 // of what is next, counted from 1
	ended    bool
}

func openCSV(r io.Reader) (source, error) {
	c := &csvText{buffered: buffered{r: r}, splitter: delimited.Splitter{CSV: true, Delimiter: ',', Quote: '"', Escape: '"'}, line: 1}
	if err := c.more(guessBytes); err != nil {
		return nil, err
	}
	c.buf = bytes.TrimPrefix(c.buf, []byte("\xef\xbb\xbf")) // Windows' programs put it there
	header, err := c.split()
	if errors.Is(err, io.EOF) {
		return nil, column.Errorf(column.Invalid, "the file is empty: CSV begins with a line of names")
	}
	if err != nil {
		return nil, err
	}
	for _, f := range header {
		c.names = append(c.names, column.Field{Name: string(f.Value)})
	}
	return c, c.guess()
}

// guess looks at the first rows for the types of the columns.
func (c *csvText) guess() error {
	guesses := make([]guess, len(c.names))
	for rest := c.buf; ; {
		fields, n, err := c.splitter.Split(rest, c.last)
		if len(rest) == 0 || err != nil || fields == nil {
			break // the end of what is there
		}
		rest = rest[n:]
		for i := range min(len(fields), len(guesses)) {
			if !fields[i].Null {
				guesses[i].text(string(fields[i].Value))
			}
		}
	}
	for i := range guesses {
		c.names[i].Type = guesses[i].result()
	}
	return nil
}

// fields have types that were guessed; whoever knows better says so by want.
func (c *csvText) fields() []column.Field {
	return slices.Clone(c.names)
}

func (c *csvText) want(types []column.Type) {
	c.builders = nil
	for _, t := range types {
		c.builders = append(c.builders, column.NewBuilder(t, 0))
	}
}

func (c *csvText) skip(int64) int64 { return 0 }
func (c *csvText) texts() bool      { return true }
func (c *csvText) close()           {}

// split takes the next row apart; io.EOF where there is none.
func (c *csvText) split() ([]delimited.Field, error) {
	for {
		if len(c.buf) == 0 && c.last || c.ended {
			return nil, io.EOF
		}
		if len(c.buf) > 0 {
			fields, n, err := c.splitter.Split(c.buf, c.last)
			switch {
			case err == nil && fields == nil:
				c.ended = true
				return nil, io.EOF
			case err == nil:
				c.line += int64(bytes.Count(c.buf[:n], []byte{'\n'}))
				c.take(n)
				return fields, nil
			case !errors.Is(err, delimited.ErrMore):
				return nil, err
			case c.last:
				return nil, WithPlace(column.SQLErrorf(column.Invalid, "22P04", "unterminated CSV quoted field"), fmt.Sprint("line ", c.line))
			}
		}
		if err := c.refill(); err != nil {
			return nil, err
		}
	}
}

func (c *csvText) next(ctx context.Context) (*rows, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	out := &rows{exact: true}
	first := c.line
	for out.n < batchRows && !fullText(c.builders) {
		line := c.line
		fields, err := c.split()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = c.add(fields, line)
		}
		if err != nil {
			return nil, err
		}
		out.n++
	}
	if out.n == 0 {
		return nil, io.EOF
	}
	out.at = func(int) string { return span(first, c.line-1) }
	return out, finish(c.builders, out)
}

// span names lines.
func span(first, last int64) string {
	if first == last {
		return fmt.Sprint("line ", first)
	}
	return fmt.Sprintf("lines %d to %d", first, last)
}

// fullText reports whether texts have grown enough for a batch.
func fullText(builders []*column.Builder) bool {
	for _, b := range builders {
		if b.DataLen() >= batchBytes {
			return true
		}
	}
	return false
}

func finish(builders []*column.Builder, out *rows) error {
	for _, b := range builders {
		if err := b.Err(); err != nil {
			return err
		}
		out.columns = append(out.columns, b.Finish())
	}
	return nil
}

func (c *csvText) add(fields []delimited.Field, line int64) error {
	if len(fields) > len(c.builders) {
		return WithPlace(column.SQLErrorf(column.Invalid, "22P04", "extra data after last expected column"), fmt.Sprint("line ", line))
	}
	if len(fields) < len(c.builders) {
		return WithPlace(column.SQLErrorf(column.Invalid, "22P04", "missing data for column \"%s\"", c.names[len(fields)].Name), fmt.Sprint("line ", line))
	}
	for i, f := range fields {
		b := c.builders[i]
		if f.Null {
			b.AppendNull()
		} else if err := literal.Parse(b, b.Type(), string(f.Value), literal.Options{}); err != nil {
			return WithPlace(err, fmt.Sprintf("line %d, column \"%s\"", line, c.names[i].Name))
		}
	}
	return nil
}
