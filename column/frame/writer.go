package frame

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/vfs"
)

// flushSize is when Append writes its buffer out by itself. One write call of 1 MiB costs less than 1 ns a
// byte; more would only cost memory.
const flushSize = 1 << 20

// Writer appends records to one file. It may be used by many goroutines at once.
//
// Append puts a record into a buffer, Flush hands the buffer to the operating system, Sync makes it durable.
// For group commit let one goroutine call Sync for all that were appended before: Append and Flush go on
// while the disk works.
//
// The first failed write or sync poisons the writer: from then on every call returns that error. After a
// failed fsync the kernel may have thrown the pages away and marked them clean, so that a second one would
// succeed over a hole; only opening the file anew, and reading it, tells what is there.
type Writer struct {
	name   string
	header []byte
	seed   uint32
	max    int64

	// syncMu keeps syncs apart; it is taken before mu.
	syncMu sync.Mutex
	mu     sync.Mutex
	file   vfs.File
	buf    []byte
	// synced <= flushed <= end: durable, written, appended bytes of the file.
	synced, flushed, end int64
	ordinal              uint32
	err                  error
}

// Create makes a new file with the caller's header bytes (at most MaxHeader) and opens it for appending. The
// file appears under its name at once with its whole header, durable; so a header that is not whole is always
// damage. An existing file is replaced.
func Create(fsys vfs.FS, name string, header []byte, o Options) (*Writer, error) {
	if len(header) > MaxHeader {
		return nil, column.Errorf(column.Limit, "create %s: header of %d bytes, limit %d", name, len(header), MaxHeader)
	}
	data := appendFileHeader(nil, o.Kind, header)
	if err := vfs.WriteFileAtomic(fsys, name, data); err != nil {
		return nil, fmt.Errorf("create log file: %w", err)
	}
	f, err := fsys.OpenAppend(name)
	if err != nil {
		return nil, fmt.Errorf("create log file %s: %w", name, err)
	}
	return newWriter(f, name, data[fixedHeader:len(data)-4], o, position{end: int64(len(data))}), nil
}

// position is where the next record goes.
type position struct {
	end     int64
	ordinal uint32
}

func newWriter(f vfs.File, name string, header []byte, o Options, at position) *Writer {
	full := appendFileHeader(nil, o.Kind, header)
	return &Writer{
		name: name, header: header, seed: seedOf(full), max: o.maxRecord(),
		file: f, synced: at.end, flushed: at.end, end: at.end, ordinal: at.ordinal,
	}
}

// Recovery tells what Resume found.
type Recovery struct {
	Records int
	// Torn is the record that was cut off the end of the file; nil if it ended cleanly.
	Torn *TornError
	// ZeroTail counts the zero bytes cut off the end of the file, left by a crash or by preallocation.
	ZeroTail int64
}

// Resume reads an existing file, hands every record to replay (which may be nil), cuts a torn end off, and
// opens the file for appending. Damage in the middle is a CorruptError, and changes nothing. rec.Payload is
// valid until replay returns; an error from replay ends Resume. What was replayed is durable when Resume
// returns, even if the process that wrote it died before its sync.
func Resume(fsys vfs.FS, name string, o Options, replay func(header []byte, rec Record) error) (*Writer, Recovery, error) {
	r, err := Open(fsys, name, o)
	if err != nil {
		return nil, Recovery{}, err
	}
	defer r.Close()
	got, err := r.replay(replay)
	if err != nil {
		return nil, got, err
	}
	f, err := fsys.OpenAppend(name)
	if err != nil {
		return nil, got, fmt.Errorf("resume %s: %w", name, err)
	}
	if r.next < r.size {
		if err := f.Truncate(r.next); err != nil {
			return nil, got, errors.Join(fmt.Errorf("cut %s at offset %d: %w", name, r.next, err), f.Close())
		}
	}
	if err := errors.Join(f.Sync(), fsys.SyncDir(filepath.Dir(name))); err != nil {
		return nil, got, errors.Join(fmt.Errorf("resume %s: sync: %w", name, err), f.Close())
	}
	return newWriter(f, name, r.header, o, position{end: r.next, ordinal: r.ordinal}), got, nil
}

