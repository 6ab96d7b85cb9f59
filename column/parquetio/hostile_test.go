package parquetio

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
)

// hostile is a file of one column and one page, whose header says what it likes.
type hostile struct {
	codec format.CompressionCodec
	typ   format.Type
	head  format.PageHeader
	body  []byte
	rows  int64
}

func data(n int32, encoding format.Encoding) thrift.Null[format.DataPageHeader] {
	return thrift.New(format.DataPageHeader{NumValues: n, Encoding: encoding, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE})
}

// file writes it.
func (h hostile) file(t *testing.T) []byte {
	t.Helper()
	marshal := func(v any) []byte {
		out, err := thrift.Marshal(new(thrift.CompactProtocol), v)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if h.head.CompressedPageSize == 0 {
		h.head.CompressedPageSize = int32(len(h.body))
	}
	page := append(marshal(&h.head), h.body...)
	rows := h.rows
	if rows == 0 {
		rows = 10
	}
	footer := marshal(&format.FileMetaData{
		Version: 1, NumRows: rows,
		Schema: []format.SchemaElement{{Name: "root", NumChildren: thrift.New(int32(1))}, {Name: "x", Type: thrift.New(h.typ), RepetitionType: thrift.New(format.Required)}},
		RowGroups: []format.RowGroup{{NumRows: rows, TotalByteSize: int64(len(page)), Columns: []format.ColumnChunk{{MetaData: format.ColumnMetaData{
			Type: h.typ, Codec: h.codec, PathInSchema: []string{"x"}, NumValues: rows, TotalCompressedSize: int64(len(page)), TotalUncompressedSize: int64(len(page)), DataPageOffset: 4,
			Encoding: []format.Encoding{format.Plain},
		}}}}},
	})
	return whole(page, footer)
}

func whole(page, footer []byte) []byte {
	out := append([]byte("PAR1"), page...)
	out = append(out, footer...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(footer)))
	return append(out, "PAR1"...)
}

// numbers is a page of ten plain numbers.
func numbers() []byte {
	var out []byte
	for i := range 10 {
		out = binary.LittleEndian.AppendUint64(out, uint64(i))
	}
	return out
}

func zipped(plain []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(plain)
	_ = w.Close()
	return b.Bytes()
}

func brotlied(plain []byte) []byte {
	var b bytes.Buffer
	w := brotli.NewWriter(&b)
	_, _ = w.Write(plain)
	_ = w.Close()
	return b.Bytes()
}

func zstded(plain []byte) []byte {
	w, _ := zstd.NewWriter(nil)
	return w.EncodeAll(plain, nil)
}

// TestHostileFiles: small files that claim to be large, or are when they are decompressed, are refused, before the memory is taken.
func TestHostileFiles(t *testing.T) {
	const most = 1<<31 - 1
	zeros := make([]byte, 64<<20)
	plain := func(codec format.CompressionCodec, size int32, body []byte) hostile {
		return hostile{codec: codec, typ: format.Int64, body: body, head: format.PageHeader{Type: format.DataPage, UncompressedPageSize: size, DataPageHeader: data(10, format.Plain)}}
	}
	run := func(n int32, count uint64) hostile {
		body := append([]byte{1}, binary.AppendUvarint(nil, count<<1)...)
		return hostile{typ: format.Int64, body: append(body, 0), head: format.PageHeader{Type: format.DataPage, UncompressedPageSize: 100, DataPageHeader: data(n, format.RLEDictionary)}}
	}
	// Each value has all of the first one in front, which is long.
	prefixes := make([]int32, 20000)
	for i := range prefixes[1:] {
		prefixes[i+1] = 100000
	}
	repeated, _ := new(delta.BinaryPackedEncoding).EncodeInt32(nil, prefixes)
	for name, c := range map[string]struct {
		file hostile
		want string
	}{
		"larger than the file":    {hostile{typ: format.Int64, body: numbers(), head: format.PageHeader{Type: format.DataPage, UncompressedPageSize: 80, CompressedPageSize: most, DataPageHeader: data(10, format.Plain)}}, "is said to have"},
		"claims much":             {plain(format.Snappy, most, snappy.Encode(nil, numbers())), "53200"},
		"claims many values":      {run(most, most), "53200"},
		"runs":                    {run(10, 1<<30), "more values"},
		"many runs":               {hostile{typ: format.Int64, body: append([]byte{1}, bytes.Repeat([]byte{0xf0, 0x1f, 0}, 1<<16)...), head: format.PageHeader{Type: format.DataPage, UncompressedPageSize: 1 << 20, DataPageHeader: data(10, format.RLEDictionary)}}, "more values"},
		"gzip":                    {plain(format.Gzip, 80, zipped(zeros)), "decompress"},
		"zstd":                    {plain(format.Zstd, 80, zstded(zeros)), "decompress"},
		"brotli":                  {plain(format.Brotli, 80, brotlied(zeros)), "decompress"},
		"snappy":                  {plain(format.Snappy, 80, snappy.Encode(nil, zeros)), "decompress"},
		"snappy that only claims": {plain(format.Snappy, 80, binary.AppendUvarint(nil, 1<<32-1)), "decompress"},
		"lz4 that never ends":     {plain(format.Lz4Raw, 80, []byte{0xff, 0xff, 0xff}), "decompress"},
		"differences":             {hostile{typ: format.Int64, body: binary.AppendUvarint(binary.AppendUvarint(binary.AppendUvarint(nil, 128), 4), 1<<30), head: format.PageHeader{Type: format.DataPage, UncompressedPageSize: 100, DataPageHeader: data(10, format.DeltaBinaryPacked)}}, "more values"},
		"prefixes":                {hostile{typ: format.ByteArray, body: repeated, rows: 20000, head: format.PageHeader{Type: format.DataPage, UncompressedPageSize: 100, DataPageHeader: data(20000, format.DeltaByteArray)}}, "53200"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, c.file.file(t), c.want) })
	}
	good := plain(format.Zstd, 80, zstded(numbers())).file(t)
	if _, err := show(good, 100); err != nil {
		t.Errorf("a good file: %v", err)
	}
	footer := []byte{0x15, 2, 0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07} // a schema of 2^31 elements
	t.Run("a long list", func(t *testing.T) { refused(t, whole(numbers(), footer), "compact form") })
	lie := whole(numbers(), nil)
	binary.LittleEndian.PutUint32(lie[len(lie)-8:], 1<<32-1)
	t.Run("a long footer", func(t *testing.T) { refused(t, lie, "its description is said") })
}

// refused reads a file with a pool of 32 MiB.
func refused(t *testing.T, data []byte, want string) {
	t.Helper()
	pool := mem.NewPool("the import", 32<<20, nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := Open(bytes.NewReader(data), int64(len(data)))
	if err == nil {
		r.Charge(pool)
		for err == nil {
			_, err = r.Next(context.Background(), 1000)
		}
		r.Close()
	}
	runtime.ReadMemStats(&after)
	var e *column.Error
	if errors.Is(err, io.EOF) || !errors.As(err, &e) || !strings.Contains(e.SQLState+" "+e.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	if took := int64(after.TotalAlloc - before.TotalAlloc); took > 48<<20 {
		t.Errorf("it took %d bytes", took)
	}
	if pool.Used() != 0 {
		t.Errorf("%d bytes are reserved still", pool.Used())
	}
}
