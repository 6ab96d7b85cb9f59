package wal

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/frame"
	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/meta"
)

// DefaultFileBytes is where a file ends and the next begins. A file is the unit of removal: smaller ones go sooner, larger ones
// repeat fewer series definitions.
const DefaultFileBytes = 64 << 20

// maxFileRatio bounds a file that is mostly definitions: rotating it would only repeat them.
const maxFileRatio = 4

// Options configures a Log.
type Options struct {
	FS      vfs.FS
	Dir     string
	Shard   meta.ShardID
	Epoch   uint64
	Flushed meta.Seq // rows up to here are in segments
	// Known is the newest seq that somebody has noted elsewhere: a log that ends before it is damaged, and one that was repaired goes on behind it.
	Known     meta.Seq
	FileBytes int64 // 0 = DefaultFileBytes
	// Repair opens a damaged log by dropping what follows the damage, and says in the log what that was.
	Repair bool
	Logger *slog.Logger // nil = silent
}

// Log is the write-ahead log of one shard, open for appending.
//
// Append puts a commit into a buffer in the order of seq; Sync makes it durable. Of many callers of Sync one leads: it
// writes and syncs for all that came before it, while the next group gathers. The first write or sync that fails poisons the
// log: it, and everything after it, fails, because only reading the files anew tells what they hold.
type Log struct {
	opts Options

	// mu guards what follows; it is held while a buffer is written, never while a disk syncs, except to change files.
	mu      sync.Mutex
	done    *sync.Cond // a sync ended
	out     *frame.Writer
	files   []file // in order; the last one is being written
	number  uint64 // of the newest file that was ever made
	seq     meta.Seq
	synced  meta.Seq
	syncing bool
	err     error
	closed  bool

	defined  map[meta.TableID]*refSet // in the present file
	defBytes int64                    // definitions in the present file
	fresh    []uint32
	head     []byte
	parts    [][]byte
}

// file is what is known of one file.
type file struct {
	number      uint64
	first, last meta.Seq // last < first: no record
	size        int64
}

// Kind marks the files.
var frameKind = frame.Kind{'W', 'A', 'L', '1'}

func (o *Options) frame(sealed bool) frame.Options {
	return frame.Options{Kind: frameKind, Sealed: sealed}
}

func (o *Options) path(number uint64) string {
	return filepath.Join(o.Dir, fmt.Sprintf("%016x.wal", number))
}

// Body is one table's part of a commit: what EncodeTable or EncodeEnds made, and what its refs mean.
type Body struct {
	Table meta.TableID
	Refs  []uint32
	Rows  []byte
	Key   func(ref uint32) []byte // the encoded tag tuple; called for refs that the file does not define yet
}

// Append adds a commit and gives its seq, one more than the last: rows of tables, and rows that end. It is not durable before Sync has returned. An
// error of class column.Limit or column.Overloaded leaves the log as it was.
func (l *Log) Append(r Record, tables, ends []Body) (meta.Seq, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usableLocked(); err != nil {
		return 0, err
	}
	if err := l.rotateIfFullLocked(); err != nil {
		return 0, err
	}
	r.Shard, r.Epoch, r.Seq, r.Kind = l.opts.Shard, l.opts.Epoch, l.seq+1, Insert
	switch {
	case r.Bound:
		r.Kind = Bound
	case len(ends) > 0:
		r.Kind = Change
	case len(tables) > 1:
		r.Kind = Multi
	}
	parts, size, err := l.encodeLocked(&r, tables, ends)
	if err == nil {
		_, err = l.out.Append(byte(r.Kind), parts...)
	}
	if err != nil {
		return 0, l.refuseLocked(err, append(tables[:len(tables):len(tables)], ends...))
	}
	l.seq = r.Seq
	last := &l.files[len(l.files)-1]
	last.last, last.size = r.Seq, l.out.Size()
	l.defBytes += size
	return r.Seq, nil
}

// refuseLocked ends an append that failed. A writer that took nothing leaves the definitions undone.
func (l *Log) refuseLocked(err error, tables []Body) error {
	if l.out.Err() != nil {
		l.err = poisoned(err)
		return l.err
	}
	for _, t := range tables {
		delete(l.defined, t.Table) // defining a series again is allowed, and rare enough
	}
	return err
}

func poisoned(err error) error {
	return fmt.Errorf("the write-ahead log failed and takes no more writes until a restart: %w", err)
}

// encodeLocked gives the parts of a record and how many bytes of it are definitions.
func (l *Log) encodeLocked(r *Record, tables, ends []Body) ([][]byte, int64, error) {
	if len(tables)+len(ends) == 0 && r.Kind != Bound || len(tables) > maxTables || len(ends) > maxTables || len(r.Writer) > maxWriter {
		return nil, 0, column.Errorf(column.Limit, "a commit holds 1 to %d tables, and a writer's name %d bytes", maxTables, maxWriter)
	}
	l.head = r.appendHead(l.head[:0], len(tables))
	heads := []int{0} // where the part before each body begins in l.head
	total, definitions := int64(0), 0
	bodies := append(tables[:len(tables):len(tables)], ends...)
	for i, t := range bodies {
		if i == len(tables) {
			l.head = appendUvarint(l.head, uint64(len(ends)))
		}
		set := l.defined[t.Table]
		if set == nil {
			set = &refSet{}
			l.defined[t.Table] = set
		}
		l.fresh = l.fresh[:0]
		for _, ref := range t.Refs {
			if set.add(ref) {
				l.fresh = append(l.fresh, ref)
			}
		}
		l.head = appendUvarint(l.head, uint64(t.Table))
		before := len(l.head)
		l.head = appendDefinitions(l.head, l.fresh, t.Key)
		definitions += len(l.head) - before
		l.head = appendUvarint(l.head, uint64(len(t.Rows)))
		heads = append(heads, len(l.head))
		total += int64(len(t.Rows))
	}
	if r.Kind == Bound && len(ends) == 0 {
		l.head = append(l.head, 0) // none of them
	}
	if total += int64(len(l.head)); total > frame.DefaultMaxRecord {
		return nil, 0, column.Errorf(column.Limit, "a commit of %d bytes is over the limit of %d: write less at once", total, frame.DefaultMaxRecord)
	}
	l.parts = l.parts[:0]
	for i, t := range bodies {
		l.parts = append(l.parts, l.head[heads[i]:heads[i+1]], t.Rows)
	}
	if rest := l.head[heads[len(bodies)]:]; len(rest) > 0 {
		l.parts = append(l.parts, rest)
	}
	return l.parts, int64(definitions), nil
}

