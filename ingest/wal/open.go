package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/frame"
	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/meta"
)

// Replay takes what is found in the files, in the order it was written.
type Replay struct {
	// File begins a file: what its predecessors defined is void. May be nil.
	File func(name string)
	// Define gives a ref its key; a ref may be defined again, and then means the new key. key is valid during the call.
	Define func(table meta.TableID, ref uint32, key []byte) error
	// Commit takes the records after Options.Flushed.
	Commit func(*Record) error
}

// header is the caller's part of a file's header.
type header struct {
	shard  meta.ShardID
	epoch  uint64
	number uint64
	first  meta.Seq // of the first record that is in the file, or would be
}

func appendUvarint(dst []byte, v uint64) []byte { return binary.AppendUvarint(dst, v) }

func (h header) append(dst []byte) []byte {
	dst = append(dst, 1) // version of the record format
	dst = appendUvarint(dst, uint64(h.shard))
	dst = appendUvarint(dst, h.epoch)
	dst = appendUvarint(dst, h.number)
	return appendUvarint(dst, uint64(h.first))
}

func parseHeader(src []byte) (header, error) {
	c := &cursor{src: src, size: len(src)}
	if v := c.byte("version"); c.err == nil && v != 1 {
		return header{}, column.Errorf(column.Unsupported, "record format version %d; this program knows 1", v)
	}
	h := header{shard: meta.ShardID(c.uvarint("shard", 1<<32-1))}
	h.epoch = c.uvarint("epoch", ^uint64(0))
	h.number = c.uvarint("file number", ^uint64(0))
	h.first = meta.Seq(c.uvarint("first seq", ^uint64(0)))
	if c.err == nil && len(c.src) > 0 {
		c.fail("bytes left over in the header")
	}
	return h, c.err
}

