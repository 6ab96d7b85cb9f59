package parquetio

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
)

// Reader reads Parquet files of any writer. What a column's type is follows from the file's schema: a list of plain values is an array, and
// what is nested otherwise (structs, maps, lists of lists) is jsonb. Not safe for concurrent use.
type Reader struct {
	// Fields are the columns, named and typed as the file has them.
	Fields []column.Field

	file    *parquet.File
	nodes   []*node
	leaves  []*leaf
	groups  []parquet.RowGroup
	group   int   // the one that is open, counted from 1
	row     int64 // rows of it that were read
	scratch []byte
}

// Batch is rows of one row group.
type Batch struct {
	scan.Batch
	Group int   // the row group, counted from 1
	Row   int64 // the first row's number in the row group, counted from 1
}

// Open reads the footer of a file of size bytes.
func Open(r io.ReaderAt, size int64) (out *Reader, err error) {
	defer recovered(&err)
	if err := checkFooter(r, size); err != nil {
		return nil, err
	}
	f, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(readBytes))
	if err != nil {
		return nil, column.Errorf(column.Invalid, "not a Parquet file, or a damaged one: %w", err)
	}
	t := tree{elements: f.Metadata().Schema}
	root, err := t.read("", 0, 0, 0)
	if err != nil {
		return nil, err
	}
	out = &Reader{file: f, leaves: t.leaves, groups: f.RowGroups()}
	for _, l := range out.leaves {
		l.guard.file, l.guard.def, l.guard.rep = r, l.def, l.rep
	}
	for _, c := range root.children {
		n, err := c.value()
		if err != nil {
			return nil, err
		}
		out.nodes = append(out.nodes, n)
		out.Fields = append(out.Fields, n.field())
	}
	if len(out.Fields) == 0 {
		return nil, column.Errorf(column.Invalid, "the Parquet file has no columns")
	}
	for i := range out.Fields {
		out.Fields[i].NotNull = root.children[i].schema.RepetitionType.V != format.Optional
	}
	if text, ok := f.Lookup(typesKey); ok {
		out.named(text)
	}
	return out, nil
}

// Charge makes what pages take, while they are decoded, a part of a pool.
func (r *Reader) Charge(pool *mem.Pool) {
	for _, l := range r.leaves {
		l.guard.pool = pool
	}
}

// mostFooter is how long the description at a file's end may be: that of ten thousand row groups of a hundred columns is shorter.
const mostFooter = 128 << 20

// checkFooter looks at the description at a file's end before it is decoded.
func checkFooter(r io.ReaderAt, size int64) error {
	var tail [8]byte
	if size < 12 {
		return column.Errorf(column.Invalid, "not a Parquet file, or a damaged one: it has %d bytes", size)
	}
	if _, err := r.ReadAt(tail[:], size-8); err != nil && !errors.Is(err, io.EOF) {
		return column.Errorf(column.Invalid, "read the file: %w", err)
	}
	n := int64(binary.LittleEndian.Uint32(tail[:4]))
	if string(tail[4:]) != "PAR1" {
		return nil // the decoder says what it is
	}
	if n > size-12 || n > mostFooter {
		return column.Errorf(column.Invalid, "not a Parquet file, or a damaged one: its description is said to have %d bytes", n)
	}
	footer := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(r, size-8-n, n), footer); err != nil {
		return column.Errorf(column.Invalid, "read the file: %w", err)
	}
	_, _, err := compactStructEnd(footer)
	return err
}

// readBytes is how much is read from the file at a time.
const readBytes = 256 << 10

// Rows is how many rows the file says it has.
func (r *Reader) Rows() int64 { return r.file.NumRows() }

// recovered turns a panic about damaged bytes into an error.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = column.Errorf(column.Invalid, "the Parquet file is damaged: %v", p)
	}
}

// field gives the column that a node's values are in.
func (n *node) field() column.Field {
	f := column.Field{Name: n.name}
	switch {
	case n.shape == shapeLeaf:
		f.Type, f.Mod = n.leaf.typ, n.leaf.mod
	case n.isArray():
		f.Type = column.ArrayOf(n.children[0].leaf.typ)
	default:
		f.Type = column.T(column.JSONB)
	}
	return f
}

// isArray reports lists of plain values.
func (n *node) isArray() bool {
	return n.shape == shapeList && n.children[0].shape == shapeLeaf
}