// Fail ends the log for this process: nothing that comes later may count before what is open is decided, at the next start.
func (l *Log) Fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = poisoned(err)
	}
	l.done.Broadcast()
}

// Forget says that the refs of a table mean other series from now on.
func (l *Log) Forget(table meta.TableID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.defined, table)
}

func (l *Log) usableLocked() error {
	if l.err == nil && l.closed {
		return column.Errorf(column.Overloaded, "the write-ahead log is closed")
	}
	return l.err
}

// rotateIfFullLocked begins a new file where the present one is full, or where an earlier attempt to do so failed.
func (l *Log) rotateIfFullLocked() error {
	if l.out == nil {
		return l.createLocked()
	}
	size := l.out.Size()
	full := size >= l.opts.FileBytes && 2*l.defBytes <= size || size >= maxFileRatio*l.opts.FileBytes
	if !full {
		return nil
	}
	return l.rotateLocked()
}

func (l *Log) rotateLocked() error {
	if err := l.out.Close(); err != nil {
		l.err = poisoned(err)
		return l.err
	}
	l.out = nil
	l.synced = l.seq
	l.done.Broadcast()
	return l.createLocked()
}

// createLocked makes the next file. Where that fails, nothing was written, and the next append tries again.
func (l *Log) createLocked() error {
	next := file{number: l.number + 1, first: l.seq + 1, last: l.seq}
	h := header{shard: l.opts.Shard, epoch: l.opts.Epoch, number: next.number, first: next.first}
	out, err := frame.Create(l.opts.FS, l.opts.path(next.number), h.append(nil), l.opts.frame(false))
	if err != nil {
		return column.Errorf(column.Overloaded, "begin a write-ahead log file: %w", err)
	}
	next.size = out.Size()
	l.out, l.number = out, next.number
	l.files = append(l.files, next)
	l.defined = map[meta.TableID]*refSet{}
	l.defBytes = 0
	return nil
}

// Sync returns when the commit seq is durable. Commits before it are then, too.
func (l *Log) Sync(seq meta.Seq) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.synced < seq {
		if l.err != nil {
			return l.err
		}
		if l.out == nil || seq > l.seq {
			return column.Errorf(column.Internal, "wal: sync of commit %d, the last is %d", seq, l.seq)
		}
		if l.syncing {
			l.done.Wait()
			continue
		}
		l.leadLocked()
	}
	return nil
}

// leadLocked syncs all that was appended, with mu released meanwhile.
func (l *Log) leadLocked() {
	out, upTo := l.out, l.seq
	l.syncing = true
	l.mu.Unlock()
	err := out.Sync()
	l.mu.Lock()
	l.syncing = false
	switch {
	case l.synced >= upTo: // the file was finished, and thereby synced, meanwhile
	case err != nil:
		if l.err == nil {
			l.err = poisoned(err)
		}
	default:
		l.synced = upTo
	}
	l.done.Broadcast()
}

// Flush hands everything appended to the operating system.
func (l *Log) Flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return l.err
	}
	if l.out == nil {
		return nil
	}
	if err := l.out.Flush(); err != nil {
		l.err = poisoned(err)
	}
	return l.err
}

// Truncate removes the files whose rows are all at or before flushed. The present file is left behind first if it holds only such
// rows and has grown to a quarter of its size: leaving it sooner would repeat definitions for nothing.
func (l *Log) Truncate(flushed meta.Seq) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usableLocked(); err != nil {
		return err
	}
	if l.out != nil && l.seq <= flushed && l.out.Size() >= l.opts.FileBytes/4 {
		if err := l.rotateLocked(); err != nil {
			return err
		}
	}
	return l.dropLocked(flushed)
}

// dropLocked removes files one by one, oldest first, each durably before the next, so that no crash leaves a hole.
func (l *Log) dropLocked(flushed meta.Seq) error {
	for len(l.files) > 1 && l.files[0].last <= flushed {
		name := l.opts.path(l.files[0].number)
		if err := errors.Join(l.opts.FS.Remove(name), l.opts.FS.SyncDir(l.opts.Dir)); err != nil {
			return fmt.Errorf("remove a write-ahead log file: %w", err)
		}
		l.files = l.files[1:]
	}
	return nil
}

// Close syncs and closes. The log can no longer be appended to.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	if l.out == nil {
		return l.err
	}
	err := l.out.Close()
	if err == nil {
		l.synced = l.seq
	} else if l.err == nil {
		l.err = poisoned(err)
	}
	l.done.Broadcast()
	return err
}

// Stats describes a log.
type Stats struct {
	Files       int
	Bytes       int64
	Seq, Synced meta.Seq
	Err         error // what poisoned it
}

// Stats tells how much there is.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Stats{Files: len(l.files), Seq: l.seq, Synced: l.synced, Err: l.err}
	for _, f := range l.files {
		s.Bytes += f.size
	}
	return s
}
