package segment

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/index"
)

// ReadOptions says how to read. The zero value is fine.
type ReadOptions struct {
	// Cache keeps decoded pages; may be nil.
	Cache PageCache
}

// Reader reads one segment. Opening reads the end of the sidecar; everything else is read when first asked for and kept until
// Close. Safe for concurrent use.
type Reader struct {
	files Files
	ref   Ref
	o     ReadOptions
	meta  metadata

	sections []section
	sidecar  OpenFile
	size     atomic.Int64 // bytes of loaded sections

	blocks   []atomic.Pointer[seriesBlock]
	columns  []atomic.Pointer[columnPages] // per field
	postings []atomic.Pointer[index.Postings]
	living   atomic.Pointer[livingRows] // of the deletion vector that was read last

	mu        sync.Mutex // guards what follows, and the loading of sections
	directory []blockEntry
	data      OpenFile // opened with the first page
	closed    bool
}

// metadata is what the meta section says.
type metadata struct {
	rows, series     uint32
	blocks           int
	dataBytes        int64
	minTime, maxTime int64
	level            uint8
	timeSorted       bool
	groups           []uint32 // first rows, and the number of rows at the end
	schema           column.Schema
	tags             []column.Type // of schema.Tags
}

// tailRead is how much of the sidecar's end Open reads at once: most sidecars of fresh segments whole, and of large ones the
// directory and the meta section.
const tailRead = 64 << 10

