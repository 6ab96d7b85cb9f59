package rowindex

import (
	"bufio"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
)

// The format, as FORMAT.md draws it.
const (
	version   = 1
	magic     = "AEGISIX1"
	tailBytes = 32
	maxRows   = 1<<31 - 1
	// blockBytes is where a block of keys ends: a look-up reads and walks through one, some 20 µs.
	blockBytes = 16 << 10
)

// How the rows of a key are stored: the low two bits of the first number, whose other bits say the row, how many rows there are, or how many
// bytes.
const (
	rowsOne     = 0
	rowsList    = 1
	rowsRoaring = 2
	rowsBits    = 2
	// listMost is how many rows are a list: a bitmap of as many takes 18 bytes and two a row.
	listMost = 32
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func sum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// file writes an index file front to back.
type file struct {
	o         *Options
	w         *bufio.Writer
	size      int64
	block     []byte
	first     []byte // key of the block
	last      []byte // key written last
	entries   int
	rows      int64
	directory []byte
	blocks    int
	lastFirst []byte
}

func newFile(w io.Writer, o *Options) *file {
	return &file{o: o, w: bufio.NewWriterSize(w, 1<<20)}
}

func commonPrefix(a []byte, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// entry appends a key, which is greater than all before it, and its rows.
func (f *file) entry(key string, l list) error {
	if f.entries == 0 {
		f.first = append(f.first[:0], key...)
		f.last = f.last[:0]
	}
	shared := commonPrefix(f.last, key)
	f.block = binary.AppendUvarint(f.block, uint64(shared))
	f.block = binary.AppendUvarint(f.block, uint64(len(key)-shared))
	f.block = append(f.block, key[shared:]...)
	f.last = append(f.last[:shared], key[shared:]...)
	switch {
	case l.n == 1:
		f.block = binary.AppendUvarint(f.block, uint64(l.last)<<rowsBits|rowsOne)
	case l.n <= listMost:
		f.block = binary.AppendUvarint(f.block, uint64(l.n)<<rowsBits|rowsList)
		f.block = append(f.block, l.rows...)
	default:
		if err := f.roaring(l); err != nil {
			return err
		}
	}
	f.entries++
	f.rows += int64(l.n)
	if len(f.block) >= blockBytes {
		return f.endBlock()
	}
	return nil
}

func (f *file) roaring(l list) error {
	b := roaring.New()
	var buffer [1024]uint32
	n, row := 0, uint32(0)
	for rest := l.rows; len(rest) > 0; {
		distance, size := binary.Uvarint(rest)
		rest = rest[size:]
		row += uint32(distance)
		buffer[n] = row
		if n++; n == len(buffer) {
			b.AddMany(buffer[:])
			n = 0
		}
	}
	b.AddMany(buffer[:n])
	b.RunOptimize()
	encoded, err := b.ToBytes()
	if err != nil {
		return err
	}
	f.block = binary.AppendUvarint(f.block, uint64(len(encoded))<<rowsBits|rowsRoaring)
	f.block = append(f.block, encoded...)
	return nil
}

// endBlock writes a block and its line of the directory.
func (f *file) endBlock() error {
	if f.entries == 0 {
		return nil
	}
	shared := commonPrefix(f.lastFirst, string(f.first))
	f.directory = binary.AppendUvarint(f.directory, uint64(shared))
	f.directory = binary.AppendUvarint(f.directory, uint64(len(f.first)-shared))
	f.directory = append(f.directory, f.first[shared:]...)
	f.directory = binary.AppendUvarint(f.directory, uint64(f.entries))
	f.directory = binary.AppendUvarint(f.directory, uint64(f.rows))
	f.directory = binary.AppendUvarint(f.directory, uint64(len(f.block)))
	f.directory = binary.LittleEndian.AppendUint32(f.directory, sum(f.block))
	f.lastFirst = append(f.lastFirst[:0], f.first...)
	f.blocks++
	f.size += int64(len(f.block))
	_, err := f.w.Write(f.block)
	f.block, f.entries, f.rows = f.block[:0], 0, 0
	return err
}

func (f *file) finishKeys() (int64, error) {
	if err := f.endBlock(); err != nil {
		return 0, err
	}
	return f.finish(append(binary.AppendUvarint(nil, uint64(f.blocks)), f.directory...))
}

func (f *file) finishFilter(s *slices32) (int64, error) {
	directory := binary.AppendUvarint(nil, uint64(s.stretches))
	directory = binary.AppendUvarint(directory, uint64(s.count))
	for i := range s.count {
		slice := s.slice(i)
		directory = binary.LittleEndian.AppendUint32(directory, sum(slice))
		f.size += int64(len(slice))
		if _, err := f.w.Write(slice); err != nil {
			return 0, err
		}
	}
	return f.finish(directory)
}

// finish writes the directory, whose head names what the file belongs to, and the tail.
func (f *file) finish(rest []byte) (int64, error) {
	head := []byte{byte(f.o.Method)}
	for _, n := range []uint64{f.o.Table, f.o.Segment, f.o.Index, uint64(f.o.Rows)} {
		head = binary.AppendUvarint(head, n)
	}
	directory := append(head, rest...)
	tail := binary.LittleEndian.AppendUint64(nil, uint64(len(directory)))
	tail = binary.LittleEndian.AppendUint32(tail, sum(directory))
	tail = binary.LittleEndian.AppendUint32(tail, version)
	tail = binary.LittleEndian.AppendUint32(tail, 0)
	tail = binary.LittleEndian.AppendUint32(tail, sum(tail))
	tail = append(tail, magic...)
	f.size += int64(len(directory) + len(tail))
	if _, err := f.w.Write(directory); err != nil {
		return 0, err
	}
	if _, err := f.w.Write(tail); err != nil {
		return 0, err
	}
	if err := f.w.Flush(); err != nil {
		return 0, column.Errorf(column.ClassOf(err), "write index %d of segment %d: %w", f.o.Index, f.o.Segment, err)
	}
	return f.size, nil
}
