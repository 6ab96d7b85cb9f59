package segment

import (
	"slices"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/index"
)

// chunk is one column of one row group on its way into the file.
type chunk struct {
	field  column.Field
	rows   int
	valid  column.Bitmap  // nil = no NULLs
	values *column.Vector // the present ones; nil for tags, which come as a dictionary
	dict   *dictionary
	zipped bool // compress in any case

	dictPlain, dictZipped []byte // the dictionary's page, before and after compression
}

// coding is how a chunk is stored.
type coding struct {
	encoding   format.Encoding // RLEDictionary, or the encoding of the values
	compressed bool            // by zstd
	// The rest is the writer's business: readers need not know.
	even     bool // deltas are packed evenly
	literals bool // zstd looks for no matches
}

// pageMeta is the sidecar's record of one page: all that reading it needs.
type pageMeta struct {
	rows     uint32
	header   uint32 // bytes of the Thrift header
	length   uint32 // bytes in the file, header included
	raw      uint32 // bytes of the body before compression
	sum      uint32 // CRC32C of header and body
	zone     index.Zone
	offset   int64 // in the file
	firstRow uint32
	number   uint32 // of the page within the column
}

// chunkMeta is the sidecar's record of a column chunk.
type chunkMeta struct {
	coding
	dictPage   pageMeta // of no length if there is no dictionary
	dictValues uint32
	pages      []pageMeta
}

// zstdGain is how much smaller zstd must make a chunk to be worth its 1-2 ns a value when read.
const zstdGain = 0.87

// literalGain lets literals alone be larger than what zstd makes with matches: they are faster to write and to read, and what its fastest level finds
// depends on where it happens to look. Merged segments are for size.
const (
	literalGain       = 1.1
	mergedLiteralGain = 1.02
)

// splitGain asks the byte stream split to beat plain values clearly: it reads 8 times slower than they do.
const splitGain = 0.95

// textGain lets a dictionary of few texts be larger than the texts themselves, which zstd makes small, too: what comes as a
// dictionary is compared, hashed and grouped once per entry, ten times as fast.
const (
	textGain = 0.7
	fewTexts = 1024
)

func (c *chunk) present() int {
	if c.values != nil {
		return c.values.Len
	}
	return len(c.dict.codes)
}

// choose picks the coding by encoding a sample, one page from the middle, in every way that may suit the type.
func (c *chunk) choose(e *encoder, pageRows int) (coding, error) {
	n := c.present()
	if n == 0 {
		return coding{encoding: format.Plain}, nil
	}
	if c.dict == nil {
		c.dict = buildDictionary(c.values)
	}
	lo := max(0, min(n/2, n-pageRows))
	hi := min(n, lo+pageRows)
	var best coding
	bestSize := -1.0
	for _, k := range c.candidates() {
		k, size, err := c.estimate(e, k, lo, hi)
		if err != nil {
			return coding{}, err
		}
		if bestSize < 0 || size < bestSize {
			best, bestSize = k, size
		}
	}
	return best, nil
}

func (c *chunk) candidates() []coding {
	var out []coding
	if c.dict != nil {
		out = append(out, coding{encoding: format.RLEDictionary})
	}
	if c.values == nil {
		return out
	}
	switch c.field.Type.Physical() {
	case column.PhysInt:
		return append(out, coding{encoding: format.DeltaBinaryPacked}, coding{encoding: format.DeltaBinaryPacked, even: true}, coding{encoding: format.Plain})
	case column.PhysFloat:
		return append(out, coding{encoding: format.Plain}, coding{encoding: format.ByteStreamSplit})
	case column.PhysBytes:
		if c.field.Type.Kind == column.UUID { // of a fixed length
			return append(out, coding{encoding: format.Plain})
		}
		return append(out, coding{encoding: format.DeltaLengthByteArray})
	}
	return append(out, coding{encoding: format.Plain})
}

// estimate gives the size in bytes per value, weighed, of rows [lo, hi), and completes the coding by whether zstd pays.
func (c *chunk) estimate(e *encoder, k coding, lo, hi int) (coding, float64, error) {
	raw, err := c.body(e, nil, k, lo, hi)
	if err != nil {
		return k, 0, err
	}
	n, present := float64(hi-lo), float64(c.present())
	plain, zipped := float64(len(raw))/n, float64(len(e.zstd.EncodeAll(raw, nil)))/n
	gain := e.literalGain
	if k.encoding == format.ByteStreamSplit {
		gain = 1 // planes of exponents are long runs
	}
	if x := float64(len(e.literals(nil, raw, c.literalBlock(k, len(raw))))) / n; x < zipped*gain {
		zipped, k.literals = x, true
	}
	if k.encoding == format.RLEDictionary {
		if c.dictPlain, err = e.values(nil, format.Plain, c.dict.values); err != nil {
			return k, 0, err
		}
		c.dictZipped = e.zstd.EncodeAll(c.dictPlain, nil)
		plain += float64(len(c.dictPlain)) / present
		zipped += float64(len(c.dictZipped)) / present
	}
	size := plain
	if zipped < plain*zstdGain {
		size, k.compressed = zipped, true
	}
	if k.encoding == format.ByteStreamSplit {
		size /= splitGain
	}
	if k.encoding == format.DeltaLengthByteArray && c.dict != nil && c.dict.values.Len <= fewTexts {
		size /= textGain
	}
	return k, size, nil
}