// Open opens a segment: one read from the sidecar's end. What the catalog knows of it (ref) must agree; a difference is an error of class
// column.Corrupt.
func Open(ctx context.Context, files Files, ref Ref, o ReadOptions) (*Reader, error) {
	r := &Reader{files: files, ref: ref, o: o}
	f, err := files.Open(ctx, SidecarName(ref.Table, ref.Segment))
	if err != nil {
		return nil, fmt.Errorf("segment %d: open sidecar: %w", ref.Segment, err)
	}
	r.sidecar = f
	if err := r.open(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

// corrupt makes an error that names file and offset.
func (r *Reader) corrupt(name string, offset int64, format string, args ...any) error {
	return column.Errorf(column.Corrupt, "segment %d: %s at byte %d: %w", r.ref.Segment, name, offset, fmt.Errorf(format, args...))
}

func (r *Reader) sidecarName() string { return SidecarName(r.ref.Table, r.ref.Segment) }
func (r *Reader) dataName() string    { return DataName(r.ref.Table, r.ref.Segment) }

func (r *Reader) open() error {
	size := r.sidecar.Size()
	if size != r.ref.SidecarBytes || size < headerBytes+tailBytes {
		return r.corrupt(r.sidecarName(), size, "the file has %d bytes, not %d", size, r.ref.SidecarBytes)
	}
	start := max(0, size-tailRead)
	buf := make([]byte, size-start)
	if err := readAt(r.sidecar, buf, start); err != nil {
		return r.readError(r.sidecarName(), start, size-start, err)
	}
	tail := buf[len(buf)-tailBytes:]
	length := int64(binary.LittleEndian.Uint32(tail))
	version := binary.LittleEndian.Uint32(tail[12:])
	if string(tail[24:]) != sidecarMagic || length > size-headerBytes-tailBytes {
		return r.corrupt(r.sidecarName(), size-tailBytes, "no sidecar's end")
	}
	if version < sidecarVersion || version > sidecarZipped {
		return column.Errorf(column.Unsupported, "segment %d: %s: version %d of the format; this program reads %d to %d", r.ref.Segment, r.sidecarName(), version, sidecarVersion, sidecarZipped)
	}
	at := size - tailBytes - length
	directory, err := r.within(buf, start, at, length)
	if err != nil {
		return err
	}
	if sum(directory) != binary.LittleEndian.Uint32(tail[4:]) {
		return r.corrupt(r.sidecarName(), at, "the directory's checksum is wrong")
	}
	if r.sections, err = parseDirectory(directory, at); err != nil {
		return r.corrupt(r.sidecarName(), at, "%w", err)
	}
	// The file's whole checksum, from those of its parts.
	whole := binary.LittleEndian.Uint32(tail[8:])
	for _, s := range r.sections {
		whole = combine(whole, s.sum, s.length)
	}
	whole = combine(combine(whole, sum(directory), length), sum(tail), tailBytes)
	if whole != r.ref.SidecarSum {
		return r.corrupt(r.sidecarName(), 0, "checksum %08x, the catalog has %08x", whole, r.ref.SidecarSum)
	}
	return r.openMeta(buf, start)
}

func (r *Reader) openMeta(buf []byte, start int64) error {
	s := r.section(sectionMeta, 0, "")
	if s == nil {
		return r.corrupt(r.sidecarName(), 0, "no meta section")
	}
	b, err := r.within(buf, start, s.offset, s.length)
	if err != nil {
		return err
	}
	if sum(b) != s.sum {
		return r.corrupt(r.sidecarName(), s.offset, "the meta section's checksum is wrong")
	}
	table, segment, m, err := parseMeta(b)
	if err != nil {
		return r.corrupt(r.sidecarName(), s.offset, "%w", err)
	}
	if table != r.ref.Table || segment != r.ref.Segment || int64(m.rows) != r.ref.Rows || m.dataBytes != r.ref.DataBytes {
		return r.corrupt(r.sidecarName(), s.offset, "it belongs to segment %d of table %d with %d rows in %d bytes", segment, table, m.rows, m.dataBytes)
	}
	r.meta = m
	r.meta.tags = m.schema.TagTypes()
	r.blocks = make([]atomic.Pointer[seriesBlock], m.blocks)
	r.columns = make([]atomic.Pointer[columnPages], len(m.schema.Fields))
	r.postings = make([]atomic.Pointer[index.Postings], len(r.sections))
	r.size.Add(int64(len(r.sections))*64 + int64(m.blocks)*8 + s.length*4)
	return nil
}

// within gives a stretch of the sidecar from what was read already, or reads it.
func (r *Reader) within(buf []byte, start, offset, length int64) ([]byte, error) {
	if offset >= start {
		return buf[offset-start : offset-start+length], nil
	}
	b := make([]byte, length)
	if err := readAt(r.sidecar, b, offset); err != nil {
		return nil, r.readError(r.sidecarName(), offset, length, err)
	}
	return b, nil
}

// readAt fills buf or fails.
func readAt(f io.ReaderAt, buf []byte, offset int64) error {
	n, err := f.ReadAt(buf, offset)
	if n == len(buf) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// readError classes a failed read: a file that ends early is damaged, anything else may be the disk's or the network's trouble.
func (r *Reader) readError(name string, offset, length int64, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return r.corrupt(name, offset, "read %d bytes: %w", length, err)
	}
	return fmt.Errorf("segment %d: %s at byte %d: read %d bytes: %w", r.ref.Segment, name, offset, length, err)
}

// section finds a section, nil if there is none.
func (r *Reader) section(kind byte, id column.ID, label string) *section {
	for i := range r.sections {
		if s := &r.sections[i]; s.kind == kind && s.column == id && s.label == label {
			return s
		}
	}
	return nil
}

// load reads a whole section and checks it.
func (r *Reader) load(s *section) ([]byte, error) {
	b := make([]byte, s.length)
	if err := readAt(r.sidecar, b, s.offset); err != nil {
		return nil, r.readError(r.sidecarName(), s.offset, s.length, err)
	}
	if sum(b) != s.sum {
		return nil, r.corrupt(r.sidecarName(), s.offset, "the checksum of %d bytes is wrong", s.length)
	}
	return b, nil
}

// dataFile opens the Parquet file when first needed, and checks its size.
func (r *Reader) dataFile(ctx context.Context) (OpenFile, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, column.Errorf(column.Internal, "segment %d: the reader is closed", r.ref.Segment)
	}
	if r.data != nil {
		return r.data, nil
	}
	f, err := r.files.Open(ctx, r.dataName())
	if err != nil {
		return nil, fmt.Errorf("segment %d: open data: %w", r.ref.Segment, err)
	}
	if f.Size() != r.ref.DataBytes {
		return nil, errors.Join(r.corrupt(r.dataName(), f.Size(), "the file has %d bytes, not %d", f.Size(), r.ref.DataBytes), f.Close())
	}
	r.data = f
	return f, nil
}

// Close closes the files. No reader of a morsel may be open any more.
func (r *Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	err := r.sidecar.Close()
	if r.data != nil {
		err = errors.Join(err, r.data.Close())
	}
	return err
}

// Ref is what the segment was opened by.
func (r *Reader) Ref() Ref { return r.ref }

// Schema is what the rows were written by. It is not to be changed.
func (r *Reader) Schema() *column.Schema { return &r.meta.schema }

// SeriesCount is the number of series.
func (r *Reader) SeriesCount() int { return int(r.meta.series) }

// TimeBounds bounds the time column; both 0 for tables without one.
func (r *Reader) TimeBounds() (minTime, maxTime int64) { return r.meta.minTime, r.meta.maxTime }

// SizeBytes is what the reader holds in memory now; it grows as sections are first used.
func (r *Reader) SizeBytes() int64 { return r.size.Load() }
