package parquetio

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
)

// guard looks at each page before it is decoded: a few bytes can claim to be gigabytes, compressed or as one value that repeats, and a decoder believes
// them. What a page will take is reserved in the pool until the next page, and a page that is more than it says is refused.
type guard struct {
	pool  *mem.Pool // nil = nobody counts
	file  io.ReaderAt
	codec format.CompressionCodec
	def   uint8
	rep   uint8

	at, end  int64 // of the chunk's bytes that are not looked at yet
	reserved int64
	head     []byte
	body     []byte
	page     []byte // decompressed
}

// headBytes is how much is read at first for a page's header; with statistics it may be more, up to mostHead.
const (
	headBytes = 1 << 10
	mostHead  = 16 << 20
)

// open begins a chunk of a file of size bytes. The codec is that of the column's first chunk, which is the one that the decoder takes for all.
func (g *guard) open(m *format.FileMetaData, group, index int, size int64) error {
	g.close()
	c := &m.RowGroups[group].Columns[index].MetaData
	g.codec = m.RowGroups[0].Columns[index].MetaData.Codec
	if g.at = c.DataPageOffset; c.DictionaryPageOffset != 0 {
		g.at = c.DictionaryPageOffset
	}
	if g.at < 0 || c.TotalCompressedSize < 0 || g.at > size || c.TotalCompressedSize > size-g.at {
		return column.Errorf(column.Invalid, "a column is said to lie from byte %d on for %d bytes, in a file of %d", g.at, c.TotalCompressedSize, size)
	}
	g.end = g.at + c.TotalCompressedSize
	return nil
}

func (g *guard) close() {
	if g.pool != nil {
		g.pool.Shrink(g.reserved)
	}
	g.reserved = 0
}

// next looks at the pages that the decoder reads next, a dictionary perhaps and one of values.
func (g *guard) next() error {
	g.close()
	for g.at < g.end {
		h, err := g.header()
		if err != nil {
			return err
		}
		if err := g.inspect(h); err != nil {
			return err
		}
		if h.Type != format.DictionaryPage {
			return nil
		}
	}
	return nil
}

// header reads the header that is next.
func (g *guard) header() (*format.PageHeader, error) {
	for n := int64(headBytes); ; n *= 4 {
		n = min(n, g.end-g.at)
		if int64(cap(g.head)) < n {
			g.head = make([]byte, n)
		}
		g.head = g.head[:n]
		if _, err := g.file.ReadAt(g.head, g.at); err != nil && !errors.Is(err, io.EOF) {
			return nil, column.Errorf(column.Invalid, "read a page: %w", err)
		}
		end, more, err := compactStructEnd(g.head)
		if err != nil && more && n < g.end-g.at && n < mostHead {
			continue
		}
		if err != nil {
			return nil, err
		}
		h := new(format.PageHeader)
		if err := thrift.Unmarshal(new(thrift.CompactProtocol), g.head[:end], h); err != nil {
			return nil, column.Errorf(column.Invalid, "read the header of a page: %w", err)
		}
		g.at += int64(end)
		return h, nil
	}
}

// What a value takes while it is decoded, without its text: levels, a code or a number, an offset, and a copy of these.
const valueBytes = 32

// inspect reserves what a page takes, and holds it to what its header says.
func (g *guard) inspect(h *format.PageHeader) error {
	size, page := int64(h.CompressedPageSize), int64(h.UncompressedPageSize)
	if size < 0 || page < 0 || size > g.end-g.at {
		return column.Errorf(column.Invalid, "a page is said to have %d bytes, and its column has %d more", size, g.end-g.at)
	}
	var n int64
	switch {
	case h.DataPageHeader.Valid:
		n = int64(h.DataPageHeader.V.NumValues)
	case h.DataPageHeaderV2.Valid:
		n = int64(h.DataPageHeaderV2.V.NumValues)
	case h.DictionaryPageHeader.Valid:
		n = int64(h.DictionaryPageHeader.V.NumValues)
	}
	if n < 0 {
		return column.Errorf(column.Invalid, "a page is said to have %d values", n)
	}
	if err := g.reserve(2*size + 3*page + valueBytes*n); err != nil {
		return err
	}
	if int64(cap(g.body)) < size {
		g.body = make([]byte, size)
	}
	g.body = g.body[:size]
	if _, err := io.ReadFull(io.NewSectionReader(g.file, g.at, size), g.body); err != nil {
		return column.Errorf(column.Invalid, "read a page: %w", err)
	}
	g.at += size
	switch {
	case h.DataPageHeader.Valid && h.Type == format.DataPage:
		v := &h.DataPageHeader.V
		data, err := g.plain(g.body, page)
		if err != nil {
			return err
		}
		for _, l := range []struct {
			highest  uint8
			encoding format.Encoding
		}{{g.rep, v.RepetitionLevelEncoding}, {g.def, v.DefinitionLevelEncoding}} {
			if l.highest == 0 {
				continue
			}
			if len(data) < 4 || int64(binary.LittleEndian.Uint32(data)) > int64(len(data)-4) {
				return short(int(n))
			}
			k := 4 + int(binary.LittleEndian.Uint32(data))
			if err := runs(data[4:k], bits.Len8(l.highest), n); err != nil && l.encoding == format.RLE {
				return err
			}
			data = data[k:]
		}
		return g.values(v.Encoding, data, n)
	case h.DataPageHeaderV2.Valid && h.Type == format.DataPageV2:
		v := &h.DataPageHeaderV2.V
		rep, def := int64(v.RepetitionLevelsByteLength), int64(v.DefinitionLevelsByteLength)
		if rep < 0 || def < 0 || rep+def > size || v.NumNulls < 0 || int64(v.NumNulls) > n {
			return short(int(n))
		}
		if err := runs(g.body[:rep], bits.Len8(g.rep), n); err != nil {
			return err
		}
		if err := runs(g.body[rep:rep+def], bits.Len8(g.def), n); err != nil {
			return err
		}
		data := g.body[rep+def:]
		if !v.IsCompressed.Valid || v.IsCompressed.V {
			var err error
			if data, err = g.plain(data, page); err != nil {
				return err
			}
		}
		return g.values(v.Encoding, data, n)
	case h.Type == format.DictionaryPage:
		_, err := g.plain(g.body, page)
		return err
	}
	return nil // a page that the decoder refuses
}