// literalBlock is how many bytes of a page of n bytes share a table of literals: what stands side by side is alike, but for the planes of split
// floats, each of which is another matter.
func (c *chunk) literalBlock(k coding, n int) int {
	switch {
	case k.encoding != format.ByteStreamSplit:
		return zstdBlock
	case physicalType(c.field.Type) == format.Float:
		return (n + 3) / 4
	}
	return (n + 7) / 8
}

// squeeze gives the compression of a page's body, nil for none.
func (c *chunk) squeeze(e *encoder, k coding) func(dst, body []byte) []byte {
	switch {
	case !k.compressed:
		return nil
	case k.literals:
		return func(dst, body []byte) []byte { return e.literals(dst, body, c.literalBlock(k, len(body))) }
	}
	return func(dst, body []byte) []byte { return e.zstd.EncodeAll(body, dst) }
}

// body appends the values [lo, hi) of the present ones.
func (c *chunk) body(e *encoder, dst []byte, k coding, lo, hi int) ([]byte, error) {
	if k.encoding == format.RLEDictionary {
		return e.codes(dst, c.dict.codes[lo:hi], c.dict.values.Len)
	}
	v := c.values.Slice(lo, hi)
	if k.even {
		if out, ok := evenDeltas(dst, v.Ints, physicalType(v.Type) == format.Int32); ok {
			return out, nil
		}
	}
	return e.values(dst, k.encoding, v)
}

// write encodes the chunk page by page into out.
func (c *chunk) write(e *encoder, out *dataFile, pageRows int) (chunkMeta, error) {
	k, err := c.choose(e, pageRows)
	if err != nil {
		return chunkMeta{}, err
	}
	k.compressed = k.compressed || c.zipped
	squeeze := c.squeeze(e, k)
	m := chunkMeta{coding: k}
	if k.encoding == format.RLEDictionary {
		m.dictValues = uint32(c.dict.values.Len)
		head := format.PageHeader{Type: format.DictionaryPage, DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{
			NumValues: int32(c.dict.values.Len), Encoding: format.Plain,
		})}
		var zip func(dst, body []byte) []byte
		if k.compressed {
			zip = func(dst, _ []byte) []byte { return append(dst, c.dictZipped...) }
		}
		if m.dictPage, err = out.page(head, c.dictPlain, zip); err != nil {
			return m, err
		}
	}
	done := 0
	var body []byte
	for lo := 0; lo < c.rows; {
		hi := c.pageEnd(lo, done, pageRows)
		n := countRange(c.valid, lo, hi)
		body = body[:0]
		if !c.field.NotNull {
			if body, err = e.levels(body, c.valid, lo, hi); err != nil {
				return m, err
			}
		}
		if n > 0 || k.encoding != format.Plain {
			if body, err = c.body(e, body, k, done, done+n); err != nil {
				return m, err
			}
		}
		head := format.PageHeader{Type: format.DataPage, DataPageHeader: thrift.New(format.DataPageHeader{
			NumValues: int32(hi - lo), Encoding: k.encoding, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE,
		})}
		p, err := out.page(head, body, squeeze)
		if err != nil {
			return m, err
		}
		p.rows, p.zone = uint32(hi-lo), c.zone(done, done+n, hi-lo)
		m.pages = append(m.pages, p)
		lo, done = hi, done+n
	}
	return m, nil
}

// pageEnd ends a page before its text outgrows pageBytes, which keeps pages of wide values readable one by one.
func (c *chunk) pageEnd(lo, done, pageRows int) int {
	hi := min(c.rows, lo+pageRows)
	if c.values == nil || c.field.Type.Physical() != column.PhysBytes {
		return hi
	}
	for hi > lo+1 {
		n := countRange(c.valid, lo, hi)
		if c.values.Offsets[done+n]-c.values.Offsets[done] <= pageBytes {
			break
		}
		hi = lo + (hi-lo)/2
	}
	return hi
}

// zone describes the present values [lo, hi) of a page of rows rows.
func (c *chunk) zone(lo, hi, rows int) index.Zone {
	v := c.values
	if v == nil {
		v = c.tagValues(lo, hi)
		z := zoneOf(v, 0, v.Len, v.Len)
		z.Rows, z.Nulls = uint32(rows), uint32(rows-(hi-lo))
		return z
	}
	switch {
	case wideDecimal(&c.field):
		return wideZone(v, lo, hi, rows)
	case c.field.Mod != 0:
		return decimalZone(v.Ints[lo:hi], rows)
	}
	return zoneOf(v, lo, hi, rows)
}

func zoneOf(v *column.Vector, lo, hi, rows int) index.Zone {
	switch v.Type.Physical() {
	case column.PhysInt:
		return index.Ints(v.Ints[lo:hi], rows)
	case column.PhysFloat:
		return index.Floats(v.Floats[lo:hi], rows)
	case column.PhysBytes:
		return index.Texts(v.Offsets[lo:hi+1], v.Data, rows)
	}
	return index.Zone{Rows: uint32(rows), Nulls: uint32(rows - (hi - lo))}
}

// tagValues gives the distinct values of a tag's rows [lo, hi).
func (c *chunk) tagValues(lo, hi int) *column.Vector {
	codes := slices.Clone(c.dict.codes[lo:hi])
	codes = slices.Compact(codes) // runs first: the sort then has little to do
	slices.Sort(codes)
	return column.Gather(c.dict.values, slices.Compact(codes))
}
