package frame

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/vfs"
)

// Record is one record of a file.
type Record struct {
	Offset  int64 // where it begins
	End     int64 // where the next one begins
	Ordinal uint32
	Type    uint8
	Payload []byte
}

// Reader reads the records of one file. Next is for one goroutine; RecordAt for many, also while another one
// calls Next or appends to the file.
type Reader struct {
	name   string
	header []byte
	seed   uint32
	sealed bool
	max    int64
	file   vfs.File
	// size is that of the file when it was opened: Next does not look beyond.
	size int64
	win  window
	// next is where the next record is expected, and ordinal which one.
	next    int64
	ordinal uint32
	zeros   int64
	err     error
}

// Open opens a file for reading and checks its header. A file of another kind, or of a newer format, is an
// error; so is any damage of the header.
func Open(fsys vfs.FS, name string, o Options) (*Reader, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open log file: %w", err)
	}
	r, err := newReader(f, name, o)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

func newReader(f vfs.File, name string, o Options) (*Reader, error) {
	size, err := f.Size()
	if err != nil {
		return nil, fmt.Errorf("size of %s: %w", name, err)
	}
	r := &Reader{name: name, sealed: o.Sealed, max: o.maxRecord(), file: f, size: size}
	r.win = window{file: f, name: name, size: size}
	if err := r.readHeader(o.Kind); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Reader) readHeader(kind Kind) error {
	b, err := r.win.at(0, fixedHeader+MaxHeader+4)
	if err != nil {
		return err
	}
	damaged := func(offset int, reason string) error {
		return &CorruptError{File: r.name, Offset: int64(offset), Reason: reason}
	}
	if len(b) < fixedHeader+4 {
		return damaged(len(b), "the file ends inside its header")
	}
	if string(b[:len(magic)]) != magic {
		return damaged(0, "not a log file: wrong magic")
	}
	n := binary.LittleEndian.Uint32(b[fixedHeader-4:])
	if n > MaxHeader {
		return damaged(fixedHeader-4, "file header: impossible length")
	}
	end := fixedHeader + int(n)
	if len(b) < end+4 {
		return damaged(len(b), "the file ends inside its header")
	}
	r.seed = binary.LittleEndian.Uint32(b[end:])
	if crc32.Checksum(b[:end], castagnoli) != r.seed {
		return damaged(0, "file header: wrong checksum")
	}
	if v := binary.LittleEndian.Uint16(b[len(magic):]); v == 0 || v > Version {
		return column.Errorf(column.Unsupported, "%s: log format version %d; this program reads up to %d", r.name, v, Version)
	}
	if got := Kind(b[len(magic)+4 : len(magic)+8]); got != kind {
		return column.Errorf(column.Invalid, "%s: a log file of kind %v, not %v", r.name, got, kind)
	}
	r.header = append([]byte(nil), b[fixedHeader:end]...)
	r.next = int64(end + 4)
	return nil
}

// Next gives the next record; its payload is valid until the call after. At the end it returns io.EOF, a
// *TornError, or, for damage with valid records after it, a *CorruptError; from then on always the same.
// An error that the disk gave is neither of them: it says nothing about the bytes.
func (r *Reader) Next() (Record, error) {
	if r.err != nil {
		return Record{}, r.err
	}
	rec, reason, err := r.recordHere(r.next)
	if err == nil && reason == "" && rec.Ordinal != r.ordinal {
		reason = fmt.Sprintf("record number %d where number %d belongs", rec.Ordinal, r.ordinal)
	}
	if err == nil && reason != "" {
		err = r.diagnose(reason)
	}
	if err != nil {
		r.err = err
		return Record{}, err
	}
	r.next = rec.End
	r.ordinal++
	return rec, nil
}

