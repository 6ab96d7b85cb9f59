package imports

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/column/literal"
)

// ndjson reads a JSON object per line. The columns are the keys of the first rows; a key that a later row lacks is NULL there.
type ndjson struct {
	buffered
	names    []column.Field
	index    map[string]int
	builders []*column.Builder
	line     int64
	row      [][]byte // by column; nil = not there
}

func openNDJSON(r io.Reader) (source, error) {
	n := &ndjson{buffered: buffered{r: r}, index: map[string]int{}, line: 1}
	if err := n.more(guessBytes); err != nil {
		return nil, err
	}
	var guesses []guess
	for rest, line := n.buf, int64(1); ; line++ {
		text, size := cutLine(rest, n.last)
		if size == 0 {
			if len(n.names) == 0 && !n.last { // a first row that is longer than what was read
				if err := n.refill(); err != nil {
					return nil, err
				}
				rest, line = n.buf, 0
				continue
			}
			break
		}
		rest = rest[size:]
		err := members(text, func(key, value []byte) error {
			i, ok := n.index[string(key)]
			if !ok {
				i = len(n.names)
				n.index[string(key)], n.names, guesses = i, append(n.names, column.Field{Name: string(key)}), append(guesses, guess{})
			}
			guesses[i].json(value)
			return nil
		})
		if err != nil {
			return nil, WithPlace(err, fmt.Sprint("line ", line))
		}
	}
	if len(n.names) == 0 {
		return nil, column.Errorf(column.Invalid, "the file has no rows to take the columns from")
	}
	for i := range guesses {
		n.names[i].Type = guesses[i].result()
		if guesses[i].documents {
			n.names[i].Type = column.T(column.JSONB)
		}
	}
	return n, nil
}

// cutLine gives the first line and its length with its end; 0 where it is not all there, or there is none.
func cutLine(data []byte, last bool) (line []byte, n int) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return bytes.TrimSpace(data[:i]), i + 1
	}
	if last {
		return bytes.TrimSpace(data), len(data)
	}
	return nil, 0
}

func (n *ndjson) fields() []column.Field {
	return slices.Clone(n.names)
}

func (n *ndjson) want(types []column.Type) {
	n.builders = nil
	for _, t := range types {
		n.builders = append(n.builders, column.NewBuilder(t, 0))
	}
	n.row = make([][]byte, len(types))
}

func (n *ndjson) skip(int64) int64 { return 0 }
func (n *ndjson) texts() bool      { return true }
func (n *ndjson) close()           {}

func (n *ndjson) next(ctx context.Context) (*rows, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	out := &rows{exact: true}
	first := n.line
	for out.n < batchRows && !fullText(n.builders) {
		line, size := cutLine(n.buf, n.last)
		if size == 0 {
			if n.last {
				break
			}
			if err := n.refill(); err != nil {
				return nil, err
			}
			continue
		}
		if len(line) > 0 {
			if err := n.add(line); err != nil {
				return nil, err
			}
			out.n++
		}
		n.take(size)
		n.line++
	}
	if out.n == 0 {
		return nil, io.EOF
	}
	out.at = func(int) string { return span(first, n.line-1) }
	return out, finish(n.builders, out)
}

func (n *ndjson) add(line []byte) error {
	clear(n.row)
	err := members(line, func(key, value []byte) error {
		i, ok := n.index[string(key)]
		if !ok {
			e := column.SQLErrorf(column.Invalid, "42703", "key \"%s\" is in none of the first rows", key)
			e.Hint = "Write it into the first row, with null where it has no value: the columns are those of the first MiB."
			return e
		}
		n.row[i] = value
		return nil
	})
	if err != nil {
		return WithPlace(err, fmt.Sprint("line ", n.line))
	}
	for i, value := range n.row {
		if err := appendValue(n.builders[i], value); err != nil {
			return WithPlace(err, fmt.Sprintf("line %d, column \"%s\"", n.line, n.names[i].Name))
		}
	}
	return nil
}

// appendValue appends a value of JSON as one of the builder's type.
func appendValue(b *column.Builder, value []byte) error {
	t := b.Type()
	if value == nil || string(value) == "null" {
		b.AppendNull()
		return nil
	}
	document := t.Kind == column.JSON || t.Kind == column.JSONB
	switch {
	case value[0] == '"' && !document:
		text, err := unquoted(value)
		if err != nil {
			return err
		}
		return literal.Parse(b, t, string(text), literal.Options{})
	case value[0] == '[' && t.IsArray():
		return appendList(b, value)
	}
	return literal.Parse(b, t, string(value), literal.Options{})
}

// appendList appends an array of one dimension.
func appendList(b *column.Builder, value []byte) error {
	var list []json.RawMessage
	if err := json.Unmarshal(value, &list); err != nil {
		return err
	}
	elements := column.NewBuilder(b.Type().Element(), len(list))
	for _, one := range list {
		if len(one) > 0 && one[0] == '[' {
			e := column.SQLErrorf(column.Unsupported, "0A000", "a list of lists cannot be read as %s", b.Type())
			e.Hint = "Write it as a text, such as \"{{1,2},{3,4}}\", or import it into a column of type jsonb."
			return e
		}
		if err := appendValue(elements, one); err != nil {
			return err
		}
	}
	if err := elements.Err(); err != nil {
		return err
	}
	b.AppendBytes(array.Append(nil, array.OneDim(len(list)), elements.Finish(), 0))
	return b.Err()
}

// json looks at a value of JSON.
func (g *guess) json(value []byte) {
	switch value[0] {
	case 'n':
	case 't', 'f':
		g.only(column.Bool)
	case '{', '[':
		g.documents = true
	case '"':
		if text, err := unquoted(value); err == nil {
			g.text(string(text))
			g.quoted()
		}
	default:
		g.only(map[bool]column.Kind{true: column.Int64, false: column.Float64}[isInt(string(value))])
	}
}
