package rowindex

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/automatanexus/aegis-db/column"
)

// OpenFile is a file to read from. ReadAt is safe for concurrent use.
type OpenFile interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Ref says what a file must belong to.
type Ref struct {
	Table, Segment, Index uint64
	Rows                  int64
}

// Reader reads one index file. Opening reads its end; blocks are read and checked when they are asked. Safe for concurrent use.
type Reader struct {
	file   OpenFile
	ref    Ref
	method Method
	size   int64
	blocks []block

	// Of filters.
	stretches int
	sums      []uint32 // of the slices
}

// block is a line of the directory.
type block struct {
	first   []byte
	entries int
	rows    int64 // of all its keys together
	offset  int64
	length  int64
	sum     uint32
}

// Open reads the directory of a file, which must belong to ref. The reader closes the file.
func Open(f OpenFile, ref Ref) (*Reader, error) {
	r := &Reader{file: f, ref: ref, size: f.Size()}
	if err := r.open(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

// corrupt makes an error that names the file and the offset.
func (r *Reader) corrupt(offset int64, format string, args ...any) error {
	return column.Errorf(column.Corrupt, "index %d of segment %d of table %d, at byte %d: %w", r.ref.Index, r.ref.Segment, r.ref.Table, offset, fmt.Errorf(format, args...))
}

func (r *Reader) read(buf []byte, offset int64) error {
	n, err := r.file.ReadAt(buf, offset)
	if n == len(buf) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return r.corrupt(offset, "%d bytes are missing", len(buf)-n)
	}
	return fmt.Errorf("index %d of segment %d: read %d bytes at %d: %w", r.ref.Index, r.ref.Segment, len(buf), offset, err)
}

// tailRead is how much of the file's end is read at once.
const tailRead = 16 << 10

func (r *Reader) open() error {
	if r.size < tailBytes {
		return r.corrupt(0, "the file has %d bytes", r.size)
	}
	start := max(0, r.size-tailRead)
	buf := make([]byte, r.size-start)
	if err := r.read(buf, start); err != nil {
		return err
	}
	tail := buf[len(buf)-tailBytes:]
	switch {
	case string(tail[24:]) != magic:
		return r.corrupt(r.size-8, "no index file's end")
	case sum(tail[:20]) != binary.LittleEndian.Uint32(tail[20:]):
		return r.corrupt(r.size-tailBytes, "the end's checksum is wrong")
	case binary.LittleEndian.Uint32(tail[12:]) != version:
		return column.Errorf(column.Unsupported, "index %d of segment %d: version %d of the format; this program reads %d", r.ref.Index, r.ref.Segment,
			binary.LittleEndian.Uint32(tail[12:]), version)
	}
	length := binary.LittleEndian.Uint64(tail)
	if length > uint64(r.size-tailBytes) {
		return r.corrupt(r.size-tailBytes, "a directory of %d bytes", length)
	}
	at := r.size - tailBytes - int64(length)
	directory := make([]byte, length)
	if at >= start {
		copy(directory, buf[at-start:])
	} else if err := r.read(directory, at); err != nil {
		return err
	}
	if sum(directory) != binary.LittleEndian.Uint32(tail[8:]) {
		return r.corrupt(at, "the directory's checksum is wrong")
	}
	return r.parse(directory, at)
}

// parse reads the directory, which lies at offset end: there the blocks must end.
func (r *Reader) parse(directory []byte, end int64) error {
	c := cursor{src: directory}
	r.method = Method(c.byte())
	belongs := c.uvarint() == r.ref.Table
	belongs = c.uvarint() == r.ref.Segment && belongs
	belongs = c.uvarint() == r.ref.Index && belongs
	rows := c.uvarint()
	if !c.bad && (!belongs || rows != uint64(r.ref.Rows)) {
		return r.corrupt(end, "it belongs to another segment or index, of %d rows", rows)
	}
	covered := int64(0)
	if r.method == Bloom {
		covered = r.parseFilters(&c)
	} else {
		covered = r.parseBlocks(&c)
	}
	if c.bad || c.at != len(directory) || covered != end || methodNames[r.method] == "" {
		return r.corrupt(end, "the directory is damaged at its byte %d", c.at)
	}
	return nil
}

func (r *Reader) parseFilters(c *cursor) int64 {
	r.stretches = int(c.upTo(maxRows))
	n := c.upTo(uint64(len(c.src)) / 4)
	for range n {
		r.sums = append(r.sums, c.fixed32())
	}
	if r.stretches != int((r.ref.Rows+stretchRows-1)/stretchRows) || n == 0 {
		c.bad = true
	}
	return int64(n) * int64(r.stretches) * sliceBlock
}

func (r *Reader) parseBlocks(c *cursor) int64 {
	n := c.upTo(uint64(len(c.src)))
	at := int64(0)
	var previous []byte
	for i := uint64(0); i < n && !c.bad; i++ {
		shared := int(c.upTo(uint64(len(previous))))
		suffix := c.bytes(c.upTo(uint64(len(c.src))))
		first := append(append(make([]byte, 0, shared+len(suffix)), previous[:shared]...), suffix...)
		b := block{first: first, entries: int(c.upTo(maxRows)), rows: int64(c.upTo(1 << 50)), offset: at, length: int64(c.upTo(1 << 50)), sum: c.fixed32()}
		if i > 0 && string(previous) >= string(first) || b.length == 0 || b.entries == 0 {
			c.bad = true
		}
		at += b.length
		previous = first
		r.blocks = append(r.blocks, b)
	}
	return at
}

// Close closes the file.
func (r *Reader) Close() error { return r.file.Close() }

// Method is the kind of the index.
func (r *Reader) Method() Method { return r.method }

// FileBytes is the size of the file.
func (r *Reader) FileBytes() int64 { return r.size }

// SizeBytes is what the reader holds in memory.
func (r *Reader) SizeBytes() int64 {
	n := int64(cap(r.sums))*4 + 256
	for i := range r.blocks {
		n += int64(len(r.blocks[i].first)) + 72
	}
	return n
}

// KeyCount is the number of keys; 0 for filters, which have none.
func (r *Reader) KeyCount() (n int64) {
	for i := range r.blocks {
		n += int64(r.blocks[i].entries)
	}
	return n
}

// load reads a block and checks it.
func (r *Reader) load(b *block, buf []byte) ([]byte, error) {
	if int64(cap(buf)) < b.length {
		buf = make([]byte, b.length)
	}
	buf = buf[:b.length]
	if err := r.read(buf, b.offset); err != nil {
		return nil, err
	}
	if sum(buf) != b.sum {
		return nil, r.corrupt(b.offset, "the checksum of a block of %d bytes is wrong", b.length)
	}
	return buf, nil
}

// Verify reads the whole file and checks every byte.
func (r *Reader) Verify(ctx context.Context) error {
	var buf []byte
	var err error
	for i := range r.blocks {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		b := &r.blocks[i]
		if buf, err = r.load(b, buf); err != nil {
			return err
		}
		entries, rows := 0, int64(0)
		err := r.walk(b, buf, func(_ []byte, e entry) (bool, error) {
			n, err := r.rows(b, e, nil)
			entries, rows = entries+1, rows+n
			return true, err
		})
		if err != nil {
			return err
		}
		if entries != b.entries || rows != b.rows {
			return r.corrupt(b.offset, "%d keys of %d rows, not %d of %d", entries, rows, b.entries, b.rows)
		}
	}
	for i := range r.sums {
		if _, err := r.slice(i); err != nil {
			return err
		}
	}
	return nil
}

// cursor reads bytes that may be damaged: the first fault sets bad, and everything after it reads as zero.
type cursor struct {
	src []byte
	at  int
	bad bool
}

func (c *cursor) uvarint() uint64 {
	if c.bad {
		return 0
	}
	v, n := binary.Uvarint(c.src[c.at:])
	if n <= 0 {
		c.bad = true
		return 0
	}
	c.at += n
	return v
}

func (c *cursor) upTo(limit uint64) uint64 {
	v := c.uvarint()
	if v > limit {
		c.bad = true
		return 0
	}
	return v
}

func (c *cursor) bytes(n uint64) []byte {
	if c.bad || n > uint64(len(c.src)-c.at) {
		c.bad = true
		return nil
	}
	b := c.src[c.at : c.at+int(n) : c.at+int(n)]
	c.at += int(n)
	return b
}

func (c *cursor) byte() byte {
	if b := c.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) fixed32() uint32 {
	if b := c.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}
