// Package imports reads files of rows (Parquet, Arrow streams, CSV, NDJSON) as batches of columns that a table may take, whoever wrote them:
// names are matched, values converted without loss, and errors say where in the file they are.
//
// It must not know sessions or HTTP.
package imports

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/convert"
	"github.com/automatanexus/aegis-db/column/mem"
)

// Format is how rows are written.
type Format string

// The formats.
const (
	Parquet Format = "parquet"
	Arrow   Format = "arrow" // an IPC stream
	CSV     Format = "csv"   // with a line of names
	NDJSON  Format = "ndjson"
)

// media are the formats' names in Content-Type.
var media = map[string]Format{
	"application/vnd.apache.parquet": Parquet, "application/vnd.apache.arrow.stream": Arrow, "text/csv": CSV,
	"application/x-ndjson": NDJSON, "application/ndjson": NDJSON, "application/jsonl": NDJSON,
}

// FormatOf finds the format by its name or, where there is none, by a media type without parameters.
func FormatOf(name, mediaType string) (Format, error) {
	if name == "" {
		if f, ok := media[strings.ToLower(mediaType)]; ok {
			return f, nil
		}
		return "", column.Errorf(column.Invalid, "the format of the rows is not said: give format=parquet, arrow, csv or ndjson, or their Content-Type")
	}
	for _, f := range media {
		if string(f) == strings.ToLower(name) {
			return f, nil
		}
	}
	return "", column.Errorf(column.Invalid, "format %q is not known; use parquet, arrow, csv or ndjson", name)
}

// rows is some rows as a file has them. at says where one of them is.
type rows struct {
	exact   bool // the columns have the types that were wanted
	n       int
	columns []*column.Vector
	at      func(row int) string
}

// source reads one format.
type source interface {
	// fields are the columns of the file. Those of texts have the types that were found in the first rows.
	fields() []column.Field
	// texts reports whether the values are texts; want says of which types they are to be read then.
	texts() bool
	want(types []column.Type)
	// next gives some rows; io.EOF behind the last.
	next(ctx context.Context) (*rows, error)
	// skip passes over rows if that costs less than reading them, at most n, and says how many.
	skip(n int64) int64
	close()
}

// batchRows is how many rows a batch has at most, and batchBytes about how many bytes of text.
const (
	batchRows  = 16 << 10
	batchBytes = 8 << 20
)

// File is what Parquet is read from.
type File interface {
	io.ReaderAt
	io.Reader
}

// Reader gives the rows of one file. Not safe for concurrent use.
type Reader struct {
	source source
	into   []column.Field // by column of the file
	skips  int64
}

// Open begins to read. size is that of a Parquet file, which is r as a File; the others are read as they come.
func Open(f Format, r io.Reader, size int64) (*Reader, error) {
	var s source
	var err error
	switch f {
	case Parquet:
		file, ok := r.(File)
		if !ok {
			return nil, column.Errorf(column.Internal, "a Parquet file is read at any place")
		}
		s, err = openParquet(file, size)
	case Arrow:
		s, err = openArrow(r)
	case CSV:
		s, err = openCSV(r)
	default:
		s, err = openNDJSON(r)
	}
	if err != nil {
		return nil, err
	}
	return &Reader{source: s}, checkNames(s.fields())
}

func checkNames(fields []column.Field) error {
	seen := map[string]bool{}
	for _, f := range fields {
		switch {
		case f.Name == "":
			return column.Errorf(column.Invalid, "a column of the file has no name")
		case seen[f.Name]:
			return column.SQLErrorf(column.Invalid, "42701", "column \"%s\" is in the file more than once", f.Name)
		}
		seen[f.Name] = true
	}
	return nil
}

// Fields are the columns of the file, with the types that hold all of their values.
func (r *Reader) Fields() []column.Field { return r.source.fields() }