// recordHere reads the record at offset. A reason says why there is none; err is for everything that is not
// about the bytes, and for io.EOF.
func (r *Reader) recordHere(offset int64) (rec Record, reason string, err error) {
	left := r.size - offset
	if left == 0 {
		return Record{}, "", io.EOF
	}
	if left < recordHeader {
		return Record{}, "the file ends inside a record header", nil
	}
	b, err := r.win.at(offset, recordHeader)
	if err != nil {
		return Record{}, "", err
	}
	h, ok := decodeHead(b, r.seed, offset)
	switch {
	case !ok:
		return Record{}, "record header: wrong checksum", nil
	case int64(h.length) > r.max:
		// The checksum vouches for the length: this is no damage, and cutting it off would lose data.
		return Record{}, "", column.Errorf(column.Limit, "%s: record of %d bytes at offset %d, limit %d", r.name, h.length, offset, r.max)
	case h.size() > left:
		return Record{}, fmt.Sprintf("the file ends inside a record of %d bytes", h.size()), nil
	}
	b, err = r.win.at(offset, int(h.size()))
	if err != nil {
		return Record{}, "", err
	}
	payload := b[recordHeader:]
	if sum(r.seed, offset, payload) != h.payloadCRC {
		return Record{}, "record payload: wrong checksum", nil
	}
	return Record{Offset: offset, End: offset + h.size(), Ordinal: h.ordinal, Type: h.typ, Payload: payload}, "", nil
}

// RecordAt reads the record that is known to begin at offset, also one appended after Open. The payload is in
// buf if that has room for the whole record (as many bytes as it takes in the file), else newly allocated.
// Since the caller knows that a record belongs there, whatever is wrong with it is a *CorruptError.
func (r *Reader) RecordAt(offset int64, buf []byte) (Record, error) {
	damaged := func(reason string) error {
		return &CorruptError{File: r.name, Offset: offset, Reason: reason}
	}
	// With a buffer of the right size this is the only read.
	buf = buf[:cap(buf)]
	if len(buf) < recordHeader {
		buf = make([]byte, 512)
	}
	n, err := r.file.ReadAt(buf, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return Record{}, fmt.Errorf("read %s at offset %d: %w", r.name, offset, err)
	}
	if n < recordHeader {
		return Record{}, damaged("the file ends inside a record header")
	}
	h, ok := decodeHead(buf, r.seed, offset)
	if !ok {
		return Record{}, damaged("record header: wrong checksum")
	}
	if int64(h.length) > r.max {
		return Record{}, column.Errorf(column.Limit, "%s: record of %d bytes at offset %d, limit %d", r.name, h.length, offset, r.max)
	}
	if int64(n) < h.size() {
		if buf, err = r.readRest(buf[:n], offset, h.size()); err != nil {
			return Record{}, err
		}
		if buf == nil {
			return Record{}, damaged(fmt.Sprintf("the file ends inside a record of %d bytes", h.size()))
		}
	}
	payload := buf[recordHeader:h.size()]
	if sum(r.seed, offset, payload) != h.payloadCRC {
		return Record{}, damaged("record payload: wrong checksum")
	}
	return Record{Offset: offset, End: offset + h.size(), Ordinal: h.ordinal, Type: h.typ, Payload: payload}, nil
}

// readRest completes a record of which start is there. It gives nil if the file does not hold all of it, and
// looks that up before it allocates.
func (r *Reader) readRest(start []byte, offset, size int64) ([]byte, error) {
	fileSize, err := r.file.Size()
	if err != nil {
		return nil, fmt.Errorf("size of %s: %w", r.name, err)
	}
	if fileSize-offset < size {
		return nil, nil
	}
	whole := make([]byte, size)
	copy(whole, start)
	n, err := r.file.ReadAt(whole[len(start):], offset+int64(len(start)))
	if int64(len(start)+n) == size {
		return whole, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return nil, fmt.Errorf("read %s at offset %d: %w", r.name, offset, err)
}

// replay reads to the end and forgives a torn one.
func (r *Reader) replay(fn func(header []byte, rec Record) error) (Recovery, error) {
	var got Recovery
	for {
		rec, err := r.Next()
		var torn *TornError
		switch {
		case errors.Is(err, io.EOF):
			got.ZeroTail = r.zeros
			return got, nil
		case errors.As(err, &torn):
			got.Torn = torn
			return got, nil
		case err != nil:
			return got, err
		}
		if fn != nil {
			if err := fn(r.header, rec); err != nil {
				return got, fmt.Errorf("%s: record at offset %d: %w", r.name, rec.Offset, err)
			}
		}
		got.Records++
	}
}

// Header gives the caller's header bytes; they must not be changed.
func (r *Reader) Header() []byte { return r.header }

// Offset gives the end of the last record that Next gave: the length of the good part of the file.
func (r *Reader) Offset() int64 { return r.next }

// Close closes the file.
func (r *Reader) Close() error { return r.file.Close() }