// Next gives up to n rows, of one row group; io.EOF behind the last.
func (r *Reader) Next(ctx context.Context, n int) (b *Batch, err error) {
	defer recovered(&err)
	for {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		if r.group > 0 && r.row < r.groups[r.group-1].NumRows() {
			return r.batch(n)
		}
		if r.group == len(r.groups) {
			return nil, io.EOF
		}
		r.group++
		r.row = 0
		chunks := r.groups[r.group-1].ColumnChunks()
		if len(chunks) != len(r.leaves) {
			return nil, r.located(column.Errorf(column.Invalid, "%d columns of %d", len(chunks), len(r.leaves)), "")
		}
		for i, l := range r.leaves {
			l.open(chunks[i])
			if err := l.guard.open(r.file.Metadata(), r.group-1, i, r.file.Size()); err != nil {
				return nil, r.located(err, l.path)
			}
		}
	}
}

// SkipGroup passes over the next row group if it has at most n rows, and says how many it has. It must be called between row groups.
func (r *Reader) SkipGroup(n int64) (int64, bool) {
	if r.group > 0 && r.row < r.groups[r.group-1].NumRows() || r.group == len(r.groups) {
		return 0, false
	}
	rows := r.groups[r.group].NumRows()
	if rows > n {
		return 0, false
	}
	r.group++
	r.row = rows
	return rows, true
}

func (r *Reader) batch(n int) (*Batch, error) {
	n = int(min(int64(n), r.groups[r.group-1].NumRows()-r.row))
	out := &Batch{Group: r.group, Row: r.row + 1}
	out.Len = n
	for i, c := range r.nodes {
		v, err := r.column(c, n)
		if err != nil {
			return nil, r.located(err, r.Fields[i].Name)
		}
		if v, err = r.declared(v, &r.Fields[i]); err != nil {
			return nil, r.located(err, r.Fields[i].Name)
		}
		out.Columns = append(out.Columns, v)
	}
	r.row += int64(n)
	return out, nil
}

// column reads n rows of a column.
func (r *Reader) column(c *node, n int) (*column.Vector, error) {
	b := column.NewBuilder(c.field().Type, n)
	switch {
	case c.shape == shapeLeaf:
		for done := 0; done < n; {
			k, err := c.leaf.rows(b, n-done)
			if err != nil {
				return nil, ended(err)
			}
			done += k
		}
	case c.isArray():
		values := column.NewBuilder(c.children[0].leaf.typ, n)
		for range n {
			if err := r.appendArray(b, values, c); err != nil {
				return nil, err
			}
		}
	default:
		for range n {
			if err := r.appendDocument(b, c); err != nil {
				return nil, err
			}
		}
	}
	if err := b.Err(); err != nil {
		return nil, err
	}
	return b.Finish(), nil
}

// appendArray reads the list that is next.
func (r *Reader) appendArray(b, values *column.Builder, c *node) error {
	l := c.children[0].leaf
	if err := l.fill(); err != nil {
		return ended(err)
	}
	switch level := l.level(); {
	case level < c.def:
		b.AppendNull()
		return c.skip()
	case level < c.has:
		b.AppendBytes([]byte{})
		return c.skip()
	}
	values.Reset()
	for {
		if l.level() == l.def {
			values.AppendRow(l.values, l.value)
		} else {
			values.AppendNull()
		}
		l.step()
		if begins, err := l.begins(c.rep); err != nil {
			return err
		} else if begins {
			break
		}
	}
	if err := values.Err(); err != nil {
		return err
	}
	v := values.Finish()
	r.scratch = arrayOf(r.scratch[:0], v, 0, v.Len)
	b.AppendBytes(r.scratch)
	return nil
}

// appendDocument reads the nested value that is next.
func (r *Reader) appendDocument(b *column.Builder, c *node) error {
	l := c.leaves[0]
	if err := l.fill(); err != nil {
		return ended(err)
	}
	if l.level() < c.def {
		b.AppendNull()
		return c.skip()
	}
	text, err := c.appendJSON(r.scratch[:0])
	if err != nil {
		return err
	}
	r.scratch = text
	return canonical(b, text)
}

// ended says that a column has fewer values than its row group has rows.
func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return column.Errorf(column.Invalid, "the column ends before its row group does")
	}
	return err
}

// located says where in the file an error is.
func (r *Reader) located(err error, name string) error {
	where := fmt.Sprintf("row group %d, rows from %d on", r.group, r.row+1)
	if name != "" {
		where += ", column \"" + name + "\""
	}
	var e *column.Error
	if !errors.As(err, &e) {
		return err
	}
	out := *e
	out.Detail = strings.TrimSpace(e.Detail + " " + strings.ToUpper(where[:1]) + where[1:] + ".")
	return &out
}

// Close gives back what is open. It does not close the file.
func (r *Reader) Close() {
	for _, l := range r.leaves {
		l.close()
	}
}