// Into says which columns of a table the file's go to, in the order of the file. A name is that of the column, or one that differs in its case
// only. It must come before Next.
func (r *Reader) Into(table []column.Field) ([]column.Field, error) {
	r.into = nil
	var types []column.Type
	taken := map[string]string{}
	for _, f := range r.source.fields() {
		to, err := match(f.Name, table)
		if err != nil {
			return nil, err
		}
		if other, twice := taken[to.Name]; twice {
			return nil, column.SQLErrorf(column.Invalid, "42701", "columns \"%s\" and \"%s\" of the file are both column \"%s\" of the table", other, f.Name, to.Name)
		}
		taken[to.Name] = f.Name
		if !r.source.texts() && f.Type.Kind != column.Unknown && !convert.Possible(f.Type, to.Type) {
			e := column.SQLErrorf(column.Invalid, "42804", "column \"%s\" is of type %s but the file has values of type %s", to.Name, to.Type.Format(to.Mod), f.Type)
			e.Hint = "Write the file with another type, or import it into a new table and cast there."
			return nil, e
		}
		r.into, types = append(r.into, to), append(types, to.Type)
	}
	r.source.want(types)
	return r.into, nil
}

func match(name string, table []column.Field) (column.Field, error) {
	var like []column.Field
	for _, f := range table {
		if f.Name == name {
			return f, nil
		}
		if strings.EqualFold(f.Name, name) {
			like = append(like, f)
		}
	}
	if len(like) == 1 {
		return like[0], nil
	}
	e := column.SQLErrorf(column.Invalid, "42703", "column \"%s\" of the file is not one of the table's", name)
	e.Hint = "Add it to the table with ALTER TABLE, or leave it out of the file."
	return column.Field{}, e
}

// Skip makes Next begin with the row behind the first n.
func (r *Reader) Skip(n int64) { r.skips = n }

// Next gives the next rows, in the columns that Into has said, and where each of them is in the file. io.EOF comes behind the last.
func (r *Reader) Next(ctx context.Context) (columns []*column.Vector, n int, at func(row int) string, err error) {
	for {
		if k := r.source.skip(r.skips); k > 0 {
			r.skips -= k
			continue
		}
		b, err := r.source.next(ctx)
		if err != nil {
			return nil, 0, nil, err
		}
		if skip := int(min(r.skips, int64(b.n))); skip > 0 {
			r.skips -= int64(skip)
			if skip == b.n {
				continue
			}
			for i, v := range b.columns {
				b.columns[i] = v.Slice(skip, b.n)
			}
			at := b.at
			b.n, b.at = b.n-skip, func(row int) string { return at(row + skip) }
		}
		return r.converted(b)
	}
}

func (r *Reader) converted(b *rows) ([]*column.Vector, int, func(int) string, error) {
	out := make([]*column.Vector, len(b.columns))
	for i, v := range b.columns {
		if b.exact {
			out[i] = v
			continue
		}
		var err error
		if out[i], err = convert.Vector(v, r.into[i].Type, r.into[i].Mod); err != nil {
			return nil, 0, nil, located(err, b.at, r.into[i].Name)
		}
	}
	return out, b.n, b.at, nil
}

// located says in an error where its row is.
func located(err error, at func(int) string, name string) error {
	var row *convert.Error
	if !errors.As(err, &row) {
		return err
	}
	return WithPlace(row.Err, fmt.Sprintf("%s, column \"%s\"", at(row.Row), name))
}

// WithPlace adds a place to what an error says.
func WithPlace(err error, place string) error {
	var e *column.Error
	if !errors.As(err, &e) {
		return err
	}
	out := *e
	out.Detail = strings.TrimSpace(e.Detail + " " + strings.ToUpper(place[:1]) + place[1:] + ".")
	return &out
}

// Charge makes what is held while the file is taken apart a part of a pool. It comes before Next.
func (r *Reader) Charge(pool *mem.Pool) {
	if p, ok := r.source.(*parquetFile); ok {
		p.r.Charge(pool)
	}
}

// Close gives back what is open. It does not close the file.
func (r *Reader) Close() { r.source.close() }