// Append adds a record made of the given parts and gives the offset at which it begins; Size tells where it
// ends. typ is the caller's, and not 0. The record is copied: the caller may reuse its parts.
func (w *Writer) Append(typ uint8, parts ...[]byte) (offset int64, err error) {
	var length int64
	for _, p := range parts {
		length += int64(len(p))
	}
	if length > w.max {
		return 0, column.Errorf(column.Limit, "%s: record of %d bytes, limit %d", w.name, length, w.max)
	}
	if typ == 0 {
		return 0, column.Errorf(column.Internal, "%s: record type 0 is reserved", w.name)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return 0, w.err
	}
	if w.ordinal == maxRecords {
		return 0, column.Errorf(column.Limit, "%s: the file is full: %d records", w.name, uint32(maxRecords))
	}
	offset = w.end
	h := head{length: uint32(length), back: uint32(min(offset-w.synced, maxBack)), ordinal: w.ordinal, typ: typ}
	h.payloadCRC = sumParts(w.seed, offset, parts)
	w.buf = h.appendTo(w.buf, w.seed, offset)
	for _, p := range parts {
		w.buf = append(w.buf, p...)
	}
	w.end += h.size()
	w.ordinal++
	if len(w.buf) >= flushSize {
		return offset, w.flushLocked()
	}
	return offset, nil
}

// Flush hands what was appended to the operating system: it survives the process, not a power cut.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.flushLocked()
}

func (w *Writer) flushLocked() error {
	if w.err != nil {
		return w.err
	}
	if len(w.buf) == 0 {
		return nil
	}
	n, err := w.file.Write(w.buf)
	if err == nil && n < len(w.buf) {
		err = fmt.Errorf("wrote %d of %d bytes", n, len(w.buf))
	}
	if err != nil {
		w.err = fmt.Errorf("write to %s at offset %d: %w", w.name, w.flushed, err)
		return w.err
	}
	w.flushed += int64(len(w.buf))
	w.buf = w.buf[:0]
	if cap(w.buf) > 4*flushSize {
		w.buf = nil
	}
	return nil
}

// Sync makes everything durable that was appended before the call.
func (w *Writer) Sync() error {
	w.syncMu.Lock()
	defer w.syncMu.Unlock()
	w.mu.Lock()
	err, upTo, done := w.flushLocked(), w.flushed, w.flushed == w.synced
	w.mu.Unlock()
	if err != nil || done {
		return err
	}
	err = w.file.Sync()
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		if w.err == nil {
			w.err = fmt.Errorf("sync %s: %w", w.name, err)
		}
		return w.err
	}
	w.synced = upTo
	return nil
}

// Close syncs and closes the file. Of a poisoned writer it returns the first error.
func (w *Writer) Close() error {
	err := w.Sync()
	if errors.Is(err, ErrClosed) {
		return nil
	}
	w.syncMu.Lock()
	defer w.syncMu.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil {
		return nil
	}
	closeErr := w.file.Close()
	w.file = nil
	if w.err == nil {
		w.err = fmt.Errorf("%s: %w", w.name, ErrClosed)
	}
	return errors.Join(err, closeErr)
}

// Size gives the size of the file in bytes, with what is still in the buffer: where the next record begins.
func (w *Writer) Size() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.end
}

// Synced gives how many bytes of the file are durable. A record is when its end is not beyond it.
func (w *Writer) Synced() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.synced
}

// Err gives the error that poisoned the writer, nil if none did.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Name gives the name of the file.
func (w *Writer) Name() string { return w.name }

// Header gives the caller's header bytes; they must not be changed.
func (w *Writer) Header() []byte { return w.header }
