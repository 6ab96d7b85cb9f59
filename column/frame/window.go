package frame

import (
	"errors"
	"fmt"
	"io"

	"github.com/automatanexus/aegis-db/column/vfs"
)

// windowSize is how much is read at once: at 256 KiB the system call no longer shows in a profile.
const windowSize = 256 << 10

// window is the part of a file that is in memory.
type window struct {
	file vfs.File
	name string
	size int64
	// buf holds the bytes from offset start on.
	start int64
	buf   []byte
}

// at gives n bytes from offset on, fewer only where the file ends. They are valid until the next call. It
// never allocates more than the file has left.
func (w *window) at(offset int64, n int) ([]byte, error) {
	want := min(int64(n), w.size-offset)
	if want <= 0 {
		return nil, nil
	}
	if from := offset - w.start; from >= 0 && from+want <= int64(len(w.buf)) {
		return w.buf[from : from+want], nil
	}
	load := min(max(want, windowSize), w.size-offset)
	if int64(cap(w.buf)) < load || (load <= windowSize && cap(w.buf) > 4*windowSize) {
		w.buf = make([]byte, load)
	}
	w.buf, w.start = w.buf[:load], offset
	got, err := w.file.ReadAt(w.buf, offset)
	if int64(got) == load {
		return w.buf[:want], nil
	}
	w.buf = w.buf[:0]
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return nil, fmt.Errorf("read %s at offset %d: %w", w.name, offset, err)
}

// from gives the bytes from offset on that are in memory, or can be had with one read: at least a record
// header, unless the file ends before.
func (w *window) from(offset int64) ([]byte, error) {
	b, err := w.at(offset, recordHeader)
	if err != nil || len(b) < recordHeader {
		return b, err
	}
	return w.buf[offset-w.start:], nil
}