// Open replays the files of a folder, cuts a torn record off the end, and begins a new file. Damage that a torn write does not
// explain, a missing file, and seqs or epochs that do not ascend are errors of class column.Corrupt which name the
// file, unless Options.Repair drops what is damaged. A file of a later epoch than ours is an error of class column.Conflict:
// another owner has the shard.
func Open(o Options, replay Replay) (*Log, error) {
	if o.FileBytes <= 0 {
		o.FileBytes = DefaultFileBytes
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if err := o.FS.MkdirAll(o.Dir); err != nil {
		return nil, fmt.Errorf("open write-ahead log: %w", err)
	}
	if _, err := vfs.RemoveTemp(o.FS, o.Dir); err != nil {
		return nil, fmt.Errorf("open write-ahead log: %w", err)
	}
	numbers, err := listFiles(o.FS, o.Dir)
	if err != nil {
		return nil, err
	}
	l := &Log{opts: o}
	l.done = sync.NewCond(&l.mu)
	r := replayer{log: l, out: replay}
	for i, n := range numbers {
		if i > 0 && n != numbers[i-1]+1 {
			if err := r.hole(column.Errorf(column.Corrupt, "%s is missing", o.path(numbers[i-1]+1))); err != nil {
				return nil, replayError(err)
			}
		}
		if err := r.file(n, i == len(numbers)-1); err != nil {
			return nil, replayError(err)
		}
	}
	if l.seq < o.Flushed {
		l.seq = o.Flushed
	}
	if l.seq < o.Known {
		if err := r.hole(column.Errorf(column.Corrupt, "%s ends with commit %d, the catalog knows of commit %d", o.path(l.number), l.seq, o.Known)); err != nil {
			return nil, replayError(err)
		}
		l.seq = o.Known
	}
	l.synced = l.seq
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.createLocked(); err != nil {
		return nil, err
	}
	if err := l.dropLocked(o.Flushed); err != nil {
		return nil, errors.Join(err, l.out.Close())
	}
	return l, nil
}

// replayError says what an operator can do about damage. It is never done unasked: rows that were acknowledged may be lost by it.
func replayError(err error) error {
	if errors.Is(err, column.Corrupt) {
		return fmt.Errorf("replay write-ahead log: %w; restore the file, or open with repair, which drops what follows the damage and reports it", err)
	}
	return fmt.Errorf("replay write-ahead log: %w", err)
}

func listFiles(fsys vfs.FS, dir string) ([]uint64, error) {
	names, err := fsys.List(dir)
	if err != nil {
		return nil, fmt.Errorf("list write-ahead log: %w", err)
	}
	var numbers []uint64
	for _, base := range names {
		hex, ok := strings.CutSuffix(base, ".wal")
		if !ok {
			continue
		}
		var n uint64
		if _, err := fmt.Sscanf(hex, "%016x", &n); err != nil || fmt.Sprintf("%016x", n) != hex {
			return nil, column.Errorf(column.Corrupt, "%s is not a name of a write-ahead log file", filepath.Join(dir, base))
		}
		numbers = append(numbers, n)
	}
	return numbers, nil // List sorts, and the names have one length
}

// replayer carries the checks from file to file.
type replayer struct {
	log   *Log
	out   Replay
	epoch uint64
}

// hole decides about a gap: an error, or a line in the log where repair was asked for.
func (r *replayer) hole(err error) error {
	if !r.log.opts.Repair {
		return err
	}
	r.log.opts.Logger.Warn("write-ahead log repair: rows are missing", "reason", err)
	return nil
}

func (r *replayer) file(number uint64, last bool) error {
	l := r.log
	name := l.opts.path(number)
	if l.opts.Repair {
		report, err := frame.Repair(l.opts.FS, name, l.opts.frame(!last))
		if err != nil {
			return err
		}
		if !report.Clean() {
			l.opts.Logger.Warn("write-ahead log repair: dropped what follows the damage", "report", report.String())
		}
	}
	in, err := frame.Open(l.opts.FS, name, l.opts.frame(!last))
	if err != nil {
		return err
	}
	defer in.Close()
	f, err := r.begin(number, name, in.Header())
	if err != nil {
		return err
	}
	if err := r.records(in, name, &f); err != nil {
		return err
	}
	f.size = in.Offset()
	l.number = number
	l.files = append(l.files, f)
	if last {
		return r.finish(name)
	}
	return nil
}

// finish makes the last file whole and durable: a torn end is cut, and what an earlier process wrote and did not sync
// is synced, since it has just been replayed.
func (r *replayer) finish(name string) error {
	w, got, err := frame.Resume(r.log.opts.FS, name, r.log.opts.frame(false), nil)
	if err != nil {
		return err
	}
	if got.Torn != nil {
		r.log.opts.Logger.Info("write-ahead log: dropped a torn record that was never acknowledged", "file", name,
			"offset", got.Torn.Offset, "bytes", got.Torn.Bytes)
	}
	return w.Close()
}

func (r *replayer) begin(number uint64, name string, head []byte) (file, error) {
	l := r.log
	h, err := parseHeader(head)
	if err != nil {
		return file{}, fmt.Errorf("%s: header: %w", name, err)
	}
	switch known := max(l.seq, l.opts.Flushed); {
	case h.shard != l.opts.Shard || h.number != number:
		return file{}, column.Errorf(column.Corrupt, "%s: is file %d of shard %d", name, h.number, h.shard)
	case h.epoch > l.opts.Epoch:
		return file{}, column.Errorf(column.Conflict, "%s: belongs to epoch %d, ours is %d", name, h.epoch, l.opts.Epoch)
	case h.epoch < r.epoch:
		return file{}, column.Errorf(column.Corrupt, "%s: epoch %d after epoch %d", name, h.epoch, r.epoch)
	case h.first <= l.seq:
		return file{}, column.Errorf(column.Corrupt, "%s: begins with commit %d after commit %d", name, h.first, l.seq)
	case h.first > known+1:
		err := r.hole(column.Errorf(column.Corrupt, "%s: begins with commit %d, but those from %d on are neither in segments nor at the end of %s",
			name, h.first, known+1, l.opts.path(number-1)))
		if err != nil {
			return file{}, err
		}
	}
	r.epoch = h.epoch
	l.seq = h.first - 1
	if r.out.File != nil {
		r.out.File(name)
	}
	return file{number: number, first: h.first, last: l.seq}, nil
}

func (r *replayer) records(in *frame.Reader, name string, f *file) error {
	l := r.log
	for {
		rec, err := in.Next()
		var torn *frame.TornError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &torn):
			return nil // Options.Sealed lets this happen in the last file only
		case err != nil:
			return err
		}
		commit, err := decode(rec.Payload, r.out.Define, l.opts.Flushed)
		if err == nil {
			err = r.check(commit, rec.Type)
		}
		if err != nil {
			return fmt.Errorf("%s: record at offset %d: %w", name, rec.Offset, err)
		}
		l.seq = commit.Seq
		f.last = commit.Seq
		if commit.Seq <= l.opts.Flushed {
			continue
		}
		if err := r.out.Commit(commit); err != nil {
			return fmt.Errorf("%s: record at offset %d: %w", name, rec.Offset, err)
		}
	}
}

func (r *replayer) check(c *Record, typ uint8) error {
	switch {
	case typ != uint8(c.Kind):
		return column.Errorf(column.Corrupt, "frame type %d around kind %d", typ, c.Kind)
	case c.Shard != r.log.opts.Shard:
		return column.Errorf(column.Corrupt, "of shard %d", c.Shard)
	case c.Epoch != r.epoch:
		return column.Errorf(column.Corrupt, "of epoch %d in a file of epoch %d", c.Epoch, r.epoch)
	case c.Seq != r.log.seq+1:
		return column.Errorf(column.Corrupt, "commit %d after commit %d", c.Seq, r.log.seq)
	}
	return nil
}