func (g *guard) reserve(n int64) error {
	if g.pool == nil {
		return nil
	}
	if err := g.pool.Grow(n); err != nil {
		return err
	}
	g.reserved += n
	return nil
}

// plain decompresses a page, which has at most limit bytes.
func (g *guard) plain(data []byte, limit int64) ([]byte, error) {
	if g.codec == format.Uncompressed {
		return data, nil
	}
	if int64(cap(g.page)) < limit {
		g.page = make([]byte, limit)
	}
	out, err := decompress(g.codec, g.page[:limit:limit], data)
	if err != nil {
		return nil, column.Errorf(column.Invalid, "a page does not decompress to the %d bytes that it is said to have: %w", limit, err)
	}
	return out, nil
}

var errLarge = errors.New("it has more")

// decompress fills dst at most.
func decompress(codec format.CompressionCodec, dst, src []byte) ([]byte, error) {
	switch codec {
	case format.Snappy:
		n, err := snappy.DecodedLen(src)
		if err != nil || n > len(dst) {
			return nil, errors.Join(err, errLarge)
		}
		return snappy.Decode(dst, src)
	case format.Zstd:
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true))
		if err != nil {
			return nil, err
		}
		defer d.Close()
		return d.DecodeAll(src, dst[:0])
	case format.Lz4Raw:
		n, err := lz4.UncompressBlock(src, dst)
		return dst[:max(n, 0)], err
	case format.Gzip:
		r, err := gzip.NewReader(bytes.NewReader(src))
		if err != nil {
			return nil, err
		}
		return fill(dst, r)
	case format.Brotli:
		return fill(dst, brotli.NewReader(bytes.NewReader(src)))
	}
	return nil, errors.New("its compression is not known")
}

// fill reads all that there is, which must not be more than dst has room for.
func fill(dst []byte, r io.Reader) ([]byte, error) {
	n, err := io.ReadFull(r, dst)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return dst[:n], nil
	}
	if err != nil {
		return nil, err
	}
	var one [1]byte
	if k, _ := r.Read(one[:]); k > 0 {
		return nil, errLarge
	}
	return dst, nil
}

// slack is how many values more than it has a page's runs may speak of: they come in groups of eight, and some writers fill up more.
const slack = 4096

func tooMany(n int64) error {
	return column.Errorf(column.Invalid, "a page has more values than the %d it speaks of", n)
}

// runs counts values that are written as runs, each of width bits.
func runs(data []byte, width int, n int64) error {
	for sum := uint64(0); len(data) > 0; {
		head, k := binary.Uvarint(data)
		if k <= 0 {
			return nil // the decoder says what is wrong
		}
		data = data[k:]
		count, bytes := head>>1, (uint64(width)+7)/8
		if head&1 != 0 {
			if count > uint64(n)+slack {
				return tooMany(n)
			}
			count, bytes = 8*count, count*uint64(width)
		}
		if sum += count; count > uint64(n)+slack || sum > uint64(n)+slack {
			return tooMany(n)
		}
		data = data[min(bytes, uint64(len(data))):]
	}
	return nil
}

// values holds the encodings that can repeat to the number of values.
func (g *guard) values(encoding format.Encoding, data []byte, n int64) error {
	if len(data) == 0 {
		return nil
	}
	switch encoding {
	//lint:ignore SA1019 old files have it
	case format.PlainDictionary, format.RLEDictionary:
		if data[0] > 32 {
			return column.Errorf(column.Invalid, "codes of %d bits", data[0])
		}
		return runs(data[1:], int(data[0]), n)
	case format.RLE:
		return runs(data[min(4, len(data)):], 1, n)
	case format.DeltaBinaryPacked, format.DeltaLengthByteArray, format.DeltaByteArray:
		if err := deltas(data, n); err != nil {
			return err
		}
	}
	if encoding != format.DeltaByteArray {
		return nil
	}
	// A value repeats as much of the one before as it says.
	prefixes, err := new(delta.BinaryPackedEncoding).DecodeInt32(nil, data)
	if err != nil {
		return column.Errorf(column.Invalid, "read a page: %w", err)
	}
	var sum int64
	for _, p := range prefixes {
		sum += int64(max(p, 0))
	}
	return g.reserve(2 * sum)
}

// deltas looks at the head of numbers that are written as differences: the size of a block, that of its parts, and how many numbers there are.
func deltas(data []byte, n int64) error {
	var head [3]uint64
	for i := range head {
		v, k := binary.Uvarint(data)
		if k <= 0 {
			return nil
		}
		head[i], data = v, data[k:]
	}
	if head[2] > uint64(n) {
		return tooMany(n)
	}
	return nil
}
