package segment

import (
	"bufio"
	"bytes"
	"io"

	"github.com/parquet-go/parquet-go/format"

	"github.com/automatanexus/aegis-db/column"
)

// PlainWriter writes Parquet for others: the same chunks and the same footer as a segment's, but no sidecar, no order and no series.
// It is made for streams: what is written is never read again, and what is remembered of a row group, for the footer, is a few hundred
// bytes a column; hence no page indexes. Not safe for concurrent use.
type PlainWriter struct {
	data   *dataFile
	fields []column.Field
	footer format.FileMetaData
}

// Chunk is a column of a row group, encoded and not yet placed in a file.
type Chunk struct {
	meta  chunkMeta
	rows  uint32
	bytes []byte
}

// Size is how many bytes the chunk takes in the file, and until it is there in memory.
func (c *Chunk) Size() int { return len(c.bytes) }

// plainPageRows is between the pages of fresh and merged segments: others read results as a whole.
const plainPageRows = 20 << 10

// EncodeChunk encodes the rows of a column, given as a flat vector of the field's type, or as codes of distinct values, one of which
// may be NULL. Safe for concurrent use.
func EncodeChunk(f column.Field, v *column.Vector) (*Chunk, error) {
	if v.Type != f.Type || v.Enc != column.Flat && v.Enc != column.Dict && v.Enc != column.Scaled || f.NotNull && v.HasNulls() {
		return nil, column.Errorf(column.Internal, "parquet: column %q of %s got other rows", f.Name, f.Type)
	}
	enc, err := newEncoder(1)
	if err != nil {
		return nil, err
	}
	// There are readers (parquet-go is one) that take the codec of a column's first row group for that of all.
	if precision, scale, ok := decimal(&f); ok {
		if v, err = unscaled(v, 0, v.Len, precision, scale); err != nil {
			return nil, err
		}
		if hasNaN(v) {
			return nil, column.SQLErrorf(column.Unsupported, "0A000", "NaN in column %q: Parquet's DECIMAL has no NaN; cast the column to double precision", f.Name)
		}
		f = storedField(f)
	} else {
		f.Mod = 0
	}
	c := chunk{field: f, rows: v.Len, zipped: true}
	if v.Enc == column.Dict {
		c.dict, c.valid = dictionaryOf(v)
	} else if c.values = stored(compact(v)); c.values.Len != v.Len {
		c.valid = v.Valid
	}
	var out bytes.Buffer
	data := &dataFile{w: bufio.NewWriter(&out)}
	meta, err := c.write(enc, data, plainPageRows)
	if err == nil {
		err = data.w.Flush()
	}
	return &Chunk{meta: meta, rows: uint32(v.Len), bytes: out.Bytes()}, err
}

// dictionaryOf takes NULL out of a vector of codes.
func dictionaryOf(v *column.Vector) (d *dictionary, valid column.Bitmap) {
	d = &dictionary{values: stored(compact(v.Child)), codes: make([]int32, 0, v.Len)}
	null := -1
	for i := range v.Child.Len {
		if v.Child.IsNull(i) {
			null = i
		}
	}
	if null >= 0 {
		valid = column.NewBitmap(v.Len, true)
	}
	for i, code := range v.Codes {
		switch c := int(code); {
		case c == null:
			valid.Clear(i)
		case null >= 0 && c > null:
			d.codes = append(d.codes, int32(c-1))
		default:
			d.codes = append(d.codes, int32(c))
		}
	}
	return d, valid
}

// NewPlainWriter starts a file. The fields' ids are Parquet's field ids.
func NewPlainWriter(w io.Writer, fields []column.Field) (*PlainWriter, error) {
	p := &PlainWriter{data: newDataFile(w), fields: storedFields(fields), footer: fileMeta(fields, "aegis")}
	return p, p.data.other([]byte(magic))
}

// Note adds a text to what the footer has for those who know its key.
func (p *PlainWriter) Note(key, value string) {
	p.footer.KeyValueMetadata = append(p.footer.KeyValueMetadata, format.KeyValue{Key: key, Value: value})
}

// WriteGroup appends a row group: a chunk per field, at least one, each of as many rows. Errors are those of the writer below.
func (p *PlainWriter) WriteGroup(chunks []*Chunk) error {
	g := groupMeta{rows: chunks[0].rows}
	for _, c := range chunks {
		m := c.meta
		if m.dictPage.length > 0 {
			m.dictPage.offset += p.data.offset
		}
		for i := range m.pages {
			m.pages[i].offset += p.data.offset
		}
		g.chunks = append(g.chunks, m)
		p.data.offset += int64(len(c.bytes))
		if _, err := p.data.w.Write(c.bytes); err != nil {
			return err
		}
	}
	p.footer.NumRows += int64(g.rows)
	p.footer.RowGroups = append(p.footer.RowGroups, rowGroup(p.fields, &g, len(p.footer.RowGroups), nil))
	return p.data.w.Flush()
}

// Close writes the footer. It does not close the writer below.
func (p *PlainWriter) Close() error { return writeFooter(p.data, &p.footer) }
