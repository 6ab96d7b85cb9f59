package segment

import (
	"bufio"
	"hash/crc32"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// fileRange is a stretch of the Parquet file that is no page, with its CRC32C: the magic numbers, the page index, the footer.
type fileRange struct {
	offset, length int64
	sum            uint32
}

// dataFile writes the Parquet file front to back. Whatever goes in is checksummed on the way, as a page or as a range, so that no
// byte of the file is left uncovered.
type dataFile struct {
	w      *bufio.Writer
	offset int64
	ranges []fileRange
	zipped []byte
}

func newDataFile(w io.Writer) *dataFile {
	return &dataFile{w: bufio.NewWriterSize(w, 1<<20)} // large writes: a bucket uploads parts, a disk likes them too
}

func marshal(v any) ([]byte, error) { return thrift.Marshal(new(thrift.CompactProtocol), v) }

// page compresses a page's body, unless squeeze is nil, completes its header and writes both.
func (f *dataFile) page(head format.PageHeader, body []byte, squeeze func(dst, body []byte) []byte) (pageMeta, error) {
	head.UncompressedPageSize = int32(len(body))
	raw := uint32(len(body))
	if squeeze != nil {
		f.zipped = squeeze(f.zipped[:0], body)
		body = f.zipped
	}
	head.CompressedPageSize = int32(len(body))
	head.CRC = int32(crc32.ChecksumIEEE(body)) // Parquet's own, for its other readers
	h, err := marshal(&head)
	if err != nil {
		return pageMeta{}, err
	}
	p := pageMeta{
		header: uint32(len(h)), length: uint32(len(h) + len(body)), raw: raw, offset: f.offset,
		sum: crc32.Update(crc32.Checksum(h, castagnoli), castagnoli, body),
	}
	if _, err := f.w.Write(h); err != nil {
		return p, err
	}
	_, err = f.w.Write(body)
	f.offset += int64(p.length)
	return p, err
}

// other writes bytes that are no page, as part of the current range if one ends here.
func (f *dataFile) other(b []byte) error {
	if n := len(f.ranges); n > 0 && f.ranges[n-1].offset+f.ranges[n-1].length == f.offset {
		r := &f.ranges[n-1]
		r.length += int64(len(b))
		r.sum = crc32.Update(r.sum, castagnoli, b)
	} else {
		f.ranges = append(f.ranges, fileRange{f.offset, int64(len(b)), crc32.Checksum(b, castagnoli)})
	}
	f.offset += int64(len(b))
	_, err := f.w.Write(b)
	return err
}
